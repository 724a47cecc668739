"""The journal: contiguous, in order, never a ghost, on both homes."""

import asyncio
import random
from collections.abc import Sequence
from datetime import timedelta

import pytest
from sqlalchemy import func, select, text, update
from sqlmodel import col

from entente import journal
from entente.clock import now
from entente.ids import Ref, new_id
from entente.journal import Cursor, Entry, Record, Rung, StreamRow, Verb
from entente.rules import Refused
from world import World


class Said(Verb):
    """What happens in these tests."""

    SAID = "thing.said"


def talk() -> Ref:
    """A story that has not begun."""
    return Ref("square/talk", new_id())


async def say(world: World, *streams: Ref, times: int = 1) -> None:
    """Something happens in each of these streams."""
    async with world.working(None) as work:
        for _ in range(times):
            for stream in streams:
                work.record(stream, Said.SAID, stream.id)


async def story(world: World, stream: Ref) -> list[int]:
    """The positions that the journal holds."""
    async with world.reading() as db:
        return [entry.position for entry in await journal.since(db, str(stream), 0, 100_000)]


async def test_what_happens_together_is_recorded_together(world: World) -> None:
    """One change tells two streams; each has its own places, and the bell rings once for each."""
    one, two = talk(), talk()
    await say(world, one, two, one, times=2)

    assert await story(world, one) == [1, 2, 3, 4]
    assert await story(world, two) == [1, 2]
    assert sorted(world.rung) == sorted([Rung(str(one), 4), Rung(str(two), 2)])


async def test_ten_thousand_rollbacks_leave_no_ghost(world: World) -> None:
    """Ten people try ten thousand changes and give up each time, at random: no row, no bell, no hole [R1]."""
    streams = [talk() for _ in range(5)]

    async def give_up(times: int) -> None:
        for _ in range(times):
            try:
                async with world.working(world.awa) as work:
                    work.record(random.choice(streams), Said.SAID, new_id())
                    if random.random() < 0.3:
                        await work.seal()
                    raise Refused("finalement non")
            except Refused:
                pass

    await asyncio.gather(*(give_up(1_000) for _ in range(10)))

    async with world.reading() as db:
        assert (await db.execute(select(func.count()).where(col(Entry.stream).like("square/%")))).scalar_one() == 0
        assert await journal.tips(db, map(str, streams)) == {}
    assert world.rung == []
    await say(world, *streams)
    assert [await story(world, stream) for stream in streams] == [[1]] * 5


async def test_a_reader_that_polls_all_the_while_sees_an_unbroken_story(world: World) -> None:
    """Fifty writers dawdle before their commit and one in five gives up: no reader ever sees a hole [R2]."""
    streams = [talk() for _ in range(3)]
    kept = dict.fromkeys(map(str, streams), 0)
    writing = True

    async def write(number: int) -> None:
        for _ in range(4):
            mine = random.sample(streams, random.choice([1, 2, 3]))
            try:
                async with world.working(world.awa) as work:
                    if number % 2:
                        # Already holding its places, and still not saved.
                        await journal.append(work.db, [Record(stream, Said.SAID, new_id()) for stream in mine], None)
                    else:
                        for stream in mine:
                            work.record(stream, Said.SAID, new_id())
                    await asyncio.sleep(random.uniform(0, 0.02))
                    if random.random() < 0.2:
                        raise Refused("finalement non")
                for stream in mine:
                    kept[str(stream)] += 1
            except Refused:
                pass

    async def poll(stream: Ref) -> list[int]:
        seen: list[int] = []
        while True:
            last_look = not writing
            async with world.reading() as db:
                entries = await journal.since(db, str(stream), seen[-1] if seen else 0, 1_000)
            seen += [entry.position for entry in entries]
            if last_look:
                return seen

    reading = [asyncio.create_task(poll(stream)) for stream in streams]
    await asyncio.gather(*(write(number) for number in range(50)))
    writing = False

    for stream, seen in zip(streams, await asyncio.gather(*reading), strict=True):
        assert seen == list(range(1, kept[str(stream)] + 1))


async def test_writers_of_the_same_streams_in_another_order_do_not_block_each_other(world: World) -> None:
    """Two changes name two streams in opposite orders, again and again: both end, neither is refused."""
    one, two = talk(), talk()
    await asyncio.gather(*(say(world, *((one, two) if number % 2 else (two, one))) for number in range(60)))

    assert await story(world, one) == await story(world, two) == list(range(1, 61))


async def test_a_cursor_says_where_a_stream_stands(world: World) -> None:
    """It is written in an address and read back; a stream that is not born stands at zero."""
    stream = talk()
    async with world.reading() as db:
        assert str(await journal.cursor(db, stream)) == f"{stream}@0:0"
    await say(world, stream, times=3)
    async with world.reading() as db:
        found = await journal.cursor(db, stream)

    assert found.position == 3
    assert Cursor.parse(str(found)) == found


