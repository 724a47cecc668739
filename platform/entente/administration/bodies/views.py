"""Doors to instances."""

from collections.abc import Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from entente import clock
from entente.administration import lists
from entente.administration.bodies import queries, service
from entente.administration.bodies.models import BodyForm, EditedBody, NewSeat, SeatForm
from entente.administration.persons.models import End
from entente.administration.screens import Field, Screen, form_page, words_of
from entente.administration.typed import mark_of, options
from entente.ids import Ref
from entente.people import words
from entente.people.models import Body, BodyKind, Organisation
from entente.rules import Invalid, NotFound
from entente.web import forms, pages, sheets
from entente.web.requests import id_of, reading_of, who_of, work_of

KEY = "instances"
HOME = ("Instances", "/administration/instances")
HEADER = (
    *("instance", "nature", "organisation", "titulaire", "courriel du titulaire"),
    *("suppléant", "courriel du suppléant", "rôle", "mandat", "depuis", "jusqu’au"),
)


async def bodies(request: Request) -> Response:
    """Instances, by name."""
    sought, kind = lists.text_in(request, "q"), lists.word_in(request, "nature", BodyKind)
    async with reading_of(request) as db:
        page = await queries.bodies(db, sought, kind, lists.id_in(request, "apres"))
    return pages.page(
        request,
        "administration/bodies.html",
        current=KEY,
        crumbs=[(HOME[0], "")],
        page=page,
        sought=sought,
        kind=kind,
        way=lists.way(request, page, q=sought, nature=kind),
        words=words,
    )


async def export(request: Request) -> Response:
    """Every seat of these instances as a file, one line each."""
    sought = queries.bodies_sought(lists.text_in(request, "q"), lists.word_in(request, "nature", BodyKind)).subquery()
    query = queries.seats_sought().join(sought, sought.c.id == Body.id).add_columns(sought.c.kind)
    async with work_of(request) as work:
        found = (await work.db.execute(query)).all()
        work.audit("bodies.exported", Ref("entente/person", who_of(request).id), lines=len(found))
    lines = [
        (
            *(row.body, words.BODIES[row.kind], row.organisation, row.holder, row.holder_email),
            *(row.substitute, row.substitute_email, words.ROLES[row.role], bool(row.mandate), row.since, row.until),
        )
        for row in found
    ]
    return sheets.file("instances", sheets.write(HEADER, lines))


async def body(request: Request) -> Response:
    """One instance with its seats."""
    async with reading_of(request) as db:
        sheet = await queries.sheet_of(db, id_of(request))
    today = clock.today()
    return pages.page(
        request,
        "administration/body.html",
        current=KEY,
        crumbs=[HOME, (sheet.body.name, "")],
        sheet=sheet,
        held=[row for row in sheet.seats if row.until is None or row.until > today],
        past=[row for row in sheet.seats if row.until is not None and row.until <= today],
        today=today,
        words=words,
    )


async def new_body(request: Request) -> Response:
    """The form that adds an instance."""
    return await _new_body(request)


async def _new_body(request: Request, errors: Mapping[str, str] | None = None) -> Response:
    fields = await _fields(request, None)
    screen = Screen("Ajouter une instance", "Ajouter l’instance", f"{HOME[1]}/nouvelle", HOME[1], fields)
    return form_page(request, screen, KEY, [HOME], errors)


async def _fields(request: Request, shown: Body | None) -> list[Field]:
    async with reading_of(request) as db:
        organisations = await options(db, Organisation)
    return [
        Field("name", "Nom", shown.name if shown else "", attributes={"maxlength": 120}),
        Field(
            "kind",
            "Nature",
            shown.kind if shown else "",
            options=words_of(words.BODIES),
            blank="Choisissez une nature",
        ),
        Field(
            "organisation_id",
            "Organisation",
            (shown.organisation_id or "") if shown else "",
            required=False,
            options=organisations,
            blank="Commune à tous les membres",
        ),
    ]


async def add(request: Request) -> Response:
    """Add an instance."""
    try:
        new = await forms.read(request, BodyForm)
        async with work_of(request) as work:
            made = await service.add(work, new)
    except Invalid as invalid:
        return await _new_body(request, invalid.errors)
    return pages.go(request, f"{HOME[1]}/{made.id}", "L’instance est ajoutée.")


async def description(request: Request) -> Response:
    """The form that describes an instance again."""
    return await _description(request)


async def _description(request: Request, errors: Mapping[str, str] | None = None) -> Response:
    async with reading_of(request) as db:
        shown = await db.get(Body, id_of(request))
    if shown is None:
        raise NotFound
    address = f"{HOME[1]}/{shown.id}"
    fields = [*await _fields(request, shown), Field("mark", "", mark_of(shown), "hidden")]
    screen = Screen("Modifier la fiche", "Enregistrer", f"{address}/fiche", address, fields)
    return form_page(request, screen, KEY, [HOME, (shown.name, address)], errors)


async def edit(request: Request) -> Response:
    """Describe an instance again."""
    try:
        edited = await forms.read(request, EditedBody)
        async with work_of(request) as work:
            await service.edit(work, id_of(request), edited)
    except Invalid as invalid:
        return await _description(request, invalid.errors)
    return pages.go(request, f"{HOME[1]}/{id_of(request)}", "La fiche est enregistrée.")


