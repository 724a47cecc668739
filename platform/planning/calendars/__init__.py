"""Meetings in the calendar of one’s telephone: one’s own, those of a body, of a commune, and all that one may see."""
