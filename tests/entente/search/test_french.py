"""Words become terms: the same however they are written, and nothing that means nothing."""

from html import unescape
from unicodedata import normalize

import pytest
from hypothesis import given
from hypothesis import strategies as st

from entente.search import asked, french
from entente.search.excerpts import LENGTH, excerpt, marked


@pytest.mark.parametrize(
    "alike",
    [
        ("déneigement", "deneigement", "DÉNEIGEMENT", "déneigements"),
        ("prêter", "prêté", "prêtée", "prêtés", "pretees"),
        ("marché", "marchés", "marche"),
        ("mobilité", "mobilites"),
        ("municipal", "municipaux", "municipale", "municipales"),
        ("réparer", "réparation", "réparée", "repare"),
        ("œuvre", "oeuvre", "Œuvres"),
        ("e\u0301quipe", "équipe", "équipes"),
        ("élu", "élus", "élue", "élues"),
        ("hiver", "hivers"),
        ("forfait", "forfaits"),
        ("photo", "photos"),
        ("lieu", "lieux"),
        ("travail", "travaux"),
    ],
    ids=lambda alike: alike[0],
)
def test_forms_of_a_word_share_their_term(alike: tuple[str, ...]) -> None:
    assert len({tuple(french.terms(word)) for word in alike}) == 1


@pytest.mark.parametrize(
    ("text", "terms"),
    [
        ("l’achat d’une nacelle", ["achat", "nacel"]),
        ("L'achat d'une nacelle", ["achat", "nacel"]),
        ("qu’il n’y en a pas", []),
        ("été", ["ete"]),
        ("porte-engins de 3,5 t", ["port", "engin", "3", "5"]),
        ("lame_de_neige", ["lam", "neig"]),
        ("2\u202f500\u00a0€", ["2", "500"]),
        ("", []),
    ],
    ids=["elision", "straight", "empty-words", "season", "hyphen", "underscore", "figures", "nothing"],
)
def test_a_text_is_the_terms_of_its_words(text: str, terms: list[str]) -> None:
    assert french.terms(text) == terms


@given(st.text(max_size=300))
def test_terms_hold_nothing_that_an_index_would_read_as_a_sign(text: str) -> None:
    """Neither FTS5 nor tsquery nor LIKE sees anything but letters in them, and no term is without end."""
    for term in french.terms(text):
        assert term.isalnum()
        assert len(term) <= french.LONGEST


@given(st.text(max_size=300))
def test_whatever_is_typed_is_no_error(text: str) -> None:
    question = asked.read(text)
    assert len(question.words) <= asked.MOST_WORDS
    assert not set(question.words) & set(question.without)


@pytest.mark.parametrize(
    ("typed", "words", "together", "without"),
    [
        ("sel déneigement", ("sel", "deneig"), (), ()),
        ("« sel de déneigement » brioude", ("sel", "deneig", "brioud"), (("sel", "deneig"),), ()),
        ('"sel de', ("sel",), (), ()),
        ('prêt -nacelle -"tracto pelle"', ("pret",), (), ("nacel", "tracto", "pel")),
        ("porte-engins", ("port", "engin"), (), ()),
        ("nacelle -nacelle", ("nacel",), (), ()),
        ("-nacelle", (), (), ("nacel",)),
        ("le la les", (), (), ()),
        ("AND OR NOT (* ^ : \" ' \\ % _ \0", ("and", "or", "not"), (), ()),
    ],
    ids=["words", "together", "unbalanced", "without", "hyphen", "both", "only-without", "empty-words", "operators"],
)
def test_a_question_is_understood(
    typed: str, words: tuple[str, ...], together: tuple[tuple[str, ...], ...], without: tuple[str, ...]
) -> None:
    question = asked.read(typed)
    assert (question.words, question.together, question.without) == (words, together, without)


def test_a_question_without_end_is_cut_and_says_so() -> None:
    question = asked.read("nacelle " * 2_000)
    assert question.was_cut
    assert len(question.text) == asked.LONGEST
    assert asked.read("nacelle " * 5).was_cut is False


def test_what_is_found_is_marked_and_the_rest_escaped() -> None:
    """C2: what people wrote stays words."""
    words = set(french.terms("neige <script>"))
    assert marked("De la <b>neige</b> & des neiges", words) == (
        "De la &lt;b&gt;<mark>neige</mark>&lt;/b&gt; &amp; des <mark>neiges</mark>"
    )
    assert "<script>" not in excerpt("<script>neige</script> " * 40, words)


def test_an_excerpt_is_where_the_words_are() -> None:
    text = "Bonjour. " * 60 + "La nacelle est réservée. " + "Merci. " * 60 + "Une nacelle."
    shown = excerpt(text, {"nacel", "reserv"})
    assert "<mark>nacelle</mark> est <mark>réservée</mark>" in shown
    assert shown.startswith("… ")
    assert shown.endswith("…")
    assert excerpt("Rien à voir. " * 50, {"nacel"}).startswith("Rien")
    assert excerpt("x" * 1_000, set()) == "x" * (LENGTH // 2) + "…"


@given(st.text(max_size=600), st.lists(st.text(min_size=1, max_size=10), max_size=3))
def test_an_excerpt_adds_nothing_but_marks(text: str, words: list[str]) -> None:
    """Taken apart, it is a part of the text."""
    shown = str(excerpt(text, set(french.terms(" ".join(words)))))
    bare = unescape(shown.replace("<mark>", "").replace("</mark>", ""))
    assert bare.removeprefix("… ").removesuffix("…") in normalize("NFC", text) + "…"
