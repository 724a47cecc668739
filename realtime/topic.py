"""A stream that pages of this process follow: read once, rendered once, kept as a bounded ring of bytes."""

import asyncio
from collections import deque
from itertools import islice
from typing import TYPE_CHECKING

from entente.ids import Ref
from entente.journal import UNBORN, Tip
from entente.live import Feed, Matter
from realtime.frames import Frame, passed

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
        self._unreachable = -1
        """Up to here, what a page has missed was too much to be kept: it need not be read again to know it."""
        self._shown: dict[Matter, int] = {}
        """Which frame of the ring shows what: the newest one alone."""
        self._ring: deque[Frame] = deque()
        self._bytes = 0

    def cursor(self, position: int | None = None) -> str:
        """Where a frame stands, the newest one unless said otherwise, as a page would say it."""
        return f"{self.name}@{self.epoch}:{self.tip if position is None else position}"

    def extend(self, frames: list[Frame]) -> None:
        """Add what has just happened; the oldest frames make room."""
        for frame in frames:
            self._supersede(frame)
            self._ring.append(frame)
            self._bytes += len(frame.data)
            self.tip = frame.position
        while self._ring and (len(self._ring) > RING_FRAMES or self._bytes > RING_BYTES):
            gone = self._ring.popleft()
            self._bytes -= len(gone.data)
            self.start = gone.position
            if gone.matter:
                del self._shown[gone.matter]

    def _supersede(self, frame: Frame) -> None:
        """What an older frame shows is shown by this one: whoever is still to receive both needs only this one."""
        if frame.matter is None:
            return
        before = self._shown.get(frame.matter)
        self._shown[frame.matter] = frame.position
        if before is not None:
            place = before - self.start - 1
            old = self._ring[place]
            new = old._replace(data=passed(self.cursor(before)), matter=None)
            self._ring[place] = new
            self._bytes += len(new.data) - len(old.data)

    def is_shown(self, matter: Matter | None) -> bool:
        """Whether a frame of the ring shows this."""
        return matter in self._shown

    def can_reach(self, position: int) -> bool:
        """Whether the ring may hold all that followed a position."""
        return position > self._unreachable and self.tip - position <= RING_FRAMES

    def prepend(self, frames: list[Frame]) -> bool:
        """Add what happened before, for a page that comes back; refuses what the ring cannot hold."""
        size = self._bytes + sum(len(frame.data) for frame in frames)
        if size > RING_BYTES or len(self._ring) + len(frames) > RING_FRAMES:
            self._unreachable = frames[0].position - 1
            return False
        self._shown |= {frame.matter: frame.position for frame in frames if frame.matter}
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
        self._unreachable = -1
        self._ring.clear()
        self._shown.clear()
        self._bytes = 0
        self.epoch, self.floor = tip.epoch, tip.floor
        self.start = self.tip = self.goal = tip.position
