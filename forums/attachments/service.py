"""What can be done with files: one function per verb, all inside the caller's transaction."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from uuid import UUID

from sqlalchemy import and_, delete, func, or_, update
from sqlmodel import col, select

from entente.clock import now
from entente.db import rows
from entente.files.keeping import names_of
from entente.ids import Ref
from entente.people.models import Person
from entente.rules import Invalid
from entente.settings import Settings
from entente.text import clean_name
from entente.work import Work
from forums.attachments import queries, rules
from forums.attachments.models import LONGEST_WORDS, MOST_PER_POST, Attachment
from forums.models import Post

PATIENCE = timedelta(days=1)
"""How long a file waits for its post, and how long the bytes of one that was taken off remain."""


@dataclass(frozen=True)
class Chosen:
    """What a form says of files: which go with the post, which leave it, and what each picture shows."""

    ids: tuple[UUID, ...] = ()
    removed: tuple[UUID, ...] = ()
    words: Mapping[UUID, str] = field(default_factory=dict)


async def bring(work: Work, settings: Settings, file: Attachment) -> None:
    """Let a file wait for its post, if there is room for it."""
    # The row of its owner is locked: two windows that bring files at once are counted one after the other.
    await work.db.execute(rows(Person.id).where(col(Person.id) == work.who.id).with_for_update())
    used = await queries.used_by(work.db, work.who)
    if not rules.has_room(used, file.size, settings):
        raise Invalid({"files": rules.too_much(used, settings)})
    if len(await queries.waiting(work.db, work.who, Ref.parse(file.context))) >= MOST_PER_POST:
        raise Invalid({"files": rules.TOO_MANY})
    work.db.add(file)


async def say_what_they_show(work: Work, words: Mapping[UUID, str]) -> None:
    """Remember what pictures that wait show: whatever happens to the form, it was typed once."""
    for id_, said in words.items():
        await work.db.execute(
            update(Attachment)
            .where(col(Attachment.id) == id_, col(Attachment.owner_id) == work.who.id)
            .where(col(Attachment.post_id).is_(None))
            .values(words=_short(said))
        )


async def take_off(work: Work, file: Attachment) -> None:
    """Let go of a file that waits."""
    file.removed_at = now()
    work.db.add(file)


async def join(work: Work, post: Post, context: Ref, chosen: Chosen) -> None:
    """Give a post the files that were brought for it, all of them or nothing at all."""
    # One statement takes them: of two windows that send the same file, one is told.
    taken = (
        update(Attachment)
        .where(col(Attachment.id).in_(chosen.ids), col(Attachment.owner_id) == work.who.id)
        .where(col(Attachment.context) == str(context))
        .where(col(Attachment.post_id).is_(None), col(Attachment.removed_at).is_(None))
        .values(post_id=post.id)
        .returning(col(Attachment.id))
    )
    if chosen.ids and set((await work.db.execute(taken)).scalars()) != set(chosen.ids):
        raise Invalid({"files": rules.GONE})
    await _describe(work, post, chosen.words)
    count = rows(func.count()).where(col(Attachment.post_id) == post.id, col(Attachment.removed_at).is_(None))
    if (await work.db.execute(count)).scalar_one() > MOST_PER_POST:
        raise Invalid({"files": rules.TOO_MANY})


async def revise(work: Work, post: Post, chosen: Chosen) -> None:
    """Change the files of a post that is being corrected; its look has just changed with its words."""
    await work.db.execute(
        update(Attachment)
        .where(col(Attachment.id).in_(chosen.removed), col(Attachment.post_id) == post.id)
        .values(removed_at=now())
    )
    await join(work, post, Ref("forums/post", post.id), chosen)


async def _describe(work: Work, post: Post, words: Mapping[UUID, str]) -> None:
    for id_, said in words.items():
        await work.db.execute(
            update(Attachment)
            .where(col(Attachment.id) == id_, col(Attachment.post_id) == post.id)
            .values(words=_short(said))
        )


def _short(said: str) -> str:
    return clean_name(said)[:LONGEST_WORDS]


async def sweep(work: Work) -> list[str]:
    """Forget what waited for too long, what was taken off, and what went with its post; returns the names of bytes."""
    before = now() - PATIENCE
    query = (
        select(Attachment)
        .outerjoin(Post, col(Post.id) == col(Attachment.post_id))
        .where(
            or_(
                and_(col(Attachment.post_id).is_(None), col(Attachment.created_at) < before),
                col(Attachment.removed_at) < before,
                col(Post.deleted_at) < before,
            )
        )
        .limit(500)
    )
    found = (await work.db.exec(query)).all()
    await work.db.execute(delete(Attachment).where(col(Attachment.id).in_([each.id for each in found])))
    return [name for each in found for name in names_of(each.kept, each.width)]


async def known(work: Work, names: Collection[str]) -> set[str]:
    """Which of these names in the store belong to a file."""
    stems = {name.removesuffix(".webp") for name in names}
    found = await work.db.execute(rows(Attachment.kept).where(col(Attachment.kept).in_(stems)))
    return set(found.scalars())
