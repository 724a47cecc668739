"""What open pages receive: everything, in order, once; or an explicit reset."""

import asyncio
import random

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from entente import journal
from entente.ids import Ref
from entente.journal import Cursor
from listening import Served, Square, Verb, connect, cursor, eventually, reading, say, talk
from realtime.topic import RING_BYTES, RING_FRAMES
from world import World

Cookie = dict[str, str]


async def test_what_is_said_reaches_an_open_page(place: Served, cookie: Cookie) -> None:
    """Awa has the square open; what is said there arrives with its place in the story."""
    stream = talk()
    async with reading(place.port, cookie, await cursor(place.house, stream)) as page:
        [said] = await say(place.house, stream)
        await page.gets(stream, 1)

        [event] = [event for event in page.events if event.type == "fragment"]
        assert event.data == f'<div data-put="delete" data-to="said-{said}"></div>'
        assert event.id == str(await cursor(place.house, stream))


async def test_a_database_that_dies_while_something_is_shown_resets_nobody(
    place: Served, square: Square, cookie: Cookie
) -> None:
    """It is asked again once it is back: the page sees the news, and no reset [R9, F11]."""
    stream = talk()
    async with reading(place.port, cookie, await cursor(place.house, stream)) as page:
        # As asyncpg's errors come when the server is killed in the middle of an answer.
        square.incident = DBAPIError("SELECT", {}, RuntimeError("connection was closed in the middle of operation"))
        await say(place.house, stream)
        await page.gets(stream, 1)

    assert square.rendered == [1, 1]
    assert page.of("reset") == []


@pytest.mark.parametrize("moment", ["before the stream opens", "while it opens", "just after", "later"])
async def test_whatever_the_moment_an_event_is_shown_once(place: Served, cookie: Cookie, moment: str) -> None:
    """Something is said between the page's rendering and its stream, or around it: it arrives, once [R6]."""
    stream = talk()
    await say(place.house, stream, times=3)
    rendered = await cursor(place.house, stream)
    if moment == "before the stream opens":
        await say(place.house, stream)
    opening = asyncio.create_task(connect(place.port, cookie, rendered))
    if moment == "while it opens":
        await asyncio.sleep(random.uniform(0, 0.01))
        await say(place.house, stream)
    page = await opening
    if moment == "just after":
        await say(place.house, stream)
    if moment == "later":
        await asyncio.sleep(0.1)
        await say(place.house, stream)
    await page.gets(stream, 4)
    await say(place.house, stream)
    await page.gets(stream, 5)

    assert page.positions(stream) == [4, 5]
    await page.close()


