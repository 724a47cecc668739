"""Who reports, and who answers."""

from entente.people.who import Who
from forums.models import Post


def may_report(who: Who, post: Post) -> bool:
    """Whoever reads a post reports it, unless they wrote it."""
    return post.deleted_at is None and post.hidden_at is None and post.author_id != who.id


def may_settle(moderates: bool) -> bool:
    """Those who keep the peace of the forum answer."""
    return moderates
