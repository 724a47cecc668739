"""The ranking: who comes before whom, by which criteria, and what decides between equals."""
