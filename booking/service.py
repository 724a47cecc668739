"""What can be done with a reservation: one function per verb, every one of them under the same guard."""

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import update
from sqlalchemy.exc import IntegrityError
from sqlmodel import col, select

from booking import gates, queries, quotas, rules
from booking.allowances.queries import service_of
from booking.approvals import service as approvals
from booking.approvals.models import Said
from booking.asks import Ask, Borrowing
from booking.free import Candidate
from booking.hold import Lost, Verb, lock, picture, release, settle, take, tell
from booking.hold import trying as under_guard
from booking.models import Reservation, State
from booking.periods import Period
from booking.rules import Taken, Unfit
from entente.clock import now
from entente.people.models import Organisation
from entente.rules import Conflict, Invalid, require
from entente.web.words import date_time
from entente.work import Work

EXPIRE = "booking.expire"
NOT_YOURS = "Cette réservation n’est pas la vôtre\u00a0: demandez à qui l’a faite, ou au gestionnaire du matériel."
NOT_KEPT = "Seul le gestionnaire de ce matériel peut en décider."


async def reserve(work: Work, ask: Ask, borrowing: Borrowing, series: tuple[UUID, int] | None = None) -> Reservation:
    """Take something for a period; sent twice with one key, it is taken once."""
    require(rules.may_look(work.who))
    if known := await already_made(work, borrowing.key):
        return known
    await require_payer(work, borrowing.payer_id)
    borrowing = await in_service(work, borrowing)
    if broken := rules.broken_by(ask.type, ask.period, ask.quantity, now()):
        raise Unfit(broken)
    await quotas.require_room(work, ask, borrowing)
    made = drafted(work, ask, borrowing, series)
    try:
        async with work.db.begin_nested():
            work.db.add(made)
            await work.db.flush()
    except IntegrityError:
        # The same request, sent twice at once: the constraint on its key lets one through.
        if known := await already_made(work, borrowing.key):
            return known
        raise
    taken = await settle(work, made, ask, is_new=True)
    for gate in gates.GATES:
        await gate(work, ask, borrowing, taken)
    await begin(work, made, ask, [each.owner_id for each in taken])
    is_sure = made.state == State.CONFIRMED
    verb = Verb.RESERVATION_MADE if is_sure else Verb.RESERVATION_REQUESTED
    await tell(work, made, verb, {}, held=sorted(queries.units_needed(taken)))
    return made


async def already_made(work: Work, key: str) -> Reservation | None:
    """What this person's request with that key has made before."""
    query = select(Reservation).where(col(Reservation.person_id) == work.who.id, col(Reservation.key) == key)
    return (await work.db.exec(query)).one_or_none()


async def in_service(work: Work, borrowing: Borrowing) -> Borrowing:
    """The same, for the service in which this person works for whoever pays, unless another is named."""
    if borrowing.service_id:
        return borrowing
    return borrowing._replace(service_id=await service_of(work.db, work.who.id, borrowing.payer_id))


async def require_payer(work: Work, payer_id: UUID) -> None:
    """Go on if this person may take things at the expense of that organisation; raises Invalid."""
    if not rules.may_pay_for(work.who, payer_id) or await work.db.get(Organisation, payer_id) is None:
        raise Invalid({"payer_id": "Payeur\u00a0: choisissez une organisation pour laquelle vous agissez."})


def drafted(work: Work, ask: Ask, borrowing: Borrowing, series: tuple[UUID, int] | None) -> Reservation:
    """A reservation not yet saved, as it was asked for."""
    # Whether a request is confirmed at once depends on the units that it gets.
    return Reservation(
        state=State.REQUESTED if ask.type.needs_approval else State.CONFIRMED,
        starts_at=ask.period.starts,
        ends_at=ask.period.ends,
        type_id=ask.type.id,
        quantity=ask.quantity,
        wanted=ask.wanted,
        person_id=work.who.id,
        payer_id=borrowing.payer_id,
        service_id=borrowing.service_id,
        on_behalf_of=borrowing.on_behalf_of,
        purpose=borrowing.purpose,
        series_id=series[0] if series else None,
        occurrence=series[1] if series else None,
        key=borrowing.key,
    )


