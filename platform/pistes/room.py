"""What the room shows the house."""

from typing import NamedTuple

from sqlmodel.ext.asyncio.session import AsyncSession

from entente.people.who import Who
from entente.room import NavItem, Room, Section
from pistes import feed, queries, rules, views
from pistes.addresses import HOME, ROOM
from pistes.afor import views as afor_views
from pistes.board import views as board_views
from pistes.communes import queries as communes
from pistes.communes.queries import Commune
from pistes.criteria import views as criteria_views
from pistes.decisions import recording
from pistes.decisions import search as decision_search
from pistes.decisions import service as decisions
from pistes.decisions import views as decisions_views
from pistes.decisions.documents import tidying
from pistes.decisions.feed import decisions_feed
from pistes.decisions.review import review_due
from pistes.deferral import service as deferral
from pistes.fiches import views as fiches_views
from pistes.forgetting import forgets
from pistes.holdings import holdings, tell
from pistes.imports import views as import_views
from pistes.map import views as map_views
from pistes.mine import views as mine_views
from pistes.models import Phase
from pistes.protocol import views as protocol_views
from pistes.ranking import views as ranking_views
from pistes.ranking.keeping import present
from pistes.ranking.queries import Line
from pistes.rankings import views as frozen_views
from pistes.rounds import answering
from pistes.rounds import holdings as round_holdings
from pistes.rounds import queries as round_queries
from pistes.rounds import service as rounds
from pistes.rounds import views as round_views
from pistes.rounds.feed import closings_feed, round_feed
from pistes.search import pistes
from pistes.texts import views as texts_views
from pistes.tree import views as tree_views
from pistes.writing import views as writing_views
from pistes.writing.taking import takes

TODAY_MOST = 5


class Awaited(NamedTuple):
    """The pistes on which a commune has said nothing yet, the best first."""

    commune: Commune
    lines: list[Line]
    waiting: int


async def today(db: AsyncSession, who: Who) -> Section | None:
    """What awaits the communes for which this person speaks; to who keeps the register, what it contradicts."""
    mine = [each for each in await communes.members(db) if rules.may_speak_for(who, each.id, keeps=False)]
    keeps = await queries.keeps(db, who)
    asked = [each for each, is_done in await round_queries.open_to(db, who) if not is_done]
    if not (mine or keeps or asked):
        return None
    found = (await present(db)).board
    awaited = [_awaited(found.lines, each) for each in mine]
    contradicted = [each for each in found.claims if each.total and not each.holds] if keeps else []
    return Section("pistes/_today.html", {"asked": asked, "awaited": awaited, "contradicted": contradicted})


def _awaited(lines: list[Line], commune: Commune) -> Awaited:
    seen: set[object] = set()
    waiting: list[Line] = []
    for line in lines:
        has_said = any(each.commune.id == commune.id for each in line.stood)
        if has_said or line.piste.id in seen or line.deferral or line.phase is Phase.ARRETEE or not line.sieved.passes:
            continue
        seen.add(line.piste.id)
        waiting.append(line)
    return Awaited(commune, waiting[:TODAY_MOST], len(waiting))


room = Room(
    "pistes",
    # Those that bear a name come before the piste that would bear it.
    routes=[
        *import_views.routes,
        *map_views.routes,
        *board_views.routes,
        *recording.routes,
        *decisions_views.routes,
        *protocol_views.routes,
        *mine_views.routes,
        *fiches_views.routes,
        *afor_views.routes,
        *criteria_views.routes,
        *texts_views.routes,
        *tree_views.routes,
        *answering.routes,
        *round_views.routes,
        *frozen_views.routes,
        *ranking_views.routes,
        *writing_views.routes,
        *views.routes,
    ],
    feeds=[feed.register_feed, feed.piste_feed, round_feed, closings_feed, decisions_feed],
    nav=[NavItem("Pistes", "light-bulb", HOME[1], ROOM)],
    today=today,
    holdings=[*holdings, *round_holdings.holdings, decision_search.holding],
    tasks={deferral.RESUME: deferral.resume_due, **rounds.TASKS, decisions.REVIEW: review_due},
    tells={"pistes/piste": tell, **round_holdings.tells, "pistes/decision": decision_search.tell},
    takes=takes,
    finds=[pistes, decision_search.decisions],
    forgets=forgets,
    lifespan=tidying,
)
