"""The index follows what happens, and can be made again from scratch."""

from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import delete, text, update
from sqlmodel import col, select

from entente.app import findables, rooms
from entente.clock import now
from entente.search import french, index, rebuild
from entente.search.models import SearchDocument, SearchState
from forums import queries, service
from forums.models import EditedPost, Post, Thread
from searching import bodies_found, caught_up, documents, found, rebuilt
from world import World


async def test_what_is_posted_can_be_found(world: World) -> None:
    """Awa answers; Bruno finds her words, by any form of them."""
    await world.post(world.awa, world.snow, "Deux **étraves** sont disponibles à l’atelier.")
    assert await bodies_found(world, world.bruno, "étrave") == []
    await caught_up(world)
    assert await bodies_found(world, world.bruno, "ETRAVE ateliers") == [
        "Deux **étraves** sont disponibles à l’atelier."
    ]


async def test_a_corrected_post_is_found_by_its_new_words_alone(world: World) -> None:
    said = await world.post(world.awa, world.snow, "Le chasse-neige est en panne.")
    await caught_up(world)
    assert len(await bodies_found(world, world.bruno, "panne")) == 1
    async with world.working(world.awa) as work:
        post, place = await queries.post_for(work.db, work.who, said.id)
        await service.edit_post(work, place, post, EditedPost(body="Le chasse-neige est réparé.", version=1))
    await caught_up(world)
    assert await bodies_found(world, world.bruno, "panne") == []
    assert await bodies_found(world, world.bruno, "réparation") == ["Le chasse-neige est réparé."]


async def test_what_is_withdrawn_cannot_be_found_even_before_the_index_knows(world: World) -> None:
    """A late index never shows what is gone: the question asks the post itself."""
    said = await world.post(world.awa, world.snow, "Une saleuse tractée.")
    await caught_up(world)
    assert len(await bodies_found(world, world.bruno, "saleuse")) == 1
    async with world.working(world.awa) as work:
        post, place = await queries.post_for(work.db, work.who, said.id)
        await service.delete_post(work, place, post)
    assert await bodies_found(world, world.bruno, "saleuse") == []
    await caught_up(world)
    assert said.id not in {row[1] for row in await documents(world)}


async def test_what_is_hidden_cannot_be_found_until_it_is_shown_again(world: World) -> None:
    said = await world.post(world.awa, world.snow, "Une saleuse tractée.")
    await caught_up(world)
    await _hide(world, said, service.Verb.POST_HIDDEN)
    assert await bodies_found(world, world.bruno, "saleuse") == []
    await caught_up(world)
    assert said.id not in {row[1] for row in await documents(world)}
    await _hide(world, said, service.Verb.POST_UNHIDDEN)
    await caught_up(world)
    assert await bodies_found(world, world.bruno, "saleuse") == ["Une saleuse tractée."]


async def _hide(world: World, said: Post, verb: service.Verb) -> None:
    hidden_at = now() if verb == service.Verb.POST_HIDDEN else None
    async with world.working(world.camille) as work:
        await work.db.execute(update(Post).where(col(Post.id) == said.id).values(hidden_at=hidden_at))
        work.record(queries.stream_of(said.thread_id), verb, said.id)


async def test_a_thread_that_is_removed_takes_its_posts_with_it(world: World) -> None:
    await world.post(world.bruno, world.snow, "Une saleuse tractée.")
    await caught_up(world)
    async with world.working(world.camille) as work:
        await service.delete_thread(work, await queries.thread_for(work.db, work.who, world.snow.id))
    assert await bodies_found(world, world.bruno, "saleuse") == []
    await caught_up(world)
    assert world.snow.id not in {row[3] for row in await documents(world)}


async def test_a_thread_that_moves_is_found_in_its_new_forum(world: World) -> None:
    """Bruno is a guest elsewhere: the thread that moves there leaves Denise's results at once."""
    await world.post(world.bruno, world.snow, "Une saleuse tractée.")
    await caught_up(world)
    assert len(await bodies_found(world, world.denise, "saleuse")) == 1
    async with world.working(world.camille) as work:
        await work.db.execute(
            update(Thread).where(col(Thread.id) == world.snow.id).values(forum_id=world.invited.id)
        )  # fmt: skip
        work.record(queries.stream_of(world.snow.id), service.Verb.THREAD_MOVED, world.snow.id)
    assert await bodies_found(world, world.denise, "saleuse") == []
    await caught_up(world)
    assert await bodies_found(world, world.denise, "saleuse") == []
    assert len(await bodies_found(world, world.bruno, "saleuse", forum="invites")) == 1


