"""What the forms of a group purchase may send: lots by the row, quantities by the lot."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple
from uuid import UUID

from entente.rules import Conflict, Invalid
from entente.text import clean_name
from forums.models import MOST
from forums.moments import moment_in
from forums.purchase import rules
from forums.purchase.models import MOST_LOTS, Lot, Stance
from forums.purchase.words import as_typed

ROWS = 3
"""How many lots the form offers at first; more are asked for."""
NEED, NAME, UNIT = 500, 120, 30
"""How many characters each may have."""


class LotRow(NamedTuple):
    """A row of the form: a lot as it is typed."""

    number: int
    id: str = ""
    name: str = ""
    unit: str = ""
    estimate: str = ""
    is_locked: bool = False

    @property
    def is_empty(self) -> bool:
        """Whether nothing is typed in it."""
        return not (self.name.strip() or self.unit.strip() or self.estimate.strip())


class TypedLot(NamedTuple):
    """A lot that makes sense; with its id if it is already there."""

    id: UUID | None
    name: str
    unit: str
    estimate: Decimal | None


@dataclass(frozen=True)
class Changes:
    """What is needed, and the lots it is made of."""

    need: str
    lots: list[TypedLot]


@dataclass(frozen=True)
class NewPurchase(Changes):
    """What opens a group purchase."""

    deadline: datetime


@dataclass(frozen=True)
class Answered:
    """What someone says for a commune, over which version of its line."""

    stance: Stance
    version: int
    quantities: Mapping[UUID, Decimal]


def asked_for_rows(typed: Mapping[str, str]) -> bool:
    """Whether the form was sent for one more row, or for one less, and nothing else."""
    return "more_lots" in typed or "less_lots" in typed


def lot_rows(typed: Mapping[str, str]) -> list[LotRow]:
    """The rows of the form as they were typed, one more or one less if that was asked."""
    count = min(max(_count(typed.get("lots")), 1), MOST_LOTS)
    found = [_row(typed, number) for number in range(1, count + 1)]
    gone = typed.get("less_lots")
    if gone is not None:
        found = [row for row in found if str(row.number) != gone or row.is_locked]
    if "more_lots" in typed and len(found) < MOST_LOTS:
        found.append(LotRow(0))
    return [row._replace(number=number) for number, row in enumerate(found or [LotRow(1)], start=1)]


def _count(text: str | None) -> int:
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 4 else ROWS


def _row(typed: Mapping[str, str], number: int) -> LotRow:
    id_, name, unit, estimate = (typed.get(f"lot_{number}_{part}", "") for part in ("id", "name", "unit", "estimate"))
    return LotRow(number, id_, name, unit, estimate)


def rows_of(lots: list[Lot], locked: frozenset[UUID]) -> list[LotRow]:
    """The rows of the form for lots that are already there."""
    return [
        LotRow(number, str(lot.id), lot.name, lot.unit, as_typed(lot.estimate), lot.id in locked)
        for number, lot in enumerate(lots, start=1)
    ]


def read_new(typed: Mapping[str, str], at: datetime) -> NewPurchase:
    """The purchase that the form proposes; raises Invalid with everything that is wrong."""
    wrong: dict[str, str] = {}
    need, lots = _read_need(typed, wrong), _read_lots(typed, wrong)
    try:
        deadline = moment_in(typed, "deadline", at)
    except Invalid as error:
        raise Invalid({**wrong, **error.errors}) from None
    if wrong:
        raise Invalid(wrong)
    return NewPurchase(need, lots, deadline)


def read_changes(typed: Mapping[str, str]) -> Changes:
    """The need and the lots as they are changed; raises Invalid with everything that is wrong."""
    wrong: dict[str, str] = {}
    need, lots = _read_need(typed, wrong), _read_lots(typed, wrong)
    if wrong:
        raise Invalid(wrong)
    return Changes(need, lots)


def _read_need(typed: Mapping[str, str], wrong: dict[str, str]) -> str:
    need = clean_name(typed.get("need", ""))
    if not need:
        wrong["need"] = "Dites en une phrase ce que vous voulez acheter ensemble."
    elif len(need) > NEED:
        wrong["need"] = _too_long(NEED)
    return need


def _read_lots(typed: Mapping[str, str], wrong: dict[str, str]) -> list[TypedLot]:
    filled = [row for row in lot_rows(typed) if not row.is_empty]
    if not filled:
        wrong["lot_1_name"] = "Donnez au moins un lot\u00a0: un nom et une unité."
    lots = [_read_lot(row, wrong) for row in filled]
    names = [lot.name.casefold() for lot in lots]
    for row, name in zip(filled, names, strict=True):
        if name and names.index(name) != filled.index(row):
            wrong.setdefault(f"lot_{row.number}_name", "Deux lots portent ce nom\u00a0: distinguez-les.")
    return lots


def _read_lot(row: LotRow, wrong: dict[str, str]) -> TypedLot:
    name, unit = clean_name(row.name), clean_name(row.unit)
    before = f"lot_{row.number}"
    if not name:
        wrong[f"{before}_name"] = "Nommez ce lot, ou videz sa ligne."
    elif len(name) > NAME:
        wrong[f"{before}_name"] = _too_long(NAME)
    if not unit:
        wrong[f"{before}_unit"] = "Dites l’unité\u00a0: tonne, sac, carton…"
    elif len(unit) > UNIT:
        wrong[f"{before}_unit"] = _too_long(UNIT)
    try:
        id_ = UUID(row.id) if row.id else None
    except ValueError:
        raise Invalid({"": "Ce formulaire est incomplet\u00a0: rouvrez-le."}) from None
    return TypedLot(id_, name, unit, _read_quantity(f"{before}_estimate", row.estimate, wrong))


def _read_quantity(field: str, text: str, wrong: dict[str, str]) -> Decimal | None:
    try:
        return rules.quantity(text)
    except ValueError as error:
        wrong[field] = str(error)
        return None


def _too_long(most: int) -> str:
    return f"C’est trop long\u00a0: {most} caractères au plus."


CHANGED = "Les lots de cet achat ont changé pendant que vous répondiez\u00a0: relisez-les avant d’enregistrer."


def field_of(lot_id: UUID) -> str:
    """Name of the field in which the quantity of a lot is typed."""
    return f"lot_{lot_id.hex}"


def read_answer(typed: Mapping[str, str], lots: list[Lot]) -> Answered:
    """What is said for a commune; raises Invalid with everything that is wrong."""
    known = {field_of(lot.id) for lot in lots}
    if any(name.startswith("lot_") and name not in known and text.strip() for name, text in typed.items()):
        raise Conflict(CHANGED)
    wrong: dict[str, str] = {}
    stance = _stance(typed.get("stance", ""), wrong)
    read = {lot.id: _read_quantity(field_of(lot.id), typed.get(field_of(lot.id), ""), wrong) for lot in lots}
    if stance == Stance.NOT_CONCERNED:
        # What is typed there counts for nothing, so nothing in it can be wrong.
        return Answered(stance, _version(typed), {})
    taken = {lot_id: much for lot_id, much in read.items() if much}
    if stance == Stance.JOINED and not taken and not wrong:
        wrong[field_of(lots[0].id)] = "Donnez au moins une quantité, ou choisissez «\u00a0Intéressée\u00a0»."
    if wrong or stance is None:
        raise Invalid(wrong)
    return Answered(stance, _version(typed), taken)


def _stance(text: str, wrong: dict[str, str]) -> Stance | None:
    try:
        return Stance(text)
    except ValueError:
        wrong["stance"] = "Choisissez une réponse."
        return None


def _version(typed: Mapping[str, str]) -> int:
    text = typed.get("version", "")
    if not (text.isascii() and text.isdigit() and len(text) < 11 and int(text) <= MOST):
        raise Invalid({"": "Ce formulaire est incomplet\u00a0: rouvrez-le pour répondre."})
    return int(text)
