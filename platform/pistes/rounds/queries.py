"""Rounds as they may be seen: before a round closes, who has answered and nothing of what they said."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import ColumnElement, and_, func, or_
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from entente.db import rows
from entente.people.models import Body, BodyKind, Function, Organisation, Person, PersonStatus, Seat
from entente.people.queries import is_current
from entente.people.who import Who
from entente.prepared import prepared
from entente.rules import NotFound
from pistes import rules
from pistes.criteria.models import CriteriaSet
from pistes.models import Piste
from pistes.rounds.models import Entry, Given, Round, Voice


class Heard(NamedTuple):
    """A voice by its name, and whether it has given every mark."""

    id: UUID
    name: str
    is_done: bool
    is_reminded: bool


@dataclass(frozen=True)
class Progress:
    """How far a round is: the same for everybody, and all that is shown before it closes."""

    round: Round
    voices: Sequence[Heard]

    @property
    def done(self) -> int:
        """How many have given every mark."""
        return sum(each.is_done for each in self.voices)

    @property
    def missing(self) -> list[Heard]:
        """Those who have not, by name."""
        return [each for each in self.voices if not each.is_done]


class Asked(NamedTuple):
    """A piste of a round, in its order."""

    id: UUID
    code: str
    title: str


async def round_for(db: AsyncSession, who: Who, round_id: UUID) -> Round:
    """The round, or NotFound for whoever takes no part."""
    found = await db.get(Round, round_id) if rules.may_look(who) else None
    if found is None:
        raise NotFound
    return found


async def locked(db: AsyncSession, round_id: UUID, to_close: bool = False) -> Round:
    """The round as it stands now, held: answers go on side by side, but none beside the closing."""
    query = select(Round).where(col(Round.id) == round_id).execution_options(populate_existing=True)
    found = (await db.exec(query.with_for_update(read=not to_close))).one_or_none()
    if found is None:
        raise NotFound
    return found


async def round_after(db: AsyncSession, round_id: UUID) -> UUID | None:
    """The round that follows another, if one was opened."""
    found: UUID | None = (await db.execute(rows(col(Round.id)).where(col(Round.after_id) == round_id))).scalar()
    return found


async def criteria_of(db: AsyncSession, found: Round) -> CriteriaSet:
    """The version of the criteria by which a round judges."""
    return await db.get_one(CriteriaSet, found.criteria_id)


async def rounds(db: AsyncSession, most: int = 50) -> Sequence[Round]:
    """The rounds, those that are open first, then the newest."""
    order = (col(Round.closed_at).is_not(None), col(Round.opened_at).desc(), col(Round.id).desc())
    return (await db.exec(select(Round).order_by(*order).limit(most))).all()


async def progress(db: AsyncSession, found: Collection[Round]) -> dict[UUID, Progress]:
    """How far each of these rounds is: one question."""
    name = func.coalesce(col(Organisation.name), col(Person.given_name) + " " + col(Person.family_name))
    query = (
        rows(Voice.round_id, Voice.id, name.label("name"), Voice.done_at, Voice.reminded_at)
        .outerjoin(Organisation, col(Organisation.id) == col(Voice.organisation_id))
        .outerjoin(Person, col(Person.id) == col(Voice.person_id))
        .where(col(Voice.round_id).in_([each.id for each in found]))
        .order_by(name, col(Voice.id))
    )
    heard: dict[UUID, list[Heard]] = {each.id: [] for each in found}
    for row in await db.execute(query):
        heard[row.round_id].append(Heard(row.id, row.name, row.done_at is not None, row.reminded_at is not None))
    return {each.id: Progress(each, heard[each.id]) for each in found}


async def asked(db: AsyncSession, round_id: UUID, since: int = 0, most: int | None = None) -> list[Asked]:
    """The pistes of a round in order, or some of them."""
    query = (
        rows(Piste.id, Piste.code, Piste.title)
        .join(Entry, col(Entry.piste_id) == col(Piste.id))
        .where(col(Entry.round_id) == round_id)
        .order_by(col(Entry.place))
        .offset(since)
    )
    return [Asked(*row) for row in await db.execute(query.limit(most) if most else query)]


async def count(db: AsyncSession, round_id: UUID) -> int:
    """How many pistes a round evaluates."""
    query = rows(func.count()).select_from(Entry).where(col(Entry.round_id) == round_id)
    return int((await db.execute(query)).scalar_one())


async def among(db: AsyncSession, round_id: UUID, pistes: Collection[UUID]) -> frozenset[UUID]:
    """Which of these pistes a round evaluates."""
    query = rows(col(Entry.piste_id)).where(col(Entry.round_id) == round_id, col(Entry.piste_id).in_(pistes))
    return frozenset((await db.execute(query)).scalars())


async def seats_of(db: AsyncSession, who: Who, body_id: UUID) -> frozenset[UUID]:
    """For which organisations this person sits in a body today."""
    query = rows(col(Seat.organisation_id)).where(
        col(Seat.body_id) == body_id,
        or_(col(Seat.holder_id) == who.id, col(Seat.substitute_id) == who.id),
        is_current(Seat),
    )
    return frozenset((await db.execute(query)).scalars())


async def voices_of(db: AsyncSession, who: Who, found: Round) -> Sequence[Voice]:
    """The voices that this person may give in a round: their own, or that of the communes they speak for."""
    speaks = {place for kind, place in who.functions if kind in rules.SPEAKS}
    places = speaks | await seats_of(db, who, found.body_id)
    query = select(Voice).where(
        col(Voice.round_id) == found.id,
        or_(col(Voice.person_id) == who.id, col(Voice.organisation_id).in_(places)),
    )
    return (await db.exec(query.order_by(col(Voice.id)))).all()


async def open_to(db: AsyncSession, who: Who) -> list[tuple[Round, bool]]:
    """The open rounds in which this person has a voice, and whether each of their voices is done."""
    speaks = {place for kind, place in who.functions if kind in rules.SPEAKS}
    question, asked = _open(who.id, speaks)
    return [(found, bool(is_done)) for found, is_done in await db.exec(question, params=asked)]


@prepared
def _open(person_id: UUID, speaks: Collection[UUID]) -> Any:
    seat = (
        rows(col(Seat.id))
        .where(
            col(Seat.body_id) == col(Round.body_id),
            col(Seat.organisation_id) == col(Voice.organisation_id),
            or_(col(Seat.holder_id) == person_id, col(Seat.substitute_id) == person_id),
            is_current(Seat),
        )
        .exists()
    )
    mine = or_(col(Voice.person_id) == person_id, col(Voice.organisation_id).in_(speaks), seat)
    return (
        select(Round, func.count(col(Voice.id)) == func.count(col(Voice.done_at)))
        .join(Voice, and_(col(Voice.round_id) == col(Round.id), mine))
        .where(col(Round.closed_at).is_(None))
        .group_by(col(Round.id))
        .order_by(col(Round.opened_at))
    )


async def marks_of(
    db: AsyncSession, voice_id: UUID, pistes: Collection[UUID] | None = None
) -> dict[tuple[UUID, str], int]:
    """What one voice has given: shown to that voice alone."""
    query = rows(Given.piste_id, Given.criterion, Given.level).where(col(Given.voice_id) == voice_id)
    if pistes is not None:
        query = query.where(col(Given.piste_id).in_(pistes))
    return {(row.piste_id, row.criterion): row.level for row in await db.execute(query)}


async def how_many(db: AsyncSession, voice_id: UUID) -> int:
    """How many marks one voice has given."""
    query = rows(func.count()).select_from(Given).where(col(Given.voice_id) == voice_id)
    return int((await db.execute(query)).scalar_one())


async def voice_before(db: AsyncSession, found: Round, voice: Voice) -> Voice | None:
    """The same voice in the round before."""
    if found.after_id is None:
        return None
    same: ColumnElement[bool] = (
        col(Voice.person_id) == voice.person_id
        if voice.person_id
        else col(Voice.organisation_id) == voice.organisation_id
    )
    return (await db.exec(select(Voice).where(col(Voice.round_id) == found.after_id, same))).one_or_none()


Counted = Mapping[tuple[UUID, str], Mapping[int, int]]
"""For each piste and criterion, how many voices gave each level."""


async def counts(db: AsyncSession, found: Round, pistes: Collection[UUID] | None = None) -> Counted:
    """What was said in a closed round, without who said it; raises NotFound while it is open: it is blind."""
    if found.is_open:
        raise NotFound
    query: Any = (
        rows(Given.piste_id, Given.criterion, Given.level, func.count().label("voices"))
        .where(col(Given.round_id) == found.id)
        .group_by(col(Given.piste_id), col(Given.criterion), col(Given.level))
    )
    if pistes is not None:
        query = query.where(col(Given.piste_id).in_(pistes))
    said: dict[tuple[UUID, str], dict[int, int]] = {}
    for piste, key, level, voices in await db.execute(query):
        said.setdefault((piste, key), {})[level] = voices
    return said


async def people_of(db: AsyncSession, found: Round, voices: Collection[UUID]) -> set[UUID]:
    """Everyone who may give one of these voices, to be told of it."""
    where = (col(Voice.round_id) == found.id, col(Voice.id).in_(voices), col(Person.status) == PersonStatus.ACTIVE)
    for_commune = col(Seat.organisation_id) == col(Voice.organisation_id)
    sitting = (
        rows(col(Person.id))
        .join(Seat, or_(col(Seat.holder_id) == col(Person.id), col(Seat.substitute_id) == col(Person.id)))
        .join(Voice, and_(for_commune, col(Seat.body_id) == found.body_id))
        .where(*where, is_current(Seat))
    )
    speaking = (
        rows(col(Person.id))
        .join(Function, col(Function.person_id) == col(Person.id))
        .join(Voice, col(Voice.organisation_id) == col(Function.organisation_id))
        .where(*where, is_current(Function), col(Function.kind).in_(rules.SPEAKS))
    )
    themselves = rows(col(Person.id)).join(Voice, col(Voice.person_id) == col(Person.id)).where(*where)
    return set((await db.execute(sitting.union(speaking, themselves))).scalars())


async def holders(db: AsyncSession, body_id: UUID) -> Sequence[UUID]:
    """Those who hold a seat of a body today."""
    query = rows(col(Seat.holder_id)).where(col(Seat.body_id) == body_id, is_current(Seat)).distinct()
    return (await db.execute(query.order_by(col(Seat.holder_id)))).scalars().all()


async def committees(db: AsyncSession, who: Who) -> list[tuple[UUID, str]]:
    """The technical committees for which this person may open a round."""
    query = rows(Body.id, Body.name).where(col(Body.kind) == BodyKind.COTECH).order_by(Body.name)
    found = [(row.id, row.name) for row in await db.execute(query)]
    return [each for each in found if who.is_administrator or each[0] in who.secretary_of]
