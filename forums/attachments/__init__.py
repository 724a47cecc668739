"""Files joined to what is said: brought beforehand, seen with the post, and gone with it."""