def _seat_fields(suggestions: list[tuple[str, str]], seat: Any = None) -> list[Field]:
    return [
        Field(
            "holder",
            "Adresse e-mail du titulaire",
            type="email",
            help="Une personne déjà inscrite ou invitée.",
            suggestions=suggestions,
        ),
        Field(
            "substitute",
            "Adresse e-mail du suppléant",
            type="email",
            required=False,
            help="Il voit ce que voit le titulaire.",
            suggestions=suggestions,
        ),
        Field("role", "Rôle", seat.role if seat else "member", options=words_of(words.ROLES)),
        Field(
            "mandate",
            "Mandat",
            ("1" if seat.mandate else "0") if seat else "0",
            options=[("0", "Ne décide pas pour l’organisation"), ("1", "Décide pour l’organisation")],
        ),
        Field("since", "À partir du", clock.today().isoformat(), "date"),
    ]


async def new_seat(request: Request) -> Response:
    """The form that gives a seat."""
    return await _new_seat(request)


async def _new_seat(request: Request, errors: Mapping[str, str] | None = None) -> Response:
    async with reading_of(request) as db:
        sheet = await queries.sheet_of(db, id_of(request))
        organisations = await options(db, Organisation)
        suggestions = await queries.suggested(db)
    address = f"{HOME[1]}/{sheet.body.id}"
    fields = [
        Field("organisation_id", "Pour l’organisation", options=organisations, blank="Choisissez une organisation"),
        *_seat_fields(suggestions),
        Field("until", "Jusqu’au", type="date", required=False, help="Premier jour où le siège n’est plus tenu."),
    ]
    screen = Screen("Donner un siège", "Donner ce siège", f"{address}/sieges", address, fields)
    return form_page(request, screen, KEY, [HOME, (sheet.body.name, address)], errors)


async def add_seat(request: Request) -> Response:
    """Give a seat."""
    try:
        new = await forms.read(request, NewSeat)
        async with work_of(request) as work:
            await service.add_seat(work, id_of(request), new)
    except Invalid as invalid:
        return await _new_seat(request, invalid.errors)
    return pages.go(request, f"{HOME[1]}/{id_of(request)}", "Le siège est donné.")


async def seat_end(request: Request) -> Response:
    """The form that ends a seat."""
    return await _seat_end(request)


async def _seat_end(request: Request, errors: Mapping[str, str] | None = None) -> Response:
    sheet, seat = await _seat(request)
    address = f"{HOME[1]}/{sheet.body.id}"
    screen = Screen(
        "Mettre fin à un siège",
        "Mettre fin au siège",
        f"{address}/sieges/{seat.id}/fin",
        address,
        [
            Field(
                "until",
                "À partir du",
                clock.today().isoformat(),
                "date",
                help="Premier jour où le siège n’est plus tenu.",
            )
        ],
        lead=f"{seat.holder} siège pour {seat.organisation}.",
        kind="danger solid",
    )
    return form_page(request, screen, KEY, [HOME, (sheet.body.name, address)], errors)


async def end_seat(request: Request) -> Response:
    """End a seat."""
    try:
        end = await forms.read(request, End)
        async with work_of(request) as work:
            await service.end_seat(work, id_of(request), id_of(request, "seat"), end.until)
    except Invalid as invalid:
        return await _seat_end(request, invalid.errors)
    return pages.go(request, f"{HOME[1]}/{id_of(request)}", "La fin du siège est enregistrée.")


async def replacement(request: Request) -> Response:
    """The form that gives someone else the same seat."""
    return await _replacement(request)


async def _replacement(request: Request, errors: Mapping[str, str] | None = None) -> Response:
    sheet, seat = await _seat(request)
    async with reading_of(request) as db:
        suggestions = await queries.suggested(db)
    address = f"{HOME[1]}/{sheet.body.id}"
    screen = Screen(
        "Remplacer le titulaire",
        "Remplacer",
        f"{address}/sieges/{seat.id}/remplacement",
        address,
        _seat_fields(suggestions, seat),
        lead=f"{seat.holder} siège pour {seat.organisation}\u00a0; son siège prend fin quand le nouveau commence.",
    )
    return form_page(request, screen, KEY, [HOME, (sheet.body.name, address)], errors)


async def replace_seat(request: Request) -> Response:
    """Give someone else the same seat."""
    try:
        new = await forms.read(request, SeatForm)
        async with work_of(request) as work:
            await service.replace_seat(work, id_of(request), id_of(request, "seat"), new)
    except Invalid as invalid:
        return await _replacement(request, invalid.errors)
    return pages.go(request, f"{HOME[1]}/{id_of(request)}", "Le siège a un nouveau titulaire.")


async def _seat(request: Request) -> tuple[queries.Sheet, Any]:
    async with reading_of(request) as db:
        sheet = await queries.sheet_of(db, id_of(request))
    seat = next((row for row in sheet.seats if row.id == id_of(request, "seat")), None)
    if seat is None:
        raise NotFound
    return sheet, seat


routes = [
    Route("/instances", bodies),
    Route("/instances.csv", export),
    Route("/instances/nouvelle", new_body),
    Route("/instances/nouvelle", add, methods=["POST"]),
    Route("/instances/{id}", body),
    Route("/instances/{id}/fiche", description),
    Route("/instances/{id}/fiche", edit, methods=["POST"]),
    Route("/instances/{id}/sieges", new_seat),
    Route("/instances/{id}/sieges", add_seat, methods=["POST"]),
    Route("/instances/{id}/sieges/{seat}/fin", seat_end),
    Route("/instances/{id}/sieges/{seat}/fin", end_seat, methods=["POST"]),
    Route("/instances/{id}/sieges/{seat}/remplacement", replacement),
    Route("/instances/{id}/sieges/{seat}/remplacement", replace_seat, methods=["POST"]),
]
