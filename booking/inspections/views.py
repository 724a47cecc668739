"""The doors of whoever has units inspected: what falls due, what was done, and what the meters say."""

from collections import Counter
from collections.abc import Awaitable, Callable, Mapping

from sqlmodel.ext.asyncio.session import AsyncSession
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from booking import rules as lending
from booking.fleet.models import Unit
from booking.inspections import queries, rules, service
from booking.inspections.rules import Due, Stage
from booking.inspections.service import Wish
from booking.inspections.typed import day_in, due_in, hours_in, months_in
from booking.service import NOT_KEPT
from booking.views import HOME, ROOM
from entente.rules import Conflict, Invalid, NotFound, require
from entente.web import forms, pages
from entente.web.requests import id_of, reading_of, who_of, work_of
from entente.work import Work

ALL = ("Contrôles", "/reservations/controles")
STAGES = {
    Stage.OVERDUE: "Dépassés",
    Stage.WEEK: "Dans 7 jours",
    Stage.MONTH: "Dans 30 jours",
    Stage.QUARTER: "Dans 90 jours",
    Stage.LATER: "Plus tard",
}


async def due(request: Request) -> Response:
    """What falls due on everything this person keeps, what is late first."""
    who = who_of(request)
    if not lending.may_look(who):
        raise NotFound
    asked = request.query_params.get("quand", "")
    is_chosen = asked in [str(stage) for stage in Stage]
    async with reading_of(request) as db:
        found = await queries.due_for(db, who)
    counts = Counter(each.stage for each in found)
    filters = [("Tous", ALL[1], not is_chosen, len(found))]
    filters += [(words, f"{ALL[1]}?quand={stage}", asked == stage, counts[stage]) for stage, words in STAGES.items()]
    return pages.page(
        request,
        "booking/inspections.html",
        current=ROOM,
        crumbs=[HOME, (ALL[0], "")],
        found=[each for each in found if not is_chosen or each.stage == asked],
        filters_=filters,
        keeps=bool(lending.managed_by(who)),
        stages=STAGES,
        hours=rules.hours_words,
    )


async def _kept(request: Request, db: AsyncSession) -> Unit:
    who = who_of(request)
    unit = await db.get(Unit, id_of(request))
    if unit is None or not lending.may_look(who):
        raise NotFound
    require(lending.may_manage(who, unit.owner_id), NOT_KEPT)
    return unit


async def unit(request: Request) -> Response:
    """What one unit is to pass, what it has passed, and its meter."""
    return await _unit_page(request, {})


async def _unit_page(request: Request, errors: dict[str, str], status: int = 200) -> Response:
    async with reading_of(request) as db:
        kept = await _kept(request, db)
        found, done = await queries.of_unit(db, kept.id), await queries.done_on(db, kept.id)
        readings = await queries.readings_of(db, kept.id, queries.MOST_READINGS)
    return pages.page(
        request,
        "booking/unit_inspections.html",
        current=ROOM,
        crumbs=[HOME, (kept.name, f"/reservations/unites/{kept.id}"), (ALL[0], "")],
        status=status,
        unit=kept,
        found=found,
        done=done,
        readings=readings,
        errors=errors,
        fields=forms.typed_in(request),
        today=queries.today().isoformat(),
        stages=STAGES,
        hours=rules.hours_words,
    )


async def demand(request: Request) -> Response:
    """Have the unit inspected from now on."""

    async def verb(work: Work, kept: Unit, fields: Mapping[str, object]) -> None:
        first = due_in(fields, "due_on", "due_hours")
        rhythm = (months_in(fields, "every_months"), hours_in(fields, "every_hours"))
        await service.demand(work, kept, Wish(str(fields.get("name", "")), first, *rhythm))

    return await _change(request, verb, "Le contrôle est noté\u00a0: vous serez prévenu 90, 30 et 7 jours avant.")


