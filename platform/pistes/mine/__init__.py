"""The pistes of one commune, and which communes take part at all."""
