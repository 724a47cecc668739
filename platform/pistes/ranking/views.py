"""The doors of the ranking: the table, its files, the tree, and the rules it follows."""

from itertools import groupby

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from entente import journal
from entente.people.who import Who
from entente.rules import Invalid, NotFound
from entente.web import forms, pages, workbooks
from entente.web.requests import reading_of, who_of, work_of
from entente.web.sheets import file
from pistes import queries, rules
from pistes.addresses import HOME, ROOM, RULES
from pistes.criteria import service as criteria
from pistes.imports import exports
from pistes.models import TieForm, TieRule
from pistes.ranking.filters import PAGE, SORTS, Chosen, choices
from pistes.ranking.queries import board
from pistes.ranking.rules import runs
from pistes.stories import REGISTER
from pistes.words import PHASES, TIE_RULES


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
        cursor = await journal.cursor(db, REGISTER)
        found = await board(db)
        keeps = await queries.keeps(db, who)
    lines = chosen.lines(found)
    by_rank = chosen.tri == "rang"
    groups = [list(group) for _, group in groupby(lines, key=lambda line: line.placed.level)] if by_rank else [lines]
    return pages.page(
        request,
        "pistes/ranking.html",
        current=ROOM,
        crumbs=[("Pistes", "")],
        streams=[cursor],
        board=found,
        groups=[group for group in groups if group],
        lines=lines,
        chosen=chosen,
        choices=choices(found),
        sorts=SORTS,
        phases=PHASES,
        keeps=keeps,
        tie=TIE_RULES[found.standing.tie_rule],
        displaced=runs(found.displaced_by(TieRule.TREE)) if found.standing.tie_rule is not TieRule.TREE else "",
    )


async def tree(request: Request) -> Response:
    """The tree as an indented list."""
    who = looking(request)
    async with reading_of(request) as db:
        cursor = await journal.cursor(db, REGISTER)
        found = await board(db)
        keeps = await queries.keeps(db, who)
    lines = {line.branch.node.id: line for line in found.lines}
    return pages.page(
        request,
        "pistes/tree.html",
        current=ROOM,
        crumbs=[HOME, ("Arbre", "")],
        streams=[cursor],
        tree=found.tree,
        lines=lines,
        criteria=found.standing.criteria,
        count=sum(1 for each in found.tree.walk() if each.piste),
        keeps=keeps,
    )


async def files(request: Request) -> Response:
    """The ranking, the list or the tree, as a file."""
    looking(request)
    name, kind = request.path_params["name"], request.path_params["kind"]
    async with reading_of(request) as db:
        if name == "classement":
            table = exports.ranking(await board(db))
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
