"""Meetings, as the search of the house reads, guards and shows them; and as notices and links tell them."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, func, select
from sqlalchemy.orm import aliased
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from entente.db import rows
from entente.people.models import Body, Person, Seat
from entente.people.who import Who
from entente.room import Card, Holding, Told
from entente.rules import NotFound
from entente.search.findable import Doc, Document, Find, Findable
from entente.web.words import NBSP, date_time
from planning import queries
from planning.answers.service import SAID
from planning.doors import address_of
from planning.models import Answer, AnswerSaid, Item, Meeting, Stance, State
from planning.verbs import MEETING, OF_MEETINGS, Verb


async def touched(_db: AsyncSession, _verb: str, subject_id: UUID) -> Sequence[UUID]:
    """The meeting that it is about."""
    return [subject_id]


async def all_meetings(db: AsyncSession, after: UUID | None, limit: int) -> Sequence[UUID]:
    """The meetings after one, by id, which is the order of their birth."""
    query = rows(col(Meeting.id)).order_by(col(Meeting.id)).limit(limit)
    if after is not None:
        query = query.where(col(Meeting.id) > after)
    return (await db.execute(query)).scalars().all()


async def documents(db: AsyncSession, ids: Sequence[UUID]) -> Sequence[Document]:
    """Meetings with their note and the points of their agenda."""
    points: dict[UUID, list[str]] = {}
    query = rows(Item.meeting_id, Item.title, Item.note, Item.rapporteur).where(col(Item.meeting_id).in_(ids))
    for row in await db.execute(query.order_by(col(Item.position))):
        points.setdefault(row.meeting_id, []).extend([row.title, row.rapporteur, row.note])
    found = rows(
        Meeting.id, Meeting.body_id, Meeting.person_id, Meeting.starts_at, Meeting.title, Meeting.note, Body.name
    ).join(Body, col(Body.id) == col(Meeting.body_id))
    return [
        Document(
            row.id,
            row.body_id,
            row.id,
            None,
            row.starts_at,
            row.title,
            "\n".join(filter(None, [row.name, row.note, *points.get(row.id, [])])),
        )
        for row in await db.execute(found.where(col(Meeting.id).in_(ids)))
    ]


async def count(db: AsyncSession) -> int:
    """How many meetings there are."""
    return int((await db.execute(rows(func.count()).select_from(Meeting))).scalar_one())


def scopes(_who: Who) -> Select[Any]:
    """Every body: what is confidential is kept back meeting by meeting, by `stands`."""
    return select(col(Body.id))


def stands(document: Doc, who: Who) -> ColumnElement[bool]:
    """Whether this person may read the meeting: the page's own question."""
    return rows(col(Meeting.id)).where(col(Meeting.id) == document.subject_id, queries.is_open_to(who)).exists()


async def shown(db: AsyncSession, ids: Sequence[UUID]) -> Sequence[Find]:
    """These meetings, as results show them."""
    texts = {each.subject_id: each.text for each in await documents(db, ids)}
    query = rows(Meeting.id, Meeting.title, Meeting.starts_at, Meeting.state, Body.id.label("body_id"), Body.name)  # type: ignore[attr-defined]
    query = query.join(Body, col(Body.id) == col(Meeting.body_id)).where(col(Meeting.id).in_(ids))
    return [
        Find(
            row.id,
            row.title,
            texts.get(row.id, ""),
            address_of(row.id),
            row.starts_at,
            None,
            (row.name, f"/annuaire/instances/{row.body_id}"),
            "annulée" if row.state == State.CANCELLED else "",
        )
        for row in await db.execute(query)
    ]


meetings = Findable(
    MEETING,
    label=("réunion", "réunions"),
    groups=("réunion", "réunions"),
    verbs=frozenset({*OF_MEETINGS, Verb.AGENDA_CHANGED}),
    touched=touched,
    all=all_meetings,
    documents=documents,
    count=count,
    scopes=scopes,
    stands=stands,
    shown=shown,
)


async def _card(db: AsyncSession, who: Who, meeting_id: UUID) -> Card:
    meeting = await queries.meeting_for(db, who, meeting_id)
    return Card(f"{meeting.title}, {date_time(meeting.starts_at)}", address_of(meeting.id))


async def _reasons(db: AsyncSession, who: Who, meeting_id: UUID) -> Sequence[str]:
    try:
        meeting = await queries.meeting_for(db, who, meeting_id)
    except NotFound:
        return []
    told = []
    if not meeting.is_confidential:
        told.append("La réunion est ouverte à tous ceux qui prennent part à la plateforme.")
    if meeting.body_id in who.secretary_of:
        told.append("Cette personne tient le secrétariat de l’instance.")
    elif meeting.body_id in who.bodies:
        told.append("Cette personne siège aujourd’hui dans l’instance.")
    if who.is_administrator:
        told.append("Cette personne administre la plateforme.")
    return told or ["Cette personne siégeait dans l’instance le jour de la réunion."]


async def _all(db: AsyncSession) -> Sequence[tuple[UUID, str]]:
    query = rows(Meeting.id, Meeting.title, Meeting.starts_at).order_by(col(Meeting.starts_at).desc())
    return [(row.id, f"{row.title}, {date_time(row.starts_at)}") for row in await db.execute(query)]


holding = Holding(MEETING, "Réunion", card=_card, reasons=_reasons, all=_all)


async def tell_meetings(db: AsyncSession, who: Who, ids: Collection[UUID]) -> Mapping[UUID, Told]:
    """Meetings that this person may read, when someone tells of them."""
    query = (
        rows(Meeting.id, Meeting.title, Meeting.starts_at, Body.name)
        .join(Body, col(Body.id) == col(Meeting.body_id))
        .where(col(Meeting.id).in_(ids), queries.is_open_to(who))
    )
    return {
        row.id: Told(row.title, address_of(row.id), date_time(row.starts_at), row.name)
        for row in await db.execute(query)
    }


async def tell_answers(db: AsyncSession, who: Who, ids: Collection[UUID]) -> Mapping[UUID, Told]:
    """A pouvoir that one bears, or that one had given and that fell: while it is the last word of its seat."""
    giver = aliased(Person)
    query = (
        rows(
            AnswerSaid.id,
            AnswerSaid.stance,
            AnswerSaid.meeting_id,
            giver.given_name,
            giver.family_name,
            Meeting.title,
            Body.name,
        )
        .join(Seat, col(Seat.id) == col(AnswerSaid.seat_id))
        .join(giver, col(giver.id) == col(Seat.holder_id))
        .join(Meeting, col(Meeting.id) == col(AnswerSaid.meeting_id))
        .join(Body, col(Body.id) == col(Meeting.body_id))
        .join(
            Answer,
            (col(Answer.meeting_id) == col(AnswerSaid.meeting_id))
            & (col(Answer.seat_id) == col(AnswerSaid.seat_id))
            & (col(Answer.at) == col(AnswerSaid.at)),
        )
        .where(col(AnswerSaid.id).in_(ids), queries.is_open_to(who))
    )
    return {
        row.id: Told(row.title, address_of(row.meeting_id), _pouvoir_words(row), row.name)
        for row in await db.execute(query)
    }


def _pouvoir_words(row: Any) -> str:
    if row.stance == Stance.REPRESENTED:
        return f"{row.given_name} {row.family_name} vous donne pouvoir."
    return (
        f"Votre pouvoir est tombé{NBSP}: le membre qui le portait ne viendra pas. Vous restez excusé{NBSP}; "
        "vous pouvez donner pouvoir à un autre membre."
    )


tells = {MEETING: tell_meetings, SAID: tell_answers}
