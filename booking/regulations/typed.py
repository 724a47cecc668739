"""What a règlement is about, as an address or a form names it."""

from collections.abc import Mapping
from typing import NamedTuple
from urllib.parse import urlencode
from uuid import UUID

from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from booking.fleet.models import ResourceType, Unit
from entente.db import rows
from entente.people.models import Organisation
from entente.rules import NotFound


class Subject(NamedTuple):
    """A unit, or what an owner lends of a type."""

    owner_id: UUID
    type_id: UUID
    unit: Unit | None
    title: str
    fields: dict[str, str]

    @property
    def query(self) -> str:
        """The same, in an address."""
        return urlencode(self.fields)


async def subject_of(db: AsyncSession, fields: Mapping[str, object]) -> Subject:
    """What is to be written about, or NotFound: a unit, or a type that this owner lends."""
    try:
        unit_id = UUID(str(fields["unit"])) if fields.get("unit") else None
        owner_id = UUID(str(fields.get("owner", ""))) if unit_id is None else None
    except ValueError:
        raise NotFound from None
    if unit_id:
        unit = await db.get(Unit, unit_id)
        if unit is None:
            raise NotFound
        return Subject(unit.owner_id, unit.type_id, unit, unit.name, {"unit": str(unit.id)})
    slug = str(fields.get("type", "")).replace("\0", "")
    query = (
        rows(col(ResourceType.id), ResourceType.name, Organisation.short_name)
        .join(Unit, col(Unit.type_id) == col(ResourceType.id))
        .join(Organisation, col(Organisation.id) == col(Unit.owner_id))
        .where(col(ResourceType.slug) == slug, col(Unit.owner_id) == owner_id)
        .limit(1)
    )
    found = (await db.execute(query)).first()
    if found is None or owner_id is None:
        raise NotFound
    return Subject(owner_id, found[0], None, f"{found[1]}, {found[2]}", {"type": slug, "owner": str(owner_id)})
