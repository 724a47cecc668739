"""What waits, what failed, and what was given up."""
