"""Where the things of the forums are read: addresses that the views, the notices and the feeds write the same way."""

from uuid import UUID

from forums.models import Forum
from forums.queries import page_of

ROOM = "forums"
HOME = ("Forums", "/forums")


def address_of(thread_id: UUID) -> str:
    """Where a thread is read."""
    return f"/forums/fils/{thread_id}"


def address_of_post(thread_id: UUID, number: int, post_id: UUID) -> str:
    """Where a post is read, in its page and at its place."""
    after = page_of(number)
    return f"{address_of(thread_id)}{f'?apres={after}' if after else ''}#post-{post_id}"


def permanent(post_id: UUID) -> str:
    """The address of a post wherever its thread goes."""
    return f"/forums/messages/{post_id}"


def crumb(here: Forum) -> tuple[str, str]:
    """A forum on the way to a page."""
    return here.title, f"/forums/{here.slug}"
