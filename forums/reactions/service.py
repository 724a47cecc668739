"""What can be done with signs: make one, and take it back."""

from sqlalchemy import delete, update
from sqlmodel import col

from entente.rules import NotFound, require
from entente.work import Work
from forums.models import Post
from forums.queries import Place, stream_of
from forums.reactions import rules
from forums.reactions.models import Reaction, Sign
from forums.service import Verb


async def toggle(work: Work, place: Place, post: Post, sign: Sign) -> None:
    """Make a sign to a post, or take it back if it was made."""
    require(rules.may_react(post))
    # The post's row, locked first: those who react at once are counted one after the other, and words withdrawn
    # or hidden meanwhile receive nothing.
    seen = (
        update(Post)
        .where(col(Post.id) == post.id, col(Post.deleted_at).is_(None), col(Post.hidden_at).is_(None))
        .values(look=Post.look + 1)
        .returning(col(Post.id))
    )
    if (await work.db.execute(seen)).scalar_one_or_none() is None:
        raise NotFound
    mine = (col(Reaction.post_id) == post.id, col(Reaction.person_id) == work.who.id, col(Reaction.sign) == sign)
    taken_back = delete(Reaction).where(*mine).returning(col(Reaction.post_id))
    if (await work.db.execute(taken_back)).scalar_one_or_none() is None:
        work.db.add(Reaction(post_id=post.id, sign=sign, person_id=work.who.id))
    work.record(stream_of(place.thread.id), Verb.POST_REACTED, post.id)
