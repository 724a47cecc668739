"""The doors of the sets of criteria: their versions, a new one, and the one in force."""

from collections.abc import Sequence

from sqlmodel.ext.asyncio.session import AsyncSession
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from entente.people.queries import faces
from entente.rules import Invalid, NotFound
from entente.web import forms, pages
from entente.web.requests import reading_of, work_of
from pistes import queries as registers
from pistes.addresses import CRITERIA, HOME, ROOM
from pistes.criteria import queries, service
from pistes.criteria.drafts import MOST, digest, read_draft, typed_of
from pistes.criteria.models import Criteria, Direction
from pistes.criteria.queries import Kept
from pistes.gates import require_to_keep
from pistes.ranking.views import looking

FIRST = 3
"""Criteria that an empty form has room for."""
DIRECTIONS = [(str(Direction.LOW), "Le plus bas"), (str(Direction.HIGH), "Le plus haut")]


def _page_of(family: str) -> str:
    return f"{CRITERIA[1]}/{family}"


async def listed(request: Request) -> Response:
    """Every set, with its newest version."""
    who = looking(request)
    async with reading_of(request) as db:
        standing = await registers.standing(db)
        found = await queries.families(db)
        keeps = await registers.keeps(db, who)
    return pages.page(
        request,
        "pistes/criteria/sets.html",
        current=ROOM,
        crumbs=[HOME, (CRITERIA[0], "")],
        families=found,
        standing=standing,
        keeps=keeps,
    )


async def shown(request: Request) -> Response:
    """One version of a set, and what putting it in force would change."""
    who = looking(request)
    async with reading_of(request) as db:
        kept = await queries.versions(db, request.path_params["family"])
        chosen = _version(kept, request.query_params.get("version", str(kept[0].version)))
        standing = await registers.standing(db)
        is_in_force = (standing.family, standing.version) == (chosen.family, chosen.version)
        changes = None if is_in_force else await queries.changes_in_force(db, standing, chosen)
        keeps = await registers.keeps(db, who)
        people = await faces(db, {each.person_id for each in kept if each.person_id})
    return pages.page(
        request,
        "pistes/criteria/set.html",
        current=ROOM,
        crumbs=[HOME, CRITERIA, (chosen.criteria.title, "")],
        page=_page_of(chosen.family),
        versions=kept,
        chosen=chosen,
        standing=standing,
        is_in_force=is_in_force,
        changes=changes,
        keeps=keeps,
        people=people,
    )


def _version(kept: Sequence[Kept], asked: str) -> Kept:
    found = next((each for each in kept if str(each.version) == asked), None)
    if found is None:
        raise NotFound
    return found


async def new(request: Request) -> Response:
    """The form of a set that is not there yet: empty, or begun from another one."""
    return await _new(request, {})


async def _new(request: Request, errors: dict[str, str]) -> Response:
    who = looking(request)
    async with reading_of(request) as db:
        await require_to_keep(db, who)
        copied = await _copied(db, request.query_params.get("de", ""))
    typed = forms.typed_in(request) or (typed_of(copied) if copied else {})
    if copied and not errors:
        typed["title"] = f"{copied.title[:100]} (copie)"
    written = sum(f"key-{number}" in typed for number in range(MOST))
    return pages.page(
        request,
        "pistes/criteria/new.html",
        current=ROOM,
        crumbs=[HOME, CRITERIA, ("Nouveau jeu", "")],
        status=422 if errors else 200,
        copied=copied.title if copied else "",
        typed=typed,
        rows=range(written if errors else min(MOST, max(written + 1, FIRST))),
        directions=DIRECTIONS,
        errors=errors,
    )


async def _copied(db: AsyncSession, family: str) -> Criteria | None:
    """The newest version of the set that the address names; none when it names none."""
    found = next((each for each in await queries.families(db) if each[0].family == family), None)
    return found[0].criteria if found else None


async def create(request: Request) -> Response:
    """Keep a new set as its first version; its page says what it would change."""
    looking(request)
    try:
        await forms.typed_fields(request)
        draft = read_draft(forms.typed_in(request))
        async with work_of(request) as work:
            made = await service.create(work, draft)
    except Invalid as error:
        return await _new(request, error.errors)
    return pages.go(request, _page_of(made.family), "Le jeu est créé\u00a0: voyez ce qu’il changerait.")


async def edit(request: Request) -> Response:
    """The form of the next version of a set."""
    return await _edit(request)


async def _edit(request: Request, errors: dict[str, str] | None = None, draft: Criteria | None = None) -> Response:
    """The form; with a draft that holds together, what it would change and the button that saves it."""
    who, changes = looking(request), None
    async with reading_of(request) as db:
        latest = (await queries.versions(db, request.path_params["family"]))[0]
        await require_to_keep(db, who)
        if draft:
            changes = await queries.changes(db, await registers.standing(db), latest, draft)
    typed = forms.typed_in(request) or typed_of(latest.criteria) | {"version": str(latest.version)}
    return pages.page(
        request,
        "pistes/criteria/edit.html",
        current=ROOM,
        crumbs=[HOME, CRITERIA, (latest.criteria.title, _page_of(latest.family)), ("Modifier", "")],
        status=422 if errors else 200,
        page=_page_of(latest.family),
        latest=latest,
        typed=typed,
        rows=range(min(MOST, sum(f"key-{number}" in typed for number in range(MOST)) + (not draft and not errors))),
        directions=DIRECTIONS,
        changes=changes,
        seen=digest(draft) if draft else "",
        errors=errors or {},
    )


async def save(request: Request) -> Response:
    """Show what a draft would change, then keep it as the next version: never the one without the other."""
    looking(request)
    family = request.path_params["family"]
    try:
        await forms.typed_fields(request)
        typed = forms.typed_in(request)
        draft = read_draft(typed)
        if typed.get("seen") != digest(draft):
            return await _edit(request, draft=draft)
        async with work_of(request) as work:
            over = (await queries.versions(work.db, family))[0]
            made = await service.keep(work, family, draft, over=typed.get("version", ""))
            if "in_force" in typed:
                await service.put_in_force(work, made)
    except Invalid as error:
        return await _edit(request, error.errors)
    said = f"La version {made.version} est enregistrée." if made.version > over.version else "Rien n’a changé."
    return pages.go(request, _page_of(family), said)


async def put_in_force(request: Request) -> Response:
    """Rank by one version from now on."""
    looking(request)
    fields = await forms.typed_fields(request)
    async with work_of(request) as work:
        await service.open_register(work)
        kept = await queries.versions(work.db, request.path_params["family"])
        chosen = _version(kept, str(fields.get("version", "")))
        await service.put_in_force(work, await registers.criteria_set(work.db, chosen.family, chosen.version))
    return pages.go(
        request, "/pistes", f"«\u00a0{chosen.criteria.title}\u00a0», version {chosen.version}, est en vigueur."
    )


routes = [
    Route("/pistes/criteres", listed),
    # Before the set that would bear this name.
    Route("/pistes/criteres/nouveau", new),
    Route("/pistes/criteres/nouveau", create, methods=["POST"]),
    Route("/pistes/criteres/{family}", shown),
    Route("/pistes/criteres/{family}/modifier", edit),
    Route("/pistes/criteres/{family}/modifier", save, methods=["POST"]),
    Route("/pistes/criteres/{family}/en-vigueur", put_in_force, methods=["POST"]),
]
