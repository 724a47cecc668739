"""Who, and what, is already taken when a body wants to meet."""
