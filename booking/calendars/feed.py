"""The calendars themselves: which there are, for whom, and how a reservation becomes an event."""

from collections.abc import Awaitable, Callable, Sequence
from hashlib import sha256
from uuid import UUID

from sqlalchemy import ColumnElement
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from booking import rules
from booking.calendars import queries
from booking.calendars.queries import UNDONE, Said
from booking.fleet.models import ResourceType, Unit
from booking.models import State
from entente.db import rows
from entente.ical import Event, Key
from entente.ical import State as Certainty
from entente.people.models import Organisation
from entente.people.who import Who
from entente.room import Calendar
from entente.rules import NotFound
from entente.web.words import NBSP, number

HUE = 250
AT = "@reservations.entente"
"""Never to be changed: applications know an event by its whole uid."""

Title = Callable[[Said], str]
Choices = Callable[[AsyncSession, Who], Awaitable[Sequence[tuple[UUID | None, str]]]]
Headed = Callable[[AsyncSession, Who, UUID | None], Awaitable[tuple[str, int]]]
Which = Callable[[Who, UUID | None], ColumnElement[bool]]

_WORDS = {
    State.REQUESTED: "En attente de l’accord du propriétaire.",
    State.OFFERED: "Proposé par la liste d’attente\u00a0: répondez avant que l’offre ne tombe.",
    State.REFUSED: "Le propriétaire a refusé la demande.",
    State.EXPIRED: "Personne n’a répondu à temps.",
}


def event_of(said: Said, title: str) -> Event:
    """A reservation as an event: busy from its beginning to its end, its preparation only said."""
    return Event(
        uid=f"{said.id}{AT}",
        sequence=max(said.changes - 1, 0),
        changed_at=said.changed_at,
        begins=said.period.starts,
        ends=said.period.ends,
        title=title,
        place="; ".join(sorted({", ".join(filter(None, (held.depot, held.address))) for held in said.units})),
        text=_text(said),
        # Whoever may not read the reservation is led to what it takes.
        address=f"/reservations/{said.id}" if said.person else f"/reservations/unites/{said.units[0].unit_id}",
        state=_certainty(said.state),
        category=said.type,
    )


def _certainty(state: State) -> Certainty:
    if state in UNDONE:
        return Certainty.CANCELLED
    return Certainty.TENTATIVE if state in (State.REQUESTED, State.OFFERED) else Certainty.CONFIRMED


def _text(said: Said) -> str:
    names = [held.name + (f" × {number(held.quantity)}" if held.quantity > 1 else "") for held in said.units]
    lines = [
        _WORDS.get(said.state, ""),
        _line("Matériel", ", ".join(names)),
        _line("Au compte de", said.payer),
        _line("Au nom de", said.on_behalf_of),
        _line("Pour quoi faire", said.purpose),
        _line("Réservé par", said.person),
        _line("Préparation et remise en état comprises", _held_words(said)),
    ]
    return "\n".join(line for line in lines if line)


def _line(name: str, value: str) -> str:
    return f"{name}{NBSP}: {value}" if value else ""


def _held_words(said: Said) -> str:
    held = said.period.widened(max(each.before for each in said.units), max(each.after for each in said.units))
    return held.words if held != said.period else ""


def _what(said: Said) -> str:
    return ", ".join(held.name for held in said.units)


def _what_and_whose(said: Said) -> str:
    if said.state == State.BLOCKED:
        return f"{_what(said)}{NBSP}: immobilisé"
    return f"{_what(said)}{NBSP}: {said.payer}"


def _key_of(said: Said, title: str) -> Key:
    # Everything it shows: whatever changes in it, a unit's name too, is rendered again, and nothing else.
    return Key(f"{said.id}{AT}", sha256(f"{title}\0{said!r}".encode()).hexdigest()[:24])


