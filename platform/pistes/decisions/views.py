"""The doors of the register of decisions."""

from datetime import date

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from entente import journal
from entente.rules import Conflict, NotFound
from entente.web import pages, sheets, workbooks
from entente.web.requests import id_of, reading_of, who_of
from pistes.addresses import HOME, ROOM
from pistes.decisions import queries, rules
from pistes.decisions.documents import document
from pistes.decisions.queries import AT_ONCE, PAGE, Chosen
from pistes.decisions.stories import DECISIONS
from pistes.decisions.whole import whole
from pistes.deferral.service import today
from pistes.ranking.views import looking
from pistes.seats import queries as seats
from pistes.words import OUTCOMES, PHASES

CRUMB = ("Décisions", PAGE)
HEADER = (
    *("numero", "date", "instance", "objet", "piste", "jalon", "issue", "presents", "sieges"),
    *("a_revoir_le", "remplacee_par", "motif"),
)


async def register(request: Request) -> Response:
    """The decisions, the newest first."""
    who, chosen = looking(request), Chosen.of(request.query_params)
    async with reading_of(request) as db:
        cursor = await journal.cursor(db, DECISIONS)
        lines, count = await queries.decisions(db, chosen)
        bodies = await seats.bodies(db)
        years = await queries.years(db)
    return pages.page(
        request,
        "pistes/decisions.html",
        current=ROOM,
        crumbs=[HOME, (CRUMB[0], "")],
        streams=[cursor],
        lines=lines,
        count=count,
        chosen=chosen,
        choices=queries.choices(bodies, years, OUTCOMES),
        outcomes=OUTCOMES,
        phases=PHASES,
        today=today(),
        records=rules.may_record_some(who),
        older=chosen.address(page=chosen.page + 1) if count > chosen.page * AT_ONCE else None,
        newer=chosen.address(page=chosen.page - 1) if chosen.page > 1 else None,
    )


async def files(request: Request) -> Response:
    """The decisions of the list as a file, all of them."""
    looking(request)
    async with reading_of(request) as db:
        lines, _ = await queries.decisions(db, Chosen.of(request.query_params), None)
    table = [
        (
            *(each.code, each.decided_on, each.body, each.title, each.piste or ""),
            *(PHASES[each.gate] if each.gate else "", OUTCOMES[each.outcome] if each.outcome else ""),
            *(each.present, each.seats, each.review_on, each.heir[1] if each.heir else "", each.motive),
        )
        for each in lines
    ]
    if request.url.path.endswith(".xlsx"):
        return workbooks.file("decisions", workbooks.write("Décisions", HEADER, table))
    return sheets.file("decisions", sheets.write(HEADER, table))


async def decision(request: Request) -> Response:
    """A decision: what, by whom, why, with what, and what became of it."""
    who = who_of(request)
    async with reading_of(request) as db:
        cursor = await journal.cursor(db, DECISIONS)
        found = await whole(db, who, id_of(request))
    return pages.page(
        request,
        "pistes/decision.html",
        current=ROOM,
        crumbs=[HOME, CRUMB, (found.line.code, "")],
        streams=[cursor],
        found=found,
        line=found.line,
        outcomes=OUTCOMES,
        phases=PHASES,
        today=today(),
        records=rules.may_record(who, found.body_id),
    )


async def change(request: Request) -> Response:
    """Nobody edits a decision: whoever tries is told what to do instead."""
    async with reading_of(request) as db:
        await whole(db, who_of(request), id_of(request))
    raise Conflict(rules.NEVER_CHANGED)


async def seats_page(request: Request) -> Response:
    """Who sits in a body on a day, and who has no mandate to decide."""
    looking(request)
    asked = request.query_params
    async with reading_of(request) as db:
        bodies = await seats.bodies(db)
        chosen = next((each for each in bodies if str(each.id) == asked.get("instance")), None)
        body = chosen or next((each for each in bodies if each.kind == "copil"), bodies[0] if bodies else None)
        if body is None:
            raise NotFound
        day = _day(asked.get("jour", ""))
        sat = await seats.seats_on(db, body.id, day)
    return pages.page(
        request,
        "pistes/seats.html",
        current=ROOM,
        crumbs=[HOME, CRUMB, ("Mandats", "")],
        bodies=[(str(each.id), each.name) for each in bodies],
        body=body,
        day=day,
        seats=sat,
        missing=[each for each in sat if not each.mandate],
    )


def _day(asked: str) -> date:
    try:
        return date.fromisoformat(asked)
    except ValueError:
        return today()


routes = [
    Route(PAGE, register),
    Route(f"{PAGE}.csv", files),
    Route(f"{PAGE}.xlsx", files),
    Route("/pistes/mandats", seats_page),
    Route(f"{PAGE}/{{id}}", decision),
    Route(f"{PAGE}/{{id}}", change, methods=["POST"]),
    Route(f"{PAGE}/{{id}}/documents/{{file}}", document),
]
