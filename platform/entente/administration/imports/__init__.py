"""People by the file: read, checked line by line, and brought in together once confirmed."""
