"""Three hundred posts and forty questions: the same ten first answers on both homes, and those that were agreed."""

import json

from searching import FOLDER, ordered, tell_corpus
from world import World

FIRST = 10
AGREED: dict[str, list[str]] = json.loads((FOLDER / "agreed.json").read_text("utf-8"))
"""For each question, its first answers in order, as « title, number »."""


async def answers(world: World) -> dict[str, list[str]]:
    names = await tell_corpus(world, world.technique)
    assert len(names) == 300
    return {
        question: [names[each.subject_id] for each in (await ordered(world, world.awa, question))[:FIRST]]
        for question in AGREED
    }


async def test_the_first_ten_answers_are_those_that_were_agreed(world: World) -> None:
    """On SQLite as on PostgreSQL."""
    assert len(AGREED) == 40
    assert await answers(world) == AGREED


async def test_the_way_a_word_is_written_does_not_matter(world: World) -> None:
    """Capitals, accents, plurals, elisions and conjugations lead to the same posts."""
    await tell_corpus(world, world.technique)
    for one, other in (
        ("sel de déneigement", "SEL DENEIGEMENT"),
        ("l’hiver", "hivers"),
        ("nacelle", "nacelles"),
        ("équipe", "d'equipes"),
        ("livrés", "livrée"),
        ("électricité", "electricite"),
        ("marché", "des marchés"),
        ("travaux", "un travail"),
        ("élu", "ÉLUES"),
    ):
        first, second = [await ordered(world, world.awa, typed) for typed in (one, other)]
        assert first
        assert first == second, (one, other)
