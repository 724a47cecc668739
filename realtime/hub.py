"""The hub of one process: each stream is read once, each entry rendered once, the same bytes go to every page."""

import asyncio
import random
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any
from uuid import UUID

import structlog
from sqlmodel.ext.asyncio.session import AsyncSession

from entente import journal
from entente.house import House
from entente.ids import Ref
from entente.journal import UNBORN, Cursor, Entry, Tip
from entente.live import Feed
from entente.people import queries
from entente.people.who import Who
from entente.rights import Verb, still_hold, stream_of_person
from entente.rules import NotFound
from realtime import metrics
from realtime.bell import Bell
from realtime.crowd import Crowd
from realtime.frames import BEAT, Frame, encode, reset, whisper
from realtime.page import BEAT_SECONDS, Page
from realtime.presence import Presence
from realtime.rendering import frames_of
from realtime.topic import RING_BYTES, RING_FRAMES, Topic

TICK = 0.005
SLICE = 50
"""Pages served before other work has its turn: the rest of the site stays quick."""
HANDFUL_FRAMES = RING_FRAMES // 2
HANDFUL_BYTES = RING_BYTES // 2
"""What enters a ring at once: pages are served in between, or a burst would leave them all behind."""
ROUND_SECONDS = 0.25
HEARTBEAT = 1.25
"""How often the journal is asked which streams have moved, in seconds: one question per process."""
KEEP = 1.0
JOINS = 4
"""Streams that are opened at the same time: when thousands come back at once, pages still find a connection free."""
IDLE_SECONDS = 30.0
DRAIN_SECONDS = 2.0

log = structlog.get_logger()