async def begin(work: Work, made: Reservation, ask: Ask, owners: list[UUID], again: bool = False) -> None:
    """Confirm it, or put it to whoever must agree; its slot is held until their answer is due."""
    due = await approvals.start(work, made, ask.type, owners, again)
    made.state = State.REQUESTED if due else State.CONFIRMED
    _hold(work, made, due)
    work.db.add(made)
    await work.db.flush()


def _hold(work: Work, reservation: Reservation, until: datetime | None) -> None:
    """Hold its slot until then, and no longer."""
    reservation.held_until = until
    if until:
        key = f"{EXPIRE}:{reservation.id}:{reservation.version}"
        work.later(EXPIRE, {"reservation": str(reservation.id)}, until, key)


async def move(
    work: Work,
    reservation: Reservation,
    ask: Ask,
    version: int | None = None,
    why: str = "",
    together: UUID | None = None,
) -> None:
    """Give a reservation another time, length, number or unit; it keeps its units if they can follow.

    A changed request awaits approval again; what comes with another unit is asked as if it were reserved.
    """
    owners = await queries.owners_of(work.db, reservation.id)
    require(rules.may_change(work.who, reservation, owners), NOT_YOURS)
    keeps = rules.may_decide(work.who, owners)
    await _require_alive(work, reservation, ask, keeps)
    if reservation.state in (State.WAITING, State.OFFERED):
        raise Conflict("Sur la liste d’attente, on ne change pas de dates\u00a0: renoncez, puis demandez-en d’autres.")
    if broken := rules.broken_by(ask.type, ask.period, ask.quantity, now()):
        raise Unfit(broken)
    before = await picture(work.db, reservation)
    held = await queries.units_held(work.db, [reservation.id], with_parts=False)
    await quotas.require_room(work, ask, borrowing_of(reservation), reservation.id)
    await _write(work, reservation, version, ask)
    taken = await settle(work, reservation, ask, prefer=held)
    # Whoever keeps what it leaves does not decide for whoever keeps what it takes.
    keeps = keeps and rules.may_decide(work.who, {each.owner_id for each in taken})
    if not keeps and not {each.unit_id for each in taken} <= set(held):
        for gate in gates.GATES:
            await gate(work, ask, borrowing_of(reservation), taken)
    was_asked = reservation.state == State.REQUESTED
    if was_asked or (not keeps and reservation.state == State.CONFIRMED):
        await begin(work, reservation, ask, [each.owner_id for each in taken], again=was_asked)
    await tell(work, reservation, Verb.RESERVATION_MOVED, before, why, together)


async def extend(work: Work, reservation: Reservation, ends: datetime, version: int | None = None) -> None:
    """Keep it for longer; what is out already stays out, with the units that are out."""
    ask = await ask_of(work, reservation)
    longer = ask.at(Period(ask.period.starts, ends))
    if reservation.state not in (State.CONFIRMED, State.OUT) or ask.period.starts > now():
        await move(work, reservation, longer, version)
        return
    owners = await queries.owners_of(work.db, reservation.id)
    require(rules.may_change(work.who, reservation, owners), NOT_YOURS)
    if ask.type.needs_approval and not rules.may_decide(work.who, owners):
        # It is out: it cannot wait for an answer without being nobody's meanwhile.
        sentence = "c’est commencé\u00a0: demandez au gestionnaire du matériel de prolonger."
        raise Unfit([rules.Broken("Accord du propriétaire", "ends", sentence)])
    # It began in time, long ago: only its end is new.
    if broken := rules.broken_by(ask.type, longer.period, ask.quantity, min(now(), ask.period.starts - lead(ask))):
        raise Unfit(broken)
    if ends <= now():
        raise Unfit([rules.Broken("Fin de la réservation", "ends", f"elle est passée ({date_time(ends)}).")])
    before = await picture(work.db, reservation)
    held = await queries.units_held(work.db, [reservation.id], with_parts=False)
    await quotas.require_room(work, longer, borrowing_of(reservation), reservation.id)
    await _write(work, reservation, version, longer)
    await settle(work, reservation, longer, among=await queries.candidates_for(work.db, longer, among=held))
    await tell(work, reservation, Verb.RESERVATION_MOVED, before)


def lead(ask: Ask) -> timedelta:
    """How long before its beginning it had to be asked for."""
    return timedelta(minutes=ask.type.lead_minutes)


