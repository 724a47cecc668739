"""A live stream as a browser follows it: opened again when it breaks, and every position looked at on arrival."""

import asyncio
import json
import random
import re
from collections import Counter
from collections.abc import Iterable
from contextlib import suppress
from html import unescape
from urllib.parse import urlencode

import httpx

NEWS = ("fragment", "passed")
SILENCE = 60.0
"""A stream that says nothing for so long is dead: it beats every 25 s at most."""
_STREAMS = re.compile(r"data-streams='([^']*)'")


def cursors_in(page: str) -> list[str]:
    """The cursors that a page carries."""
    found = _STREAMS.search(page)
    return [str(each) for each in json.loads(unescape(found[1]))] if found else []


class Follower:
    """What one open page has seen of its streams."""

    def __init__(self, client: httpx.AsyncClient, cookie: str, draw: random.Random) -> None:
        self._client = client
        self._cookie = cookie
        self._draw = draw
        self.at: dict[str, tuple[str, int]] = {}
        """Stream → epoch and last position seen."""
        self.gaps: list[str] = []
        """What the promise excludes: a hole, or an order that goes back within one connection."""
        self.seen: Counter[str] = Counter()
        self.news: Counter[str] = Counter()
        """How many news of each stream came."""
        self.is_open = False
        self.gone: set[str] = set()
        """Streams that are no longer open to this reader."""
        self.has_ended = ""
        """Why it will not come back, if it was told so."""

    def begin(self, cursors: Iterable[str]) -> None:
        """Follow these streams from here, as a page just read says."""
        for each in cursors:
            name, _, rest = each.partition("@")
            epoch, _, position = rest.partition(":")
            self.at[name] = (epoch, int(position))

    async def follow(self) -> None:
        """Stay for ever; broken off, come back after a while that is never the same for all."""
        tries = 0
        while not self.has_ended:
            with suppress(httpx.HTTPError):
                if await self._listen(again=tries > 0):
                    tries = 0
            self.is_open = False
            tries += 1
            self.seen["connections"] += 1
            await asyncio.sleep(self._draw.uniform(0.5, min(2.0**tries, 8.0)))

    async def _listen(self, again: bool) -> bool:
        tried = [("try", "1")] if again else []
        query = [("s", f"{name}@{epoch}:{position}") for name, (epoch, position) in self.at.items()]
        headers = {"Cookie": f"entente={self._cookie}", "Accept": "text/event-stream"}
        params = httpx.QueryParams(urlencode(query + tried))
        patience = httpx.Timeout(20, read=SILENCE)
        async with self._client.stream("GET", "/live", params=params, headers=headers, timeout=patience) as answer:
            if answer.status_code in (204, 401, 403):
                self.has_ended = f"{answer.status_code}"
            if answer.status_code != 200:
                self.seen[f"answers {answer.status_code}"] += 1
                return False
            await self._hear(answer)
        return True

    async def _hear(self, answer: httpx.Response) -> None:
        kind = cursor = data = ""
        fresh: set[str] = set()
        async for line in answer.aiter_lines():
            self.is_open = True
            name, _, value = line.partition(":")
            if name == "event":
                kind = value.strip()
            elif name == "id":
                cursor = value.strip()
            elif name == "data":
                data = value.strip()
            elif not line and kind:
                if kind == "gone":
                    self.gone.add(data)
                    self.at.pop(data, None)
                self.take(kind, cursor, fresh)
                kind = cursor = data = ""

    def take(self, kind: str, cursor: str, fresh: set[str] | None = None) -> None:
        """One event; `fresh` are the streams of which this connection has said something."""
        fresh = set() if fresh is None else fresh
        self.seen[kind] += 1
        if not cursor:
            return
        name, _, rest = cursor.partition("@")
        epoch, _, number = rest.partition(":")
        position = int(number)
        known, last = self.at.get(name, ("", 0))
        if kind == "reset" or name not in self.at:
            self.at[name] = (epoch, position)
        elif kind in NEWS:
            self.news[name] += 1
            self._judge(name, known, last, epoch, position, is_first=name not in fresh)
            self.at[name] = (epoch, max(position, last) if epoch == known else position)
        fresh.add(name)

    def _judge(self, name: str, known: str, last: int, epoch: str, position: int, is_first: bool) -> None:
        if epoch != known and known != "0":
            self.gaps.append(f"{name}: the epoch changed from {known} to {epoch} without a reset")
        elif position > last + 1:
            self.gaps.append(f"{name}: {position} came after {last}")
        elif position <= last:
            # At least once: after a reconnection something may come again, and does no harm.
            self.seen["doubles"] += 1
            if not is_first:
                self.gaps.append(f"{name}: {position} came after {last} in one connection")
