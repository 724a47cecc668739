"""What can be done in the forums, on a real database."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from sqlmodel import col, select

from entente.journal import Rung, since
from entente.people.models import AuditEntry
from entente.rules import Conflict, Invalid, NotFound, Refused
from entente.work import Work
from forums import queries, service
from forums.models import EditedPost, NewPost, Post, ReadMark, Thread
from forums.queries import Place, stream_of, stream_of_forum, thread_for
from forums.service import post
from world import World


async def test_a_post_is_announced_once_it_is_saved(world: World) -> None:
    """Bruno answers Awa; the bell rings after the commit, not before."""
    async with world.working(world.bruno) as work:
        place = await thread_for(work.db, world.bruno, world.snow.id)
        await post(work, place, NewPost(body="La lame est prête."))
        assert world.rung == []

    assert sorted(world.rung) == [
        Rung(str(stream_of_forum(world.technique.id)), 2),
        Rung(str(stream_of(world.snow.id)), 2),
    ]


async def test_those_who_answer_at_once_get_a_number_each(world: World) -> None:
    """Twenty answers at the same time: numbers and positions follow each other, without gap or double."""
    people = [world.awa, world.bruno, world.camille, world.denise]
    await asyncio.gather(*(world.post(people[n % 4], world.snow, f"Réponse {n}") for n in range(20)))

    async with world.reading() as db:
        numbers = (await db.exec(select(Post.number).where(Post.thread_id == world.snow.id))).all()
        entries = await since(db, str(stream_of(world.snow.id)), 0, 100)
        thread = await db.get(Thread, world.snow.id)
    assert sorted(numbers) == list(range(1, 22))
    assert [entry.position for entry in entries] == list(range(1, 22))
    assert thread is not None
    assert (thread.last_number, thread.post_count) == (21, 21)


Turn = Callable[[Work, Place], Awaitable[None]]


@pytest.mark.parametrize("turn", [service.close_thread, service.delete_thread], ids=["closed", "removed"])
async def test_a_thread_that_ended_meanwhile_takes_no_answer(world: World, turn: Turn) -> None:
    """Bruno's page shows a living thread that the moderator has just ended: his answer is refused, not lost in it."""
    async with world.reading() as db:
        seen = await thread_for(db, world.bruno, world.snow.id)
    async with world.working(world.camille) as work:
        await turn(work, await thread_for(work.db, world.camille, world.snow.id))

    with pytest.raises(Refused):
        async with world.working(world.bruno) as work:
            await post(work, seen, NewPost(body="Trop tard"))
    async with world.reading() as db:
        assert (await db.exec(select(Post.number).where(Post.thread_id == world.snow.id))).all() == [1]


async def _first(world: World) -> Post:
    async with world.reading() as db:
        return (await db.exec(select(Post).where(Post.thread_id == world.snow.id))).one()


async def test_a_correction_over_an_older_version_is_refused(world: World) -> None:
    """Awa corrects the same post in two windows: the second is told, and the first correction stands."""
    said = await _first(world)
    async with world.working(world.awa) as work:
        mine, place = await queries.post_for(work.db, world.awa, said.id)
        await service.edit_post(work, place, mine, EditedPost(body="Une lame de 3,20 m.", version=1))

    async with world.working(world.awa) as work:
        mine, place = await queries.post_for(work.db, world.awa, said.id)
        with pytest.raises(Conflict):
            await service.edit_post(work, place, mine, EditedPost(body="Autre", version=1))
    kept = await _first(world)
    assert (kept.body, kept.version) == ("Une lame de 3,20 m.", 2)
    assert kept.edited_at is not None


