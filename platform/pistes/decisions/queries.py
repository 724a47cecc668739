"""The register of decisions as members read it: rows, in a fixed number of questions."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, NamedTuple
from urllib.parse import urlencode
from uuid import UUID

from sqlalchemy import Select, func, or_
from sqlalchemy.orm import aliased
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from entente.db import rows
from entente.people.models import Body
from pistes.decisions.models import Attendance, Decision, Outcome, code_of
from pistes.models import Phase, Piste

PAGE = "/pistes/decisions"
AT_ONCE = 50
ESCAPE = "\\"
_HEIR = aliased(Decision)


class Line(NamedTuple):
    """A decision in the list."""

    id: UUID
    code: str
    decided_on: date
    title: str
    body: str
    outcome: Outcome | None
    gate: Phase | None
    review_on: date | None
    piste_id: UUID | None
    piste: str | None
    heir: tuple[UUID, str] | None
    """The decision that replaces it."""
    supersedes_id: UUID | None
    motive: str
    present: int
    seats: int
    recorded_at: datetime


@dataclass(frozen=True)
class Chosen:
    """What an address asks of the register."""

    q: str = ""
    instance: str = ""
    annee: str = ""
    issue: str = ""
    etat: str = ""
    piste: str = ""
    page: int = 1

    @classmethod
    def of(cls, asked: Mapping[str, str]) -> "Chosen":
        """The parameters of an address; what nobody knows is left out."""
        said = {name: asked.get(name, "").strip()[:80] for name in ("q", "instance", "annee", "issue", "etat", "piste")}
        page = asked.get("page", "1")
        return cls(**said, page=int(page[:4]) if page.isascii() and page.isdigit() and int(page[:4]) else 1)

    def address(self, path: str = PAGE, **instead: Any) -> str:
        """The same question with something changed."""
        asked = {**self.__dict__, **instead}
        kept = {name: value for name, value in asked.items() if value and (name, value) != ("page", 1)}
        return f"{path}?{urlencode(kept)}" if kept else path

    @property
    def is_narrow(self) -> bool:
        """Whether some decisions may be left out."""
        return bool(self.q or self.instance or self.annee or self.issue or self.etat or self.piste)


_STATES = {"vigueur": "En vigueur", "remplacees": "Remplacées", "revue": "À revoir"}


def choices(bodies: Sequence[Any], years: Sequence[int], outcomes: Mapping[Outcome, str]) -> dict[str, Any]:
    """What each filter offers."""
    return {
        "instance": [(str(each.id), each.name) for each in bodies],
        "annee": [(str(year), str(year)) for year in years],
        "issue": [(str(outcome), words.capitalize()) for outcome, words in outcomes.items()],
        "etat": list(_STATES.items()),
    }


def _lines() -> Select[Any]:
    present = (
        rows(func.count(col(Attendance.id)))
        .where(col(Attendance.decision_id) == col(Decision.id))
        .correlate(Decision)
        .scalar_subquery()
    )
    return (
        rows(
            col(Decision.id),
            Decision.year,
            Decision.number,
            Decision.decided_on,
            Decision.title,
            Decision.outcome,
            Decision.gate,
            Decision.review_on,
            Decision.piste_id,
            Decision.supersedes_id,
            Decision.motive,
            Decision.seats,
            Decision.recorded_at,
            col(Body.name).label("body"),
            col(Piste.title).label("piste"),
            col(_HEIR.id).label("heir_id"),
            col(_HEIR.year).label("heir_year"),
            col(_HEIR.number).label("heir_number"),
            present.label("present"),
        )
        .join(Body, col(Body.id) == col(Decision.body_id))
        .outerjoin(Piste, col(Piste.id) == col(Decision.piste_id))
        .outerjoin(_HEIR, col(_HEIR.supersedes_id) == col(Decision.id))
    )


def _line(row: Any) -> Line:
    return Line(
        row.id,
        code_of(row.year, row.number),
        row.decided_on,
        row.title,
        row.body,
        Outcome(row.outcome) if row.outcome else None,
        Phase(row.gate) if row.gate else None,
        row.review_on,
        row.piste_id,
        row.piste,
        (row.heir_id, code_of(row.heir_year, row.heir_number)) if row.heir_id else None,
        row.supersedes_id,
        row.motive,
        row.present,
        row.seats,
        row.recorded_at,
    )


async def decisions(db: AsyncSession, chosen: Chosen, at_once: int | None = AT_ONCE) -> tuple[list[Line], int]:
    """The decisions asked for, the newest first, and how many there are in all."""
    where = _where(chosen)
    whole = rows(func.count(col(Decision.id))).outerjoin(_HEIR, col(_HEIR.supersedes_id) == col(Decision.id))
    count = int((await db.execute(whole.where(*where))).scalar_one())
    query = _lines().where(*where).order_by(col(Decision.year).desc(), col(Decision.number).desc())
    if at_once:
        query = query.limit(at_once).offset((chosen.page - 1) * at_once)
    return [_line(row) for row in await db.execute(query)], count


def _where(chosen: Chosen) -> list[Any]:
    where: list[Any] = []
    if chosen.q:
        like = "%" + "".join(ESCAPE + each if each in "%_\\" else each for each in chosen.q) + "%"
        where.append(or_(*(col(each).ilike(like, escape=ESCAPE) for each in (Decision.title, Decision.motive))))
    for name, column in (("instance", Decision.body_id), ("piste", Decision.piste_id)):
        if asked := getattr(chosen, name):
            where.append(col(column) == _id(asked))
    if chosen.annee:
        where.append(col(Decision.year) == (int(chosen.annee[:4]) if chosen.annee.isdecimal() else 0))
    if chosen.issue:
        where.append(col(Decision.outcome) == chosen.issue)
    match chosen.etat:
        case "vigueur":
            where.append(col(_HEIR.id).is_(None))
        case "remplacees":
            where.append(col(_HEIR.id).is_not(None))
        case "revue":
            where += [col(_HEIR.id).is_(None), col(Decision.review_on).is_not(None)]
    return where


def _id(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        return UUID(int=0)


async def years(db: AsyncSession) -> list[int]:
    """The years that have decisions, the newest first."""
    query = rows(Decision.year).distinct().order_by(col(Decision.year).desc())
    return list((await db.execute(query)).scalars())


async def lines_of(db: AsyncSession, ids: Collection[UUID]) -> list[Line]:
    """These decisions."""
    return [_line(row) for row in await db.execute(_lines().where(col(Decision.id).in_(ids)))]


async def heir_of(db: AsyncSession, decision_id: UUID) -> UUID | None:
    """The decision that replaces this one."""
    query = rows(col(Decision.id)).where(col(Decision.supersedes_id) == decision_id)
    found: UUID | None = (await db.execute(query)).scalar_one_or_none()
    return found
