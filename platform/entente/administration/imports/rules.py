"""What each line of a file would do, judged without touching anything: plain functions over plain values."""

import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from uuid import UUID

from pydantic import BaseModel, ValidationError

from entente.administration.typed import Address, Label, PersonName
from entente.people.models import FunctionKind
from entente.people.words import FUNCTIONS
from entente.text import clean_name
from entente.web.sheets import Line

COLUMNS = ("courriel", "prenom", "nom", "organisation", "fonction", "intitule", "service")
FIELDS = {
    "email": "courriel",
    "given_name": "prenom",
    "family_name": "nom",
    "organisation": "organisation",
    "kind": "fonction",
    "title": "intitule",
    "service": "service",
}


class Outcome(StrEnum):
    """What a line would do, in its word on the screen."""

    NEW = "nouvelle"
    SAME = "inchangée"
    CHANGED = "mise à jour"
    WRONG = "erreur"


@dataclass(frozen=True)
class KnownFunction:
    """A function that someone has, or will have."""

    id: UUID
    organisation_id: UUID
    kind: FunctionKind
    title: str
    service: str


@dataclass(frozen=True)
class KnownPerson:
    """An account of the house."""

    id: UUID
    given_name: str
    family_name: str
    functions: Sequence[KnownFunction] = ()


@dataclass(frozen=True)
class Places:
    """The organisations of the house, by every name a file may give them."""

    names: Mapping[str, UUID]
    services: frozenset[tuple[UUID, str]] = frozenset()

    @classmethod
    def of(cls, organisations: Iterable[tuple[UUID, str, str]], services: Iterable[tuple[UUID, str]]) -> "Places":
        """From (id, name, short name) of each; a word that names two of them names none."""
        found = list(organisations)
        folded = Counter(word for _, name, short in found for word in {fold(name), fold(short)})
        names = {fold(word): id_ for id_, name, short in found for word in (short, name) if folded[fold(word)] == 1}
        # The exact name always wins: it is unique.
        return cls(names | {name: id_ for id_, name, _ in found}, frozenset(services))

    def named(self, name: str) -> UUID | None:
        """The organisation of that name, if there is exactly one."""
        return self.names.get(name) or self.names.get(fold(name))


class Typed(BaseModel):
    """A line, each cell as it should be; an address already known is taken as it is."""

    email: str
    given_name: PersonName
    family_name: PersonName
    organisation: Label = ""
    kind: FunctionKind | None = None
    title: Label = ""
    service: Label = ""


class TypedByHand(Typed):
    """A line about someone new: their address must look like one."""

    email: Address


@dataclass
class Judged:
    """A line with what it would do, and why when it can do nothing."""

    line: Line
    outcome: Outcome
    said: str = ""
    typed: Typed | None = None
    person: KnownPerson | None = None
    organisation_id: UUID | None = None
    renames: bool = False
    adds: bool = False
    updates: KnownFunction | None = None


@dataclass
class _Seen:
    """What earlier lines of the file said of one person."""

    first: Judged
    free: list[KnownFunction] = field(default_factory=list)
    lines: dict[tuple[object, ...], int] = field(default_factory=dict)


def fold(word: str) -> str:
    """The word without accents or capitals, as people type it."""
    apart = unicodedata.normalize("NFD", word.casefold())
    return " ".join("".join(letter for letter in apart if not unicodedata.combining(letter)).split())


KINDS = {fold(label): kind for kind, label in FUNCTIONS.items()} | {fold(str(kind)): kind for kind in FunctionKind}


def email_of(line: Line) -> str:
    """The address of a line, as accounts keep it."""
    return clean_name(line.cells["courriel"]).lower()


def judge(lines: Sequence[Line], known: Mapping[str, KnownPerson], places: Places) -> list[Judged]:
    """What each line would do; lines about one person are judged together, in their order."""
    judged = [_read(line, known.get(email_of(line)), places) for line in lines]
    seen: dict[str, _Seen] = {}
    for each in judged:
        if each.typed is not None and each.outcome != Outcome.WRONG:
            _compare_with_others(each, seen)
    good = [each for each in judged if each.outcome != Outcome.WRONG]
    # What is already there is recognised first, wherever it stands; only the rest may change a function.
    for each in good:
        _recognise(each, seen)
    for each in good:
        _decide(each, seen, places)
    return judged


