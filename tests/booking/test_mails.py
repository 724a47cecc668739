"""Mails about reservations: to whom, when, once, and never about what is no longer so."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, text, update
from sqlmodel import col

from booking import service
from booking.approvals.absences import service as absences
from booking.asks import Borrowing
from booking.blocks import service as blocks
from booking.fleet.models import Unit
from booking.imports import service as imports
from booking.mails import rules
from booking.mails.rules import Reminder
from booking.mails.service import REMIND, TELL
from booking.models import Reservation, State
from booking.periods import Period, naive
from booking.series import service as series
from booking_world import Fleet, at, between
from entente import mail, outbox
from entente.app import worker_of
from entente.clock import now
from entente.outbox import Task
from entente.people.models import Person, PersonStatus
from entente.people.who import Who

SLOT = between(8, 12)
BRUNO, CAMILLE = "bruno@brioude.example", "camille@aubrac.example"


async def work_through(fleet: Fleet, kinds: Sequence[str] = (TELL,)) -> None:
    """Everything that is due is done, mails themselves left in their box."""
    worker = worker_of(fleet.world.house)
    worker.errands = {kind: run for kind, run in worker.errands.items() if kind in kinds}
    worker.tasks = {}
    while await worker.work_once():
        pass


async def letters(fleet: Fleet) -> list[dict[str, Any]]:
    """The mails that wait to leave, in order."""
    async with fleet.world.reading() as db:
        found = await db.execute(select(Task).where(col(Task.kind) == mail.MAIL).order_by(col(Task.id)))
        return [task.payload for task in found.scalars()]


async def box(fleet: Fleet) -> list[tuple[str, str]]:
    """To whom and about what, in any order; and the box is empty again."""
    found = sorted((each["to"], each["subject"].partition("\u00a0:")[0]) for each in await letters(fleet))
    async with fleet.world.house.database.writing() as db:
        await db.execute(text("DELETE FROM task WHERE kind = 'mail'"))
    return found


async def ask(fleet: Fleet, who: Who | None, made: Reservation, verb: str, *more: object) -> None:
    async with fleet.world.working(who) as work:
        await getattr(service, verb)(work, await work.db.get_one(Reservation, made.id), *more)
    await work_through(fleet)


@pytest.fixture
async def requested(fleet: Fleet) -> Reservation:
    """Bruno asks for the nacelle, for a school: Camille must say yes."""
    async with fleet.world.house.database.writing() as db:
        await db.execute(text("UPDATE resource_type SET needs_approval = true WHERE slug = 'nacelle'"))
    fleet.types["nacelle"].needs_approval = True
    async with fleet.world.working(fleet.world.bruno) as work:
        borrowing = Borrowing(fleet.world.brioude.id, "demande", "Élagage", "École Jean-Moulin")
        return await service.reserve(work, fleet.ask("N12", SLOT), borrowing)


async def test_a_request_is_written_to_both(fleet: Fleet, requested: Reservation) -> None:
    """Bruno reads that it is sent, Camille that she is to answer: what, when, who pays, for whom, and where."""
    await work_through(fleet)
    to_camille, to_bruno = sorted(await letters(fleet), key=lambda each: each["to"] == BRUNO)
    assert (to_camille["to"], to_bruno["to"]) == (CAMILLE, BRUNO)
    assert to_camille["subject"] == "À approuver\u00a0: Nacelle N12"
    for words in (
        "Bruno Chassagne demande ce matériel. Répondez avant le",
        f"Quand\u00a0: {SLOT.words}",
        "À prendre à\u00a0: Ateliers",
        "Au compte de\u00a0: Brioude",
        "Au nom de\u00a0: École Jean-Moulin",
        "Pour quoi faire\u00a0: Élagage",
        f"http://entente.test/reservations/{requested.id}",
    ):
        assert words in to_camille["body"]
    assert "Bonjour Bruno," in to_bruno["body"]
    assert "La place vous est gardée jusqu’au" in to_bruno["body"]


@pytest.mark.parametrize(
    ("verb", "actor", "more", "mails"),
    [
        ("approve", "camille", (), [(BRUNO, "Demande acceptée")]),
        ("refuse", "camille", ("Elle est en panne",), [(BRUNO, "Demande refusée")]),
        ("cancel", "camille", ("Vent fort",), [(BRUNO, "Réservation annulée")]),
        ("cancel", "bruno", (), [(CAMILLE, "Réservation annulée")]),
    ],
)
async def test_each_decision_is_written_to_the_other(
    fleet: Fleet, requested: Reservation, verb: str, actor: str, more: tuple[str, ...], mails: list[tuple[str, str]]
) -> None:
    """Whoever did it knows; the other reads what, by whom and why."""
    await work_through(fleet)
    await box(fleet)
    await ask(fleet, getattr(fleet.world, actor), requested, verb, *more)
    (letter,) = await letters(fleet)
    for why in more:
        assert f"Motif\u00a0: «\u00a0{why}\u00a0»" in letter["body"]
    assert ("Camille Rey" if actor == "camille" else "Bruno Chassagne") in letter["body"]
    assert await box(fleet) == mails


async def test_a_move_tells_the_hours_before(fleet: Fleet) -> None:
    """Camille moves what Bruno had; he reads both periods."""
    made = await fleet.reserve(fleet.world.bruno, "N12", SLOT)
    await work_through(fleet)
    assert await box(fleet) == [(BRUNO, "Réservation confirmée")]
    await ask(fleet, fleet.world.camille, made, "move", fleet.ask("N12", between(14, 18)))
    (letter,) = await letters(fleet)
    assert f"Auparavant\u00a0: {SLOT.words}" in letter["body"]
    assert f"Quand\u00a0: {between(14, 18).words}" in letter["body"]
    assert await box(fleet) == [(BRUNO, "Réservation modifiée")]


async def test_a_request_without_answer_is_told_to_both(fleet: Fleet, requested: Reservation) -> None:
    """The hold ends: the slot is free, Bruno and Camille know."""
    await work_through(fleet)
    await box(fleet)
    async with fleet.world.house.database.writing() as db:
        await db.execute(update(Reservation).values(held_until=now() - timedelta(seconds=1)))
        await db.execute(update(Task).where(col(Task.kind) == service.EXPIRE).values(due_at=now()))
    worker = worker_of(fleet.world.house)
    worker.errands = {}
    await worker.work_once()
    await work_through(fleet)
    assert (await fleet.again(requested)).state == State.EXPIRED
    assert await box(fleet) == [(BRUNO, "Sans réponse à temps"), (CAMILLE, "Demande restée sans réponse")]
    await fleet.reserve(fleet.world.awa, "N12", SLOT)


async def test_what_was_cancelled_meanwhile_is_not_announced(fleet: Fleet, requested: Reservation) -> None:
    """Bruno asks and takes it back before the mail is written: nobody is asked to answer it."""
    async with fleet.world.working(fleet.world.bruno) as work:
        await service.cancel(work, await work.db.get_one(Reservation, requested.id))
    await work_through(fleet)
    assert await box(fleet) == [(CAMILLE, "Réservation annulée")]


async def test_a_mail_is_left_once_however_often_its_task_runs(
    fleet: Fleet, requested: Reservation, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The worker dies before it says that it is done: the second time leaves nothing more."""

    async def dies(*_: object) -> bool:
        raise OSError("disk full")

    with monkeypatch.context() as broken:
        broken.setattr(outbox, "finish", dies)
        worker = worker_of(fleet.world.house)
        worker.errands, worker.tasks = {TELL: worker.errands[TELL]}, {}
        await worker.work_once()
    first = await letters(fleet)
    async with fleet.world.house.database.writing() as db:
        await db.execute(update(Task).where(col(Task.kind) == TELL).values(due_at=now()))
    await work_through(fleet)
    assert len(first) == 2
    assert await letters(fleet) == first


