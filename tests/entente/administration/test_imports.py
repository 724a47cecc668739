"""People by the file: read as spreadsheets write it, judged line by line, and brought in once."""

import asyncio
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import func
from sqlmodel import SQLModel, select

from entente.administration.imports import queries, service
from entente.administration.imports.rules import (
    COLUMNS,
    Judged,
    KnownFunction,
    KnownPerson,
    Outcome,
    Places,
    judge,
)
from entente.administration.persons.queries import Sought
from entente.ids import new_id
from entente.people.models import AuditEntry, Function, FunctionKind, Person, Service, Token
from entente.people.queries import person_by_email
from entente.people.words import FUNCTIONS
from entente.web import sheets
from entente.web.sheets import Line
from world import BASE, World

PAGE = "/administration/personnes/import"
HEADER = ";".join(COLUMNS)
FARID = "farid@brioude.example;Farid;Saïdi;Brioude;Agent;Agent d’accueil;État civil"


def outcomes(judged: Sequence[Judged]) -> list[str]:
    return [str(each.outcome) for each in judged]


async def examined(world: World, text: str) -> list[Judged]:
    async with world.reading() as db:
        return await service.examine(db, text)


async def brought_in(world: World, text: str, invites: bool = True) -> list[Judged]:
    async with world.working(world.ines) as work:
        return await service.bring_in(work, text, invites, BASE)


async def how_many(world: World, model: type[SQLModel]) -> int:
    async with world.reading() as db:
        return (await db.exec(select(func.count()).select_from(model))).one()


def wide(**cells: str) -> dict[str, str]:
    return dict.fromkeys(COLUMNS, "") | cells


# Reading a file.


@pytest.mark.parametrize("separator", [";", ",", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252"])
def test_files_are_read_as_spreadsheets_write_them(separator: str, encoding: str) -> None:
    """Three separators, three encodings, one table."""
    text = "\r\n".join((HEADER, FARID)).replace(";", separator) + "\r\n"

    (line,) = sheets.read(sheets.decode(text.encode(encoding)), COLUMNS)

    assert (line.number, line.cells["nom"], line.cells["intitule"]) == (2, "Saïdi", "Agent d’accueil")


def test_columns_may_come_in_any_order_with_accents() -> None:
    """« Prénom » is the first name wherever it stands; unknown columns are passed over."""
    header = "Nom;Prénom;Courriel;Service;Intitulé;Fonction;Organisation;Remarque"

    (line,) = sheets.read(f"{header}\nSaïdi;Farid;f@x.example;;;;;bonjour", COLUMNS)

    assert line.cells == wide(nom="Saïdi", prenom="Farid", courriel="f@x.example")


def test_lines_are_numbered_as_an_editor_counts() -> None:
    """Empty lines and line breaks inside a cell count; the first line of a cell is its number."""
    text = f'{HEADER}\n\na@x.example;"A\nB";C;;;;\n;;;;;;\nb@x.example;D;E;;;;\n'

    assert [line.number for line in sheets.read(text, COLUMNS)] == [3, 6]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "nommer les colonnes"),
        ("courriel;nom\na;b", "il manque\u00a0: prenom"),
        (HEADER + "\n" + "a@x.example;A;B;;;;\n" * 5_001, "5\u202f000\u00a0lignes"),
        (HEADER + "\n" + "x" * 2_000_001, "2\u00a0Mo"),
    ],
)
def test_a_file_that_cannot_be_taken_says_why(text: str, sentence: str) -> None:
    """A missing header or column, too many lines, too much text."""
    with pytest.raises(sheets.Unreadable) as refused:
        sheets.read(text, COLUMNS)

    assert sentence in str(refused.value)


@pytest.mark.parametrize("content", [b"\x89PNG\r\n\x1a\n\0\0", b"PK\x03\x04\0", b"x" * 2_000_001])
def test_what_is_no_text_is_refused(content: bytes) -> None:
    """A picture, a spreadsheet's own format, a file too large."""
    with pytest.raises(sheets.Unreadable):
        sheets.decode(content)


cells = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=30)


@given(st.lists(st.tuples(cells, cells, cells).filter(lambda line: any(map(str.strip, line))), max_size=20))
def test_what_is_written_is_read_again(lines: list[tuple[str, str, str]]) -> None:
    """Any cells at all come back as they were: quotes, separators, formulas, apostrophes, line breaks."""
    names = ("a", "b", "c")

    found = sheets.read(sheets.write(names, lines), names)

    assert [tuple(line.cells[name] for name in names) for line in found] == lines


