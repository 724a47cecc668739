"""Who hears what live: a stream is refused, replayed and cut as its page would be."""

import asyncio

import pytest
from security.estate import LOST_WORDS, SECRET_WORDS, Estate
from security.streams import Event, following
from sqlalchemy import update
from sqlmodel import col

from entente.clock import today
from entente.people.models import GroupMember, Seat
from entente.rights import rights_changed, stream_of_person
from forums import queries

STRANGERS = ["bruno", "camille", "denise", "gone", "ines"]
STREAMS = ["thread", "forum", "thread from the start", "forum from the start"]
NEWS = "Belette"
CUT_SECONDS = 5
"""How long a right that was withdrawn may still be used (realtime.md, R19)."""


async def test_whoever_may_read_hears_it(estate: Estate) -> None:
    """Awa follows the closed forum and its thread from the start: she hears what was said, then what is said."""
    cookie = await estate.world.cookie(estate.world.awa)
    cursors = [estate.cursors["thread from the start"], estate.cursors["forum from the start"]]
    async with following(estate.world.app, cookie, *cursors) as line:
        assert line.status == 200
        await line.until("fragment")
        await estate.world.post(estate.world.quitterie, estate.thread, NEWS)
        await _heard(line, NEWS)

    heard = line.received.decode()
    assert [word for word in ("title", "post", "answer") if SECRET_WORDS[word] not in heard] == []
    assert [word for word in LOST_WORDS.values() if word in heard] == []


async def _heard(line, word: str) -> None:  # type: ignore[no-untyped-def]
    async with asyncio.timeout(30):
        while word not in line.received.decode():
            await asyncio.sleep(0.01)


@pytest.mark.parametrize("person", STRANGERS)
async def test_nobody_else_may_follow_or_replay_it(estate: Estate, person: str) -> None:
    """Someone else asks for each stream of the closed forum, from its start or its end: 403, and not a word."""
    cookie = await estate.world.cookie(estate.world.people[person])
    for name in STREAMS:
        async with following(estate.world.app, cookie, estate.cursors[name]) as line:
            await estate.world.post(estate.world.awa, estate.thread, NEWS)
            assert (name, line.status) == (name, 403)
            assert NEWS not in line.received.decode()
            assert line.events() == []


async def test_a_stranger_follows_nothing(estate: Estate) -> None:
    """Nobody is signed in: 401, whatever is asked for."""
    for name in STREAMS:
        async with following(estate.world.app, {}, estate.cursors[name]) as line:
            assert (line.status, line.events()) == (401, [])


@pytest.mark.parametrize("person", STRANGERS)
async def test_a_closed_stream_among_open_ones_gives_nothing(estate: Estate, person: str) -> None:
    """Someone follows what is theirs and asks for the rest beside it, « seen up to » included: the rest is gone."""
    who = estate.world.people[person]
    mine = f"{stream_of_person(who.id)}@0:0"
    closed = [estate.cursors["thread from the start"], estate.cursors["forum from the start"]]
    async with following(
        estate.world.app, await estate.world.cookie(who), mine, *closed, last=estate.cursors["thread from the start"]
    ) as line:
        assert line.status == 200
        await line.until("gone")
        await estate.world.post(estate.world.awa, estate.thread, NEWS)
        await estate.world.open(estate.world.awa, estate.forum, NEWS, NEWS)
        await asyncio.sleep(0.1)

    streams = {cursor.partition("@")[0] for cursor in closed}
    assert {event for event in line.events() if event.kind == "gone"} == {Event("gone", name) for name in streams}
    heard = line.received.decode()
    assert [word for word in (NEWS, *SECRET_WORDS.values(), *LOST_WORDS.values()) if word in heard] == []


async def test_what_concerns_one_person_is_heard_by_them_alone(estate: Estate) -> None:
    """Awa follows her own stream; Bruno, who knows her id, may not."""
    stream = f"{stream_of_person(estate.world.awa.id)}@0:0"
    async with following(estate.world.app, await estate.world.cookie(estate.world.awa), stream) as line:
        assert line.status == 200
    async with following(estate.world.app, await estate.world.cookie(estate.world.bruno), stream) as line:
        assert (line.status, line.events()) == (403, [])


async def test_a_stranger_does_not_make_it_look_as_if_he_wrote(estate: Estate) -> None:
    """Bruno says that he writes in the closed thread, which Awa follows: she hears of Quitterie alone."""
    stream = str(queries.stream_of(estate.thread.id))
    async with following(
        estate.world.app, await estate.world.cookie(estate.world.awa), estate.cursors["thread"]
    ) as line:
        async with estate.world.browser(estate.world.bruno) as browser:
            assert (await browser.post("/live/frappe", data={"stream": stream})).status_code == 404
        async with estate.world.browser(estate.world.quitterie) as browser:
            assert (await browser.post("/live/frappe", data={"stream": stream})).status_code == 204
        heard = await line.until("typing")
    assert ("Quitterie" in heard.data, "Bruno" in line.received.decode()) == (True, False)


