"""AFOR grids: advantages, weaknesses, opportunities and risks of a piste, or of one of its activities."""
