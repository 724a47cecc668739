"""Finding what was said: rooms say what can be found, the journal feeds the index, rights are asked in the query."""
