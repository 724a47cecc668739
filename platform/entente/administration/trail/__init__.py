"""What was done, by whom, for ever."""
