"""Depots as their manager keeps them: hours, closed days, public and school holidays."""
