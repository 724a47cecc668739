"""The doors of the ranking: the table, its files, the tree, and the rules it follows."""

from collections.abc import Sequence
from itertools import groupby

from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from entente.live import Fragment
from entente.people.who import Who
from entente.rules import Invalid, NotFound
from entente.web import forms, pages, templates, workbooks
from entente.web.requests import reading_of, who_of, work_of
from entente.web.sheets import file
from entente.web.words import plural
from pistes import queries, rules
from pistes.addresses import HOME, ROOM, RULES
from pistes.criteria import service as criteria
from pistes.imports import exports
from pistes.models import TieForm, TieRule
from pistes.ranking.filters import PAGE, SORTS, Chosen, Slice, choices
from pistes.ranking.keeping import present
from pistes.ranking.queries import Board, Line
from pistes.ranking.rules import runs
from pistes.words import PHASES, TIE_RULES

MOST_NAMED = 40
"""Displaced places that a sentence may name."""


def looking(request: Request) -> Who:
    """Whoever may read the register; for others it is not there."""
    who = who_of(request)
    if not rules.may_look(who):
        raise NotFound
    return who


async def ranking(request: Request) -> Response:
    """The ranked table."""
    who, chosen = looking(request), Chosen.of(request.query_params)
    async with reading_of(request) as db:
        now = await present(db)
        keeps = await queries.keeps(db, who)
    found = now.board
    lines = chosen.lines(found)
    part = Slice.of(lines, chosen.page)
    return pages.page(
        request,
        "pistes/ranking.html",
        current=ROOM,
        crumbs=[("Pistes", "")],
        streams=[now.cursor],
        board=found,
        groups=_groups(part.lines, chosen.tri == "rang"),
        cells=lambda line: cells(found, line),
        count=len(lines),
        part=part,
        chosen=chosen,
        choices=now.once("choices", lambda: choices(found)),
        sorts=SORTS,
        keeps=keeps,
        tie=TIE_RULES[found.standing.tie_rule],
        displaced=now.once("displaced", lambda: _displaced(found)),
    )


def _groups(lines: Sequence[Line], by_rank: bool) -> list[list[Line]]:
    """Equals together."""
    groups = groupby(lines, key=lambda line: line.placed.level if by_rank else 0)
    return [list(group) for _, group in groups]


def cells(board: Board, line: Line) -> Markup:
    """What a row shows beside its rank: drawn once as long as nothing of it changes, wherever it stands."""
    known = {"line": line, "criteria": board.standing.criteria.criteria, "phases": PHASES}
    version = f"{board.scales}:{line.version}"
    return templates.root(Fragment("pistes/_ranked_cells.html", "replace", "", known, version))


def _displaced(board: Board) -> str:
    """The places that the order of the tree would give to others, in words: by number when there are too many."""
    places = [] if board.standing.tie_rule is TieRule.TREE else board.displaced_by(TieRule.TREE)
    if len(places) > MOST_NAMED:
        return plural(len(places), "rang", "rangs")
    return f"les rangs {runs(places)}" if places else ""


async def tree(request: Request) -> Response:
    """The tree as an indented list."""
    who = looking(request)
    async with reading_of(request) as db:
        now = await present(db)
        keeps = await queries.keeps(db, who)
    return pages.page(
        request,
        "pistes/tree.html",
        current=ROOM,
        crumbs=[HOME, ("Arbre", "")],
        streams=[now.cursor],
        tree=now.once("tree", lambda: _tree(now.board)) if now.board.tree.roots else None,
        count=now.once("places", lambda: sum(1 for each in now.board.tree.walk() if each.piste)),
        keeps=keeps,
    )


def _tree(board: Board) -> Markup:
    """The tree as a list, the same for everybody."""
    lines = {line.branch.node.id: line for line in board.lines}
    known = {"tree": board.tree, "lines": lines, "criteria": board.standing.criteria}
    return templates.render("pistes/_tree.html", known)


async def files(request: Request) -> Response:
    """The ranking, the list or the tree, as a file."""
    looking(request)
    name, kind = request.path_params["name"], request.path_params["kind"]
    async with reading_of(request) as db:
        if name == "classement":
            table = exports.ranking((await present(db)).board)
        elif name == "liste":
            table = await exports.ranked_list(db)
        elif name == "arbre":
            table = await exports.whole_tree(db)
        else:
            raise NotFound
    if kind == "xlsx":
        return workbooks.file(f"pistes-{name}", workbooks.write(*table))
    return file(f"pistes-{name}", table.csv())


async def standing(request: Request) -> Response:
    """By which criteria, with which sieve, and what decides between equals."""
    return await _standing(request, {})


async def _standing(request: Request, errors: dict[str, str]) -> Response:
    who = looking(request)
    async with reading_of(request) as db:
        stands = await queries.standing(db)
        keeps = await queries.keeps(db, who)
    typed = forms.typed_in(request)
    return pages.page(
        request,
        "pistes/standing.html",
        current=ROOM,
        crumbs=[HOME, (RULES[0], "")],
        status=422 if errors else 200,
        standing=stands,
        keeps=keeps,
        errors=errors,
        ties=[(str(rule), words.capitalize()) for rule, words in TIE_RULES.items()],
        rule=typed.get("rule", str(stands.tie_rule)),
        reason=typed.get("reason", stands.tie_reason),
    )


async def decide_ties(request: Request) -> Response:
    """Say what decides between equals."""
    looking(request)
    try:
        form = await forms.read(request, TieForm)
        async with work_of(request) as work:
            await criteria.decide_ties(work, form.rule, form.reason)
    except Invalid as error:
        return await _standing(request, error.errors)
    return pages.go(request, PAGE, "La règle de départage est enregistrée.")


routes = [
    Route("/pistes", ranking),
    Route("/pistes/arbre", tree),
    Route("/pistes/regles", standing),
    Route("/pistes/regles", decide_ties, methods=["POST"]),
    Route("/pistes/{name}.{kind}", files),
]
