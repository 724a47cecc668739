"""How the house speaks HTTP: doors, pages, forms, and what guards them."""
