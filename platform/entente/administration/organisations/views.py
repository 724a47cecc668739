"""Doors to organisations."""

from collections.abc import Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from entente.administration import lists
from entente.administration.organisations import queries, service
from entente.administration.organisations.models import EditedOrganisation, NewOrganisation, NewService, Period
from entente.administration.persons.models import End
from entente.administration.screens import Field, Screen, form_page, words_of
from entente.administration.typed import mark_of
from entente.clock import today
from entente.ids import Ref
from entente.people import words
from entente.people.models import Organisation, OrganisationKind
from entente.rules import Invalid, NotFound
from entente.web import forms, pages, sheets
from entente.web.requests import id_of, reading_of, who_of, work_of
from entente.web.words import long_date

KEY = "organisations"
HOME = ("Organisations", "/administration/organisations")
HEADER = ("nom", "nom court", "nature", "code INSEE", "SIREN", "codes postaux", "population", "membre", "personnes")


async def organisations(request: Request) -> Response:
    """Organisations, by name."""
    sought, kind = lists.text_in(request, "q"), lists.word_in(request, "nature", OrganisationKind)
    async with reading_of(request) as db:
        page = await queries.organisations(db, sought, kind, lists.id_in(request, "apres"))
    return pages.page(
        request,
        "administration/organisations.html",
        current=KEY,
        crumbs=[(HOME[0], "")],
        page=page,
        sought=sought,
        kind=kind,
        way=lists.way(request, page, q=sought, nature=kind),
        words=words,
    )


async def export(request: Request) -> Response:
    """Organisations as a file."""
    query = queries.organisations_sought(
        lists.text_in(request, "q"), lists.word_in(request, "nature", OrganisationKind)
    ).order_by(*queries.KEYS)
    async with work_of(request) as work:
        found = (await work.db.execute(query)).all()
        work.audit("organisations.exported", Ref("entente/person", who_of(request).id), lines=len(found))
    lines = [
        (
            row.name,
            row.short_name,
            words.ORGANISATIONS[row.kind],
            row.code_insee,
            row.siren,
            row.postcodes,
            row.population,
            bool(row.belongs),
            row.people,
        )
        for row in found
    ]
    return sheets.file("organisations", sheets.write(HEADER, lines))


async def organisation(request: Request) -> Response:
    """One organisation, with its periods, services and domains."""
    return await _sheet(request)


async def _sheet(request: Request, errors: Mapping[str, str] | None = None) -> Response:
    async with reading_of(request) as db:
        sheet = await queries.sheet_of(db, id_of(request))
    return pages.page(
        request,
        "administration/organisation.html",
        current=KEY,
        crumbs=[HOME, (sheet.organisation.name, "")],
        status=422 if errors else 200,
        sheet=sheet,
        errors=errors or {},
        typed=forms.typed_in(request),
        words=words,
    )


def _fields(shown: Organisation | None) -> list[Field]:
    def value(name: str) -> Any:
        found = getattr(shown, name) if shown else None
        return "" if found is None else found

    return [
        Field("name", "Nom", value("name"), attributes={"maxlength": 120}),
        Field(
            "short_name",
            "Nom court",
            value("short_name"),
            help="Vingt caractères\u00a0: il accompagne chaque nom.",
            attributes={"maxlength": 20},
        ),
        Field("kind", "Nature", value("kind"), options=words_of(words.ORGANISATIONS), blank="Choisissez une nature"),
        Field(
            "code_insee",
            "Code INSEE",
            value("code_insee"),
            required=False,
            help="Cinq signes, pour une commune.",
            attributes={"maxlength": 5},
        ),
        Field(
            "siren", "Numéro SIREN", value("siren"), required=False, help="Neuf chiffres.", attributes={"maxlength": 11}
        ),
        Field(
            "postcodes",
            "Codes postaux",
            value("postcodes"),
            required=False,
            help="Séparés par une espace.",
            attributes={"maxlength": 60},
        ),
        Field("population", "Population", value("population"), "number", required=False, attributes={"min": 0}),
        Field(
            "hue",
            "Teinte",
            value("hue") or 0,
            "number",
            help="De 0 à 359\u00a0: la couleur de son écu.",
            attributes={"min": 0, "max": 359},
        ),
        Field(
            "hides_presence",
            "Ne pas montrer la présence ni la frappe des personnes de cette organisation",
            value("hides_presence"),
            "checkbox",
            help="Dans un fil, les autres ne verront ni qu’elles lisent ni qu’elles écrivent.",
            required=False,
        ),
    ]


async def new_organisation(request: Request) -> Response:
    """The form that adds an organisation."""
    return _new_organisation(request)


def _new_organisation(request: Request, errors: Mapping[str, str] | None = None) -> Response:
    since = Field("since", "Membre depuis le", today().isoformat(), "date")
    screen = Screen(
        "Ajouter une organisation", "Ajouter l’organisation", f"{HOME[1]}/nouvelle", HOME[1], [*_fields(None), since]
    )
    return form_page(request, screen, KEY, [HOME], errors)


async def add(request: Request) -> Response:
    """Add an organisation."""
    try:
        new = await forms.read(request, NewOrganisation)
        async with work_of(request) as work:
            made = await service.add(work, new)
    except Invalid as invalid:
        return _new_organisation(request, invalid.errors)
    return pages.go(request, f"{HOME[1]}/{made.id}", "L’organisation est ajoutée.")


