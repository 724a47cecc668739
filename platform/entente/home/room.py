"""What the room shows the house."""

from starlette.routing import Route

from entente.home import views
from entente.room import NavItem, Room

room = Room(
    "home",
    routes=[Route("/", views.today)],
    nav=[NavItem("Aujourd’hui", "home", "/", "today")],
)
