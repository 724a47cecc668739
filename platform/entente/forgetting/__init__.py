"""Forgetting a person who has left: what becomes of every row that names them, and of every word that does."""