async def description(request: Request) -> Response:
    """The form that describes an organisation again."""
    return await _description(request)


async def _description(request: Request, errors: Mapping[str, str] | None = None) -> Response:
    async with reading_of(request) as db:
        shown = await db.get(Organisation, id_of(request))
    if shown is None:
        raise NotFound
    address = f"{HOME[1]}/{shown.id}"
    fields = [*_fields(shown), Field("mark", "", mark_of(shown), "hidden")]
    screen = Screen("Modifier la fiche", "Enregistrer", f"{address}/fiche", address, fields)
    return form_page(request, screen, KEY, [HOME, (shown.name, address)], errors)


async def edit(request: Request) -> Response:
    """Describe an organisation again."""
    try:
        edited = await forms.read(request, EditedOrganisation)
        async with work_of(request) as work:
            await service.edit(work, id_of(request), edited)
    except Invalid as invalid:
        return await _description(request, invalid.errors)
    return pages.go(request, f"{HOME[1]}/{id_of(request)}", "La fiche est enregistrée.")


async def new_period(request: Request) -> Response:
    """The form that adds a period."""
    return await _new_period(request)


async def _new_period(request: Request, errors: Mapping[str, str] | None = None) -> Response:
    async with reading_of(request) as db:
        sheet = await queries.sheet_of(db, id_of(request))
    address = f"{HOME[1]}/{sheet.organisation.id}"
    fields = [
        Field("since", "Membre à partir du", today().isoformat(), "date"),
        Field("until", "Jusqu’au", type="date", required=False, help="Premier jour où elle ne l’est plus."),
    ]
    screen = Screen("Ajouter une période", "Ajouter la période", f"{address}/periodes", address, fields)
    return form_page(request, screen, KEY, [HOME, (sheet.organisation.name, address)], errors)


async def add_period(request: Request) -> Response:
    """Add a period."""
    try:
        new = await forms.read(request, Period)
        async with work_of(request) as work:
            await service.add_period(work, id_of(request), new)
    except Invalid as invalid:
        return await _new_period(request, invalid.errors)
    return pages.go(request, f"{HOME[1]}/{id_of(request)}", "La période est ajoutée.")


async def period_end(request: Request) -> Response:
    """The form that ends a period."""
    return await _period_end(request)


async def _period_end(request: Request, errors: Mapping[str, str] | None = None) -> Response:
    async with reading_of(request) as db:
        sheet = await queries.sheet_of(db, id_of(request))
    period = next((row for row in sheet.memberships if row.id == id_of(request, "period")), None)
    if period is None:
        raise NotFound
    address = f"{HOME[1]}/{sheet.organisation.id}"
    screen = Screen(
        "Mettre fin à une période",
        "Enregistrer la fin",
        f"{address}/periodes/{period.id}/fin",
        address,
        [Field("until", "À partir du", today().isoformat(), "date", help="Premier jour hors de l’EPCI.")],
        lead=f"{sheet.organisation.name} est membre depuis le {long_date(period.since)}.",
        kind="danger solid",
    )
    return form_page(request, screen, KEY, [HOME, (sheet.organisation.name, address)], errors)


async def end_period(request: Request) -> Response:
    """End a period."""
    try:
        end = await forms.read(request, End)
        async with work_of(request) as work:
            await service.end_period(work, id_of(request), id_of(request, "period"), end.until)
    except Invalid as invalid:
        return await _period_end(request, invalid.errors)
    return pages.go(request, f"{HOME[1]}/{id_of(request)}", "La fin de la période est enregistrée.")


async def add_service(request: Request) -> Response:
    """Add a service."""
    try:
        new = await forms.read(request, NewService)
        async with work_of(request) as work:
            await service.add_service(work, id_of(request), new)
    except Invalid as invalid:
        return await _sheet(request, invalid.errors)
    return pages.go(request, f"{HOME[1]}/{id_of(request)}", f"Le service «\u202f{new.name}\u202f» est ajouté.")


async def remove_service(request: Request) -> Response:
    """Remove a service."""
    async with work_of(request) as work:
        await service.remove_service(work, id_of(request), id_of(request, "service"))
    return pages.go(request, f"{HOME[1]}/{id_of(request)}", "Le service est retiré.")


routes = [
    Route("/organisations", organisations),
    Route("/organisations.csv", export),
    Route("/organisations/nouvelle", new_organisation),
    Route("/organisations/nouvelle", add, methods=["POST"]),
    Route("/organisations/{id}", organisation),
    Route("/organisations/{id}/fiche", description),
    Route("/organisations/{id}/fiche", edit, methods=["POST"]),
    Route("/organisations/{id}/periodes", new_period),
    Route("/organisations/{id}/periodes", add_period, methods=["POST"]),
    Route("/organisations/{id}/periodes/{period}/fin", period_end),
    Route("/organisations/{id}/periodes/{period}/fin", end_period, methods=["POST"]),
    Route("/organisations/{id}/services", add_service, methods=["POST"]),
    Route("/organisations/{id}/services/{service}/retrait", remove_service, methods=["POST"]),
]
