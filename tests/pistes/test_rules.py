"""The sieve, the ranking and the texts, against what the source prints."""

import csv
from collections.abc import Mapping
from datetime import date
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

import pistes
from pistes.criteria.models import Criteria, Criterion, Direction, Level
from pistes.criteria.rules import sieve
from pistes.criteria.sets import BUILT_IN, built_in
from pistes.models import TieRule
from pistes.ranking.rules import Entrant, displaced, ranked, runs
from pistes.texts.models import Claim, Comparison
from pistes.texts.rules import check
from pistes.tree.rules import cycle_in
from pistes.words import key_of

DEMO = Path(pistes.__file__).parent / "demo"
REPORT = built_in("rapport_2016")
GROUPS = built_in("groupes_2014")


def printed() -> list[dict[str, str]]:
    """The forty rows of annex 2, as they are printed."""
    return list(csv.DictReader((DEMO / "pistes_annexe2.csv").read_text("utf-8").splitlines()))


def marks(potentiel: int, enjeu: int, faisabilite: int) -> dict[str, int]:
    return {"potentiel": potentiel, "enjeu_communautaire": enjeu, "faisabilite": faisabilite}


def marks_of(row: Mapping[str, str]) -> dict[str, int]:
    return {key: int(row[key]) for key in REPORT.keys}


# The sieve.


@pytest.mark.parametrize(
    ("levels", "reasons"),
    [
        ((3, 2, 3), ("Potentiel Modéré et Faisabilité Complexe",)),
        ((2, 2, 3), ()),
        ((3, 2, 2), ()),
        ((4, 1, 1), ("Potentiel niveau\u00a04, non retenu",)),
        ((4, 3, 1), ("Potentiel niveau\u00a04, non retenu", "Enjeu communautaire niveau\u00a03, non retenu")),
        ((1, 1, 9), ("Faisabilité\u00a0: 9 est hors de l’échelle (1 à 4)",)),
    ],
    ids=str,
)
def test_each_exclusion_says_why(levels: tuple[int, int, int], reasons: tuple[str, ...]) -> None:
    """Retained levels, forbidden combinations and scales, each in its own words."""
    assert sieve(marks(*levels), REPORT).reasons == reasons


def test_the_forty_rows_pass() -> None:
    """What the report retains goes through its own sieve."""
    rows = printed()
    assert len(rows) == 40
    assert all(sieve(marks_of(row), REPORT).passes for row in rows)


def test_what_is_not_marked_is_missing_and_not_set_aside() -> None:
    """A piste that nobody has judged is no worse for it."""
    found = sieve({"potentiel": 1}, REPORT)
    assert found.passes
    assert found.missing == ("Enjeu communautaire", "Faisabilité")


@pytest.mark.parametrize("family", BUILT_IN)
def test_the_sets_of_the_sources_load_without_code(family: str) -> None:
    """Two documents, of which the second counts upwards and names no level."""
    criteria = built_in(family)
    assert Criteria.model_validate(criteria.model_dump(mode="json")) == criteria
    if family == "groupes_2014":
        assert [(each.direction, each.scale) for each in criteria.criteria] == [("high", "0 à 4"), ("high", "0 à 4+")]
        assert not any(level.label for each in criteria.criteria for level in each.levels)


def test_a_set_that_contradicts_itself_is_refused() -> None:
    """Levels go up, keys are told apart, and combinations name what exists."""
    levels = (Level(value=1), Level(value=2))
    one = Criterion(key="one", name="Un", levels=levels)
    for wrong in (
        {"title": "x", "criteria": [one, one]},
        {"title": "x", "criteria": [one], "forbidden": [{"levels": {"one": 3}}]},
        {"title": "x", "criteria": [{"key": "one", "name": "Un", "levels": [levels[1], levels[0]]}]},
    ):
        with pytest.raises(ValidationError):
            Criteria.model_validate(wrong)


# The ranking.


def _entrants() -> list[Entrant[int]]:
    rows = printed()
    tree = _order_of_appearance()
    places = {
        id(row): (tree.index((row["objectif"], _first_declinaison(row), key_of(row["intitule"])))) for row in rows
    }
    return [Entrant(number, marks_of(row), places[id(row)], None, number) for number, row in enumerate(rows, start=1)]


def _first_declinaison(row: Mapping[str, str]) -> str:
    said = row["declinaison"].replace("efficacité", "efficience")
    return said if said.startswith("Créer") else said.partition(" Créer un Centre")[0]


def _order_of_appearance() -> list[tuple[str, str, str]]:
    """Annex 1 as one reads it; the branch whose leaves are lost (CTC) holds what annex 2 puts there, in its order."""
    found: list[tuple[str, str, str]] = []
    lost = [row for row in printed() if row["declinaison"].startswith("Créer un Centre")]
    for row in csv.DictReader((DEMO / "pistes_annexe1.csv").read_text("utf-8").splitlines()):
        if row["piste"]:
            found.append((row["objectif"], row["declinaison"], key_of(row["piste"])))
        else:
            found += [(each["objectif"], each["declinaison"], key_of(each["intitule"])) for each in lost]
    return found


def test_the_printed_order_is_found_again_forty_of_forty() -> None:
    """By Potentiel, then Enjeu, then Faisabilité, in fourteen levels; between equals, as it was printed."""
    found = ranked(reversed(_entrants()), REPORT, TieRule.MANUAL)
    assert [each.name for each, _ in found] == list(range(1, 41))
    assert [placed.place for _, placed in found] == list(range(1, 41))
    assert {placed.level for _, placed in found} == set(range(1, 15))
    alone = [each.name for each, placed in found if not placed.is_tied]
    assert alone == [14, 35, 40]


