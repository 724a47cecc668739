"""The doors of whoever is called when a telephone is lost."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from entente.agendas import service
from entente.agendas.others import queries
from entente.web import pages
from entente.web.requests import id_of, reading_of, who_of, work_of

HERE = "/agendas/autres"


async def others(request: Request) -> Response:
    """The addresses that one may end for others."""
    name = request.query_params.get("nom", "")[:80]
    async with reading_of(request) as db:
        found = await queries.held(db, who_of(request), name)
    crumbs = [("Mes agendas", "/agendas"), ("Abonnements des autres", "")]
    return pages.page(request, "agendas/others.html", crumbs=crumbs, found=found, name=name, most=queries.MOST)


async def revoke(request: Request) -> Response:
    """End an address of someone else, which the audit remembers."""
    async with work_of(request) as work:
        found = await queries.held_for(work.db, work.who, id_of(request))
        await service.revoke(work, found.subscription)
    notice = f"L’adresse «\u00a0{found.subscription.label}\u00a0» de {found.name} est révoquée."
    return pages.go(request, HERE, notice)


routes = [Route(HERE, others), Route(f"{HERE}/{{id}}/revocation", revoke, methods=["POST"])]
