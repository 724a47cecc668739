"""What every measure stands on: children that obey lines of JSON, medians, and figures from the kernel."""

import asyncio
import json
import os
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

HOST = "127.0.0.1"
"""The only address that this rig ever loads."""
POSTGRES = os.environ.get("ENTENTE_BENCH_POSTGRES", "postgresql://postgres@127.0.0.1:5432")
REDIS = os.environ.get("ENTENTE_BENCH_REDIS", "redis://127.0.0.1:6379/8")
ROUNDS = 3
LOOPBACK = ("127.0.0.1", "localhost", "::1")

Command = Callable[..., Awaitable[Mapping[str, Any]]]


def require_loopback(*urls: str) -> None:
    """Refuse to load anything but this machine."""
    for url in urls:
        if urlsplit(url).hostname not in LOOPBACK:
            sys.exit("bench: this rig loads 127.0.0.1 and nothing else")


require_loopback(POSTGRES, REDIS)


# --- children ---------------------------------------------------------------------------------------------


class Child:
    """A process of ours that answers each line of JSON with another one."""

    def __init__(self, command: Sequence[str], core: int | None = None) -> None:
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )
        self.pid = self._process.pid
        if core is not None and (os.cpu_count() or 1) > core:
            os.sched_setaffinity(self.pid, {core})

    @classmethod
    def python(cls, module: str, core: int | None = None, **known: Any) -> "Child":
        """A module of this folder, in a process of its own."""
        return cls([sys.executable, "-m", f"bench.{module}", json.dumps(known)], core)

    def send(self, do: str, **known: Any) -> None:
        """Ask, without waiting for the answer."""
        self.order(json.dumps({"do": do, **known}))

    def order(self, line: str) -> None:
        """Send one line as it is."""
        assert self._process.stdin
        self._process.stdin.write(line + "\n")
        self._process.stdin.flush()

    def hear(self) -> dict[str, Any]:
        """The answer to the oldest question."""
        assert self._process.stdout
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"the child {self._process.args!r:.80} has gone")
        answer: dict[str, Any] = json.loads(line)
        if "error" in answer:
            raise RuntimeError(answer["error"])
        return answer

    def ask(self, do: str, **known: Any) -> dict[str, Any]:
        """Ask and wait."""
        self.send(do, **known)
        return self.hear()

    def close(self) -> None:
        """End this child."""
        self._process.terminate()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


async def obey(commands: Mapping[str, Command]) -> None:
    """In a child: answer each line of the standard input until it closes."""
    reader = asyncio.StreamReader(limit=2**22)
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    while line := await reader.readline():
        asked = json.loads(line)
        try:
            answer = await commands[asked.pop("do")](**asked)
        except Exception as error:
            answer = {"error": repr(error)}
        print(json.dumps(answer), flush=True)


# --- figures ----------------------------------------------------------------------------------------------


def cpu_of(pid: int) -> float:
    """Seconds that every thread of a process has spent on a processor, to the nanosecond."""
    total = 0
    for task in Path(f"/proc/{pid}/task").iterdir():
        try:
            total += int((task / "schedstat").read_text().split()[0])
        except FileNotFoundError:
            continue
    return total / 1e9


def cpu_of_postgres() -> float:
    """Seconds that the PostgreSQL of this machine has spent, all its processes together."""
    return sum(cpu_of(pid) for pid in _processes("postgres"))


def _processes(name: str) -> Iterator[int]:
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if (folder / "comm").read_text().strip() == name:
                yield int(folder.name)
        except OSError:
            continue


def memory_of(pid: int) -> int:
    """Resident bytes of a process."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def percentile(values: Sequence[float], share: float) -> float:
    """The value below which this share of them lies."""
    ordered = sorted(values)
    return ordered[min(int(len(ordered) * share), len(ordered) - 1)]


median = statistics.median


def table(title: str, head: Sequence[str], lines: Iterable[Sequence[object]]) -> None:
    """Print a table in Markdown."""
    print(f"\n### {title}\n")
    print(f"| {' | '.join(head)} |")
    print(f"|{'---|' * len(head)}")
    for line in lines:
        print(f"| {' | '.join(map(str, line))} |")
    sys.stdout.flush()


def short(value: float) -> str:
    """Two or three figures that mean something."""
    if value >= 10_000:
        return f"{value / 1000:.0f} k"
    return f"{value:.0f}" if value >= 100 else f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def times(value: float, reference: float) -> str:
    """How many times the reference."""
    return f"{short(value / reference)} ×" if reference else "–"


def say(sentence: str) -> None:
    """Tell whoever waits what is going on; tables alone go to the standard output."""
    print(f"… {sentence}", file=sys.stderr, flush=True)


# --- places -----------------------------------------------------------------------------------------------


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


@contextmanager
def folder() -> Iterator[Path]:
    """A folder that leaves nothing behind."""
    made = Path(tempfile.mkdtemp(prefix="entente-bench-"))
    try:
        yield made
    finally:
        shutil.rmtree(made, ignore_errors=True)


def answers(port: int) -> bool:
    """Whether someone listens on this port."""
    try:
        with socket.create_connection((HOST, port), 0.2):
            return True
    except OSError:
        return False


def has(url: str) -> bool:
    """Whether the service at this address listens."""
    parts = urlsplit(url)
    try:
        with socket.create_connection((parts.hostname or HOST, parts.port or 0), 1):
            return True
    except OSError:
        return False
