"""What a person can see in the forums."""

import pytest

from entente.rules import NotFound
from forums import queries, service
from forums.models import NewThread, Thread
from world import World


async def test_what_is_closed_leaks_nowhere(world: World) -> None:
    """Awa reads the CoPil's thread; for Bruno it is in no list, no count, no news, and not found."""
    async with world.reading() as db:
        assert (await queries.thread_for(db, world.awa, world.secret.id)).thread.id == world.secret.id
        assert {card.forum.slug: card.threads for card in await queries.forums_of(db, world.awa)} == {
            "technique": 1,
            "copil": 1,
        }

        with pytest.raises(NotFound):
            await queries.thread_for(db, world.bruno, world.secret.id)
        with pytest.raises(NotFound):
            await queries.watch_forum(db, world.bruno, world.closed.id)
        news = await queries.threads_with_news(db, world.bruno, 8)
        cards = await queries.forums_of(db, world.bruno)
    assert [thread.id for thread in news.threads] == [world.snow.id]
    assert {card.forum.slug: (card.threads, card.unread) for card in cards} == {"technique": (1, 1), "invites": (0, 0)}


async def test_news_ends_when_it_is_read(world: World) -> None:
    """Bruno has read Awa's thread; her second post makes it new again, for him and not for her."""
    async with world.working(world.bruno) as work:
        await service.mark_read(work, world.snow.id, 1)
    async with world.reading() as db:
        assert (await queries.threads_in(db, world.bruno, world.technique)).unread == set()

    await world.post(world.awa, world.snow, "Relance")
    async with world.reading() as db:
        assert (await queries.threads_in(db, world.bruno, world.technique)).unread == {world.snow.id}
        assert (await queries.threads_in(db, world.awa, world.technique)).unread == set()


async def _many(world: World, count: int) -> None:
    async with world.working(world.awa) as work:
        for number in range(count):
            await service.open_thread(work, world.technique, False, NewThread(title=f"Fil {number}", body="Bonjour"))


async def test_every_thread_is_on_one_page_and_one_only(world: World) -> None:
    """103 threads over three pages, by key: none is missed, none comes twice, the newest first."""
    await _many(world, 102)
    seen: list[queries.ThreadRow] = []
    before: str | None = None
    sizes = []
    async with world.reading() as db:
        while True:
            page = await queries.threads_in(db, world.bruno, world.technique, before)
            seen += page.threads
            sizes.append(len(page.threads))
            before = page.older
            if before is None:
                break

    assert sizes == [50, 50, 3]
    assert len({thread.id for thread in seen}) == 103
    assert [thread.order for thread in seen] == sorted(thread.order for thread in seen)
    assert seen[-1].id == world.snow.id


@pytest.mark.parametrize("key", ["", "hier", "1_2", "9" * 40 + "_00000000-0000-0000-0000-000000000000", "é_é"])
async def test_a_key_that_is_none_is_not_found(world: World, key: str) -> None:
    """An address made up by hand answers that there is nothing, whatever it holds."""
    async with world.reading() as db:
        page = await queries.threads_in(db, world.bruno, world.technique, None)
        assert len(page.threads) == 1
        if key:
            with pytest.raises(NotFound):
                await queries.threads_in(db, world.bruno, world.technique, key)


@pytest.mark.parametrize("count", [1, 3, 50])
async def test_a_list_costs_the_same_whatever_its_length(world: World, count: int) -> None:
    """The threads and their authors: two questions, for 1, 3 and 50 threads."""
    await _many(world, count - 1)
    async with world.reading() as db:
        with world.counting() as statements:
            page = await queries.threads_in(db, world.bruno, world.technique)

    assert (len(page.threads), len(statements)) == (count, 4)


async def test_a_page_of_posts_holds_the_post_it_was_asked_for() -> None:
    """Pages begin after 0, 50, 100: the fiftieth post ends the first one."""
    assert [queries.page_of(number) for number in (0, 1, 50, 51, 100, 101)] == [0, 0, 0, 50, 50, 100]


async def test_a_removed_thread_leaves_every_list(world: World) -> None:
    """Once removed, a thread is in no list, no count and no news."""
    async with world.house.database.writing() as db:
        thread = await db.get(Thread, world.snow.id)
        assert thread is not None
        thread.deleted_at = thread.created_at
        db.add(thread)

    async with world.reading() as db:
        assert (await queries.threads_in(db, world.bruno, world.technique)).threads == []
        assert (await queries.threads_with_news(db, world.bruno, 8)).threads == []
        assert await queries.thread_row(db, world.snow.id) is None
        assert [card.threads for card in await queries.forums_of(db, world.bruno)] == [0, 0]
