"""The release before this one, taken out of git and installed as it was, and people who use whichever answers."""

import asyncio
import io
import os
import random
import re
import shutil
import subprocess
import tarfile
import tomllib
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

import httpx

from bench.chaos.following import Follower, cursors_in
from bench.cluster import Service
from bench.ground import HOST
from deploy.guide import TREE

PATIENCE = 90.0
PASSWORD = "quatre mots bien choisis"
PEOPLE = ("awa", "bruno")
BEGIN = """
import asyncio, sys
from entente.app import furnish
from entente.cli import app
from entente.demo.seeds import seed
from entente.house import House
from entente.settings import load

async def demonstration():
    house = House.build(load(), is_demo=True)
    furnish(house)
    await seed(house)
    await house.database.close()

app(["migrate"], standalone_mode=False)
asyncio.run(demonstration())
for name in sys.argv[1:]:
    words = [f"{name}@soyaux.example", name.title(), "Diallo", "--organisation", "Soyaux"]
    app(["people", "invite", *words], standalone_mode=False)
"""
"""What an operator of that time does, in one process: shapes the base, fills it with its own demonstration, invites."""


class NoHistory(Exception):
    """This tree does not know what was before it."""


def git(*words: str) -> bytes:
    """What git answers; raises NoHistory when it cannot."""
    if shutil.which("git") is None:
        raise NoHistory("git is not installed")
    # Whoever owns the tree.
    command = ["git", "-c", f"safe.directory={TREE}", *words]
    said = subprocess.run(command, cwd=TREE, capture_output=True, check=False)
    if said.returncode:
        raise NoHistory(said.stderr.decode().strip().splitlines()[-1])
    return said.stdout


def version_at(commit: str) -> str:
    """The version that a commit says it is."""
    return str(tomllib.loads(git("show", f"{commit}:pyproject.toml").decode())["project"]["version"])


def former_release() -> str:
    """The last commit of another version than today's, or the one that ENTENTE_TEST_RELEASE names."""
    named = os.environ.get("ENTENTE_TEST_RELEASE")
    if named:
        return git("rev-parse", "--verify", f"{named}^{{commit}}").decode().strip()
    today = tomllib.loads((TREE / "pyproject.toml").read_text())["project"]["version"]
    commits = git("log", "--first-parent", "--format=%H", "-m", "--", "pyproject.toml").decode().split()
    for after, commit in pairwise(["", *commits]):
        if version_at(commit) != today:
            # What followed it until the version was changed is part of it.
            return git("rev-parse", f"{after}^" if after else "HEAD").decode().strip()
    raise NoHistory("every commit known here is of today's version (a shallow clone?)")


@dataclass(frozen=True)
class Release:
    """A version of Entente, installed."""

    version: str
    tree: Path

    @property
    def entente(self) -> str:
        """Its command."""
        return str(self.tree / ".venv/bin/entente")

    def run(self, env: Mapping[str, str], *words: str) -> subprocess.CompletedProcess[str]:
        """One of its commands, to its end."""
        return _run([self.entente, *words], env)

    def begin(self, env: Mapping[str, str]) -> list[str]:
        """Fill a base with the demonstration of that time; returns a link for each of the people who are invited."""
        said = _run([str(self.tree / ".venv/bin/python"), "-c", BEGIN, *PEOPLE], env)
        assert said.returncode == 0, said.stderr
        return re.findall(r"/invitation/\S+", said.stdout)

    def server(self, folder: Path, env: Mapping[str, str], port: int) -> Service:
        """Its server on this port, not started yet."""
        name = f"serve-{self.version}-{port}-{random.randrange(10**6)}"
        return Service(name, [self.entente, "serve", "--port", str(port)], folder, env)


def _run(command: Sequence[str], env: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command, env=dict(env) | {"COLUMNS": "200"}, cwd="/", capture_output=True, text=True, timeout=300, check=False
    )


def install(commit: str, tree: Path) -> Release:
    """A release with the environment of its own lock file, by its own command."""
    tree.mkdir()
    with tarfile.open(fileobj=io.BytesIO(git("archive", commit))) as archive:
        archive.extractall(tree, filter="data")
    made = subprocess.run(["make", "install"], cwd=tree, capture_output=True, text=True, timeout=600, check=False)
    assert made.returncode == 0, made.stdout + made.stderr
    return Release(version_at(commit), tree)


def today() -> Release:
    """This tree."""
    return Release("today", TREE)


def is_ready(port: int, base: str) -> bool:
    """Whether the server on this port says that it can be sent people."""
    host = base.removeprefix("http://")
    try:
        answer = httpx.get(f"http://{HOST}:{port}/sante/pret", headers={"Host": host}, timeout=5, trust_env=False)
    except httpx.HTTPError:
        return False
    return answer.status_code == 200


