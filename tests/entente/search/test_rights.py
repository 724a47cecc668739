"""One finds what one may read, and nothing says that there is more."""

from sqlalchemy import delete
from sqlmodel import col

from entente.people.models import GroupMember
from entente.rights import rights_changed
from forums.models import Reading
from searching import bodies_found, caught_up
from world import World

SECRET = "Entre nous jusqu’au vote."


async def test_only_those_who_read_a_forum_find_its_words(world: World) -> None:
    """Awa sits in the CoPil; Bruno, an administrator and someone who has left find nothing of it, nor its title."""
    assert await bodies_found(world, world.awa, "vote") == [SECRET]
    for who in (world.bruno, world.camille, world.denise, world.ines, world.gone):
        assert await bodies_found(world, who, "vote") == []
        assert await bodies_found(world, who, "calendrier schéma") == []
        assert await bodies_found(world, who, "lame vote") == await bodies_found(world, who, "lame")


async def test_a_guest_finds_what_a_guest_reads(world: World) -> None:
    await world.open(world.bruno, world.invited, "Entre invités", "Une saleuse discrète.")
    await caught_up(world)
    assert await bodies_found(world, world.bruno, "saleuse") == ["Une saleuse discrète."]
    assert await bodies_found(world, world.awa, "saleuse") == []


async def test_narrowing_a_forum_removes_its_posts_from_results_at_once(world: World) -> None:
    """A4: no index is waited for, whether the forum closes or the reader leaves."""
    assert len(await bodies_found(world, world.bruno, "lame")) == 1
    async with world.house.database.writing() as db:
        forum = await db.merge(world.technique)
        forum.reading, forum.body_id = Reading.BODY, world.copil.id
    assert await bodies_found(world, world.bruno, "lame") == []
    assert len(await bodies_found(world, world.awa, "lame")) == 1


async def test_a_guest_who_leaves_finds_no_more(world: World) -> None:
    await world.open(world.bruno, world.invited, "Entre invités", "Une saleuse discrète.")
    await caught_up(world)
    async with world.working(None) as work:
        await work.db.execute(delete(GroupMember).where(col(GroupMember.person_id) == world.bruno.id))
        await rights_changed(work, world.bruno.id)
    assert await bodies_found(world, await world.again(world.bruno), "saleuse") == []


async def test_filters_open_no_door(world: World) -> None:
    """Naming the closed forum, its author or its commune finds nothing more."""
    for chosen in ({"forum": "copil"}, {"auteur": "Awa"}, {"organisation": str(world.aubrac.id)}, {"non_lus": "1"}):
        assert await bodies_found(world, world.bruno, "vote", **chosen) == []
        assert await bodies_found(world, world.awa, "vote", **chosen) == ([SECRET] if "non_lus" not in chosen else [])