async def resize(work: Work, reservation: Reservation, quantity: int, version: int | None = None) -> None:
    """Take more of it, or less."""
    ask = await ask_of(work, reservation)
    again = Ask(ask.type, ask.period, quantity, ask.least, ask.unit_id, ask.place_id)
    await move(work, reservation, again, version)


async def ask_of(work: Work, reservation: Reservation) -> Ask:
    """What a reservation asked for."""
    type_ = await queries.type_of(work.db, reservation.type_id)
    period = Period(reservation.starts_at, reservation.ends_at)
    return Ask.again(type_, period, reservation.quantity, reservation.wanted)


def borrowing_of(reservation: Reservation) -> Borrowing:
    """For whom and at whose expense a reservation was made."""
    return Borrowing(
        reservation.payer_id, reservation.key, reservation.purpose, reservation.on_behalf_of, reservation.service_id
    )


async def _require_alive(work: Work, reservation: Reservation, ask: Ask, keeps: bool) -> None:
    if not rules.is_alive(reservation):
        raise Conflict(await _ended(work, reservation))
    period = Period(reservation.starts_at, reservation.ends_at)
    broken = None if keeps else rules.too_late_to_change(ask.type, period, now())
    if broken:
        raise Unfit([broken])


_ENDED = {
    State.CANCELLED: "a été annulée",
    State.REFUSED: "a été refusée",
    State.EXPIRED: "n’a pas reçu de réponse à temps",
    State.RETURNED: "est terminée",
    State.OUT: "est en cours",
    State.CONFIRMED: "est déjà confirmée",
    State.REQUESTED: "a déjà reçu une réponse",
}


async def _ended(work: Work, reservation: Reservation) -> str:
    told = await queries.changes_of(work.db, reservation.id)
    by = f" le {date_time(told[-1].at)}" if told else ""
    name = f" par {told[-1].given_name} {told[-1].family_name}" if told and told[-1].given_name else ""
    return f"Cette réservation {_ENDED.get(reservation.state, 'a changé')}{by}{name}."


async def _write(work: Work, reservation: Reservation, version: int | None, ask: Ask) -> None:
    """Lock the reservation's row, if nobody changed it meanwhile, and give it its new dates without any unit."""
    await lock(work.db, await queries.units_held(work.db, [reservation.id]))
    await release(work.db, reservation.id)
    changed = (
        update(Reservation)
        .where(
            col(Reservation.id) == reservation.id,
            col(Reservation.state) == reservation.state,
            col(Reservation.version) == (reservation.version if version is None else version),
        )
        .values(
            starts_at=ask.period.starts,
            ends_at=ask.period.ends,
            quantity=ask.quantity,
            wanted=ask.wanted,
            version=Reservation.version + 1,
        )
        .returning(col(Reservation.id))
    )
    if (await work.db.execute(changed)).scalar_one_or_none() is None:
        raise Conflict("Cette réservation a été modifiée ailleurs pendant que vous la lisiez.")
    await work.db.refresh(reservation)


async def turn(work: Work, reservation: Reservation, state: State, *froms: State, **more: object) -> None:
    """Bring a reservation into another state; one statement decides when two people do it at once."""
    await lock(work.db, await queries.units_held(work.db, [reservation.id]))
    turned = (
        update(Reservation)
        .where(col(Reservation.id) == reservation.id, col(Reservation.state).in_(froms))
        .values(state=state, version=Reservation.version + 1, **more)
        .returning(col(Reservation.id))
    )
    try:
        async with under_guard(work.db):
            done = (await work.db.execute(turned)).scalar_one_or_none()
    except Lost:
        ask = await ask_of(work, reservation)
        held = await queries.units_held(work.db, [reservation.id], with_parts=False)
        candidates = await queries.candidates_for(work.db, ask, among=held)
        free = await queries.next_free(work.db, ask, [reservation.id], candidates)
        raise Taken("La place a été prise entre-temps par une autre réservation.", free) from None
    await work.db.refresh(reservation)
    if done is None:
        raise Conflict(await _ended(work, reservation))


