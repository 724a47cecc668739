"""Pages: what a signed-in thread costs, in empty answers of the same run; posting; growth; bytes of a first load."""

import http.client
import re
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

from bench import houses
from bench.ground import (
    HOST,
    POSTGRES,
    ROUNDS,
    Child,
    cpu_of,
    cpu_of_postgres,
    folder,
    free_port,
    has,
    median,
    say,
    short,
    table,
    times,
)
from bench.houses import Filled
from bench.senders import CLIENT_CORE, SERVER_CORE

SECONDS = 1.5
CONNECTIONS = 8
WRITERS = 20
WRITING_SECONDS = 4
SMALL, LARGE, HUGE = 1_000, 100_000, 1_000_000
"""Posts; with a thousand, the list holds 20 threads instead of 50."""


class Served:
    """A house, or an empty answer, behind the real server."""

    def __init__(self, name: str, place: Path, filled: Filled | None) -> None:
        self.name = name
        self.port = free_port()
        self.filled = filled
        known = filled.known() if filled else None
        self.child = Child.python("served", SERVER_CORE, port=self.port, folder=str(place), filled=known)
        self.child.hear()

    def get(self, path: str, **headers: str) -> str:
        """A request as a signed-in browser makes it, compression aside."""
        return self._request("GET", path, headers)

    def post(self, path: str, body: str) -> str:
        """A form that is sent."""
        headers = {"Content-Type": "application/x-www-form-urlencoded", "Sec-Fetch-Site": "same-origin",
                   "HX-Request": "true", "Content-Length": str(len(body.encode()))}  # fmt: skip
        return self._request("POST", path, headers) + body

    def _request(self, method: str, path: str, headers: dict[str, str]) -> str:
        lines = [f"{method} {path} HTTP/1.1", f"Host: {HOST}:{self.port}"]
        if self.filled:
            lines.append(f"Cookie: entente={self.filled.cookies[0]}")
        lines += [f"{name}: {value}" for name, value in headers.items()]
        return "\r\n".join(lines) + "\r\n\r\n"

    @property
    def thread(self) -> str:
        """Where the thread of 50 posts is read."""
        assert self.filled
        return f"/forums/fils/{self.filled.thread}"

    @property
    def list(self) -> str:
        """Where the list of 50 threads is read."""
        assert self.filled
        return f"/forums/{self.filled.forum}"

    def close(self) -> None:
        """End the server."""
        self.child.close()


@dataclass
class Line:
    """One page in every round."""

    name: str
    served: Served
    request: str
    is_cold: bool = False
    cpu: list[float] = field(default_factory=list)
    database: list[float] = field(default_factory=list)
    rate: list[float] = field(default_factory=list)
    p99: list[float] = field(default_factory=list)
    size: int = 0
    statements: str = "–"


def knock(knocker: Child, line: Line, seconds: float = SECONDS) -> None:
    """One round of one page."""
    if line.served.filled:
        line.served.child.ask("chill", cold=line.is_cold)
    known: dict[str, Any] = {"port": line.served.port, "request": line.request, "connections": CONNECTIONS}
    one = knocker.ask("knock", **{**known, "connections": 1, "seconds": 0.2})
    _require_success(one)
    if line.served.filled:
        _count(knocker, line, known)
    pid, before, stored = line.served.child.pid, cpu_of(line.served.child.pid), cpu_of_postgres()
    told = knocker.ask("knock", **known, seconds=seconds)
    line.cpu.append((cpu_of(pid) - before) / told["count"] * 1e6)
    line.database.append((cpu_of_postgres() - stored) / told["count"] * 1e6)
    line.rate.append(told["rate"])
    line.p99.append(told["p99"])
    line.size = told["size"]


def _count(knocker: Child, line: Line, known: dict[str, Any]) -> None:
    line.served.child.ask("statements")
    once = knocker.ask("knock", **{**known, "connections": 1, "seconds": 0.01})
    line.statements = short(line.served.child.ask("statements")["statements"] / once["count"]).rstrip("0").rstrip(".")


def _require_success(told: dict[str, Any]) -> None:
    if any(not status.startswith("2") for status in told["statuses"]):
        raise RuntimeError(f"not a page: {told['statuses']}")


@contextmanager
def _houses(place: Path, posts: int) -> Iterator[list[Served]]:
    """The same house in its two homes."""
    with ExitStack() as stack:
        found = [("SQLite", f"sqlite:///{place / f'{posts}.sqlite3'}")]
        if has(POSTGRES):
            url = houses.postgres_database(f"pages_{posts}")
            stack.callback(houses.drop, url)
            found.append(("PostgreSQL", url))
        else:
            say("skipped: PostgreSQL (it does not listen)")
        made = []
        for name, url in found:
            say(f"filling {name} with {posts:,} posts")
            served = Served(name, place, houses.fill(url, place, posts))
            stack.callback(served.close)
            made.append(served)
        yield made


