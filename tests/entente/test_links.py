"""Ties between things of different rooms."""

from entente import links
from entente.ids import Ref, new_id
from world import World


async def test_a_tie_is_seen_from_both_ends_and_exists_once(world: World) -> None:
    """A piste has its thread, the thread has its piste, however often they are tied and in whatever order."""
    thread, piste = Ref("forums/thread", world.snow.id), Ref("pistes/piste", new_id())

    async with world.working(world.awa) as work:
        await links.tie(work.db, thread, piste, world.awa.id)
    async with world.working(world.bruno) as work:
        await links.tie(work.db, piste, thread, world.bruno.id)

    async with world.reading() as db:
        assert await links.of(db, thread) == [piste]
        assert await links.of(db, piste) == [thread]


async def test_an_undone_tie_is_gone_for_both(world: World) -> None:
    """Untying leaves the other ties alone."""
    thread = Ref("forums/thread", world.snow.id)
    first, second = Ref("pistes/piste", new_id()), Ref("planning/meeting", new_id())
    async with world.working(world.awa) as work:
        await links.tie(work.db, thread, first, None)
        await links.tie(work.db, thread, second, None)

    async with world.working(world.awa) as work:
        await links.untie(work.db, first, thread)

    async with world.reading() as db:
        assert await links.of(db, thread) == [second]
        assert await links.of(db, first) == []
