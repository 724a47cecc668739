"""The doors of what would move, and of rankings that are kept."""

from typing import Any
from urllib.parse import urlencode

from starlette.datastructures import QueryParams
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from entente.people.queries import faces
from entente.rules import Invalid, NotFound
from entente.web import forms, pages, workbooks
from entente.web.requests import id_of, reading_of, who_of, work_of
from entente.web.sheets import file
from pistes.addresses import HOME, ROOM
from pistes.criteria.models import Criteria
from pistes.models import TieRule
from pistes.ranking.queries import board
from pistes.ranking.views import looking
from pistes.rankings import queries, rules, service
from pistes.rankings.content import Frozen, frozen, standings
from pistes.rankings.models import FreezeForm
from pistes.rankings.rules import Variation
from pistes.words import TIE_RULES

PAGE = "/pistes/classements"
WHAT_IF = "/pistes/sensibilite"
CRUMB = ("Classements figés", PAGE)
THRESHOLD = "seuil-"
TIES = [(str(rule), words.capitalize()) for rule, words in TIE_RULES.items()]


def address_of(ranking_id: object) -> str:
    """The page of a frozen ranking."""
    return f"{PAGE}/{ranking_id}"


def variation_of(asked: QueryParams) -> Variation:
    """What an address asks to be otherwise; what nobody knows is left out."""
    thresholds = {
        name.removeprefix(THRESHOLD): int(value)
        for name, value in asked.items()
        if name.startswith(THRESHOLD) and value.isascii() and value.isdecimal() and len(value) < 3
    }
    tie = asked.get("egalite", "")
    return Variation(tuple(asked.getlist("ordre")[:20]), thresholds, TieRule(tie) if tie in list(TieRule) else None)


async def what_if(request: Request) -> Response:
    """Which pistes move when criteria change places, a threshold or the tie rule: nothing is saved."""
    return await _what_if(request, {})


async def _what_if(request: Request, errors: dict[str, str]) -> Response:
    who = looking(request)
    variation = variation_of(request.query_params)
    async with reading_of(request) as db:
        now, shown = await queries.varied(db, variation)
        may_freeze = rules.may_freeze(who, await queries.committees(db))
    found = rules.moves(standings(now), standings(shown))
    return pages.page(
        request,
        "pistes/rankings/what_if.html",
        current=ROOM,
        crumbs=[HOME, ("Sensibilité", "")],
        status=422 if errors else 200,
        now=now.standing,
        shown=shown,
        moves=sorted(rules.moved(found), key=lambda each: -abs(each.by)),
        count=len(found),
        criteria=_offered(shown.standing.criteria),
        swaps=_swaps(now.standing.criteria, variation),
        ties=TIES,
        is_varied=shown.standing != now.standing,
        may_freeze=may_freeze,
        asked=request.url.query,
        errors=errors,
        typed=forms.typed_in(request),
        here=WHAT_IF,
    )


def _offered(criteria: Criteria) -> list[dict[str, Any]]:
    """Each place in the order, with the criterion that holds it and its threshold."""
    return [
        {
            "criterion": each,
            "threshold": rules.threshold_of(each),
            "levels": [(str(level.value), f"{level.figure} · {level.words}") for level in each.levels],
        }
        for each in criteria.criteria
    ]


def _swaps(criteria: Criteria, variation: Variation) -> list[tuple[str, str]]:
    """Every pair of neighbours the other way round, as addresses."""
    keys = list(variation.of(criteria).keys)
    kept = {f"{THRESHOLD}{key}": str(value) for key, value in (variation.thresholds or {}).items()}
    kept |= {"egalite": str(variation.tie)} if variation.tie else {}
    found = []
    for place in range(len(keys) - 1):
        order = [*keys[:place], keys[place + 1], keys[place], *keys[place + 2 :]]
        words = f"{criteria[keys[place + 1]].name} avant {criteria[keys[place]].name}"
        found.append((words, f"{WHAT_IF}?{urlencode([*(('ordre', key) for key in order), *kept.items()])}"))
    return found


async def kept(request: Request) -> Response:
    """The rankings that are kept."""
    return await _kept(request, {})


async def _kept(request: Request, errors: dict[str, str]) -> Response:
    who = looking(request)
    async with reading_of(request) as db:
        found = await queries.kept(db)
        may_freeze = rules.may_freeze(who, await queries.committees(db))
    return pages.page(
        request,
        "pistes/rankings/kept.html",
        current=ROOM,
        crumbs=[HOME, (CRUMB[0], "")],
        status=422 if errors else 200,
        kept=found,
        may_freeze=may_freeze,
        errors=errors,
        typed=forms.typed_in(request),
        here=PAGE,
        asked="",
    )


async def freeze(request: Request) -> Response:
    """Keep the present ranking, or the variation that the address asks for."""
    looking(request)
    try:
        form = await forms.read(request, FreezeForm)
        async with work_of(request) as work:
            made = await service.freeze(work, form, variation_of(request.query_params))
    except Invalid as error:
        again = _what_if if request.url.query else _kept
        return await again(request, error.errors)
    return pages.go(request, address_of(made.id), "Le classement est figé\u00a0: plus rien ne le changera.")


async def one(request: Request) -> Response:
    """A frozen ranking, whether its hash still holds, and what has moved since."""
    async with reading_of(request) as db:
        found = await queries.ranking_for(db, who_of(request), id_of(request))
        present = await board(db)
        people = await faces(db, {found.person_id} if found.person_id else set())
    content = Frozen(found.content)
    since = rules.moves(content.standings, standings(present))
    return pages.page(
        request,
        "pistes/rankings/ranking.html",
        current=ROOM,
        crumbs=[HOME, CRUMB, (found.title, "")],
        ranking=found,
        content=content,
        holds=content.digest == found.digest,
        is_present=found.digest == frozen(present).digest,
        moves=rules.moved(since),
        count=len(since),
        by=people[found.person_id].name if found.person_id in people else "",
        tie=TIE_RULES[content.tie_rule],
        here=address_of(found.id),
    )


async def files(request: Request) -> Response:
    """A frozen ranking as a file, the same for ever."""
    async with reading_of(request) as db:
        found = await queries.ranking_for(db, who_of(request), id_of(request))
    name, table = f"classement-fige-{found.digest[:8]}", Frozen(found.content).table
    match request.path_params["kind"]:
        case "csv":
            return file(name, table.csv())
        case "xlsx":
            return workbooks.file(name, workbooks.write(*table))
    raise NotFound


routes = [
    Route(WHAT_IF, what_if),
    Route(PAGE, kept),
    Route(PAGE, freeze, methods=["POST"]),
    Route(f"{PAGE}/{{id}}/fichier.{{kind}}", files),
    Route(f"{PAGE}/{{id}}", one),
]
