"""Where administrators create forums, and say to whom each one is open."""
