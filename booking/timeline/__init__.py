"""The plan of the whole fleet: a row for each unit, a column for each day or hour, true as long as it is open."""
