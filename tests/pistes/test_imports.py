"""Files of pistes: what comes in, what goes out, and what is refused whole."""

import csv
import io
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import Workbook
from sqlmodel import func

import pistes
from entente.db import rows
from entente.people.seeds import settle
from entente.rules import Invalid, Refused
from entente.web.sheets import Line
from pistes import queries
from pistes import seeds as demo
from pistes.communes import queries as communes
from pistes.communes import service as positions
from pistes.criteria.sets import built_in
from pistes.imports import exports, service
from pistes.imports.readers import Kind, Read, text_of
from pistes.imports.rules import Known, Outcome, judge
from pistes.marks.models import Mark
from pistes.models import TieRule
from pistes.ranking.queries import board
from pistes.ranking.rules import runs
from pistes.tree.models import Node
from pistes.tree.rules import cycle_in
from pistes.words import key_of
from registers import HEAD, LIST, TREE, TREE_HEAD
from world import World

DEMO = Path(pistes.__file__).parent / "demo"


async def _shape(world: World) -> Any:
    async with world.reading() as db:
        return (
            (await exports.ranked_list(db)).lines,
            (await exports.whole_tree(db)).lines,
            (await db.execute(rows(func.count()).select_from(Mark))).scalar_one(),
            (await db.execute(rows(func.count()).select_from(Node))).scalar_one(),
        )


async def test_the_demonstration_holds_what_the_source_prints(world: World) -> None:
    """40 rows, 37 titles, 14 levels; carriers as communes; two names cut short; one text contradicted."""
    async with world.working(None) as work:
        await demo.found(work, await settle(work.db))
    async with world.reading() as db:
        found = await board(db)
        cut = await communes.unresolved(db)
        stood = await communes.positions(db, demo.PRINTED)
        listed = await exports.ranked_list(db)
        tree = await exports.whole_tree(db)
        total = await queries.count(db)
    printed = list(csv.reader((DEMO / "pistes_annexe2.csv").read_text("utf-8").splitlines()))
    assert [[str(cell) for cell in line[:-1]] for line in listed.lines] == printed[1:]
    assert (len(found.lines), found.pistes, found.levels, len(found.set_aside)) == (40, 37, 14, 0)
    assert [line.placed.place for line in found.lines] == [line.branch.node.rank for line in found.lines]
    assert (found.standing.tie_rule, runs(found.displaced_by(TieRule.TREE))) == (TieRule.MANUAL, "5–6 et 11–13")
    assert sorted(each.words for each in cut) == ["Ma...", "S..."]
    carried = [each.commune.name for some in stood.values() for each in some]
    with (Path(pistes.__file__).parent / "demo/pistes_annexe1.csv").open(encoding="utf-8") as file:
        named = [name for row in csv.DictReader(file) for name in row["communes"].split("|") if name]
    assert sorted(map(key_of, carried)) == sorted(key_of(name) for name in named if not name.endswith("..."))
    assert carried.count("Soyaux") == 13
    assert [each.holds for each in found.claims] == [True, False]
    assert len(found.tree.roots) == 3
    assert sum(len(root.under) for root in found.tree.roots) == 11
    # The branch without a leaf has four by now; one piste is named by those under it alone.
    assert len(tree.lines) == 74 - 1 + 4
    assert total == len({line[-1] for line in tree.lines}) + 1


async def test_each_annex_comes_out_as_it_came_in(world: World) -> None:
    """The tree alone: the same cells in the same order, but for a code that it had none of."""
    text = (DEMO / "pistes_annexe1.csv").read_text("utf-8")
    async with world.working(None) as work:
        await settle(work.db)
        await service.bring_in(work, text)
    async with world.reading() as db:
        table = await exports.whole_tree(db)
    came = list(csv.reader(text.splitlines()))[1:]
    assert [[_typed(cell) for cell in line[:-1]] for line in table.lines] == [list(map(_typed, line)) for line in came]


def _typed(cell: object) -> str:
    """With the apostrophe of the keyboard: the house writes the name of a commune with the other one."""
    return str(cell or "").replace("’", "'")


@pytest.mark.parametrize("name", ["liste.csv", "liste.xlsx", "arbre.csv", "arbre.xlsx"])
async def test_what_goes_out_and_in_changes_nothing(register: World, name: str) -> None:
    """Either file, in either form: every line is unchanged, and so is the register."""
    before = await _shape(register)
    async with register.reading() as db:
        table = await (exports.whole_tree(db) if name.startswith("arbre") else exports.ranked_list(db))
    async with register.working(register.camille) as work:
        judged = await service.bring_in(work, text_of(table.bytes_for(name)).text)
    assert {each.outcome for each in judged} == {Outcome.SAME}
    assert await _shape(register) == before


async def test_one_piste_stands_at_two_places(register: World) -> None:
    """Three rows, two pistes; a mark given in one place counts in both."""
    async with register.reading() as db:
        found = await board(db)
    assert [line.piste.title for line in found.lines] == ["Achats groupés", "Achats groupés", "Forum"]
    assert len({line.piste.id for line in found.lines}) == 2
    assert found.lines[2].sieved.reasons == ("Potentiel Modéré et Faisabilité Complexe",)
    assert [line.placed.level for line in found.lines] == [1, 1, 2]


def _xlsx(*lines: list[object]) -> bytes:
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    for line in lines:
        sheet.append(line)
    kept = io.BytesIO()
    book.save(kept)
    return kept.getvalue()


