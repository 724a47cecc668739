"""One decision with everything that was written down with it: who sat, its documents, what it replaces."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import func
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from entente.db import rows
from entente.people.models import Organisation, Person
from entente.people.who import Who
from entente.rules import NotFound
from entente.web.uploads import in_words
from pistes import rules
from pistes.communes.queries import Commune
from pistes.decisions.models import Attendance, Decision, DecisionFile, Sitter
from pistes.decisions.queries import Line, lines_of


class Seated(NamedTuple):
    """Who sat, as it was on that day."""

    commune: Commune
    name: str
    as_substitute: bool
    mandate: bool


class File(NamedTuple):
    """A document of a decision."""

    id: UUID
    name: str
    label: str
    size: int

    @property
    def weight(self) -> str:
        """How heavy it is, said aloud."""
        return in_words(self.size)


@dataclass(frozen=True)
class Whole:
    """A decision with everything that was written down with it."""

    line: Line
    body_id: UUID
    by: str
    former: Line | None
    seated: Sequence[Seated]
    files: Sequence[File]

    @property
    def with_mandate(self) -> int:
        """How many of those who sat decided for their commune."""
        return sum(each.mandate for each in self.seated)


async def whole(db: AsyncSession, who: Who, decision_id: UUID) -> Whole:
    """A decision as its page shows it, or NotFound."""
    found = await lines_of(db, [decision_id]) if rules.may_look(who) else []
    if not found:
        raise NotFound
    asked = (
        rows(Decision.body_id, Person.given_name, Person.family_name)
        .outerjoin(Person, col(Person.id) == col(Decision.recorded_by))
        .where(col(Decision.id) == decision_id)
    )
    row = (await db.execute(asked)).one()
    former = await lines_of(db, [found[0].supersedes_id]) if found[0].supersedes_id else []
    by = f"{row.given_name} {row.family_name}" if row.given_name else ""
    return Whole(
        found[0],
        row.body_id,
        by,
        former[0] if former else None,
        await _seated(db, decision_id),
        await _files(db, decision_id),
    )


async def _seated(db: AsyncSession, decision_id: UUID) -> list[Seated]:
    query = (
        rows(
            Attendance.as_substitute,
            Attendance.mandate,
            func.coalesce(Sitter.name, col(Person.given_name) + " " + col(Person.family_name)).label("sitter"),
            col(Organisation.id).label("organisation_id"),
            Organisation.name,
            Organisation.short_name,
            Organisation.hue,
        )
        .join(Person, col(Person.id) == col(Attendance.person_id))
        .outerjoin(Sitter, col(Sitter.person_id) == col(Person.id))
        .join(Organisation, col(Organisation.id) == col(Attendance.organisation_id))
        .where(col(Attendance.decision_id) == decision_id)
        .order_by(Organisation.name, col(Attendance.id))
    )
    return [
        Seated(
            Commune(row.organisation_id, row.name, row.short_name, row.hue),
            row.sitter,
            bool(row.as_substitute),
            bool(row.mandate),
        )
        for row in await db.execute(query)
    ]


async def _files(db: AsyncSession, decision_id: UUID) -> list[File]:
    query = rows(col(DecisionFile.id), DecisionFile.name, DecisionFile.label, DecisionFile.size).where(
        col(DecisionFile.decision_id) == decision_id
    )
    return [File(*row) for row in await db.execute(query.order_by(col(DecisionFile.id)))]


async def file_for(db: AsyncSession, who: Who, decision_id: UUID, file_id: UUID) -> DecisionFile:
    """A document of a decision that this person may read now, or NotFound."""
    found = await db.get(DecisionFile, file_id) if rules.may_look(who) else None
    if found is None or found.decision_id != decision_id:
        raise NotFound
    return found
