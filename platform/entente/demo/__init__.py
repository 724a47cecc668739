"""The demonstration: GrandAngoulême in 2016, in a folder of its own, where anyone signs in with one click."""
