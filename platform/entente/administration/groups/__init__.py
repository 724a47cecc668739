"""People gathered by hand."""
