"""The addresses of others, for whoever is called when a telephone is lost."""
