"""Posts that show someone who is called otherwise from now on: a mention, a name among those who made a sign."""

from typing import Any
from uuid import UUID

from sqlalchemy import update
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from entente.db import rows
from entente.text import TooLong, to_html
from entente.work import Work
from forums.mentions.models import Call, Called
from forums.mentions.service import links_in
from forums.models import Post
from forums.reactions.models import Reaction

FACES = "forums.faces"


async def look_anew(work: Work, payload: dict[str, Any]) -> None:
    """Someone has another name or another photo: the posts that show it are made again."""
    person_id = UUID(payload["subject"])
    await drawn_anew(work.db, person_id)
    calls = (col(Call.kind) == Called.PERSON, col(Call.called_id) == person_id)
    query = rows(col(Post.id), Post.body, Post.html).where(col(Post.id).in_(rows(Call.post_id).where(*calls)))
    for post in (await work.db.execute(query)).all():
        html = await _made_again(work.db, post)
        if html != post.html:
            said = update(Post).where(col(Post.id) == post.id, col(Post.body) == post.body)
            await work.db.execute(said.values(html=html, look=Post.look + 1))


async def _made_again(db: AsyncSession, post: Any) -> str:
    try:
        return to_html(post.body, await links_in(db, post.id))
    except TooLong:
        # Written when a post could hold more.
        return str(post.html)


async def drawn_anew(db: AsyncSession, person_id: UUID) -> None:
    """Posts that show someone among those who made a sign are drawn again."""
    signed = rows(Reaction.post_id).where(col(Reaction.person_id) == person_id)
    await db.execute(update(Post).where(col(Post.id).in_(signed)).values(look=Post.look + 1))
