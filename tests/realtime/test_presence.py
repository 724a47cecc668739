"""Presence and typing: rung, never recorded."""

import asyncio
import json
from collections.abc import Sequence

import httpx
import pytest
from sqlalchemy import func, select
from sqlmodel import col

from entente.ids import Ref, new_id
from entente.journal import Entry
from listening import Reader, Served, Square, cursor, reading, talk
from world import BASE, World

Cookie = dict[str, str]
BESIDE_REDIS = pytest.mark.parametrize("home", [pytest.param("postgres", marks=pytest.mark.redis)], indirect=True)


async def types(place: Served, cookie: Cookie, stream: Ref | str) -> int:
    """Someone writes there; returns the status of the answer."""
    headers = {"Host": BASE.removeprefix("http://"), "Sec-Fetch-Site": "same-origin"}
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{place.port}", headers=headers, cookies=cookie) as client:
        return (await client.post("/live/frappe", data={"stream": str(stream)})).status_code


def counts(page: Reader) -> list[int]:
    """How many readers a page was told of, in order."""
    return [json.loads(data)["count"] for data in page.of("presence")]


async def see(count: int, *pages: Reader) -> None:
    """Every page shows that many readers."""
    for page in pages:
        await page.until(lambda page: counts(page)[-1:] == [count])


async def entries(place: Served) -> int:
    """How long the whole journal is."""
    async with place.house.database.reading() as db:
        return int((await db.execute(select(func.count(col(Entry.position))))).scalar_one())


async def test_readers_are_counted_once_per_person(place: Served, world: World, cookie: Cookie) -> None:
    """Awa reads on two devices and Bruno on one: two people; Bruno leaves: one."""
    start = await cursor(place.house, talk())
    async with reading(place.port, cookie, start) as desk, reading(place.port, await world.cookie(world.awa), start):
        await see(1, desk)
        async with reading(place.port, await world.cookie(world.bruno), start) as bruno:
            await see(2, desk, bruno)
        await see(1, desk)

        assert counts(desk) == [1, 2, 1]


@BESIDE_REDIS
async def test_readers_are_counted_once_across_processes(pair: Sequence[Served], world: World, cookie: Cookie) -> None:
    """Awa reads in two processes, Bruno in one of them; each process knows of all, and forgets who leaves."""
    one, two = pair
    start = await cursor(one.house, talk())
    async with reading(one.port, cookie, start) as here, reading(two.port, cookie, start) as there:
        await see(1, here, there)
        async with reading(two.port, await world.cookie(world.bruno), start) as bruno:
            await see(2, here, there, bruno)
        await see(1, here, there)


