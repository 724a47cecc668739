"""The fiche-action of a piste (annex 4): its words, its form, its paper."""
