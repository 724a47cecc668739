"""The doors by which the tree is changed: places of a piste, objectifs and declinaisons."""

from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from entente.rules import Invalid, NotFound
from entente.web import forms, pages
from entente.web.requests import id_of, reading_of, who_of, work_of
from pistes import queries, rules
from pistes.addresses import HOME, LABELS, ROOM, TREE, address_of
from pistes.gates import require_to_keep
from pistes.tree import queries as trees
from pistes.tree import service
from pistes.tree.forms import LabelForm, NewLabel, NewPlace, UnderForm
from pistes.tree.models import NodeKind
from pistes.tree.queries import Branch, Tree

PLACES = "Places dans l’arbre"


def _page_of(piste_id: UUID) -> str:
    return f"{address_of(piste_id)}/places"


def _options(tree: Tree) -> list[tuple[str, str]]:
    """Everything under which a piste may stand."""
    return [
        (str(each.node.id), " › ".join(step.title for step in each.way))
        for each in tree.walk()
        if each.node.kind != NodeKind.OBJECTIF
    ]


async def _kept_tree(request: Request, db: AsyncSession) -> Tree:
    """The tree, for whoever changes it; for a stranger there is none."""
    tree = await _tree(request, db)
    await require_to_keep(db, who_of(request))
    return tree


async def _tree(request: Request, db: AsyncSession) -> Tree:
    if not rules.may_look(who_of(request)):
        raise NotFound
    return await trees.tree(db)


async def _branch(request: Request, db: AsyncSession) -> tuple[Tree, Branch, UUID]:
    """The place of the address, and the piste that stands there."""
    place, tree = id_of(request), await _tree(request, db)
    found = tree.by_id.get(place)
    if found is None or found.piste is None:
        raise NotFound
    await require_to_keep(db, who_of(request))
    return tree, found, found.piste.id


async def _label(request: Request, db: AsyncSession) -> Branch:
    """The objectif or the declinaison of the address."""
    label, tree = id_of(request), await _tree(request, db)
    found = tree.by_id.get(label)
    if found is None or found.piste:
        raise NotFound
    await require_to_keep(db, who_of(request))
    return found


async def places(request: Request) -> Response:
    """Where a piste stands."""
    return await _places(request, id_of(request), {})


async def _places(request: Request, piste_id: UUID, errors: dict[str, str]) -> Response:
    async with reading_of(request) as db:
        found = await queries.piste_for(db, who_of(request), piste_id)
        tree = await _kept_tree(request, db)
    return pages.page(
        request,
        "pistes/tree/places.html",
        current=ROOM,
        crumbs=[HOME, (found.code, address_of(found.id)), (PLACES, "")],
        status=422 if errors else 200,
        piste=found,
        places=tree.places_of(found.id),
        under=_options(tree),
        typed=forms.typed_in(request),
        errors=errors,
    )


async def add_place(request: Request) -> Response:
    """Give a piste one more place."""
    try:
        async with reading_of(request) as db:
            await queries.piste_for(db, who_of(request), id_of(request))
        form = await forms.read(request, NewPlace)
        async with work_of(request) as work:
            found = await queries.piste_for(work.db, work.who, id_of(request))
            await service.stand(work, found, form.under, form.is_ranked)
    except Invalid as error:
        return await _places(request, id_of(request), error.errors)
    return pages.go(request, _page_of(id_of(request)), "La piste a une place de plus.")


async def move(request: Request) -> Response:
    """The form that takes a place elsewhere."""
    return await _move(request, {})


async def _move(request: Request, errors: dict[str, str]) -> Response:
    async with reading_of(request) as db:
        tree, moving, piste_id = await _branch(request, db)
    here = str(moving.node.parent_id)
    return pages.page(
        request,
        "pistes/tree/move.html",
        current=ROOM,
        crumbs=[HOME, (PLACES, _page_of(piste_id)), ("Déplacer", "")],
        status=422 if errors else 200,
        moving=moving,
        back=_page_of(piste_id),
        under=_options(tree),
        chosen=forms.typed_in(request).get("under", here),
        errors=errors,
    )


