"""Group purchases: what is needed, by when, and how much of it each commune takes."""
