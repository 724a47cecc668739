"""Evaluation rounds: one voice per commune or per person, blind until the round closes, then medians become marks."""
