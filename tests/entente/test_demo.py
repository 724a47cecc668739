"""The demonstration fills an empty house, once, with a year of coherent life."""

import asyncio
import shutil
from collections import Counter, defaultdict
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlmodel.ext.asyncio.session import AsyncSession

from conftest import empty
from entente import schema
from entente.demo import folder, seeds
from entente.house import House
from entente.ids import new_id
from entente.journal import Entry, StreamRow
from entente.people.models import (
    Body,
    EmailDomain,
    Function,
    Membership,
    Organisation,
    OrganisationKind,
    Person,
    PersonStatus,
)
from entente.people.queries import demo_people, faces, who_are, who_is
from entente.rules import Conflict
from entente.settings import Settings, load
from forums import queries
from forums import seeds as forum_seeds
from forums.kinds.models import AcceptedAnswer, Acknowledgement, Announcement
from forums.models import Post, ReadMark, Thread
from forums.purchase.models import Purchase
from forums.purchase.queries import board_for
from forums.queries import stream_of, stream_of_forum


@pytest.fixture(scope="module", params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def seeded(request: pytest.FixtureRequest, embedded_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Settings over the demonstration, on each home; these tests only look at it."""
    data = tmp_path_factory.mktemp("demo")
    if request.param == "sqlite":
        shutil.copy(embedded_template, data / "entente.sqlite3")
        settings = load(data_dir=data)
    else:
        settings = load(data_dir=data, database_url=request.getfixturevalue("postgres_url"))
        asyncio.run(empty(settings.database_url.replace("+asyncpg", "")))

    async def seed() -> None:
        house = House.build(settings, is_demo=True)
        assert await seeds.seed(house)
        await house.database.close()

    asyncio.run(seed())
    return settings


@pytest.fixture
async def demo(seeded: Settings) -> AsyncIterator[Any]:
    """The house of the demonstration."""
    house = House.build(seeded, is_demo=True)
    yield house
    await house.database.close()


@pytest.fixture
async def new(bare: Settings) -> AsyncIterator[Any]:
    """A house with nobody in it."""
    house = House.build(bare, is_demo=True)
    await schema.upgrade(house.database)
    yield house
    await house.database.close()


async def everything(db: AsyncSession, model: Any) -> Any:
    return (await db.execute(select(model))).scalars().all()


async def test_the_house_is_full(demo: House) -> None:
    """The counts that product.md promises for what stands today."""
    async with demo.database.reading() as db:
        counts = {
            table.name: (await db.execute(select(func.count()).select_from(table))).scalar_one()
            for table in schema.METADATA.sorted_tables
        }
        members = await everything(db, Membership)
        communes = [each for each in await everything(db, Organisation) if each.kind == OrganisationKind.COMMUNE]
    expected = {"organisation": 18, "person": 53, "body": 10, "seat": 137, "forum": 6, "thread": 39, "post": 376}
    assert {name: counts[name] for name in expected} == expected
    assert len(communes) == 16
    assert {each.organisation_id for each in members} == {each.id for each in communes}


async def test_something_is_bought_settled_and_announced(demo: House) -> None:
    """A purchase is open and nine communes have answered; a question is settled; half have noted an announcement."""
    async with demo.database.reading() as db:
        (purchase,) = await everything(db, Purchase)
        board = await board_for(db, purchase.thread_id)
        assert len(await everything(db, AcceptedAnswer)) == 1
        (asked,) = await everything(db, Announcement)
        noted = len(await everything(db, Acknowledgement))
    assert board.ended == ""
    assert (len(board.lines), len(board.silent), len(board.lots)) == (9, 8, 3)
    assert asked.is_mandatory
    assert noted == 10


async def test_a_second_seeding_keeps_everything(new: House) -> None:
    """A second run of the demo finds its data and adds nothing."""
    assert await seeds.seed(new)
    async with new.database.writing() as db:
        person = (await everything(db, Person))[0]
        person.given_name = "Changé"
        db.add(person)
    assert not await seeds.seed(new)
    async with new.database.reading() as db:
        assert len(await everything(db, Person)) == 53
        assert [each.id for each in await everything(db, Person) if each.given_name == "Changé"] == [person.id]


async def test_a_seeding_cut_short_is_done_again(new: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """The mark is in the same transaction: after a crash the house is empty, and is filled the next time."""

    async def cut(*_: Any) -> None:
        raise RuntimeError("power cut")

    with monkeypatch.context() as short:
        short.setattr(forum_seeds, "talk", cut)
        with pytest.raises(RuntimeError):
            await seeds.seed(new)
    async with new.database.reading() as db:
        assert await everything(db, Person) == []
    assert await seeds.seed(new)
    async with new.database.reading() as db:
        assert len(await everything(db, Person)) == 53


async def test_every_thread_counts_what_was_said_in_it(demo: House) -> None:
    """Numbers, counters and dates agree, as if each word had come through the service."""
    async with demo.database.reading() as db:
        posts = defaultdict(list)
        for post in await everything(db, Post):
            posts[post.thread_id].append(post)
        threads = await everything(db, Thread)
    assert len(threads) == 39
    for thread in threads:
        said = sorted(posts[thread.id], key=lambda post: post.number)
        assert [post.number for post in said] == list(range(1, thread.last_number + 1))
        assert [post.created_at for post in said] == sorted(post.created_at for post in said)
        assert thread.post_count == thread.last_number
        assert (thread.created_at, thread.author_id) == (said[0].created_at, said[0].author_id)
        assert (thread.last_post_at, thread.last_author_id) == (said[-1].created_at, said[-1].author_id)
        assert all(post.html.startswith("<") and "<script" not in post.html for post in said)


async def test_the_journal_tells_the_same_story(demo: House) -> None:
    """Positions are contiguous, and every post is where its thread's stream says."""
    async with demo.database.reading() as db:
        streams = {row.name: row for row in await everything(db, StreamRow)}
        entries = await everything(db, Entry)
        posts = await everything(db, Post)
        threads = await everything(db, Thread)
    told = defaultdict(list)
    for entry in sorted(entries, key=lambda entry: (entry.stream, entry.position)):
        told[entry.stream].append(entry)
    assert set(told) == set(streams)
    for name, row in streams.items():
        assert [entry.position for entry in told[name]] == list(range(1, row.position + 1))
        assert [entry.at for entry in told[name]] == sorted(entry.at for entry in told[name])
    for thread in threads:
        said = {post.id for post in posts if post.thread_id == thread.id}
        assert said <= {entry.subject_id for entry in told[str(stream_of(thread.id))]}
        verbs = [e.verb for e in told[str(stream_of_forum(thread.forum_id))] if e.subject_id == thread.id]
        assert verbs[0] == "thread.opened"
        assert (verbs[-1] == "thread.closed") == (thread.closed_at is not None)


async def test_moments_are_those_of_a_clock_in_angouleme(demo: House) -> None:
    """14 h there is 13 h UTC in winter, 12 h in summer."""
    async with demo.database.reading() as db:
        at = {post.created_at.isoformat() for post in await everything(db, Post)}
    assert "2016-02-02T08:14:00+00:00" in at
    assert not any(moment.startswith("2016-02-02T09:14") for moment in at)


async def test_whoever_signs_in_finds_news_and_things_already_read(demo: House) -> None:
    """Unread marks are worth looking at for each of the demonstration's people."""
    async with demo.database.reading() as db:
        people = await demo_people(db)
        for face in people:
            who = await who_is(db, face.id)
            assert who is not None
            news = (await queries.threads_with_news(db, who, 50)).threads
            forums = await queries.forums_of(db, who)
            readable = sum(card.threads for card in forums)
            assert 0 < len(news) < readable, face.name
    assert len(people) == 8


async def test_rights_are_the_same_asked_for_one_and_for_all(demo: House) -> None:
    """Of everybody in the demonstration, and of someone unknown."""
    async with demo.database.reading() as db:
        ids = [each.id for each in await everything(db, Person)]
        one_by_one = {id_: who for id_ in ids if (who := await who_is(db, id_))}
        assert await who_are(db, [*ids, new_id()]) == one_by_one
        assert await who_are(db, []) == {}
    assert len(one_by_one) > 50
    assert any(who.secretary_of for who in one_by_one.values())


async def test_nobody_has_read_beyond_the_end_or_behind_a_closed_door(demo: House) -> None:
    """A mark is within its thread, and its reader may read it."""
    async with demo.database.reading() as db:
        threads = {thread.id: thread for thread in await everything(db, Thread)}
        by_person = defaultdict(list)
        for mark in await everything(db, ReadMark):
            assert 1 <= mark.number <= threads[mark.thread_id].last_number
            by_person[mark.person_id].append(mark.thread_id)
        for person_id, marked in by_person.items():
            who = await who_is(db, person_id)
            assert who is not None
            for thread_id in marked:
                assert (await queries.thread_for(db, who, thread_id)).thread.id == thread_id


async def test_a_person_is_shown_with_their_first_function(demo: House) -> None:
    """Hubert is mayor of Touvre; everyone is active, and acts for somebody."""
    async with demo.database.reading() as db:
        people = await everything(db, Person)
        shown = await faces(db, {person.id for person in people})
        functions = Counter(function.person_id for function in await everything(db, Function))
        domains = {each.domain for each in await everything(db, EmailDomain)}
    assert {person.status for person in people} == {PersonStatus.ACTIVE}
    assert all(functions[person.id] for person in people)
    hubert = next(face for face in shown.values() if face.name == "Hubert Desbordes")
    assert (hubert.title, hubert.commune) == ("Maire de Touvre", "Touvre")
    assert {person.email.partition("@")[2] for person in people} == domains


async def test_bodies_have_colours_of_their_own(demo: House) -> None:
    """Ten bodies, ten hues."""
    async with demo.database.reading() as db:
        hues = [body.hue for body in await everything(db, Body)]
    assert len(set(hues)) == len(hues) == 10


def test_starting_anew_removes_the_demonstration_alone(tmp_path: Path) -> None:
    """Its base and its photos go; a note that someone left there stays."""
    home = tmp_path / "demo"
    with folder.opened(home, reset=False):
        for name in ("demo.sqlite3", "demo.sqlite3-wal", "note.txt"):
            (home / name).write_text("x")
        (home / "photos").mkdir()
        (home / "photos" / "a.webp").write_text("x")
    with folder.opened(home, reset=False):
        assert (home / "photos" / "a.webp").exists()
    with folder.opened(home, reset=True):
        assert {path.name for path in home.iterdir()} == {".demo", "note.txt"}


@pytest.mark.parametrize("reset", [False, True])
def test_a_real_house_is_never_taken_for_a_demonstration(reset: bool, tmp_path: Path) -> None:
    """A folder that holds something else is left as it is."""
    (tmp_path / "entente.sqlite3").write_text("real")
    (tmp_path / "photos").mkdir()
    with pytest.raises(Conflict, match="n’est pas celui d’une démonstration"), folder.opened(tmp_path, reset):
        pass
    assert {path.name for path in tmp_path.iterdir()} == {"entente.sqlite3", "photos"}


def test_a_photos_folder_that_leads_elsewhere_is_unlinked_not_emptied(tmp_path: Path) -> None:
    """A symbolic link is removed, never followed."""
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "a.webp").write_text("x")
    with folder.opened(tmp_path / "demo", reset=False):
        (tmp_path / "demo" / "photos").symlink_to(elsewhere)
    with folder.opened(tmp_path / "demo", reset=True):
        assert not (tmp_path / "demo" / "photos").exists()
    assert (elsewhere / "a.webp").exists()


def test_a_demonstration_is_open_once(tmp_path: Path) -> None:
    """A second one on the same folder is refused, until the first is closed."""
    with (
        folder.opened(tmp_path, reset=False),
        pytest.raises(Conflict, match="déjà ouverte"),
        folder.opened(tmp_path, reset=True),
    ):
        pass
    with folder.opened(tmp_path, reset=False):
        pass