async def approve(work: Work, reservation: Reservation, why: str = "", number: int | None = None) -> None:
    """Agree to a request; the last to agree grants it, checked again: what had lapsed, only if it is still free."""
    before = await picture(work.db, reservation)
    if reservation.starts_at < now() and reservation.state in (State.REQUESTED, State.EXPIRED):
        raise Conflict(f"Cette demande commençait le {date_time(reservation.starts_at)}\u00a0: il est trop tard.")
    await _answer(work, reservation, Said.APPROVED, number)
    ask = await ask_of(work, reservation)
    await _require_lent(work, reservation, ask)
    due = await approvals.go_on(work, reservation, ask.type)
    state, verb = State.CONFIRMED, Verb.RESERVATION_APPROVED
    if due:
        state, verb = State.REQUESTED, Verb.RESERVATION_ADVANCED
    await turn(work, reservation, state, State.REQUESTED, State.EXPIRED, held_until=None)
    _hold(work, reservation, due)
    await tell(work, reservation, verb, before, why)


async def _answer(work: Work, reservation: Reservation, said: Said, number: int | None) -> None:
    """Answer the question that is open, if nobody just did; raises Conflict with who did, and when."""
    owners = await queries.owners_of(work.db, reservation.id)
    await lock(work.db, await queries.units_held(work.db, [reservation.id]))
    await work.db.refresh(reservation)
    if not await approvals.answer(work, reservation, owners, said, number):
        raise Conflict(await _ended(work, reservation))


async def _require_lent(work: Work, reservation: Reservation, ask: Ask) -> None:
    """What was asked for may have been retired since, or fall due for an inspection; raises Taken."""
    held = await queries.units_held(work.db, [reservation.id], with_parts=False)
    lent = await queries.candidates_for(work.db, Ask(ask.type, ask.period), among=held)
    if len(lent) < len(held) or any(each.usable_until and ask.period.ends > each.usable_until for each in lent):
        free = await queries.next_free(work.db, ask, [reservation.id])
        raise Taken("Ce matériel ne se prête plus à ces dates\u00a0: changez l’unité, ou refusez.", free)


async def refuse(work: Work, reservation: Reservation, why: str, number: int | None = None) -> None:
    """Say no to a request, and why."""
    before = await picture(work.db, reservation)
    if not why.strip():
        raise Invalid({"why": "Dites pourquoi\u00a0: la personne qui demande le lira."})
    await _answer(work, reservation, Said.REFUSED, number)
    await turn(work, reservation, State.REFUSED, State.REQUESTED, held_until=None)
    await tell(work, reservation, Verb.RESERVATION_REFUSED, before, why)


async def cancel(work: Work, reservation: Reservation, why: str = "", together: UUID | None = None) -> None:
    """Give something back before it began: others can have it at once."""
    owners = await queries.owners_of(work.db, reservation.id)
    require(rules.may_change(work.who, reservation, owners), NOT_YOURS)
    await _require_alive(work, reservation, await ask_of(work, reservation), keeps=rules.may_decide(work.who, owners))
    before = await picture(work.db, reservation)
    await turn(work, reservation, State.CANCELLED, reservation.state, held_until=None)
    await tell(work, reservation, Verb.RESERVATION_CANCELLED, before, why, together)


async def restore(work: Work, reservation: Reservation) -> None:
    """Take back what was cancelled, with the same units, if nobody has taken them since."""
    owners = await queries.owners_of(work.db, reservation.id)
    require(rules.may_change(work.who, reservation, owners), NOT_YOURS)
    if not owners:
        # It only waited: to restore it would confirm a reservation that holds nothing.
        raise Conflict("Cette demande était sur la liste d’attente\u00a0: inscrivez-vous de nouveau.")
    ask = await ask_of(work, reservation)
    if broken := rules.broken_by(ask.type, ask.period, ask.quantity, now()):
        raise Unfit(broken)
    before = await picture(work.db, reservation)
    state = rules.first_state(work.who, ask.type, reservation.payer_id, owners)
    await turn(work, reservation, state, State.CANCELLED)
    await begin(work, reservation, ask, list(owners))
    await tell(work, reservation, Verb.RESERVATION_RESTORED, before)


