"""What a meeting is about: its points, in order, and their documents."""
