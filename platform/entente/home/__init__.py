"""« Aujourd'hui »: the first page, with what concerns whoever opens it."""
