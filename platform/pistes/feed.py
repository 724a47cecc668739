"""What live readers of the register receive: a piste as it is now; and the table, each in the way they look at it."""

from sqlmodel.ext.asyncio.session import AsyncSession

from entente import links
from entente.journal import Entry
from entente.live import Feed, Fragment
from entente.people.words import BODIES
from pistes import queries
from pistes.protocol.models import PHASES as PROTOCOL
from pistes.sheet import Sheet, sheet_of
from pistes.stories import Verb
from pistes.words import ORIGINS, OUTCOMES, PHASES, STANCES

register_feed = Feed("pistes/register", watch=queries.register_for)
# Filters and sorting differ from page to page, and one mark moves many rows: each page takes its own table again.
register_feed.renews(Verb.REGISTER_CHANGED)
piste_feed = Feed("pistes/piste", watch=queries.piste_for)
# Which conversations one may know of differs from reader to reader.
piste_feed.renews(links.Verb.TIED)


def shown(sheet: Sheet) -> Fragment:
    """A piste: its phase, marks, places, communes and story, the same for everybody."""
    known = {
        "sheet": sheet,
        "phases": PHASES,
        "stances": STANCES,
        "origins": ORIGINS,
        "outcomes": OUTCOMES,
        "bodies": BODIES,
        "protocol_phases": PROTOCOL,
        "protocol_words": [PHASES[phase] for phase in PROTOCOL],
    }
    return Fragment("pistes/_piste.html", "replace", f"piste-{sheet.piste.id}", known)


@piste_feed.shows(*(verb for verb in Verb if verb is not Verb.REGISTER_CHANGED))
async def piste_changed(db: AsyncSession, entry: Entry) -> Fragment | None:
    """The piste as it stands now."""
    sheet = await sheet_of(db, entry.subject_id)
    return shown(sheet) if sheet else None
