"""What members see of units beyond their names: photos, documents, accessories; and what their keeper may change."""

from collections.abc import Collection, Sequence
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import func
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from booking import rules as booking
from booking.fleet.models import Trait, TraitKind, Unit, UnitTrait
from booking.showing import rules
from booking.showing.models import Accessory, UnitFile
from booking.showing.rules import Piece
from booking.typed import amount_words
from entente.db import rows
from entente.people.who import Who
from entente.rules import NotFound
from entente.web.uploads import in_words

COVER_SIDE = 640
"""Of a thumbnail, at most: a page must know the shape before the picture comes."""


class ShownFile(NamedTuple):
    """A photo or a document as pages show it."""

    id: UUID
    name: str
    label: str
    size: int
    width: int
    height: int
    words: str

    @property
    def weight(self) -> str:
        """How heavy it is, said aloud."""
        return in_words(self.size)

    @property
    def box(self) -> tuple[int, int]:
        """Width and height of its thumbnail."""
        scale = min(1.0, COVER_SIDE / max(self.width, self.height, 1))
        return max(1, round(self.width * scale)), max(1, round(self.height * scale))


class Shown(NamedTuple):
    """All that shows a unit."""

    photos: Sequence[ShownFile] = ()
    documents: Sequence[ShownFile] = ()
    accessories: Sequence[Piece] = ()


_FILE: Any = (
    col(UnitFile.id),
    UnitFile.name,
    UnitFile.label,
    UnitFile.size,
    UnitFile.width,
    UnitFile.height,
    UnitFile.words,
)
_ORDER: Any = (col(UnitFile.place), col(UnitFile.id))


async def shown_of(db: AsyncSession, unit_id: UUID) -> Shown:
    """What shows one unit."""
    query = rows(*_FILE).where(col(UnitFile.unit_id) == unit_id, col(UnitFile.removed_at).is_(None))
    files = [ShownFile(*row) for row in await db.execute(query.order_by(*_ORDER))]
    listed = rows(Accessory.name, Accessory.quantity).where(col(Accessory.unit_id) == unit_id)
    pieces = [Piece(*row) for row in await db.execute(listed.order_by(col(Accessory.place)))]
    return Shown([each for each in files if each.width], [each for each in files if not each.width], pieces)


async def covers(db: AsyncSession, units: Collection[UUID]) -> dict[UUID, ShownFile]:
    """The first photo of each of these units that has one."""
    query = (
        rows(UnitFile.unit_id, *_FILE)
        .where(col(UnitFile.unit_id).in_(units), col(UnitFile.removed_at).is_(None), col(UnitFile.width) > 0)
        .order_by(*_ORDER)
    )
    found: dict[UUID, ShownFile] = {}
    for unit_id, *file in await db.execute(query):
        found.setdefault(unit_id, ShownFile(*file))
    return found


async def file_for(db: AsyncSession, who: Who, id_: UUID) -> UnitFile:
    """A file of a unit, for whoever sees the fleet now; NotFound otherwise."""
    if not booking.may_look(who):
        raise NotFound
    query = select(UnitFile).where(col(UnitFile.id) == id_, col(UnitFile.removed_at).is_(None))
    found = (await db.exec(query)).one_or_none()
    if found is None:
        raise NotFound
    return found


async def unit_for(db: AsyncSession, who: Who, unit_id: UUID) -> Unit:
    """A unit that this person keeps, or NotFound."""
    unit = await db.get(Unit, unit_id)
    if unit is None or not rules.may_describe(who, unit):
        raise NotFound
    return unit


async def kept_file_for(db: AsyncSession, who: Who, id_: UUID) -> UnitFile:
    """A file of a unit that this person keeps, or NotFound."""
    found = await file_for(db, who, id_)
    await unit_for(db, who, found.unit_id)
    return found


async def used_by(db: AsyncSession, who: Who) -> int:
    """How many bytes this person keeps among the files of units."""
    query = rows(func.coalesce(func.sum(UnitFile.size), 0)).where(
        col(UnitFile.author_id) == who.id, col(UnitFile.removed_at).is_(None)
    )
    return int((await db.execute(query)).scalar_one())


async def count_of(db: AsyncSession, unit_id: UUID) -> int:
    """How many files a unit has."""
    query = rows(func.count()).where(col(UnitFile.unit_id) == unit_id, col(UnitFile.removed_at).is_(None))
    return int((await db.execute(query)).scalar_one())


class Described(NamedTuple):
    """A characteristic of a unit, as its keeper may change it."""

    trait_id: UUID
    name: str
    kind: TraitKind
    measure: str
    written: str

    @property
    def field(self) -> str:
        """Its name in the form."""
        return f"trait-{self.trait_id}"


async def described(db: AsyncSession, unit: Unit) -> list[Described]:
    """Every characteristic that units of this type have, with what is known of this one."""
    query = (
        rows(col(Trait.id), Trait.name, Trait.kind, Trait.measure, UnitTrait.amount, UnitTrait.words)
        .outerjoin(UnitTrait, (col(UnitTrait.trait_id) == col(Trait.id)) & (col(UnitTrait.unit_id) == unit.id))
        .where(col(Trait.type_id) == unit.type_id)
        .order_by(col(Trait.place), col(Trait.name))
    )
    return [
        Described(id_, name, TraitKind(kind), measure, _written(TraitKind(kind), amount, words))
        for id_, name, kind, measure, amount, words in await db.execute(query)
    ]


def _written(kind: TraitKind, amount: int | None, words: str | None) -> str:
    match kind:
        case TraitKind.WORDS:
            return words or ""
        case TraitKind.YES:
            return {None: "", 0: "non"}.get(amount, "oui")
    return "" if amount is None else amount_words(amount)
