"""Keeping the peace: hide, pin, move."""
