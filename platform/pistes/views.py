"""The page of a piste, and what it needs of its reader."""

from typing import Any

from sqlmodel.ext.asyncio.session import AsyncSession
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from entente import journal, links
from entente.people.who import Who
from entente.rules import NotFound
from entente.web import forms, pages, templates
from entente.web.requests import house_of, id_of, reading_of, who_of
from pistes import feed, queries, rules
from pistes.addresses import HOME, ROOM
from pistes.communes import queries as communes
from pistes.decisions.rules import may_record
from pistes.models import Piste
from pistes.protocol.queries import in_force
from pistes.protocol.rules import reachable
from pistes.rounds.stories import CLOSINGS
from pistes.sheet import Sheet, sheet_of
from pistes.stories import stream_of
from pistes.words import PHASES, STANCES


async def piste(request: Request) -> Response:
    """A piste: where it stands in the tree, who carries it, what it is worth, what happened to it."""
    async with reading_of(request) as db:
        return await piste_page(request, db, await queries.piste_for(db, who_of(request), id_of(request)))


async def piste_page(
    request: Request, db: AsyncSession, found: Piste, errors: dict[str, str] | None = None, form: str = ""
) -> Response:
    """The page; `form` is the one that was refused, whose fields are given back as typed."""
    who = who_of(request)
    streams = await journal.cursors(db, [stream_of(found.id), CLOSINGS])
    sheet = await sheet_of(db, found.id)
    if sheet is None:
        raise NotFound
    return pages.page(
        request,
        "pistes/piste.html",
        current=ROOM,
        crumbs=[HOME, (found.code, "")],
        streams=streams,
        status=422 if errors else 200,
        piste=found,
        sheet=sheet,
        shown=templates.root(feed.shown(sheet)),
        errors=errors or {},
        refused=form,
        typed=forms.typed_in(request) if errors else {},
        phases=[(str(phase), PHASES[phase]) for phase in reachable(sheet.phase)],
        stances=[(str(stance), words) for stance, words in STANCES.items()],
        **await _reader(request, db, who, sheet),
    )


async def _reader(request: Request, db: AsyncSession, who: Who, sheet: Sheet) -> dict[str, Any]:
    """What this reader may do here, and the conversations they may read."""
    keeps = await queries.keeps(db, who)
    mine = [each for each in await communes.members(db) if rules.may_speak_for(who, each.id, keeps)]
    stances = {each.commune.id: each.stance for each in sheet.stood}
    mine.sort(key=lambda each: each.id not in who.organisations)
    house = house_of(request)
    return {
        "keeps": keeps,
        "communes": [(str(each.id), each.name) for each in mine],
        "stance": str(stances.get(mine[0].id, "")) if mine else "",
        "talks": await links.told(db, house.tellers, who, stream_of(sheet.piste.id)),
        "places_to_talk": await house.talks.places(db, who) if house.talks else [],
        "decides": any(may_record(who, each.id) for each in sheet.course.deciders),
        "kinds": [(kind, each.protocol.title) for kind, each in (await in_force(db)).items()] if keeps else [],
    }


routes = [Route("/pistes/{id}", piste)]
