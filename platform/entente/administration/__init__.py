"""What keeps the house: people, bodies, domains, and why someone sees something."""
