"""What is done with notices: told, read, withdrawn; each moves the bell of whom it concerns."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from itertools import islice
from typing import Any
from uuid import UUID

from sqlalchemy import delete, update
from sqlmodel import col

from entente.clock import now
from entente.db import inserting
from entente.ids import Ref, new_id
from entente.journal import Verb as AnyVerb
from entente.notices import rounds
from entente.notices.models import REASON_LENGTH, News, Notice
from entente.rights import stream_of_person
from entente.work import Work

HANDFUL = 200
"""People told in one transaction: each has a stream of their own, whose lock is held until the commit."""
GIVE = "notices.give"
"""Kind of the task that tells a handful of people."""
REVIEW = "notices.review"
"""Kind of the task that forgets what someone may not see any more."""


class Verb(AnyVerb):
    """What can happen to someone's notices, on their own stream."""

    NOTICE_GIVEN = "notice.given"
    NOTICE_READ = "notice.read"
    NOTICE_WITHDRAWN = "notice.withdrawn"


async def notify(work: Work, news: News, people: Mapping[UUID, str]) -> None:
    """Tell people of something, each for a reason said in French; whoever did it is not told.

    One notice per person and subject: the first stays. A crowd is told a handful at a time, after the commit.
    """
    told = {person: reason[:REASON_LENGTH] for person, reason in people.items() if person != news.by}
    if len(told) <= HANDFUL:
        await _give(work, news, told)
        return
    each = iter(told.items())
    while handful := dict(islice(each, HANDFUL)):
        work.later(GIVE, _packed(news, handful))


async def give(work: Work, payload: dict[str, Any]) -> None:
    """Tell one handful of a crowd."""
    by = UUID(payload["by"]) if payload["by"] else None
    news = News(payload["verb"], Ref.parse(payload["subject"]), Ref.parse(payload["about"]), by)
    people = {UUID(person): reason for reason, ids in payload["people"].items() for person in ids}
    await _give(work, news, people)


def _packed(news: News, people: Mapping[UUID, str]) -> dict[str, Any]:
    reasons: dict[str, list[str]] = {}
    for person, reason in people.items():
        reasons.setdefault(reason, []).append(str(person))
    by = str(news.by) if news.by else None
    return {
        "verb": str(news.verb),
        "subject": str(news.subject),
        "about": str(news.about),
        "by": by,
        "people": reasons,
    }


async def _give(work: Work, news: News, people: Mapping[UUID, str]) -> None:
    if not people:
        return
    at = now()
    known = {"verb": str(news.verb), "subject": str(news.subject), "about": str(news.about), "by_id": news.by, "at": at}
    # The constraint decides, not a look beforehand: two tasks may tell the same person of the same thing.
    giving = inserting(work.db, Notice).on_conflict_do_nothing(index_elements=["person_id", "subject"])
    each = [{"id": new_id(), "person_id": person, "reason": reason, **known} for person, reason in people.items()]
    told = (await work.db.execute(giving.returning(col(Notice.person_id)), each)).scalars().all()
    _ring(work, Verb.NOTICE_GIVEN, told)
    if told:
        rounds.call(work, at)


async def read_about(work: Work, person_id: UUID, about: Ref) -> bool:
    """Whoever opens a thing has read what they were told about it; returns whether anything changed."""
    return await _read(work, person_id, col(Notice.about) == str(about))


async def read_of(work: Work, person_id: UUID, subjects: Collection[Ref]) -> bool:
    """Whoever has seen these things has read what they were told of them."""
    return await _read(work, person_id, col(Notice.subject).in_([str(each) for each in subjects]))


async def read_one(work: Work, person_id: UUID, notice_id: UUID) -> bool:
    """Say that one notice has been read."""
    return await _read(work, person_id, col(Notice.id) == notice_id)


async def read_all(work: Work, person_id: UUID) -> bool:
    """Say that everything has been read."""
    return await _read(work, person_id)


async def _read(work: Work, person_id: UUID, *which: Any) -> bool:
    unread = update(Notice).where(col(Notice.person_id) == person_id, col(Notice.read_at).is_(None), *which)
    done = (await work.db.execute(unread.values(read_at=now()).returning(col(Notice.id)))).first()
    if done:
        _ring(work, Verb.NOTICE_READ, [person_id])
    return done is not None


async def withdraw(work: Work, subjects: Iterable[Ref] = (), abouts: Iterable[Ref] = ()) -> None:
    """Forget what everybody was told of these subjects, or about these things: they are no more."""
    gone = [str(each) for each in subjects], [str(each) for each in abouts]
    which = col(Notice.subject).in_(gone[0]) | col(Notice.about).in_(gone[1])
    forgotten = await work.db.execute(delete(Notice).where(which).returning(col(Notice.person_id)))
    _ring(work, Verb.NOTICE_WITHDRAWN, forgotten.scalars().all())


async def forget(work: Work, person_id: UUID, notices: Sequence[UUID]) -> None:
    """Forget what someone may not see any more."""
    gone = delete(Notice).where(col(Notice.person_id) == person_id, col(Notice.id).in_(notices))
    if (await work.db.execute(gone.returning(col(Notice.id)))).first():
        _ring(work, Verb.NOTICE_WITHDRAWN, [person_id])


def _ring(work: Work, verb: Verb, people: Iterable[UUID]) -> None:
    for person in sorted(set(people)):
        work.record(stream_of_person(person), verb, person)


def ask_review(work: Work, person_id: UUID) -> None:
    """Have what someone was told compared with what they may see, after the commit."""
    work.later(REVIEW, {"stream": str(stream_of_person(person_id))})