@pytest.mark.parametrize(
    "written",
    [
        "",
        "square/talk",
        "square/talk@a:1",
        "square/talk/not-an-id@a:1",
        "talk/00000000-0000-0000-0000-000000000000@a:1",
        "square/talk/00000000-0000-0000-0000-000000000000@a:-1",
        "square/talk/00000000-0000-0000-0000-000000000000@a:١",
        "square/talk/00000000-0000-0000-0000-000000000000@a:",
        "square/talk/00000000-0000-0000-0000-000000000000@:1",
        "square/talk/00000000-0000-0000-0000-000000000000@a\nb:1",
        "square/talk/00000000-0000-0000-0000-000000000000@aaaaaaaaaaaaa:1",
    ],
)
def test_what_is_not_a_cursor_is_refused(written: str) -> None:
    """Anything else than `room/kind/id@epoch:position` is an error, not a guess."""
    with pytest.raises(ValueError, match=r"not a (cursor|reference)|badly formed"):
        Cursor.parse(written)


async def test_thousands_of_streams_are_asked_about_in_one_question(world: World) -> None:
    """A busy process follows more streams than a database takes parameters."""
    streams = [talk() for _ in range(3)]
    await say(world, *streams)
    names = [*map(str, streams), *(f"square/talk/{number}" for number in range(40_000))]
    with world.counting() as statements:
        async with world.reading() as db:
            tips = await journal.tips(db, names)

    assert len(statements) == 1
    assert {name: tip.position for name, tip in tips.items()} == {str(stream): 1 for stream in streams}


async def test_a_restored_backup_is_another_life(world: World) -> None:
    """Every stream changes epoch, each to one of its own; positions stay."""
    one, two = talk(), talk()
    await say(world, one, two)
    async with world.reading() as db:
        before = await journal.tips(db, [str(one), str(two)])
    async with world.house.database.writing() as db:
        await journal.renew_epochs(db)
    async with world.reading() as db:
        after = await journal.tips(db, [str(one), str(two)])

    assert {tip.position for tip in after.values()} == {1}
    assert len({tip.epoch for tip in [*before.values(), *after.values()]}) == 4


# --- retention [R4] ------------------------------------------------------------------------------------------


async def purge(world: World, days: int, entries: int) -> list[int]:
    """What each batch forgot, until one forgets nothing."""
    gone = [-1]
    while gone[-1]:
        async with world.house.database.writing() as db:
            gone.append(await journal.purge(db, days, entries))
    return gone[1:-1]


async def floors(world: World, *streams: Ref) -> list[int]:
    """Up to where each stream was forgotten."""
    async with world.reading() as db:
        tips = await journal.tips(db, map(str, streams))
    return [tips[str(stream)].floor for stream in streams]


async def age(world: World, stream: Ref, upto: int) -> None:
    """The first entries of a stream happened long ago."""
    async with world.house.database.writing() as db:
        old = update(Entry).where(col(Entry.stream) == str(stream), col(Entry.position) <= upto)
        await db.execute(old.values(at=now() - timedelta(days=40)))


async def test_what_is_too_old_is_forgotten_and_the_floor_says_so(world: World) -> None:
    """Entries of forty days ago leave a journal that keeps thirty; the others stay."""
    one, two = talk(), talk()
    await say(world, one, two, times=10)
    await age(world, one, 6)

    assert await purge(world, days=30, entries=1_000) == [6]
    assert await story(world, one) == [7, 8, 9, 10]
    assert await story(world, two) == list(range(1, 11))
    assert await floors(world, one, two) == [6, 0]


async def test_what_is_too_much_is_forgotten_in_batches(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """A talkative stream keeps its last entries; forgetting the others takes several short transactions."""
    monkeypatch.setattr(journal, "PURGE_BATCH", 40)
    one, two = talk(), talk()
    await say(world, one, times=130)
    await say(world, two, times=20)

    gone = await purge(world, days=30, entries=30)

    assert sum(gone) == 100
    assert max(gone) <= 40
    assert await story(world, one) == list(range(101, 131))
    assert await floors(world, one, two) == [100, 0]


async def test_a_purge_and_writers_do_not_wait_for_each_other_for_ever(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Writers go on while old entries are forgotten; nobody is refused, and the story has no hole."""
    monkeypatch.setattr(journal, "PURGE_BATCH", 50)
    streams = [Ref(kind, new_id()) for kind in ("square/talk", "squareroom/talk", "square/talker") for _ in range(3)]
    await say(world, *streams, times=30)

    async def write() -> None:
        for _ in range(10):
            await say(world, *random.sample(streams, 5))

    await asyncio.gather(*(write() for _ in range(8)), purge(world, 30, 10), purge(world, 30, 10))
    await purge(world, 30, 10)

    stories = [await story(world, stream) for stream in streams]
    assert [len(each) for each in stories] == [10] * 9
    assert all(each == list(range(each[0], each[0] + 10)) for each in stories)


async def test_the_bell_rings_after_the_commit_and_not_before(world: World) -> None:
    """Whoever hears the bell finds the entry."""
    stream = talk()
    found: list[Rung] = []

    def look(rungs: Sequence[Rung]) -> None:
        found.extend(rungs)

    world.house.announce = look
    async with world.working(world.awa) as work:
        work.record(stream, Said.SAID, stream.id)
        assert found == []
    assert found == [Rung(str(stream), 1)]
    async with world.reading() as db:
        counter = (await db.execute(text("SELECT position FROM stream WHERE name = :n"), {"n": str(stream)})).scalar()
        person = (await db.execute(select(col(Entry.person_id)).where(col(Entry.stream) == str(stream)))).scalar_one()
    assert counter == 1
    assert person == world.awa.id
    assert StreamRow.__tablename__ == "stream"
