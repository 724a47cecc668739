"""A machine in a folder, for someone without privileges: the guide's own commands, but for what this table says."""

import os
import pwd
import re
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from deploy.guide import TREE, sections

SUDO = """
if [ "$1" = -u ]; then shift 2; fi
exec "$@"
"""
MAKE = """
made=$(ls -d "$ROOT"/opt/entente-*/.venv 2>/dev/null | head -n 1)
if [ -n "$made" ]; then ln -s "$made" "$2/.venv"; else exec /usr/bin/make "$@"; fi
"""
NAMES_OF_OUR_OWN = """
for word; do set -- "$@" "$(printf %s "$word" | sed "s/\\bentente/$NAME/g")"; shift; done
case $0 in *createuser) printf '%s\\n%s\\n' "$PASSWORD" "$PASSWORD" | /usr/bin/createuser "$@"; exit;; esac
exec /usr/bin/"$(basename "$0")" "$@"
"""
INSTEAD = {
    "sudo": SUDO,  # there is one account, and it has no privilege
    "apt": "exit 0",  # packages are the affair of whoever prepared this machine
    "adduser": "exit 0",  # the service's account is the one that runs this
    "runuser": 'shift 3; exec "$@"',
    "install": 'exec /usr/bin/install $(printf "%s\\n" "$@" | sed "/^-[og]$/,+1d")',  # nothing to give to others
    "make": MAKE,  # the tree to come is today's: its environment is not made a second time
    "sudoedit": 'printf "%s\\n" "$SETTINGS" >> "$1"',  # what a person would type in the file
    "systemctl": 'exec /usr/bin/python3 "$ROOT/systemctl.py" "$ROOT" "$PORT" "$@"',
    "journalctl": 'tail -n 20 "$ROOT/run/$2.log"',
    "createuser": NAMES_OF_OUR_OWN,  # the PostgreSQL server is shared
    "createdb": NAMES_OF_OUR_OWN,
    "dropdb": NAMES_OF_OUR_OWN,
    "psql": NAMES_OF_OUR_OWN,
}
"""What runs in the place of a command of the guide; everything else is itself."""

NOT_HERE = {
    "Avec des conteneurs": "no container engine here",
}
"""Sections whose commands are not run, and why."""

OUR_PLACES = re.compile(
    r"(?<![\w.])(?=/opt/entente|/etc/entente|/etc/systemd/system|/var/(lib|backups)/entente|/usr/local/sbin|/tmp/)"
)
"""Places of the machine that are moved into the folder."""
DOCTOR = re.compile(r"^sudo entente doctor$", re.M)
"""It rightly says that nobody answers at entente.example: its findings are looked at, its code is not."""


