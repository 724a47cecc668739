"""« Recherche »: one box over everything a person may see."""
