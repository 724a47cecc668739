"""How the database came to look as it does: one chain of steps for both homes."""
