"""From the release before to this one, as people live it: real servers of both, real requests, one base."""

import sqlite3
import tempfile
import tomllib
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing
from pathlib import Path

import asyncpg
import pytest

from bench.cluster import Cluster, Missing, Nginx, Service, cluster
from bench.ground import HOST, free_port
from conftest import missing
from deploy.guide import TREE
from deploy.release import NoHistory, Release, Traffic, former_release, git, install, is_ready, today, version_at

pytestmark = pytest.mark.flaky(reruns=1, reruns_delay=1)
# Ten processes share the cores of this machine with other tests: one may be late. Twice is a fault.
OPEN = 120.0


@pytest.fixture(scope="module")
def place() -> Iterator[Path]:
    """A folder that PostgreSQL's own account may go through."""
    with tempfile.TemporaryDirectory(prefix="entente-release-", ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(0o711)
        yield Path(folder)


@pytest.fixture(scope="module")
def former(place: Path) -> Release:
    """The release before, installed with its own lock."""
    try:
        return install(former_release(), place / "former")
    except NoHistory as error:
        pytest.skip(f"the release before is not in this history: {error}")


def opened(stack: ExitStack, service: Service, port: int, base: str) -> Service:
    """A server that is started and ready; killed at the end if it still lives."""
    stack.callback(service.kill)
    service.start()
    service.until(lambda: is_ready(port, base), OPEN)
    return service


def lost(written: Sequence[str], found: Sequence[str]) -> list[str]:
    """What was acknowledged and is not there, and what is there twice."""
    doubled = {each for each in found if found.count(each) > 1}
    return sorted({*written} - {*found} | doubled)


SAID = "SELECT body FROM post WHERE body LIKE 'Personne %'"


@pytest.mark.postgres
@pytest.mark.redis
async def test_the_release_before_is_replaced_and_may_come_back_while_people_work(former: Release, place: Path) -> None:
    """On PostgreSQL: the base is widened, both releases serve it side by side, either may go; nobody is refused."""
    old_port, new_port = free_port(), free_port()
    folder = _folder(place)
    with ExitStack() as stack:
        try:
            nginx = Nginx(folder, old_port, lambda written: _two_behind(written, old_port, new_port))
            made = stack.enter_context(cluster(_folder(folder), ENTENTE_BASE_URL=f"http://{HOST}:{nginx.port}"))
        except Missing as error:
            missing(f"{error} is not installed")
        stack.callback(nginx.kill)
        env = dict(made.env)
        links = former.begin(env)
        old = opened(stack, former.server(folder, env, old_port), old_port, made_base := env["ENTENTE_BASE_URL"])
        nginx.open()
        traffic = Traffic(made_base)
        await traffic.settle(links)

        async with traffic.flowing():
            assert today().run(env, "migrate").returncode == 0
            await traffic.goes_on()
            new = opened(stack, today().server(folder, env, new_port), new_port, made_base)
            await _both_are_used(traffic, old, new)
            # One thinks better of it: the new one goes, and the former one serves the widened base alone.
            new.stop()
            await traffic.goes_on()
            new = opened(stack, today().server(folder, env, new_port), new_port, made_base)
            await _both_are_used(traffic, old, new)
            old.stop()
            await traffic.goes_on()

        assert traffic.refused == []
        assert traffic.gaps == []
        assert lost(traffic.written, await _said_in(made)) == []
        await traffic.client.aclose()


def _folder(place: Path) -> Path:
    """A new one, for each try."""
    made = Path(tempfile.mkdtemp(dir=place))
    made.chmod(0o711)
    return made


def _two_behind(written: str, old: int, new: int) -> str:
    """Two machines behind the proxy that we deploy."""
    line = f"server {HOST}:{old};"
    assert written.count(line) == 1
    return written.replace(line, f"{line}\n    server {HOST}:{new};")


async def _both_are_used(traffic: Traffic, *servers: Service) -> None:
    """Each of them has answered to people who write since it was looked at."""
    known = [_answered(each) for each in servers]
    await traffic.goes_on()
    while any(_answered(each) <= before for each, before in zip(servers, known, strict=True)) and not traffic.refused:
        await traffic.goes_on()


def _answered(server: Service) -> int:
    return server.log.read_bytes().count(b"/messages")


async def _said_in(made: Cluster) -> list[str]:
    base = await asyncpg.connect(made.postgres.url)
    found = [row["body"] for row in await base.fetch(SAID)]
    await base.close()
    return found


async def test_a_small_house_goes_from_one_release_to_the_next_and_back(former: Release, place: Path) -> None:
    """On SQLite, as the guide says: saved, widened under the former release, replaced; then back to what was saved.

    The former release, started again on a base of another shape than it knows, says what to do and touches nothing.
    """
    folder, port = _folder(place), free_port()
    base = f"http://{HOST}:{port}"
    env = {
        "PATH": "/usr/bin:/bin",
        "ENTENTE_DATA_DIR": str(folder / "data"),
        "ENTENTE_BASE_URL": base,
        "ENTENTE_LOG_FORMAT": "json",
    }
    links = former.begin(env)
    with ExitStack() as stack:
        old = opened(stack, former.server(folder, env, port), port, base)
        traffic = Traffic(base, waits_for_a_server=True)
        await traffic.settle(links)

        async with traffic.flowing():
            saved = list(traffic.written)
            assert former.run(env, "backup", str(folder / "archive.tar.gz")).returncode == 0
            shape = _shape(folder / "data")
            assert today().run(env, "migrate").returncode == 0
            await traffic.goes_on()
            old.stop()
            new = opened(stack, today().server(folder, env, port), port, base)
            await traffic.goes_on()
        new.stop()

        assert traffic.refused == []
        assert traffic.gaps == []
        assert lost(traffic.written, _said(folder / "data")) == []
        await traffic.client.aclose()

        again = former.run(env, "people", "list")
        if _shape(folder / "data") == shape:
            assert again.returncode == 0, again.stderr
        else:
            assert (again.returncode, "restaurez la sauvegarde" in again.stderr) == (1, True), again
        back = env | {"ENTENTE_DATA_DIR": str(folder / "back")}
        restored = former.run(back, "restore", str(folder / "archive.tar.gz"))
        assert restored.returncode == 0, restored.stderr
        assert lost(saved, _said(folder / "back")) == []


def _said(data: Path) -> list[str]:
    with closing(sqlite3.connect(data / "entente.sqlite3")) as base:
        return [body for (body,) in base.execute(SAID)]


def _shape(data: Path) -> str:
    with closing(sqlite3.connect(data / "entente.sqlite3")) as base:
        [(shape,)] = base.execute("SELECT version_num FROM alembic_version")
    return str(shape)


def test_the_release_before_is_found_in_the_history(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is of another version than today's, and what follows it is of today's."""
    monkeypatch.delenv("ENTENTE_TEST_RELEASE", raising=False)
    try:
        commit = former_release()
        after = git("rev-list", "--first-parent", f"{commit}..HEAD").decode().split()[-1:]
        versions = [version_at(each) for each in (commit, *after)]
    except NoHistory as error:
        pytest.skip(f"the release before is not in this history: {error}")
    today_s = tomllib.loads((TREE / "pyproject.toml").read_text())["project"]["version"]
    assert [each == today_s for each in versions] == [False, *(True for _ in after)]
