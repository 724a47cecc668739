"""The doors of the depots: when they hand over, when they are shut, and the school holidays."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from booking import rules
from booking.depots import queries, schools, service
from booking.depots.models import Zone
from booking.depots.typed import week_of, written
from booking.fleet.models import Depot
from booking.inspections.typed import day_in
from booking.views import HOME, ROOM, looking
from entente.rules import Conflict, Invalid
from entente.web import forms, pages
from entente.web.requests import id_of, reading_of, work_of
from entente.web.uploads import Limits, receive, source_of
from entente.web.words import DAYS, plural
from entente.work import Work

ALL = ("Dépôts", "/reservations/depots")
LIMITS = Limits(files=1, each=schools.MOST_BYTES, whole=schools.MOST_BYTES + 20_000)
ZONES = [(zone.value, f"Zone\u00a0{zone}") for zone in Zone]


async def depots(request: Request) -> Response:
    """Every depot, and the school holidays that are known."""
    return await _all(request, {})


async def _all(request: Request, errors: dict[str, str], status: int = 200) -> Response:
    who = looking(request)
    today = queries.today()
    async with reading_of(request) as db:
        found = await queries.depots(db)
        vacations = await queries.vacations(db, today, today.replace(year=today.year + 3, day=1))
    return pages.page(
        request,
        "booking/depots.html",
        current=ROOM,
        crumbs=[HOME, (ALL[0], "")],
        status=status,
        found=found,
        vacations=vacations,
        zones=ZONES,
        keeps=rules.managed_by(who),
        errors=errors,
        fields=forms.typed_in(request),
    )


async def depot(request: Request) -> Response:
    """One depot: hours and closed days, to be read, and to be changed by whoever keeps it."""
    return await _depot_page(request, {})


async def _depot_page(request: Request, errors: dict[str, str], status: int = 200) -> Response:
    who = looking(request)
    async with reading_of(request) as db:
        found = await queries.depot_of(db, id_of(request))
        hours, closures = await queries.hours_of(db, found.id), await queries.closures_of(db, found.id)
    return pages.page(
        request,
        "booking/depot.html",
        current=ROOM,
        crumbs=[HOME, ALL, (found.name, "")],
        status=status,
        depot=found,
        week=[(number, day, written(hours.get(number, ()))) for number, day in enumerate(DAYS)],
        closures=closures,
        last_day=queries.last_day,
        holidays=queries.public_holidays(),
        zones=ZONES,
        keeps=rules.may_manage(who, found.organisation_id),
        errors=errors,
        fields=forms.typed_in(request),
    )


async def set_hours(request: Request) -> Response:
    """Other hours of the week."""

    async def verb(work: Work, found: Depot, fields: Mapping[str, Any]) -> str:
        await service.set_hours(work, found, week_of(fields))
        return "Les horaires sont enregistrés. Les réservations déjà faites ne changent pas."

    return await _change(request, verb)


async def set_days(request: Request) -> Response:
    """Public and school holidays."""

    async def verb(work: Work, found: Depot, fields: Mapping[str, Any]) -> str:
        zone = _zone(fields.get("zone", "")) if fields.get("zone") else None
        await service.set_days(work, found, "holidays" in fields, zone, "vacations" not in fields)
        return "C’est enregistré. Les réservations déjà faites ne changent pas."

    return await _change(request, verb)


async def close(request: Request) -> Response:
    """Closed days; whoever keeps the depot is told how many hand-overs fall on them."""

    async def verb(work: Work, found: Depot, fields: Mapping[str, Any]) -> str:
        since = day_in(fields, "since")
        if since is None:
            raise Invalid({"since": "Dites à partir de quel jour."})
        made = await service.close(work, found, since, day_in(fields, "last") or since, str(fields.get("why", "")))
        await work.db.flush()
        count = await queries.handed_over(work.db, found.id, made.since, made.until)
        standing = plural(count, "réservation y commence ou s’y termine", "réservations y commencent ou s’y terminent")
        return "Le dépôt est fermé ces jours-là." + (f" Attention\u00a0: {standing}." if count else "")

    return await _change(request, verb)


async def _change(request: Request, verb: Callable[[Work, Depot, Mapping[str, Any]], Awaitable[str]]) -> Response:
    looking(request)
    fields = await forms.typed_fields(request)
    try:
        async with work_of(request) as work:
            found = await queries.depot_of(work.db, id_of(request))
            said = await verb(work, found, fields)
    except Invalid as error:
        return await _depot_page(request, error.errors, 422)
    return pages.go(request, f"{ALL[1]}/{found.id}", said)


async def reopen(request: Request) -> Response:
    """Forget closed days."""
    looking(request)
    async with work_of(request) as work:
        found = await service.reopen(work, id_of(request))
    return pages.go(request, f"{ALL[1]}/{found.id}", "Le dépôt est de nouveau ouvert ces jours-là.")


def _zone(said: object) -> Zone:
    try:
        return Zone(str(said))
    except ValueError:
        raise Invalid({"zone": "Choisissez la zone dans la liste."}) from None


async def bring(request: Request) -> Response:
    """Take school holidays from the ministry's file."""
    looking(request)
    received = await receive(request, LIMITS)
    fields = await forms.typed_fields(request)
    try:
        zone = _zone(fields.get("zone", ""))
        if received.heavy:
            raise Invalid({"file": "Le fichier est trop lourd\u00a0: 500\u00a0Ko au plus."})
        if received.refusal or not received.files:
            raise Invalid({"file": received.refusal or "Choisissez le fichier .ics de votre zone."})
        content = source_of(received.files[0]).read()
        async with work_of(request) as work:
            done = await service.bring(work, zone, content)
    except (Invalid, Conflict) as error:
        errors = error.errors if isinstance(error, Invalid) else {"file": error.reason}
        return await _all(request, errors, 422 if isinstance(error, Invalid) else 409)
    finally:
        received.close()
    return pages.go(request, ALL[1], _said(done))


def _said(done: service.Brought) -> str:
    counts = [
        plural(done.new, "période nouvelle", "périodes nouvelles"),
        plural(done.changed, "modifiée", "modifiées"),
        plural(done.same, "déjà connue", "déjà connues"),
    ]
    wrong = plural(done.wrong, "événement illisible est laissé", "événements illisibles sont laissés")
    return f"Vacances scolaires\u00a0: {', '.join(counts)}.{f' {wrong} de côté.' if done.wrong else ''}"


routes = [
    Route(ALL[1], depots),
    Route(f"{ALL[1]}/vacances", bring, methods=["POST"]),
    Route(f"{ALL[1]}/{{id}}", depot),
    Route(f"{ALL[1]}/{{id}}/horaires", set_hours, methods=["POST"]),
    Route(f"{ALL[1]}/{{id}}/jours", set_days, methods=["POST"]),
    Route(f"{ALL[1]}/{{id}}/fermetures", close, methods=["POST"]),
    Route("/reservations/fermetures/{id}/retrait", reopen, methods=["POST"]),
]
