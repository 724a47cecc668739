"""What a moderator may do, and who still reads words that are hidden."""

from entente.people.who import Who
from forums.models import Post, Thread


def may_hide(post: Post, moderates: bool) -> bool:
    """A moderator hides words that stand."""
    return moderates and post.deleted_at is None and post.hidden_at is None


def may_unhide(post: Post, moderates: bool) -> bool:
    """A moderator gives back words that are hidden."""
    return moderates and post.deleted_at is None and post.hidden_at is not None


def may_read_hidden(who: Who, post: Post, moderates: bool) -> bool:
    """Moderators read what they hide; its author finds their own words, to copy them."""
    return moderates or post.author_id == who.id


def may_pin(thread: Thread, moderates: bool) -> bool:
    """A moderator says what everybody finds first."""
    return moderates and thread.deleted_at is None


def may_move(thread: Thread, moderates: bool) -> bool:
    """A moderator of the forum it stands in."""
    return moderates and thread.deleted_at is None