async def read_meter(request: Request) -> Response:
    """Write down what the meter says."""

    async def verb(work: Work, kept: Unit, fields: Mapping[str, object]) -> None:
        hours, on = hours_in(fields, "hours"), day_in(fields, "read_on") or queries.today()
        if hours is None:
            raise Invalid({"hours": "Écrivez ce que marque le compteur."})
        await service.read_meter(work, kept, hours, on)

    return await _change(request, verb, "Le compteur est relevé.")


async def _change(
    request: Request, verb: Callable[[Work, Unit, Mapping[str, object]], Awaitable[None]], said: str
) -> Response:
    fields = await forms.typed_fields(request)
    try:
        async with work_of(request) as work:
            kept = await _kept(request, work.db)
            await verb(work, kept, fields)
    except Invalid as error:
        return await _unit_page(request, error.errors, 422)
    return pages.go(request, f"/reservations/unites/{kept.id}/controles", said)


async def done_form(request: Request) -> Response:
    """What was done, when, and when it falls due next."""
    return await _done_page(request, {}, {})


async def _done_page(
    request: Request, fields: Mapping[str, str], errors: dict[str, str], status: int = 200
) -> Response:
    async with reading_of(request) as db:
        if not lending.may_look(who_of(request)):
            raise NotFound
        shown = await queries.shown(db, id_of(request))
        require(lending.may_manage(who_of(request), shown.owner_id), NOT_KEPT)
    today = queries.today()
    proposed = rules.months_later(today, shown.every_months).isoformat() if shown.every_months else ""
    further = shown.meter.hours + shown.every_hours if shown.meter and shown.every_hours else None
    known = {"done_on": today.isoformat(), "next_on": proposed, "next_hours": f"{further // 10}" if further else ""}
    return pages.page(
        request,
        "booking/inspection_done.html",
        current=ROOM,
        crumbs=[HOME, ALL, (shown.unit, f"/reservations/unites/{shown.unit_id}/controles"), (shown.name, "")],
        status=status,
        shown=shown,
        fields={**known, **fields},
        errors=errors,
        hours=rules.hours_words,
    )


async def done(request: Request) -> Response:
    """Write down that it was done."""
    fields = await forms.typed_fields(request)
    try:
        async with work_of(request) as work:
            row = await service.inspection_of(work, id_of(request))
            done_on, following = day_in(fields, "done_on"), due_in(fields, "next_on", "next_hours")
            if done_on is None:
                raise Invalid({"done_on": "Dites quel jour le contrôle a été fait."})
            if following == Due(None, None):
                raise Invalid({"next_on": "Dites pour quel jour, ou à combien d’heures, est le prochain."})
            await service.do(work, row, done_on, following, str(fields.get("reference", "")))
    except Invalid as error:
        errors = {"next_on" if name == "due_on" else name: said for name, said in error.errors.items()}
        return await _done_page(request, forms.typed_in(request), errors, 422)
    said = "Le contrôle est noté\u00a0: l’unité est prêtée jusqu’à la prochaine échéance."
    return pages.go(request, f"/reservations/unites/{row.unit_id}/controles", said)


async def stop(request: Request) -> Response:
    """Have it inspected no more."""
    try:
        async with work_of(request) as work:
            row = await service.inspection_of(work, id_of(request))
            await service.stop(work, row)
    except Conflict as conflict:
        return pages.go(request, ALL[1], conflict.reason, "warning")
    return pages.go(request, f"/reservations/unites/{row.unit_id}/controles", "Le contrôle n’est plus demandé.")


routes = [
    Route(ALL[1], due),
    Route("/reservations/unites/{id}/controles", unit),
    Route("/reservations/unites/{id}/controles", demand, methods=["POST"]),
    Route("/reservations/unites/{id}/compteur", read_meter, methods=["POST"]),
    Route(f"{ALL[1]}/{{id}}/fait", done_form),
    Route(f"{ALL[1]}/{{id}}/fait", done, methods=["POST"]),
    Route(f"{ALL[1]}/{{id}}/arret", stop, methods=["POST"]),
]
