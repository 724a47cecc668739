"""Live fan-out: one message to a thousand open streams, against Nchan and against the limit, in one run."""

import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from bench import houses, senders
from bench.ground import (
    POSTGRES,
    REDIS,
    ROUNDS,
    Child,
    folder,
    has,
    median,
    say,
    short,
    table,
    times,
)
from bench.senders import CLIENT_CORE, Sender, cpu, house, memory, references

STREAMS = 1_000
CROWD = 4_000
BURST = 32
SECONDS = 2.0
PACE_SECONDS = 4.0
BRIEF, WHOLE = 390, 330
"""Bytes of text that make a frame of about 600 bytes with the short template, and of a whole post's own."""
WHOLE_FRAME = 3_300


@dataclass
class Figures:
    """What the rounds gave for one sender."""

    name: str
    single: list[float] = field(default_factory=list)
    single_cpu: list[float] = field(default_factory=list)
    burst: list[float] = field(default_factory=list)
    burst_cpu: list[float] = field(default_factory=list)
    p50: list[float] = field(default_factory=list)
    p99: list[float] = field(default_factory=list)
    weight: float = 0
    page: float = 0


class Bench:
    """One sender, its thousand readers, and what they measure."""

    def __init__(self, sender: Sender, streams: int = STREAMS) -> None:
        self.sender = sender
        self.streams = streams
        self.reader = Child.python("reading", CLIENT_CORE)
        self.figures = Figures(sender.name)
        sender.publish(1)
        before = memory(sender)
        self.reader.ask("connect", port=sender.port, count=streams, path=self._path(), cookies=list(sender.cookies))
        self.figures.page = (memory(sender) - before) / streams
        self._send(1)

    def _path(self) -> str:
        # One post has been published to warm the house up: the page comes after it.
        path = self.sender.path
        head, colon, position = path.rpartition(":")
        return f"{head}:{int(position) + 1}" if colon else path

    def _send(self, count: int) -> tuple[float, float]:
        """Publish, and wait until everyone has everything: seconds, and seconds of the sender's processor."""
        self.reader.ask("expect", count=count * self.streams)
        cpu_before = cpu(self.sender)
        began = time.monotonic()
        self.sender.publish(count)
        reached = self.reader.ask("reach")
        self.figures.weight = reached["bytes"] / (count * self.streams)
        return reached["at"] - began, cpu(self.sender) - cpu_before

    def _again(self, count: int) -> tuple[float, float]:
        """Deliveries a second, and microseconds of processor for each."""
        took = spent = sent = 0.0
        while took < SECONDS:
            seconds, processor = self._send(count)
            took, spent, sent = took + seconds, spent + processor, sent + count * self.streams
        return sent / took, spent / sent * 1e6

    def round(self) -> None:
        """One by one, in bursts, and at a pace."""
        for rates, cpus, count in (
            (self.figures.single, self.figures.single_cpu, 1),
            (self.figures.burst, self.figures.burst_cpu, BURST),
        ):
            rate, microseconds = self._again(count)
            rates.append(rate)
            cpus.append(microseconds)
        self.paced()

    def paced(self, every: float = 0.05) -> None:
        """Twenty messages a second, each stamped before it is written anywhere."""
        count = int(PACE_SECONDS / every)
        self.reader.ask("expect", count=count * self.streams, timing=True)
        self.sender.pace(every, PACE_SECONDS)
        self.reader.ask("reach")
        ages = self.reader.ask("told")
        self.figures.p50.append(ages["p50"])
        self.figures.p99.append(ages["p99"])

    def close(self) -> None:
        """Let the readers go."""
        self.reader.close()


