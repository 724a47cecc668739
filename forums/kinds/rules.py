"""Who may ask, announce, accept and take note: plain functions."""

from entente.people.who import Who
from forums.models import Forum, Kind, Post, Thread
from forums.rules import may_open_thread


def may_announce(who: Who, forum: Forum, moderates: bool) -> bool:
    """Whoever keeps the peace of a forum announces there, and the secretaries of the body it is reserved to."""
    return moderates or forum.body_id in who.secretary_of


def may_propose_purchase(who: Who, forum: Forum, moderates: bool) -> bool:
    """Whoever reads and acts for an organisation may propose to buy together."""
    return may_open_thread(who, forum, moderates) and bool(who.organisations)


def may_open(kind: Kind, who: Who, forum: Forum, moderates: bool) -> bool:
    """Whether this person may open such a thread in this forum."""
    match kind:
        case Kind.ANNOUNCEMENT:
            return may_announce(who, forum, moderates)
        case Kind.PURCHASE:
            return may_propose_purchase(who, forum, moderates)
        case _:
            return may_open_thread(who, forum, moderates)


def may_accept(who: Who, thread: Thread, moderates: bool) -> bool:
    """Whoever asked, or keeps the peace, says which answer settles the question."""
    return thread.kind == Kind.QUESTION and thread.deleted_at is None and (thread.author_id == who.id or moderates)


def is_an_answer(post: Post) -> bool:
    """Whether a post can settle a question: not the question itself, and still there to be read."""
    return post.number > 1 and post.deleted_at is None and post.hidden_at is None


def may_follow_acknowledgements(who: Who, thread: Thread, moderates: bool) -> bool:
    """Whoever announced, or keeps the peace, sees who has taken note and who is missing."""
    return thread.kind == Kind.ANNOUNCEMENT and (thread.author_id == who.id or moderates)