async def reassign(work: Work, reservation: Reservation, units: list[UUID]) -> None:
    """Serve a request with other units of its type; the request itself does not change."""
    owners = await queries.owners_of(work.db, reservation.id)
    ask = await ask_of(work, reservation)
    free_ask = Ask(ask.type, ask.period, ask.quantity)
    candidates = await queries.candidates_for(work.db, free_ask, among=units)
    require(rules.may_decide(work.who, owners | {each.owner_id for each in candidates}), NOT_KEPT)
    wanted = 1 if ask.type.is_counted else ask.quantity
    if not len(candidates) == len(set(units)) == len(units) == wanted:
        raise Invalid({"units": "Choisissez dans la liste, autant d’unités que la demande en compte."})
    await _require_held(work, reservation)
    if any(each.usable_until and ask.period.ends > each.usable_until for each in candidates):
        raise Invalid({"units": "Un contrôle est à faire avant la fin\u00a0: choisissez une autre unité."})
    before = await picture(work.db, reservation)
    counts = [(each, ask.quantity if ask.type.is_counted else 1) for each in candidates]
    await _exchange(work, [(reservation, counts)])
    await tell(work, reservation, Verb.RESERVATION_REASSIGNED, before)


async def swap(work: Work, one: Reservation, other: Reservation) -> None:
    """Exchange the units of two reservations of one type, at once or not at all."""
    held = {each.id: await queries.units_held(work.db, [each.id], with_parts=False) for each in (one, other)}
    owners = await queries.owners_of(work.db, one.id) | await queries.owners_of(work.db, other.id)
    require(rules.may_decide(work.who, owners), NOT_KEPT)
    asks = {each.id: await ask_of(work, each) for each in (one, other)}
    if asks[one.id].type.id != asks[other.id].type.id or asks[one.id].type.is_counted:
        raise Invalid({"": "On n’échange que des unités du même type, qui se prêtent une par une."})
    before = {each.id: await picture(work.db, each) for each in (one, other)}
    plain = Ask(asks[one.id].type, asks[one.id].period)
    theirs = {id_: await queries.candidates_for(work.db, plain, among=units) for id_, units in held.items()}
    for each in (one, other):
        await _require_held(work, each)
    await _exchange(
        work,
        [
            (one, [(each, 1) for each in theirs[other.id]]),
            (other, [(each, 1) for each in theirs[one.id]]),
        ],
    )
    for each in (one, other):
        await tell(work, each, Verb.RESERVATION_REASSIGNED, before[each.id])


async def _require_held(work: Work, reservation: Reservation) -> None:
    """What is over, or only waits, has no unit to change; raises Conflict."""
    if reservation.state not in (State.REQUESTED, State.CONFIRMED, State.OFFERED):
        raise Conflict(await _ended(work, reservation))


async def _exchange(work: Work, wanted: list[tuple[Reservation, list[tuple[Candidate, int]]]]) -> None:
    old = await queries.units_held(work.db, [each.id for each, _ in wanted])
    new = queries.units_needed([candidate for _, chosen in wanted for candidate, _ in chosen])
    try:
        async with under_guard(work.db):
            await lock(work.db, {*old, *new})
            for reservation, _ in wanted:
                await release(work.db, reservation.id)
            for reservation, chosen in wanted:
                await take(work.db, reservation, chosen)
    except Lost:
        first, chosen = wanted[0]
        ask = await ask_of(work, first)
        free = await queries.next_free(work.db, ask, [first.id], [candidate for candidate, _ in chosen])
        raise Taken("Cette unité n’est plus libre à ce moment-là.", free) from None
    for reservation, _ in wanted:
        reservation.version += 1
        work.db.add(reservation)


async def expire(work: Work, payload: dict[str, object]) -> None:
    """Nobody answered in time: a request goes to whoever is asked then, or lets go of its slot, as an offer does."""
    reservation = await work.db.get(Reservation, UUID(str(payload["reservation"])))
    if reservation is None:
        return
    # Whoever answers at the last moment holds the same units: one of the two comes second, and sees it.
    await lock(work.db, await queries.units_held(work.db, [reservation.id]))
    await work.db.refresh(reservation)
    if reservation.held_until is None or reservation.held_until > now():
        return
    if reservation.state not in (State.REQUESTED, State.OFFERED):
        return
    before = await picture(work.db, reservation)
    due = None
    if reservation.state == State.REQUESTED:
        due = await approvals.escalate(work, reservation, await queries.type_of(work.db, reservation.type_id))
    state = State.REQUESTED if due else State.EXPIRED
    await turn(work, reservation, state, State.REQUESTED, State.OFFERED, held_until=None)
    _hold(work, reservation, due)
    await tell(work, reservation, Verb.RESERVATION_ESCALATED if due else Verb.RESERVATION_EXPIRED, before)
