"""Opens the house to the network, and closes it without leaving anything half done."""

import signal
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import structlog
from starlette.applications import Starlette
from uvicorn import Config, Server
from uvicorn.config import STARTUP_FAILURE
from uvicorn.supervisors import Multiprocess
from uvicorn.supervisors.multiprocess import Process

from entente.rules import Conflict
from entente.settings import Settings

SEND_BUFFER = 32 * 1024
"""What a page that no longer reads may make the kernel keep for it (doubled by Linux)."""
GRACE_SECONDS = 5
BIRTH_SECONDS = 120
"""A process that still imports does not answer yet: on a slow machine less would kill it for ever."""


log = structlog.get_logger()


class OpenServer(Server):
    """A server that says when it really listens."""

    def __init__(self, config: Config, opened: Callable[[], None]) -> None:
        super().__init__(config)
        self.opened = opened

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Listen, then say so."""
        await super().startup(sockets)
        if self.started:
            self.opened()


Listener = socket.socket


@contextmanager
def listening(host: str, port: int) -> Iterator[Listener]:
    """A socket that holds this address; raises Conflict with what to do when it is taken."""
    bound = _bind(host, port)
    try:
        yield bound
    finally:
        bound.close()


def _bind(host: str, port: int) -> Listener:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    bound = socket.socket(family, socket.SOCK_STREAM)
    try:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        # Set before anyone connects: every connection inherits it.
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER)
        bound.bind((host, port))
        bound.set_inheritable(True)
        # Another process may bind the same address as long as nobody listens: take it now.
        bound.listen(2048)
    except (OSError, OverflowError) as error:
        bound.close()
        raise Conflict(_why_not(host, port, error)) from None
    return bound


def _why_not(host: str, port: int, error: Exception) -> str:
    if isinstance(error, PermissionError):
        return f"Le port {port} est réservé au système\u00a0: choisissez-en un autre, par exemple PORT=8000."
    if isinstance(error, socket.gaierror) or getattr(error, "errno", None) == 99:
        return f"L’adresse {host} n’est pas une adresse de cette machine."
    return f"Le port {port} est déjà pris sur {host}\u00a0: choisissez-en un autre, par exemple PORT={port + 1}."


def configure(app: Starlette | str, settings: Settings, workers: int = 1) -> Config:
    """How the server speaks HTTP."""
    return Config(
        app,
        factory=isinstance(app, str),
        workers=workers,
        loop="uvloop",
        http="httptools",
        ws="none",
        lifespan="on",
        backlog=2048,
        access_log=False,
        log_config=None,
        server_header=False,
        proxy_headers=bool(settings.trusted_proxies),
        forwarded_allow_ips=list(settings.trusted_proxies),
        timeout_graceful_shutdown=GRACE_SECONDS,
        timeout_worker_healthcheck=BIRTH_SECONDS,
    )


async def serve(app: Starlette, settings: Settings, bound: Listener, opened: Callable[[], None]) -> None:
    """Serve in this process until SIGTERM or Ctrl+C, and return once everything is closed."""
    server = OpenServer(configure(app, settings), opened)
    for stop in (signal.SIGTERM, signal.SIGINT):
        # uvicorn raises the signal again once all is closed: a calm stop would look like a death.
        signal.signal(stop, _already_stopped)
    await server.serve(sockets=[bound])


def serve_in_many(settings: Settings, bound: Listener, workers: int) -> None:
    """Serve in several processes until SIGTERM or Ctrl+C; one that dies is replaced."""
    house = Family(configure("entente.app:production", settings, workers), sockets=[bound])
    house.run()
    if any(process.exitcode == STARTUP_FAILURE for process in house.processes):
        raise Conflict("Un processus n’a pas pu démarrer\u00a0: la raison est écrite plus haut.")


class Family(Multiprocess):
    """uvicorn's processes, looked after without waiting for any of them.

    uvicorn asks one after the other and waits for each answer: a process that was killed while it was being born held
    up the burial of all the others for as long as a birth may take.
    """

    def __init__(self, config: Config, sockets: list[socket.socket]) -> None:
        super().__init__(config, sockets)
        self._asked: dict[Process, float] = {}
        """When each was asked for a sign of life that has not come yet."""

    def keep_subprocess_alive(self) -> None:
        """Replace the dead at once, and those that gave no sign of life for too long."""
        self._asked = {each: at for each, at in self._asked.items() if each in self.processes}
        for place, process in enumerate(self.processes):
            if self.should_exit.is_set():
                return
            if not self._lives(process):
                self._replace(place, process)

    def _lives(self, process: Process) -> bool:
        if not process.process.is_alive():
            return False
        while process.parent_conn.poll(0):
            process.parent_conn.recv()
            self._asked.pop(process, None)
        if process not in self._asked:
            self._asked[process] = time.monotonic()
            process.parent_conn.send(b"ping")
        return time.monotonic() - self._asked[process] < self.config.timeout_worker_healthcheck

    def _replace(self, place: int, process: Process) -> None:
        process.kill()
        process.join()
        if process.exitcode == STARTUP_FAILURE:
            # What it stands on is broken, and would break the next one too.
            self.should_exit.set()
            return
        log.warning("process_replaced", process=process.pid, exitcode=process.exitcode)
        self.processes[place] = Process(self.config, self.sockets)
        self.processes[place].start()


def _already_stopped(*_: Any) -> None:
    """Nothing is left to stop."""