async def test_someone_who_has_left_is_not_written_to(fleet: Fleet, requested: Reservation) -> None:
    """Camille’s function ends and Bruno’s account is suspended before the mails are written."""
    await fleet.world.end_functions(fleet.world.camille)
    async with fleet.world.house.database.writing() as db:
        await db.execute(
            update(Person).where(col(Person.id) == fleet.world.bruno.id).values(status=PersonStatus.SUSPENDED)
        )
    await work_through(fleet)
    assert await box(fleet) == []


async def test_a_series_is_told_once(fleet: Fleet) -> None:
    """Four Thursdays: one mail; and each date has its reminders."""
    async with fleet.world.working(fleet.world.bruno) as work:
        borrowing = Borrowing(fleet.world.brioude.id, "serie")
        await series.reserve(work, fleet.ask("N12", SLOT), "FREQ=WEEKLY;COUNT=4", borrowing)
    await work_through(fleet)
    assert await box(fleet) == [(BRUNO, "Réservation confirmée")]
    async with fleet.world.reading() as db:
        left = (await db.execute(select(Task).where(col(Task.kind) == REMIND))).scalars().all()
    assert len(left) == 8


@pytest.mark.parametrize(("verb", "word"), [("cancel", "Réservation annulée"), ("move", "Réservation modifiée")])
async def test_a_series_that_is_changed_at_once_makes_one_mail(fleet: Fleet, verb: str, word: str) -> None:
    """Camille cancels or moves four Thursdays: Bruno reads all four in one mail, however often a task runs."""
    async with fleet.world.working(fleet.world.bruno) as work:
        borrowing = Borrowing(fleet.world.brioude.id, "serie")
        made = await series.reserve(work, fleet.ask("N12", SLOT), "FREQ=WEEKLY;COUNT=4", borrowing)
    await work_through(fleet)
    await box(fleet)
    async with fleet.world.working(fleet.world.camille) as work:
        first = await work.db.get_one(Reservation, made[0].id)
        if verb == "cancel":
            await series.cancel(work, first, series.Reach.ALL, "Tempête")
        else:
            await series.move(work, first, between(14, 18), series.Reach.ALL)
    await work_through(fleet)
    (letter,) = await letters(fleet)
    assert letter["subject"] == f"{word}\u00a0: 4\u00a0réservations"
    assert letter["body"].count("\n- Nacelle N12, ") == 4
    assert await box(fleet) == [(BRUNO, word)]


