"""What an operator can ask of the house: one file per command."""
