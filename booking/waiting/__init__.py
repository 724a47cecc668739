"""The waiting list: for dates that are taken, until something is given back."""