def test_by_the_order_of_the_tree_five_rows_are_displaced() -> None:
    """The source says « par ordre d’apparition dans la vue d’ensemble »: five rows do not follow it."""
    found = [each.name for each, _ in ranked(_entrants(), REPORT, TieRule.TREE)]
    places = displaced(found, list(range(1, 41)))
    assert places == [5, 6, 11, 12, 13]
    assert runs(places) == "5–6 et 11–13"


def test_the_date_decides_between_equals_and_the_undated_come_last() -> None:
    """Then the tree, so that the order is always the same."""
    rows = [
        Entrant("undated", marks(1, 1, 1), 0),
        Entrant("late", marks(1, 1, 1), 1, date(2016, 2, 1)),
        Entrant("early", marks(1, 1, 1), 2, date(2015, 9, 24)),
        Entrant("best of none", {}, 3),
    ]
    found = ranked(rows, REPORT, TieRule.DATE)
    assert [each.name for each, _ in found] == ["early", "late", "undated", "best of none"]
    assert [placed.level for _, placed in found] == [1, 1, 1, None]


@st.composite
def _any_criteria(draw: st.DrawFn) -> Criteria:
    made = []
    for number in range(draw(st.integers(1, 4))):
        values = sorted(draw(st.sets(st.integers(0, 9), min_size=2, max_size=5)))
        direction = draw(st.sampled_from(Direction))
        levels = tuple(Level(value=value) for value in values)
        made.append(Criterion(key=f"c{number}", name=f"C{number}", direction=direction, levels=levels))
    return Criteria(title="Essai", criteria=tuple(made))


@settings(max_examples=50, deadline=None)
@given(st.data())
def test_any_criteria_make_a_total_preorder(data: st.DataObject) -> None:
    """Whatever the criteria and the order of arrival: one place each, levels that never go down, equals together."""
    criteria = data.draw(_any_criteria())
    some = st.dictionaries(st.sampled_from(criteria.keys), st.integers(0, 9))
    rows = [Entrant(number, drawn, number) for number, drawn in enumerate(data.draw(st.lists(some, max_size=12)))]
    found = ranked(rows, criteria, TieRule.TREE)
    assert found == ranked(data.draw(st.permutations(rows)), criteria, TieRule.TREE)
    for (one, here), (other, there) in pairwise(found):
        assert there.place == here.place + 1
        if here.level is None:
            assert there.level is None
        elif there.level is not None:
            same = all(one.marks[key] == other.marks[key] for key in criteria.keys)
            assert there.level == here.level + (not same)
            key = next((key for key in criteria.keys if one.marks[key] != other.marks[key]), None)
            assert key is None or criteria[key].worth(one.marks[key]) < criteria[key].worth(other.marks[key])


def test_more_is_better_where_the_groups_say_so() -> None:
    """Qualification 4 comes before 3, and 4+ before 0."""
    rows = [
        Entrant(name, {"qualification": q, "faisabilite": f}) for name, q, f in (("a", 3, 4), ("b", 4, 0), ("c", 4, 4))
    ]
    assert [each.name for each, _ in ranked(rows, GROUPS, TieRule.TREE)] == ["c", "b", "a"]


# Texts.


def _claim(level: int, comparison: Comparison, denominator: int) -> Claim:
    return Claim(
        words="", criterion="potentiel", level=level, comparison=comparison, numerator=1, denominator=denominator
    )


def test_the_report_is_right_about_first_priority_and_wrong_about_third() -> None:
    """16 of 40 is more than a third; 3 of 40 is not fewer than one in fifteen."""
    rows = [marks_of(row) for row in printed()]
    first = check(_claim(1, Comparison.MORE, 3), rows)
    third = check(_claim(3, Comparison.LESS, 15), rows)
    assert (first.matching, first.total, first.holds) == (16, 40, True)
    assert (third.matching, third.total, third.holds) == (3, 40, False)
    assert third.figures == "3\u00a0lignes sur 40, soit 7,5\u00a0%"


def test_a_bound_that_is_just_reached_is_not_passed() -> None:
    """A third exactly is neither more nor less than a third; and of nothing, nothing is true."""
    rows = [marks(level, 1, 1) for level in (1, 2, 3)]
    assert not check(_claim(1, Comparison.MORE, 3), rows).holds
    assert not check(_claim(1, Comparison.LESS, 3), rows).holds
    assert not check(_claim(1, Comparison.LESS, 3), []).holds


# The tree.


def test_a_cycle_is_found_wherever_it_hides() -> None:
    """Directly, through others, and not where two ways merely meet."""
    assert cycle_in([("a", "a")]) == ["a", "a"]
    assert cycle_in([("x", "a"), ("a", "b"), ("b", "c"), ("c", "a")]) == ["a", "b", "c", "a"]
    assert cycle_in([("a", "b"), ("a", "c"), ("b", "d"), ("c", "d")]) == []
    assert cycle_in([(number, number + 1) for number in range(5_000)]) == []


def test_an_article_and_an_accent_do_not_make_another_piste() -> None:
    """Annex 1 leaves an article out; « efficacité » and « efficience » remain two words."""
    assert key_of("… partenariat avec le CCAS") == key_of("partenariat avec CCAS")
    assert key_of("Améliorer l’efficience") != key_of("Améliorer l'efficacité")
    assert key_of("L’Isle d’Espagnac") == key_of("L'isle-d'Espagnac")
