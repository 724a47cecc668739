"""Someone who is forgotten is named nowhere any more: every column of every table, every file, is looked at."""

import re
import unicodedata
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from security.estate import Estate
from sqlalchemy import JSON, Column, MetaData, Table, Text, Uuid, func, or_, select, text, update
from sqlmodel import col

from booking.basket.models import Basket
from booking.models import Reservation, State
from entente import clock, links, mail, schema
from entente.account.models import Newcomer
from entente.account.profile import photos
from entente.app import forgetting, rooms, worker_of
from entente.clock import now
from entente.forgetting.fates import Fate, naming, undeclared, wordy
from entente.forgetting.service import Forgetting
from entente.ids import Ref, new_id
from entente.outside.models import OutsideEvent, OutsideSource
from entente.people.models import Person, PersonStatus, Seat
from entente.people.who import Who
from entente.rules import NotFound
from forums import queries, service
from forums.models import EditedPost
from forums.purchase.models import Purchase
from forums.reactions import service as reactions
from forums.reactions.models import Sign
from pistes.decisions.models import Attendance, Decision
from pistes.deferral.models import Deferral
from pistes.models import Piste
from planning.models import Invitation, Meeting
from samples import drawing
from world import World

GIVEN, FAMILY, EMAIL, PHONE = "Zénobie", "Quévremont", "zenobie.quevremont@kx.example", "06 98 76 54 32"
NEEDLES = ("zenobie", "quevremont", "kx.example", "0698765432")
SAID = f"Vu avec {GIVEN} {FAMILY} ({EMAIL}, 06.98.76.54.32), puis Mme {FAMILY.upper()} ; voir @zenobie-quevremont."
SHORT = f"{GIVEN} {FAMILY}"


@pytest.fixture
def known() -> Forgetting:
    """How the rooms of the house forget."""
    return forgetting(rooms())


def test_every_column_says_what_becomes_of_it(known: Forgetting) -> None:
    """Nothing that names a person or holds words is left undeclared, and nothing is declared that does not exist."""
    assert undeclared(schema.METADATA, known.fates) == []
    for name, fate in known.fates.items():
        table = schema.METADATA.tables[name]
        assert fate.declared <= set(table.columns.keys()), name
        assert fate.declared <= naming(table) | wordy(table), name
        reasons = [*fate.stays.values(), *fate.kept.values()]
        assert all(len(reason) > 15 for reason in reasons), name
        assert set(fate.gone.split()) | set(fate.detached.split()) | set(fate.stays) == naming(table), name


def test_a_table_that_nobody_declared_is_noticed(known: Forgetting) -> None:
    """A table of tomorrow, and a column of tomorrow in a table of today, are said by name."""
    tomorrow = MetaData()
    Table("person", tomorrow, Column("id", Uuid, primary_key=True))
    Table("badge", tomorrow, Column("id", Uuid, primary_key=True), Column("owner_id", Uuid), Column("motto", Text))
    Table("reaction", tomorrow, Column("post_id", Uuid), Column("person_id", Uuid), Column("why", JSON))
    assert undeclared(tomorrow, known.fates) == ["badge.motto", "badge.owner_id", "reaction.why"]
    assert undeclared(tomorrow, {**known.fates, "badge": Fate(gone="owner_id", words="motto")}) == ["reaction.why"]


async def test_nothing_names_someone_who_was_forgotten(estate: Estate, known: Forgetting) -> None:
    """Zénobie is named in every table where words are written over; then in none, but the register of decisions."""
    world = estate.world
    zenobie = await _christened(world)
    photo = await _lives(estate, zenobie)
    poisoned = await _poison(world, known)
    before = {where for where, _ in [hit async for hit in _hits(world)]}
    assert poisoned <= before | {("draft", "body")}
    assert {("post", "html"), ("mention_handle", "handle"), ("search_document", "terms"), ("person", "email")} <= before
    assert await photos.read(world.house, photo)

    await _closed(world, zenobie)
    async with world.working(world.ines) as work:
        await known.forget(work, zenobie.id, [PHONE])
    await _drained(world)

    left = [hit async for hit in _hits(world)]
    assert left == [(("piste_sitter", "name"), f"{GIVEN} {FAMILY}")]
    with pytest.raises(NotFound):
        await photos.read(world.house, photo)
    assert list(_in_files(world.house.settings.data_dir)) == []
    async with world.reading() as db:
        person = await db.get_one(Person, zenobie.id)
        still = {
            f"{table.name}.{name}"
            for table in schema.METADATA.sorted_tables
            for name in naming(table)
            if (await db.execute(select(func.count()).where(table.c[name] == zenobie.id))).scalar_one()
        }
    assert (person.name, person.status, person.photo) == ("Personne partie", PersonStatus.SUSPENDED, None)
    assert person.forgotten_at is not None
    stays = {f"{table}.{name}" for table, fate in known.fates.items() for name in fate.stays}
    assert still <= stays
    assert {"post.author_id", "reservation.person_id", "audit.person_id", "piste_attendance.person_id"} <= still


async def _christened(world: World) -> Who:
    async with world.house.database.writing() as db:
        named = {"given_name": GIVEN, "family_name": FAMILY, "email": EMAIL, "demo_pitch": SAID}
        await db.execute(update(Person).where(col(Person.id) == world.awa.id).values(**named))
    world.people["awa"] = await world.again(world.awa)
    return world.awa


