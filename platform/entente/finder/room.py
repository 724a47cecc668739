"""What the room shows the house."""

from starlette.routing import Route

from entente.finder import views
from entente.room import Room

room = Room("finder", routes=[Route(views.HERE, views.search)])
