"""Who is here, for whom they act, and what follows from it."""
