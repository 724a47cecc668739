"""Work: saved together, then announced; on an error, nothing happened."""

import pytest
from sqlalchemy import func
from sqlmodel import col, select

from entente.ids import Ref, new_id
from entente.journal import Entry, Verb
from entente.outbox import Task
from entente.people.models import AuditEntry, Group
from entente.rules import Refused
from world import World


class Said(Verb):
    """What happens in these tests."""

    SAID = "thing.said"


async def count(world: World, column: object, *where: object) -> int:
    """How many rows there are."""
    async with world.reading() as db:
        query = select(func.count(column)).where(*where)  # type: ignore[arg-type]
        return int((await db.execute(query)).scalar_one())


async def test_everything_a_change_leaves_is_saved_together(world: World) -> None:
    """A row, its story, what is left for later and the audit: all there after one commit, then one bell."""
    stream, stirred = Ref("square/talk", new_id()), []
    world.house.stir = lambda: stirred.append(True)
    async with world.working(world.ines) as work:
        work.db.add(Group(name="Voirie"))
        work.record(stream, Said.SAID, stream.id)
        work.later("remind", {"who": "Awa"})
        work.audit("group.created", stream, name="Voirie")
        assert await count(world, Group.id, Group.name == "Voirie") == 0

    assert await count(world, Group.id, Group.name == "Voirie") == 1
    assert await count(world, Entry.position, Entry.stream == str(stream)) == 1
    assert await count(world, Task.id, Task.kind == "remind") == 1
    assert await count(world, AuditEntry.id, AuditEntry.subject == str(stream)) == 1
    assert [rung.stream for rung in world.rung] == [str(stream)]
    assert stirred == [True]


async def test_whoever_follows_a_verb_hears_of_it_after_the_commit(world: World) -> None:
    """An entry leaves a task for each room that follows its verb: it names what happened, and carries none of it."""
    world.house.followers = {Said.SAID: ["index", "tell"]}
    stream, subject = Ref("square/talk", new_id()), new_id()
    async with world.working(world.ines) as work:
        work.record(stream, Said.SAID, subject)

    async with world.reading() as db:
        left = (await db.exec(select(Task).where(col(Task.kind).in_(["index", "tell"])).order_by(Task.kind))).all()
    told = {"stream": str(stream), "verb": "thing.said", "subject": str(subject), "person": str(world.ines.id)}
    assert [(task.kind, task.payload) for task in left] == [("index", told), ("tell", told)]


async def test_an_error_leaves_nothing_and_rings_nothing(world: World) -> None:
    """The rule says no at the last moment: no row, no entry, no task, no audit, no bell."""
    stream, stirred = Ref("square/talk", new_id()), []
    world.house.stir = lambda: stirred.append(True)
    with pytest.raises(Refused):  # noqa: PT012
        async with world.working(world.ines) as work:
            work.db.add(Group(name="Voirie"))
            work.record(stream, Said.SAID, stream.id)
            work.later("remind", {})
            work.audit("group.created", stream)
            raise Refused("non")

    assert await count(world, Group.id, Group.name == "Voirie") == 0
    assert await count(world, Entry.position, Entry.stream == str(stream)) == 0
    assert await count(world, Task.id, Task.kind == "remind") == 0
    assert await count(world, AuditEntry.id, AuditEntry.subject == str(stream)) == 0
    assert world.rung == []
    assert stirred == []


async def test_a_change_that_tells_nothing_rings_nothing(world: World) -> None:
    """A row without a story is saved in silence."""
    async with world.working(None) as work:
        work.db.add(Group(name="Voirie"))

    assert await count(world, Group.id, Group.name == "Voirie") == 1
    assert world.rung == []


async def test_two_tasks_with_the_same_key_are_one(world: World) -> None:
    """What was already left for later is not left twice."""
    for _ in range(2):
        async with world.working(None) as work:
            work.later("remind", {}, key="remind-awa")

    assert await count(world, Task.id, col(Task.key) == "remind-awa") == 1


async def test_work_that_needs_someone_refuses_nobody(world: World) -> None:
    """Whoever is not signed in is asked to sign in."""
    async with world.working(world.awa) as work:
        assert work.who == world.awa
    with pytest.raises(Refused, match="Connectez-vous"):
        async with world.working(None) as work:
            assert work.who
