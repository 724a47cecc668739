"""The register of decisions: numbered without a gap, never changed, told when it is to be looked at again."""

import asyncio
from datetime import date, timedelta
from io import BytesIO
from typing import Any

import pytest
from sqlalchemy import text, update
from sqlalchemy.exc import DBAPIError
from sqlmodel import col, select

from entente.app import forgetting, rooms, worker_of
from entente.clock import now
from entente.files import keeping
from entente.notices.models import Notice
from entente.outbox import Task
from entente.people.models import Body, BodyKind, Person, PersonStatus, Seat
from entente.rules import Conflict, Invalid, NotFound, Refused
from pistes.decisions import queries
from pistes.decisions.documents import SHELF
from pistes.decisions.models import Decision
from pistes.decisions.queries import Chosen
from pistes.decisions.service import REVIEW, record
from pistes.decisions.whole import file_for, whole
from pistes.deferral.service import today


async def test_numbers_have_no_gap_and_no_double_however_many_write_at_once(council: Any) -> None:
    """Twelve at once, of which every third fails after it took its number: the year counts 1 to 8."""

    async def write(number: int) -> None:
        async with council.world.working(council.world.denise) as work:
            await record(work, council.form(title=f"Point {number}"), council.sat())
            if number % 3 == 0:
                raise Conflict("Une panne")

    await asyncio.gather(*(write(number) for number in range(12)), return_exceptions=True)
    await council.decides(council.form(decided_on=date(2025, 12, 9)))
    async with council.world.reading() as db:
        found = [(each.year, each.number) for each in await db.exec(select(Decision))]
    assert sorted(found) == [(2025, 1), *((2026, number) for number in range(1, 9))]


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE piste_decision SET motive = 'Autre'",
        "DELETE FROM piste_attendance",
        "UPDATE piste_attendance SET mandate = NOT mandate",
        "DELETE FROM piste_passage",
    ],
    ids=["motive", "absence", "mandate", "passage"],
)
async def test_what_was_decided_is_never_changed(council: Any, change: str) -> None:
    """The database itself refuses, on both homes."""
    await council.decides(council.at_gate())
    with pytest.raises(DBAPIError, match="append-only"):
        async with council.world.house.database.writing() as db:
            await db.execute(text(change))


@pytest.mark.parametrize(
    ("said", "field"),
    [
        ({"decided_on": date(2015, 6, 1)}, "decided_on"),
        ({"decided_on": date(2999, 6, 1)}, "decided_on"),
        ({"review_on": date(2026, 3, 10)}, "review_on"),
        ({"outcome": "go"}, "outcome"),
        ({"supersedes": "0197a000-0000-7000-8000-00000000dead"}, "supersedes"),
        ({"piste": "0197a000-0000-7000-8000-00000000dead"}, "piste"),
        ({"body": "0197a000-0000-7000-8000-00000000dead"}, "body"),
    ],
    ids=["nobody sat", "to come", "review before", "go without gate", "no former", "no piste", "no body"],
)
async def test_a_decision_that_is_not_whole_is_not_written(council: Any, said: dict[str, Any], field: str) -> None:
    """Each lack is said beside its field, and nothing is kept."""
    with pytest.raises(Invalid) as refused:
        await council.decides(council.form(**said))
    assert field in refused.value.errors
    async with council.world.reading() as db:
        assert await queries.decisions(db, Chosen()) == ([], 0)


async def test_only_those_who_have_a_seat_sit(council: Any) -> None:
    """Bruno has none; Awa does not sit in Denise's; nobody at all is nobody."""
    world = council.world
    seat = council.seats[world.denise.id]
    for sat in ({seat: world.bruno.id}, {seat: world.awa.id}, {world.aubrac.id: world.awa.id}, {}):
        with pytest.raises(Invalid) as refused:
            await council.decides(council.form(), sat=sat)
        assert list(refused.value.errors) == ["present"]


async def test_only_the_secretary_of_that_body_writes_for_it(council: Any) -> None:
    """Denise for the CoPil and Inès for any; not Awa who only sits, nor Denise for the CoTech."""
    world = council.world
    await council.decides(council.form())
    await council.decides(council.form(), who=world.ines)
    async with world.reading() as db:
        cotech = (await db.exec(select(Body.id).where(col(Body.kind) == BodyKind.COTECH))).one()
    for who, body in ((world.awa, world.copil.id), (world.camille, world.copil.id), (world.denise, cotech)):
        with pytest.raises(Refused):
            await council.decides(council.form(body=body), who=who)


