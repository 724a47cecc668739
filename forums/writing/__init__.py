"""What helps to write: a preview, quotes that say where they come from, the keys one may press."""