async def _lives(estate: Estate, zenobie: Who) -> UUID:
    """What she does, and what others do with her, that no row of the estate holds yet."""
    world = estate.world
    photo = await photos.keep(world.house.files, drawing())
    called = await world.post(world.bruno, world.snow, f"Merci @zenobie-quevremont. {SAID}")
    async with world.working(world.bruno) as work:
        said, place = await queries.post_for(work.db, world.bruno, called.id)
        await service.edit_post(
            work, place, said, EditedPost(body=f"Encore merci @zenobie-quevremont. {SAID}", version=1)
        )
    async with world.working(zenobie) as work:
        said, place = await queries.post_for(work.db, zenobie, called.id)
        await reactions.toggle(work, place, said, Sign.THANKS)
        mail.post(work, EMAIL, f"Bonjour {GIVEN}", SAID)
        mail.post(work, "autre@x.example", "Réponse", SAID)
        await links.tie(work.db, queries.stream_of(world.snow.id), Ref("pistes/piste", new_id()), zenobie.id)
    async with world.house.database.writing() as db:
        await db.execute(update(Person).where(col(Person.id) == zenobie.id).values(photo=photo))
        source = (await db.execute(select(OutsideSource).limit(1))).scalars().one()
        meeting = (await db.execute(select(Meeting).limit(1))).scalars().one()
        decision = (await db.execute(select(Decision).limit(1))).scalars().one()
        seat = (await db.execute(select(Seat).where(col(Seat.holder_id) == zenobie.id))).scalars().first()
        piste = (await db.execute(select(Piste).limit(1))).scalars().one()
        at = datetime(2026, 1, 1, tzinfo=UTC)
        assert seat is not None
        db.add_all(
            [
                Newcomer(hash="1", email=EMAIL, expires_at=now()),
                mail.KeptMail(id=uuid4(), recipient=EMAIL, subject="Bonjour", body=SAID),
                mail.KeptMail(id=uuid4(), recipient="autre@x.example", subject=SHORT, body=SAID),
                Basket(person_id=zenobie.id, key="k", lines=[], fields={"purpose": SAID}, changed_at=now()),
                Basket(person_id=world.bruno.id, key="k", lines=[], fields={"purpose": SAID}, changed_at=now()),
                OutsideEvent(
                    source_id=source.id,
                    person_id=zenobie.id,
                    uid="u",
                    recurrence="",
                    begins=at,
                    ends=at + timedelta(hours=1),
                    title=SHORT,
                ),
                Invitation(meeting_id=meeting.id, person_id=zenobie.id, version=1),
                Deferral(piste_id=piste.id, reason=SAID, revisit_on=date(2030, 1, 1), ended_at=now()),
                Attendance(
                    decision_id=decision.id,
                    seat_id=seat.id,
                    organisation_id=world.aubrac.id,
                    person_id=zenobie.id,
                ),
            ]
        )
    await _drained(world)
    return photo


async def _poison(world: World, known: Forgetting) -> set[tuple[str, str]]:
    """Her names in the words of one row of every table that has any."""
    done = set()
    async with world.house.database.writing() as db:
        for table in schema.METADATA.sorted_tables:
            keys = list(table.primary_key.columns)
            first = (await db.execute(select(*keys).order_by(*keys).limit(1))).first() if keys else None
            for name in known.fates.get(table.name, Fate()).words.split() if first else ():
                column = table.c[name]
                length = getattr(column.type, "length", None) or len(SAID)
                words: Any = SAID if length >= len(SAID) else SHORT[:length]
                value = {"deep": [words]} if isinstance(column.type, JSON) else words
                is_it = [key == of for key, of in zip(keys, first or (), strict=True)]
                await db.execute(update(table).where(*is_it).values({name: value}))
                done.add((table.name, name))
    return done


async def _closed(world: World, who: Who) -> None:
    """Her account is closed, her seats are over, her loans are back, her purchases are done."""
    yesterday = clock.today() - timedelta(days=1)
    async with world.house.database.writing() as db:
        await db.execute(update(Person).where(col(Person.id) == who.id).values(status=PersonStatus.SUSPENDED))
        sits = or_(col(Seat.holder_id) == who.id, col(Seat.substitute_id) == who.id)
        await db.execute(update(Seat).where(sits).values(until=yesterday))
        mine = update(Reservation).where(col(Reservation.person_id) == who.id)
        await db.execute(mine.where(col(Reservation.state) != State.BLOCKED).values(state=State.RETURNED))
        await db.execute(update(Purchase).values(closed_at=now()))


async def _drained(world: World) -> None:
    worker = worker_of(world.house)
    while await worker.work_once():
        pass


async def _hits(world: World) -> Any:
    """Every column of every table that holds one of her names, with what it holds."""
    async with world.reading() as db:
        if world.house.settings.is_embedded:
            asked = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
        else:
            asked = "SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'"
        tables = sorted((await db.execute(text(asked))).scalars())
        assert {table.name for table in schema.METADATA.sorted_tables} <= set(tables)
        for table in tables:
            for row in (await db.execute(text(f'SELECT * FROM "{table}"'))).mappings():
                for name, value in row.items():
                    if any(needle in _bare(value) for needle in NEEDLES):
                        yield (table, name), value


def _bare(value: object) -> str:
    """A value in plain small letters, its figures joined."""
    words = value.decode("utf-8", "ignore") if isinstance(value, bytes) else str(value)
    words = re.sub(r"\\u([0-9a-f]{4})", lambda found: chr(int(found[1], 16)), words)
    plain = unicodedata.normalize("NFKD", words).encode("ascii", "ignore").decode().lower()
    return re.sub(r"(?<=\d)[ ./-](?=\d)", "", plain)


def _in_files(folder: Path) -> Iterator[Path]:
    for file in folder.rglob("*"):
        is_data = file.is_file() and ".sqlite3" not in file.name
        if is_data and any(needle in _bare(f"{file.name} {_read(file)}") for needle in NEEDLES):
            yield file


def _read(file: Path) -> str:
    return file.read_bytes().decode("utf-8", "ignore")
