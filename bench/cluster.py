"""A whole house on its own ports, any part of which may be killed: PostgreSQL, Redis, nginx, servers, worker, mail.

Everything listens on 127.0.0.1, lives in one folder and ends with its block; nothing else on this machine is touched.
What dies is started again by `keep`, as systemd would.
"""

import os
import pwd
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from bench.ground import HOST, answers, free_port

ROOT = Path(__file__).parents[1]
PATIENCE = 240.0
"""How long, in seconds, a slow and loaded machine may take to start something."""


class Missing(Exception):
    """A programme that this needs is not on this machine."""


class Unopened(Exception):
    """A service did not start in time; the message ends with what it said last."""


class Service:
    """A process in a session of its own, which may be killed and started again."""

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        folder: Path,
        env: Mapping[str, str] | None = None,
        user: str | None = None,
    ) -> None:
        self.name = name
        self.command = list(command)
        self.log = folder / f"{name}.log"
        self.env = dict(env) if env is not None else None
        self.user = user
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        """Of the process that was started last."""
        assert self.process
        return self.process.pid

    @property
    def is_running(self) -> bool:
        """Whether it lives."""
        return self.process is not None and self.process.poll() is None

    def start(self) -> None:
        """Begin, without waiting."""
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                self.command,
                cwd=ROOT if self.user is None else "/",
                env=self.env,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                user=self.user,
                group=self.user,
            )

    def family(self) -> list[psutil.Process]:
        """The process and all that it started."""
        with suppress(psutil.NoSuchProcess):
            me = psutil.Process(self.pid)
            return [me, *me.children(recursive=True)]
        return []

    def kill(self) -> None:
        """Kill it and all that it started, as a power cut would."""
        if self.process is None:
            return
        everyone = self.family()
        for each in everyone:
            with suppress(psutil.NoSuchProcess):
                each.kill()
        psutil.wait_procs(everyone, timeout=20)
        self.process.wait(20)

    def stop(self, seconds: float = 20) -> None:
        """Ask it to stop; whatever is left is killed."""
        if self.process is None:
            return
        everyone = self.family()
        if self.is_running:
            self.process.terminate()
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(seconds)
        for each in everyone:
            with suppress(psutil.NoSuchProcess):
                each.kill()
        self.process.wait(20)

    def said(self, most: int = 2_000) -> str:
        """The end of what it wrote."""
        return self.log.read_bytes()[-most:].decode(errors="replace") if self.log.exists() else ""

    def until(self, holds: Callable[[], bool], seconds: float = PATIENCE) -> None:
        """Wait until it holds, starting again what ended; raises Unopened."""
        end = time.monotonic() + seconds
        while not holds():
            if time.monotonic() > end:
                raise Unopened(f"{self.name}: {self.said()}")
            if not self.is_running:
                time.sleep(0.5)
                self.start()
            time.sleep(0.2)


class Postgres(Service):
    """A PostgreSQL of our own. Without fsync: what is killed here is processes, never the machine."""

    def __init__(self, folder: Path) -> None:
        self.port = free_port()
        self.binaries = _postgres_binaries()
        self.folder = folder / "postgres"
        self.folder.mkdir()
        user = None
        if os.geteuid() == 0:
            # PostgreSQL refuses to run as root.
            owner = pwd.getpwnam("postgres")
            os.chown(self.folder, owner.pw_uid, owner.pw_gid)
            user = "postgres"
        command = [
            str(self.binaries / "postgres"), "-D", str(self.folder / "data"), "-p", str(self.port),
            *("-c", f"listen_addresses={HOST}"), *("-c", f"unix_socket_directories={self.folder}"),
            *("-c", "fsync=off"), *("-c", "max_connections=200"),
        ]  # fmt: skip
        super().__init__("postgres", command, folder, user=user)
        self._shape()

    @property
    def url(self) -> str:
        """Where a house finds it."""
        return f"postgresql://entente@{HOST}:{self.port}/postgres"

    def _shape(self) -> None:
        subprocess.run(
            [str(self.binaries / "initdb"), "-D", str(self.folder / "data"), "-U", "entente", "-A", "trust",
             "--no-sync", "-E", "UTF8"],
            check=True, capture_output=True, timeout=PATIENCE, cwd="/", user=self.user, group=self.user,
        )  # fmt: skip

    def open(self) -> None:
        """Serve, and return once it answers: after a kill it first reads its own journal again."""
        self.start()
        self.until(self.answers)

    def answers(self) -> bool:
        """Whether it takes questions."""
        asked = [str(self.binaries / "pg_isready"), "-q", "-h", HOST, "-p", str(self.port)]
        return subprocess.run(asked, timeout=PATIENCE, check=False).returncode == 0


