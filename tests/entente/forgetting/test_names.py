"""How someone is named, however it is typed; and what is named alike by chance."""

import pytest

from entente.forgetting.names import GONE, NO_ADDRESS, NO_WORDS, Names
from entente.forgetting.service import added
from entente.rules import Invalid

LEA = Names("Léa-Marie", "D’Arcy", "lea.darcy@aubrac.example", ("06 12 34 56 78", "Lélé la voirie"))


@pytest.mark.parametrize(
    "typed",
    [
        "Léa-Marie D’Arcy",
        "lea marie d'arcy",
        "LÉA-MARIE D’ARCY",
        "D’Arcy Léa-Marie",
        "Le\u0301a-Marie D’Arcy",
        "Léa-Marie\u00a0D’Arcy",
        "lea_marie_darcy",
        "Mme D’Arcy",
        "Madame\u00a0D’ARCY",
        "L. D’Arcy",
        "L.D’Arcy",
        "@lea-marie-d-arcy",
        "@lea-marie-darcy-aubrac",
    ],
)
def test_a_name_is_found_however_it_is_typed(typed: str) -> None:
    """With or without accents, capitals, apostrophes; in either order; with a civility or an initial; as a handle."""
    assert LEA.without(f"Vu {typed}, hier.") == f"Vu {GONE}, hier."


@pytest.mark.parametrize(
    "typed", ["06 12 34 56 78", "0612345678", "06.12.34.56.78", "+33 6 12 34 56 78", "0033612345678"]
)
def test_a_telephone_number_is_found_however_it_is_dialled(typed: str) -> None:
    """By twos or not, from here or from abroad."""
    assert LEA.without(f"Au {typed}.") == f"Au {NO_WORDS}."


def test_what_looks_like_a_name_is_left_alone() -> None:
    """Part of a word, another first name, another number; the rest of a sentence stays to the letter."""
    for said in ("Rue d’Arcy-sur-Cure", "Paul D’Arcy", "Léa-Marie", "06 12 34 56 79", "1061234567890"):
        assert LEA.without(said) == said
    assert (
        LEA.without("Écrire à LEA.DARCY@aubrac.example, ou lélé la voirie !")
        == f"Écrire à {NO_ADDRESS}, ou {NO_WORDS} !"
    )


def test_whoever_is_named_alike_keeps_their_name() -> None:
    """A namesake: only the address is sure. A relative: the whole name is, « Mme D’Arcy » is not."""
    said = "Léa-Marie D’Arcy, Mme D’Arcy, lea.darcy@aubrac.example"
    twin = Names(LEA.given, LEA.family, LEA.email, is_alone=False)
    relative = Names(LEA.given, LEA.family, LEA.email, is_last=False)
    assert twin.without(said) == f"Léa-Marie D’Arcy, Mme D’Arcy, {NO_ADDRESS}"
    assert relative.without(said) == f"{GONE}, Mme D’Arcy, {NO_ADDRESS}"
    assert LEA.without(said) == f"{GONE}, {GONE}, {NO_ADDRESS}"


def test_texts_are_found_at_any_depth() -> None:
    """What a task carries is lists within lists; what is no text stays what it is."""
    assert LEA.without_any({"a": [1, None, {"b": "Mme D’Arcy"}]}) == {"a": [1, None, {"b": GONE}]}


@pytest.mark.parametrize(
    "said", ["Léa-Marie D’Arcy", "L. D’Arcy", "lea.darcy@aubrac.example", "06.12.34.56.78", "lélé LA voirie"]
)
def test_a_database_is_asked_for_what_every_such_text_holds(said: str) -> None:
    """The plain letters that are looked for stand in each way to write a name."""
    assert any(all(hint in said.lower() for hint in hints) for hints in LEA.hints)


def test_words_that_would_reach_too_far_are_refused() -> None:
    """Three letters stand in the words of everybody; empty lines and doubles are nothing."""
    assert added("06 12 34 56 78\n\n Lélé  la voirie\n06 12 34 56 78") == ["06 12 34 56 78", "Lélé la voirie"]
    with pytest.raises(Invalid):
        added("Lélé la voirie\nLéa")
    with pytest.raises(Invalid):
        added("\n".join(f"mot numéro {number}" for number in range(21)))
