"""What happens at the door: links, sign-in, sign-out, invitations, newcomers."""

import secrets
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from sqlalchemy import delete
from sqlmodel import col, select

from entente import invitations
from entente.account import mails, queries, rules, throttle, tokens
from entente.account.models import Introduction
from entente.clock import now, today
from entente.ids import Ref
from entente.people.models import Function, FunctionKind, Person, PersonStatus, Purpose, Session
from entente.people.queries import hash_of, is_opened_by, person_by_email
from entente.rights import Verb, stream_of_person
from entente.rules import Conflict, NotFound
from entente.settings import Settings
from entente.work import Work

SEND_LINK = "account.send_link"
"""Kind of the task that answers whoever asked for a link."""


@dataclass(frozen=True)
class Visit:
    """From where someone knocks, and the cookie they hold already."""

    device: str
    address: str
    days: int
    secret: str | None = None


def ask_link(work: Work, settings: Settings, email: str, next_: str) -> None:
    """Someone wants a link at this address.

    Known or not, the same little work is done now and the rest later: no answer is slower than another.
    """
    asked = {"email": email, "next": next_, "base_url": settings.base_url, "house": settings.name}
    work.later(SEND_LINK, asked)


async def send_link(work: Work, asked: dict[str, Any]) -> None:
    """Send the link, if an account or a declared domain knows the address; otherwise nothing happens."""
    email = asked["email"]
    person = await person_by_email(work.db, email)
    if person:
        if rules.may_enter(person) and not await _is_flooded(work, person):
            _post_link(work, asked, tokens.issue(work.db, Purpose.SIGN_IN, person))
    elif await queries.domain_of(work.db, email) and not await throttle.is_over(work.db, throttle.LINKS, email):
        _post_link(work, asked, tokens.issue_for_newcomer(work.db, email))


async def _is_flooded(work: Work, person: Person) -> bool:
    # Beyond five an hour, one more goes only when none waits in the mailbox: nobody can fill it for Awa,
    # and nobody can use up her links to keep her out.
    over = await throttle.is_over(work.db, throttle.LINKS, person.email)
    return over and await tokens.has_live_link(work.db, person.id)


def _post_link(work: Work, asked: dict[str, Any], secret: str) -> None:
    onward = f"?{urlencode({'next': asked['next']})}" if asked["next"] else ""
    link = f"{asked['base_url']}/connexion/lien/{secret}{onward}"
    mails.post_sign_in_link(work, asked["email"], asked["house"], link)


async def use_link(work: Work, secret: str, visit: Visit) -> str:
    """Sign in by a link, once; an invited person becomes active. Returns the device's secret."""
    person, email = await tokens.use(work.db, Purpose.SIGN_IN, secret)
    await throttle.forget(work.db, throttle.LINKS, email)
    await throttle.give_back(work.db, throttle.LINKS_FROM, throttle.network_of(visit.address))
    if person.status == PersonStatus.INVITED:
        await _activate(work, person)
    return await sign_in(work, person, visit)


async def register(work: Work, secret: str, intro: Introduction, password_hash: str | None, visit: Visit) -> str:
    """Create the account of a newcomer from a declared domain, and sign them in."""
    email = await tokens.use_newcomer(work.db, secret)
    domain = await queries.domain_of(work.db, email)
    if domain is None or await person_by_email(work.db, email):
        raise tokens.Gone
    person = Person(
        email=email,
        given_name=intro.given_name,
        family_name=intro.family_name,
        status=PersonStatus.ACTIVE,
        password_hash=password_hash,
    )
    work.db.add(person)
    await work.db.flush()
    work.db.add(
        Function(
            person_id=person.id,
            organisation_id=domain.organisation_id,
            kind=FunctionKind.AGENT,
            since=today(),
        )
    )
    work.audit("person.registered", _ref(person), domain=domain.domain)
    return await sign_in(work, person, visit)


