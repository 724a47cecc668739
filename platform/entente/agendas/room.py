"""What the room shows the house."""

from contextlib import AbstractAsyncContextManager

from starlette.applications import Starlette

from entente.agendas import views
from entente.agendas.others import views as others
from entente.agendas.outside import feed
from entente.agendas.outside import views as outside
from entente.outside import rounds, service
from entente.room import Room
from entente.tidying import tidied

__all__ = ["feed", "room"]


def _calling(app: Starlette) -> AbstractAsyncContextManager[None]:
    return tidied(app.state.house, "outside", rounds.EVERY_SECONDS, rounds.call)


room = Room(
    "agendas",
    routes=[*outside.routes, *others.routes, *views.routes],
    errands={rounds.ROUND: rounds.run, service.FETCH: rounds.fetch_one},
    lifespan=_calling,
)
