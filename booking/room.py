"""What the room shows the house."""

from datetime import timedelta

from sqlmodel.ext.asyncio.session import AsyncSession

from booking import queries, rules, service, views
from booking.allowances import views as allowance_views
from booking.approvals import queries as approvals
from booking.approvals import views as approval_views
from booking.approvals.absences import views as absence_views
from booking.approvals.levels import views as level_views
from booking.assigning import views as assigning_views
from booking.basket import mails as basket_mails
from booking.basket import service as basket
from booking.basket import views as basket_views
from booking.blocks import views as block_views
from booking.calendars.feed import CALENDARS
from booking.depots import views as depot_views
from booking.figures import views as figures
from booking.fleet import views as fleet_views
from booking.forgetting import forgets
from booking.hold import Verb
from booking.imports import views as import_views
from booking.inspections import mails as inspection_mails
from booking.inspections import service as inspections
from booking.inspections import views as inspection_views
from booking.labels import views as label_views
from booking.mails import rules as mail_rules
from booking.mails import service as mails
from booking.managing import views as managing_views
from booking.regulations import views as regulation_views
from booking.showing import keeping as showing
from booking.showing import views as showing_views
from booking.timeline import feed as timeline_feed
from booking.timeline import service as timeline
from booking.timeline import views as timeline_views
from booking.waiting import service as waiting
from booking.waiting import views as waiting_views
from entente.clock import now
from entente.people.who import Who
from entente.room import NavItem, Room, Section

SOON = timedelta(days=7)
TODAY_MOST = 6


async def today(db: AsyncSession, who: Who) -> Section | None:
    """What this person is to take out or bring back within a week; nothing for someone who takes no part."""
    if not rules.may_look(who):
        return None
    due = await queries.due(db, who, now() + SOON, TODAY_MOST + 1)
    asked = await approvals.pending(db, who, TODAY_MOST)
    return Section(
        "booking/_today.html",
        {
            "due": due[:TODAY_MOST],
            "more": len(due) > TODAY_MOST,
            "asked": asked,
            "asked_count": await approvals.count(db, who) if asked else 0,
            "at": now(),
        },
    )


room = Room(
    "booking",
    routes=[
        *timeline_views.routes,
        *managing_views.routes,
        *figures.routes,
        *approval_views.routes,
        *absence_views.routes,
        *level_views.routes,
        *waiting_views.routes,
        *label_views.routes,
        *showing_views.routes,
        *basket_views.routes,
        *allowance_views.routes,
        *import_views.routes,
        *assigning_views.routes,
        *regulation_views.routes,
        *block_views.routes,
        *inspection_views.routes,
        *depot_views.routes,
        *fleet_views.routes,
        *views.routes,
    ],
    feeds=timeline_feed.feeds,
    nav=[NavItem("Réservations", "truck", "/reservations", views.ROOM)],
    today=today,
    calendars=CALENDARS,
    forgets=forgets,
    lifespan=showing.keeping,
    tasks={
        service.EXPIRE: service.expire,
        timeline.TELL: timeline.tell,
        waiting.OFFER: waiting.offer,
        waiting.GIVE_UP: waiting.run_out,
    },
    errands={
        basket_mails.TELL: basket_mails.tell,
        mails.TELL: mails.tell,
        mails.REMIND: mails.remind,
        inspections.REMIND: inspection_mails.remind,
    },
    follows={
        basket_mails.TELL: [basket.Verb.ORDER_PLACED],
        mails.TELL: list(mail_rules.TRUE_WHILE),
        timeline.TELL: [Verb.PLAN_CHANGED],
        waiting.OFFER: [Verb.PLAN_CHANGED],
    },
)
