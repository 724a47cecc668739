"""A real calendar application subscribes: vdirsyncer fetches over HTTP from a server that runs, and khal reads."""

import re
import shutil
import socket
import subprocess
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import anyio
import pytest

from conftest import missing
from entente.settings import Settings
from listening import served
from planning import service
from planning.models import Meeting
from planning.plans import Plan
from planning_world import Council, at, day
from world import build_world

PROGRAMMES = """
[general]
status_path = "{folder}/status"
[pair entente]
a = "there"
b = "here"
collections = null
[storage there]
type = "http"
url = "{address}"
[storage here]
type = "filesystem"
path = "{folder}/events"
fileext = ".ics"
"""
READER = """
[calendars]
[[entente]]
path = {folder}/events
readonly = True
[locale]
local_timezone = Europe/Paris
default_timezone = Europe/Paris
timeformat = %H:%M
dateformat = %Y-%m-%d
longdateformat = %Y-%m-%d
datetimeformat = %Y-%m-%d %H:%M
longdatetimeformat = %Y-%m-%d %H:%M
[sqlite]
path = {folder}/khal.db
"""


@dataclass
class Telephone:
    """Someone's own copy of a calendar, kept by programmes that are not ours."""

    folder: Path

    async def sync(self) -> str:
        """Fetch what is new; returns what it says."""
        return await self._run("vdirsyncer", "-c", f"{self.folder}/vdirsyncer", "sync")

    async def follow(self, address: str) -> None:
        """Begin to follow an address."""
        (self.folder / "events").mkdir()
        (self.folder / "vdirsyncer").write_text(PROGRAMMES.format(folder=self.folder, address=address))
        (self.folder / "khal").write_text(READER.format(folder=self.folder))
        await self._run("vdirsyncer", "-c", f"{self.folder}/vdirsyncer", "discover")

    async def shows(self) -> list[str]:
        """Every event of the coming months, as the telephone shows it."""
        said = await self._run(
            *("khal", "-c", f"{self.folder}/khal", "list", "--day-format", "", "--format"),
            *("{start-long} {title}", str(day(0)), str(day(120))),
        )
        return [line for line in said.splitlines() if line.strip()]

    @property
    def files(self) -> dict[str, bytes]:
        """What was fetched, one file for each event."""
        return {each.name: each.read_bytes() for each in (self.folder / "events").glob("*.ics")}

    async def _run(self, *command: str) -> str:
        def run() -> subprocess.CompletedProcess[str]:
            home = {"HOME": str(self.folder), "PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", "TZ": "Europe/Paris"}
            return subprocess.run(command, capture_output=True, text=True, timeout=60, env=home)

        done = await anyio.to_thread.run_sync(run)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout + done.stderr


@pytest.fixture
def telephone(tmp_path: Path) -> Telephone:
    """An empty one; a skip that says so where the programmes are missing."""
    for each in ("vdirsyncer", "khal"):
        if shutil.which(each) is None:
            missing(each)
    folder = tmp_path / "telephone"
    folder.mkdir()
    return Telephone(folder)


@pytest.fixture
async def open_council(settings: Settings) -> AsyncIterator[Council]:
    """The council, in a house that is really served: its address is that of the server."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    world = await build_world(settings.model_copy(update={"base_url": f"http://127.0.0.1:{port}"}))
    council = await Council.settle(world)
    async with served(world.app, port):
        yield council


async def _address(council: Council) -> str:
    base = council.world.house.settings.base_url
    async with council.world.browser(council.world.awa) as browser:
        form = {"calendar": "planning/mine", "detail": "full", "label": "Téléphone"}
        made = await browser.post(f"{base}/agendas", data=form)
    found = re.search(r'value="(http://127[^"]+\.ics)"', made.text)
    assert found, made.text
    return found[1]


async def test_a_telephone_subscribes_and_sees_a_meeting_move(open_council: Council, telephone: Telephone) -> None:
    """Three meetings, exactly three events; a second look brings nothing; one moves, and moves there; one goes."""
    council = open_council
    made = [await council.meet(at(20 + number, 18, 30), title=f"Séance nº {number}, « é »") for number in range(3)]
    await telephone.follow(await _address(council))

    await telephone.sync()
    first = telephone.files
    again = await telephone.sync()

    assert len(first) == 3
    assert telephone.files == first
    assert "Copying" not in again
    assert "Deleting" not in again
    wanted = [f"{day(20 + number)} 18:30 Comité de pilotage\u00a0: Séance nº {number}, « é »" for number in range(3)]
    assert await telephone.shows() == wanted

    async with council.world.working(council.world.camille) as work:
        row = await work.db.get_one(Meeting, made[1].id)
        starts = at(40, 9, 15)
        moved = Plan(**{**Plan.of(row).__dict__, "starts_at": starts, "ends_at": starts + timedelta(hours=2)})
        await service.change(work, row, moved, row.version)
    after = await telephone.sync()

    assert after.count("Copying") == 1
    # vdirsyncer names what it reads over HTTP after its bytes: two of three are the same, and only those.
    assert len(telephone.files) == 3
    assert len(telephone.files.items() & first.items()) == 2
    assert await telephone.shows() == [
        wanted[0],
        wanted[2],
        f"{day(40)} 09:15 Comité de pilotage\u00a0: Séance nº 1, « é »",
    ]
