"""The tree: objectifs, déclinaisons, and the places where pistes stand."""