ROW = "4,Nouvelle,Économies,Réduire les coûts,1,1,1"
BAD = {
    "wrong header": (b"rang;titre;objectif\n1;a;b", "La première ligne doit nommer les colonnes"),
    "header alone": (HEAD.encode(), "aucune ligne"),
    "mark outside its scale": (
        f"{HEAD}\n{ROW}\n5,Autre,Économies,Réduire les coûts,9,1,1".encode(),
        "Ligne 3\u00a0: Potentiel\u00a0: «\u00a09\u00a0» est hors de l’échelle, qui va de 1 à 4.",
    ),
    "duplicated code": (
        f"{HEAD},code\n{ROW},X-1\n5,Autre,Économies,Réduire les coûts,1,1,1,X-1".encode(),
        "Ligne 3\u00a0: Le code X-1 est déjà celui de la ligne 2, pour une autre piste.",
    ),
    "code of another": (f"{HEAD},code\n{ROW},P-001".encode(), "Le code P-001 est déjà celui d’une autre piste"),
    "rank twice": (f"{HEAD}\n{ROW}\n4,Autre,Économies,Réduire les coûts,1,1,1".encode(), "Le rang 4 est déjà"),
    "line twice": (f"{HEAD}\n{ROW}\n5{ROW[1:]}".encode(), "Cette ligne répète la ligne 2."),
    "two opinions": (
        f"{HEAD}\n{ROW}\n5,Nouvelle,Esprit,Réseau,2,1,1".encode(),
        "La ligne 2 donne d’autres notes à la même piste.",
    ),
    "no title": (
        f"{HEAD}\n4,,Économies,Réseau,1,1,1".encode(),
        "intitule\u00a0: cette cellule est à remplir",
    ),
    "no number": (f"{HEAD}\nun{ROW[1:]}".encode(), "rang\u00a0: écrivez un nombre entier"),
    "cycle in a line": (f"{TREE_HEAD}\nA,B,Forum,Forum,,,,".encode(), "sous elle-même\u00a0: Forum → Forum."),
    "cycle with the register": (
        f"{TREE_HEAD}\nA,B,papier,Achats groupés,,,,".encode(),
        "Une piste se trouverait sous elle-même",
    ),
    "formula": (_xlsx([*HEAD.split(",")], [4, "=1+1", "a", "b", 1, 1, 1]), "La cellule B2 contient une formule"),
    "broken workbook": (b"PK\x03\x04 nothing more", "Ce classeur est illisible"),
    "not a text": (b"\x00\x01\x02\xff", "n’est pas du texte"),
}


@pytest.mark.parametrize(("content", "said"), BAD.values(), ids=BAD.keys())
async def test_a_bad_file_is_refused_whole(register: World, content: bytes, said: str) -> None:
    """Each fault in its own French words, and nothing is half done."""
    before = await _shape(register)
    with pytest.raises(Invalid) as refused:
        async with register.working(register.camille) as work:
            await service.bring_in(work, text_of(content).text)
    assert said in refused.value.errors["file"]
    assert await _shape(register) == before


async def test_latin_1_is_read_and_said(register: World) -> None:
    """An old spreadsheet's accents come in whole, and the reader is asked to look at them."""
    received = text_of(f"{HEAD}\n4,Été,Économies,Réduire les coûts,1,1,1".encode("latin-1"))
    assert "Windows-1252" in received.note
    async with register.working(register.camille) as work:
        judged = await service.bring_in(work, received.text)
    assert [each.outcome for each in judged] == [Outcome.NEW]
    async with register.reading() as db:
        assert "Été" in {line.piste.title for line in (await board(db)).lines}


async def test_only_a_keeper_brings_a_file_in(register: World) -> None:
    """Camille may; Awa reads the register and may not write it."""
    async with register.working(register.camille) as work:
        await service.bring_in(work, LIST)
    with pytest.raises(Refused):
        async with register.working(register.awa) as work:
            await service.bring_in(work, LIST)


async def test_a_cut_name_is_resolved_by_someone_and_never_guessed(register: World) -> None:
    """« B... » could only be Brioude, and nobody says so until Camille does; the file then says it too."""
    async with register.reading() as db:
        [cut] = await communes.unresolved(db)
        stood = await communes.positions(db, pistes=[cut.piste_id])
    assert [each.commune.name for each in stood[cut.piste_id]] == ["Aubrac"]
    async with register.working(register.camille) as work:
        await positions.resolve(work, cut.id, register.brioude.id)
    async with register.reading() as db:
        assert await communes.unresolved(db) == []
        assert (await exports.whole_tree(db)).lines[0][4] == "Aubrac|Brioude"
    async with register.working(register.camille) as work:
        assert {each.outcome for each in await service.bring_in(work, TREE)} == {Outcome.SAME}


_WORDS = st.sampled_from(["A", "B", "C", "D"])


@settings(max_examples=50, deadline=None)
@given(st.lists(st.tuples(_WORDS, st.lists(_WORDS, max_size=3)), min_size=1, max_size=6))
def test_no_file_makes_a_piste_stand_under_itself(drawn: list[tuple[str, list[str]]]) -> None:
    """Whatever the tree says: once the lines that are wrong are left out, what is left has no way back."""
    lines = [
        Line(
            number,
            dict.fromkeys(("communes", "priorite_imprimee", "ligne_source", "note", "code"), "")
            | {"objectif": "O", "declinaison": "D", "piste": piste, "sous_piste": " > ".join(below)},
        )
        for number, (piste, below) in enumerate(drawn, start=2)
    ]
    judged = judge(Read(Kind.TREE, lines), Known(built_in("rapport_2016")))
    good = [each.row for each in judged if each.row and each.outcome is not Outcome.WRONG]
    assert cycle_in([edge for row in good for edge in pairwise(row.keys)]) == []
