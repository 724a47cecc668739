"""What a subscription hands out: the calendar of its room, as much of it as its owner chose, as they may see it now."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from hashlib import sha256

from entente.agendas import queries
from entente.agendas.models import Detail, Subscription
from entente.house import House
from entente.ical import Event, EventsOf, Head, Key
from entente.people.queries import who_is
from entente.people.who import Who
from entente.room import Calendar
from entente.rules import NotFound

REVOKED = "Lien révoqué"
CLOSED = "Agenda fermé"
BUSY = "Occupé"


async def _nothing(_uids: list[str]) -> Iterable[tuple[Key, Event]]:
    return []


class Gone(Exception):
    """The address was revoked so long ago that it no longer answers."""


async def read(
    house: House, calendars: Mapping[str, Calendar], secret: str, address: str
) -> tuple[Head, Sequence[Key], EventsOf]:
    """What stands in the calendar now; nothing once it is revoked, or once its owner may no longer see it.

    Raises NotFound for an address that never was, Gone for one that was revoked long ago.
    """
    async with house.database.reading() as db:
        found = await queries.subscription_at(db, secret)
        if queries.is_gone(found):
            raise Gone
        if found.revoked_at is not None:
            return Head(REVOKED, address), [], _nothing
        who = await who_is(db, found.person_id)
        calendar = calendars.get(found.kind)
        if who is None or calendar is None:
            return Head(CLOSED, address), [], _nothing
        try:
            title, hue = await calendar.head(db, who, found.subject_id)
        except NotFound:
            return Head(CLOSED, address), [], _nothing
        keys = await calendar.keys(db, who, found.subject_id)
    # Neither the name nor the colour of a body.
    head = Head(BUSY, address) if found.detail == Detail.BUSY else Head(title, address, hue)
    return _as_chosen(house, calendar, found, who, head, keys)


def _as_chosen(
    house: House, calendar: Calendar, found: Subscription, who: Who, head: Head, keys: Sequence[Key]
) -> tuple[Head, Sequence[Key], EventsOf]:
    veils = {_veiled(found, key): key for key in keys}

    async def events_of(uids: list[str]) -> Iterable[tuple[Key, Event]]:
        behind = {veil.uid: key.uid for veil, key in veils.items()}
        async with house.database.reading() as db:
            known = await calendar.events(db, who, found.subject_id, [behind[uid] for uid in uids])
        base = house.settings.base_url
        return [(_veiled(found, key), _shown(found, key, _whole(event, base))) for key, event in known]

    return head, list(veils), events_of


def _veiled(found: Subscription, key: Key) -> Key:
    """The key of what this address shows: two levels of detail are two renderings."""
    if found.detail == Detail.FULL:
        return key
    return Key(_uid(found, key.uid), f"{found.detail} {key.version}")


def _uid(found: Subscription, uid: str) -> str:
    if found.detail != Detail.BUSY:
        return uid
    # Of this address alone: whoever holds another cannot tell that it is the same event.
    return f"{sha256(f'{found.hash} {uid}'.encode()).hexdigest()[:40]}@occupe"


def _whole(event: Event, base: str) -> Event:
    """With a whole address, in the text too: some applications hide the link of an event."""
    changes = tuple(_whole(each, base) for each in event.changes)
    if not event.address.startswith("/"):
        return replace(event, changes=changes)
    address = base + event.address
    return replace(event, address=address, text=f"{event.text}\n\n{address}".strip(), changes=changes)


def _shown(found: Subscription, key: Key, event: Event) -> Event:
    if found.detail == Detail.FULL:
        return event
    bare = replace(event, place="", text="", address="", remind=None)
    if found.detail == Detail.BUSY:
        bare = replace(bare, uid=_uid(found, key.uid), title=BUSY, category="")
    # A change of one occurrence says as little as its series.
    return replace(bare, changes=tuple(_shown(found, key, each) for each in event.changes))
