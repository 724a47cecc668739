"""What is done with secret addresses: given, renewed, revoked. The secret itself is shown once and not kept."""

import secrets
from uuid import UUID

from sqlalchemy import delete
from sqlalchemy.exc import IntegrityError
from sqlmodel import col

from entente.ids import Ref
from entente.people.queries import hash_of
from entente.rules import Conflict
from entente.work import Work
from forums.atom.models import AtomAddress
from forums.models import Forum

SECRET_BYTES = 24
"""192 bits: nobody guesses one."""


def subject_of(address_id: UUID) -> Ref:
    """An address, for the audit."""
    return Ref("forums/feed", address_id)


async def give_address(work: Work, forum: Forum | None) -> str:
    """A new secret for a forum, or for all that this person may read; the one before opens nothing any more."""
    forum_id = forum.id if forum else None
    is_same = col(AtomAddress.forum_id) == forum_id if forum_id else col(AtomAddress.forum_id).is_(None)
    await work.db.execute(delete(AtomAddress).where(col(AtomAddress.person_id) == work.who.id, is_same))
    secret = secrets.token_urlsafe(SECRET_BYTES)
    address = AtomAddress(hash=hash_of(secret), person_id=work.who.id, forum_id=forum_id)
    work.db.add(address)
    try:
        await work.db.flush()
    except IntegrityError:
        # Two windows asked at once: the constraint keeps one address, and its secret was shown in the other.
        raise Conflict("Cette adresse vient d’être créée dans une autre fenêtre\u00a0: recommencez.") from None
    work.audit("feed.created", subject_of(address.id))
    return secret


async def revoke(work: Work, address: AtomAddress) -> None:
    """From now on, this address opens nothing."""
    await work.db.execute(delete(AtomAddress).where(col(AtomAddress.id) == address.id))
    work.audit("feed.revoked", subject_of(address.id))


async def forget(work: Work, forum_id: UUID) -> None:
    """The forum itself goes."""
    await work.db.execute(delete(AtomAddress).where(col(AtomAddress.forum_id) == forum_id))
