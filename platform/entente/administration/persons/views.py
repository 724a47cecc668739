"""Doors to people."""

from collections.abc import Awaitable, Callable, Mapping
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from entente import clock
from entente.administration import lists
from entente.administration.persons import queries, service
from entente.administration.persons.models import End, Forgotten, Identity, NewFunction, NewPerson
from entente.administration.persons.queries import Sought
from entente.administration.persons.rules import NOT_FORGET_YOURSELF
from entente.administration.screens import Field, Screen, form_page, words_of
from entente.administration.typed import mark_of, options
from entente.forgetting.service import Forgetting, namesakes
from entente.people import words
from entente.people.models import FunctionKind, Organisation, Person, PersonStatus
from entente.rules import Conflict, Invalid, NotFound
from entente.web import forms, pages
from entente.web.requests import house_of, id_of, reading_of, who_of, work_of
from entente.work import Work

KEY = "personnes"
HOME = ("Personnes", "/administration/personnes")


def sought_in(request: Request) -> Sought:
    """The filters of the address."""
    return Sought(
        lists.text_in(request, "q"),
        lists.id_in(request, "organisation"),
        lists.word_in(request, "statut", PersonStatus),
        lists.word_in(request, "fonction", FunctionKind),
    )


def filters_of(sought: Sought) -> dict[str, object]:
    """The filters as the address says them."""
    return {
        "q": sought.words,
        "organisation": sought.organisation,
        "statut": sought.status,
        "fonction": sought.kind,
    }


async def people(request: Request) -> Response:
    """People, by name, with what each one is today."""
    sought = sought_in(request)
    async with reading_of(request) as db:
        page = await queries.people(db, sought, lists.id_in(request, "apres"))
        functions = await queries.current_functions(db, [row.id for row in page.rows])
        organisations = await options(db, Organisation)
    return pages.page(
        request,
        "administration/people.html",
        current=KEY,
        crumbs=[(HOME[0], "")],
        page=page,
        functions=functions,
        organisations=organisations,
        sought=sought,
        way=lists.way(request, page, **filters_of(sought)),
        words=words,
    )


async def person(request: Request) -> Response:
    """One person, with all that ties them to the house."""
    async with reading_of(request) as db:
        sheet = await queries.sheet_of(db, id_of(request))
    return pages.page(
        request,
        "administration/person.html",
        current=KEY,
        crumbs=[HOME, (sheet.person.name, "")],
        sheet=sheet,
        today=clock.today(),
        words=words,
    )


async def new_person(request: Request) -> Response:
    """The form that invites someone."""
    return await _new_person(request)


async def _new_person(request: Request, errors: Mapping[str, str] | None = None) -> Response:
    async with reading_of(request) as db:
        organisations = await options(db, Organisation)
    screen = Screen(
        "Inviter une personne",
        "Envoyer l’invitation",
        f"{HOME[1]}/nouvelle",
        HOME[1],
        [
            Field(
                "email",
                "Adresse e-mail",
                type="email",
                help="Le lien qui ouvre le compte y est envoyé\u00a0; il est valable 14\u00a0jours.",
                attributes={"maxlength": 254, "autocomplete": "off"},
            ),
            Field("given_name", "Prénom", attributes={"maxlength": 80, "autocomplete": "off"}),
            Field("family_name", "Nom", attributes={"maxlength": 80, "autocomplete": "off"}),
            Field("organisation_id", "Organisation", options=organisations, blank="Choisissez une organisation"),
            Field("kind", "Fonction", options=words_of(words.FUNCTIONS), blank="Choisissez une fonction"),
            Field("title", "Intitulé", required=False, help="Tel qu’il est affiché\u00a0: «\u202fAcheteuse\u202f»."),
            Field("service", "Service", required=False, help="S’il n’existe pas encore, il est créé."),
        ],
        lead="La personne commence sa fonction aujourd’hui. Vous pourrez lui en donner d’autres ensuite.",
    )
    return form_page(request, screen, KEY, [HOME], errors)


async def invite(request: Request) -> Response:
    """Invite someone new."""
    try:
        new = await forms.read(request, NewPerson)
        async with work_of(request) as work:
            made = await service.invite_new(work, new, house_of(request).settings.base_url)
    except Invalid as invalid:
        return await _new_person(request, invalid.errors)
    return pages.go(request, f"{HOME[1]}/{made.id}", f"L’invitation de {made.name} est partie.")


