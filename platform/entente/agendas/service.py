"""What can be done to a subscription: one function per verb."""

import secrets
from collections.abc import Mapping
from datetime import timedelta

from sqlalchemy import func, or_, update
from sqlmodel import col, select

from entente.agendas.models import NewSubscription, Subscription
from entente.clock import now
from entente.ids import Ref
from entente.people.queries import hash_of
from entente.room import Calendar
from entente.rules import Invalid, NotFound
from entente.web.devices import name_of
from entente.work import Work

MOST = 50
SEEN_EVERY = timedelta(minutes=10)


async def subscribe(work: Work, calendars: Mapping[str, Calendar], new: NewSubscription) -> tuple[Subscription, str]:
    """Make a secret address; returned once, it is never known again. Raises Invalid for what one may not see."""
    calendar = calendars.get(new.kind)
    try:
        if calendar is None:
            raise NotFound
        await calendar.head(work.db, work.who, new.subject_id)
    except NotFound:
        raise Invalid({"calendar": "Choisissez un agenda dans la liste."}) from None
    await _require_room(work)
    secret = secrets.token_urlsafe(32)
    made = Subscription(
        hash=hash_of(secret),
        person_id=work.who.id,
        kind=new.kind,
        subject_id=new.subject_id,
        detail=new.detail,
        label=new.label,
    )
    work.db.add(made)
    work.audit("agenda.subscribed", Ref("agendas/subscription", made.id), kind=new.kind, detail=str(new.detail))
    return made, secret


async def _require_room(work: Work) -> None:
    mine = select(func.count(col(Subscription.id))).where(
        col(Subscription.person_id) == work.who.id, col(Subscription.revoked_at).is_(None)
    )
    if (await work.db.exec(mine)).one() >= MOST:
        raise Invalid({"": f"Vous avez déjà {MOST} abonnements\u00a0: révoquez ceux qui ne servent plus."})


async def revoke(work: Work, found: Subscription) -> None:
    """Make an address useless; doing it again changes nothing."""
    if found.revoked_at is None:
        found.revoked_at = now()
        work.db.add(found)
        work.audit("agenda.revoked", Ref("agendas/subscription", found.id))


async def note_fetch(work: Work, secret: str, user_agent: str) -> None:
    """Remember when an application last came, at most every ten minutes."""
    late = or_(col(Subscription.fetched_at).is_(None), col(Subscription.fetched_at) < now() - SEEN_EVERY)
    await work.db.execute(
        update(Subscription)
        .where(col(Subscription.hash) == hash_of(secret), late)
        .values(fetched_at=now(), client=client_of(user_agent))
    )


_CLIENTS = (
    ("Google-Calendar", "Google Agenda"),
    ("Microsoft", "Outlook"),
    ("Outlook", "Outlook"),
    ("Thunderbird", "Thunderbird"),
    ("iOS", "iPhone ou iPad"),
    ("dataaccessd", "iPhone ou iPad"),
    ("macOS", "Calendrier d’Apple"),
    ("ICSx5", "ICSx⁵"),
    ("DAVx5", "DAVx⁵"),
    ("Nextcloud", "Nextcloud"),
    ("vdirsyncer", "vdirsyncer"),
)


def client_of(user_agent: str) -> str:
    """What reads the calendar, from a closed list: nothing that it says of itself is repeated as it came."""
    return next((name for mark, name in _CLIENTS if mark in user_agent), None) or name_of(user_agent)
