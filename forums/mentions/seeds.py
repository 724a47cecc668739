"""What it looks like in real life: a person thanked by name, a commune called in a thread."""

from typing import Any

from sqlalchemy import update
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from entente.db import rows
from entente.people.seeds import plant
from entente.text import Link, handles_in, to_html
from forums.mentions import names
from forums.mentions.models import Call, Called, Mention
from forums.mentions.rules import Handles
from forums.models import Forum, Post, Thread


async def call(db: AsyncSession) -> None:
    """Read the handles that the demonstration's messages hold, as if each had been posted."""
    query = (
        rows(col(Post.id), Post.body, Post.author_id, Thread.forum_id)
        .join(Thread, col(Thread.id) == col(Post.thread_id))
        .where(col(Post.body).contains("@"))
    )
    found = (await db.execute(query)).all()
    known = await names.handles(db)
    forums = {forum.id: forum for forum in await db.exec(select(Forum))}
    for post in found:
        await _call(db, known, forums[post.forum_id], post)


async def _call(db: AsyncSession, known: Handles, forum: Forum, post: Any) -> None:
    named = {handle: known.named[handle] for handle in handles_in(post.body) if handle in known.named}
    links = {handle: Link(each.address, each.words) for handle, each in named.items()}
    told: dict[Any, Mention] = {}
    for each in named.values():
        people = await names.readers_in(db, forum, each.kind, [each.id]) if each.kind != Called.PERSON else {}
        for person in people.get((each.kind, each.id), {each.id} if each.kind == Called.PERSON else set()):
            told.setdefault(person, Mention(post_id=post.id, person_id=person, kind=each.kind, called_id=each.id))
    told.pop(post.author_id, None)
    await db.execute(update(Post).where(col(Post.id) == post.id).values(html=to_html(post.body, links)))
    calls = [Call(post_id=post.id, handle=handle, kind=each.kind, called_id=each.id) for handle, each in named.items()]
    await plant(db, calls)
    await plant(db, list(told.values()))
