"""Who reads what a post said before, and who brings it back."""

from entente.people.who import Who
from forums.models import Post, Thread
from forums.rules import may_post


def may_read_history(post: Post, moderates: bool) -> bool:
    """Whoever reads a post sees how it changed; of hidden words, moderators alone."""
    return post.deleted_at is None and (post.hidden_at is None or moderates)


def may_restore(who: Who, post: Post, thread: Thread, moderates: bool) -> bool:
    """Its author while the thread lives, and the moderators."""
    stands = post.deleted_at is None and post.hidden_at is None and thread.deleted_at is None
    return stands and (moderates or (post.author_id == who.id and may_post(thread)))
