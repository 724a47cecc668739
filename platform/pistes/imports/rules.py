"""What each line of a file would do to the register, judged without touching anything."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import pairwise
from uuid import UUID

from entente.web.sheets import Line
from pistes.criteria.models import Criteria
from pistes.imports.readers import Kind, Read
from pistes.imports.rows import Row, Wrong, row_of
from pistes.tree.rules import cycle_in
from pistes.words import key_of

Path = tuple[str, ...]


class Outcome(StrEnum):
    """What a line would do, in its word on the screen."""

    NEW = "nouvelle"
    SAME = "inchangée"
    CHANGED = "mise à jour"
    WRONG = "erreur"


@dataclass(frozen=True)
class KnownPiste:
    """A piste of the register."""

    id: UUID
    code: str
    title: str
    retained: Mapping[str, int] = field(default_factory=dict)
    base: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class KnownPlace:
    """A place of the tree."""

    label: str
    rank: int | None = None
    order: int = 0
    printed: str = ""
    printed_title: str = ""
    printed_mark: int | None = None
    source_line: int | None = None
    note: str = ""


@dataclass(frozen=True)
class Known:
    """What the register holds, by the keys that files use."""

    criteria: Criteria
    pistes: Mapping[str, KnownPiste] = field(default_factory=dict)
    places: Mapping[Path, KnownPlace] = field(default_factory=dict)
    spellings: Mapping[str, str] = field(default_factory=dict)
    """Another way to write a declinaison → its label."""
    communes: Mapping[str, UUID] = field(default_factory=dict)
    stood: frozenset[tuple[str, UUID]] = frozenset()
    """Each piste, by its key, with the communes that ever took a position on it."""
    cut: frozenset[tuple[str, str]] = frozenset()
    """Each piste with the names that somebody was asked to resolve."""


@dataclass
class Judged:
    """A line with what it would do, and why when it can do nothing."""

    line: Line
    row: Row | None = None
    outcome: Outcome = Outcome.SAME
    said: list[str] = field(default_factory=list)

    def spoil(self, sentence: str) -> None:
        """This line cannot be brought in."""
        self.outcome, self.said = Outcome.WRONG, [sentence]

    def change(self, sentence: str) -> None:
        """This line changes something that is there."""
        self.said.append(sentence)
        if self.outcome is Outcome.SAME:
            self.outcome = Outcome.CHANGED


def judge(read: Read, known: Known) -> list[Judged]:
    """What every line would do; one that is wrong stops the whole file."""
    judged = [_row(read.kind, line, known.criteria) for line in read.lines]
    good = [each for each in judged if each.row]
    _settle_declinaisons([each.row for each in good if each.row], known)
    _compare_lines(good, read.kind)
    _compare_codes(good, known)
    _refuse_cycles(good, known)
    seen = set(known.places)
    for each in good:
        if each.row and each.outcome is not Outcome.WRONG:
            _compare_register(each, each.row, known, seen, read.kind)
    return judged


def _row(kind: Kind, line: Line, criteria: Criteria) -> Judged:
    judged = Judged(line)
    try:
        judged.row = row_of(kind, line, criteria)
    except Wrong as error:
        judged.spoil(str(error))
    return judged


def _settle_declinaisons(rows: Sequence[Row], known: Known) -> None:
    """Other spellings mean their label; two labels in one cell mean the first, and the cell is kept as printed."""
    labels = {each.declinaison for each in rows} | {
        place.label for path, place in known.places.items() if len(path) == 2
    }
    for row in rows:
        meant = known.spellings.get(key_of(row.declinaison)) or _first_of_two(row.declinaison, labels)
        if meant and key_of(meant) != key_of(row.declinaison):
            row.printed, row.declinaison = row.declinaison, meant


def _first_of_two(words: str, labels: Collection[str]) -> str | None:
    gaps = (place for place, letter in enumerate(words) if letter == " ")
    return next((words[:gap] for gap in gaps if words[:gap] in labels and words[gap + 1 :] in labels), None)


def _compare_lines(good: Sequence[Judged], kind: Kind) -> None:
    """A rank, and a piste at one place, are said once; what is said twice of a piste agrees."""
    ranks: dict[int, int] = {}
    places: dict[Path, int] = {}
    firsts: dict[str, tuple[Row, int]] = {}
    for each in good:
        row, number = each.row, each.line.number
        assert row
        if row.rank is not None and row.rank in ranks:
            each.spoil(f"Le rang {row.rank} est déjà celui de la ligne {ranks[row.rank]}.")
        elif row.path in places:
            each.spoil(f"Cette ligne répète la ligne {places[row.path]}.")
        elif kind is Kind.LIST:
            first, at = firsts.setdefault(row.keys[-1], (row, number))
            if first.marks != row.marks:
                each.spoil(f"La ligne {at} donne d’autres notes à la même piste.")
        if row.rank is not None:
            ranks.setdefault(row.rank, number)
        places.setdefault(row.path, number)


def _compare_codes(good: Sequence[Judged], known: Known) -> None:
    codes = {piste.code: key for key, piste in known.pistes.items()}
    given: dict[str, tuple[str, int]] = {}
    for each in good:
        row = each.row
        if not row or not row.code or each.outcome is Outcome.WRONG:
            continue
        key, number = row.keys[-1], each.line.number
        other, at = given.setdefault(row.code, (key, number))
        if other != key:
            each.spoil(f"Le code {row.code} est déjà celui de la ligne {at}, pour une autre piste.")
        elif codes.get(row.code, key) != key:
            each.spoil(f"Le code {row.code} est déjà celui d’une autre piste du registre.")
        elif key in known.pistes and known.pistes[key].code != row.code:
            each.spoil(f"Cette piste a déjà le code {known.pistes[key].code}.")


def _refuse_cycles(good: Sequence[Judged], known: Known) -> None:
    edges = [(path[-2], path[-1]) for path in known.places if len(path) > 3]
    if not cycle_in([*edges, *(edge for each in good if each.row for edge in pairwise(each.row.keys))]):
        return
    # Somewhere there is one: the line that closes it is the one to correct.
    for each in good:
        assert each.row
        new = list(pairwise(each.row.keys))
        if new and (way := cycle_in([*edges, *new])):
            titles = {key_of(title): title for title in each.row.titles}
            shown = " → ".join(titles.get(key, key) for key in way)
            each.spoil(f"Une piste se trouverait sous elle-même\u00a0: {shown}.")
        else:
            edges += new


def _compare_register(each: Judged, row: Row, known: Known, seen: set[Path], kind: Kind) -> None:
    place, piste = known.places.get(row.path), known.pistes.get(row.keys[-1]) if row.keys else None
    if row.path not in seen:
        each.outcome = Outcome.NEW
        each.said += _novelties(row, seen, piste)
    seen.update(row.path[:length] for length in range(1, len(row.path) + 1))
    if piste and kind is Kind.LIST:
        if piste.title != row.titles[-1]:
            each.change(f"L’intitulé devient «\u00a0{row.titles[-1]}\u00a0».")
        for key, level in row.marks.items():
            if level not in (piste.retained.get(key), piste.base.get(key)):
                before = piste.retained.get(key)
                each.change(f"{known.criteria[key].name}\u00a0: {before if before is not None else 'rien'} → {level}.")
    if place:
        _compare_place(each, row, place, kind)
    _compare_carriers(each, row, known, piste)


def _novelties(row: Row, seen: set[Path], piste: KnownPiste | None) -> Iterable[str]:
    if row.path[:1] not in seen:
        yield f"Nouvel objectif\u00a0: «\u00a0{row.objectif}\u00a0»."
    if row.path[:2] not in seen:
        yield f"Nouvelle déclinaison\u00a0: «\u00a0{row.declinaison}\u00a0»."
    if row.printed:
        yield f"Rangée sous «\u00a0{row.declinaison}\u00a0»."
    if piste:
        yield f"La piste {piste.code} reçoit une place de plus."


def _compare_place(each: Judged, row: Row, place: KnownPlace, kind: Kind) -> None:
    if kind is Kind.LIST:
        if place.rank is None:
            each.change("Cette place entre dans la liste hiérarchisée.")
        elif place.rank != row.rank:
            each.change(f"Le rang passe de {place.rank} à {row.rank}.")
        if row.printed != place.printed:
            each.change("La déclinaison est écrite autrement.")
    elif (place.printed_mark, place.source_line, place.note) != (row.printed_mark, row.source_line, row.note):
        each.change("La priorité imprimée, la ligne ou la note change.")
    elif row.titles and (place.printed_title or place.label) != row.titles[-1]:
        each.change("L’intitulé est écrit autrement à cette place.")


def _compare_carriers(each: Judged, row: Row, known: Known, piste: KnownPiste | None) -> None:
    if row.carriers and not row.keys:
        each.spoil("Une commune porte une piste, pas une déclinaison.")
        return
    for name in row.carriers:
        commune = known.communes.get(key_of(name))
        if commune is None and (row.keys[-1], name) not in known.cut:
            each.change(f"À résoudre\u00a0: «\u00a0{name}\u00a0» ne nomme aucune commune.")
        elif commune and (row.keys[-1], commune) not in known.stood and piste:
            each.change(f"{name} porte la piste.")
    criterion = known.criteria.criteria[0]
    if (
        row.printed_mark is not None
        and piste
        and row.printed_mark
        not in (
            piste.retained.get(criterion.key, row.printed_mark),
            piste.base.get(criterion.key, row.printed_mark),
        )
    ):
        each.spoil(f"La priorité imprimée ({row.printed_mark}) contredit la note du registre.")
