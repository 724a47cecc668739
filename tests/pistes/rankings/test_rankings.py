"""What would move, and rankings that nothing changes."""

from collections.abc import Sequence
from itertools import permutations
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlmodel import select

import deeds
from deeds import Deed, One, Pick
from entente.rules import Refused
from pistes.criteria.sets import built_in
from pistes.marks import service as marking
from pistes.marks.models import Origin
from pistes.models import TieRule
from pistes.rankings import queries, rules, service
from pistes.rankings.content import Frozen, standings
from pistes.rankings.models import FreezeForm, FrozenRanking
from pistes.rankings.rules import Variation
from registers import piste
from world import World

NOW = Variation()
DEEDS = st.tuples(st.sampled_from(deeds.ALL), st.lists(st.integers(0, 11), max_size=4))
"""What is done, and what is picked for it."""


async def _freeze(world: World, variation: Variation = NOW, title: str = "Avril") -> FrozenRanking:
    async with world.working(world.camille) as work:
        return await service.freeze(work, FreezeForm(title=title), variation)


@pytest.mark.parametrize("order", list(permutations(("potentiel", "enjeu_communautaire", "faisabilite"))), ids="-".join)
def test_the_order_of_criteria_is_the_one_asked_for(order: tuple[str, ...]) -> None:
    """Unknown keys and repetitions are left out; those that nobody named follow."""
    base = built_in("rapport_2016")
    assert Variation(order).of(base).keys == order
    assert Variation((order[0], "rien", order[0])).of(base).keys[0] == order[0]
    assert set(Variation(order[:1]).of(base).keys) == set(order)


@pytest.mark.parametrize(
    ("family", "key", "last", "kept"),
    [("rapport_2016", "potentiel", 2, [1, 2]), ("groupes_2014", "qualification", 2, [2, 3, 4])],
)
def test_a_threshold_keeps_what_is_better(family: str, key: str, last: int, kept: list[int]) -> None:
    """Whichever end of the scale is the best; what it says is read again."""
    varied = Variation(thresholds={key: last}).of(built_in(family))[key]
    assert [level.value for level in varied.levels if level.retained] == kept
    assert rules.threshold_of(varied) == last


async def test_a_variation_moves_rows_and_saves_nothing(cotech: World) -> None:
    """One mark makes « Forum » the simplest: by feasibility first it climbs, and the ranking in force is as it was."""
    async with cotech.working(cotech.camille) as work:
        await marking.give(work, await piste(cotech, "Forum"), "faisabilite", 1, Origin.IMPORTED)
    async with cotech.reading() as db:
        now, varied = await queries.varied(db, Variation(("faisabilite",), {"potentiel": 2}))
        moved = rules.moved(rules.moves(standings(now), standings(varied)))
        again, _ = await queries.varied(db, NOW)
    assert (moved[0].title, moved[0].is_aside) == ("Forum", True)
    assert [each.by for each in moved] == [2, -1, -1]
    assert [line.piste.title for line in again.lines] == ["Achats groupés", "Achats groupés", "Forum"]


@pytest.mark.parametrize("statement", ["UPDATE piste_ranking SET title = 'x'", "DELETE FROM piste_ranking"])
async def test_the_database_refuses_to_change_a_frozen_ranking(cotech: World, statement: str) -> None:
    """Neither its words nor its rows, whoever asks."""
    made = await _freeze(cotech)
    with pytest.raises(DBAPIError, match="append-only"):
        async with cotech.house.database.writing() as db:
            await db.execute(text(statement))
    async with cotech.reading() as db:
        assert (await queries.ranking_for(db, cotech.denise, made.id)).title == "Avril"


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.tuples(st.sampled_from(deeds.ALL), st.lists(st.integers(0, 11), max_size=4)), min_size=1, max_size=8)
)
async def test_a_frozen_ranking_never_changes(cotech: World, done: list[tuple[Deed, list[int]]]) -> None:
    """Whatever is done to the register afterwards, in any order: what it says, its hash, its file, its row count.

    What was frozen in the examples before is looked at again too: a year of such deeds changes nothing either.
    """
    made = await _freeze(cotech)
    before = await _frozen(cotech)
    assert made.id in before
    for deed, drawn in done:
        async with cotech.working(cotech.camille) as work:
            await deeds.done(deed, work, _picking(drawn))
        assert await _frozen(cotech) == before, deed.__name__


def _picking(drawn: Sequence[int]) -> Pick:
    """What Hypothesis draws, one after the other; the first of all once it has drawn no more."""
    left = iter(drawn)

    def pick(options: Sequence[One]) -> One:
        return options[next(left, 0) % len(options)]

    return pick


async def _frozen(world: World) -> dict[UUID, tuple[object, ...]]:
    """Every frozen ranking as it is kept, as its hash is computed again, and as its file says it."""
    async with world.reading() as db:
        found = (await db.exec(select(FrozenRanking))).all()
    return {
        each.id: (each.title, each.content, each.digest, each.row_count, said.digest, said.table.csv(), said.standings)
        for each in found
        for said in [Frozen(each.content)]
    }


async def test_two_equal_rankings_have_one_hash(cotech: World) -> None:
    """Frozen twice, the same; after a mark, another."""
    first, second = await _freeze(cotech), await _freeze(cotech, title="Mai")
    async with cotech.working(cotech.camille) as work:
        await marking.give(work, await piste(cotech, "Forum"), "potentiel", 1, Origin.COMPUTED)
    third = await _freeze(cotech)
    assert first.digest == second.digest != third.digest


async def test_only_a_secretary_freezes(cotech: World) -> None:
    """Denise does not; Inès keeps the house."""
    with pytest.raises(Refused):
        async with cotech.working(cotech.denise) as work:
            await service.freeze(work, FreezeForm(title="Avril"), NOW)
    async with cotech.working(cotech.ines) as work:
        assert (await service.freeze(work, FreezeForm(title="Avril"), Variation(tie=TieRule.DATE))).is_varied


async def test_a_variation_is_frozen_and_compared_on_screen(cotech: World) -> None:
    """The address that varies is the one that freezes; the page says what moved since, and gives its files."""
    asked = "ordre=faisabilite&ordre=potentiel&seuil-potentiel=2"
    async with cotech.browser(cotech.camille) as browser:
        page = (await browser.get(f"/pistes/sensibilite?{asked}")).text
        assert "seuil-potentiel=2" in page.partition('action="/pistes/classements?')[2][:80]
        refused = await browser.post(f"/pistes/classements?{asked}", data={"title": " "})
        assert refused.status_code == 422
        assert "Donnez un titre à ce classement." in refused.text
        here = (await browser.post(f"/pistes/classements?{asked}", data={"title": "Essai"})).headers["location"]
        page = (await browser.get(here)).text
        assert "Empreinte vérifiée" in page
        assert "Potentiel Modéré, non retenu" in page
        lines = (await browser.get(f"{here}/fichier.csv")).text
        assert (await browser.get(f"{here}/fichier.xlsx")).content[:2] == b"PK"
        assert "Essai" in (await browser.get("/pistes/classements")).text
    assert "rang;niveau;code;intitule;faisabilite;potentiel;enjeu_communautaire" in lines


async def test_odd_addresses_vary_nothing(cotech: World) -> None:
    """What nobody knows is left out."""
    async with cotech.browser(cotech.denise) as browser:
        page = await browser.get("/pistes/sensibilite?ordre=rien&seuil-x=99&seuil-potentiel=abc&egalite=lune")
    assert page.status_code == 200
    assert "Figer" not in page.text
