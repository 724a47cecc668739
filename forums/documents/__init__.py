"""The documents that a forum shares: one list, every version of each."""
