"""The directory: who is who among the members, for all members."""
