"""Criteria as data: sets of criteria, each edition a new version, and the sieve they make."""
