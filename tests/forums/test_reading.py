"""How far one has read: forward by reading, not too often; backward by hand; the same on every device."""

from datetime import timedelta

import pytest
from sqlmodel import select

from entente import journal
from entente.live import Fragment
from entente.people.who import Who
from entente.rights import person_feed, stream_of_person
from entente.web import templates
from forums import queries
from forums.models import ReadMark
from forums.reading import service
from forums.reading.marks import Marks
from forums.reading.models import Reach
from forums.reading.service import Verb
from world import World


async def number(world: World, who: Who) -> int:
    async with world.reading() as db:
        return await queries.read_up_to(db, who, world.snow.id)


async def told(world: World, who: Who) -> list[Fragment]:
    """What this person's other devices received."""
    async with world.reading() as db:
        entries = await journal.since(db, str(stream_of_person(who.id)), 0, 100)
        return [found for entry in entries if (found := await person_feed.fragment(db, entry))]


async def say(world: World, count: int) -> None:
    for each in range(count):
        await world.post(world.awa, world.snow, f"Réponse {each}")


async def test_opening_a_thread_is_told_to_ones_other_devices(world: World) -> None:
    """Bruno opens the thread: his own stream says how far, and nobody else's does."""
    await say(world, 2)
    async with world.browser(world.bruno) as browser:
        await browser.get(f"/forums/fils/{world.snow.id}")
    assert await number(world, world.bruno) == 3
    (fragment,) = await told(world, world.bruno)
    assert (fragment.put, fragment.to) == ("beforeend", "marks")
    assert f'id="mark-{world.snow.id}"' in templates.root(fragment)
    assert 'data-number="3"' in templates.root(fragment)
    assert await told(world, world.awa) == []


async def test_the_fragment_pushed_is_the_one_in_the_list(world: World) -> None:
    """Byte for byte, so that a list left open and a fresh one say the same."""
    async with world.browser(world.bruno) as browser:
        await browser.get(f"/forums/fils/{world.snow.id}")
        page = (await browser.get("/forums/technique")).text
    (fragment,) = await told(world, world.bruno)
    assert templates.root(fragment).strip() in page


async def test_a_mark_moves_every_five_seconds_at_most(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ten posts are read one after the other: one write at once, one for all that followed, and none is lost."""
    monkeypatch.setattr(service, "EVERY", timedelta(seconds=0.5))
    await say(world, 9)
    marks = Marks(world.house)
    for reached in range(1, 11):
        await marks.reach(world.bruno, world.snow.id, Reach(reached))
    assert await number(world, world.bruno) == 1
    await marks.settle()
    assert await number(world, world.bruno) == 10
    assert len(await told(world, world.bruno)) == 2


async def test_two_processes_count_together(world: World) -> None:
    """What another process has just written is too recent for this one to write again."""
    await say(world, 2)
    async with world.working(world.bruno) as work:
        assert await service.reach(work, world.snow.id, Reach(1))
    async with world.working(world.bruno) as work:
        assert not await service.reach(work, world.snow.id, Reach(2))
    assert await number(world, world.bruno) == 1


async def test_unread_from_here_lasts_until_the_thread_is_opened_again(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Bruno keeps the second post for later: a page left open does not undo it, opening the thread does."""
    monkeypatch.setattr(service, "EVERY", timedelta(0))
    await say(world, 2)
    async with world.reading() as db:
        second = (await queries.post_keys(db, world.snow.id, 0))[1]
    async with world.browser(world.bruno) as browser:
        await browser.get(f"/forums/fils/{world.snow.id}")
        answer = await browser.post(f"/forums/messages/{second.id}/non-lu")
        assert (answer.status_code, answer.headers["location"]) == (303, "/forums/technique")
        assert "est non lu pour vous à partir du message 2." in (await browser.get("/forums/technique")).text
        assert await number(world, world.bruno) == 1

        await say(world, 1)
        await browser.post(f"/forums/fils/{world.snow.id}/lecture", data={"number": "4"})
        assert await number(world, world.bruno) == 1

        page = await browser.get(f"/forums/fils/{world.snow.id}?depuis=non-lus")
        before, _, after = page.text.partition('id="nouveaux"')
        assert "Message 1," in before
        assert "Message 2," in after
        assert await number(world, world.bruno) == 4


async def test_what_was_read_before_does_not_undo_what_is_kept_for_later(world: World) -> None:
    """A reading that waits its turn is older than the hand that held the mark back: it is forgotten."""
    await say(world, 2)
    async with world.reading() as db:
        second = (await queries.post_keys(db, world.snow.id, 0))[1]
    opened = Reach(3, opens=True)
    async with world.working(world.bruno) as work:
        post, _ = await queries.post_for(work.db, world.bruno, second.id)
        await service.hold_back(work, post)
    async with world.working(world.bruno) as work:
        assert not await service.reach(work, world.snow.id, opened)
    assert await number(world, world.bruno) == 1


async def test_answering_is_having_read(world: World) -> None:
    """Bruno keeps the thread for later, then answers it: nothing is unread any more."""
    async with world.reading() as db:
        first = await queries.first_post(db, world.snow.id)
    async with world.working(world.bruno) as work:
        await service.hold_back(work, first)
    await world.post(world.bruno, world.snow, "Finalement, oui.")
    async with world.reading() as db:
        (mark,) = [m for m in await db.exec(select(ReadMark)) if m.person_id == world.bruno.id]
    assert (mark.number, mark.held_at) == (2, None)


async def test_the_list_says_what_is_read(world: World) -> None:
    """A thread that is read has its mark in the list, one that is not has none."""
    other = await world.open(world.awa, world.technique, "Sel", "Combien ?")
    async with world.browser(world.bruno) as browser:
        await browser.get(f"/forums/fils/{world.snow.id}")
        page = (await browser.get("/forums/technique")).text
    assert f'id="mark-{world.snow.id}"' in page
    assert f'id="mark-{other.id}"' not in page
    assert str(Verb.MARK_MOVED) == "mark.moved"