def _postgres_binaries() -> Path:
    versions = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: float(path.parts[-3]))
    found = str(versions[-1]) if versions else shutil.which("initdb")
    if found is None:
        raise Missing("PostgreSQL (initdb)")
    return Path(found).parent


class Redis(Service):
    """A Redis of our own, which remembers nothing."""

    def __init__(self, folder: Path) -> None:
        if shutil.which("redis-server") is None:
            raise Missing("redis-server")
        self.port = free_port()
        command = ["redis-server", "--port", str(self.port), "--bind", HOST, "--save", "", "--dir", str(folder)]
        super().__init__("redis", command, folder)

    @property
    def url(self) -> str:
        """Where a house finds it."""
        return f"redis://{HOST}:{self.port}/0"

    def open(self) -> None:
        """Serve, and return once it answers."""
        self.start()
        self.until(lambda: answers(self.port))


class Nginx(Service):
    """nginx with the configuration that we deploy, without TLS and on a port of its own."""

    def __init__(self, folder: Path, back: int, change: Callable[[str], str] = lambda written: written) -> None:
        found = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin:/usr/local/sbin")
        if found is None:
            raise Missing("nginx")
        self.port = free_port()
        self.folder = folder / "nginx"
        self.folder.mkdir()
        conf = self.folder / "nginx.conf"
        conf.write_text(self._around(change(deployed(self.port, back))), "utf-8")
        command = [found, "-p", str(self.folder), "-c", str(conf), "-e", str(self.folder / "error.log")]
        super().__init__("nginx", command, folder)

    def _around(self, site: str) -> str:
        kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        temporary = "\n".join(f"{kind}_temp_path {self.folder}/{kind};" for kind in kinds)
        user = "user root;" if os.geteuid() == 0 else ""
        return (
            f"{user}\ndaemon off;\nworker_processes 1;\nworker_rlimit_nofile 16384;\npid {self.folder}/pid;\n"
            f"events {{ worker_connections 8192; }}\n"
            f"http {{\naccess_log off;\nerror_log {self.folder}/error.log;\n{temporary}\n{site}\n}}\n"
        )

    def open(self) -> None:
        """Serve, and return once it listens."""
        self.start()
        self.until(lambda: answers(self.port))


def deployed(port: int, back: int) -> str:
    """`deploy/nginx.conf` with its streams as they are, on these ports and without TLS."""
    written = (ROOT / "deploy/nginx.conf").read_text("utf-8")
    # The first server only leads to the second, over TLS.
    written, count = re.subn(r"^server \{\n\s*listen 80;.*?^\}\n", "", written, flags=re.MULTILINE | re.DOTALL)
    assert count == 1, "deploy/nginx.conf: no plain server to leave out"
    written, count = re.subn(r"^(\s*server )127\.0\.0\.1:\d+", rf"\g<1>{HOST}:{back}", written, flags=re.MULTILINE)
    assert count == 1, "deploy/nginx.conf: no upstream of ours"
    written = re.sub(r"^\s*(listen|http2|ssl_\w+)\s.*;\n", "", written, flags=re.MULTILINE)
    written, count = re.subn(r"^(\s*)server_name .*;", rf"\1listen {HOST}:{port};", written, flags=re.MULTILINE)
    assert count == 1, "deploy/nginx.conf: not one server over TLS"
    # Here the port is part of the address that people type.
    return written.replace("$host;", "$http_host;")


