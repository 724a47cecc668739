"""The map: the tree drawn as a horizontal mind map, and the same as a list."""
