"""Periodic inspections (VGP) and maintenance: what falls due, by date or by the hour meter, and what was done."""
