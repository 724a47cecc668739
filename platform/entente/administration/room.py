"""What the room shows the house."""

from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Mount, Route

from entente.administration.bodies import views as bodies
from entente.administration.domains import views as domains
from entente.administration.doors import KeepersOnly
from entente.administration.groups import views as groups
from entente.administration.imports import views as imports
from entente.administration.organisations import views as organisations
from entente.administration.persons import views as persons
from entente.administration.reasons import views as reasons
from entente.administration.tasks import views as tasks
from entente.administration.trail import views as trail
from entente.room import NavItem, Room


async def entrance(_request: Request) -> Response:
    """The first of the lists."""
    return RedirectResponse(persons.HOME[1], 303)


room = Room(
    "administration",
    routes=[
        Mount(
            "/administration",
            routes=[
                Route("/", entrance),
                *imports.routes,
                *persons.routes,
                *organisations.routes,
                *bodies.routes,
                *groups.routes,
                *domains.routes,
                *reasons.routes,
                *trail.routes,
                *tasks.routes,
            ],
            middleware=[Middleware(KeepersOnly)],
        )
    ],
    admin_nav=[
        NavItem("Personnes", "identification", "/administration/personnes", persons.KEY),
        NavItem("Organisations", "building-office-2", "/administration/organisations", organisations.KEY),
        NavItem("Instances", "user-group", "/administration/instances", bodies.KEY),
        NavItem("Domaines", "at-symbol", "/administration/domaines", domains.KEY),
        NavItem("Droits", "key", "/administration/droits", reasons.KEY),
        NavItem("Audit", "clipboard-document-list", "/administration/audit", trail.KEY),
        NavItem("Courrier", "inbox-stack", "/administration/courrier", tasks.KEY),
    ],
)