async def move_place(request: Request) -> Response:
    """Take a place, with everything under it, elsewhere."""
    async with reading_of(request) as db:
        _, _, piste_id = await _branch(request, db)
    try:
        form = await forms.read(request, UnderForm)
        async with work_of(request) as work:
            await service.move(work, id_of(request), form.under)
    except Invalid as error:
        return await _move(request, error.errors)
    return pages.go(request, _page_of(piste_id), "La piste est déplacée.")


async def leave_place(request: Request) -> Response:
    """Take a piste away from one of its places."""
    async with reading_of(request) as db:
        _, _, piste_id = await _branch(request, db)
    try:
        async with work_of(request) as work:
            await service.leave(work, id_of(request))
    except Invalid as error:
        return await _places(request, piste_id, {"": error.errors["under"]})
    return pages.go(request, _page_of(piste_id), "La piste a quitté cette place.")


async def labels(request: Request) -> Response:
    """The objectifs and the declinaisons."""
    return await _labels(request, {})


async def _labels(request: Request, errors: dict[str, str]) -> Response:
    async with reading_of(request) as db:
        tree = await _kept_tree(request, db)
    return pages.page(
        request,
        "pistes/tree/labels.html",
        current=ROOM,
        crumbs=[HOME, TREE, (LABELS[0], "")],
        status=422 if errors else 200,
        roots=tree.roots,
        under=[(str(each.node.id), each.title) for each in tree.roots],
        typed=forms.typed_in(request),
        errors=errors,
    )


async def add_label(request: Request) -> Response:
    """Add an objectif, or a declinaison under one."""
    async with reading_of(request) as db:
        tree = await _kept_tree(request, db)
    try:
        form = await forms.read(request, NewLabel)
        if form.under and form.under not in {each.node.id for each in tree.roots}:
            raise Invalid({"under": "Choisissez dans la liste."})
        kind = NodeKind.DECLINAISON if form.under else NodeKind.OBJECTIF
        async with work_of(request) as work:
            await service.label(work, kind, form.label, form.under)
    except Invalid as error:
        return await _labels(request, error.errors)
    return pages.go(request, LABELS[1], "C’est ajouté à l’arbre.")


async def rename(request: Request) -> Response:
    """The form of one name."""
    return await _rename(request, {})


async def _rename(request: Request, errors: dict[str, str]) -> Response:
    async with reading_of(request) as db:
        found = await _label(request, db)
    return pages.page(
        request,
        "pistes/tree/label.html",
        current=ROOM,
        crumbs=[HOME, LABELS, ("Renommer", "")],
        status=422 if errors else 200,
        branch=found,
        label=forms.typed_in(request).get("label", found.title),
        errors=errors,
    )


async def rename_label(request: Request) -> Response:
    """Give an objectif or a declinaison another name."""
    async with reading_of(request) as db:
        await _label(request, db)
    try:
        form = await forms.read(request, LabelForm)
        async with work_of(request) as work:
            await service.rename(work, id_of(request), form.label)
    except Invalid as error:
        return await _rename(request, error.errors)
    return pages.go(request, LABELS[1], "Le nom est enregistré.")


routes = [
    Route("/pistes/arbre/rubriques", labels),
    Route("/pistes/arbre/rubriques", add_label, methods=["POST"]),
    Route("/pistes/arbre/rubriques/{id}", rename),
    Route("/pistes/arbre/rubriques/{id}", rename_label, methods=["POST"]),
    Route("/pistes/places/{id}/deplacement", move),
    Route("/pistes/places/{id}/deplacement", move_place, methods=["POST"]),
    Route("/pistes/places/{id}/retrait", leave_place, methods=["POST"]),
    Route("/pistes/{id}/places", places),
    Route("/pistes/{id}/places", add_place, methods=["POST"]),
]
