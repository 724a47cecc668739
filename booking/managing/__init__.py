"""The desk of whoever keeps equipment: what awaits them, and the way to each of their pages."""
