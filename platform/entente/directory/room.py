"""What the room shows the house."""

from entente.directory import lookup, views
from entente.room import NavItem, Room

room = Room(
    "directory",
    routes=views.routes,
    looks_up=lookup.named,
    nav=[NavItem("Annuaire", "users", "/annuaire", views.KEY)],
)