def _read(line: Line, person: KnownPerson | None, places: Places) -> Judged:
    cells = {name: line.cells[column].strip() for name, column in FIELDS.items()}
    cells["email"] = email_of(line)
    kind = KINDS.get(fold(cells["kind"])) if cells["kind"] else None
    if cells["kind"] and kind is None:
        return _wrong(
            line, f"La fonction «\u202f{cells['kind'][:60]}\u202f» n’existe pas\u00a0: {', '.join(FUNCTIONS.values())}."
        )
    try:
        typed = (Typed if person else TypedByHand).model_validate({**cells, "kind": kind})
    except ValidationError as error:
        return _wrong(line, _sentence(error))
    place = places.named(typed.organisation) if typed.organisation else None
    if typed.organisation and place is None:
        return _wrong(line, f"L’organisation «\u202f{typed.organisation[:60]}\u202f» n’est pas connue.")
    if bool(place) != bool(typed.kind):
        return _wrong(line, "L’organisation et la fonction vont ensemble\u00a0: il manque l’une des deux.")
    if place is None and (typed.title or typed.service):
        return _wrong(line, "Un intitulé ou un service demande une organisation et une fonction.")
    if place is None and person is None:
        return _wrong(line, "Une nouvelle personne a besoin d’une organisation et d’une fonction.")
    return Judged(line, Outcome.SAME, typed=typed, person=person, organisation_id=place)


def _sentence(error: ValidationError) -> str:
    first = error.errors()[0]
    column = FIELDS[str(first["loc"][0])]
    reason = str(first.get("ctx", {}).get("error", "Cette valeur ne convient pas."))
    return f"{column}\u00a0: {reason[0].lower()}{reason[1:]}"


def _wrong(line: Line, sentence: str) -> Judged:
    return Judged(line, Outcome.WRONG, sentence)


def _spoil(each: Judged, sentence: str) -> None:
    each.outcome, each.said = Outcome.WRONG, sentence


def _compare_with_others(each: Judged, seen: dict[str, _Seen]) -> None:
    typed = each.typed
    assert typed is not None
    before = seen.setdefault(typed.email, _Seen(each, list(each.person.functions) if each.person else []))
    first = before.first.typed
    assert first is not None
    if (typed.given_name, typed.family_name) != (first.given_name, first.family_name):
        _spoil(each, f"Cette adresse porte un autre nom à la ligne {before.first.line.number}.")
        return
    key = (each.organisation_id, typed.kind, typed.title, typed.service)
    if key in before.lines:
        _spoil(each, f"Cette ligne répète la ligne {before.lines[key]}.")
        return
    before.lines[key] = each.line.number


def _recognise(each: Judged, seen: dict[str, _Seen]) -> None:
    typed = each.typed
    assert typed is not None
    each.adds = each.organisation_id is not None
    free = seen[typed.email].free
    for function in free:
        if (function.organisation_id, function.kind) == (each.organisation_id, typed.kind) and (
            clean_name(function.title),
            clean_name(function.service),
        ) == (typed.title, typed.service):
            free.remove(function)
            each.adds = False
            return


def _decide(each: Judged, seen: dict[str, _Seen], places: Places) -> None:
    typed = each.typed
    assert typed is not None
    free = seen[typed.email].free
    if each.adds:
        same = [known for known in free if (known.organisation_id, known.kind) == (each.organisation_id, typed.kind)]
        if same:
            each.adds, each.updates = False, same[0]
            free.remove(same[0])
    if each.person is None:
        each.outcome = Outcome.NEW
    else:
        now_named = (clean_name(each.person.given_name), clean_name(each.person.family_name))
        each.renames = now_named != (typed.given_name, typed.family_name)
        if each.renames or each.adds or each.updates:
            each.outcome = Outcome.CHANGED
    each.said = " ".join(_changes(each, typed, places))


def _changes(each: Judged, typed: Typed, places: Places) -> Iterable[str]:
    if each.person and each.renames:
        yield f"Le nom devient {typed.given_name} {typed.family_name}."
    if each.person and each.adds:
        yield "Une fonction s’ajoute."
    if each.updates:
        yield "L’intitulé ou le service change."
    if typed.service and (each.organisation_id, typed.service) not in places.services:
        yield f"Le service «\u202f{typed.service}\u202f» est créé."
