"""What live readers of a round receive: who has answered, and nothing of what they said."""

from sqlmodel.ext.asyncio.session import AsyncSession

from entente.journal import Entry
from entente.live import Feed, Fragment
from pistes import queries as register
from pistes.rounds import queries
from pistes.rounds.models import Round
from pistes.rounds.queries import Progress
from pistes.rounds.stories import Verb

round_feed = Feed("pistes/round", watch=queries.round_for)
# What it computed is another page than the one that was waiting for it.
round_feed.renews(Verb.ROUND_CLOSED)
closings_feed = Feed("pistes/closings", watch=register.register_for)
# Thousands of pistes may have new marks at once: each page that is open on one takes it again by itself.
closings_feed.renews(Verb.ROUND_CLOSED)


def shown(progress: Progress) -> Fragment:
    """« n sur N », and the names of those who are missing."""
    known = {"progress": progress}
    return Fragment("pistes/rounds/_progress.html", "replace", f"round-progress-{progress.round.id}", known)


@round_feed.shows(Verb.ROUND_OPENED, Verb.ROUND_ANSWERED, Verb.ROUND_REMINDED)
async def progressed(db: AsyncSession, entry: Entry) -> Fragment | None:
    """How far the round is now."""
    found = await db.get(Round, entry.subject_id)
    return shown((await queries.progress(db, [found]))[found.id]) if found else None
