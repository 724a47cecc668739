"""Marks: what a piste is worth for each criterion, where that comes from, and what was said over it."""
