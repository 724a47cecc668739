"""Invitations: a secret link by mail, good once and for two weeks, that opens a prepared account."""

import secrets
from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from sqlalchemy import update
from sqlmodel import col

from entente import mail
from entente.clock import now
from entente.ids import Ref
from entente.people.models import Person, PersonStatus, Purpose, Token
from entente.people.queries import hash_of
from entente.rules import Conflict
from entente.work import Work

DAYS = 14
LINKS_AT_ONCE = 1_000
"""Both databases accept that many values in one question."""


async def invite(work: Work, person: Person, base_url: str) -> str:
    """Invite someone, or invite them again: the new link is the only one that works. Returns the link."""
    (link,) = await invite_all(work, [person], base_url)
    return link


async def invite_all(work: Work, people: Sequence[Person], base_url: str) -> list[str]:
    """Invite several people whose accounts are prepared, with as few questions as if there were one."""
    if any(person.status != PersonStatus.INVITED for person in people):
        raise Conflict("Ce compte est déjà ouvert ou suspendu\u00a0: on ne peut pas inviter cette personne.")
    # The person's row comes first: a link holds its id.
    await work.db.flush()
    await cancel(work, [person.id for person in people])
    return [_send(work, person, base_url) for person in people]


async def cancel(work: Work, people: Sequence[UUID]) -> None:
    """Make these people's unused invitations void."""
    for start in range(0, len(people), LINKS_AT_ONCE):
        await work.db.execute(
            update(Token)
            .where(
                col(Token.person_id).in_(people[start : start + LINKS_AT_ONCE]),
                col(Token.purpose) == Purpose.INVITATION,
                col(Token.used_at).is_(None),
            )
            .values(used_at=now())
        )


def _send(work: Work, person: Person, base_url: str) -> str:
    secret = secrets.token_urlsafe(32)
    work.db.add(
        Token(
            hash=hash_of(secret),
            purpose=Purpose.INVITATION,
            person_id=person.id,
            email=person.email,
            expires_at=now() + timedelta(days=DAYS),
        )
    )
    link = f"{base_url}/invitation/{secret}"
    inviter = work.someone.name if work.someone else None
    mail.post(work, person.email, "Votre invitation dans Entente", _letter(person.name, inviter, link))
    work.audit("invitation.sent", Ref("entente/person", person.id))
    return link


def _letter(name: str, inviter: str | None, link: str) -> str:
    opening = f"{inviter} vous invite" if inviter else "Vous êtes invité(e)"
    return (
        f"Bonjour {name},\n\n"
        f"{opening} à rejoindre Entente, l’espace de travail commun de votre intercommunalité "
        "et de ses communes.\n\n"
        f"Pour ouvrir votre compte, suivez ce lien\u00a0:\n{link}\n\n"
        f"Il est valable {DAYS}\u00a0jours et ne sert qu’une fois. Ne le transférez à personne.\n"
        "Si vous n’attendiez pas cette invitation, ignorez ce message\u00a0: rien ne se passera.\n"
    )