@given(cells)
def test_no_cell_begins_as_a_formula(cell: str) -> None:
    """Whatever the cell, a spreadsheet takes it for words."""
    written = sheets.harmless(cell)

    assert written[:1] not in ("=", "+", "-", "@", "\t", "\r")
    assert sheets.as_written(written) == cell


# Judging lines.


def judged_lines(known: dict[str, KnownPerson], *lines: dict[str, str]) -> list[Judged]:
    return judge([Line(number, wide(**each)) for number, each in enumerate(lines, start=2)], known, PLACES)


AUBRAC, BRIOUDE = new_id(), new_id()
PLACES = Places.of([(AUBRAC, "Commune d’Aubrac", "Aubrac"), (BRIOUDE, "Brioude", "Brioude")], [(AUBRAC, "Voirie")])
BUYS = KnownFunction(new_id(), AUBRAC, FunctionKind.ACHETEUR, "Acheteuse", "Voirie")
AWA = KnownPerson(new_id(), "Awa", "Diallo", [BUYS])
AWA_LINE = {
    "courriel": "awa@x.example",
    "prenom": "Awa",
    "nom": "Diallo",
    "organisation": "aubrac",
    "fonction": "acheteur",
    "intitule": "Acheteuse",
    "service": "Voirie",
}


@pytest.mark.parametrize(
    ("changed", "outcome", "said"),
    [
        ({}, Outcome.SAME, ""),
        ({"courriel": " AWA@X.example "}, Outcome.SAME, ""),
        ({"organisation": "COMMUNE D’AUBRAC", "fonction": "Acheteur"}, Outcome.SAME, ""),
        ({"nom": "Diallo-Rey"}, Outcome.CHANGED, "Le nom devient Awa Diallo-Rey."),
        ({"intitule": "Cheffe"}, Outcome.CHANGED, "L’intitulé ou le service change."),
        ({"fonction": "élu", "service": ""}, Outcome.CHANGED, "Une fonction s’ajoute."),
        ({"courriel": "new@x.example"}, Outcome.NEW, ""),
        ({"courriel": "new@x.example", "service": "Parcs"}, Outcome.NEW, "Le service «\u202fParcs\u202f» est créé."),
        ({"courriel": "new"}, Outcome.WRONG, "courriel\u00a0: cette adresse e-mail ne semble pas valable."),
        ({"courriel": ""}, Outcome.WRONG, "courriel\u00a0: cette adresse e-mail ne semble pas valable."),
        ({"prenom": ""}, Outcome.WRONG, "prenom\u00a0: ce champ est à remplir."),
        ({"nom": "x" * 81}, Outcome.WRONG, "nom\u00a0: c’est trop long\u00a0: 80 caractères au plus."),
        ({"organisation": "Nulle-Part"}, Outcome.WRONG, "L’organisation «\u202fNulle-Part\u202f» n’est pas connue."),
        (
            {"fonction": ""},
            Outcome.WRONG,
            "L’organisation et la fonction vont ensemble\u00a0: il manque l’une des deux.",
        ),
        (
            {"organisation": "", "fonction": ""},
            Outcome.WRONG,
            "Un intitulé ou un service demande une organisation et une fonction.",
        ),
        (
            {"courriel": "new@x.example", "organisation": "", "fonction": "", "intitule": "", "service": ""},
            Outcome.WRONG,
            "Une nouvelle personne a besoin d’une organisation et d’une fonction.",
        ),
    ],
)
def test_a_line_is_judged(changed: dict[str, str], outcome: Outcome, said: str) -> None:
    """What a line about Awa, or about someone new, would do."""
    (found,) = judged_lines({"awa@x.example": AWA}, AWA_LINE | changed)

    assert (found.outcome, found.said) == (outcome, said)


def test_a_function_that_does_not_exist_is_named_with_those_that_do() -> None:
    """« roi » is refused, and the sentence lists what may be written."""
    (found,) = judged_lines({"awa@x.example": AWA}, AWA_LINE | {"fonction": "roi"})

    assert found.outcome == Outcome.WRONG
    assert all(label in found.said for label in FUNCTIONS.values())