async def test_made_again_it_is_the_same_as_made_bit_by_bit(world: World) -> None:
    """Posts, corrections and withdrawals in any order: the journal and the command agree."""
    bodies = ["La saleuse.", "L’épandeuse, prêtée.", "Rien", "*Neige* & verglas", "> cité\n\nrépondu"]
    said = [await world.post(world.awa, world.snow, body) for body in bodies]
    async with world.working(world.awa) as work:
        for post, verb in ((said[0], "edit"), (said[1], "delete"), (said[3], "edit"), (said[3], "delete")):
            here, place = await queries.post_for(work.db, work.who, post.id)
            if verb == "edit":
                await service.edit_post(work, place, here, EditedPost(body="Corrigé, verglas.", version=here.version))
            else:
                await service.delete_post(work, place, here)
    await caught_up(world)
    bit_by_bit = await documents(world)
    async with world.house.database.writing() as db:
        await db.execute(delete(SearchDocument))
    assert await bodies_found(world, world.awa, "verglas") == []
    await rebuilt(world)
    assert await documents(world) == bit_by_bit
    assert await bodies_found(world, world.awa, "verglas") == ["Corrigé, verglas."]
    await rebuilt(world)
    assert await documents(world) == bit_by_bit


async def test_making_it_again_removes_what_no_longer_exists(world: World) -> None:
    """Leftovers, before the first, between two, and after the last, all go; searches go on meanwhile."""
    before = await documents(world)
    async with world.house.database.writing() as db:
        found_one = (await db.exec(select(SearchDocument))).first()
        assert found_one
        for id_ in ("00000000-0000-7000-8000-000000000000", "ffffffff-ffff-7fff-bfff-ffffffffffff"):
            values = found_one.model_dump(exclude={"id"}) | {"subject_id": UUID(id_)}
            db.add(SearchDocument(**values))
    assert len(await documents(world)) == len(before) + 2
    await rebuilt(world)
    assert await documents(world) == before


async def test_a_making_that_was_interrupted_goes_on_where_it_was(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The command is stopped after one batch; started again, it reads the rest and not the beginning."""
    posts, *_ = findables(rooms())
    for number in range(4):
        await world.post(world.awa, world.snow, f"Saleuse {number}")
    read: list[int] = []
    monkeypatch.setattr(index, "BATCH", 2)

    def stop(count: int) -> None:
        read.append(count)
        if len(read) == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        await rebuild.rebuild(world.house, posts, stop)
    async with world.reading() as db:
        state = await db.get_one(SearchState, posts.kind)
        assert state.reached is not None
        assert state.done_at is None
    again: list[int] = []
    await rebuild.rebuild(world.house, posts, again.append)
    assert read == [2, 2]
    assert again == [2, 0]
    assert len(await found(world, world.bruno, "saleuse")) == 1


async def test_an_index_of_another_understanding_is_behind(world: World) -> None:
    """Words that were stemmed otherwise are not found: the doctor says so, and so it does when posts are missing."""
    posts, *_ = findables(rooms())
    async with world.reading() as db:
        assert await rebuild.behind(db, posts) == 0
    async with world.house.database.writing() as db:
        await db.execute(update(SearchState).values(analysis=french.ANALYSIS - 1))
    async with world.reading() as db:
        assert await rebuild.behind(db, posts) == 2
    await rebuilt(world)
    await world.post(world.awa, world.snow, "Pas encore lue.")
    async with world.reading() as db:
        assert await rebuild.behind(db, posts) == 1


async def test_the_words_of_the_index_are_those_of_its_documents(world: World) -> None:
    """What each home keeps by hand follows what is written, corrected and removed."""
    said = await world.post(world.awa, world.snow, "Une saleuse tractée.")
    await caught_up(world)
    async with world.house.database.writing() as db:
        await db.execute(
            update(SearchDocument).where(col(SearchDocument.subject_id) == said.id).values(terms="balai neuf")
        )
    question = (
        "SELECT count(*) FROM search_words WHERE search_words MATCH :word"
        if world.house.settings.is_embedded
        else "SELECT count(*) FROM search_document WHERE search_lexemes @@ CAST(:word AS tsquery)"
    )
    async with world.reading() as db:
        counted = [(await db.execute(text(question), {"word": word})).scalar_one() for word in ("saleux", "balai")]
    assert counted == [0, 1]


async def test_time_is_what_orders_results_by_date(world: World) -> None:
    old = await world.open(world.awa, world.technique, "Ancienne saleuse", "Saleuse saleuse saleuse.")
    await world.open(world.awa, world.technique, "Autre chose", "Une saleuse.")
    async with world.house.database.writing() as db:
        await db.execute(
            update(Post).where(col(Post.thread_id) == old.id).values(created_at=now() - timedelta(days=400))
        )
    await rebuilt(world)
    assert await bodies_found(world, world.bruno, "saleuse") == ["Saleuse saleuse saleuse.", "Une saleuse."]
    newest = await found(world, world.bruno, "saleuse", by_date=True)
    assert [hit.group_id == old.id for hit in newest] == [False, True]
