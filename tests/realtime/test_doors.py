"""The doors of real time: who may open a stream, and what a refusal says."""

import asyncio
from typing import Any

import pytest
from prometheus_client import REGISTRY

from entente.ids import new_id
from entente.people.models import Person, PersonStatus
from listening import Served, Square, connect, cursor, eventually, reading, say, talk
from realtime import crowd, views
from realtime.hub import JOINS
from world import World

Cookie = dict[str, str]


async def test_a_stream_opens_with_its_own_delay(place: Served, cookie: Cookie) -> None:
    """Two connections are told to come back after different times; nothing in between may keep or join them."""
    stream = await cursor(place.house, talk())
    delays = set()
    for _ in range(4):
        async with reading(place.port, cookie, stream) as page:
            assert page.headers["content-type"].startswith("text/event-stream")
            assert page.headers["cache-control"] == "no-store"
            assert page.headers["x-accel-buffering"] == "no"
            assert "content-encoding" not in page.headers
            delays.add(page.raw.split("\n")[0])

    assert len(delays) > 1


async def test_a_rush_of_streams_leaves_connections_to_pages(
    place: Served, cookie: Cookie, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Twelve pages come back at once: four at a time ask the database, and all of them come in."""
    stream, join = talk(), place.hub.join
    now = most = 0

    async def counted(*args: Any) -> Any:
        nonlocal now, most
        now += 1
        most = max(most, now)
        await asyncio.sleep(0.02)
        try:
            return await join(*args)
        finally:
            now -= 1

    monkeypatch.setattr(place.hub, "join", counted)
    here = await cursor(place.house, stream)
    pages = await asyncio.gather(*(connect(place.port, cookie, here) for _ in range(12)))
    await say(place.house, stream)
    for page in pages:
        await page.gets(stream, 1)
        await page.close()

    assert most == JOINS


async def test_a_compressing_browser_gets_its_stream_at_once(place: Served, cookie: Cookie) -> None:
    """A stream is never compressed: it would wait for more to compress."""
    stream = talk()
    headers = {"Accept-Encoding": "gzip"}
    async with reading(place.port, cookie, await cursor(place.house, stream), headers=headers) as page:
        await say(place.house, stream)
        await page.gets(stream, 1)

        assert "content-encoding" not in page.headers


@pytest.mark.parametrize("wrong", ["", "nonsense", "square/talk/x@a:1", "square/talk@a:1", "a/b/c@d"])
async def test_a_malformed_cursor_is_a_bad_request(place: Served, cookie: Cookie, wrong: str) -> None:
    """What is not a cursor is refused with a sentence, and holds nothing."""
    page = await connect(place.port, cookie, wrong)

    assert (page.status, page.raw) == (400, "Ce n’est pas un curseur.")
    assert place.hub.pages == set()


async def test_a_malformed_last_event_id_is_a_bad_request(place: Served, cookie: Cookie) -> None:
    """A header is no better than an address."""
    stream = await cursor(place.house, talk())

    assert (await connect(place.port, cookie, stream, headers={"Last-Event-ID": "x"})).status == 400


async def test_a_stranger_is_asked_to_sign_in(place: Served, cookie: Cookie) -> None:
    """Awa's device opens a stream; without a cookie the answer is 401, and it says what to do."""
    stream = await cursor(place.house, talk())
    async with reading(place.port, cookie, stream):
        pass
    page = await connect(place.port, {}, stream)

    assert (page.status, page.raw) == (401, "Connectez-vous pour suivre cette page en direct.")


async def test_whoever_may_read_nothing_is_refused(place: Served, world: World, square: Square, cookie: Cookie) -> None:
    """Bruno is barred from the square: 403 and no page; Awa reads on."""
    square.barred.add(world.bruno.id)
    stream = await cursor(place.house, talk())
    async with reading(place.port, cookie, stream):
        page = await connect(place.port, await world.cookie(world.bruno), stream)

        assert page.status == 403
        assert {open_page.who for open_page in place.hub.pages} == {world.awa}


async def test_a_kind_that_nobody_declared_does_not_exist(place: Served, cookie: Cookie) -> None:
    """A client cannot invent a name: alone it is refused, among others it is gone, and nothing is kept of it."""
    stream = talk()
    invented = f"square/secrets/{new_id()}"
    known = await cursor(place.house, stream)

    assert (await connect(place.port, cookie, f"{invented}@0:0")).status == 403
    async with reading(place.port, cookie, known, f"{invented}@0:0") as page:
        await page.until(lambda page: page.of("gone"))
        await say(place.house, stream)
        await page.gets(stream, 1)

        assert page.of("gone") == [invented]
        assert invented not in place.hub.topics


async def test_nobody_follows_what_concerns_another(place: Served, world: World, cookie: Cookie) -> None:
    """Awa's own stream is hers; Bruno's is closed to her."""
    own = f"entente/person/{world.awa.id}@0:0"
    other = f"entente/person/{world.bruno.id}@0:0"
    async with reading(place.port, cookie, own):
        assert (await connect(place.port, cookie, other)).status == 403


async def test_sixty_four_streams_are_enough(place: Served, cookie: Cookie) -> None:
    """One connection follows sixty-four streams and refuses the sixty-fifth."""
    streams = [f"{talk()}@0:0" for _ in range(views.STREAMS + 1)]
    async with reading(place.port, cookie, *streams[:-1]):
        assert (await connect(place.port, cookie, *streams)).status == 400


async def test_last_event_id_moves_the_cursor_on(place: Served, cookie: Cookie) -> None:
    """A browser that reconnects by itself repeats its first address: the header says what it has seen [R14]."""
    stream = talk()
    first = await cursor(place.house, stream)
    await say(place.house, stream, times=5)
    now = await cursor(place.house, stream)
    seen = {"Last-Event-ID": str(now._replace(position=3))}
    async with reading(place.port, cookie, first, headers=seen) as page:
        await page.gets(stream, 5)

        assert page.positions(stream) == [4, 5]


async def test_last_event_id_never_moves_back_nor_elsewhere(place: Served, cookie: Cookie) -> None:
    """An older id, or one of a stream that the address does not name, changes nothing."""
    stream, other = talk(), talk()
    await say(place.house, stream, other, times=5)
    now = await cursor(place.house, stream)
    for seen in (now._replace(position=1), (await cursor(place.house, other))._replace(position=1)):
        headers = {"Last-Event-ID": str(seen)}
        async with reading(place.port, cookie, now._replace(position=4), headers=headers) as page:
            await page.gets(stream, 5)

            assert page.positions(stream) == [5]
            assert page.positions(other) == []


async def test_one_person_holds_so_many_connections(
    place: Served, world: World, cookie: Cookie, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The one too many is asked to come back later; another person enters; a place given back is free."""
    monkeypatch.setattr(crowd, "PER_PERSON", 3)
    stream = await cursor(place.house, talk())
    pages = [await connect(place.port, cookie, stream) for _ in range(3)]
    refused = await connect(place.port, cookie, stream)

    assert refused.status == 429
    assert 1 <= int(refused.headers["retry-after"]) <= 60
    async with reading(place.port, await world.cookie(world.bruno), stream):
        pass
    await pages.pop().close()
    await eventually(lambda: len(place.hub.pages) == 2)
    pages.append(await connect(place.port, cookie, stream))
    assert [page.status for page in pages] == [200] * 3
    for page in pages:
        await page.close()


async def test_one_address_holds_so_many_connections(
    place: Served, world: World, cookie: Cookie, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever comes next from the same address is asked to come back later."""
    monkeypatch.setattr(crowd, "PER_ADDRESS", 2)
    stream = await cursor(place.house, talk())
    async with reading(place.port, cookie, stream), reading(place.port, cookie, stream):
        refused = await connect(place.port, await world.cookie(world.bruno), stream)

        assert refused.status == 429
        assert "retry-after" in refused.headers


async def test_many_who_knock_together_are_counted_too(
    place: Served, world: World, cookie: Cookie, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ten connections of one person at the same instant: the limit holds while they are still joining."""
    monkeypatch.setattr(crowd, "PER_PERSON", 3)
    stream = await cursor(place.house, talk())
    pages = await asyncio.gather(*(connect(place.port, cookie, stream) for _ in range(10)))

    assert sorted(page.status for page in pages) == [200] * 3 + [429] * 7
    for page in pages:
        await page.close()


async def test_a_process_about_to_stop_opens_nothing(place: Served, cookie: Cookie) -> None:
    """It says when to come back, each time another delay."""
    stream = await cursor(place.house, talk())
    async with reading(place.port, cookie, stream):
        place.hub.is_closing = True
        refused = [await connect(place.port, cookie, stream) for _ in range(12)]

    assert {page.status for page in refused} == {503}
    assert len({page.headers["retry-after"] for page in refused}) > 1


async def test_a_database_that_is_away_is_waited_for(
    place: Served, square: Square, cookie: Cookie, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Opening a stream fails half-way: the answer says when to come back, and no page stays behind."""
    stream = await cursor(place.house, talk())

    async def away(*_: object) -> object:
        raise OSError("connection refused")

    monkeypatch.setattr(square.feed, "watch", away)
    refused = await connect(place.port, cookie, stream)

    assert refused.status == 503
    assert "retry-after" in refused.headers
    assert place.hub.pages == set()
    assert place.hub.crowd.here("127.0.0.1") == 0


async def test_a_suspended_person_opens_nothing(place: Served, world: World, cookie: Cookie) -> None:
    """The device is known, the account is not active any more."""
    stream = await cursor(place.house, talk())
    async with reading(place.port, cookie, stream):
        pass
    async with place.house.database.writing() as db:
        person = await db.get_one(Person, world.awa.id)
        person.status = PersonStatus.SUSPENDED

    assert (await connect(place.port, cookie, stream)).status == 401


async def test_figures_move(place: Served, cookie: Cookie) -> None:
    """Connections, latency, replays, resets, frames behind and reconnections are counted [R20]."""

    def figure(name: str, **labels: str) -> float:
        return REGISTRY.get_sample_value(f"entente_{name}", labels) or 0.0

    names = ("live_latency_seconds_count", "live_replay_entries_sum", "live_behind_frames_sum")
    before = [figure(name) for name in names]
    again, resets = figure("live_reconnections_total"), figure("live_resets_total", cause="epoch")
    stream = talk()
    first = await cursor(place.house, stream)
    await say(place.house, stream, times=4)
    now = await cursor(place.house, stream)
    async with reading(place.port, cookie, first) as page:
        assert figure("live_connections") == 1
        await page.gets(stream, 4)
    async with reading(place.port, cookie, now._replace(epoch="other"), headers={"Last-Event-ID": str(now)}) as page:
        pass
    async with reading(place.port, cookie, now._replace(epoch="other")) as page:
        await page.until(lambda page: page.of("reset"))
    await eventually(lambda: figure("live_connections") == 0)

    latency, replayed, behind = (figure(name) - old for name, old in zip(names, before, strict=True))
    assert latency == 1
    assert (replayed, behind) == (4, 4)
    assert figure("live_reconnections_total") == again + 1
    assert figure("live_resets_total", cause="epoch") == resets + 1