async def invite_again(request: Request) -> Response:
    """Send a new invitation."""
    base_url = house_of(request).settings.base_url
    return await _done(
        request,
        lambda work, id_: service.invite_again(work, id_, base_url),
        "Une nouvelle invitation est partie\u00a0; l’ancienne ne fonctionne plus.",
    )


async def suspend(request: Request) -> Response:
    """Close an account."""
    return await _done(request, service.suspend, "Le compte est suspendu et déconnecté de tous ses appareils.")


async def reactivate(request: Request) -> Response:
    """Open an account again."""
    return await _done(request, service.reactivate, "Le compte est rouvert.")


async def _done(request: Request, verb: Callable[[Work, UUID], Awaitable[None]], sentence: str) -> Response:
    id_ = id_of(request)
    async with work_of(request) as work:
        await verb(work, id_)
    return pages.go(request, f"{HOME[1]}/{id_}", sentence)


async def forgetting(request: Request) -> Response:
    """What will happen if someone is forgotten, and what must be settled first."""
    return await _forgetting(request)


async def _forgetting(request: Request, errors: Mapping[str, str] | None = None, status: int = 200) -> Response:
    known: Forgetting = request.app.state.forgetting
    async with reading_of(request) as db:
        shown = await _person(db, id_of(request))
        obstacles = await known.obstacles(db, shown)
        alike = await namesakes(db, shown)
    if shown.id == who_of(request).id:
        obstacles = [NOT_FORGET_YOURSELF, *obstacles]
    address = f"{HOME[1]}/{shown.id}"
    return pages.page(
        request,
        "administration/forgetting.html",
        current=KEY,
        crumbs=[HOME, (shown.name, address), ("Anonymiser", "")],
        status=422 if errors else status,
        person=shown,
        address=address,
        obstacles=obstacles,
        namesakes=alike,
        errors=errors or {},
        values=forms.typed_in(request) if errors else {},
    )


async def forget(request: Request) -> Response:
    """Forget someone, for ever."""
    try:
        forgotten = await forms.read(request, Forgotten)
        async with work_of(request) as work:
            await service.forget(work, request.app.state.forgetting, id_of(request), forgotten)
    except Invalid as invalid:
        return await _forgetting(request, invalid.errors)
    except Conflict:
        return await _forgetting(request, status=409)
    return pages.go(request, HOME[1], "La personne est anonymisée. Son nom n’est plus dans la plateforme.")


async def identity(request: Request) -> Response:
    """The form that corrects a name or an address."""
    return await _identity(request)


async def _identity(request: Request, errors: Mapping[str, str] | None = None) -> Response:
    async with reading_of(request) as db:
        shown = await _person(db, id_of(request))
    address = f"{HOME[1]}/{shown.id}"
    screen = Screen(
        "Corriger l’identité",
        "Enregistrer",
        f"{address}/identite",
        address,
        [
            Field("given_name", "Prénom", shown.given_name, attributes={"maxlength": 80}),
            Field("family_name", "Nom", shown.family_name, attributes={"maxlength": 80}),
            Field(
                "email",
                "Adresse e-mail",
                shown.email,
                "email",
                help="Les liens envoyés à l’ancienne adresse cesseront de fonctionner.",
                attributes={"maxlength": 254},
            ),
            Field("mark", "", mark_of(shown), "hidden"),
        ],
    )
    return form_page(request, screen, KEY, [HOME, (shown.name, address)], errors)


async def correct(request: Request) -> Response:
    """Correct a name or an address."""
    try:
        typed = await forms.read(request, Identity)
        async with work_of(request) as work:
            await service.correct(work, id_of(request), typed)
    except Invalid as invalid:
        return await _identity(request, invalid.errors)
    return pages.go(request, f"{HOME[1]}/{id_of(request)}", "L’identité est corrigée.")


async def new_function(request: Request) -> Response:
    """The form that gives a function."""
    return await _new_function(request)


