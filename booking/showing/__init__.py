"""What a unit looks like and comes with: photos, documents, accessories, characteristics, written by its keeper."""
