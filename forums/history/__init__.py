"""Every earlier text of a post, how they differ, and the way back."""
