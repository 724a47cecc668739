"""How much the shared fleet serves, and whom: figures without names."""
