"""The door and one's own place: signing in, devices, profile."""