def test_lines_about_one_person_agree() -> None:
    """A repeated line and another name for the same address are errors that name the first line."""
    found = judged_lines(
        {}, AWA_LINE, AWA_LINE, AWA_LINE | {"nom": "Rey"}, AWA_LINE | {"organisation": "Brioude", "service": ""}
    )

    assert [(str(each.outcome), each.said) for each in found] == [
        ("nouvelle", ""),
        ("erreur", "Cette ligne répète la ligne 2."),
        ("erreur", "Cette adresse porte un autre nom à la ligne 2."),
        ("nouvelle", ""),
    ]


def test_a_function_already_there_is_recognised_wherever_it_stands() -> None:
    """Awa has two posts as a buyer: a changed title touches the one that no line describes."""
    second = KnownFunction(new_id(), AUBRAC, FunctionKind.ACHETEUR, "Intérim", "")
    known = {"awa@x.example": KnownPerson(AWA.id, "Awa", "Diallo", [BUYS, second])}

    found = judged_lines(known, AWA_LINE | {"intitule": "Adjointe", "service": ""}, AWA_LINE)

    assert [(str(each.outcome), each.updates) for each in found] == [("mise à jour", second), ("inchangée", None)]


# Bringing people in.


async def test_nothing_is_saved_before_confirmation(world: World) -> None:
    """The preview shows a new line, a wrong one, and leaves the house as it was."""
    before = await how_many(world, Person)
    async with world.browser(world.ines) as browser:
        files = {"file": ("personnes.csv", f"{HEADER}\n{FARID}\nx;y;z;;;;".encode("cp1252"), "text/csv")}
        answer = await browser.post(PAGE, files=files)

    assert answer.status_code == 200
    assert ("1\u00a0ligne prête, 1 à corriger" in answer.text, "Rien n’est encore enregistré" in answer.text) == (
        True,
        True,
    )
    assert await how_many(world, Person) == before


async def test_good_lines_come_in_and_wrong_ones_come_back(world: World) -> None:
    """Confirmed, Farid is in with his function, service and invitation; the other line is given back as CSV."""
    async with world.browser(world.ines) as browser:
        data = {"text": f"{HEADER}\n{FARID}\nx;y;z;;;;", "invites": "1"}
        answer = await browser.post(f"{PAGE}/confirmation", data=data)
        file = await browser.post(f"{PAGE}/a-corriger", data=data)

    assert answer.status_code == 200
    assert "ligne à corriger" in answer.text
    assert file.text.splitlines()[1].startswith("x;y;z;;;;;3;courriel\u00a0: cette adresse")
    async with world.reading() as db:
        farid = await person_by_email(db, "farid@brioude.example")
        assert farid is not None
        function = (await db.exec(select(Function).where(Function.person_id == farid.id))).one()
        place = await db.get(Service, function.service_id)
        assert place is not None
        assert (function.kind, place.name, place.organisation_id) == ("agent", "État civil", world.brioude.id)
        assert (await db.exec(select(func.count()).where(Token.person_id == farid.id))).one() == 1
        entry = (await db.exec(select(AuditEntry).where(AuditEntry.act == "people.imported"))).one()
        assert entry.detail == {"nouvelle": 1, "inchangée": 0, "mise à jour": 0, "erreur": 1}


async def test_bringing_in_twice_changes_nothing_more(world: World) -> None:
    """The second time, every line is unchanged and no second invitation goes."""
    text = f"{HEADER}\n{FARID}\nbruno@brioude.example;Bruno;Chassagne-Roy;Brioude;technicien;Chef d’atelier;Voirie"
    first = await brought_in(world, text)
    before = [await how_many(world, model) for model in (Person, Function, Service, Token)]
    second = await brought_in(world, text)

    assert (outcomes(first), outcomes(second)) == (["nouvelle", "mise à jour"], ["inchangée", "inchangée"])
    assert [await how_many(world, model) for model in (Person, Function, Service, Token)] == before
    assert (await world.again(world.bruno)).name == "Bruno Chassagne-Roy"


async def test_a_new_function_of_someone_known_says_that_rights_changed(world: World) -> None:
    """Bruno becomes an agent of Aubrac too: his stream says so, and his open pages are asked again."""
    await brought_in(world, f"{HEADER}\nbruno@brioude.example;Bruno;Chassagne;Aubrac;agent;;")

    bruno = await world.again(world.bruno)
    assert (FunctionKind.AGENT, world.aubrac.id) in bruno.functions
    assert (bruno.version, len(world.rung)) == (world.bruno.version + 1, 1)


