"""The doors of rounds: the list, one round, its files, and what whoever runs it does."""

from collections.abc import Awaitable, Callable
from typing import Any

from sqlmodel.ext.asyncio.session import AsyncSession
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from entente import journal
from entente.journal import UNBORN, Cursor
from entente.notices import service as notices
from entente.rules import Invalid, NotFound, require
from entente.web import forms, pages, templates, workbooks
from entente.web.requests import has_notices, id_of, reading_of, who_of, work_of
from entente.web.sheets import file
from entente.web.words import plural
from entente.work import Work
from pistes import queries as register
from pistes.addresses import HOME, ROOM
from pistes.ranking.views import looking
from pistes.rounds import feed, queries, rules, service
from pistes.rounds.holdings import PAGE, address_of
from pistes.rounds.models import Middle, NewRound, RetainedForm, Round, VoiceOf
from pistes.rounds.parts import open_pistes, parts
from pistes.rounds.sheet import PER_PAGE, outcome, table
from pistes.rounds.stories import stream_of
from pistes.stories import REGISTER
from pistes.tree import queries as trees

CRUMB = ("Évaluation", PAGE)
VOICES = {VoiceOf.COMMUNE: "Une voix par commune", VoiceOf.PERSON: "Une voix par personne du comité technique"}
MIDDLES = {
    Middle.LOW: "Médiane basse\u00a0: la plus petite des deux notes du milieu",
    Middle.HIGH: "Médiane haute\u00a0: la plus grande des deux notes du milieu",
}
FOLLOWED = 10
TICKED_AT_MOST = 150


async def _may_run(db: AsyncSession, request: Request) -> bool:
    return rules.may_run(who_of(request), await register.cotechs(db))


async def rounds(request: Request) -> Response:
    """Every round, those that are open first."""
    who = looking(request)
    async with reading_of(request) as db:
        register_cursor = await journal.cursor(db, REGISTER)
        found = await queries.rounds(db)
        streams = [stream_of(each.id) for each in found if each.is_open][:FOLLOWED]
        tips = await journal.tips(db, [str(each) for each in streams])
        progress = await queries.progress(db, found)
        mine = await queries.open_to(db, who)
        runs = await _may_run(db, request)
    cursors = [
        Cursor(each, tip.epoch, tip.position) if (tip := tips.get(str(each))) else Cursor(each, UNBORN, 0)
        for each in streams
    ]
    return pages.page(
        request,
        "pistes/rounds/rounds.html",
        current=ROOM,
        crumbs=[HOME, (CRUMB[0], "")],
        streams=[register_cursor, *cursors],
        open=[(each, templates.root(feed.shown(progress[each.id]))) for each in found if each.is_open],
        closed=[(each, progress[each.id]) for each in found if not each.is_open],
        mine={each.id: is_done for each, is_done in mine},
        runs=runs,
    )


async def new(request: Request) -> Response:
    """The form that opens a round."""
    return await _new(request, {})


async def _new(request: Request, errors: dict[str, str]) -> Response:
    looking(request)
    async with reading_of(request) as db:
        require(await _may_run(db, request), "Le secrétaire du comité technique ouvre les tours, ou un administrateur.")
        tree = await trees.tree(db)
        standing = await register.standing(db)
        sets = await register.criteria_sets(db)
    typed = forms.typed_in(request)
    some = open_pistes(tree)
    return pages.page(
        request,
        "pistes/rounds/new.html",
        current=ROOM,
        crumbs=[HOME, CRUMB, ("Ouvrir un tour", "")],
        status=422 if errors else 200,
        errors=errors,
        typed={"criteria": str(standing.criteria_id or "")} | typed,
        sets=[(str(each.id), f"{each.criteria.title}, version {each.version}") for each in sets],
        parts=parts(tree),
        pistes=some if len(some) <= TICKED_AT_MOST else [],
        voices=list(VOICES.items()),
        middles=list(MIDDLES.items()),
    )


async def create(request: Request) -> Response:
    """Open a round."""
    looking(request)
    try:
        form = await forms.read(request, NewRound)
        async with work_of(request) as work:
            made = await service.open_round(work, form)
    except Invalid as error:
        return await _new(request, error.errors)
    return pages.go(request, address_of(made.id), "Le tour est ouvert\u00a0: ceux qui y ont une voix sont prévenus.")


async def one(request: Request) -> Response:
    """A round: who has answered; once it is closed, what came out of it."""
    if has_notices(request):
        async with work_of(request) as work:
            await notices.read_about(work, work.who.id, stream_of(id_of(request)))
    return await _one(request, {})


