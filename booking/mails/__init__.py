"""Mails about reservations: what happened, what is to be answered, what is to be taken and brought back."""