async def test_those_who_join_a_lively_talk_miss_nothing_and_hear_nothing_twice(place: Served, cookie: Cookie) -> None:
    """Twenty pages arrive at random while four people talk; each has an unbroken story [R8]."""
    stream, last = talk(), 240
    await say(place.house, stream, times=20)

    async def speak() -> None:
        for _ in range((last - 20) // 4):
            await say(place.house, stream)
            await asyncio.sleep(random.uniform(0, 0.012))

    async def join() -> tuple[int, list[int]]:
        await asyncio.sleep(random.uniform(0, 0.6))
        start = await cursor(place.house, stream)
        behind = random.choice([0, 0, 3, 15])
        await asyncio.sleep(random.uniform(0, 0.05))
        page = await connect(place.port, cookie, start._replace(position=start.position - behind))
        await page.gets(stream, last)
        await page.close()
        assert page.of("reset") == []
        return start.position - behind, page.positions(stream)

    joined = asyncio.gather(*(join() for _ in range(20)))
    await asyncio.gather(*(speak() for _ in range(4)))

    assert [found for start, found in await joined if found != list(range(start + 1, last + 1))] == []


async def test_pages_that_come_back_share_one_replay(place: Served, square: Square, cookie: Cookie) -> None:
    """Eighteen pages come back from the same place at once: what they missed is rendered once [R8]."""
    stream = talk()
    left = await cursor(place.house, stream)
    await say(place.house, stream, times=40)
    pages = await asyncio.gather(*(connect(place.port, cookie, left) for _ in range(18)))
    for page in pages:
        await page.gets(stream, 40)

    assert [page.positions(stream) for page in pages] == [list(range(1, 41))] * 18
    assert sorted(square.rendered) == list(range(1, 41))
    for page in pages:
        await page.close()


async def test_one_event_costs_one_reading_and_one_rendering(place: Served, world: World, square: Square) -> None:
    """A hundred pages follow the square; one thing is said: the journal is read once, it is rendered once."""
    stream = talk()
    await say(place.house, stream)
    start = await cursor(place.house, stream)
    people = [world.awa, world.bruno, world.camille, world.denise, world.ines]
    devices = [await world.cookie(people[number % 5]) for number in range(20)]
    pages = []
    for number in range(100):
        pages.append(await connect(place.port, devices[number % 20], start))
    assert len(place.hub.pages) == 100
    square.rendered.clear()

    with world.counting() as statements:
        await say(place.house, stream)
        for page in pages:
            await page.gets(stream, 2)

    readings = [each for each in statements if each.startswith("SELECT") and "FROM entry" in each]
    assert len(readings) == 1
    assert square.rendered == [2]
    for page in pages:
        await page.close()


@pytest.mark.parametrize(("times", "length"), [(4 * RING_FRAMES, 0), (RING_FRAMES, 8_000)])
async def test_a_burst_longer_than_the_ring_arrives_whole(
    place: Served, square: Square, cookie: Cookie, times: int, length: int
) -> None:
    """A thousand things, or two megabytes, are said at once: pages that keep up are not sent back to the start."""
    square.padding = "x" * length
    stream = talk()
    async with reading(place.port, cookie, await cursor(place.house, stream)) as page:
        await say(place.house, stream, times=times)
        await page.gets(stream, times)

        assert page.positions(stream) == list(range(1, times + 1))
        assert page.of("reset") == []
        frames, size = place.hub.topics[str(stream)].weight
        assert frames <= RING_FRAMES
        assert size <= RING_BYTES


async def test_a_page_follows_several_streams_each_in_order(place: Served, cookie: Cookie) -> None:
    """One connection carries three talks; each story is whole."""
    streams = [talk() for _ in range(3)]
    start = [await cursor(place.house, stream) for stream in streams]
    async with reading(place.port, cookie, *start) as page:
        for _ in range(10):
            await say(place.house, *random.sample(streams, 2))
        tips = [await cursor(place.house, stream) for stream in streams]
        for stream, tip in zip(streams, tips, strict=True):
            await page.gets(stream, tip.position)

        assert [page.positions(each) for each in streams] == [list(range(1, tip.position + 1)) for tip in tips]


async def test_what_shows_nothing_still_moves_the_reader_on(place: Served, cookie: Cookie) -> None:
    """A verb that readers do not see passes with its place, so that coming back does not replay it."""
    stream = talk()
    async with reading(place.port, cookie, await cursor(place.house, stream)) as page:
        async with place.house.working(None) as work:
            work.record(stream, Verb.MUTTERED, stream.id)
        await page.gets(stream, 1)

        assert page.of("passed") == [str(await cursor(place.house, stream))]


async def test_what_cannot_be_shown_is_a_reset_and_not_a_gap(place: Served, cookie: Cookie) -> None:
    """A fragment that fails tells pages to start afresh; what follows it arrives."""
    stream = talk()
    async with reading(place.port, cookie, await cursor(place.house, stream)) as page:
        async with place.house.working(None) as work:
            work.record(stream, Verb.SAID, stream.id)
            work.record(stream, Verb.BROKEN, stream.id)
            work.record(stream, Verb.SAID, stream.id)
        await page.gets(stream, 3)

        assert page.positions(stream) == [1, 3]
        assert page.of("reset") == [str(stream)]


# --- cursors that mean nothing any more [R3, R4, F8] -----------------------------------------------------


async def _flows_again(place: Served, cookie: Cookie, stream: Ref, told: Cursor) -> None:
    async with reading(place.port, cookie, told) as page:
        await page.until(lambda page: page.of("reset"))
        await say(place.house, stream)
        tip = await cursor(place.house, stream)
        await page.gets(stream, tip.position)

        assert page.of("reset") == [str(stream)]
        assert page.positions(stream) == [tip.position]


@pytest.mark.parametrize("lie", ["another epoch", "below the floor", "ahead of the tip", "too far behind"])
async def test_a_cursor_that_means_nothing_gets_a_reset_then_the_news(place: Served, cookie: Cookie, lie: str) -> None:
    """Whoever stands nowhere is told to start afresh, then hears what follows."""
    stream = talk()
    await say(place.house, stream, times=RING_FRAMES + 20)
    now = await cursor(place.house, stream)
    if lie == "below the floor":
        async with place.house.database.writing() as db:
            await db.execute(text("UPDATE stream SET floor = :floor WHERE name = :name"), _at(stream, now.position - 5))
            await db.execute(
                text("DELETE FROM entry WHERE stream = :name AND position <= :floor"), _at(stream, now.position - 5)
            )
    told = {
        "another epoch": now._replace(epoch="0123456789"),
        "below the floor": now._replace(position=now.position - 6),
        "ahead of the tip": now._replace(position=now.position + 1),
        "too far behind": now._replace(position=2),
    }[lie]

    await _flows_again(place, cookie, stream, told)


def _at(stream: Ref, floor: int) -> dict[str, object]:
    return {"name": str(stream), "floor": floor}


async def test_a_cursor_at_the_floor_needs_no_reset(place: Served, cookie: Cookie) -> None:
    """What was purged had been seen: the story goes on from there."""
    stream = talk()
    await say(place.house, stream, times=10)
    now = await cursor(place.house, stream)
    async with place.house.database.writing() as db:
        await db.execute(text("UPDATE stream SET floor = :floor WHERE name = :name"), _at(stream, 6))
        await db.execute(text("DELETE FROM entry WHERE stream = :name AND position <= :floor"), _at(stream, 6))
    async with reading(place.port, cookie, now._replace(position=6)) as page:
        await page.gets(stream, 10)

        assert page.positions(stream) == [7, 8, 9, 10]
        assert page.of("reset") == []


async def test_an_unborn_stream_is_followed_from_its_birth(place: Served, cookie: Cookie) -> None:
    """Nothing has ever been said: the first word arrives, and its place is good for coming back."""
    stream = talk()
    unborn = await cursor(place.house, stream)
    assert str(unborn) == f"{stream}@0:0"
    async with reading(place.port, cookie, unborn) as page:
        await say(place.house, stream)
        await page.gets(stream, 1)
        seen = Cursor.parse(next(event.id for event in page.events if event.type == "fragment"))
    assert seen == await cursor(place.house, stream)
    async with reading(place.port, cookie, seen) as page:
        await say(place.house, stream)
        await page.gets(stream, 2)

        assert page.of("reset") == []


async def test_a_claim_upon_an_unborn_stream_gets_a_reset(place: Served, cookie: Cookie) -> None:
    """A cursor that speaks of what never happened starts afresh."""
    stream = talk()
    await _flows_again(place, cookie, stream, Cursor(stream, "0", 5))


async def test_a_restored_backup_resets_the_pages_that_are_open(place: Served, cookie: Cookie) -> None:
    """Epochs change under a connected page: it hears so at the next heartbeat, then hears the news [R3]."""
    stream = talk()
    await say(place.house, stream, times=5)
    async with reading(place.port, cookie, await cursor(place.house, stream)) as page:
        async with place.house.database.writing() as db:
            await db.execute(text("DELETE FROM entry WHERE position > 3"))
            await db.execute(text("UPDATE stream SET position = 3 WHERE position > 3"))
            await journal.renew_epochs(db)
        await page.until(lambda page: page.of("reset"))
        await say(place.house, stream)
        await page.gets(stream, 4)

        assert page.of("reset") == [str(stream)]
        assert page.events[-1].id == str(await cursor(place.house, stream))


async def test_a_backup_restored_in_the_middle_of_a_reading_is_noticed(
    place: Served, square: Square, cookie: Cookie
) -> None:
    """What was being rendered belongs to the life before: pages hear of the new one only."""
    stream = talk()
    await say(place.house, stream, times=3)
    async with reading(place.port, cookie, await cursor(place.house, stream)) as page:
        square.gate.clear()
        await say(place.house, stream)
        await eventually(lambda: 4 in square.rendered)
        async with place.house.database.writing() as db:
            await db.execute(text("DELETE FROM entry WHERE position > 2"))
            await db.execute(text("UPDATE stream SET position = 2 WHERE position > 2"))
            await journal.renew_epochs(db)
        await page.until(lambda page: page.of("reset"))
        square.gate.set()
        await say(place.house, stream)
        await page.gets(stream, 3)

        assert page.positions(stream) == [3]
        assert page.of("reset") == [str(stream)]


async def test_a_backup_restored_in_the_middle_of_a_replay_is_noticed(
    place: Served, square: Square, cookie: Cookie
) -> None:
    """Bruno comes back just when another life begins: he starts afresh in it."""
    stream = talk()
    left = await cursor(place.house, stream)
    await say(place.house, stream, times=5)
    now = await cursor(place.house, stream)
    async with reading(place.port, cookie, now) as open_page:
        square.gate.clear()
        coming = asyncio.create_task(connect(place.port, cookie, left))
        await eventually(lambda: 1 in square.rendered)
        async with place.house.database.writing() as db:
            await db.execute(text("DELETE FROM entry WHERE position > 2"))
            await db.execute(text("UPDATE stream SET position = 2 WHERE position > 2"))
            await journal.renew_epochs(db)
        await open_page.until(lambda page: page.of("reset"))
        square.gate.set()
        page = await coming
        await say(place.house, stream)
        await page.gets(stream, 3)

        assert page.positions(stream) == [3]
        assert set(page.of("reset")) == {str(stream)}
        await page.close()


async def test_a_backup_from_before_a_stream_was_born_resets_its_pages(place: Served, cookie: Cookie) -> None:
    """The talk has never taken place: its pages start afresh, and hear it begin again."""
    stream = talk()
    await say(place.house, stream)
    async with reading(place.port, cookie, await cursor(place.house, stream)) as page:
        async with place.house.database.writing() as db:
            await db.execute(text("DELETE FROM entry"))
            await db.execute(text("DELETE FROM stream"))
        await page.until(lambda page: page.of("reset"))
        await say(place.house, stream)
        await page.gets(stream, 1)

        assert page.of("reset") == [str(stream)]


async def test_a_purge_under_open_pages_changes_nothing_for_them(place: Served, cookie: Cookie) -> None:
    """Old entries go away; whoever has read them goes on reading [R4]."""
    stream = talk()
    await say(place.house, stream, times=50)
    async with reading(place.port, cookie, await cursor(place.house, stream)) as page:
        async with place.house.database.writing() as db:
            assert await journal.purge(db, days=30, entries=10) == 40
        await say(place.house, stream)
        await page.gets(stream, 51)

        assert page.positions(stream) == [51]
        assert page.of("reset") == []


# --- without the bell [R9] ---------------------------------------------------------------------------------


async def test_a_lost_bell_is_only_late(place: Served, cookie: Cookie) -> None:
    """Something is saved and nobody rings: the heartbeat finds it."""
    stream = talk()
    async with reading(place.port, cookie, await cursor(place.house, stream)) as page:
        async with place.house.database.writing() as db:
            await journal.append(db, [journal.Record(stream, Verb.SAID, stream.id)], None)
        await page.gets(stream, 1)


async def test_a_topic_that_nobody_reads_is_forgotten(
    place: Served, cookie: Cookie, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is kept for a talk goes away some time after its last page."""
    monkeypatch.setattr("realtime.hub.IDLE_SECONDS", 0.5)
    stream = talk()
    async with reading(place.port, cookie, await cursor(place.house, stream)):
        assert str(stream) in place.hub.topics
    await eventually(lambda: str(stream) not in place.hub.topics)
