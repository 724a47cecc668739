"""The door where an administrator asks why."""

from collections.abc import Sequence
from typing import Any

from sqlmodel.ext.asyncio.session import AsyncSession
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from entente.administration import lists
from entente.administration.persons.queries import Sought
from entente.administration.persons.queries import people as people_found
from entente.administration.persons.service import ref_of
from entente.administration.reasons import queries
from entente.ids import Ref
from entente.people.models import Person
from entente.room import Holding
from entente.rules import NotFound
from entente.web import pages
from entente.web.requests import reading_of, who_of, work_of

KEY = "droits"
PAGE = "/administration/droits"


def holdings_of(request: Request) -> list[Holding]:
    """What every room of the house answers for."""
    return [holding for room in request.app.state.rooms for holding in room.holdings]


def ref_in(request: Request) -> Ref | None:
    """The thing named in the address, if it is well named."""
    try:
        return Ref.parse(request.query_params.get("chose", ""))
    except ValueError:
        return None


async def why(request: Request) -> Response:
    """Why this person sees that: choose the one, choose the other, read the answer."""
    holdings = holdings_of(request)
    async with reading_of(request) as db:
        context = await _asked(db, request, holdings)
    if context["answer"] is not None:
        async with work_of(request) as work:
            work.audit("rights.explained", ref_of(context["person"].id), thing=str(context["thing"].ref))
    return pages.page(
        request,
        "administration/reasons.html",
        current=KEY,
        crumbs=[("Droits", "")],
        page=PAGE,
        link=lists.address,
        has_holdings=bool(holdings),
        **context,
    )


async def _asked(db: AsyncSession, request: Request, holdings: Sequence[Holding]) -> dict[str, Any]:
    who_words, thing_words = lists.text_in(request, "qui"), lists.text_in(request, "quoi")
    person_id, ref = lists.id_in(request, "personne"), ref_in(request)
    person = await db.get(Person, person_id) if person_id else None
    if person_id and person is None:
        raise NotFound
    holding, thing = await queries.thing(db, holdings, ref) if ref else (None, None)
    found = await people_found(db, Sought(words=who_words), None) if who_words and person is None else None
    things, count = ([], 0) if thing else await queries.things(db, holdings, thing_words)
    answer = await queries.answer(db, holding, person, thing.ref.id) if holding and thing and person else None
    return {
        "person": person,
        "people": found,
        "thing": thing,
        "things": things,
        "things_count": count,
        "answer": answer,
        "address": await queries.address_of(db, holding, who_of(request), thing.ref.id) if holding and thing else None,
        "who_words": who_words,
        "thing_words": thing_words,
    }


routes = [Route("/droits", why)]
