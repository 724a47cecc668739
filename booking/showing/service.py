"""What the keeper of a unit does to show it: one function per verb, all inside the caller's transaction."""

from collections.abc import Collection, Mapping, Sequence
from datetime import timedelta
from uuid import UUID

from sqlalchemy import delete, insert, update
from sqlmodel import col, select

from booking.fleet.models import TraitKind, Unit, UnitTrait
from booking.hold import lock
from booking.queries import stream_of_unit
from booking.showing import queries, rules
from booking.showing.models import LONGEST_WORDS, Accessory, UnitFile
from booking.showing.queries import Described
from booking.showing.rules import Piece
from booking.typed import amount_of
from entente.clock import now
from entente.db import rows
from entente.files.keeping import Kept, names_of
from entente.journal import Verb as AnyVerb
from entente.people.models import Person
from entente.rules import Invalid, require
from entente.settings import Settings
from entente.text import clean_name
from entente.work import Work

PATIENCE = timedelta(days=1)
LONGEST_TRAIT = 120


class Verb(AnyVerb):
    """What can happen to the description of a unit, told on the unit's own stream."""

    UNIT_DESCRIBED = "unit.described"


async def add_file(work: Work, settings: Settings, unit: Unit, kept: Kept, words: str) -> UnitFile:
    """Show a unit by one more photo or document."""
    require(rules.may_describe(work.who, unit))
    said = words_of(words, is_photo=kept.width > 0)
    # The row of whoever brings it is locked while their room is counted, then the unit's while its files are: always
    # in this order, so that two windows count one after the other.
    await work.db.execute(rows(Person.id).where(col(Person.id) == work.who.id).with_for_update())
    await lock(work.db, [unit.id])
    used = await queries.used_by(work.db, work.who)
    if not rules.has_room(used, kept.size, settings):
        raise Invalid({"files": rules.too_much(used, settings)})
    count = await queries.count_of(work.db, unit.id)
    if count >= rules.MOST_FILES:
        raise Invalid({"files": rules.TOO_MANY})
    about = {"unit_id": unit.id, "author_id": work.who.id, "words": said, "place": count}
    file = UnitFile.model_validate({**about, **kept.columns()})
    work.db.add(file)
    work.record(stream_of_unit(unit.id), Verb.UNIT_DESCRIBED, file.id)
    return file


def words_of(written: str, is_photo: bool) -> str:
    """What a file shows, in the words of whoever brings it; raises Invalid."""
    said = clean_name(written)
    if is_photo and not said:
        raise Invalid({"words": rules.WORDS_MISSING})
    if len(said) > LONGEST_WORDS:
        raise Invalid({"words": f"C’est trop long\u00a0: {LONGEST_WORDS} caractères au plus."})
    return said


async def reword(work: Work, file: UnitFile, words: str, is_first: bool) -> None:
    """Say better what a file shows, and perhaps have it stand for the unit."""
    file.words = words_of(words, is_photo=file.width > 0)
    if is_first:
        await lock(work.db, [file.unit_id])
        others = (col(UnitFile.unit_id) == file.unit_id, col(UnitFile.id) != file.id)
        await work.db.execute(update(UnitFile).where(*others).values(place=UnitFile.place + 1))
        file.place = 0
    work.db.add(file)
    work.record(stream_of_unit(file.unit_id), Verb.UNIT_DESCRIBED, file.id)


async def remove_file(work: Work, file: UnitFile) -> None:
    """Take a photo or a document away; its bytes go a day later."""
    file.removed_at = now()
    work.db.add(file)
    work.record(stream_of_unit(file.unit_id), Verb.UNIT_DESCRIBED, file.id)


async def describe(work: Work, unit: Unit, traits: Mapping[UUID, str], accessories: str) -> None:
    """Say what a unit is like and what it comes with; what was said before is replaced."""
    require(rules.may_describe(work.who, unit))
    # Two keepers who describe it at once: the second replaces the whole of what the first said.
    await lock(work.db, [unit.id])
    known = await queries.described(work.db, unit)
    pieces = rules.pieces_of(accessories)
    values, errors = _values(known, traits)
    if errors:
        raise Invalid(errors)
    mine = [each.trait_id for each in known]
    gone = delete(UnitTrait).where(col(UnitTrait.unit_id) == unit.id, col(UnitTrait.trait_id).in_(mine))
    await work.db.execute(gone)
    await work.db.execute(delete(Accessory).where(col(Accessory.unit_id) == unit.id))
    await _write(work, unit, values, pieces)
    work.record(stream_of_unit(unit.id), Verb.UNIT_DESCRIBED, unit.id)


async def _write(
    work: Work, unit: Unit, values: Mapping[UUID, tuple[int | None, str]], pieces: Sequence[Piece]
) -> None:
    said = [
        {"unit_id": unit.id, "trait_id": id_, "amount": amount, "words": words}
        for id_, (amount, words) in values.items()
    ]
    listed = [
        {"unit_id": unit.id, "place": place, "name": piece.name, "quantity": piece.quantity}
        for place, piece in enumerate(pieces)
    ]
    if said:
        await work.db.execute(insert(UnitTrait), said)
    if listed:
        await work.db.execute(insert(Accessory), listed)


def _values(
    known: Sequence[Described], written: Mapping[UUID, str]
) -> tuple[dict[UUID, tuple[int | None, str]], dict[str, str]]:
    values: dict[UUID, tuple[int | None, str]] = {}
    errors: dict[str, str] = {}
    for each in known:
        said = clean_name(written.get(each.trait_id, ""))
        if not said:
            continue
        try:
            values[each.trait_id] = _value(each.kind, said)
        except ValueError:
            errors[each.field] = _WRONG[each.kind]
    return values, errors


_WRONG = {
    TraitKind.AMOUNT: "Écrivez un nombre, avec deux décimales au plus\u00a0: 12,5.",
    TraitKind.WORDS: f"C’est trop long\u00a0: {LONGEST_TRAIT} caractères au plus.",
    TraitKind.YES: "Choisissez dans la liste.",
}


def _value(kind: TraitKind, said: str) -> tuple[int | None, str]:
    match kind:
        case TraitKind.AMOUNT:
            return amount_of(said), ""
        case TraitKind.YES:
            return ("non", "oui").index(said), ""
    if len(said) > LONGEST_TRAIT:
        raise ValueError(said)
    return None, said


async def sweep(work: Work) -> list[str]:
    """Forget the files removed more than a day ago; returns the names of their bytes."""
    gone = select(UnitFile).where(col(UnitFile.removed_at) < now() - PATIENCE).limit(100)
    found = (await work.db.exec(gone)).all()
    await work.db.execute(delete(UnitFile).where(col(UnitFile.id).in_([each.id for each in found])))
    return [name for each in found for name in names_of(each.kept, each.width)]


async def known(work: Work, names: Collection[str]) -> set[str]:
    """Which of these names in the store belong to a file of a unit."""
    stems = {name.removesuffix(".webp") for name in names}
    return set((await work.db.execute(rows(UnitFile.kept).where(col(UnitFile.kept).in_(stems)))).scalars())