@contextmanager
def _all_senders(place: Path) -> Iterator[list[list[Sender]]]:
    with ExitStack() as stack:
        brief: list[Sender] = [
            *stack.enter_context(references(place, 600)),
            stack.enter_context(house(place, "Entente, SQLite", BRIEF, brief=True)),
        ]
        if has(POSTGRES) and has(REDIS):
            url = houses.postgres_database("fanout")
            name = "Entente, PostgreSQL and Redis"
            brief.append(stack.enter_context(house(place, name, BRIEF, brief=True, database_url=url, redis=REDIS)))
        else:
            say("skipped: PostgreSQL and Redis (one of them does not listen)")
        whole: list[Sender] = [
            *stack.enter_context(references(place, WHOLE_FRAME)),
            stack.enter_context(house(place, "Entente, SQLite", WHOLE, brief=False)),
        ]
        yield [brief, whole]


def fan_out() -> None:
    """Every sender in turn, as many rounds as it takes for a median."""
    with folder() as place, _all_senders(place) as groups:
        benches = [[Bench(sender) for sender in group] for group in groups]
        for number in range(ROUNDS):
            for group in benches:
                for bench in group:
                    say(f"fan-out, round {number + 1}: {bench.sender.name}, {bench.figures.weight:.0f} bytes")
                    bench.round()
        for title, group in zip(("a frame of about 600 bytes", "a whole post"), benches, strict=True):
            _print(title, [bench.figures for bench in group])
            for bench in group:
                bench.close()


def _print(title: str, found: Sequence[Figures]) -> None:
    reference = next((each for each in found if each.name == "Nchan"), found[0])
    one, many, late = median(reference.single_cpu), median(reference.burst_cpu), median(reference.p99)
    head = ["sender", "bytes", "one by one, /s", "µs", f"of {reference.name}", f"bursts of {BURST}, /s", "µs",
            f"{reference.name} costs", "p50", "p99 at 20/s", f"of {reference.name}", "per page"]  # fmt: skip
    lines = [
        [
            each.name,
            f"{each.weight:.0f}",
            short(median(each.single)),
            short(median(each.single_cpu)),
            times(median(each.single_cpu), one),
            short(median(each.burst)),
            short(median(each.burst_cpu)),
            times(many, median(each.burst_cpu)),
            f"{short(median(each.p50) * 1000)} ms",
            f"{short(median(each.p99) * 1000)} ms",
            times(median(each.p99), late),
            f"{each.page / 1000:.1f} kB",
        ]
        for each in found
    ]
    table(f"Fan-out to {STREAMS:,} streams, {title}; processor time per delivery", head, lines)


def crowd() -> None:
    """Another page, while thousands of streams are served and while they are silent."""
    say(f"crowd: {CROWD} streams")
    with folder() as place, house(place, "Entente", BRIEF, brief=True) as served:
        bench = Bench(served, CROWD)
        knocker = Child.python("knocking", CLIENT_CORE)
        request = _page(served)
        quiet, busy = [], []
        knocker.ask("knock", port=served.port, request=request, connections=1, seconds=1)
        for _ in range(ROUNDS):
            known = {"port": served.port, "request": request, "connections": 1, "seconds": 3, "every": 0.01}
            quiet.append(knocker.ask("knock", **known)["p99"])
            knocker.send("knock", **known)
            served.pace(0.2, 3)
            busy.append(knocker.hear()["p99"])
        knocker.close()
        bench.close()
    lines = [
        ["streams silent", f"{short(median(quiet) * 1000)} ms", "1"],
        ["5 messages a second to each", f"{short(median(busy) * 1000)} ms", times(median(busy), median(quiet))],
    ]
    table(f"p99 of the thread page while {CROWD:,} streams are open", ["", "p99", "ratio"], lines)


def _page(served: senders.Entente) -> str:
    thread = served.path.partition("@")[0].rpartition("/")[2]
    return (
        f"GET /forums/fils/{thread} HTTP/1.1\r\nHost: 127.0.0.1:{served.port}\r\n"
        f"Cookie: entente={served.cookies[-1]}\r\n\r\n"
    )


def main() -> None:
    """Both tables."""
    fan_out()
    crowd()


if __name__ == "__main__":
    main()