async def _new_function(request: Request, errors: Mapping[str, str] | None = None) -> Response:
    async with reading_of(request) as db:
        shown = await _person(db, id_of(request))
        organisations = await options(db, Organisation)
        services = await queries.services_of_all(db)
    address = f"{HOME[1]}/{shown.id}"
    screen = Screen(
        "Donner une fonction",
        "Donner cette fonction",
        f"{address}/fonctions",
        address,
        [
            Field("organisation_id", "Organisation", options=organisations, blank="Choisissez une organisation"),
            Field("kind", "Fonction", options=words_of(words.FUNCTIONS), blank="Choisissez une fonction"),
            Field("title", "Intitulé", required=False, attributes={"maxlength": 120}),
            Field("service_id", "Service", required=False, options=services, blank="Aucun service"),
            Field("since", "À partir du", clock.today().isoformat(), "date"),
            Field("until", "Jusqu’au", type="date", required=False, help="Premier jour où elle ne l’est plus."),
        ],
        lead=f"{shown.name} aura ces droits dès le premier jour, sans se reconnecter.",
    )
    return form_page(request, screen, KEY, [HOME, (shown.name, address)], errors)


async def add_function(request: Request) -> Response:
    """Give a function."""
    try:
        new = await forms.read(request, NewFunction)
        async with work_of(request) as work:
            await service.add_function(work, id_of(request), new)
    except Invalid as invalid:
        return await _new_function(request, invalid.errors)
    return pages.go(request, f"{HOME[1]}/{id_of(request)}", "La fonction est donnée.")


async def function_end(request: Request) -> Response:
    """The form that ends a function."""
    return await _function_end(request)


async def _function_end(request: Request, errors: Mapping[str, str] | None = None) -> Response:
    async with reading_of(request) as db:
        sheet = await queries.sheet_of(db, id_of(request))
    function = next((row for row in sheet.functions if row.id == id_of(request, "function")), None)
    if function is None:
        raise NotFound
    address = f"{HOME[1]}/{sheet.person.id}"
    screen = Screen(
        "Mettre fin à une fonction",
        "Mettre fin à la fonction",
        f"{address}/fonctions/{function.id}/fin",
        address,
        [
            Field(
                "until",
                "À partir du",
                clock.today().isoformat(),
                "date",
                help="Premier jour où la fonction n’est plus exercée. Une fonction donnée aujourd’hui par erreur "
                "disparaît si elle prend fin aujourd’hui.",
            )
        ],
        lead=f"{sheet.person.name}, {words.FUNCTIONS[function.kind].lower()} à {function.organisation}.",
        kind="danger solid",
    )
    return form_page(request, screen, KEY, [HOME, (sheet.person.name, address)], errors)


async def end_function(request: Request) -> Response:
    """End a function."""
    try:
        end = await forms.read(request, End)
        async with work_of(request) as work:
            await service.end_function(work, id_of(request), id_of(request, "function"), end.until)
    except Invalid as invalid:
        return await _function_end(request, invalid.errors)
    return pages.go(request, f"{HOME[1]}/{id_of(request)}", "La fin de la fonction est enregistrée.")


async def _person(db: AsyncSession, person_id: UUID) -> Person:
    found = await db.get(Person, person_id)
    if found is None:
        raise NotFound
    return found


routes = [
    Route("/personnes", people),
    Route("/personnes/nouvelle", new_person),
    Route("/personnes/nouvelle", invite, methods=["POST"]),
    Route("/personnes/{id}", person),
    Route("/personnes/{id}/identite", identity),
    Route("/personnes/{id}/identite", correct, methods=["POST"]),
    Route("/personnes/{id}/invitation", invite_again, methods=["POST"]),
    Route("/personnes/{id}/suspension", suspend, methods=["POST"]),
    Route("/personnes/{id}/reouverture", reactivate, methods=["POST"]),
    Route("/personnes/{id}/anonymisation", forgetting),
    Route("/personnes/{id}/anonymisation", forget, methods=["POST"]),
    Route("/personnes/{id}/fonctions", new_function),
    Route("/personnes/{id}/fonctions", add_function, methods=["POST"]),
    Route("/personnes/{id}/fonctions/{function}/fin", function_end),
    Route("/personnes/{id}/fonctions/{function}/fin", end_function, methods=["POST"]),
]