def pages(knocker: Child, empty: Served, served: Sequence[Served]) -> None:
    """The thread and the list, warm and cold, against an empty answer of the same run."""
    lines = [Line("an empty Starlette answer", empty, empty.get("/"))]
    for house in served:
        lines += [
            Line(f"thread of 50 posts, {house.name}", house, house.get(house.thread)),
            Line(f"the same, gzip, {house.name}", house, house.get(house.thread, **{"Accept-Encoding": "gzip"})),
            Line(f"the same, no fragment kept, {house.name}", house, house.get(house.thread), is_cold=True),
            Line(f"list of 50 threads, {house.name}", house, house.get(house.list)),
        ]
    for number in range(ROUNDS):
        say(f"pages, round {number + 1}")
        for line in lines:
            knock(knocker, line)
    reference = median(lines[0].cpu)
    head = ["page", "statements", "bytes", "µs of processor", "in empty answers", "µs of the database's own",
            "requests/s", f"p99, {CONNECTIONS} at once"]  # fmt: skip
    shown = [
        [
            line.name,
            line.statements,
            f"{line.size:,}",
            short(median(line.cpu)),
            times(median(line.cpu), reference),
            short(median(line.database)) if "PostgreSQL" in line.name else "–",
            short(median(line.rate)),
            f"{short(median(line.p99) * 1000)} ms",
        ]
        for line in lines
    ]
    table(f"Pages, signed in, rights checked, {LARGE:,} posts in the database", head, shown)


def posting(knocker: Child, reader: Child, served: Sequence[Served]) -> None:
    """Twenty people answer at once, while someone else reads."""
    shown = []
    for house in served:
        body = "body=La+lame+est+libre+du+2+au+9+d%C3%A9cembre."
        write = {"port": house.port, "request": house.post(f"{house.thread}/messages", body), "connections": WRITERS}
        read = {"port": house.port, "request": house.get(f"{house.thread}?apres=0"), "connections": 1, "every": 0.01}
        rates, late, quiet, busy = [], [], [], []
        for _ in range(ROUNDS):
            say(f"posting: {house.name}")
            quiet.append(reader.ask("knock", **read, seconds=WRITING_SECONDS / 2)["p99"])
            knocker.send("knock", **write, seconds=WRITING_SECONDS)
            busy.append(reader.ask("knock", **read, seconds=WRITING_SECONDS - 1)["p99"])
            told = knocker.hear()
            _require_success(told)
            rates.append(told["rate"])
            late.append(told["p99"])
        shown.append(
            [house.name, short(median(rates)), f"{short(median(late) * 1000)} ms",
             f"{short(median(quiet) * 1000)} ms", f"{short(median(busy) * 1000)} ms"]
        )  # fmt: skip
    head = ["home", "posts/s", "p99 of a post", "p99 of a page before", "p99 of a page meanwhile"]
    table(f"Posting, {WRITERS} people at once in one thread", head, shown)


def growth(knocker: Child, empty: Served, sizes: Sequence[tuple[int, Sequence[Served]]]) -> None:
    """The same two pages over more and more posts, interleaved."""
    lines = [
        (posts, what, Line(house.name, house, house.get(path)))
        for posts, group in sizes
        for house in group
        for what, path in (("thread", house.thread), ("list", house.list))
    ]
    base = Line("", empty, empty.get("/"))
    for number in range(ROUNDS):
        say(f"growth, round {number + 1}")
        knock(knocker, base)
        for _, _, line in lines:
            knock(knocker, line, 1.0)
    shown = []
    for home, what in dict.fromkeys((line.name, what) for _, what, line in lines):
        mine = [(posts, line) for posts, kind, line in lines if (line.name, kind) == (home, what)]
        costs = [(posts, median(line.cpu) + _stored(line)) for posts, line in mine]
        cells = [short(cost / median(base.cpu)) for _, cost in costs]
        ratios = [f"{after / before:.2f}" for (_, before), (_, after) in pairwise(costs)]
        shown.append([f"{what}, {home}", *cells, *ratios])
    counts = [f"{posts:,} posts" for posts, _ in sizes]
    steps = [f"{before} → {after}" for before, after in pairwise(counts)]
    table("Growth, in empty answers, the database's own processor included", ["page", *counts, *steps], shown)


def _stored(line: Line) -> float:
    return median(line.database) if line.name == "PostgreSQL" else 0.0


def first_load(knocker: Child, house: Served) -> None:
    """Bytes that travel for a first look at a thread: the page and everything it names."""
    page = _body(house, house.thread)
    shown, total = [], 0
    named = re.findall(r"""(?:href|src)="(/static/[^"]+)\"""", page)
    for path in [house.thread, *dict.fromkeys(named)]:
        known = {"port": house.port, "request": house.get(path, **{"Accept-Encoding": "gzip"}), "connections": 1}
        told = knocker.ask("knock", **known, seconds=0.05)
        _require_success(told)
        total += told["size"]
        shown.append(["the page" if path == house.thread else path.partition("?")[0], f"{told['size']:,}"])
    table("A first load of the thread, in bytes with headers, gzip", ["what", "bytes"], [*shown, ["all", f"{total:,}"]])


def _body(house: Served, path: str) -> str:
    door = http.client.HTTPConnection(HOST, house.port)
    assert house.filled
    door.request("GET", path, headers={"Cookie": f"entente={house.filled.cookies[0]}"})
    return door.getresponse().read().decode()


def main(is_long: bool) -> None:
    """Every table about pages."""
    with folder() as place, ExitStack() as stack:
        knocker, reader = Child.python("knocking", CLIENT_CORE), Child.python("knocking", CLIENT_CORE)
        empty = Served("empty", place, None)
        for child in (knocker, reader, empty):
            stack.callback(child.close)
        sizes = [
            (posts, stack.enter_context(_houses(place, posts)))
            for posts in ((SMALL, LARGE, HUGE) if is_long else (SMALL, LARGE))
        ]
        large = sizes[1][1]
        pages(knocker, empty, large)
        growth(knocker, empty, sizes)
        first_load(knocker, large[0])
        posting(knocker, reader, large)


if __name__ == "__main__":
    main("--long" in sys.argv)
