"""Files of pistes: read, judged row by row, brought in together or not at all, and taken out the same."""