class Servers(Service):
    """`entente serve`, in several processes."""

    def __init__(self, folder: Path, port: int, env: Mapping[str, str], workers: int) -> None:
        self.port = port
        self.workers = workers
        command = [_entente(), "serve", "--port", str(port), "--workers", str(workers)]
        super().__init__("serve", command, folder, env)

    def children(self) -> list[int]:
        """The pids of the processes that answer."""
        with suppress(psutil.NoSuchProcess):
            found = psutil.Process(self.pid).children()
            return sorted(each.pid for each in found if _is_a_server(each))
        return []

    def serving(self) -> list[int]:
        """Those that no longer import: each says so in the log when it opens."""
        known = {int(found) for found in _OPEN.findall(self.log.read_bytes())} if self.log.exists() else set()
        return [pid for pid in self.children() if pid in known]

    def open(self) -> None:
        """Serve, and return once all answer."""
        self.start()
        self.until(self.is_whole)

    def is_whole(self) -> bool:
        """Whether every process serves, and one of them says that it can."""
        if len(self.serving()) < self.workers:
            return False
        with suppress(OSError), socket.create_connection((HOST, self.port), 1) as asking:
            asking.settimeout(5)
            asking.sendall(b"GET /sante/pret HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
            return b" 200 " in asking.recv(64)
        return False


_OPEN = re.compile(rb'"process": (\d+), "event": "process_open"')


def _is_a_server(process: psutil.Process) -> bool:
    with suppress(psutil.Error):
        return any("spawn_main" in part for part in process.cmdline()) and process.status() != psutil.STATUS_ZOMBIE
    return False


def _entente() -> str:
    return str(Path(sys.executable).with_name("entente"))


@dataclass
class Received:
    """A mail that the mail server accepted."""

    at: float
    name: str
    """Its Message-ID."""
    to: str
    subject: str


class MailServer:
    """A mail server in this process, which accepts everything and remembers it."""

    def __init__(self) -> None:
        self.mails: list[Received] = []
        self.port = free_port()
        self._controller = Controller(self, hostname=HOST, port=self.port)

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:
        """One mail: kept, then acknowledged."""
        from email import message_from_bytes
        from email.policy import default

        made = message_from_bytes(envelope.content or b"", policy=default)  # type: ignore[arg-type]
        for to in envelope.rcpt_tos:
            self.mails.append(Received(time.time(), str(made["Message-ID"]), to, str(made["Subject"])))
        return "250 OK"

    @contextmanager
    def serving(self) -> Iterator[None]:
        """For the length of a block."""
        self._controller.start()
        try:
            yield
        finally:
            self._controller.stop()


@dataclass
class Cluster:
    """All of it."""

    folder: Path
    postgres: Postgres
    redis: Redis
    nginx: Nginx
    servers: Servers
    worker: Service
    mail: MailServer
    env: Mapping[str, str]
    down: set[Service] = field(default_factory=set)
    """Killed on purpose just now: left alone until it is started again."""

    @property
    def base(self) -> str:
        """The address that people type."""
        return f"http://{HOST}:{self.nginx.port}"

    @property
    def services(self) -> list[Service]:
        """In the order in which they start."""
        return [self.postgres, self.redis, self.nginx, self.servers, self.worker]

    def settings(self) -> dict[str, Any]:
        """What `entente.settings.load` needs to open the same house from here."""
        known = {name.removeprefix("ENTENTE_").lower(): value for name, value in self.env.items() if _is_ours(name)}
        return {**known, "data_dir": Path(known["data_dir"])}

    def keep(self) -> None:
        """Start again whatever ended by itself, as systemd would."""
        for each in self.services:
            if each.process is not None and each not in self.down and not each.is_running:
                each.start()

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """One command of the house, to its end."""
        return subprocess.run(
            [_entente(), *arguments], env=dict(self.env), cwd=ROOT, capture_output=True, text=True,
            timeout=PATIENCE * 2, check=False,
        )  # fmt: skip

    def open(self) -> None:
        """Open the house to the network, once its database is filled."""
        self.nginx.open()
        self.servers.open()
        self.worker.start()

    def mend(self) -> None:
        """Open again whatever was harmed, and return once all is well."""
        for store in (self.postgres, self.redis):
            if not store.is_running:
                store.open()
        self.servers.until(self.servers.is_whole)

    def end(self) -> None:
        """Stop everything; nothing outlives it."""
        for each in reversed(self.services):
            # Nothing here is worth a last word.
            each.kill()


def _is_ours(name: str) -> bool:
    return name.startswith("ENTENTE_")


@contextmanager
def cluster(folder: Path, workers: int = 3, **more: str) -> Iterator[Cluster]:
    """PostgreSQL and Redis answer and the mail server listens; the rest waits for `open`. Raises Missing."""
    folder.chmod(0o711)
    with ExitStack() as stack:
        postgres, redis, mail = Postgres(folder), Redis(folder), MailServer()
        back = free_port()
        nginx = Nginx(folder, back)
        env = {name: value for name, value in os.environ.items() if not _is_ours(name)}
        env |= {
            "ENTENTE_DATABASE_URL": postgres.url,
            "ENTENTE_REDIS_URL": redis.url,
            "ENTENTE_BASE_URL": f"http://{HOST}:{nginx.port}",
            "ENTENTE_DATA_DIR": str(folder / "data"),
            "ENTENTE_SMTP_URL": f"smtp://{HOST}:{mail.port}",
            "ENTENTE_WORKER": "apart",
            "ENTENTE_TRUSTED_PROXIES": HOST,
            "ENTENTE_LOG_FORMAT": "json",
        } | more
        made = Cluster(
            folder, postgres, redis, nginx, Servers(folder, back, env, workers),
            Service("worker", [_entente(), "worker"], folder, env), mail, env,
        )  # fmt: skip
        stack.callback(made.end)
        stack.enter_context(mail.serving())
        postgres.open()
        redis.open()
        yield made


def end_at_signals() -> None:
    """SIGTERM ends the block as Ctrl+C does, so that nothing is left behind."""

    def leave(number: int, _frame: Any) -> None:
        raise SystemExit(128 + number)

    signal.signal(signal.SIGTERM, leave)
