"""Meetings that come back."""