class Hub:
    """Follows streams on behalf of the pages of this process."""

    def __init__(self, house: House, feeds: Mapping[str, Feed]) -> None:
        self.house = house
        self.feeds = feeds
        self.pages: set[Page] = set()
        self.topics: dict[str, Topic] = {}
        self.presence = Presence(self)
        self.bell = Bell(house.settings, self.hear, self._overhear)
        self.is_closing = False
        self.turns = asyncio.Semaphore(JOINS)
        self.crowd = Crowd(house.settings)
        self._hungry: dict[Page, None] = {}
        self._wake = asyncio.Event()
        self._all_served = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []
        self._background: set[asyncio.Task[None]] = set()

    # --- life -------------------------------------------------------------------------------------------

    async def open(self) -> None:
        """Start to serve pages."""
        await self.bell.open()
        await self.crowd.open()
        self._tasks = [
            asyncio.create_task(self._pump(), name="hub-pump"),
            asyncio.create_task(_often(HEARTBEAT, self._beat), name="hub-beat"),
            asyncio.create_task(_often(KEEP, self._keep), name="hub-keep"),
        ]

    def refuse(self) -> None:
        """The process is about to stop: no new page, and those that are open are sent elsewhere."""
        if not self.is_closing:
            self.is_closing = True
            self._spawn(self._drain())

    async def _drain(self) -> None:
        pages = list(self.pages)
        for number, page in enumerate(pages):
            self.dismiss(page, "renew")
            # Spread, so that thousands of pages do not knock at the next process at once.
            if number % SLICE == SLICE - 1:
                await asyncio.sleep(min(DRAIN_SECONDS * SLICE / len(pages), 0.1))

    async def close(self) -> None:
        """Leave no task behind."""
        self.is_closing = True
        for page in list(self.pages):
            self.dismiss(page, "renew")
        following = [topic.following for topic in self.topics.values() if topic.following]
        running = [*self._tasks, *self._background, *following]
        for task in running:
            task.cancel()
        if running:
            await asyncio.wait(running)
        await self.bell.close()
        await self.crowd.close()

    def _spawn(self, work: Any) -> None:
        task = asyncio.create_task(work)
        self._background.add(task)
        task.add_done_callback(self._background.discard)

    # --- news -------------------------------------------------------------------------------------------

    def hear(self, moved: Mapping[str, int]) -> None:
        """These streams have moved: follow those that somebody here reads."""
        for name, position in moved.items():
            topic = self.topics.get(name)
            if topic is not None:
                topic.goal = max(topic.goal, position)
                self._follow(topic)

    def whisper(self, message: dict[str, Any]) -> None:
        """Say something unrecorded in every process."""
        self.bell.whisper({**message, "process": self.bell.name})

    def _overhear(self, message: dict[str, Any]) -> None:
        topic = self.topics.get(str(message["stream"]))
        if message["kind"] == "typing" and topic is not None:
            self.tell(topic, whisper("typing", stream=topic.name, id=message["id"], name=message["name"]))
        elif message["kind"] == "here" and message["process"] != self.bell.name:
            self.presence.heard(message, message["process"])

    def _follow(self, topic: Topic) -> None:
        if topic.is_known and topic.tip < topic.goal and (topic.following is None or topic.following.done()):
            topic.following = asyncio.create_task(self._catch_up(topic))

    async def _catch_up(self, topic: Topic) -> None:
        try:
            async with topic.busy:
                while topic.tip < topic.goal:
                    await self._take(topic)
        except Exception as error:
            # Whatever it is, the next heartbeat asks again.
            log.warning("stream_waits", stream=topic.name, error=repr(error))
            topic.goal = topic.tip

    async def _take(self, topic: Topic) -> None:
        """Read and render what follows, once for all pages."""
        life = topic.life
        async with self.house.database.reading() as db:
            if topic.epoch == UNBORN:
                tip = (await journal.tips(db, [topic.name])).get(topic.name)
                topic.epoch = tip.epoch if tip else UNBORN
            entries = await journal.since(db, topic.name, topic.tip, HANDFUL_FRAMES)
            if not entries or entries[0].position != topic.tip + 1:
                self._start_over(topic, (await journal.tips(db, [topic.name])).get(topic.name))
                return
            frames = await frames_of(db, topic, entries)
        # Obeyed before it is passed on: if the database fails here, the heartbeat begins again with this entry.
        await self._obey(topic, entries)
        for handful in _handfuls(frames):
            if topic.life != life:
                return
            topic.extend(handful)
            self._feed(topic.pages)
            if topic.tip < topic.goal:
                await self._round(topic)

    async def _round(self, topic: Topic) -> None:
        """Let pages take what is there before more is added; the slow ones are waited for, but not long."""
        with suppress(TimeoutError):
            async with asyncio.timeout(ROUND_SECONDS):
                await self._all_served.wait()
                while any(page.is_stuck for page in topic.pages):
                    await asyncio.sleep(TICK)
                    await self._all_served.wait()

    def _start_over(self, topic: Topic, tip: Tip | None) -> None:
        if tip is None or (tip.epoch == topic.epoch and tip.position <= topic.tip):
            topic.goal = topic.tip
        else:
            self._rebase(topic, tip, "purged" if tip.epoch == topic.epoch else "epoch")

    def _rebase(self, topic: Topic, tip: Tip, cause: str) -> None:
        topic.rebase(tip)
        for page in topic.pages:
            self._reset(page, topic, cause)

    async def _beat(self) -> None:
        """Ask the journal which of the streams read here have moved."""
        watched = {topic: topic.epoch for topic in self.topics.values() if topic.pages}
        if not watched:
            return
        async with self.house.database.reading() as db:
            tips = await journal.tips(db, [topic.name for topic in watched])
        for topic, epoch in watched.items():
            tip = tips.get(topic.name)
            if tip is None and epoch == topic.epoch != UNBORN:
                # A backup from before its birth was restored.
                self._rebase(topic, Tip(0, 0, UNBORN), "epoch")
            self._learn(topic, tip)
            self._follow(topic)

    def _learn(self, topic: Topic, tip: Tip | None) -> None:
        """Bring what this process believes of a stream in line with the journal."""
        if not topic.is_known:
            heard, topic.is_known = topic.goal, True
            topic.rebase(tip or Tip(0, 0, UNBORN))
            topic.goal = max(topic.goal, heard)
        elif tip is not None and tip.epoch != topic.epoch != UNBORN:
            self._rebase(topic, tip, "epoch")
        elif tip is not None:
            topic.epoch, topic.floor = tip.epoch, tip.floor
            topic.goal = max(topic.goal, tip.position)

    # --- pages ------------------------------------------------------------------------------------------

    async def admit(self, page: Page) -> bool:
        """Let a page in, if its person and its address have a place left in the house; it is to leave again."""
        if not await self.crowd.enter(str(page.who.id), page.address):
            return False
        self.pages.add(page)
        metrics.CONNECTIONS.set(len(self.pages))
        return True

    async def join(self, page: Page, cursors: Sequence[Cursor]) -> list[Ref]:
        """Register, then look: whatever changes from here on is heard. Returns the streams refused."""
        who, mine = page.who, stream_of_person(page.who.id)
        async with self.house.database.reading() as db:
            allowed = [cursor for cursor in cursors if await self.may_follow(db, who, cursor.stream)]
        # Known to the bell before the journal is asked: nothing falls between the two.
        places = {self._topic(cursor.stream): cursor for cursor in allowed}
        own = self._topic(mine)
        async with self.house.database.reading() as db:
            tips = await journal.tips(db, [own.name, *(topic.name for topic in places)])
            for topic in {own, *places}:
                self._learn(topic, tips.get(topic.name))
            self._attach(page, own, own.goal)
            for topic, cursor in places.items():
                self._attach(page, topic, self._place(page, topic, cursor))
            # From here on a change of rights is heard on one's own stream; was there one just before?
            is_same = await still_hold(db, who)
        if not is_same:
            self.dismiss(page, "renew")
            return []
        await self._ask_again(page, places)
        for topic, position in list(page.cursors.items()):
            # Rights may have been taken away meanwhile: what a page has lost is not given back by a reset.
            if not await self._cover(topic, position) and topic in page.cursors:
                self._reset(page, topic, "behind")
        refused = [cursor.stream for cursor in cursors if cursor not in allowed]
        page.extra += [encode("gone", str(ref)) for ref in refused]
        return refused

    def flow(self, page: Page) -> None:
        """Let news reach a page that has joined."""
        page.is_joined = True
        for topic in page.cursors:
            self.presence.came(page, topic)
            self._follow(topic)
        self._feed([page])

    def _topic(self, ref: Ref) -> Topic:
        topic = self.topics.get(str(ref))
        if topic is None:
            topic = self.topics[str(ref)] = Topic(ref, self.feeds[ref.kind])
        topic.idle_since = None
        return topic

    def _attach(self, page: Page, topic: Topic, position: int) -> None:
        topic.pages.add(page)
        page.cursors[topic] = position

    def _place(self, page: Page, topic: Topic, cursor: Cursor) -> int:
        """Where this page stands in the stream; a place that means nothing any more becomes the present."""
        is_first = cursor.epoch == UNBORN and cursor.position == 0
        if cursor.epoch != topic.epoch and not is_first:
            self._reset(page, topic, "epoch")
        elif cursor.position < topic.floor:
            self._reset(page, topic, "purged")
        elif cursor.position > max(topic.goal, topic.tip):
            self._reset(page, topic, "ahead")
        else:
            return cursor.position
        return topic.tip

    async def may_follow(self, db: AsyncSession, who: Who, ref: Ref) -> bool:
        """Whether this person may follow this stream; a kind that nobody declared does not exist."""
        feed = self.feeds.get(ref.kind)
        if feed is None:
            return False
        try:
            await feed.watch(db, who, ref.id)
        except NotFound:
            return False
        return True

    async def _cover(self, topic: Topic, position: int) -> bool:
        """Bring the ring down to a position; the first page that comes back renders for all the others."""
        # The lock first, the connection second, as in `_catch_up`: the other way round they wait for each other.
        async with topic.busy:
            life, missing = topic.life, topic.start - position
            if missing <= 0:
                return True
            if not topic.can_reach(position):
                return False
            async with self.house.database.reading() as db:
                entries = await journal.since(db, topic.name, position, missing)
                if len(entries) != missing:
                    return False
                frames = await frames_of(db, topic, entries)
            metrics.REPLAYED.observe(missing)
            return topic.life == life and topic.prepend(frames)

    def leave(self, page: Page) -> None:
        """Forget a page."""
        if page not in self.pages:
            return
        self.pages.discard(page)
        self._hungry.pop(page, None)
        self.crowd.leave(str(page.who.id), page.address)
        metrics.CONNECTIONS.set(len(self.pages))
        for topic in page.cursors:
            topic.pages.discard(page)
            self.presence.left(topic)
        page.cursors.clear()

    def dismiss(self, page: Page, event: str, reason: str = "") -> None:
        """Send a page away with a last word."""
        page.extra.append(encode(event, reason))
        page.leave()

    def tell(self, topic: Topic, data: bytes) -> None:
        """Say something unrecorded to every page of a stream."""
        for page in topic.pages:
            self.tell_page(page, data)

    def tell_page(self, page: Page, data: bytes) -> None:
        """Say something unrecorded to one page; one that takes nothing just now misses it."""
        if page.is_joined and not page.is_stuck and not page.is_leaving:
            page.extra.append(data)
            self._feed([page])

    def _reset(self, page: Page, topic: Topic, cause: str) -> None:
        metrics.RESETS.labels(cause).inc()
        page.cursors[topic] = topic.tip
        page.extra.append(reset(topic.name, topic.cursor()))
        self._feed([page])

    # --- rights -----------------------------------------------------------------------------------------

    async def _obey(self, topic: Topic, entries: Iterable[Entry]) -> None:
        verbs = defaultdict(set)
        for entry in entries:
            verbs[entry.verb].add(entry.subject_id)
        if verbs[Verb.READERS_CHANGED]:
            for person_id in {page.who.id for page in topic.pages}:
                await self.recheck(person_id)
        if topic.feed.kind != "entente/person":
            return
        for page in list(topic.pages):
            if page.who.session_id in verbs[Verb.SESSION_ENDED]:
                self.dismiss(page, "refused", "Vous n’êtes plus connecté sur cet appareil.")
        if verbs[Verb.RIGHTS_CHANGED]:
            await self.recheck(topic.ref.id)

    async def recheck(self, person_id: UUID) -> None:
        """Ask again what this person may follow, and stop the rest."""
        pages = [page for page in self.pages if page.who.id == person_id]
        async with self.house.database.reading() as db:
            who = await queries.who_is(db, person_id)
            for page in pages:
                if who is None:
                    self.dismiss(page, "refused", "Votre compte n’est plus actif.")
                    continue
                page.who = _same_device(page, who)
                for topic in list(page.cursors):
                    if not await self.may_follow(db, who, topic.ref):
                        self._detach(page, topic)

    async def _ask_again(self, page: Page, places: Mapping[Topic, Cursor]) -> None:
        """Ask again about streams that have moved: their readers may have changed before this page was there."""
        moved = [each for each, cursor in places.items() if (cursor.epoch, cursor.position) != (each.epoch, each.goal)]
        if not moved:
            return
        async with self.house.database.reading() as db:
            for topic in moved:
                if topic in page.cursors and not await self.may_follow(db, page.who, topic.ref):
                    self._detach(page, topic)

    def _detach(self, page: Page, topic: Topic) -> None:
        topic.pages.discard(page)
        page.cursors.pop(topic, None)
        page.extra.append(encode("gone", topic.name))
        self.presence.left(topic)
        self._feed([page])

    # --- the pump ---------------------------------------------------------------------------------------

    def _feed(self, pages: Iterable[Page]) -> None:
        self._hungry.update(dict.fromkeys(pages))
        self._all_served.clear()
        self._wake.set()

    def feed_again(self, page: Page) -> None:
        """A page that was stuck takes news again."""
        self._feed([page])

    async def _pump(self) -> None:
        while True:
            await self._wake.wait()
            # Frames of one tick travel in one send: bursts cost a tenth.
            await asyncio.sleep(TICK)
            self._wake.clear()
            pages, self._hungry = self._hungry, {}
            await self._serve_all(list(pages))
            if not self._hungry:
                self._all_served.set()

    async def _serve_all(self, pages: list[Page]) -> None:
        joined: dict[tuple[Topic, int], bytes] = {}
        for number, page in enumerate(pages):
            try:
                self._serve(page, joined)
            except Exception as error:
                log.error("page_failed", error=repr(error))
                page.leave()
            if number % SLICE == SLICE - 1:
                await asyncio.sleep(0)
                # Topics may have moved meanwhile: what was joined is no longer all there is.
                joined.clear()

    def _serve(self, page: Page, joined: dict[tuple[Topic, int], bytes]) -> None:
        if not page.is_joined or page.is_leaving or page.is_stuck:
            return
        parts, page.extra = page.extra, []
        size = 0
        for topic, position in page.cursors.items():
            if position < topic.start:
                self._reset(page, topic, "slow")
            elif position < topic.tip:
                parts.append(_since(topic, position, joined))
                page.cursors[topic] = topic.tip
                size += len(parts[-1])
                if size > RING_BYTES:
                    # Whatever it follows, a page makes the server hold this much and no more.
                    self._feed([page])
                    break
        if parts:
            page.write(parts[0] if len(parts) == 1 else b"".join(parts))

    async def _keep(self) -> None:
        """Beats, renewals, and topics that nobody reads any more."""
        at = asyncio.get_running_loop().time()
        for number, page in enumerate(list(self.pages)):
            self._keep_page(page, at)
            if number % 500 == 499:
                await asyncio.sleep(0)
        self._forget_idle(at)
        self.presence.tick(at)

    def _keep_page(self, page: Page, at: float) -> None:
        if at >= page.expires:
            self.dismiss(page, "renew")
        elif at >= page.next_beat:
            page.next_beat = at + random.uniform(*BEAT_SECONDS)  # noqa: S311
            self.tell_page(page, BEAT)

    def _forget_idle(self, at: float) -> None:
        for name, topic in list(self.topics.items()):
            if topic.pages:
                continue
            topic.idle_since = topic.idle_since or at
            if at - topic.idle_since > IDLE_SECONDS:
                del self.topics[name]


