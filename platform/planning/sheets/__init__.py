"""The planning on paper and in spreadsheets."""