def _calendar(kind: str, which: Which, title: Title, choices: Choices, head: Headed) -> Calendar:
    async def keys(db: AsyncSession, who: Who, subject: UUID | None) -> Sequence[Key]:
        return [_key_of(each, title(each)) for each in await queries.said(db, who, which(who, subject))]

    async def events(
        db: AsyncSession, who: Who, subject: UUID | None, uids: list[str] | None
    ) -> Sequence[tuple[Key, Event]]:
        among = None if uids is None else [UUID(uid.removesuffix(AT)) for uid in uids]
        found = await queries.said(db, who, which(who, subject), among)
        return [(_key_of(each, title(each)), event_of(each, title(each))) for each in found]

    return Calendar(kind, choices, head, keys, events)


def _known(subject: UUID | None) -> UUID:
    if subject is None:
        raise NotFound
    return subject


def _require_member(who: Who) -> None:
    if not rules.may_look(who):
        raise NotFound


async def _my_choice(_db: AsyncSession, who: Who) -> Sequence[tuple[UUID | None, str]]:
    return [(None, "Mes réservations")] if rules.may_look(who) else []


async def _my_head(_db: AsyncSession, who: Who, subject: UUID | None) -> tuple[str, int]:
    _require_member(who)
    if subject is not None:
        raise NotFound
    return "Mes réservations", HUE


async def _town_choices(db: AsyncSession, who: Who) -> Sequence[tuple[UUID | None, str]]:
    query = rows(col(Organisation.id), Organisation.name).where(col(Organisation.id).in_(who.organisations))
    return [(id_, f"Réservations\u00a0: {name}") for id_, name in await db.execute(query.order_by(Organisation.name))]


async def _town_head(db: AsyncSession, who: Who, subject: UUID | None) -> tuple[str, int]:
    town = await db.get(Organisation, _known(subject))
    if town is None or town.id not in who.organisations:
        raise NotFound
    return f"Réservations\u00a0: {town.name}", town.hue


async def _type_choices(db: AsyncSession, who: Who) -> Sequence[tuple[UUID | None, str]]:
    if not rules.may_look(who):
        return []
    query = rows(col(ResourceType.id), ResourceType.name).order_by(col(ResourceType.place), col(ResourceType.name))
    return [(id_, f"Matériel de type\u00a0: {name}") for id_, name in await db.execute(query)]


async def _type_head(db: AsyncSession, who: Who, subject: UUID | None) -> tuple[str, int]:
    _require_member(who)
    found = await db.get(ResourceType, _known(subject))
    if found is None:
        raise NotFound
    return f"Matériel de type\u00a0: {found.name}", HUE


async def _unit_choices(db: AsyncSession, who: Who) -> Sequence[tuple[UUID | None, str]]:
    if not rules.may_look(who):
        return []
    query = rows(col(Unit.id), Unit.name, Unit.code).where(col(Unit.retired_at).is_(None))
    found = await db.execute(query.order_by(col(Unit.name), col(Unit.id)))
    return [(id_, f"{name} ({code})") for id_, name, code in found]


async def _unit_head(db: AsyncSession, who: Who, subject: UUID | None) -> tuple[str, int]:
    _require_member(who)
    query = (
        rows(Unit.name, Unit.code, Organisation.hue)
        .join(Organisation, col(Organisation.id) == col(Unit.owner_id))
        .where(col(Unit.id) == _known(subject))
    )
    found = (await db.execute(query)).one_or_none()
    if found is None:
        raise NotFound
    return f"{found.name} ({found.code})", found.hue


def _mine(who: Who, _subject: UUID | None) -> ColumnElement[bool]:
    return queries.is_mine(who)


def _of_town(_who: Who, subject: UUID | None) -> ColumnElement[bool]:
    return queries.is_paid_by(_known(subject))


def _of_type(_who: Who, subject: UUID | None) -> ColumnElement[bool]:
    return queries.takes_type(_known(subject))


def _of_unit(_who: Who, subject: UUID | None) -> ColumnElement[bool]:
    return queries.takes_unit(_known(subject))


CALENDARS = (
    _calendar("booking/mine", _mine, _what, _my_choice, _my_head),
    _calendar("booking/organisation", _of_town, _what, _town_choices, _town_head),
    _calendar("booking/type", _of_type, _what_and_whose, _type_choices, _type_head),
    _calendar("booking/unit", _of_unit, _what_and_whose, _unit_choices, _unit_head),
)
