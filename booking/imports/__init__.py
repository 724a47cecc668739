"""Reservations that come from a spreadsheet: all of them, or none."""
