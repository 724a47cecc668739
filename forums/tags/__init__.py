"""A set of tags per forum, and the threads that bear them."""
