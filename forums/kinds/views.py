"""Which door of questions and announcements opens on what."""

from collections.abc import Iterator

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from entente.rules import NotFound, require
from entente.web import pages, sheets
from entente.web.requests import id_of, is_htmx, reading_of, who_of, work_of
from entente.web.words import PARIS
from forums import feed as forum_feed
from forums.addresses import HOME, ROOM, address_of, address_of_post, crumb
from forums.kinds import feed, panels, queries, rules, service
from forums.kinds.queries import Town
from forums.queries import Place, post_for, shown_posts, stream_of, thread_for

SHOWN = 5
"""How many names of those who are missing stand beside a commune; the others are one link further."""


async def accept(request: Request) -> Response:
    """Say that an answer settles the question."""
    return await _turn(request, is_accepted=True)


async def unaccept(request: Request) -> Response:
    """Say that it does not after all."""
    return await _turn(request, is_accepted=False)


async def _turn(request: Request, is_accepted: bool) -> Response:
    async with work_of(request) as work:
        said, place = await post_for(work.db, work.who, id_of(request))
        before = await queries.settled_by(work.db, place.thread.id)
        await (service.accept if is_accepted else service.unaccept)(work, place, said)
        changed = [said.id] + ([before.post_id] if before and before.post_id != said.id else [])
        shown = await shown_posts(work.db, changed)
        settled = await queries.settled_by(work.db, place.thread.id)
    if is_htmx(request):
        fragments = [forum_feed.shown(post, "replace") for post in shown]
        return pages.done(request, *fragments, feed.resolution(place.thread.id, settled), otherwise="")
    sentence = "La réponse est retenue." if is_accepted else "La réponse n’est plus retenue."
    return pages.go(request, address_of_post(place.thread.id, said.number, said.id), sentence)


async def acknowledge(request: Request) -> Response:
    """Take note of an announcement."""
    async with work_of(request) as work:
        place = await thread_for(work.db, work.who, id_of(request))
        await service.acknowledge(work, place)
        found = await queries.announcement(work.db, place.thread.id)
        mine = await panels.mine(work.db, work.who, place)
    if is_htmx(request) and found:
        return pages.done(request, feed.counter(found), otherwise="", form=mine)
    return pages.go(request, address_of(place.thread.id), "C’est noté\u00a0: vous en avez pris connaissance.")


async def acknowledgements(request: Request) -> Response:
    """Who has taken note of an announcement and who is missing, commune by commune."""
    place, towns = await _followed(request)
    asked = request.query_params.get("commune")
    town = next((town for town in towns if str(town.id) == asked), None)
    if asked and town is None:
        raise NotFound
    here = address_of(place.thread.id)
    crumbs = [HOME, crumb(place.forum), (place.thread.title, here), ("Prises de connaissance", "")]
    people = {reader.id: reader for each in towns for reader in each.readers}
    return pages.page(
        request,
        "forums/kinds/acknowledgements.html",
        current=ROOM,
        crumbs=crumbs,
        thread=place.thread,
        here=here,
        towns=towns,
        town=town,
        people=len(people),
        noted=sum(1 for reader in people.values() if reader.at),
        missing=[each for each in towns if each.id and not each.present],
        most=SHOWN,
    )


async def _followed(request: Request) -> tuple[Place, list[Town]]:
    async with reading_of(request) as db:
        place = await thread_for(db, who_of(request), id_of(request))
        if await queries.announcement(db, place.thread.id) is None:
            raise NotFound
        require(rules.may_follow_acknowledgements(who_of(request), place.thread, place.moderates))
        return place, await queries.towns_of(db, place.forum, place.thread)


async def as_csv(request: Request) -> Response:
    """The same for a spreadsheet: one line for each person and organisation."""
    place, towns = await _followed(request)
    lines = list(_lines(towns))
    async with work_of(request) as work:
        work.audit("acknowledgements.exported", stream_of(place.thread.id), lines=len(lines))
    return sheets.file("prises-de-connaissance", sheets.write(COLUMNS, lines))


COLUMNS = ("organisation", "personne", "fonction", "pris connaissance", "le")


def _lines(towns: list[Town]) -> Iterator[tuple[str, ...]]:
    for town in towns:
        for reader in town.readers:
            at = f"{reader.at.astimezone(PARIS):%d/%m/%Y %H:%M}" if reader.at else ""
            yield town.name, reader.name, reader.title, "oui" if reader.at else "non", at


async def recorded(request: Request) -> Response:
    """What the forums keep of what this person has taken note of."""
    async with reading_of(request) as db:
        found = await queries.recorded_about(db, who_of(request))
    crumbs = [HOME, ("Mes prises de connaissance", "")]
    return pages.page(request, "forums/kinds/recorded.html", current=ROOM, crumbs=crumbs, recorded=found)


routes = [
    Route("/forums/moi/connaissances", recorded),
    Route("/forums/messages/{id}/acceptation", accept, methods=["POST"]),
    Route("/forums/messages/{id}/acceptation/levee", unaccept, methods=["POST"]),
    Route("/forums/fils/{id}/connaissance", acknowledgements, methods=["GET"]),
    Route("/forums/fils/{id}/connaissance", acknowledge, methods=["POST"]),
    Route("/forums/fils/{id}/connaissance.csv", as_csv),
]
