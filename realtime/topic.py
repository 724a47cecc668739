"""A stream that pages of this process follow: read once, rendered once, kept as a bounded ring of bytes."""

import asyncio
from collections import deque
from itertools import islice
from typing import TYPE_CHECKING

from entente.ids import Ref
from entente.journal import UNBORN, Tip
from entente.live import Feed
from realtime.frames import Frame

if TYPE_CHECKING:
    from realtime.page import Page

RING_FRAMES = 256
RING_BYTES = 256 * 1024


class Topic:
    """The recent frames of a stream, `start` exclusive to `tip` inclusive, and the pages that follow it."""

    def __init__(self, ref: Ref, feed: Feed) -> None:
        self.ref = ref
        self.name = str(ref)
        self.feed = feed
        self.epoch = UNBORN
        self.floor = self.start = self.tip = 0
        self.goal = 0
        """The last position that somebody spoke of: there is something to read up to there."""
        self.life = 0
        """Grows each time the ring starts over: what was being read for the life before is of no use."""
        self.is_known = False
        """Whether the journal has been asked; until then a bell only raises the goal."""
        self.pages: set[Page] = set()
        self.busy = asyncio.Lock()
        self.following: asyncio.Task[None] | None = None
        self.idle_since: float | None = None
        self._ring: deque[Frame] = deque()
        self._bytes = 0

    def cursor(self) -> str:
        """Where the newest frame stands, as a page would say it."""
        return f"{self.name}@{self.epoch}:{self.tip}"

    def extend(self, frames: list[Frame]) -> None:
        """Add what has just happened; the oldest frames make room."""
        for frame in frames:
            self._ring.append(frame)
            self._bytes += len(frame.data)
            self.tip = frame.position
        while self._ring and (len(self._ring) > RING_FRAMES or self._bytes > RING_BYTES):
            gone = self._ring.popleft()
            self._bytes -= len(gone.data)
            self.start = gone.position

    def prepend(self, frames: list[Frame]) -> bool:
        """Add what happened before, for a page that comes back; refuses what the ring cannot hold."""
        size = self._bytes + sum(len(frame.data) for frame in frames)
        if size > RING_BYTES or len(self._ring) + len(frames) > RING_FRAMES:
            return False
        self._ring.extendleft(reversed(frames))
        self._bytes = size
        self.start = frames[0].position - 1
        return True

    @property
    def weight(self) -> tuple[int, int]:
        """How many frames and bytes it keeps."""
        return len(self._ring), self._bytes

    def after(self, position: int) -> list[Frame]:
        """The frames that follow a position inside the ring."""
        return list(islice(self._ring, position - self.start, None))

    def rebase(self, tip: Tip) -> None:
        """Start over at another tip: the epoch has changed, or entries are gone."""
        self.life += 1
        self._ring.clear()
        self._bytes = 0
        self.epoch, self.floor = tip.epoch, tip.floor
        self.start = self.tip = self.goal = tip.position
