"""The protocol: which body does what in each phase, and the gates between phases that need a decision."""