async def test_a_seat_that_ends_takes_everything_with_it(estate: Estate) -> None:
    """Awa's seat ends while her page is open: its streams go at once, and so do its page, its card and its news."""
    world = estate.world
    addresses = [f"/forums/fils/{estate.thread.id}", f"/forums/{estate.forum.slug}"]
    async with (
        world.browser(world.awa) as browser,
        following(world.app, await world.cookie(world.awa), estate.cursors["thread"], estate.cursors["forum"]) as line,
    ):
        assert [(await browser.get(address)).status_code for address in addresses] == [200, 200]

        async with world.working(world.ines) as work:
            ended = update(Seat).where(col(Seat.holder_id) == world.awa.id)
            await work.db.execute(ended.values(until=today()))
            await rights_changed(work, world.awa.id)
        await line.until("gone", CUT_SECONDS)
        await world.post(world.quitterie, estate.thread, NEWS)
        await asyncio.sleep(0.1)

        assert [(await browser.get(address)).status_code for address in addresses] == [404, 404]
        pages = "".join([(await browser.get(address)).text for address in ("/", "/forums")])
    gone = {event.data for event in line.events() if event.kind == "gone"}
    assert gone == {estate.cursors[name].partition("@")[0] for name in ("thread", "forum")}
    assert NEWS not in line.received.decode()
    assert [word for word in (NEWS, *SECRET_WORDS.values()) if word in pages] == []


async def test_a_guest_who_is_shown_out_is_out(estate: Estate) -> None:
    """Inès takes Bruno out of the guests of a forum: his open page, his lists and its address close at once."""
    world = estate.world
    async with world.working(world.awa) as work:
        work.db.add(GroupMember(group_id=world.guests.id, person_id=world.awa.id))
    thread = await world.open(await world.again(world.awa), world.invited, SECRET_WORDS["title"], SECRET_WORDS["post"])
    address = f"/forums/fils/{thread.id}"
    async with (
        world.browser(world.bruno) as browser,
        following(world.app, await world.cookie(world.bruno), f"{queries.stream_of(thread.id)}@0:0") as line,
    ):
        assert SECRET_WORDS["title"] in (await browser.get("/")).text
        assert (await browser.get(address)).status_code == 200

        async with world.browser(world.ines) as keeper:
            door = f"/administration/groupes/{world.guests.id}/membres/{world.bruno.id}/depart"
            assert (await keeper.post(door)).status_code == 303
        await line.until("gone", CUT_SECONDS)
        await world.post(await world.again(world.awa), thread, NEWS)
        await asyncio.sleep(0.1)

        assert (await browser.get(address)).status_code == 404
        assert SECRET_WORDS["title"] not in (await browser.get("/")).text
        assert world.invited.title not in (await browser.get("/forums")).text
    assert NEWS not in line.received.decode()


async def test_a_thread_that_is_deleted_leaves_no_page(estate: Estate) -> None:
    """Awa's lonely thread is deleted: its page, its posts and its row in every list are gone for all."""
    world = estate.world
    thread = await world.open(world.awa, world.technique, "Bouquetin", "Bouquetin aussi.")
    async with world.browser(world.bruno) as browser:
        assert "Bouquetin" in (await browser.get("/")).text
        async with world.browser(world.awa) as author:
            assert (await author.post(f"/forums/fils/{thread.id}/suppression")).status_code == 303
        shown = [await browser.get(address) for address in ("/", "/forums", "/forums/technique")]
        assert ["Bouquetin" in page.text for page in shown] == [False, False, False]
        assert (await browser.get(f"/forums/fils/{thread.id}")).status_code == 404
        async with world.reading() as db:
            remaining, _ = await queries.cursors_of(db, thread.id)
    async with following(world.app, await world.cookie(world.bruno), str(remaining)) as line:
        assert line.status == 403


async def test_a_session_that_is_ended_closes_its_pages(estate: Estate) -> None:
    """Awa signs her other device out: the page open there is told so, and hears no more."""
    world = estate.world
    cookie = await world.cookie(world.awa)
    async with following(world.app, cookie, estate.cursors["thread"]) as line:
        async with world.browser(world.awa) as browser:
            await browser.post("/profil/appareils/autres/fermeture")
        await line.until("refused", CUT_SECONDS)
        await world.post(world.quitterie, estate.thread, NEWS)
        await asyncio.sleep(0.1)
    assert (line.is_ended, NEWS in line.received.decode()) == (True, False)
