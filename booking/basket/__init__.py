"""Several things at once: gathered from the search, asked for in one request, all of them or none."""
