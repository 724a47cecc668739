"""What a message is sent through: the house, Nchan as the reference, and a bare loop of write() as the limit."""

import http.client
import shutil
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

from bench import houses
from bench.ground import HOST, Child, answers, cpu_of, free_port, memory_of, say
from bench.houses import POSTS, Filled

SERVER_CORE, CLIENT_CORE = 0, 1
NCHAN = Path("/usr/lib/nginx/modules/ngx_nchan_module.so")
WORDS = "La lame de déneigement est prêtée du 2 au 9 décembre, avec son attelage et ses deux jeux de patins. "


class Sender(Protocol):
    """Something that keeps streams open and sends one message to all of them."""

    @property
    def name(self) -> str:
        """How the tables call it."""

    @property
    def port(self) -> int:
        """Where it listens."""

    @property
    def path(self) -> str:
        """Where a stream is asked for."""

    @property
    def cookies(self) -> Sequence[str]:
        """Devices that may ask."""

    def pids(self) -> Sequence[int]:
        """The processes that serve."""

    def publish(self, count: int) -> None:
        """That many messages, as fast as they are taken."""

    def pace(self, every: float, seconds: float) -> int:
        """One message after the other; returns how many."""

    def close(self) -> None:
        """End it."""


class Entente:
    """The whole house over a database of its own; posts go through the service, the journal and the bell."""

    def __init__(self, name: str, filled: Filled, folder: Path, size: int, brief: bool, redis: str | None) -> None:
        self.name = name
        self.port = free_port()
        self.path = f"/live?s=forums/thread/{filled.thread}@bench:{POSTS}"
        self.cookies: Sequence[str] = filled.cookies
        self.body = body_of(size)
        known: dict[str, Any] = {"filled": filled.known(), "folder": str(folder), "brief": brief, "redis_url": redis}
        self.child = Child.python("served", SERVER_CORE, port=self.port, **known)
        self.child.hear()

    def pids(self) -> Sequence[int]:
        """One process, all its threads."""
        return [self.child.pid]

    def publish(self, count: int) -> None:
        """One change that says so many things."""
        self.child.ask("publish", count=count, body=self.body)

    def pace(self, every: float, seconds: float) -> int:
        """Posts at a pace, each in its own transaction."""
        return int(self.child.ask("pace", every=every, seconds=seconds, body=self.body)["published"])

    def close(self) -> None:
        """End the server."""
        self.child.close()


class Nchan:
    """nginx with Nchan: messages arrive by HTTP and wait in shared memory."""

    def __init__(self, name: str, folder: Path, size: int) -> None:
        self.name, self.port, self.path = name, free_port(), "/sub"
        self.cookies: Sequence[str] = ()
        self.body = body_of(size)
        config = folder / f"nchan-{self.port}.conf"
        config.write_text(_CONFIG.format(module=NCHAN, port=self.port, host=HOST, pid=f"{config}.pid"))
        command = ["nginx", "-p", str(folder), "-c", str(config), "-e", "/dev/null"]
        self.process = subprocess.Popen(["taskset", "-c", str(SERVER_CORE), *command])
        until = time.monotonic() + 5
        while not answers(self.port) and time.monotonic() < until:
            time.sleep(0.05)
        self.door = http.client.HTTPConnection(HOST, self.port)

    def pids(self) -> Sequence[int]:
        """The master sleeps; its worker serves."""
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
        return [self.process.pid, *map(int, children)]

    def publish(self, count: int) -> None:
        """Post over a connection that stays open."""
        for _ in range(count):
            self.door.request("POST", "/pub", f"~{time.monotonic_ns():019d} {self.body}".encode())
            self.door.getresponse().read()

    def pace(self, every: float, seconds: float) -> int:
        """Post at a pace."""
        started, count = time.monotonic(), int(seconds / every)
        for number in range(count):
            time.sleep(max(0.0, started + number * every - time.monotonic()))
            self.publish(1)
        return count

    def close(self) -> None:
        """End nginx and its worker."""
        self.door.close()
        self.process.terminate()
        self.process.wait(10)


_CONFIG = """
load_module {module};
daemon off;
worker_processes 1;
pid {pid};
error_log /dev/null;
events {{ worker_connections 12000; }}
http {{
  access_log off;
  client_body_buffer_size 64k;
  keepalive_requests 1000000;
  nchan_message_buffer_length 256;
  nchan_message_timeout 10m;
  server {{
    listen {host}:{port} backlog=4096;
    location = /sub {{ nchan_subscriber eventsource; nchan_channel_id bench; nchan_subscriber_first_message newest; }}
    location = /pub {{ nchan_publisher; nchan_channel_id bench; }}
  }}
}}
"""


class Limit:
    """A C program that does nothing but write()."""

    def __init__(self, name: str, folder: Path, size: int) -> None:
        self.name, self.port, self.path = name, free_port(), "/"
        self.cookies: Sequence[str] = ()
        self.size = size
        program = folder / "limit"
        source = Path(__file__).parent / "limit.c"
        subprocess.run(["gcc", "-O2", "-o", str(program), str(source)], check=True, stderr=subprocess.DEVNULL)
        self.child = Child([str(program), str(self.port)], SERVER_CORE)
        self.child.hear()

    def pids(self) -> Sequence[int]:
        """One process."""
        return [self.child.pid]

    def publish(self, count: int) -> None:
        """Write to every connection."""
        self.child.order(f"{count} 0 {self.size}")
        self.child.hear()

    def pace(self, every: float, seconds: float) -> int:
        """Write at a pace."""
        self.child.order(f"{int(seconds / every)} {int(every * 1e6)} {self.size}")
        return int(self.child.hear()["published"])

    def close(self) -> None:
        """End it."""
        self.child.close()


def body_of(size: int) -> str:
    """Words that weigh so many bytes."""
    return (WORDS * (size // 90 + 1)).encode()[:size].decode(errors="ignore")


def cpu(sender: Sender) -> float:
    """Seconds of processor that a sender has used."""
    return sum(map(cpu_of, sender.pids()))


def memory(sender: Sender) -> int:
    """Resident bytes of a sender."""
    return sum(map(memory_of, sender.pids()))


@contextmanager
def references(folder: Path, size: int, label: str = "") -> Iterator[list[Sender]]:
    """Nchan and the limit, when this machine can run them."""
    made: list[Sender] = []
    if shutil.which("gcc"):
        made.append(Limit(f"C, a loop of write(){label}", folder, size))
    else:
        say("skipped: the limit in C (gcc is absent)")
    if shutil.which("nginx") and NCHAN.exists():
        made.append(Nchan(f"Nchan{label}", folder, size))
    else:
        say("skipped: Nchan (Debian packages nginx and libnginx-mod-nchan are absent)")
    try:
        yield made
    finally:
        for sender in made:
            sender.close()


@contextmanager
def house(
    folder: Path, name: str, size: int, *, brief: bool, database_url: str = "", redis: str | None = None
) -> Iterator[Entente]:
    """A house of its own, filled with one thread."""
    place = folder / f"house-{free_port()}"
    place.mkdir()
    url = database_url or f"sqlite:///{place / 'entente.sqlite3'}"
    made = Entente(name, houses.fill(url, place, POSTS), place, size, brief, redis)
    try:
        yield made
    finally:
        made.close()
        if database_url:
            houses.drop(database_url)
