"""The board: pistes by phase, and how one is moved."""
