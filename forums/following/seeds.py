"""What it looks like in real life: answers that wait for those who asked, and a forum followed closely."""

from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from entente.clock import now
from entente.db import rows
from entente.ids import Ref
from entente.notices.models import Notice
from entente.people.seeds import Settled, plant
from forums.following.models import ForumFollow, Level
from forums.models import Forum, Post, ReadMark, Thread
from forums.queries import stream_of
from forums.service import Verb

WATCHED = "club-des-acheteurs"


async def follow(db: AsyncSession, settled: Settled) -> None:
    """Tell those who sign in with one click of the answers they have not read; some follow the whole club."""
    people = [settled.people[key] for key in settled.demo]
    query = (
        rows(col(Post.id), Post.thread_id, Post.author_id, Post.created_at, col(Thread.author_id).label("asker"))
        .select_from(Post)
        .join(Thread, col(Thread.id) == col(Post.thread_id))
        .outerjoin(
            ReadMark,
            (col(ReadMark.thread_id) == col(Thread.id)) & (col(ReadMark.person_id) == col(Thread.author_id)),
        )
        .where(col(Thread.author_id).in_(people), col(Post.author_id) != col(Thread.author_id))
        .where((col(ReadMark.number).is_(None)) | (col(ReadMark.number) < col(Post.number)))
        .order_by(col(Post.created_at))
    )
    found = (await db.execute(query)).all()
    # The last word of the demonstration was said a moment ago: news of another year would be no news.
    lag = now() - found[-1].created_at if found else None
    await plant(
        db,
        [
            Notice(
                person_id=row.asker,
                verb=Verb.POST_POSTED,
                subject=str(Ref("forums/post", row.id)),
                about=str(stream_of(row.thread_id)),
                by_id=row.author_id,
                reason="Vous avez ouvert ce fil.",
                at=row.created_at + lag,
                mailed_at=now(),
            )
            for row in found
        ],
    )
    forum = (await db.execute(rows(col(Forum.id)).where(col(Forum.slug) == WATCHED))).scalar_one()
    few = people[: len(people) // 3]
    await plant(db, [ForumFollow(person_id=person, forum_id=forum, level=Level.WATCHING) for person in few])
