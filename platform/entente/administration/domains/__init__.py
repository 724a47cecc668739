"""E-mail domains whose addresses may open an account."""
