"""What is written to one person: only what they have not read, may still see, and want to hear of.

An errand, run at least once; its one transaction holds the person's postbag, so a crash before the commit has
done nothing and one after it finds nothing left to write. Two workers never write the same news twice.
"""

import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import Uuid, bindparam, text, update
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from entente import mail
from entente.centre.leaving import EVERYTHING, link
from entente.centre.queries import Group, Item
from entente.clock import now
from entente.house import House
from entente.notices import rounds
from entente.notices.models import Notice, Postbag, Silence
from entente.notices.queries import tell
from entente.notices.rules import MailRhythm, wishes_of
from entente.people.models import Person
from entente.people.queries import faces, who_is
from entente.people.who import Who
from entente.settings import Settings
from entente.web import templates, words
from entente.work import Work

MOST = 100
"""Notices that one mail tells; the others are read here."""
MOST_PER_GROUP = 10


@dataclass(frozen=True)
class Letter:
    """What a mail is made of, and for whom."""

    person: Person
    groups: list[Group]
    count: int
    rhythm: MailRhythm
    key: str


async def write(house: House, payload: dict[str, Any]) -> None:
    """Write to one person what waits for them, if its time has come."""
    person_id = UUID(payload["person"])
    async with house.working(None) as work:
        bag = await _held(work, person_id)
        waiting = await rounds.waiting_people(work.db, person_id)
        who = await who_is(work.db, person_id)
        if not waiting or who is None:
            return
        if waiting[0].goes_at > now():
            # Written to meanwhile, or other wishes: another round will come.
            rounds.call_at(work, waiting[0].goes_at)
            return
        letter = await _letter(work, house, who, bag)
        if letter:
            _post(work, house.settings, letter)
            bag.mailed_at = now()
            if letter.rhythm != MailRhythm.AT_ONCE:
                bag.digest_at = bag.mailed_at


async def _held(work: Work, person_id: UUID) -> Postbag:
    """The postbag of one person, held until the commit: whoever else would write to them waits here."""
    await work.db.execute(_BAG, {"person": person_id, "key": secrets.token_urlsafe(32)})
    query = select(Postbag).where(col(Postbag.person_id) == person_id).with_for_update()
    return (await work.db.exec(query)).one()


_BAG = text(
    "INSERT INTO postbag (person_id, key) VALUES (:person, :key) ON CONFLICT (person_id) DO NOTHING"
).bindparams(bindparam("person", type_=Uuid()))


async def _letter(work: Work, house: House, who: Who, bag: Postbag) -> Letter | None:
    """What waits for this person, marked as written about; nothing if they may see none of it."""
    notices = await _taken(work.db, who.id)
    told, _ = await tell(work.db, house.tellers, who, notices)
    people = await faces(work.db, {each.by_id for each in notices if each.by_id})
    groups: dict[str, Group] = {}
    for notice in notices:
        if notice.id in told:
            group = groups.setdefault(notice.about, Group(notice.about, 0, 0))
            group.count += 1
            if len(group.items) < MOST_PER_GROUP:
                by = people.get(notice.by_id) if notice.by_id else None
                group.items.append(Item(notice.id, told[notice.id], by, notice.reason, notice.at, is_read=False))
    if not groups:
        return None
    person = await work.db.get_one(Person, who.id)
    rhythm = wishes_of(person.notifications, person.time_zone).rhythm
    return Letter(person, list(groups.values()), sum(group.count for group in groups.values()), rhythm, bag.key)


async def _taken(db: AsyncSession, person_id: UUID) -> list[Notice]:
    """The notices a mail may tell, oldest first; those about which its reader wants silence are left aside."""
    mine, at = col(Notice.person_id) == person_id, now()
    await db.execute(update(Notice).where(mine, rounds.is_waiting()).values(mailed_at=at))
    silenced = select(Silence.about).where(col(Silence.person_id) == person_id)
    # Its own moment names what this mail has taken: the postbag is held, so no other has the same.
    query = select(Notice).where(mine, col(Notice.mailed_at) == at, col(Notice.about).not_in(silenced))
    return list((await db.exec(query.order_by(col(Notice.at), col(Notice.id)).limit(MOST))).all())


def _post(work: Work, settings: Settings, letter: Letter) -> None:
    subject = _subject(letter, now())
    about = letter.groups[0].about if len(letter.groups) == 1 else None
    everything = link(settings.base_url, letter.key, letter.person, EVERYTHING)
    zone = ZoneInfo(letter.person.time_zone)
    context: dict[str, Any] = {
        "house": settings.name,
        "base_url": settings.base_url,
        "name": letter.person.given_name,
        "groups": letter.groups,
        "is_digest": letter.rhythm != MailRhythm.AT_ONCE,
        "subject": subject,
        "said_at": lambda moment: _said_at(moment, zone),
        "leave_all": everything,
        "leave_this": link(settings.base_url, letter.key, letter.person, about) if about else None,
    }
    mail.post(
        work,
        letter.person.email,
        subject,
        str(templates.render("mail/news.txt", context)),
        label="Nouvelles",
        html=str(templates.render("mail/news.html", context)),
        headers=_headers(settings, about, context["leave_this"] or everything),
    )


def _headers(settings: Settings, about: str | None, leave: str) -> dict[str, str]:
    """One conversation per thread, one list per house, and the way out of both."""
    headers = {
        "List-Id": mail.name_of(settings, "nouvelles").replace("@", "."),
        "List-Unsubscribe": f"<{leave}>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
    }
    if about:
        # Nobody was ever sent a mail of that name: it is the thread itself, under which its mails gather.
        thread = mail.name_of(settings, about.replace("/", "."))
        headers |= {"In-Reply-To": thread, "References": thread}
    return headers


def _said_at(moment: datetime, zone: ZoneInfo) -> str:
    """« 22 novembre 2026, 14 h 30 », where the reader lives."""
    local = moment.astimezone(zone)
    return f"{words.long_date(local.date())}, {local.hour}\N{NO-BREAK SPACE}h\N{NO-BREAK SPACE}{local:%M}"


def _subject(letter: Letter, at: datetime) -> str:
    first = letter.groups[0]
    if letter.rhythm != MailRhythm.AT_ONCE:
        day = words.long_date(at.astimezone(ZoneInfo(letter.person.time_zone)).date())
        what = "Votre résumé de la semaine" if letter.rhythm == MailRhythm.WEEKLY else "Votre résumé"
        return f"{what} du {day}\N{NO-BREAK SPACE}: {words.plural(letter.count, 'nouvelle', 'nouvelles')}"
    if len(letter.groups) == 1:
        return f"[{first.place}] {first.title}" if first.place else first.title
    return (
        f"{words.plural(letter.count, 'nouvelle', 'nouvelles')} dans {words.plural(len(letter.groups), 'fil', 'fils')}"
    )