async def test_an_import_makes_one_mail(fleet: Fleet) -> None:
    """Camille brings two lines, and reads both in one mail."""
    hours = [f"{naive(each):%Y-%m-%d %H:%M}" for each in SLOT]
    lines = [";".join((code, *hours, "Brioude")) for code in ("N12", "N18")]
    async with fleet.world.working(fleet.world.camille) as work:
        await imports.bring(work, "\n".join(("unite;debut;fin;payeur", *lines)))
    await work_through(fleet)
    (letter,) = await letters(fleet)
    assert "Nacelle N12, " in letter["body"]
    assert "Nacelle N18, " in letter["body"]
    assert await box(fleet) == [(CAMILLE, "Réservation confirmée")]


async def test_whoever_stands_in_is_asked_instead_of_whoever_is_away(fleet: Fleet, requested: Reservation) -> None:
    """Camille is away before the mail is written: Awa is asked to answer."""
    async with fleet.world.working(fleet.world.camille) as work:
        await absences.delegate(work, fleet.world.awa.id, at(0, 12).date(), at(3, 12).date())
    await work_through(fleet)
    assert await box(fleet) == [("awa@aubrac.example", "À approuver"), (BRUNO, "Demande envoyée")]


async def test_a_unit_kept_back_is_no_loan(fleet: Fleet) -> None:
    """Camille blocks a nacelle and lends it again: no mail; whoever was in the way is told."""
    world = fleet.world
    made = await fleet.reserve(world.bruno, "N12", SLOT)
    await work_through(fleet)
    await box(fleet)
    async with world.working(world.camille) as work:
        unit = await work.db.get_one(Unit, fleet.units["N12"].id)
        kept = await blocks.block(work, unit, SLOT, "Flexible", {made.id: blocks.Answer.MOVE})
    await work_through(fleet)
    assert await box(fleet) == [(BRUNO, "Réservation modifiée")]
    async with world.working(world.camille) as work:
        await blocks.unblock(work, await work.db.get_one(Reservation, kept.id))
    await work_through(fleet)
    assert await box(fleet) == []


async def _remind(fleet: Fleet, *before: Reminder) -> None:
    """The day of these reminders comes."""
    async with fleet.world.house.database.writing() as db:
        left = (await db.execute(select(Task).where(col(Task.kind) == REMIND))).scalars().all()
        for task in left:
            if task.payload.get("what") in before:
                task.due_at = now() - timedelta(seconds=1)
    await work_through(fleet, [REMIND])


async def test_one_is_reminded_before_the_start_and_before_the_end(fleet: Fleet) -> None:
    """Of the hours that hold: those of before a move say nothing, and nobody is late with what was not taken out."""
    made = await fleet.reserve(fleet.world.bruno, "N12", between(8, 18))
    await work_through(fleet)
    await ask(fleet, fleet.world.bruno, made, "move", fleet.ask("N12", between(9, 19)))
    await box(fleet)
    await _remind(fleet, Reminder.START)
    (letter,) = await letters(fleet)
    assert "9\u00a0h\u00a000" in letter["body"]
    assert await box(fleet) == [(BRUNO, "À prendre demain")]
    await _remind(fleet, Reminder.END, Reminder.OVERDUE)
    assert await box(fleet) == [(BRUNO, "À rendre bientôt")]


async def test_what_is_out_and_late_is_asked_back(fleet: Fleet) -> None:
    """An hour after the end, if it was taken out and has not come back."""
    made = await fleet.reserve(fleet.world.bruno, "N12", SLOT)
    await work_through(fleet)
    await box(fleet)
    async with fleet.world.house.database.writing() as db:
        await db.execute(update(Reservation).where(col(Reservation.id) == made.id).values(state=State.OUT))
    await _remind(fleet, Reminder.OVERDUE, Reminder.START)
    assert await box(fleet) == [(BRUNO, "À rendre")]


async def test_nothing_is_said_of_what_was_cancelled(fleet: Fleet) -> None:
    """The reminders of a reservation that was cancelled come to nothing."""
    made = await fleet.reserve(fleet.world.bruno, "N12", between(8, 18))
    await work_through(fleet)
    await ask(fleet, fleet.world.bruno, made, "cancel")
    await box(fleet)
    await _remind(fleet, *Reminder)
    assert await box(fleet) == []


def test_reminders_are_for_moments_to_come() -> None:
    """A loan of an hour has no reminder of its end; one that begins within a day, none of its beginning."""
    whole, short = between(8, 18), between(8, 9)
    assert [what for what, _ in rules.reminders_of(whole, now())] == [Reminder.START, Reminder.OVERDUE, Reminder.END]
    assert [what for what, _ in rules.reminders_of(short, now())] == [Reminder.START, Reminder.OVERDUE]
    soon = Period(now() + timedelta(hours=3), now() + timedelta(hours=9))
    assert [what for what, _ in rules.reminders_of(soon, now())] == [Reminder.OVERDUE, Reminder.END]
    assert rules.reminders_of(between(8, 18), at(11, 8)) == []
