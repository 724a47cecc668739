"""Writes the mails, once what they tell is saved: whatever is tried again, each one is left once."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from booking import queries
from booking.approvals import queries as approvals
from booking.basket.queries import order_of
from booking.hold import Verb
from booking.mails import queries as people
from booking.mails import rules
from booking.mails.queries import Recipient
from booking.mails.rules import Letter, Reminder
from booking.models import Change, Reservation, State
from booking.periods import Period
from entente import mail
from entente.clock import now
from entente.house import House
from entente.people.models import FunctionKind, Person
from entente.web import templates
from entente.web.words import plural
from entente.work import Work

TELL = "booking.mail"
REMIND = "booking.remind"
MOST_LINES = 20
"""Listed in one mail; of the others, their number."""


async def tell(house: House, payload: dict[str, Any]) -> None:
    """Write to whoever is concerned by what happened to a reservation, if it still is so."""
    verb, actor = Verb(payload["verb"]), UUID(payload["person"]) if payload["person"] else None
    async with house.working(None) as work:
        reservation = await work.db.get(Reservation, UUID(payload["subject"]))
        change = await people.latest(work.db, UUID(payload["subject"]), verb)
        if reservation is None or change is None or reservation.state not in rules.TRUE_WHILE[verb]:
            return
        if reservation.state == State.BLOCKED or change.before.get("state") == State.BLOCKED:
            return
        if verb in rules.PLANNED_BY:
            _plan_reminders(work, reservation)
        if verb in rules.RECEIPTS and (reservation.occurrence or 1) > 1:
            return  # A series is told once, by its first date.
        dates = await people.dates_of(work.db, change, rules.TRUE_WHILE[verb])
        if len(dates) > 1 and dates[0].reservation_id != reservation.id:
            return  # Of what was done at once, the first that still is so tells all.
        await _tell(work, house, reservation, change, actor, [each.words for each in dates])


async def _tell(
    work: Work,
    house: House,
    reservation: Reservation,
    change: Change,
    actor: UUID | None,
    lines: Sequence[str],
) -> None:
    verb, was = Verb(change.verb), str(change.before.get("state", ""))
    owners = await queries.owners_of(work.db, reservation.id)
    keepers = await _keepers(work, reservation, owners)
    by = await _name_of(work, actor)
    state = State(reservation.state)
    # Of a request of several lines, whoever asked has one mail that names them all.
    is_told = verb in rules.RECEIPTS and await order_of(work.db, reservation.id) is not None
    if not is_told and (actor != reservation.person_id or verb in rules.RECEIPTS):
        letter = rules.for_borrower(verb, was, by, reservation.held_until, state)
        await _post(work, house, reservation.person_id, reservation.id, letter, change, lines)
    if verb not in rules.NEWS_FOR_KEEPERS or actor in keepers:
        return
    if was in (State.WAITING, State.OFFERED) and verb != Verb.RESERVATION_REQUESTED:
        return  # The waiting list is between the house and whoever waits.
    letter = rules.for_keeper(verb, was, by, reservation.held_until, state)
    for keeper in keepers:
        if keeper not in (actor, reservation.person_id):
            await _post(work, house, keeper, reservation.id, letter, change, lines)


async def _keepers(work: Work, reservation: Reservation, owners: Collection[UUID]) -> list[UUID]:
    """Whoever is to answer, while a request awaits; otherwise whoever keeps the thing."""
    step = await approvals.last_step(work.db, reservation.id) if reservation.state == State.REQUESTED else None
    if step:
        return await approvals.asked_people(work.db, step, owners)
    return await approvals.holders_of(work.db, FunctionKind.GESTIONNAIRE, owners)


async def _name_of(work: Work, person_id: UUID | None) -> str:
    person = await work.db.get(Person, person_id) if person_id else None
    return person.name if person else ""


async def _post(
    work: Work,
    house: House,
    person_id: UUID,
    reservation_id: UUID,
    letter: Letter,
    change: Change,
    lines: Sequence[str],
) -> None:
    found = await people.recipient(work.db, person_id, reservation_id)
    if found:
        # One mail for each change and reader: two changes told late are told once, as things stand.
        key = f"booking:{change.together or change.id}:{found.id}"
        _write(work, house, found, letter, key, change.why, _earlier(change, found), lines)


def _earlier(change: Change, found: Recipient) -> str:
    """The hours before, when they changed."""
    if not {"starts_at", "ends_at"} & set(change.before) or not change.after:
        return ""
    moments = {
        name: datetime.fromisoformat(change.before[name]) if name in change.before else at
        for name, at in (("starts_at", found.shown.period.starts), ("ends_at", found.shown.period.ends))
    }
    return Period(moments["starts_at"], moments["ends_at"]).words


def _write(
    work: Work,
    house: House,
    to: Recipient,
    letter: Letter,
    key: str,
    why: str = "",
    earlier: str = "",
    lines: Sequence[str] = (),
) -> None:
    link = f"{house.settings.base_url}/reservations/{to.shown.id}"
    context = {
        "name": to.given_name,
        "letter": letter,
        "shown": to.shown,
        "why": why,
        "earlier": "" if len(lines) > 1 else earlier,
        "link": link,
        "lines": lines[:MOST_LINES] if len(lines) > 1 else [],
        "count": len(lines),
    }
    body = str(templates.render("mail/reservation.txt", context))
    about = plural(len(lines), "réservation", "réservations") if len(lines) > 1 else to.shown.what
    mail.post(work, to.email, f"{letter.subject}\u00a0: {about}", body, key)


def _plan_reminders(work: Work, reservation: Reservation) -> None:
    if reservation.state not in (State.CONFIRMED, State.OUT):
        return
    period = Period(reservation.starts_at, reservation.ends_at)
    for what, due in rules.reminders_of(period, now()):
        at = (period.starts if what == Reminder.START else period.ends).isoformat()
        payload = {"reservation": str(reservation.id), "what": str(what), "at": at}
        work.later(REMIND, payload, due, f"{REMIND}:{reservation.id}:{what}:{at}")


async def remind(house: House, payload: dict[str, Any]) -> None:
    """Remind whoever borrows; of what was moved, cancelled or brought back, nothing."""
    what, id_ = Reminder(payload["what"]), UUID(payload["reservation"])
    async with house.working(None) as work:
        reservation = await work.db.get(Reservation, id_)
        if reservation is None or not rules.is_due(what, State(reservation.state)):
            return
        period = Period(reservation.starts_at, reservation.ends_at)
        if (period.starts if what == Reminder.START else period.ends).isoformat() != payload["at"]:
            return
        found = await people.recipient(work.db, reservation.person_id, id_)
        if found:
            _write(work, house, found, rules.reminder(what, period), f"booking:{what}:{id_}:{payload['at']}")
