"""Carries the journal to open pages: bell, hub, presence, doors."""