async def _often(every: float, do: Callable[[], Awaitable[None]]) -> None:
    """Do something for ever; whatever goes wrong is said, and tried again."""
    while True:
        await asyncio.sleep(every)
        try:
            await do()
        except Exception as error:
            log.warning("hub_waits", doing=do.__name__, error=repr(error))


def _handfuls(frames: Sequence[Frame]) -> Iterator[list[Frame]]:
    """Frames in order, no more at a time than a ring takes without losing what pages have not seen."""
    handful: list[Frame] = []
    size = 0
    for frame in frames:
        if handful and size + len(frame.data) > HANDFUL_BYTES:
            yield handful
            handful, size = [], 0
        handful.append(frame)
        size += len(frame.data)
    if handful:
        yield handful


def _since(topic: Topic, position: int, joined: dict[tuple[Topic, int], bytes]) -> bytes:
    """The bytes after a position, joined once for all the pages that stand there."""
    key = (topic, position)
    if key not in joined:
        frames = topic.after(position)
        metrics.BEHIND.observe(len(frames))
        metrics.LATENCY.observe(max(0.0, time.time() - frames[-1].at))
        joined[key] = frames[0].data if len(frames) == 1 else b"".join(frame.data for frame in frames)
    return joined[key]


def _same_device(page: Page, who: Who) -> Who:
    return replace(who, session_id=page.who.session_id)
