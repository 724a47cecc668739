"""Ways to look at fewer posts: each asks the live tables, so that what changes is seen at once."""

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, String, and_, cast, exists, func, select
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from entente.db import rows
from entente.letters import bare
from entente.people.models import Function, Organisation, Person
from entente.people.queries import is_current
from entente.people.who import Who
from entente.prepared import prepared
from entente.search.findable import Doc, Filter
from entente.search.sql import names_hold
from forums.attachments.models import Attachment
from forums.kinds.models import AcceptedAnswer
from forums.models import Forum, Kind, Post, ReadMark, Thread
from forums.queries import is_readable
from forums.tags.models import Tag, ThreadTag

NO_DATE = "Cette date n’existe pas\u00a0; écrivez-la ainsi\u00a0: 2026-11-22."


def in_forum(document: Doc, slug: str, _who: Who) -> ColumnElement[bool]:
    """Said in this forum."""
    return document.scope_id.in_(select(col(Forum.id)).where(col(Forum.slug) == slug))  # type: ignore[no-any-return]


async def forums(db: AsyncSession, who: Who) -> Sequence[tuple[str, str]]:
    """The forums open to this person."""
    return [(row.slug, row.title) for row in await db.execute(*_forums(who))]


@prepared
def _forums(who: Who) -> Any:
    return rows(Forum.slug, Forum.title).where(is_readable(who)).order_by(col(Forum.place), col(Forum.title))


def with_tag(document: Doc, slug: str, who: Who) -> ColumnElement[bool]:
    """In a thread that bears this tag, in whatever forum."""
    bears = (
        select(col(ThreadTag.thread_id))
        .join(Tag, col(Tag.id) == col(ThreadTag.tag_id))
        .join(Forum, col(Forum.id) == col(Tag.forum_id))
        .where(col(Tag.slug) == slug, is_readable(who))
    )
    return document.group_id.in_(bears)  # type: ignore[no-any-return]


async def tags(db: AsyncSession, who: Who) -> Sequence[tuple[str, str]]:
    """The tags of the forums open to this person; those of the same name are one."""
    return [(row.slug, row.name) for row in await db.execute(*_tags(who))]


@prepared
def _tags(who: Who) -> Any:
    return (
        rows(Tag.slug, func.min(col(Tag.name)).label("name"))
        .join(Forum, col(Forum.id) == col(Tag.forum_id))
        .where(is_readable(who))
        .group_by(col(Tag.slug))
        .order_by(col(Tag.slug))
    )


def of_organisation(document: Doc, organisation_id: str, _who: Who) -> ColumnElement[bool]:
    """Said by someone who acts for this organisation today."""
    try:
        id_ = UUID(organisation_id)
    except ValueError:
        raise ValueError("Choisissez dans la liste.") from None
    people = select(col(Function.person_id)).where(col(Function.organisation_id) == id_, is_current(Function))
    return document.author_id.in_(people)  # type: ignore[no-any-return]


async def organisations(db: AsyncSession, who: Who) -> Sequence[tuple[str, str]]:
    """Those for whom people act; a guest is told of none but their own."""
    query = rows(col(Organisation.id), Organisation.name).order_by(col(Organisation.name))
    if not who.is_member:
        query = query.where(col(Organisation.id).in_(who.organisations))
    return [(str(row.id), row.name) for row in await db.execute(query)]


def by_author(document: Doc, name: str, _who: Who) -> ColumnElement[bool]:
    """Said by someone whose name holds these words."""
    whole = col(Person.given_name) + " " + col(Person.family_name)
    people = select(col(Person.id)).where(*names_hold(whole, [bare(word) for word in name.split()[:5]]))
    return document.author_id.in_(people)  # type: ignore[no-any-return]


def since(document: Doc, day: str, who: Who) -> ColumnElement[bool]:
    """Said from this day on."""
    return document.at >= _start_of(day, who)  # type: ignore[no-any-return]


def until(document: Doc, day: str, who: Who) -> ColumnElement[bool]:
    """Said up to this day."""
    return document.at < _start_of(day, who, days=1)  # type: ignore[no-any-return]


def _start_of(day: str, who: Who, days: int = 0) -> datetime:
    try:
        wanted = date.fromisoformat(day) + timedelta(days=days)
        if not 1970 <= wanted.year <= 2999:
            raise ValueError(NO_DATE)
        return datetime.combine(wanted, time(), ZoneInfo(who.time_zone))
    except (ValueError, OverflowError):
        raise ValueError(NO_DATE) from None


def of_kind(document: Doc, kind: str, _who: Who) -> ColumnElement[bool]:
    """In a thread of this kind, or a question that has found its answer, or waits for it."""
    threads = select(col(Thread.id))
    accepted = exists().where(col(AcceptedAnswer.thread_id) == col(Thread.id))
    if kind == "resolu":
        threads = threads.where(col(Thread.kind) == Kind.QUESTION, accepted)
    elif kind == "sans-reponse":
        threads = threads.where(col(Thread.kind) == Kind.QUESTION, ~accepted)
    elif kind in set(Kind):
        threads = threads.where(cast(col(Thread.kind), String) == kind)
    else:
        raise ValueError("Choisissez dans la liste.")
    return document.group_id.in_(threads)  # type: ignore[no-any-return]


async def kinds(_db: AsyncSession, _who: Who) -> Sequence[tuple[str, str]]:
    """Kinds of threads, questions by what became of them."""
    return (
        ("resolu", "Questions résolues"),
        ("sans-reponse", "Questions sans réponse retenue"),
        (Kind.QUESTION, "Toutes les questions"),
        (Kind.ANNOUNCEMENT, "Annonces"),
        (Kind.PURCHASE, "Achats groupés"),
        (Kind.DISCUSSION, "Discussions"),
    )


def with_file(document: Doc, _value: str, _who: Who) -> ColumnElement[bool]:
    """A file was joined to it, and is still there."""
    return exists().where(col(Attachment.post_id) == document.subject_id, col(Attachment.removed_at).is_(None))


def unread(document: Doc, _value: str, who: Who) -> ColumnElement[bool]:
    """Not read yet by this person."""
    seen = and_(col(ReadMark.thread_id) == col(Post.thread_id), col(ReadMark.person_id) == who.id)
    return (
        rows(col(Post.id))
        .outerjoin(ReadMark, seen)
        .where(col(Post.id) == document.subject_id, col(Post.number) > func.coalesce(col(ReadMark.number), 0))
        .exists()
    )


FILTERS = (
    Filter("forum", "Forum", "choice", in_forum, forums),
    Filter("organisation", "Organisation", "choice", of_organisation, organisations, blank="Toutes"),
    Filter("auteur", "Auteur", "words", by_author),
    Filter("etiquette", "Étiquette", "choice", with_tag, tags, blank="Toutes"),
    Filter("nature", "Nature du fil", "choice", of_kind, kinds, blank="Toutes"),
    Filter("du", "À partir du", "date", since),
    Filter("au", "Jusqu’au", "date", until),
    Filter("fichier", "Avec un fichier joint", "tick", with_file),
    Filter("non-lus", "Non lus seulement", "tick", unread),
)