@dataclass
class Traffic:
    """Two people who write, read and keep a page open; and what they were answered."""

    base: str
    cookies: list[str] = field(default_factory=list)
    thread: str = ""
    written: list[str] = field(default_factory=list)
    read: int = 0
    refused: list[str] = field(default_factory=list)
    followers: list[Follower] = field(default_factory=list)
    waits_for_a_server: bool = False
    """Whether someone who finds the door closed knocks again, as the proxy does for them; or complains."""

    def __post_init__(self) -> None:
        """A browser for all of them: who asks is said with each request."""
        self.client = httpx.AsyncClient(
            base_url=self.base, headers={"Origin": self.base}, timeout=PATIENCE, trust_env=False
        )

    async def settle(self, links: Sequence[str]) -> None:
        """Those who were invited sign in, and one of them opens a thread."""
        self.cookies = [await self._sign_in(name, link) for name, link in zip(PEOPLE, links, strict=True)]
        opened = await self._ask("POST", "/forums/technique", self.cookies[0], {"title": "Neige", "body": "Bonjour."})
        assert opened.status_code == 303, opened.text
        self.thread = opened.headers["location"].partition("?")[0].partition("#")[0]

    async def _sign_in(self, name: str, link: str) -> str:
        form = {"given_name": name.title(), "family_name": "Diallo", "new_password": PASSWORD}
        assert (await self.client.post(link, data=form)).status_code == 303
        login = {"login": f"{name}@soyaux.example", "password": PASSWORD}
        answer = await self.client.post("/connexion/mot-de-passe", data=login)
        assert answer.status_code == 303, answer.text
        self.client.cookies.clear()
        return str(answer.cookies["entente"])

    @asynccontextmanager
    async def flowing(self) -> AsyncIterator[None]:
        """From before to after what happens meanwhile; a page is kept open all the time."""
        page = await self._ask("GET", self.thread, self.cookies[1])
        follower = Follower(self.client, self.cookies[1], random.Random(7))
        follower.begin(cursors_in(page.text))
        self.followers.append(follower)
        people = [self._write(0), self._write(1), self._read(1), follower.follow()]
        tasks = [asyncio.create_task(each) for each in people]
        try:
            await self.goes_on()
            yield
            await self.goes_on()
            if not self.refused:
                await self._has_seen_all(follower)
        finally:
            for task in tasks:
                task.cancel()
            ended = await asyncio.gather(*tasks, return_exceptions=True)
        assert [each for each in ended if not isinstance(each, asyncio.CancelledError)] == []

    async def goes_on(self) -> None:
        """People have written and read some more since."""
        until = (len(self.written) + 6, self.read + 3)
        async with asyncio.timeout(PATIENCE):
            while (len(self.written) < until[0] or self.read < until[1]) and not self.refused:
                await asyncio.sleep(0.02)

    async def _has_seen_all(self, follower: Follower) -> None:
        stream = f"forums/thread/{self.thread.rpartition('/')[2]}"
        page = await self._ask("GET", self.thread, self.cookies[1])
        [last] = [each for each in cursors_in(page.text) if each.startswith(stream)]
        position = int(last.rpartition(":")[2])
        async with asyncio.timeout(PATIENCE):
            while follower.at[stream][1] < position:
                await asyncio.sleep(0.02)

    async def _write(self, person: int) -> None:
        for number in range(100_000):
            body = f"Personne {person}, message {len(self.written)}.{number}"
            answer = await self._ask("POST", f"{self.thread}/messages", self.cookies[person], {"body": body})
            if answer.status_code == 303:
                self.written.append(body)
            else:
                self.refused.append(f"POST {answer.status_code} {answer.text[-500:]}")
            await asyncio.sleep(0.1)

    async def _read(self, person: int) -> None:
        while True:
            for address in (self.thread, "/forums", "/"):
                answer = await self._ask("GET", address, self.cookies[person])
                if answer.status_code == 200:
                    self.read += 1
                else:
                    self.refused.append(f"GET {address} {answer.status_code} {answer.text[-500:]}")
            await asyncio.sleep(0.1)

    async def _ask(
        self, method: str, address: str, cookie: str, form: Mapping[str, str] | None = None
    ) -> httpx.Response:
        headers = {"Cookie": f"entente={cookie}"}
        while True:
            try:
                return await self.client.request(method, address, data=form, headers=headers)
            except httpx.TransportError as error:
                # Nothing was acknowledged: whoever was writing may write it again.
                if not self.waits_for_a_server:
                    self.refused.append(f"{method} {address} {error!r}")
                await asyncio.sleep(0.1)

    @property
    def gaps(self) -> list[str]:
        """What the open pages have missed."""
        return [gap for each in self.followers for gap in each.gaps]
