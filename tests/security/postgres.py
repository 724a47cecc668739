"""A PostgreSQL of our own, that a test may stop and start as it likes."""

import os
import pwd
import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from conftest import missing


@dataclass
class Cluster:
    """One server over one folder."""

    folder: Path
    binaries: Path
    port: int

    @property
    def url(self) -> str:
        """Where a house finds it."""
        return f"postgresql://entente@127.0.0.1:{self.port}/postgres"

    def start(self) -> None:
        """Serve, and wait until it answers."""
        options = f"-p {self.port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={self.folder} -c fsync=off"
        self._do(
            "pg_ctl", "-D", str(self.folder / "data"), "-l", str(self.folder / "log"), "-o", options, "-w", "start"
        )

    def stop(self) -> None:
        """Stop at once, whoever is connected."""
        self._do("pg_ctl", "-D", str(self.folder / "data"), "-m", "fast", "-w", "stop")

    def create(self) -> None:
        """An empty cluster."""
        self._do("initdb", "-D", str(self.folder / "data"), "-U", "entente", "-A", "trust", "--no-sync", "-E", "UTF8")

    def _do(self, program: str, *arguments: str) -> None:
        command = [str(self.binaries / program), *arguments]
        # PostgreSQL refuses to run as root.
        someone = "postgres" if os.geteuid() == 0 else None
        subprocess.run(command, check=True, capture_output=True, timeout=60, cwd="/", user=someone, group=someone)


def _free_port() -> int:
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        return int(bound.getsockname()[1])


def _binaries() -> Path | None:
    versions = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: float(path.parts[-3]))
    found = str(versions[-1]) if versions else shutil.which("initdb")
    return Path(found).parent if found else None


@contextmanager
def own_postgres(folder: Path) -> Iterator[Cluster]:
    """A cluster that lives as long as the test."""
    binaries = _binaries()
    if binaries is None:
        missing("PostgreSQL's initdb is not installed here")
        raise AssertionError
    if os.geteuid() == 0:
        owner = pwd.getpwnam("postgres")
        os.chown(folder, owner.pw_uid, owner.pw_gid)
    cluster = Cluster(folder, binaries, _free_port())
    cluster.create()
    cluster.start()
    try:
        yield cluster
    finally:
        if (folder / "data" / "postmaster.pid").exists():
            cluster.stop()