@BESIDE_REDIS
async def test_a_process_that_falls_silent_is_forgotten(
    pair: Sequence[Served], world: World, cookie: Cookie, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Bruno's process dies without a word: after a while he is not counted any more."""
    monkeypatch.setattr("realtime.presence.LASTS", 3.0)
    monkeypatch.setattr("realtime.presence.RENEW", 1.0)
    one, two = pair
    start = await cursor(one.house, talk())
    async with (
        reading(one.port, cookie, start) as awa,
        reading(two.port, await world.cookie(world.bruno), start),
    ):
        await see(2, awa)
        monkeypatch.setattr(two.hub, "whisper", lambda message: None)
        await see(1, awa)


async def test_nobody_reads_what_was_left(place: Served, cookie: Cookie) -> None:
    """After the last reader nothing remains to count."""
    stream = talk()
    async with reading(place.port, cookie, await cursor(place.house, stream)) as page:
        await see(1, page)
    await asyncio.sleep(0.05)

    assert place.hub.presence.count(str(stream)) == 0


async def test_those_who_read_see_who_is_writing(place: Served, world: World, cookie: Cookie) -> None:
    """Awa writes: Bruno sees her name; the journal knows nothing of it."""
    stream = talk()
    start = await cursor(place.house, stream)
    before = await entries(place)
    async with reading(place.port, await world.cookie(world.bruno), start) as bruno:
        assert await types(place, cookie, stream) == 204
        await bruno.until(lambda page: page.of("typing"))

        [said] = bruno.of("typing")
        assert json.loads(said) == {"stream": str(stream), "id": str(world.awa.id), "name": "Awa Diallo"}
    assert await entries(place) == before
    assert await cursor(place.house, stream) == start


@BESIDE_REDIS
async def test_writing_is_seen_in_other_processes(pair: Sequence[Served], world: World, cookie: Cookie) -> None:
    """Awa writes in one process, Bruno reads in the other."""
    one, two = pair
    stream = talk()
    async with reading(two.port, await world.cookie(world.bruno), await cursor(one.house, stream)) as bruno:
        async with asyncio.timeout(30):
            while not bruno.of("typing"):
                assert await types(one, cookie, stream) == 204
                await asyncio.sleep(0.2)


async def test_many_keystrokes_ring_once(place: Served, world: World, cookie: Cookie) -> None:
    """Awa types fast, then Bruno: one sign for each."""
    stream = talk()
    bruno = await world.cookie(world.bruno)
    async with reading(place.port, bruno, await cursor(place.house, stream)) as page:
        for _ in range(5):
            await types(place, cookie, stream)
        await types(place, bruno, stream)
        await page.until(lambda page: len(page.of("typing")) == 2)

        assert [json.loads(said)["id"] for said in page.of("typing")] == [str(world.awa.id), str(world.bruno.id)]


async def test_nobody_writes_where_they_may_not_read(
    place: Served, world: World, square: Square, cookie: Cookie
) -> None:
    """Bruno is barred: for him the square does not exist; nor does any invented place, for anybody."""
    stream = talk()
    square.barred.add(world.bruno.id)
    assert await types(place, cookie, stream) == 204
    bruno = await world.cookie(world.bruno)

    assert await types(place, bruno, stream) == 404
    for wrong in (f"square/secrets/{new_id()}", "nonsense", f"entente/person/{world.awa.id}"):
        assert await types(place, cookie, wrong) == 404


async def test_who_writes_cannot_forge_an_event(place: Served, world: World, cookie: Cookie) -> None:
    """A name full of line ends stays one line of data."""
    stream = talk()
    async with reading(place.port, cookie, await cursor(place.house, stream)) as page:
        forged = "A\n\nevent: refused\ndata: x\r\r"
        place.hub.whisper({"kind": "typing", "stream": str(stream), "id": str(world.bruno.id), "name": forged})
        await page.until(lambda page: page.of("typing"))

        assert json.loads(page.of("typing")[0])["name"] == forged
        assert page.of("refused") == []


async def keep_discreet(world: World, hides: bool) -> None:
    """Inès says on the screen of Brioude whether its people are seen."""
    address = f"/administration/organisations/{world.brioude.id}/fiche"
    async with world.browser(world.ines) as browser:
        form = (await browser.get(address)).text
        mark = form.partition('name="mark" value="')[2].partition('"')[0]
        said = {"name": "Brioude", "short_name": "Brioude", "kind": "commune", "hue": "30", "mark": mark}
        answer = await browser.post(address, data=said | ({"hides_presence": "1"} if hides else {}))
        assert answer.status_code == 303
        assert ("checked" in (await browser.get(address)).text) is hides


async def test_an_organisation_may_keep_its_people_unseen(place: Served, world: World, cookie: Cookie) -> None:
    """Brioude shows neither that Bruno reads nor that he writes; he still sees the others."""
    await keep_discreet(world, True)
    stream = talk()
    start = await cursor(place.house, stream)
    bruno = await world.cookie(world.bruno)
    async with reading(place.port, cookie, start) as awa, reading(place.port, bruno, start) as his:
        await see(1, awa, his)
        assert await types(place, bruno, stream) == 204
        assert await types(place, cookie, stream) == 204
        await awa.until(lambda page: page.of("typing"))

        assert counts(awa)[-1] == 1
        assert [json.loads(said)["id"] for said in awa.of("typing")] == [str(world.awa.id)]


async def test_pages_that_are_open_learn_that_they_are_unseen(
    place: Served, world: World, cookie: Cookie, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Bruno reads when Brioude becomes discreet, then open again: he is counted no more, then counted again."""
    monkeypatch.setattr("realtime.presence.RENEW", 0.5)
    start = await cursor(place.house, talk())
    async with reading(place.port, cookie, start) as awa, reading(place.port, await world.cookie(world.bruno), start):
        await see(2, awa)
        await keep_discreet(world, True)
        await see(1, awa)
        await keep_discreet(world, False)
        await see(2, awa)
