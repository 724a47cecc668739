"""What is asked of someone, what was asked before, and who has accepted it."""

from collections.abc import Collection
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from markupsafe import Markup
from sqlalchemy import and_, func, or_
from sqlalchemy.orm import aliased
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from booking import rules
from booking.fleet.models import ResourceType, Unit
from booking.regulations.models import Acceptance, Regulation, Wording
from entente.db import rows
from entente.people.models import Function, Organisation, Person
from entente.people.queries import is_current
from entente.people.who import Who
from entente.rules import NotFound
from entente.text import to_html

MOST = 500
_named: Any = aliased(Unit)


class Text(NamedTuple):
    """A règlement as it is now, and when this person accepted it."""

    id: UUID
    number: int
    owner_id: UUID
    body: str
    at: datetime
    title: str
    """« Nacelle », or the name of the one unit that it is about."""
    owner: str
    is_of_unit: bool
    accepted_at: datetime | None = None

    @property
    def field(self) -> str:
        """The box in a form that says that it is accepted."""
        return f"accept-{self.id}"

    @property
    def html(self) -> Markup:
        """The words, as a page shows them."""
        return Markup(to_html(self.body))  # noqa: S704 - sanitised by the house's reader


async def of_units(db: AsyncSession, person_id: UUID, units: Collection[UUID]) -> list[Text]:
    """What is asked of whoever takes these units: that of the unit itself, or else that of its type; one question."""
    of_type = and_(
        col(Regulation.unit_id).is_(None),
        col(Regulation.type_id) == col(Unit.type_id),
        col(Regulation.owner_id) == col(Unit.owner_id),
    )
    query = (
        _texts(col(Unit.id).label("of"))
        .join(Unit, or_(of_type, col(Regulation.unit_id) == col(Unit.id)))
        .add_columns(Acceptance.at.label("accepted_at"))  # type: ignore[attr-defined]
        .outerjoin(
            Acceptance,
            and_(
                col(Acceptance.regulation_id) == col(Regulation.id),
                col(Acceptance.number) == col(Regulation.current),
                col(Acceptance.person_id) == person_id,
            ),
        )
        .where(col(Unit.id).in_(units), col(Wording.body) != "")
        .order_by(col(Regulation.unit_id).is_not(None), col(Organisation.name), col(ResourceType.place))
    )
    asked: dict[UUID, Text] = {}
    for row in await db.execute(query):
        # That of the unit comes last, and takes the place of the other.
        asked[row.of] = _text(row, row.accepted_at)
    return list({text.id: text for text in asked.values()}.values())


async def to_accept(db: AsyncSession, who: Who, units: Collection[UUID]) -> list[Text]:
    """What this person has not accepted yet; whoever keeps the equipment applies the règlement, and signs nothing."""
    asked = await of_units(db, who.id, units)
    return [each for each in asked if each.accepted_at is None and not rules.may_manage(who, each.owner_id)]


def _texts(*more: Any) -> Any:
    named = rows(
        col(Regulation.id),
        col(Regulation.current),
        col(Regulation.owner_id),
        col(Regulation.unit_id),
        col(Wording.body),
        col(Wording.at),
        col(ResourceType.name).label("type"),
        col(Organisation.short_name).label("owner"),
        _named.name.label("unit"),
        *more,
    )
    return (
        named.join(
            Wording,
            and_(col(Wording.regulation_id) == col(Regulation.id), col(Wording.number) == col(Regulation.current)),
        )
        .join(ResourceType, col(ResourceType.id) == col(Regulation.type_id))
        .join(Organisation, col(Organisation.id) == col(Regulation.owner_id))
        .outerjoin(_named, _named.id == col(Regulation.unit_id))
    )


def _text(row: Any, accepted_at: datetime | None = None) -> Text:
    title = row.unit or row.type
    return Text(row.id, row.current, row.owner_id, row.body, row.at, title, row.owner, bool(row.unit_id), accepted_at)


async def text_of(db: AsyncSession, regulation_id: UUID) -> Text:
    """A règlement as it is now, or NotFound."""
    found = (await db.execute(_texts().where(col(Regulation.id) == regulation_id))).first()
    if found is None:
        raise NotFound
    return _text(found)


async def all_of_them(db: AsyncSession) -> list[tuple[Text, int]]:
    """Every règlement, each with how many people have accepted its version of today."""
    accepted = (
        select(func.count())
        .select_from(Acceptance)
        .where(col(Acceptance.regulation_id) == col(Regulation.id), col(Acceptance.number) == col(Regulation.current))
        .scalar_subquery()
        .label("accepted")
    )
    query = _texts(accepted).order_by(col(ResourceType.place), col(Organisation.name), col(Regulation.id))
    return [(_text(row), row.accepted) for row in await db.execute(query)]


async def about(db: AsyncSession, owner_id: UUID, type_id: UUID, unit_id: UUID | None) -> Regulation | None:
    """The règlement of a unit, or of an owner's units of a type, if there is one."""
    query = select(Regulation).where(
        col(Regulation.owner_id) == owner_id, col(Regulation.type_id) == type_id, col(Regulation.unit_id) == unit_id
    )
    return (await db.exec(query)).one_or_none()


class Version(NamedTuple):
    """A version in the history."""

    number: int
    at: datetime
    news: str
    author: str
    is_empty: bool


async def versions_of(db: AsyncSession, regulation_id: UUID) -> list[Version]:
    """Every version, the latest first."""
    query = (
        rows(
            Wording.number,
            Wording.at,
            Wording.news,
            Person.given_name,
            Person.family_name,
            (col(Wording.body) == "").label("is_empty"),
        )
        .join(Person, col(Person.id) == col(Wording.author_id))
        .where(col(Wording.regulation_id) == regulation_id)
        .order_by(col(Wording.number).desc())
    )
    return [Version(row[0], row[1], row[2], f"{row[3]} {row[4]}", bool(row[5])) for row in await db.execute(query)]


async def wording_of(db: AsyncSession, regulation_id: UUID, number: int) -> Wording:
    """A version as it was published, or NotFound."""
    found = await db.get(Wording, (regulation_id, number))
    if found is None:
        raise NotFound
    return found


class Accepted(NamedTuple):
    """Who accepted which version, when."""

    number: int
    at: datetime
    person_id: UUID
    person: str
    organisation: str


async def acceptances_of(db: AsyncSession, regulation_id: UUID, limit: int | None = MOST) -> list[Accepted]:
    """Who has accepted which version of a règlement, the latest first; all of them, without a limit."""
    # The function shown beside a name is the first one: several would repeat the person.
    first = (
        select(Organisation.short_name)
        .join(Function, col(Function.organisation_id) == col(Organisation.id))
        .where(col(Function.person_id) == col(Person.id), is_current(Function))
        .order_by(col(Function.id))
        .limit(1)
        .correlate(Person)
        .scalar_subquery()
    )
    query = (
        rows(Acceptance.number, Acceptance.at, col(Person.id), Person.given_name, Person.family_name, first)
        .join(Person, col(Person.id) == col(Acceptance.person_id))
        .where(col(Acceptance.regulation_id) == regulation_id)
        .order_by(col(Acceptance.at).desc(), col(Person.id))
        .limit(limit)
    )
    return [Accepted(row[0], row[1], row[2], f"{row[3]} {row[4]}", row[5] or "") for row in await db.execute(query)]
