"""Rankings kept as they were on a day, and what would move if the criteria were otherwise."""
