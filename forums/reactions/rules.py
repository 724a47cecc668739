"""What each sign looks like and says, and who may make one."""

from forums.models import Post
from forums.reactions.models import Sign

LOOKS = {
    Sign.AGREE: ("👍", "D’accord"),
    Sign.THANKS: ("❤️", "Merci"),
    Sign.BRAVO: ("🎉", "Bravo"),
    Sign.SMILE: ("😄", "Amusant"),
    Sign.WONDER: ("🤔", "À voir"),
    Sign.SEEN: ("👀", "Vu"),
}
NAMED = 10
"""How many people are named beside a sign; the others are counted."""


def may_react(post: Post) -> bool:
    """Whoever reads words may answer them with a sign, even once the thread is closed: it adds no word to it."""
    return post.deleted_at is None and post.hidden_at is None
