"""Writes the mails, once what they tell is saved: whatever is tried again, each one is left once.

A telling compares what everybody was last sent with what holds now, in one transaction that also notes what it
sends: after a crash before the commit nothing was sent, and after one nothing is left to send.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from entente import ical, mail
from entente.clock import now
from entente.house import House
from entente.ical import Party
from entente.people.models import Person, PersonStatus
from entente.web import templates
from entente.work import Work
from planning.calendars.rules import place_of, title_of
from planning.letters import queries, rules
from planning.letters.queries import Place, Reader
from planning.letters.rules import Kind, Letter, Reminder
from planning.links import service as links
from planning.models import Invitation, Meeting, State
from planning.verbs import Verb

TELL = "planning.mail"
REMIND = "planning.remind"
TOLD = (
    Verb.MEETING_CONVENED,
    Verb.MEETING_MOVED,
    Verb.MEETING_CHANGED,
    Verb.MEETING_CANCELLED,
    Verb.ANSWER_GIVEN,
    Verb.ANSWER_WITHDRAWN,
)
"""After what someone may have to be written to; an answer brings a substitute, or sends one home."""


async def tell(house: House, payload: dict[str, Any]) -> None:
    """Write to whoever is concerned by what happened to a meeting, as it stands now."""
    async with house.working(None) as work:
        meeting = await work.db.get(Meeting, UUID(payload["subject"]))
        if meeting is None or meeting.state == State.HELD or meeting.starts_at <= now():
            return
        sent, places = await queries.sent_of(work.db, meeting.id), await queries.places_at(work.db, meeting)
        concerned = sorted(
            each for each in {*sent, *places} if not rules.is_told(meeting, each in places, sent.get(each))
        )
        readers = await queries.readers_of(work.db, meeting, concerned)
        for each in concerned:
            await _tell(work, house, meeting, each, readers.get(each), places.get(each, []), sent.get(each))
        if meeting.state == State.CONVENED:
            _plan_reminders(work, meeting)


async def _tell(
    work: Work,
    house: House,
    meeting: Meeting,
    person_id: UUID,
    reader: Reader | None,
    places: Sequence[Place],
    sent: Invitation | None,
) -> None:
    kind = rules.kind_of(reader.said if reader and places else None, sent)
    if kind == Kind.WITHDRAWN and sent:
        await _withdraw(work, house, meeting, person_id, sent)
    elif kind and reader:
        await _invite(work, house, meeting, reader, places, kind, sent)
    else:
        if sent:
            sent.version = meeting.version
        return
    note = sent or Invitation(meeting_id=meeting.id, person_id=person_id, version=0)
    note.version, note.sent_at = meeting.version, now()
    note.is_cancelled = kind in (Kind.CANCELLED, Kind.WITHDRAWN)
    note.told = rules.fingerprint(reader.said) if reader else ""
    work.db.add(note)


async def _invite(
    work: Work,
    house: House,
    meeting: Meeting,
    reader: Reader,
    places: Sequence[Place],
    kind: Kind,
    sent: Invitation | None,
) -> None:
    # Whoever stands in does not answer for the seat: its holder did.
    asked = [each for each in places if kind != Kind.CANCELLED and not each.is_substitute]
    calendar = ical.message(
        rules.method_of(kind),
        rules.event_for(reader.said, house.settings.base_url),
        _organizer(house),
        Party(reader.person.name, reader.person.email, _partstat(places)),
    )
    _write(
        work,
        house,
        reader,
        rules.letter_of(kind, reader.said, [each.holder for each in places if each.is_substitute]),
        _key(meeting, reader.person.id, sent),
        _answers(work, house, meeting, reader.person.id, asked),
        invitation=mail.Invitation(rules.method_of(kind), calendar.decode()),
    )


async def _withdraw(work: Work, house: House, meeting: Meeting, person_id: UUID, sent: Invitation) -> None:
    """Take a meeting out of someone's calendar, and say nothing of it: they may not read it any more."""
    person = await work.db.get(Person, person_id)
    if person is None or person.status != PersonStatus.ACTIVE:
        return
    event = rules.withdrawn(meeting, sent)
    calendar = ical.message(ical.Method.CANCEL, event, _organizer(house), Party(person.name, person.email))
    context = {"name": person.given_name, "letter": rules.WITHDRAWAL, "title": "", "house": house.settings.name}
    _post(
        work,
        person,
        rules.WITHDRAWAL,
        {**context, "answers": (), "settings": ""},
        _key(meeting, person.id, sent),
        mail.Invitation(ical.Method.CANCEL, calendar.decode()),
    )