async def test_a_decision_is_replaced_once_and_stays_as_it_was(council: Any) -> None:
    """Of two that replace it at once, one is told; the former knows its heir and keeps its words."""
    first = await council.decides(council.form())
    second = council.form(title="Nouveau calendrier", supersedes=first.id)
    done = await asyncio.gather(*(council.decides(second) for _ in range(2)), return_exceptions=True)
    assert sorted(type(each).__name__ for each in done) == ["Conflict", "Decision"]
    async with council.world.reading() as db:
        found = await whole(db, council.world.bruno, first.id)
        lines, count = await queries.decisions(db, Chosen(etat="vigueur"))
    assert (found.line.title, found.line.heir and found.line.heir[1]) == ("Calendrier", "D-2026-002")
    assert ([each.code for each in lines], count) == (["D-2026-002"], 1)


async def test_whoever_sat_is_named_there_even_once_forgotten(council: Any) -> None:
    """Awa has left and is « Personne partie » everywhere; the public list of those who sat still says her name."""
    world = council.world
    decision = await council.decides(council.form())
    async with world.house.database.writing() as db:
        await db.execute(update(Seat).where(col(Seat.holder_id) == world.awa.id).values(until=date(2026, 3, 11)))
        await db.execute(update(Person).where(col(Person.id) == world.awa.id).values(status=PersonStatus.SUSPENDED))
    async with world.working(world.ines) as work:
        await forgetting(rooms()).forget(work, world.awa.id)
    async with world.reading() as db:
        found = await whole(db, world.bruno, decision.id)
        person = await db.get_one(Person, world.awa.id)
    assert (person.name, sorted(each.name for each in found.seated)) == (
        "Personne partie",
        ["Awa Diallo", "Denise Astruc"],
    )


async def test_the_secretary_is_told_of_a_review_once(council: Any) -> None:
    """On the day, not before; what was replaced meanwhile is looked at no more."""
    review = today() + timedelta(days=9)
    first = await council.decides(council.form(review_on=review))
    await council.decides(council.form(supersedes=first.id, review_on=review))
    world = council.world
    async with world.house.database.writing() as db:
        tasks = (await db.exec(select(Task).where(col(Task.kind) == REVIEW))).all()
        assert {task.due_at.date() for task in tasks} == {review}
        for task in tasks:
            task.due_at = now() - timedelta(minutes=1)
    worker = worker_of(world.house)
    while await worker.work_once():
        pass
    async with world.reading() as db:
        told = [(each.person_id, each.reason) for each in await db.exec(select(Notice))]
    assert told == [(world.denise.id, "La décision D-2026-002 est à revoir aujourd’hui.")]


async def test_documents_are_asked_each_time(council: Any) -> None:
    """A member reads them; whoever has left, or takes another decision's address, finds nothing."""
    world = council.world
    kept = await keeping.keep(world.house.files, SHELF, "note.txt", BytesIO(b"Note de synthese"), 16)
    made = await council.decides(council.form(), files=[kept])
    other = await council.decides(council.form())
    async with world.reading() as db:
        [file] = (await whole(db, world.bruno, made.id)).files
        assert (await file_for(db, world.bruno, made.id, file.id)).kept == kept.kept
        for who, decision in ((world.gone, made), (world.bruno, other)):
            with pytest.raises(NotFound):
                await file_for(db, who, decision.id, file.id)


async def test_who_sat_stays_when_seats_change_hands(council: Any) -> None:
    """Denise leaves and the mandates change: the attendance of that day does not move."""
    made = await council.decides(council.form())
    async with council.world.reading() as db:
        before = await whole(db, council.world.bruno, made.id)
    await council.world.end_functions(council.world.denise)
    async with council.world.house.database.writing() as db:
        await db.execute(text("UPDATE seat SET mandate = NOT mandate"))
    async with council.world.reading() as db:
        after = await whole(db, council.world.bruno, made.id)
    assert after == before
    assert (before.line.present, before.line.seats, before.with_mandate) == (2, 2, 1)
