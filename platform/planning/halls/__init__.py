"""The rooms in which bodies meet."""
