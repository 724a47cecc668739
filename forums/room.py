"""What the room shows the house."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from sqlmodel.ext.asyncio.session import AsyncSession
from starlette.applications import Starlette

from entente.people.who import Who
from entente.rights import Verb as RightsVerb
from entente.room import NavItem, Room, Section
from forums import feed, queries, service, takes, views
from forums.atom import views as atom
from forums.attachments import keeping as files_keeping
from forums.attachments import views as attachments
from forums.documents import views as documents
from forums.drafts import views as drafts
from forums.drafts.tidying import tidying
from forums.faces import FACES, look_anew
from forums.following import service as following
from forums.following import views as followed
from forums.following.queries import tell_posts, tell_threads
from forums.forgetting import forgets
from forums.history import views as history
from forums.holdings import holdings
from forums.keeping import views as keeping
from forums.kinds import queries as announcements
from forums.kinds import service as kinds
from forums.kinds import views as kinds_views
from forums.mentions import views as suggested
from forums.moderation import service as moderation
from forums.moderation import views as peace
from forums.moderation.queries import tell_hidings
from forums.purchase import service as purchases
from forums.purchase import views as purchases_views
from forums.reactions import views as reactions
from forums.reading import feed as marked
from forums.reading import marks
from forums.reading import views as reading
from forums.reports import views as reported
from forums.reports.queries import tell_reports
from forums.search.findable import posts
from forums.tags import views as tags
from forums.talks import talks
from forums.writing import views as writing

THREADS_TODAY = 8


async def today(db: AsyncSession, who: Who) -> Section | None:
    """The threads that hold something new for this person; nothing for someone who takes no part."""
    if not who.is_known:
        return None
    awaited = await announcements.awaited_from(db, who)
    list_ = await queries.threads_with_news(db, who, THREADS_TODAY)
    return Section("forums/_today.html", {"list": list_, "awaited": awaited})


@asynccontextmanager
async def _tidying(app: Starlette) -> AsyncIterator[None]:
    async with tidying(app), files_keeping.keeping(app), marks.keeping(app):
        yield


room = Room(
    "forums",
    # The first ones come before the forum that would bear their name.
    routes=[
        *suggested.routes,
        *reactions.routes,
        *reading.routes,
        *followed.routes,
        *writing.routes,
        *drafts.routes,
        *attachments.routes,
        *documents.routes,
        *kinds_views.routes,
        *purchases_views.routes,
        *atom.routes,
        *reported.routes,
        *peace.routes,
        *history.routes,
        *tags.routes,
        *takes.routes,
        *views.routes,
        *keeping.routes,
    ],
    feeds=[feed.thread_feed, feed.forum_feed, feed.readers_feed, *marked.feeds],
    nav=[NavItem("Forums", "chat-bubble-left-right", "/forums", "forums")],
    admin_nav=[NavItem(keeping.HOME[0], "rectangle-stack", keeping.HOME[1], keeping.KEY)],
    today=today,
    holdings=holdings,
    finds=[posts],
    talks=talks,
    settings=[
        NavItem(followed.TITLE, "chat-bubble-left-right", followed.MINE, "followed"),
        NavItem("Mes flux", "rss", atom.MINE, "flux"),
    ],
    tells={
        "forums/post": tell_posts,
        "forums/thread": tell_threads,
        "forums/hiding": tell_hidings,
        "forums/report": tell_reports,
    },
    tasks={FACES: look_anew, **following.TASKS, **kinds.TASKS, **purchases.TASKS, moderation.UNPIN: moderation.let_go},
    follows={
        FACES: {RightsVerb.FACE_CHANGED},
        following.TELL: {service.Verb.POST_POSTED, service.Verb.POST_EDITED},
        following.TAKE_BACK: {service.Verb.POST_DELETED, service.Verb.POST_HIDDEN, service.Verb.THREAD_DELETED},
        following.REVIEW: {service.Verb.THREAD_MOVED, RightsVerb.READERS_CHANGED},
    },
    forgets=forgets,
    lifespan=_tidying,
)
