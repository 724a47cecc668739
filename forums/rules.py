"""Who may do what in a forum: plain functions, asked by the service and drawn by the templates."""

from entente.people.who import Who
from entente.people.words import FUNCTIONS
from forums.models import Forum, Post, Reading, Thread


def reasons_to_read(who: Who, forum: Forum, moderates: bool = False) -> list[str]:
    """Every ground on which this person reads this forum, in French; none when it is closed to them."""
    grounds = [
        (forum.reading == Reading.ALL and who.is_member, "Le forum est ouvert à tous les membres."),
        (forum.body_id in who.bodies, "Elle siège dans l’instance à laquelle le forum est réservé."),
        (
            forum.function in who.function_kinds,
            f"Elle exerce la fonction {_named(forum)}, à laquelle le forum est réservé.",
        ),
        (forum.group_id in who.groups, "Elle est invitée dans ce forum."),
        (moderates and who.is_member, "Elle modère ce forum."),
    ]
    return [reason for holds, reason in grounds if holds]


def _named(forum: Forum) -> str:
    return f"«\u00a0{FUNCTIONS[forum.function]}\u00a0»" if forum.function else ""


def may_read(who: Who, forum: Forum, moderates: bool = False) -> bool:
    """Whether the forum is open to this person."""
    return bool(reasons_to_read(who, forum, moderates))


def may_open_thread(who: Who, forum: Forum, moderates: bool = False) -> bool:
    """Whoever reads may start a conversation."""
    return may_read(who, forum, moderates)


def may_post(thread: Thread) -> bool:
    """Whoever reads may answer, until the thread is closed."""
    return thread.closed_at is None and thread.deleted_at is None


def may_edit(who: Who, post: Post, thread: Thread) -> bool:
    """One corrects one's own words, as long as they stand and the thread lives."""
    return post.author_id == who.id and post.deleted_at is None and post.hidden_at is None and may_post(thread)


def may_delete(who: Who, post: Post, moderates: bool) -> bool:
    """One withdraws one's own words; a moderator withdraws any."""
    return post.deleted_at is None and (post.author_id == who.id or moderates)


def may_close(who: Who, thread: Thread, moderates: bool) -> bool:
    """Whoever asked, or keeps the peace, says when it is over."""
    return thread.deleted_at is None and (thread.author_id == who.id or moderates)


def may_delete_thread(who: Who, thread: Thread, moderates: bool) -> bool:
    """A moderator removes a thread; its author too, while nobody has answered."""
    return moderates or (thread.author_id == who.id and thread.last_number <= 1)