async def accept_invitation(
    work: Work, secret: str, intro: Introduction, password_hash: str | None, visit: Visit
) -> str:
    """Accept an invitation under one's own name, and sign in."""
    person, _ = await tokens.use(work.db, Purpose.INVITATION, secret)
    person.given_name, person.family_name = intro.given_name, intro.family_name
    person.password_hash = password_hash
    person.version += 1
    await _activate(work, person)
    return await sign_in(work, person, visit)


async def _activate(work: Work, person: Person) -> None:
    person.status = PersonStatus.ACTIVE
    await tokens.cancel(work.db, person.id)
    work.audit("person.activated", _ref(person))


async def enter_by_password(work: Work, lock: queries.Lock, newer_hash: str | None, visit: Visit) -> str:
    """Sign in whoever proved their password; raises NotFound if it was changed meanwhile."""
    person = await work.db.get(Person, lock.person_id)
    if person is None or person.password_hash != lock.password_hash or person.status != PersonStatus.ACTIVE:
        raise NotFound
    network = throttle.network_of(visit.address)
    await throttle.forget(work.db, throttle.PASSWORDS, person.email, network)
    await throttle.give_back(work.db, throttle.PASSWORDS_FROM, network)
    if newer_hash:
        person.password_hash = newer_hash
    return await sign_in(work, person, visit)


async def enter_demo(work: Work, person_id: UUID, is_demo: bool, visit: Visit) -> str:
    """Take someone's place in the demonstration; anywhere else, nobody is there."""
    person = await work.db.get(Person, person_id)
    if person is None or not rules.may_be_tried(person, is_demo):
        raise NotFound
    return await sign_in(work, person, visit)


async def sign_in(work: Work, person: Person, visit: Visit) -> str:
    """Open a session on a device, ending the one it held; returns the secret that its cookie keeps."""
    if visit.secret:
        await sign_out(work, visit.secret)
    secret = secrets.token_urlsafe(32)
    work.db.add(
        Session(
            hash=hash_of(secret),
            person_id=person.id,
            device=visit.device,
            address=visit.address,
            expires_at=now() + timedelta(days=visit.days),
        )
    )
    return secret


async def sign_out(work: Work, secret: str) -> None:
    """End the session of this cookie, if there is one."""
    ended = delete(Session).where(is_opened_by(secret)).returning(col(Session.id), col(Session.person_id))
    for row in (await work.db.execute(ended)).all():
        work.record(stream_of_person(row.person_id), Verb.SESSION_ENDED, row.id)


async def end_device(work: Work, session: Session) -> None:
    """Sign a device out from afar; its open pages close."""
    await work.db.execute(delete(Session).where(col(Session.id) == session.id))
    work.record(stream_of_person(session.person_id), Verb.SESSION_ENDED, session.id)


async def end_devices(work: Work, person_id: UUID, but: UUID | None = None) -> int:
    """Sign out every device of a person, but one; returns how many."""
    query = select(Session).where(col(Session.person_id) == person_id)
    others = [session for session in (await work.db.exec(query)).all() if session.id != but]
    for session in others:
        await end_device(work, session)
    return len(others)


async def invite(work: Work, email: str, given_name: str, family_name: str, base_url: str) -> tuple[Person, str]:
    """Prepare an account and invite its owner, or invite them again; returns the person and the link."""
    person = await person_by_email(work.db, email)
    if person is None:
        person = Person(email=email.strip().lower(), given_name=given_name, family_name=family_name)
        work.db.add(person)
        await work.db.flush()
    elif person.status != PersonStatus.INVITED:
        raise Conflict("Cette adresse a déjà un compte.")
    return person, await invitations.invite(work, person, base_url)


async def sweep(work: Work) -> None:
    """Forget what no longer serves: closed counts, dead links, ended sessions."""
    await throttle.sweep(work.db)
    await tokens.sweep(work.db)
    await work.db.execute(delete(Session).where(col(Session.expires_at) < now()))


def _ref(person: Person) -> Ref:
    return Ref("entente/person", person.id)
