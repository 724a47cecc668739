"""Following a forum or a thread: how much of it one is told."""
