"""What can be lent: depots, types, units, what each is like, and when it is handed over."""
