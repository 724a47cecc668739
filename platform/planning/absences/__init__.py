"""When people are away."""
