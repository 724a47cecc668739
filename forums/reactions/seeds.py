"""What it looks like in real life: thanks, agreement, and a smile now and then."""

from datetime import timedelta

from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from entente.db import rows
from entente.people.seeds import Settled, plant
from forums.models import Forum, Post, Reading, Thread
from forums.reactions.models import Reaction, Sign

EVERY = 4
"""One message in so many is answered with signs."""


async def react(db: AsyncSession, settled: Settled) -> None:
    """Members answer some messages of the open forums, the same ones each time."""
    query = (
        rows(col(Post.id), Post.author_id, Post.created_at)
        .join(Thread, col(Thread.id) == col(Post.thread_id))
        .join(Forum, col(Forum.id) == col(Thread.forum_id))
        .where(col(Forum.reading) == Reading.ALL)
        .order_by(col(Post.created_at), col(Post.number))
    )
    people, signs = [settled.people[key] for key in sorted(settled.people)], list(Sign)
    made = [
        Reaction(
            post_id=post.id,
            sign=signs[(place // EVERY + turn // 3) % len(signs)],
            person_id=people[(place * 7 + turn * 5) % len(people)],
            at=post.created_at + timedelta(hours=turn + 1),
        )
        for place, post in enumerate(await db.execute(query))
        if place % EVERY == 0
        for turn in range(1 + place // EVERY % 5)
        if people[(place * 7 + turn * 5) % len(people)] != post.author_id
    ]
    await plant(db, made)
