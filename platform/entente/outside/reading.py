"""Has a calendar file read by a process of its own (`entente.outside.reader`), and believes only its shape."""

import asyncio
import contextlib
import sys
from collections import Counter
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from pydantic import AwareDatetime, BaseModel, Field, ValidationError

from entente import clock
from entente.clock import now
from entente.text import clean_name

SECONDS = 10.0
MOST_OUTPUT = 32_000_000
MONTHS_AHEAD = timedelta(days=731)
DAYS_BEHIND = timedelta(days=31)
AT_ONCE = 4
"""Each may take half a gigabyte."""
UNREADABLE = "Cet agenda n’a pas pu être lu\u00a0: il est trop long ou trop compliqué."


class Unreadable(Exception):
    """The file is no calendar, or could not be read in time; the message says so in French."""


class Occurrence(BaseModel):
    """One time at which something takes place, as the other process tells it."""

    uid: str = Field(max_length=255)
    recurrence: str = Field(max_length=20)
    begins: AwareDatetime
    ends: AwareDatetime
    all_day: bool
    title: str
    is_busy: bool


class _Told(BaseModel):
    done: bool = False
    refused: str = ""
    title: str = ""
    kept: int = 0
    skipped: dict[str, int] = Field(default_factory=dict)


@dataclass
class Reading:
    """What a calendar holds for the months to come."""

    title: str
    kept: int
    skipped: Counter[str]
    """How many events could not be used, for each reason in French."""
    occurrences: list[Occurrence] = field(default_factory=list)


def window() -> tuple[date, date]:
    """The days of which anything is kept: a month ago, and two years from now."""
    today = clock.today()
    return today - DAYS_BEHIND, today + MONTHS_AHEAD


_running: set[object] = set()


async def read(content: bytes, seconds: float = SECONDS) -> Reading:
    """What a file holds; raises Unreadable."""
    if len(_running) >= AT_ONCE:
        raise Unreadable("Plusieurs agendas sont en cours de lecture\u00a0: réessayez dans un instant.")
    _running.add(mine := object())
    try:
        async with asyncio.timeout(seconds):
            told = await _ask(content)
    except (TimeoutError, OSError):
        raise Unreadable(UNREADABLE) from None
    finally:
        _running.discard(mine)
    try:
        return _reading(told)
    except (ValidationError, IndexError):
        raise Unreadable(UNREADABLE) from None


def _reading(told: bytes) -> Reading:
    *lines, last = told.splitlines()
    end = _Told.model_validate_json(last)
    if end.refused:
        raise Unreadable(end.refused)
    if not end.done:
        raise Unreadable(UNREADABLE)
    found = [Occurrence.model_validate_json(line) for line in lines]
    for each in found:
        each.title, each.uid = clean_name(each.title)[:200], clean_name(each.uid)[:255]
    return Reading(clean_name(end.title)[:80], end.kept, Counter(end.skipped), found)


async def _ask(content: bytes) -> bytes:
    """What the process answers; whatever happens here, it does not outlive the question."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-I", "-m", "entente.outside.reader", *map(date.isoformat, window())),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        env={},
        start_new_session=True,
    )
    giving = asyncio.create_task(_give(process, content))
    try:
        told = await _take(process)
        await giving
        await process.wait()
        return told
    finally:
        giving.cancel()
        if process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await asyncio.shield(process.wait())


async def _give(process: asyncio.subprocess.Process, content: bytes) -> None:
    assert process.stdin
    # It may refuse before the end of the file.
    with contextlib.suppress(BrokenPipeError, ConnectionResetError):
        process.stdin.write(content)
        await process.stdin.drain()
    process.stdin.close()


async def _take(process: asyncio.subprocess.Process) -> bytes:
    assert process.stdout
    told = bytearray()
    while chunk := await process.stdout.read(65_536):
        told += chunk
        if len(told) > MOST_OUTPUT:
            raise OSError("it says too much")
    return bytes(told)


def is_stale(read_at: datetime | None) -> bool:
    """Whether a reading is so old that the end of its window comes near: it is made again, changed or not."""
    return read_at is None or read_at < now() - timedelta(days=7)
