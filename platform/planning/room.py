"""What the room shows the house."""

from sqlmodel.ext.asyncio.session import AsyncSession

from entente.clock import now
from entente.people.who import Who
from entente.rights import Verb as RightsVerb
from entente.room import NavItem, Room, Section
from planning import rules, views
from planning.absences import views as absence_views
from planning.agenda import keeping as documents
from planning.agenda import views as agenda_views
from planning.answers import feed as answers_feed
from planning.answers import queries as answers
from planning.answers import views as answer_views
from planning.calendars import service as calendars
from planning.calendars.feed import CALENDARS
from planning.conflicts import views as conflict_views
from planning.finding import holding, meetings, tells
from planning.forgetting import forgets
from planning.grid import feed as grid_feed
from planning.grid import service as grid
from planning.grid import views as grid_views
from planning.halls import views as hall_views
from planning.letters import service as letters
from planning.links import views as link_views
from planning.notice import views as notice_views
from planning.sheets import views as sheet_views
from planning.verbs import OF_MEETINGS

ROOM = "planning"
TODAY_MOST = 5


async def today(db: AsyncSession, who: Who) -> Section | None:
    """The next meetings of this person, each with its answer in one tap; nothing for someone who takes no part."""
    if not rules.may_look(who):
        return None
    meetings_ = await answers.awaited(db, who, now(), TODAY_MOST)
    return Section("planning/_today.html", {"meetings": meetings_, "me": who.id, "at": now()})


room = Room(
    ROOM,
    nav=[NavItem("Planning", "calendar-days", "/planning", ROOM)],
    routes=[
        *grid_views.routes,
        *conflict_views.routes,
        *sheet_views.routes,
        *link_views.routes,
        *answer_views.routes,
        *agenda_views.routes,
        *notice_views.routes,
        *hall_views.routes,
        *absence_views.routes,
        *views.routes,
    ],
    feeds=[grid_feed.feed, answers_feed.feed],
    today=today,
    holdings=[holding],
    finds=[meetings],
    tells=tells,
    forgets=forgets,
    lifespan=documents.keeping,
    calendars=CALENDARS,
    tasks={grid.TELL: grid.tell, calendars.BODY_RENAMED: calendars.body_renamed},
    errands={letters.TELL: letters.tell, letters.REMIND: letters.remind},
    follows={grid.TELL: OF_MEETINGS, letters.TELL: letters.TOLD, calendars.BODY_RENAMED: [RightsVerb.BODY_RENAMED]},
)
