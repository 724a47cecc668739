"""Starting and staying: the demonstration's first page, its memory, and 20,000 connections that come and go."""

import http.client
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.ground import HOST, ROUNDS, Child, folder, free_port, median, memory_of, say, short, table
from bench.senders import CLIENT_CORE, house

PATIENCE = 60
VISITS, CROWD = 20_000, 2_000


@contextmanager
def _demo(place: Path, *asked: str) -> Iterator[tuple[float, int]]:
    """`entente demo`, from the command to its first page: seconds, and the resident bytes of its process."""
    port, command = free_port(), Path(sys.executable).parent / "entente"
    began = time.monotonic()
    process = subprocess.Popen(
        [str(command), "demo", "--port", str(port), "--data", str(place / "demo"), *asked],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        _first_page(port, process)
        yield time.monotonic() - began, memory_of(process.pid)
    finally:
        process.terminate()
        process.wait(15)


def _first_page(port: int, process: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until and process.poll() is None:
        door = http.client.HTTPConnection(HOST, port, timeout=5)
        try:
            door.request("GET", "/connexion")
            if door.getresponse().status == 200:
                return
        except OSError:
            time.sleep(0.02)
        finally:
            door.close()
    raise RuntimeError("the demonstration did not open")


def _interpreter() -> float:
    began = time.monotonic()
    subprocess.run([sys.executable, "-c", "import starlette.applications, sqlmodel"], check=True)
    return time.monotonic() - began


def starting() -> None:
    """Seconds to the first page, beside those that Python takes to import the two libraries underneath."""
    empty, again, bare, resident = [], [], [], []
    with folder() as place:
        for number in range(ROUNDS):
            say(f"starting, round {number + 1}")
            bare.append(_interpreter())
            with _demo(place, "--reset") as (seconds, _):
                empty.append(seconds)
            with _demo(place) as (seconds, size):
                again.append(seconds)
                resident.append(size)
    lines = [
        ["Python importing Starlette and SQLModel", f"{median(bare):.2f} s", "1", "–"],
        ["`entente demo` from nothing", f"{median(empty):.2f} s", f"{median(empty) / median(bare):.1f} ×", "–"],
        ["`entente demo` again", f"{median(again):.2f} s", f"{median(again) / median(bare):.1f} ×",
         f"{median(resident) / 1e6:.0f} MB"],
    ]  # fmt: skip
    table("From the command to the first page", ["", "time", "ratio", "resident"], lines)


def staying() -> None:
    """What is left in memory after thousands of streams were opened and closed, some thousands at a time."""
    shown = []
    with folder() as place, house(place, "Entente", 300, brief=False) as served:
        reader = Child.python("reading", CLIENT_CORE)
        known = {"port": served.port, "path": served.path, "cookies": list(served.cookies)}
        before = 0
        for number in range(1, VISITS // CROWD + 1):
            say(f"staying: {number * CROWD:,} connections")
            reader.ask("connect", count=CROWD, **known)
            reader.ask("close")
            time.sleep(0.5)
            size = memory_of(served.child.pid)
            before = before or size
            shown.append([f"{number * CROWD:,}", f"{size / 1e6:.1f} MB", short(size / before)])
        reader.close()
    table("Resident memory after connections that came and went", ["connections", "resident", "ratio"], shown)


def main() -> None:
    """Both tables."""
    starting()
    staying()


if __name__ == "__main__":
    main()
