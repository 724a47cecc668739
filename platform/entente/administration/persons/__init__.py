"""People: who they are, what they may do, and whether their account may be used."""
