"""Leaving by a link of a mail (RFC 8058): signed, for one person and one thing, and good for nothing else.

The key is the person's own, 256 bits that never leave the database; what it signs holds their address, so a
change of address voids every link sent before. Leaving twice changes nothing, so a link serves for ever.
"""

import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from hashlib import sha256
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import Uuid, bindparam, text
from sqlalchemy.orm.attributes import flag_modified
from sqlmodel.ext.asyncio.session import AsyncSession

from entente.clock import now
from entente.db import Moment
from entente.ids import Ref
from entente.notices.models import Postbag, Silence
from entente.notices.rules import MailRhythm
from entente.people.models import Person
from entente.rules import NotFound
from entente.work import Work

EVERYTHING = ""
"""The scope of whoever wants no mail at all."""
SIGNATURE = 20
"""Bytes of the signature that travel: 160 bits."""
DOOR = "/desabonnement/"


class Leave(NamedTuple):
    """Who wants to be left alone, and about what."""

    person: Person
    scope: str
    is_done: bool


def link(base_url: str, key: str, person: Person, scope: str) -> str:
    """The address that silences this, for this person."""
    packed = _signature(key, person.id, person.email, scope) + person.id.bytes + scope.encode()
    return f"{base_url}{DOOR}{urlsafe_b64encode(packed).decode().rstrip('=')}"


async def look_at(db: AsyncSession, token: str) -> Leave:
    """What a link would do, or NotFound for anything that we did not sign."""
    try:
        packed = urlsafe_b64decode(token + "=" * (-len(token) % 4))
        signature, person_id = packed[:SIGNATURE], UUID(bytes=packed[SIGNATURE : SIGNATURE + 16])
        scope = packed[SIGNATURE + 16 :].decode()
    except ValueError:
        raise NotFound from None
    person, bag = await db.get(Person, person_id), await db.get(Postbag, person_id)
    if person is None or bag is None:
        raise NotFound
    if not hmac.compare_digest(signature, _signature(bag.key, person_id, person.email, scope)):
        raise NotFound
    return Leave(person, scope, await _is_done(db, person, scope))


async def leave(work: Work, token: str) -> Leave:
    """Write no more to whoever holds this link, about what it names; once more changes nothing."""
    asked = await look_at(work.db, token)
    if asked.is_done:
        return asked
    if asked.scope == EVERYTHING:
        asked.person.notifications["mail"] = str(MailRhythm.NEVER)
        flag_modified(asked.person, "notifications")
    else:
        await silence(work, asked.person.id, Ref.parse(asked.scope))
    return asked


async def silence(work: Work, person_id: UUID, about: Ref) -> None:
    """Send someone no more mail about this."""
    await work.db.execute(_SILENCE, {"person": person_id, "about": str(about), "at": now()})


# Two mail servers may follow the same link at once: the key decides.
_SILENCE = text(
    "INSERT INTO silence (person_id, about, at) VALUES (:person, :about, :at) ON CONFLICT (person_id, about) DO NOTHING"
).bindparams(bindparam("person", type_=Uuid()), bindparam("at", type_=Moment()))


async def speak_again(work: Work, about: str) -> None:
    """Take back what was said: mails about this may come again."""
    found = await work.db.get(Silence, (work.who.id, about))
    if found:
        await work.db.delete(found)


async def _is_done(db: AsyncSession, person: Person, scope: str) -> bool:
    if scope == EVERYTHING:
        return bool(person.notifications.get("mail") == MailRhythm.NEVER)
    return await db.get(Silence, (person.id, scope)) is not None


def _signature(key: str, person_id: UUID, email: str, scope: str) -> bytes:
    signed = f"{person_id}\0{email}\0{scope}".encode()
    return hmac.digest(key.encode(), signed, sha256)[:SIGNATURE]