async def _one(request: Request, errors: dict[str, str]) -> Response:
    who = who_of(request)
    async with reading_of(request) as db:
        cursor = await journal.cursor(db, stream_of(id_of(request)))
        found = await queries.round_for(db, who, id_of(request))
        progress = (await queries.progress(db, [found]))[found.id]
        number, count = page_of(request), await queries.count(db, found.id)
        known: dict[str, Any] = {
            "criteria": await queries.criteria_of(db, found),
            "mine": await queries.voices_of(db, who, found),
            "runs": rules.may_run(who, [found.body_id]),
            "keeps": await register.keeps(db, who),
            "count": count,
        }
        since = (number - 1) * PER_PAGE
        if found.is_open:
            known["asked"] = await queries.asked(db, found.id, since, PER_PAGE)
        else:
            known["outcome"] = await outcome(db, found, since, PER_PAGE)
            known["followed_by"] = await queries.round_after(db, found.id)
    return pages.page(
        request,
        "pistes/rounds/round.html",
        current=ROOM,
        crumbs=[HOME, CRUMB, (found.title, "")],
        streams=[cursor],
        status=422 if errors else 200,
        round=found,
        progress=progress,
        shown=templates.root(feed.shown(progress)),
        names={each.id: each.name for each in progress.voices},
        voices=VOICES,
        middles=MIDDLES,
        older=f"{address_of(found.id)}?page={number + 1}" if since + PER_PAGE < count else None,
        newer=f"{address_of(found.id)}?page={number - 1}" if number > 1 else None,
        with_mean=request.query_params.get("moyenne") == "oui",
        errors=errors,
        typed=forms.typed_in(request),
        **known,
    )


def page_of(request: Request) -> int:
    """The page that an address asks for; anything odd is the first."""
    asked = request.query_params.get("page", "1")
    return max(1, int(asked)) if asked.isascii() and asked.isdecimal() and len(asked) < 6 else 1


async def files(request: Request) -> Response:
    """What came out of a closed round, as a file; an open round has none."""
    async with reading_of(request) as db:
        found = await queries.round_for(db, who_of(request), id_of(request))
        made = table(await outcome(db, found))
    match request.path_params["kind"]:
        case "csv":
            return file("pistes-evaluation", made.csv())
        case "xlsx":
            return workbooks.file("pistes-evaluation", workbooks.write(*made))
    raise NotFound


Does = Callable[[Work, Round], Awaitable[str]]


def _door(name: str, do: Does) -> Route:
    async def answer(request: Request) -> Response:
        async with work_of(request) as work:
            said = await do(work, await queries.round_for(work.db, work.who, id_of(request)))
        return pages.go(request, address_of(id_of(request)), said)

    return Route(f"{PAGE}/{{id}}/{name}", answer, methods=["POST"])


async def _remind(work: Work, found: Round) -> str:
    told = await service.remind(work, found)
    if not told:
        return "Tous ceux qui manquent ont déjà reçu leur rappel."
    return f"Le rappel part à {plural(told, 'voix', 'voix')}."


async def _close(work: Work, found: Round) -> str:
    await service.close(work, found)
    return "Le tour est clos\u00a0: les médianes sont au registre."


async def second(request: Request) -> Response:
    """Open the round that follows a closed one."""
    async with work_of(request) as work:
        made = await service.open_second(work, await queries.round_for(work.db, work.who, id_of(request)))
    return pages.go(request, address_of(made.id), "Le nouveau tour est ouvert, avec les mêmes voix.")


async def retain(request: Request) -> Response:
    """Retain another level than the computed one."""
    async with reading_of(request) as db:
        await queries.round_for(db, who_of(request), id_of(request))
    try:
        form = await forms.read(request, RetainedForm)
        async with work_of(request) as work:
            await service.retain(work, await queries.round_for(work.db, work.who, id_of(request)), form)
    except Invalid as error:
        return await _one(request, error.errors)
    return pages.go(request, address_of(id_of(request)), "La note est retenue, avec son motif.")


routes = [
    Route(PAGE, rounds),
    Route(f"{PAGE}/nouveau", new),
    Route(f"{PAGE}/nouveau", create, methods=["POST"]),
    Route(f"{PAGE}/{{id}}", one),
    Route(f"{PAGE}/{{id}}/resultats.{{kind}}", files),
    _door("relance", _remind),
    _door("cloture", _close),
    Route(f"{PAGE}/{{id}}/second", second, methods=["POST"]),
    Route(f"{PAGE}/{{id}}/retenue", retain, methods=["POST"]),
]
