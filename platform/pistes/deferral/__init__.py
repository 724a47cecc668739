"""Deferred is not rejected: why, until when, and back on the agenda by itself."""
