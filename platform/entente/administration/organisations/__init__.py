"""Communes and other members, since when they belong, and their services."""
