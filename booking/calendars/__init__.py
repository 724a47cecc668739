"""Reservations in the calendar of one’s telephone: one’s own, those of a unit, of a type and of an organisation."""
