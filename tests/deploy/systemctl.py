"""Does with the units of `deploy/` what the guide asks of systemd: starts, stops, and no more. Standard library only.

Run by the stand-in `systemctl` of `deploy.systemless`, with the folder of the machine, its port and the command.
"""

import os
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from fnmatch import fnmatch
from pathlib import Path

ROOT, PORT = Path(sys.argv[1]), sys.argv[2]
UNITS, RUNNING = ROOT / "etc/systemd/system", ROOT / "run"
Service = dict[str, list[str]]


def read(unit: str) -> Service:
    """What a unit and what was put beside it say under [Service]; an empty value forgets what was said before."""
    name = f"{unit.partition('@')[0]}@.service" if "@" in unit else unit
    said: Service = {}
    for file in [UNITS / name, *sorted((UNITS / f"{name}.d").glob("*.conf"))]:
        section = ""
        for line in file.read_text().splitlines():
            if line.startswith("["):
                section = line
            elif section == "[Service]" and "=" in line and not line.startswith("#"):
                key, _, value = line.partition("=")
                said[key] = [*said.get(key, []), value] if value else []
    return said


def words(command: str) -> list[str]:
    """A command of a unit, in the folder of the machine, on its port."""
    found = [str(ROOT) + word if word.startswith(("/opt/entente", "/var/")) else word for word in shlex.split(command)]
    return [*found, "--port", PORT] if "serve" in found else found


def environment(service: Service) -> dict[str, str]:
    """What a unit gives to its command, read as systemd reads it: no shell, quotes taken away."""
    lines = list(service.get("Environment", []))
    for file in service.get("EnvironmentFile", []):
        lines += [line for line in Path(f"{ROOT}{file}").read_text().splitlines() if line and not line.startswith("#")]
    named = dict(line.split("=", 1) for line in lines)
    return dict(os.environ) | {name: "".join(shlex.split(value)) for name, value in named.items()}


def start(unit: str) -> None:
    """Start a unit; one that runs once is waited for, a timer only has to be there."""
    if unit.endswith(".timer"):
        assert (UNITS / unit).is_file()
        return
    service = read(unit)
    [command] = service["ExecStart"]
    given = environment(service)
    folder = f"{ROOT}{service['WorkingDirectory'][0]}"
    if service["Type"] == ["oneshot"]:
        for each in [command, *service.get("ExecStartPost", [])]:
            subprocess.run(words(each), env=given, cwd=folder, check=True)
        return
    with (RUNNING / f"{unit}.log").open("ab") as log:
        process = subprocess.Popen(
            words(command),
            env=given,
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    (RUNNING / f"{unit}.pid").write_text(str(process.pid))


def stop(pattern: str) -> None:
    """Ask the main process to stop, then see that its whole group is gone."""
    for file in RUNNING.glob("*.pid"):
        if fnmatch(file.stem, pattern) or fnmatch(file.stem, f"{pattern}.service"):
            end(int(file.read_text()))
            file.unlink()


def end(pid: int, patience: float = 45) -> None:
    """As `KillMode=mixed` and `TimeoutStopSec=45` do."""
    signal_to(os.kill, pid, signal.SIGTERM)
    until = time.monotonic() + patience
    while lives(pid) and time.monotonic() < until:
        time.sleep(0.1)
    signal_to(os.killpg, pid, signal.SIGKILL)


def signal_to(send: Callable[[int, int], None], pid: int, number: int) -> None:
    """Send a signal to what may be gone already."""
    with suppress(ProcessLookupError):
        send(pid, number)


def lives(pid: int) -> bool:
    """Whether a process still does something: the dead may wait for a parent to look at them."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2][0] != "Z"
    except FileNotFoundError:
        return False


def main(verb: str, *units: str) -> None:
    """One command of systemctl."""
    for unit in (each for each in units if not each.startswith("--")):
        if verb in ("stop", "restart"):
            stop(unit)
        if verb in ("start", "restart", "enable"):
            start(unit)


main(*sys.argv[3:])