@dataclass
class Machine:
    """A folder that stands for a machine, and whoever follows the guide on it."""

    root: Path
    variant: str
    port: int
    settings: Mapping[str, str]
    postgres: str = ""
    redis: str = ""
    account: int | None = field(init=False, default=None)

    def __post_init__(self) -> None:
        """Folders that Debian has, the stand-ins, and nobody's account if this one is root's."""
        self.name = f"entente_guide_{os.getpid()}"
        for folder in ("opt", "etc/systemd/system", "var/lib", "var/backups", "usr/local/sbin", "tmp", "run", "home"):
            (self.root / folder).mkdir(parents=True, exist_ok=True)
        shutil.copy(TREE / "tests/deploy/systemctl.py", self.root)
        instead = self.root / "instead"
        instead.mkdir()
        for command, lines in INSTEAD.items():
            (instead / command).write_text(f"#!/bin/sh\n{lines}\n")
            (instead / command).chmod(0o755)
        if os.geteuid() == 0:
            self.account = pwd.getpwnam("nobody").pw_uid
            give(self.root, self.account)

    def follow(self, heading: str) -> str:
        """Type what the guide says under a heading; returns what is said. The first command that fails ends it."""
        commands = self._here(sections()[heading].commands(self.variant))
        run = subprocess.run(
            ["bash", "-euc", f"trap 'echo \"failed: $BASH_COMMAND\" >&2' ERR\ncd {self.root}/home\n{commands}"],
            env=self._environment(),
            user=self.account,
            group=self.account,
            extra_groups=None if self.account is None else [],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            start_new_session=True,
            timeout=600,
            check=False,
        )
        assert run.returncode == 0, f"{heading}\n{run.stdout}\n{run.stderr}\n{self.logs()}"
        return run.stdout

    def _here(self, commands: str) -> str:
        there = OUR_PLACES.sub(str(self.root), commands).replace("127.0.0.1:8000", f"127.0.0.1:{self.port}")
        server = urlsplit(self.postgres)
        there = there.replace(
            "postgresql://entente:mot-de-passe@127.0.0.1:5432/entente",
            f"postgresql://{self.name}:mot-de-passe@{server.hostname}:{server.port}/{self.name}",
        ).replace("redis://127.0.0.1:6379/0", self.redis)
        return DOCTOR.sub("sudo entente doctor || true", there)

    def _environment(self) -> dict[str, str]:
        kept = ("PIP_", "UV_", "HTTP_", "HTTPS_", "NO_PROXY", "http", "no_proxy", "SSL_")
        server = urlsplit(self.postgres)
        return {
            **{name: value for name, value in os.environ.items() if name.startswith(kept)},
            "PATH": f"{self.root}/instead:{self.root}/usr/local/sbin:/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin",
            "HOME": f"{self.root}/home",
            "LANG": "C.UTF-8",
            "COLUMNS": "200",
            "ROOT": str(self.root),
            "PORT": str(self.port),
            "NAME": self.name,
            "PASSWORD": "mot-de-passe",
            "SETTINGS": "\n".join(f"ENTENTE_{name}={value}" for name, value in self.settings.items()),
            "PGHOST": server.hostname or "",
            "PGPORT": str(server.port or ""),
            "PGUSER": server.username or "",
            "PGPASSWORD": server.password or "",
            "PGDATABASE": "postgres",
            "UV_CACHE_DIR": f"{self.root}/cache",
        }

    def logs(self) -> str:
        """What its services have written, the end of it."""
        return "\n".join(f"{file.name}\n{file.read_text()[-3000:]}" for file in sorted(self.root.glob("run/*.log")))

    def switch_off(self) -> None:
        """End what still runs, and give back what was made outside of the folder."""
        off = [
            f'"{self.root}/instead/systemctl" stop "*"',
            *([f"dropdb --if-exists --force {name}" for name in ("entente", "entente_avant")] if self.postgres else []),
            *(["psql --quiet --command 'DROP ROLE IF EXISTS entente'"] if self.postgres else []),
        ]
        for command in off:
            subprocess.run(["sh", "-c", command], env=self._environment(), timeout=60, check=False, capture_output=True)


def give(folder: Path, account: int) -> None:
    """Let an account own a folder and all that is in it."""
    for place, _, files in os.walk(folder):
        for path in (place, *(os.path.join(place, file) for file in files)):
            os.lchown(path, account, account)


def lend_cache(root: Path, account: int | None) -> None:
    """Let the folder begin with what uv has fetched already: its files by a second name, its folders new.

    Without a cache on the same disk, uv fetches again: longer, and as good.
    """
    known = Path(os.environ.get("UV_CACHE_DIR", Path.home() / ".cache" / "uv"))
    if not known.is_dir():
        return

    def link(source: str, target: str) -> str:
        # Files near the top are marks and locks, which uv opens to write.
        if len(Path(source).relative_to(known).parts) < 3:
            shutil.copy(source, target)
        else:
            os.link(source, target)
        return target

    try:
        shutil.copytree(known, root / "cache", copy_function=link, symlinks=True)
    except (OSError, shutil.Error):
        shutil.rmtree(root / "cache", ignore_errors=True)
        return
    if account is not None:
        for place, _, files in os.walk(root / "cache"):
            os.lchown(place, account, account)
            if Path(place).relative_to(root / "cache").parts[1:] == ():
                for file in files:
                    os.lchown(os.path.join(place, file), account, account)
