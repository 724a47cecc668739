"""Doors to declared domains."""

from collections.abc import Mapping

from sqlmodel import col
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from entente.administration import lists
from entente.administration.domains import queries, service
from entente.administration.domains.models import NewDomain
from entente.administration.typed import options
from entente.ids import Ref
from entente.people.models import EmailDomain, Organisation
from entente.rules import Invalid
from entente.web import forms, pages, sheets
from entente.web.requests import reading_of, who_of, work_of

KEY = "domaines"
HOME = ("Domaines", "/administration/domaines")


async def domains(request: Request) -> Response:
    """Declared domains, and the form that declares one."""
    return await _domains(request)


async def _domains(request: Request, errors: Mapping[str, str] | None = None) -> Response:
    sought = lists.text_in(request, "q")
    async with reading_of(request) as db:
        page, last = await queries.domains(db, sought, request.query_params.get("apres", "")[:253])
        organisations = await options(db, Organisation)
    return pages.page(
        request,
        "administration/domains.html",
        current=KEY,
        crumbs=[("Domaines", "")],
        status=422 if errors else 200,
        page=page,
        next=lists.address(HOME[1], q=sought, apres=last) if last else None,
        first=lists.address(HOME[1], q=sought) if request.query_params.get("apres") else None,
        export=lists.address(f"{HOME[1]}.csv", q=sought),
        sought=sought,
        organisations=organisations,
        errors=errors or {},
        typed=forms.typed_in(request),
    )


async def export(request: Request) -> Response:
    """Declared domains as a file."""
    query = queries.domains_sought(lists.text_in(request, "q")).order_by(col(EmailDomain.domain))
    async with work_of(request) as work:
        found = (await work.db.execute(query)).all()
        work.audit("domains.exported", Ref("entente/person", who_of(request).id), lines=len(found))
    text = sheets.write(("domaine", "organisation"), [(row.domain, row.organisation) for row in found])
    return sheets.file("domaines", text)


async def declare(request: Request) -> Response:
    """Declare a domain."""
    try:
        new = await forms.read(request, NewDomain)
        async with work_of(request) as work:
            await service.declare(work, new)
    except Invalid as invalid:
        return await _domains(request, invalid.errors)
    return pages.go(request, HOME[1], f"Le domaine {new.domain} est déclaré.")


async def withdraw(request: Request) -> Response:
    """Withdraw a domain."""
    domain = request.path_params["domain"]
    async with work_of(request) as work:
        await service.withdraw(work, domain)
    return pages.go(request, HOME[1], f"Le domaine {domain} n’ouvre plus de compte.")


routes = [
    Route("/domaines", domains),
    Route("/domaines", declare, methods=["POST"]),
    Route("/domaines.csv", export),
    Route("/domaines/{domain}/retrait", withdraw, methods=["POST"]),
]
