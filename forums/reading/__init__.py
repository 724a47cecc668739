"""How far each person has read, the same on every device."""
