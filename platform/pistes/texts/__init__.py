"""Sentences that quote shares of the register, and check themselves against it."""
