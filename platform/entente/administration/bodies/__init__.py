"""Instances and their dated seats."""
