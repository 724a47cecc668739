"""The doors of whoever keeps a unit back: what stands in the way is decided first, one by one."""

from collections.abc import Mapping, Sequence
from uuid import UUID, uuid4

from sqlmodel.ext.asyncio.session import AsyncSession
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from booking import queries as fleet
from booking import rules, typed
from booking.blocks import queries, service
from booking.blocks.queries import Standing
from booking.blocks.service import Answer, InTheWay
from booking.fleet.models import ResourceType, Unit
from booking.models import Reservation, State
from booking.periods import Period, length
from booking.service import NOT_KEPT
from booking.views import HOME, ROOM
from entente.rules import Conflict, Invalid, NotFound, Refused, require
from entente.text import clean_name
from entente.web import forms, pages
from entente.web.requests import id_of, reading_of, who_of, work_of
from entente.web.words import plural
from entente.work import Work

MOST_WHY = 300


def _unit_page(unit_id: UUID) -> str:
    return f"/reservations/unites/{unit_id}"


async def _unit(request: Request, db: AsyncSession) -> Unit:
    """The unit of the address, for whoever keeps it."""
    who = who_of(request)
    unit = await db.get(Unit, id_of(request))
    if unit is None or not rules.may_look(who):
        raise NotFound
    require(rules.may_manage(who, unit.owner_id), NOT_KEPT)
    return unit


async def form(request: Request) -> Response:
    """When, and why."""
    async with reading_of(request) as db:
        unit = await _unit(request, db)
        fields = {**typed.suggested().fields, "key": str(uuid4()), "quantity": str(unit.capacity)}
        return await _form(request, db, unit, fields, {})


async def _form(
    request: Request,
    db: AsyncSession,
    unit: Unit,
    fields: Mapping[str, str],
    errors: dict[str, str],
    status: int = 200,
    told: str = "",
    found: Sequence[Standing] = (),
) -> Response:
    type_ = await db.get_one(ResourceType, unit.type_id)
    return pages.page(
        request,
        "booking/block.html",
        current=ROOM,
        crumbs=[HOME, (unit.name, _unit_page(unit.id)), ("Immobiliser", "")],
        status=status,
        unit=unit,
        type=type_,
        fields=fields,
        when=typed.When.of(fields),
        errors=errors,
        told=told,
        found=found,
        kept=await queries.blocks_of(db, unit.id),
    )


async def block(request: Request) -> Response:
    """Keep the unit back; refused, the form comes back with what stands in the way."""
    fields = {name: value for name, value in (await forms.typed_fields(request)).items() if isinstance(value, str)}
    when, answers = typed.When.of(fields), _answers(fields)
    try:
        async with work_of(request) as work:
            unit = await _unit(request, work.db)
            period, why = when.period(), clean_name(fields.get("why", ""))
            if period is None:
                raise Invalid(when.errors)
            if len(why) > MOST_WHY:
                raise Invalid({"why": f"C’est trop long\u00a0: {MOST_WHY} caractères au plus."})
            quantity = typed.quantity_of(fields.get("quantity", "") or str(unit.capacity))
            if not 1 <= quantity <= unit.capacity:
                raise Invalid({"quantity": f"Entre 1 et {unit.capacity}."})
            await service.block(work, unit, period, why, answers, quantity, fields.get("key", "")[:60])
    except InTheWay as stands:
        return await _refused(request, fields, {}, 409, stands.reason, [*stands.ids])
    except (Conflict, Refused) as error:
        return await _refused(request, fields, {}, 409, error.reason, [*answers])
    except Invalid as error:
        return await _refused(request, fields, typed.placed(error.errors), 422)
    said = "L’unité est immobilisée."
    if answers:
        said += f" {plural(len(answers), 'personne est prévenue', 'personnes sont prévenues')} par courriel."
    return pages.go(request, _unit_page(unit.id), said)


def _answers(fields: Mapping[str, str]) -> dict[UUID, Answer]:
    """What becomes of each reservation; what cannot be read is asked again."""
    found: dict[UUID, Answer] = {}
    for name, value in fields.items():
        if name.startswith("answer-"):
            try:
                found[UUID(name.removeprefix("answer-"))] = Answer(value)
            except ValueError:
                continue
    return found


async def _refused(
    request: Request,
    fields: Mapping[str, str],
    errors: dict[str, str],
    status: int,
    told: str = "",
    ids: Sequence[UUID] = (),
) -> Response:
    async with reading_of(request) as db:
        # Whoever may not keep it back is told so here too: it was the service that refused.
        unit = await _unit(request, db)
        found = await queries.standing(db, unit, ids) if ids else []
        return await _form(request, db, unit, fields, errors, status, told, found)


async def ending(request: Request) -> Response:
    """Something that is kept back: until when, and how to lend it again."""
    async with reading_of(request) as db:
        return await _ending(request, db, {}, {})


async def _ending(
    request: Request,
    db: AsyncSession,
    fields: Mapping[str, str],
    errors: dict[str, str],
    status: int = 200,
    told: str = "",
) -> Response:
    who = who_of(request)
    shown = await fleet.shown(db, who, id_of(request))
    if shown.state != State.BLOCKED or not rules.may_decide(who, shown.owners):
        raise NotFound
    when = typed.When.showing(shown.period)
    return pages.page(
        request,
        "booking/block_end.html",
        current=ROOM,
        crumbs=[HOME, (shown.what, _unit_page(shown.parts[0].unit_id)), ("Immobilisation", "")],
        status=status,
        shown=shown,
        length=length(shown.period.minutes),
        day=fields.get("last_day", when.last_day),
        hour=fields.get("end", when.end),
        errors=errors,
        told=told,
    )


async def shorten(request: Request) -> Response:
    """Lend it again from a moment on, or from now on."""
    fields = {name: value for name, value in (await forms.typed_fields(request)).items() if isinstance(value, str)}
    try:
        async with work_of(request) as work:
            row = await fleet.reservation_for(work.db, work.who, id_of(request))
            if row.state != State.BLOCKED:
                raise NotFound
            held = await fleet.units_held(work.db, [row.id], with_parts=False)
            if "now" in fields:
                await service.unblock(work, row)
            else:
                await _until(work, row, fields)
    except (Invalid, Conflict) as error:
        errors = typed.placed(error.errors) if isinstance(error, Invalid) else {}
        told = error.reason if isinstance(error, Conflict) else ""
        async with reading_of(request) as db:
            return await _ending(request, db, fields, errors, 409 if told else 422, told)
    return pages.go(request, _unit_page(held[0]), "L’unité est de nouveau prêtée.")


async def _until(work: Work, row: Reservation, fields: Mapping[str, str]) -> None:
    begins = typed.When.showing(Period(row.starts_at, row.ends_at))
    when = typed.When(begins.day, begins.start, fields.get("last_day", ""), fields.get("end", ""))
    period = when.period()
    if period is None:
        raise Invalid(when.errors)
    await service.shorten(work, row, period.ends)


routes = [
    Route("/reservations/unites/{id}/immobilisation", form),
    Route("/reservations/unites/{id}/immobilisation", block, methods=["POST"]),
    Route("/reservations/immobilisations/{id}", ending),
    Route("/reservations/immobilisations/{id}", shorten, methods=["POST"]),
]
