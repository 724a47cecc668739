"""The register of decisions: numbered without a gap, never changed, each replaced by another at most."""
