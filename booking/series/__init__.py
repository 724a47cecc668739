"""Reservations that come back by a rule: every date is looked at before any is taken."""
