"""What live readers of the register of decisions receive: each page takes its own list or decision again."""

from entente.live import Feed
from pistes import queries
from pistes.decisions.stories import Verb

# Filters differ from page to page, and a new decision changes the one it replaces.
decisions_feed = Feed("pistes/decisions", watch=queries.register_for)
decisions_feed.renews(Verb.DECISION_RECORDED)