async def test_a_withdrawn_post_leaves_no_word_behind(world: World) -> None:
    """The moderator withdraws Awa's words: body and HTML are gone, the number stays, and the act is kept."""
    said = await _first(world)
    async with world.working(world.camille) as work:
        mine, place = await queries.post_for(work.db, world.camille, said.id)
        await service.delete_post(work, place, mine)

    gone = await _first(world)
    assert (gone.body, gone.html, gone.number, gone.version) == ("", "", 1, 2)
    async with world.reading() as db:
        acts = (await db.exec(select(AuditEntry.act).where(AuditEntry.person_id == world.camille.id))).all()
    assert acts == ["post.deleted"]


async def test_a_post_withdrawn_twice_is_counted_once(world: World) -> None:
    """Its author and the moderator withdraw the same answer: one entry, one answer less."""
    said = await world.post(world.bruno, world.snow, "Je retire")
    people = (world.bruno, world.camille)
    async with world.reading() as db:
        seen = [await queries.post_for(db, who, said.id) for who in people]
    for who, (post_, place) in zip(people, seen, strict=True):
        async with world.working(who) as work:
            await service.delete_post(work, place, post_)

    async with world.reading() as db:
        entries = await since(db, str(stream_of(world.snow.id)), 0, 100)
        thread = await db.get(Thread, world.snow.id)
    assert [entry.verb for entry in entries] == ["post.posted", "post.posted", "post.deleted"]
    assert thread is not None
    assert thread.post_count == 1


async def test_a_first_post_withdrawn_takes_no_answer_with_it(world: World) -> None:
    """Awa withdraws her question; Bruno's answer is still the one answer of the thread."""
    await world.post(world.bruno, world.snow, "Une lame de 3 m")
    said = (await _posts(world))[0]
    async with world.working(world.awa) as work:
        mine, place = await queries.post_for(work.db, world.awa, said.id)
        await service.delete_post(work, place, mine)

    async with world.reading() as db:
        row = await queries.thread_row(db, world.snow.id)
    assert row is not None
    assert row.answers == 1


async def _posts(world: World) -> list[Post]:
    async with world.reading() as db:
        query = select(Post).where(Post.thread_id == world.snow.id).order_by(col(Post.number))
        return list((await db.exec(query)).all())


async def test_an_author_cannot_remove_a_thread_answered_meanwhile(world: World) -> None:
    """Awa's page shows no answer; Bruno has just given one: his words stay."""
    async with world.reading() as db:
        seen = await thread_for(db, world.awa, world.snow.id)
    await world.post(world.bruno, world.snow, "J’arrive")

    with pytest.raises(Conflict):
        async with world.working(world.awa) as work:
            await service.delete_thread(work, seen)
    async with world.reading() as db:
        assert (await thread_for(db, world.bruno, world.snow.id)).thread.last_number == 2


async def test_a_removed_thread_is_not_found_any_more(world: World) -> None:
    """The moderator removes a thread: nobody finds it, and the act is kept."""
    async with world.working(world.camille) as work:
        await service.delete_thread(work, await thread_for(work.db, world.camille, world.snow.id))

    async with world.reading() as db:
        with pytest.raises(NotFound):
            await thread_for(db, world.awa, world.snow.id)
        acts = (await db.exec(select(AuditEntry.act))).all()
    assert acts == ["thread.deleted"]


async def test_a_read_mark_never_moves_back(world: World) -> None:
    """Bruno reads up to 3 in one window and shows 2 in another: he has read up to 3."""
    for number in (3, 2):
        async with world.working(world.bruno) as work:
            await service.mark_read(work, world.snow.id, number)

    async with world.reading() as db:
        mark = await db.get(ReadMark, (world.bruno.id, world.snow.id))
    assert mark is not None
    assert mark.number == 3


async def test_a_text_that_is_too_long_saves_nothing(world: World) -> None:
    """33 KB are refused with the figure, and no number is lost for it."""
    with pytest.raises(Invalid) as refused:
        await world.post(world.bruno, world.snow, "a" * 33 * 1024)

    assert "33\u202f792 octets" in refused.value.errors["body"]
    assert (await world.post(world.bruno, world.snow, "court")).number == 2
