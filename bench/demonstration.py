"""The demonstration in a process of its own, for whoever takes its picture or its measure."""

import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from bench.ground import HOST, free_port

ROOT = Path(__file__).parents[1]
PATIENCE = 120
"""Seconds."""


class Demonstration:
    """An open house, and those who sign in there with one click."""

    def __init__(self, base: str) -> None:
        self.base = base

    def cookie_of(self, name: str) -> str:
        """The secret of a device on which this person has just signed in."""
        with self.someone(name) as client:
            return client.cookies["entente"]

    @contextmanager
    def someone(self, name: str) -> Iterator[httpx.Client]:
        """Someone of the demonstration, signed in without a browser."""
        with httpx.Client(base_url=self.base, headers={"Origin": self.base}) as client:
            door = client.get("/connexion").text
            found = re.search(rf'name="person_id" value="([^"]+)">(?:(?!</form>).)*<b>{name}</b>', door, re.DOTALL)
            if not found:
                raise LookupError(f"{name} is not in the demonstration")
            client.post("/connexion/demo", data={"person_id": found[1]})
            yield client


@contextmanager
def opened() -> Iterator[Demonstration]:
    """The demonstration, new; nothing of it is left behind."""
    with tempfile.TemporaryDirectory() as folder:
        port = free_port()
        command = [
            str(Path(sys.executable).with_name("entente")),
            "demo",
            "--port",
            str(port),
            "--data",
            f"{folder}/demo",
        ]
        process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL)
        try:
            base = f"http://{HOST}:{port}"
            _wait(base, process)
            yield Demonstration(base)
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait()


def _wait(base: str, process: "subprocess.Popen[bytes]") -> None:
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until and process.poll() is None:
        try:
            if httpx.get(f"{base}/sante/pret").status_code == 200:
                return
        except httpx.TransportError:
            time.sleep(0.1)
    raise TimeoutError(f"{base} does not answer")
