"""Files that people bring: where their bytes lie, what they really are, and pictures made anew."""