def _key(meeting: Meeting, person_id: UUID, sent: Invitation | None) -> str:
    """One mail after each thing that someone was sent: two workers who tell the same change leave one."""
    return f"{TELL}:{meeting.id}:{person_id}:{int(sent.sent_at.timestamp() * 1e6) if sent else 0}"


def _organizer(house: House) -> Party:
    return Party(house.settings.name, house.settings.mail_from)


def _partstat(places: Sequence[Place]) -> str:
    stances = [each.stance for each in places if each.stance and not each.is_substitute]
    return rules.PARTSTAT[stances[0]] if stances else "NEEDS-ACTION"


def _answers(
    work: Work, house: House, meeting: Meeting, person_id: UUID, places: Sequence[Place]
) -> list[tuple[str, str]]:
    base = house.settings.base_url
    return [(each.commune, links.make(work, base, meeting, each.seat_id, person_id)) for each in places]


def _write(
    work: Work,
    house: House,
    reader: Reader,
    letter: Letter,
    key: str,
    answers: Sequence[tuple[str, str]],
    *,
    invitation: mail.Invitation | None = None,
    is_reminder: bool = False,
) -> None:
    said, base = reader.said, house.settings.base_url
    context = {
        "name": reader.person.given_name,
        "letter": letter,
        "title": title_of(said),
        "when": rules.when_words(said),
        "place": place_of(said),
        "link": said.link,
        "why": said.cancelled_for if said.state == State.CANCELLED else "",
        "agenda": reader.agenda if said.state != State.CANCELLED else (),
        "answers": answers,
        "page": f"{base}/planning/reunions/{said.id}",
        "house": house.settings.name,
        "settings": f"{base}/notifications/reglages" if is_reminder else "",
    }
    _post(work, reader.person, letter, context, key, invitation)


def _post(
    work: Work,
    person: Person,
    letter: Letter,
    context: dict[str, Any],
    key: str,
    invitation: mail.Invitation | None = None,
) -> None:
    mail.post(
        work,
        person.email,
        letter.subject,
        str(templates.render("mail/meeting.txt", context)),
        key,
        html=str(templates.render("mail/meeting.html", context)),
        invitation=invitation,
        label="Réunion",
    )


def _plan_reminders(work: Work, meeting: Meeting) -> None:
    at = moment_named(meeting)
    for what, due in rules.reminders_of(meeting.starts_at, now()).items():
        payload = {"meeting": str(meeting.id), "what": str(what), "at": at}
        work.later(REMIND, payload, due, f"{REMIND}:{what}:{meeting.id}:{at}")


async def remind(house: House, payload: dict[str, Any]) -> None:
    """Remind those who have not answered, and those who come; of what was moved or called off, nothing."""
    what = Reminder(payload["what"])
    async with house.working(None) as work:
        meeting = await work.db.get(Meeting, UUID(payload["meeting"]))
        if meeting is None or not _is_due(meeting, payload["at"], now()):
            return
        sent = await queries.sent_of(work.db, meeting.id)
        concerned = {
            person_id: [each for each in places if rules.is_reminded(what, each.stance, each.is_substitute)]
            for person_id, places in (await queries.places_at(work.db, meeting)).items()
            if person_id in sent
        }
        readers = await queries.readers_of(work.db, meeting, [each for each, places in concerned.items() if places])
        silent = await queries.without_reminders(work.db, meeting, readers.values())
        for person_id, reader in readers.items():
            if person_id not in silent:
                _remind(work, house, meeting, reader, concerned[person_id], what)


def _is_due(meeting: Meeting, at: int, moment: datetime) -> bool:
    is_same = moment_named(meeting) == at
    return is_same and meeting.state == State.CONVENED and moment < meeting.starts_at


def _remind(
    work: Work, house: House, meeting: Meeting, reader: Reader, concerned: Sequence[Place], what: Reminder
) -> None:
    awaited = [each for each in concerned if each.stance is None]
    _write(
        work,
        house,
        reader,
        rules.reminder_of(what, reader.said, bool(awaited)),
        f"{REMIND}:{what}:{meeting.id}:{moment_named(meeting)}:{reader.person.id}",
        _answers(work, house, meeting, reader.person.id, awaited),
        is_reminder=True,
    )


def moment_named(meeting: Meeting) -> int:
    """The beginning of a meeting, as a reminder remembers it."""
    return int(meeting.starts_at.timestamp())
