"""What concerns each person: told once, read once, mailed at most once."""
