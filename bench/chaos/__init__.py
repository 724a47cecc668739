"""A crowd over all rooms while anything may be killed, and the proof that nothing was lost: `python -m bench.chaos`."""
