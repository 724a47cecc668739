"""Who is reading, and who is writing, right now: rung, never recorded."""

import asyncio
from typing import TYPE_CHECKING, Any
from uuid import UUID

from realtime.frames import whisper

if TYPE_CHECKING:
    from realtime.hub import Hub
    from realtime.page import Page
    from realtime.topic import Topic

LASTS = 60.0
RENEW = 20.0
TYPING_EVERY = 2.0


class Presence:
    """Counts readers per stream across processes; a process that falls silent is forgotten after 60 s."""

    def __init__(self, hub: "Hub") -> None:
        self._hub = hub
        self._changed: set[str] = set()
        self._elsewhere: dict[str, dict[str, tuple[float, frozenset[str]]]] = {}
        self._told: dict[str, int] = {}
        self._newcomers: dict[str, list[Page]] = {}
        self._renew_at = 0.0
        self._typed: dict[tuple[UUID, str], float] = {}

    def came(self, page: "Page", topic: "Topic") -> None:
        """Someone came here."""
        if topic.feed.has_presence:
            self._changed.add(topic.name)
            self._newcomers.setdefault(topic.name, []).append(page)

    def left(self, topic: "Topic") -> None:
        """Someone went away from here."""
        if topic.feed.has_presence:
            self._changed.add(topic.name)

    def count(self, name: str) -> int:
        """How many people read this stream, everywhere."""
        at = asyncio.get_running_loop().time()
        others = (people for until, people in self._elsewhere.get(name, {}).values() if until > at)
        return len(self._here(name).union(*others))

    def _here(self, name: str) -> frozenset[str]:
        topic = self._hub.topics.get(name)
        pages = topic.pages if topic else ()
        return frozenset(str(page.who.id) for page in pages if not page.who.is_discreet)

    def tick(self, at: float) -> None:
        """Tell the other processes who is here, and the pages how many there are."""
        renewing = at >= self._renew_at
        if renewing:
            self._renew_at = at + RENEW
            self._forget(at)
        names, self._changed = self._changed, set()
        if renewing:
            names |= {name for name, topic in self._hub.topics.items() if topic.feed.has_presence and topic.pages}
        for name in names:
            self._hub.whisper({"kind": "here", "stream": name, "people": sorted(self._here(name))})
            self._tell(name)

    def heard(self, message: dict[str, Any], process: str) -> None:
        """Another process says who reads there."""
        until = asyncio.get_running_loop().time() + LASTS
        name = str(message["stream"])
        self._elsewhere.setdefault(name, {})[process] = (until, frozenset(message["people"]))
        self._tell(name)

    def _tell(self, name: str) -> None:
        newcomers = self._newcomers.pop(name, [])
        topic = self._hub.topics.get(name)
        if topic is None or not topic.pages:
            self._told.pop(name, None)
            return
        count = self.count(name)
        pages = newcomers if self._told.get(name) == count else topic.pages
        self._told[name] = count
        if pages:
            said = whisper("presence", stream=name, count=count)
            for page in pages:
                self._hub.tell_page(page, said)

    def _forget(self, at: float) -> None:
        for name, processes in list(self._elsewhere.items()):
            for process in [key for key, (until, _) in processes.items() if until <= at]:
                del processes[process]
            if not processes:
                del self._elsewhere[name]
        self._typed = {key: when for key, when in self._typed.items() if at - when < TYPING_EVERY}

    def may_type(self, person_id: UUID, name: str) -> bool:
        """Whether it is time to say again that this person is writing."""
        at = asyncio.get_running_loop().time()
        if at - self._typed.get((person_id, name), -TYPING_EVERY) < TYPING_EVERY:
            return False
        self._typed[(person_id, name)] = at
        return True