async def test_what_goes_out_comes_in_unchanged(world: World) -> None:
    """The exported file, brought in again as it is, changes nothing, whatever the names."""
    await brought_in(
        world,
        sheets.write(
            COLUMNS,
            [
                ("a@x.example", "=Zoé", '+Œuvrard; "d’Arc"', "Aubrac", "Élu", "-Adjointe", "@Parcs, eaux"),
                ("a@x.example", "=Zoé", '+Œuvrard; "d’Arc"', "Brioude", "Agent", "", ""),
                ("b@x.example", "'Luc", "'=Émé", "Brioude", "DGS", "'", "Parcs"),
            ],
        ),
    )
    before = await how_many(world, Function)
    async with world.browser(world.ines) as browser:
        exported = await browser.get("/administration/personnes.csv")
        files = {"file": ("personnes.csv", exported.content, "text/csv")}
        preview = await browser.post(PAGE, files=files)

    assert "Il n’y a rien à importer" in preview.text
    judged = await examined(world, sheets.decode(exported.content))
    assert set(outcomes(judged)) == {"inchangée"}
    assert len(judged) == len({line for line in exported.text.splitlines()[1:] if line})
    await brought_in(world, sheets.decode(exported.content))
    assert await how_many(world, Function) == before


async def test_the_export_is_filtered_and_audited(world: World) -> None:
    """Brioude alone goes out, and the audit says that Inès took it."""
    async with world.browser(world.ines) as browser:
        answer = await browser.get(f"/administration/personnes.csv?organisation={world.brioude.id}")

    gone_out = [line.split(";")[0] for line in answer.text.splitlines()[1:]]
    assert gone_out == ["denise@brioude.example", "bruno@brioude.example"]
    async with world.reading() as db:
        entry = (await db.exec(select(AuditEntry).where(AuditEntry.act == "people.exported"))).one()
    assert (entry.person_id, entry.detail) == (world.ines.id, {"lines": 2})


async def test_the_same_file_twice_at_once_makes_one_person(world: World) -> None:
    """Two administrators confirm at the same moment: Farid has one account, and whoever lost reads a sentence."""
    text = f"{HEADER}\n{FARID}"
    async with world.browser(world.ines) as one, world.browser(world.ines) as other:
        answers = await asyncio.gather(
            *(browser.post(f"{PAGE}/confirmation", data={"text": text}) for browser in (one, other))
        )

    assert {answer.status_code for answer in answers} <= {303, 422}
    assert sum(answer.status_code == 303 for answer in answers) >= 1
    async with world.reading() as db:
        assert (await db.exec(select(func.count()).where(Person.email == "farid@brioude.example"))).one() == 1


async def test_nine_hundred_lines_ask_as_much_as_ten(world: World) -> None:
    """The number of statements does not follow the number of lines."""

    def file(count: int, prefix: str) -> str:
        return "\n".join([HEADER, *(f"{prefix}{n}@x.example;P{n};Nom{n};Aubrac;agent;;Voirie" for n in range(count))])

    await brought_in(world, file(1, "zero"))
    with world.counting() as ten:
        await brought_in(world, file(10, "ten"))
    with world.counting() as thousand:
        judged = await brought_in(world, file(900, "thousand"))

    assert set(outcomes(judged)) == {"nouvelle"}
    assert len(thousand) == len(ten)


async def test_no_file_and_a_file_too_large_are_told(world: World) -> None:
    """Nothing chosen, and more than 2 MB, come back as the form with a sentence."""
    async with world.browser(world.ines) as browser:
        nothing = await browser.post(PAGE, data={"text": ""})
        huge = await browser.post(PAGE, files={"file": ("x.csv", b"x" * 2_000_001, "text/csv")})
        enormous = await browser.post(PAGE, files={"file": ("x.csv", b"x" * 5_000_000, "text/csv")})

    assert [answer.status_code for answer in (nothing, huge, enormous)] == [422, 422, 422]
    assert "collez son contenu" in nothing.text
    assert all("2\u00a0Mo" in answer.text for answer in (huge, enormous))


async def test_lines_of_the_export_are_those_of_the_list(world: World) -> None:
    """Gaspard has left: he is a line without a function, and coming in again he is unchanged."""
    async with world.reading() as db:
        lines = await queries.lines_of(db, Sought(words="gaspard"))

    assert lines == [("gone@brioude.example", "Gaspard", "Parti", "", "", "", "")]
