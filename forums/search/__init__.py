"""What can be found in the forums, and by whom."""
