"""How the forums answer when an administrator asks who sees them and why."""

import pytest

from entente.ids import new_id
from entente.rules import NotFound
from forums.holdings import holdings
from world import World

(held,) = holdings


async def test_each_reader_has_grounds_and_a_card(world: World) -> None:
    """Awa is given the CoPil's forum and why; Bruno is given neither."""
    async with world.reading() as db:
        card = await held.card(db, world.awa, world.closed.id)
        assert (card.title, card.address) == ("CoPil", "/forums/copil")
        assert await held.reasons(db, world.awa, world.closed.id) == [
            "Elle siège dans l’instance à laquelle le forum est réservé."
        ]
        assert await held.reasons(db, world.bruno, world.closed.id) == []
        with pytest.raises(NotFound):
            await held.card(db, world.bruno, world.closed.id)
        with pytest.raises(NotFound):
            await held.card(db, world.awa, new_id())


async def test_a_moderator_has_two_grounds_in_an_open_forum(world: World) -> None:
    """Camille reads the open forum as a member, and as its moderator."""
    async with world.reading() as db:
        assert await held.reasons(db, world.camille, world.technique.id) == [
            "Le forum est ouvert à tous les membres.",
            "Elle modère ce forum.",
        ]


async def test_every_forum_is_named_in_its_order(world: World) -> None:
    """The administrator is offered all forums, those closed to them included."""
    async with world.reading() as db:
        named = await held.all(db)

    assert [title for _, title in named] == ["Technique", "CoPil", "Invités"]
