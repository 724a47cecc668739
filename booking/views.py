"""Which door of the reservations opens on what."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode
from uuid import UUID, uuid4

from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from booking import queries, rules, search, service, typed
from booking.approvals import queries as approvals
from booking.approvals import showing as agreeing
from booking.approvals.rules import may_set
from booking.asks import Ask, Borrowing
from booking.basket import queries as basket
from booking.basket.rules import line_of
from booking.depots import queries as schools
from booking.fleet.models import KitPart, Unit
from booking.models import Reservation, State
from booking.periods import length, naive
from booking.regulations import queries as regulations
from booking.regulations import service as accepting
from booking.rules import Taken
from booking.search import Sought
from booking.series import service as series
from booking.series import views as repeating
from booking.showing import queries as showing
from booking.showing import rules as showing_rules
from booking.waiting import queries as waiting
from booking.ways import Way, ways_out
from entente.clock import now
from entente.db import rows
from entente.people.who import Who
from entente.rules import Conflict, Invalid, NotFound, Refused
from entente.text import clean_name
from entente.web import forms, pages
from entente.web.requests import id_of, reading_of, who_of, work_of
from entente.web.templates import render
from entente.web.words import date_time, plural
from entente.work import Work

ROOM = "booking"
HOME = ("Réservations", "/reservations")
MINE = ("Mes réservations", "/reservations/miennes")
FLEET = ("Le parc", "/reservations/parc")
MANAGE = ("Gérer", "/reservations/gerer")
NEW = "/reservations/nouvelle"


def address_of(reservation_id: UUID) -> str:
    """Where a reservation is read."""
    return f"/reservations/{reservation_id}"


def looking(request: Request) -> Who:
    """Whoever may see the fleet; to anybody else, there is none."""
    who = who_of(request)
    if not rules.may_look(who):
        raise NotFound
    return who


async def first(request: Request) -> Response:
    """What, when, where; and what is free then in every commune."""
    who, asked = looking(request), dict(request.query_params)
    sought = Sought.of(asked) if asked else Sought(when=typed.suggested())
    async with reading_of(request) as db:
        types = await queries.types(db)
        found = await search.find(db, sought, types, who.organisations) if "day" in asked else None
        chosen = next((each for each in types if each.slug == sought.what), None)
        amounts = await search.amounts_of(db, chosen.id) if chosen else []
        lenders = await search.lenders(db)
        gathered = await basket.count(db, who)
        photos = await showing.covers(db, [each.unit.unit_id for each in found.free + found.taken]) if found else {}
        period = sought.when.period() if found and not sought.when.errors else None
        days = [naive(moment).date() for moment in period] if period else []
        vacations = await schools.vacations(db, days[0], days[1] + timedelta(days=1)) if days else []
        waiting_answers = await approvals.count(db, who) or (0 if rules.managed_by(who) else None)
    errors = sought.errors | (found.broken if found else {})
    return pages.page(
        request,
        "booking/first.html",
        current=ROOM,
        crumbs=[HOME],
        status=422 if errors else 200,
        sought=sought,
        wait=sought.address("/reservations/attente"),
        to_approve=waiting_answers,
        manages=bool(rules.managed_by(who)) or who.is_administrator,
        errors=errors,
        types=types,
        type_options=[(each.slug, each.name) for each in types],
        place_options=[(each.id, each.name) for each in lenders],
        chosen=chosen,
        amounts=amounts,
        found=found,
        photos=photos,
        basket=gathered,
        gathered=line_of(sought),
        back=sought.address("").removeprefix("?"),
        together=sought.address(NEW),
        adds=_adds(sought, found.free) if found else {},
        book=_books(sought, found.free) if found else {},
        period=period,
        vacations=vacations,
        ways=_links(sought, found.ways, NEW) if found else [],
    )


async def criteria(request: Request) -> Response:
    """What one may ask of a type, at least, as soon as it is chosen; without scripts it comes with the answer."""
    looking(request)
    sought = Sought.of(dict(request.query_params))
    async with reading_of(request) as db:
        chosen = next((each for each in await queries.types(db) if each.slug == sought.what), None)
        amounts = await search.amounts_of(db, chosen.id) if chosen else []
    return pages.piece(render("booking/_amounts.html", {"amounts": amounts, "sought": sought, "errors": {}}))


def _books(sought: Sought, free: list[search.Found]) -> dict[UUID, str]:
    """Where each free unit is reserved."""
    return {
        each.unit.unit_id: replace(sought, what=each.type.slug, unit=str(each.unit.unit_id)).address(NEW)
        for each in free
    }


def _adds(sought: Sought, free: list[search.Found]) -> dict[UUID, dict[str, str]]:
    """What each free unit puts into the basket."""
    return {
        each.unit.unit_id: line_of(replace(sought, what=each.type.slug, unit=str(each.unit.unit_id))) for each in free
    }


def _links(sought: Sought, ways: list[Way], page: str) -> list[tuple[str, str, str]]:
    return [(way.kind, way.words, search.again(sought, way).address(page)) for way in ways]


async def new(request: Request) -> Response:
    """The last step: for whom and why, with everything that was chosen, still to be changed."""
    looking(request)
    sought = Sought.of(dict(request.query_params))
    async with reading_of(request) as db:
        return await _form(request, db, sought, {"key": str(uuid4())}, {})


async def _form(
    request: Request,
    db: AsyncSession,
    sought: Sought,
    fields: Mapping[str, str],
    errors: dict[str, str],
    status: int = 200,
    conflict: str = "",
) -> Response:
    """The form of a reservation; refused, as it was typed, with the ways out."""
    who = who_of(request)
    sought.errors = {}
    ask = await sought.ask(db)
    types = await queries.types(db)
    type_ = next((each for each in types if each.slug == sought.what), None)
    if type_ is None:
        return pages.go(request, HOME[1], "Choisissez d’abord ce que vous voulez réserver.", "info")
    unit = None
    if sought.unit and "unit" not in sought.errors:
        found = await search.sheets(db, col(Unit.id) == UUID(sought.unit), col(Unit.type_id) == type_.id)
        if not found or found[0].unit.retired_at:
            raise NotFound
        unit = found[0]
    offered = await queries.candidates_of(db, [type_], typed_place(sought), unit.unit.id if unit else None)
    organisations = await search.organisations(db)
    payers = [each for each in organisations.values() if rules.may_pay_for(who, each.id)]
    payers.sort(key=lambda each: each.id not in who.organisations)
    # To accept a règlement is no reason to take something else.
    is_unfit = conflict or any(not name.startswith("accept-") for name in errors)
    ways = await ways_out(db, ask) if ask and is_unfit else []
    return pages.page(
        request,
        "booking/new.html",
        current=ROOM,
        crumbs=[HOME, ("Réserver", "")],
        status=status,
        sought=sought,
        fields=fields,
        errors=errors or (sought.errors if request.method == "GET" else {}),
        conflict=conflict,
        type=type_,
        unit=unit,
        period=ask.period if ask else None,
        length=length(ask.period.minutes) if ask and ask.period.minutes > 0 else "",
        payer_options=[(each.id, each.name) for each in payers],
        ways=_links(sought, ways, NEW),
        back=sought.address("/reservations"),
        wait=_waiting_address(sought, fields) if conflict else "",
        repeats=repeating.REPEATS,
        regulations=await regulations.of_units(db, who.id, queries.units_needed(offered)),
        keeps=rules.managed_by(who),
    )


def typed_place(sought: Sought) -> UUID | None:
    """The commune that was chosen; none for all, or when what was typed is no commune."""
    try:
        return typed.id_or_none(sought.where)
    except ValueError:
        return None


def _waiting_address(sought: Sought, fields: Mapping[str, str]) -> str:
    """Where one waits for what is refused, with what was typed."""
    typed_ = {name: fields[name] for name in ("payer_id", "purpose", "on_behalf_of") if fields.get(name)}
    return "&".join(filter(None, (sought.address("/reservations/attente"), urlencode(typed_))))


async def create(request: Request) -> Response:
    """Reserve; refused, the form comes back as it was typed, with the ways out."""
    looking(request)
    fields = {name: value for name, value in (await forms.typed_fields(request)).items() if isinstance(value, str)}
    sought = Sought.of(fields)
    try:
        async with work_of(request) as work:
            ask = await sought.ask(work.db)
            if ask is None:
                raise Invalid(sought.errors or {"what": "Choisissez dans la liste."})
            if ask.unit_id and not await queries.candidates_for(
                work.db, Ask(ask.type, ask.period, 1, unit_id=ask.unit_id)
            ):
                raise Invalid({"unit": "Cette unité n’est pas dans la liste, ou n’est plus prêtée."})
            await accepting.accept_ticked(work, fields)
            rule = repeating.rule_of(fields)
            if rule:
                dates = await series.reserve(work, ask, rule, borrowing_of(fields), repeating.choices_of(fields))
            else:
                made = await service.reserve(work, ask, borrowing_of(fields))
    except series.Clashes as clashes:
        return repeating.decide(request, clashes, fields, [HOME])
    except Taken as taken:
        return await _refused(request, sought, fields, {}, 409, taken.reason)
    except Invalid as error:
        return await _refused(request, sought, fields, typed.placed(error.errors), 422)
    if rule:
        return pages.go(request, MINE[1], f"C’est fait\u00a0: {plural(len(dates), 'date', 'dates')}.")
    is_sure = made.state == State.CONFIRMED
    said = "C’est réservé." if is_sure else "Votre demande est envoyée\u00a0: la place vous est gardée en attendant."
    return pages.go(request, address_of(made.id), said)


async def _refused(
    request: Request, sought: Sought, fields: Mapping[str, str], errors: dict[str, str], status: int, conflict: str = ""
) -> Response:
    if "unit" in errors:
        sought.unit = ""
    async with reading_of(request) as db:
        return await _form(request, db, sought, fields, errors, status, conflict)


def borrowing_of(fields: Mapping[str, str]) -> Borrowing:
    """For whom, at whose expense and why, as it was typed; raises Invalid."""
    purpose, behalf = clean_name(fields.get("purpose", "")), clean_name(fields.get("on_behalf_of", ""))
    for name, words, most in (("purpose", purpose, 300), ("on_behalf_of", behalf, 120)):
        if len(words) > most:
            raise Invalid({name: f"C’est trop long\u00a0: {most} caractères au plus."})
    try:
        payer = UUID(fields.get("payer_id", ""))
    except ValueError:
        raise Invalid({"payer_id": "Payeur\u00a0: choisissez dans la liste."}) from None
    return Borrowing(payer, fields.get("key", "")[:60] or str(uuid4()), purpose, behalf)


async def mine(request: Request) -> Response:
    """What this person has reserved: what is to come, or what is over."""
    who, past = looking(request), request.query_params.get("quand") == "passees"
    async with reading_of(request) as db:
        found = await queries.mine(db, who, past)
    return pages.page(
        request, "booking/mine.html", current=ROOM, crumbs=[HOME, (MINE[0], "")], reservations=found, past=past
    )


async def reservation(request: Request) -> Response:
    """A reservation: what, when, where to fetch it, at whose expense, and all that happened to it."""
    return await reservation_page(request)


async def reservation_page(request: Request, error: str = "", status: int = 200, why: str = "") -> Response:
    """The page of a reservation, with what was refused."""
    who = looking(request)
    async with reading_of(request) as db:
        shown = await queries.shown(db, who, id_of(request))
        row = await queries.reservation_for(db, who, shown.id)
        type_ = await queries.type_of(db, row.type_id)
        changes = await queries.changes_of(db, shown.id)
        order = await basket.order_of(db, shown.id)
        names = await _unit_names(db, changes)
        rank = await waiting.place_of(db, row) if row.state == State.WAITING else 0
        agreements = await agreeing.of(db, who, row, type_)
        is_offered = row.state == State.OFFERED
        asked = await regulations.of_units(db, who.id, [part.unit_id for part in shown.parts]) if is_offered else []
    changeable = rules.may_change(who, row, shown.owners)
    in_time = rules.may_decide(who, shown.owners) or rules.too_late_to_change(type_, shown.period, now()) is None
    return pages.page(
        request,
        "booking/reservation.html",
        current=ROOM,
        crumbs=[HOME, *([MINE] if row.person_id == who.id else []), (shown.what, "")],
        status=status,
        shown=shown,
        type=type_,
        length=length(shown.period.minutes),
        changes=changes,
        order=order,
        names=names,
        may_change=changeable and in_time and rules.is_alive(row) and row.state not in (State.WAITING, State.OFFERED),
        may_assign=rules.may_decide(who, shown.owners) and row.state in (State.REQUESTED, State.CONFIRMED),
        may_extend=changeable and row.state in (State.CONFIRMED, State.OUT),
        until=typed.When.showing(shown.period),
        may_restore=changeable and row.state == State.CANCELLED and bool(shown.parts) and shown.period.starts > now(),
        agreements=agreements.told,
        to_come=agreements.to_come,
        step=agreements.step,
        may_decide=agreements.is_theirs,
        rank=rank,
        regulations=asked,
        keeps=rules.managed_by(who),
        is_mine=row.person_id == who.id,
        error=error,
        why=why,
        reaches=repeating.REACHES,
        when_said=lambda written: date_time(datetime.fromisoformat(written)),
    )


async def _unit_names(db: AsyncSession, changes: Any) -> dict[str, str]:
    ids = {UUID(unit) for each in changes for said in (each.before, each.after) for unit in said.get("units", [])}
    return {
        str(id_): name for id_, name in await db.execute(rows(col(Unit.id), Unit.name).where(col(Unit.id).in_(ids)))
    }


async def move_form(request: Request) -> Response:
    """Another time, or another number, for a reservation."""
    who = looking(request)
    async with reading_of(request) as db:
        row = await queries.reservation_for(db, who, id_of(request))
        shown = await queries.shown(db, who, row.id)
        if not (rules.may_change(who, row, shown.owners) and rules.is_alive(row)):
            raise Refused(service.NOT_YOURS)
        when = typed.When.showing(shown.period)
        return await _move_page(request, db, shown, {**when.fields, "quantity": str(shown.quantity)}, {})


async def _move_page(
    request: Request,
    db: AsyncSession,
    shown: queries.Shown,
    fields: Mapping[str, str],
    errors: dict[str, str],
    status: int = 200,
    conflict: str = "",
) -> Response:
    row = await queries.reservation_for(db, who_of(request), shown.id)
    type_ = await queries.type_of(db, row.type_id)
    period = typed.When.of(fields).period()
    single = not type_.is_counted and row.quantity == 1
    units = await queries.candidates_of(db, [type_]) if single else []
    ways: list[tuple[str, str, dict[str, str]]] = []
    if period and (errors or conflict):
        ask = Ask.again(type_, period, row.quantity, row.wanted)
        chosen = next((each.unit_id for each in units if str(each.unit_id) == fields.get("unit")), None)
        ask = replace(ask, unit_id=chosen) if chosen else ask
        free = await queries.next_free(db, ask, [row.id]) if period.ends > period.starts else []
        ways = [("later", each.sentence, typed.When.showing(each).fields) for each in free]
    return pages.page(
        request,
        "booking/move.html",
        current=ROOM,
        crumbs=[HOME, MINE, (shown.what, address_of(shown.id)), ("Déplacer", "")],
        status=status,
        shown=shown,
        type=type_,
        fields=fields,
        fields_when=typed.When.of(fields),
        errors=errors,
        conflict=conflict,
        ways=ways,
        unit_options=[(str(each.unit_id), f"{each.name}, {each.depot}") for each in units],
        reaches=repeating.REACHES,
    )


async def move(request: Request) -> Response:
    """Move a reservation; refused, nothing changes and the form comes back."""
    who = looking(request)
    fields = {name: value for name, value in (await forms.typed_fields(request)).items() if isinstance(value, str)}
    when = typed.When.of(fields)
    try:
        async with work_of(request) as work:
            row = await queries.reservation_for(work.db, work.who, id_of(request))
            period = when.period()
            if period is None:
                raise Invalid(when.errors)
            asked = Ask.again(
                await queries.type_of(work.db, row.type_id),
                period,
                typed.quantity_of(fields.get("quantity", "") or str(row.quantity)),
                row.wanted,
            )
            asked = await _onto(work, asked, fields.get("unit", ""))
            reach = repeating.reach_of(fields)
            if reach == series.Reach.ONE:
                await service.move(work, row, asked, _version(fields))
            else:
                await series.move(work, row, period, reach)
    except (Invalid, Conflict) as error:
        errors = typed.placed(error.errors) if isinstance(error, Invalid) else {}
        conflict = error.reason if isinstance(error, Conflict) else ""
        async with reading_of(request) as db:
            shown = await queries.shown(db, who, id_of(request))
            return await _move_page(request, db, shown, fields, errors, 409 if conflict else 422, conflict)
    return pages.go(request, address_of(row.id), "C’est déplacé.")


async def _onto(work: Work, asked: Ask, unit: str) -> Ask:
    """The same, for the unit that was chosen; raises Invalid when that one cannot serve it."""
    if not unit:
        return asked
    if asked.quantity > 1:
        raise Invalid({"unit": "Unité\u00a0: cette réservation en compte plusieurs, changez-les depuis sa page."})
    units = await queries.candidates_of(work.db, [asked.type])
    chosen = next((each.unit_id for each in units if str(each.unit_id) == unit), None)
    if chosen is None:
        raise Invalid({"unit": "Unité\u00a0: choisissez-en une du même type."})
    return replace(asked, unit_id=chosen)


def _version(fields: Mapping[str, str]) -> int | None:
    written = fields.get("version", "")
    return int(written[:9]) if written.isascii() and written.isdigit() else None


async def cancel(request: Request) -> Response:
    """Cancel a reservation."""

    async def verb(work: Work, row: Reservation, why: str) -> None:
        await series.cancel(work, row, repeating.reach_of(await forms.typed_fields(request)), why)

    return await decide(request, verb, "C’est annulé\u00a0: d’autres peuvent maintenant le réserver.")


async def approve(request: Request) -> Response:
    """Agree to a request."""
    said = "C’est noté\u00a0: la demande attend maintenant l’accord suivant."
    return await decide(request, service.approve, "La demande est acceptée.", said)


async def refuse(request: Request) -> Response:
    """Say no to a request, and why."""
    return await decide(request, service.refuse, "La demande est refusée.")


async def decide(request: Request, verb: Any, said: str, asked: str = "") -> Response:
    """One verb on one reservation, and back to its page or to the list; refused, the page says why."""
    looking(request)
    fields = await forms.typed_fields(request)
    why = clean_name(str(fields.get("why", "")))[:300]
    numbered = {"number": number} if (number := _version({"version": str(fields.get("step", ""))})) else {}
    try:
        async with work_of(request) as work:
            row = await queries.reservation_for(work.db, work.who, id_of(request))
            await verb(work, row, why, **numbered)
    except (Invalid, Conflict) as error:
        told = error.reason if isinstance(error, Conflict) else " ".join(error.errors.values())
        return await reservation_page(request, told, 409 if isinstance(error, Conflict) else 422, why)
    then = "/reservations/a-approuver" if fields.get("then") == "list" else address_of(row.id)
    return pages.go(request, then, asked if asked and row.state == State.REQUESTED else said)


ASKED = "Votre demande est envoyée au propriétaire\u00a0: la place vous est gardée en attendant."


async def restore(request: Request) -> Response:
    """Take back what was cancelled."""

    async def verb(work: Work, row: Reservation, _why: str) -> None:
        await service.restore(work, row)

    return await decide(request, verb, "C’est de nouveau réservé.", ASKED)


async def fleet(request: Request) -> Response:
    """Everything that is lent, by type."""
    looking(request)
    async with reading_of(request) as db:
        types = await queries.types(db)
        sheets = await search.sheets(db, col(Unit.retired_at).is_(None))
    by_type = {each.id: [sheet for sheet in sheets if sheet.type.id == each.id] for each in types}
    return pages.page(
        request,
        "booking/fleet.html",
        current=ROOM,
        crumbs=[HOME, (FLEET[0], "")],
        types=types,
        by_type=by_type,
        keeps=rules.managed_by(who_of(request)),
    )


async def type_page(request: Request) -> Response:
    """A type: its rules in words, and its units."""
    looking(request)
    async with reading_of(request) as db:
        type_ = await queries.type_at(db, request.path_params["slug"])
        sheets = await search.sheets(db, col(Unit.type_id) == type_.id, col(Unit.retired_at).is_(None))
    return pages.page(
        request,
        "booking/type.html",
        current=ROOM,
        crumbs=[HOME, FLEET, (type_.name, "")],
        type=type_,
        sheets=sheets,
        length=length,
        search=Sought(what=type_.slug, when=typed.suggested()).address(HOME[1]),
        may_set_levels=may_set(who_of(request), {each.owner.id for each in sheets}),
    )


async def unit(request: Request) -> Response:
    """A unit: what it is like, where it is fetched, when it is handed over, and when it is taken."""
    who = looking(request)
    async with reading_of(request) as db:
        found = await search.sheets(db, col(Unit.id) == id_of(request))
        if not found:
            raise NotFound
        sheet = found[0]
        opening = (await queries.openings_of(db, [sheet.depot.id]))[sheet.depot.id]
        taken = await queries.taken_of(db, sheet.unit.id)
        display = await showing.shown_of(db, sheet.unit.id)
        asks = await regulations.of_units(db, who.id, [sheet.unit.id])
        parts = await search.sheets(
            db, col(Unit.id).in_(rows(KitPart.unit_id).where(col(KitPart.kit_id) == sheet.unit.id))
        )
    asked = Sought(what=sheet.type.slug, unit=str(sheet.unit.id), when=typed.suggested())
    return pages.page(
        request,
        "booking/unit.html",
        current=ROOM,
        crumbs=[HOME, FLEET, (sheet.type.name, f"/reservations/types/{sheet.type.slug}"), (sheet.unit.name, "")],
        sheet=sheet,
        display=display,
        may_describe=showing_rules.may_describe(who_of(request), sheet.unit),
        may_keep=rules.may_manage(who, sheet.unit.owner_id),
        asks=asks,
        opening=opening,
        taken=taken,
        parts=parts,
        length=length,
        reserve=asked.address(NEW),
    )


routes = [
    Route("/reservations", first),
    Route("/reservations", create, methods=["POST"]),
    Route("/reservations/criteres", criteria),
    Route(NEW, new),
    Route("/reservations/miennes", mine),
    Route("/reservations/parc", fleet),
    Route("/reservations/types/{slug}", type_page),
    Route("/reservations/unites/{id}", unit),
    Route("/reservations/{id}", reservation),
    Route("/reservations/{id}/deplacement", move_form),
    Route("/reservations/{id}/deplacement", move, methods=["POST"]),
    Route("/reservations/{id}/annulation", cancel, methods=["POST"]),
    Route("/reservations/{id}/retablissement", restore, methods=["POST"]),
    Route("/reservations/{id}/approbation", approve, methods=["POST"]),
    Route("/reservations/{id}/refus", refuse, methods=["POST"]),
]
