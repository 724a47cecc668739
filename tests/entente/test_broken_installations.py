"""Broken installations: `entente doctor` names what is wrong and nothing else, and a server does not open over it."""

import asyncio
import logging
import os
import re
import resource
import shutil
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, suppress
from datetime import timedelta
from pathlib import Path
from threading import Thread
from typing import NamedTuple

import asyncpg
import pytest
import redis
import structlog

from breaking import certificate, fill, postman, shown, tiny_disk, unprivileged
from conftest import POSTGRES, missing
from entente import cli, doctor, schema, starting
from entente.clock import now
from entente.settings import Settings, load
from listening import OwnRedis
from world import World

ENTENTE = Path(sys.executable).with_name("entente")
ON_SQLITE = pytest.mark.parametrize("home", ["sqlite"], indirect=True)
ON_POSTGRES = pytest.mark.parametrize("home", [pytest.param("postgres", marks=pytest.mark.postgres)], indirect=True)
SLOW = "sans réponse (pas de réponse à temps)"
DATA = "Fichiers (dossier des données)"
KNOWN, TODAY = schema.known_shapes()[1], schema.known_shapes()[0]


class Said(NamedTuple):
    """How a command ended, and what it said."""

    code: int
    words: str

    @property
    def wrong(self) -> set[str]:
        """What the doctor holds to be wrong, by its titles; what a slow machine did not answer in time is not."""
        lines = [line for line in self.words.splitlines() if line.startswith("✗ ") and SLOW not in line]
        return {line[2:].partition("\u00a0:")[0] for line in lines}


class Installation:
    """A house in good health, to be broken in one place."""

    def __init__(self, settings: Settings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
        self._patch, self._capsys = monkeypatch, capsys
        # What is slow here is the machine, not what is broken.
        for module, patience in ((doctor, "PATIENCE"), (doctor, "KNOCK_SECONDS"), (starting, "REDIS_SECONDS")):
            monkeypatch.setattr(module, patience, 90)
        for name in [name for name in os.environ if name.startswith("ENTENTE_")]:
            monkeypatch.delenv(name)
        self.set(
            data_dir=settings.data_dir,
            database_url=settings.database_url,
            worker="apart",
            base_url="http://127.0.0.1:8000",
        )

    def set(self, **settings: object) -> None:
        """Change what the operator has decided."""
        for name, value in settings.items():
            self._patch.setenv(f"ENTENTE_{name.upper()}", str(value))

    def run(self, *words: str) -> Said:
        """One command of the operator's, in this process: what it costs to import is paid once."""
        self._patch.setattr(sys, "argv", ["entente", *words])
        self._capsys.readouterr()
        code = 0
        try:
            cli.main()
        except SystemExit as end:
            code = int(end.code or 0)
        said = self._capsys.readouterr()
        assert "Traceback" not in said.err
        assert "Sesame" not in said.out + said.err
        return Said(code, said.out + said.err)

    def run_apart(self, *before: str, **kept: object) -> Said:
        """`entente doctor` in a process of its own, under whatever stands before it."""
        ran = subprocess.run(
            [*before, ENTENTE, "doctor"], capture_output=True, text=True, timeout=180, check=False, **kept
        )  # type: ignore[call-overload]
        assert "Traceback" not in ran.stderr
        return Said(ran.returncode, ran.stdout + ran.stderr)


@pytest.fixture
def quiet() -> Iterator[None]:
    """What a command does to the logs ends with its test."""
    root, configured = logging.getLogger(), structlog.get_config()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.configure(**configured)


@pytest.fixture
def installation(
    world: World,
    quiet: None,
    unused_tcp_port_factory: Callable[[], int],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Iterator[Installation]:
    """The house of the tests as an operator holds it, with a mail server that takes mails."""
    made = Installation(world.house.settings, monkeypatch, capsys)
    with postman(unused_tcp_port_factory()) as address:
        made.set(smtp_url=address)
        yield made


def test_an_installation_in_good_health_is_told_so(installation: Installation) -> None:
    """What the tests below break is whole: nothing to do, and the command ends well."""
    said = installation.run("doctor")
    assert (said.wrong, said.code) == (set(), 0), said.words


@pytest.fixture
def reshaped(settings: Settings) -> Iterator[Callable[[str], None]]:
    """Gives the database another shape than today's, until the test is over."""

    def name(shape: str) -> None:
        _change(settings, f"UPDATE alembic_version SET version_num = '{shape}'")

    yield name
    name(TODAY)


def _change(settings: Settings, sentence: str) -> None:
    """What nobody does through the house."""
    if not settings.is_embedded:
        _ask(settings.database_url, sentence)
        return
    with closing(sqlite3.connect(settings.data_dir / "entente.sqlite3")) as base, base:
        base.execute(sentence)


def _ask(url: str, *sentences: str) -> None:
    async def ask() -> None:
        server = await asyncpg.connect(url.replace("+asyncpg", ""), timeout=10)
        for sentence in sentences:
            await server.execute(sentence)
        await server.close()

    asyncio.run(ask())


@pytest.mark.parametrize(
    ("shape", "words"),
    [
        (KNOWN, "plus ancienne que cette version d’Entente\u00a0: lancez d’abord «\u00a0entente migrate\u00a0»"),
        ("9999_from_the_future", "plus récente que cette version d’Entente\u00a0: réinstallez la version"),
    ],
    ids=["behind", "ahead"],
)
def test_a_database_of_another_version_is_told_with_its_way_out(
    installation: Installation, reshaped: Callable[[str], None], shape: str, words: str
) -> None:
    """One version behind: migrate. One ahead: reinstall or restore. Neither server nor worker opens over it."""
    reshaped(shape)
    said = installation.run("doctor")
    assert (said.wrong, said.code) == ({"Tables de la base"}, 1), said.words
    assert words in said.words
    for command in ("serve", "worker"):
        refused = installation.run(command)
        assert refused.code == 1
        assert f"La base de données est {words}" in refused.words


@ON_SQLITE
def test_migrating_a_database_of_a_later_version_is_refused(
    installation: Installation, reshaped: Callable[[str], None]
) -> None:
    """It would not know where to start from: nothing is touched, and the way out is told."""
    reshaped("9999_from_the_future")
    refused = installation.run("migrate")
    assert refused.code == 1
    assert "plus récente que cette version d’Entente" in refused.words


@pytest.fixture
def guarded_redis(tmp_path: Path) -> Iterator[OwnRedis]:
    """A Redis that asks for a password."""
    if shutil.which("redis-server") is None:
        missing("redis-server is not installed here")
    own = OwnRedis(tmp_path)
    own.start()
    client = redis.Redis.from_url(own.url)
    client.config_set("requirepass", "Sesame")
    client.close()
    yield own
    own.stop()


@ON_SQLITE
@pytest.mark.parametrize(
    ("password", "words"),
    [("", "il demande un mot de passe"), (":Sesame-de-travers@", "mot de passe refusé")],
    ids=["missing", "wrong"],
)
def test_a_redis_that_wants_a_password_is_told(
    installation: Installation, guarded_redis: OwnRedis, password: str, words: str
) -> None:
    """None in the address, or a wrong one: where to write it is told, and neither server nor worker opens."""
    installation.set(redis_url=guarded_redis.url.replace("//", f"//{password}"))
    said = installation.run("doctor")
    assert (said.wrong, said.code) == ({"Redis"}, 1), said.words
    assert f"{words}\u00a0: écrivez son mot de passe dans ENTENTE_REDIS_URL" in said.words
    for command in ("serve", "worker"):
        refused = installation.run(command)
        assert refused.code == 1
        assert f"Redis ne nous laisse pas entrer ({words})" in refused.words


@ON_SQLITE
def test_a_redis_that_is_away_is_told(installation: Installation, unused_tcp_port: int) -> None:
    """Nobody listens there: the setting is named, and the server is to be started."""
    installation.set(redis_url=f"redis://:Sesame@127.0.0.1:{unused_tcp_port}/0")
    said = installation.run("doctor")
    assert (said.wrong, said.code) == ({"Redis"}, 1), said.words
    assert "il ne répond pas (connexion refusée)\u00a0: vérifiez ENTENTE_REDIS_URL" in said.words


def _cannot_write() -> None:
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, resource.RLIM_INFINITY))


@ON_SQLITE
def test_a_full_disk_is_told(installation: Installation, tmp_path: Path) -> None:
    """Not one byte more in the data folder: that is what is said, not that the folder should change hands."""
    folder = tmp_path / "full"
    with tiny_disk(folder, 1) as disk:
        installation.set(data_dir=folder)
        if disk:
            fill(disk)
            said = installation.run("doctor")
        else:
            # No right to mount a disk here: files that may hold nothing are refused in the same place.
            said = installation.run_apart(preexec_fn=_cannot_write)
    assert (said.wrong, said.code) == ({f"Dossier {folder}", DATA}, 1), said.words
    assert "il n’y a plus de place\u00a0: libérez-en" in said.words


def _faketime() -> list[str]:
    if shutil.which("faketime") is None:
        missing("faketime is not installed here")
    return ["env", "FAKETIME_DONT_FAKE_MONOTONIC=1", "faketime", "-f"]


@pytest.mark.parametrize(
    ("home", "shift", "words"),
    [
        ("sqlite", "-1h", "s dans l’avenir"),
        pytest.param(
            "postgres", "+1h", "s d’écart avec celle de la base (celle d’ici avance)", marks=pytest.mark.postgres
        ),
    ],
    indirect=["home"],
)
def test_a_clock_an_hour_off_is_told(installation: Installation, settings: Settings, shift: str, words: str) -> None:
    """It differs from PostgreSQL's; beside SQLite, whose clock is this one, the journal goes into the future."""
    if settings.is_embedded:
        _change(settings, "UPDATE entry SET at = strftime('%Y-%m-%d %H:%M:%f000', 'now')")
    said = installation.run_apart(*_faketime(), shift)
    assert (said.wrong, said.code) == ({"Horloge"}, 1), said.words
    assert re.search(rf"3[3-6]\d\d\u00a0{re.escape(words)}", said.words), said.words


REFUSALS = {
    "connection": "il ne prend pas nos messages (connexion refusée)\u00a0: vérifiez ENTENTE_SMTP_URL",
    "password": "il ne prend pas nos messages (identifiants refusés (535))\u00a0: vérifiez ENTENTE_SMTP_URL",
    "sender": "il ne prend pas nos messages (expéditeur refusé (550))\u00a0: vérifiez ENTENTE_MAIL_FROM",
    "recipient": "il ne prend pas nos messages (destinataire refusé (550))\u00a0: vérifiez que ce serveur relaie",
}


@ON_SQLITE
@pytest.mark.parametrize("refuses", list(REFUSALS))
def test_a_mail_server_that_refuses_is_told(
    installation: Installation, refuses: str, unused_tcp_port_factory: Callable[[], int]
) -> None:
    """Nobody answers, or it refuses the account, the sender or an administrator's address: each with its way out."""
    with ExitStack() as open_:
        port = unused_tcp_port_factory()
        address = f"smtp://awa:Sesame@127.0.0.1:{port}"
        if refuses != "connection":
            address = open_.enter_context(postman(port, refuses))
        installation.set(smtp_url=address)
        said = installation.run("doctor")
    assert (said.wrong, said.code) == ({"Serveur de messagerie"}, 1), said.words
    assert REFUSALS[refuses] in said.words
    assert "ines@aubrac.example" not in said.words


@ON_SQLITE
def test_an_expired_certificate_of_the_mail_server_is_told(
    installation: Installation, tmp_path: Path, unused_tcp_port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It was good until yesterday, and whoever signed it is known here."""
    file = certificate(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(file))
    with postman(unused_tcp_port, context=shown(file)) as address:
        installation.set(smtp_url=address)
        said = installation.run("doctor")
    assert (said.wrong, said.code) == ({"Serveur de messagerie"}, 1), said.words
    assert "(certificat expiré)" in said.words


@ON_SQLITE
@pytest.mark.parametrize(
    ("expired", "words"), [(True, "certificat expiré"), (False, "il expire dans 4 jours, et rien ne l’a renouvelé")]
)
def test_the_certificate_of_the_house_is_looked_at(
    installation: Installation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, expired: bool, words: str
) -> None:
    """The one that browsers are shown is over, or soon will be: what renews it is to be looked at."""
    file = certificate(tmp_path, expired)
    monkeypatch.setenv("SSL_CERT_FILE", str(file))
    with socket.create_server(("127.0.0.1", 0)) as listener:
        Thread(target=_show, args=(listener, file), daemon=True).start()
        address = f"https://localhost:{listener.getsockname()[1]}"
        installation.set(base_url=address, trusted_proxies="127.0.0.1")
        said = installation.run("doctor")
    assert (said.wrong, said.code) == ({"Certificat"}, 1), said.words
    assert words in said.words
    assert "certbot renew" in said.words


def _show(listener: socket.socket, file: Path) -> None:
    with suppress(OSError):
        plain, _ = listener.accept()
        with shown(file).wrap_socket(plain, server_side=True) as secured:
            secured.recv(1)


@ON_SQLITE
def test_a_data_folder_of_another_account_is_told(installation: Installation, tmp_path: Path) -> None:
    """The service may not write there: whose folder it is, and what to do."""
    folder = tmp_path / "elsewhere"
    folder.mkdir(0o500)
    if os.geteuid() == 0:
        os.chown(folder, 65534, 65534)
    installation.set(data_dir=folder)
    said = installation.run_apart(*unprivileged())
    folder.chmod(0o700)
    assert (said.wrong, said.code) == ({f"Dossier {folder}", DATA}, 1), said.words
    assert "on ne peut pas y écrire (accès refusé)" in said.words
    assert "donnez-le au compte du service" in said.words


@ON_SQLITE
@pytest.mark.skipif(os.geteuid() != 0, reason="only root can leave a file to another account")
def test_what_another_account_left_in_the_folder_is_told(installation: Installation, tmp_path: Path) -> None:
    """Somebody ran a command as root: a file is shut to the service. Root itself is told whose the folder is."""
    folder = tmp_path / "mixed"
    folder.mkdir()
    left = folder / "entente.sqlite3"
    left.touch(0o600)
    os.chown(left, 65534, 65534)
    installation.set(data_dir=folder)
    said = installation.run_apart(*unprivileged())
    assert (said.wrong, said.code) == ({f"Dossier {folder}"}, 1), said.words
    assert "«\u00a0entente.sqlite3\u00a0» y est fermé à ce compte" in said.words
    os.chown(folder, 65534, 65534)
    said = installation.run("doctor")
    assert (said.wrong, said.code) == ({f"Dossier {folder}"}, 1), said.words
    assert "vous êtes root" in said.words


@pytest.mark.postgres
def test_a_missing_extension_is_told(
    bare_postgres: Settings, quiet: None, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The account may not create btree_gist: what an administrator of PostgreSQL is to run is told."""
    guest = f"entente_guest_{os.getpid()}"
    _ask(bare_postgres.database_url, f"DROP ROLE IF EXISTS {guest}", f"CREATE ROLE {guest} LOGIN")
    try:
        installation = Installation(bare_postgres, monkeypatch, capsys)
        place = bare_postgres.database_url.partition("@")[2]
        installation.set(database_url=f"postgresql://{guest}@{place}")
        said = installation.run("doctor")
    finally:
        _ask(f"{POSTGRES}/postgres", f"DROP ROLE {guest}")
    assert said.code == 1
    assert {"Extension btree_gist", "Tables de la base"} <= said.wrong, said.words
    assert "CREATE EXTENSION btree_gist" in said.words


LATE = (
    "INSERT INTO task (id, kind, payload, due_at, tries, error) "
    "VALUES ('00000000000000000000000000000001', 'mail', '{}', '2020-01-01 00:00:00', 0, '')"
)


@pytest.mark.parametrize(
    ("change", "title", "words"),
    [
        ("UPDATE stream SET position = position + 1 WHERE name LIKE 'forums/forum/%'", "Journal", "flux ont des trous"),
        ("UPDATE function SET kind = 'agent' WHERE kind = 'administrateur'", "Administration", "entente people invite"),
        (LATE, "Travail différé", "1 tâche en retard\u00a0: démarrez «\u00a0entente worker\u00a0»"),
    ],
    ids=["holes", "keepers", "worker"],
)
def test_what_is_wrong_in_the_base_is_told(
    installation: Installation, settings: Settings, change: str, title: str, words: str
) -> None:
    """A journal with holes, a house that nobody keeps, tasks that no worker does."""
    _change(settings, change)
    said = installation.run("doctor")
    assert (said.wrong, said.code) == ({title}, 1), said.words
    assert words in said.words


@ON_SQLITE
@pytest.mark.parametrize(
    ("decided", "words"),
    [
        ({"base_url": "http://entente.example"}, "elle est en http\u00a0: réglez ENTENTE_BASE_URL"),
        ({"base_url": "https://entente.invalid"}, "Réglez ENTENTE_TRUSTED_PROXIES"),
    ],
    ids=["scheme", "proxy"],
)
def test_a_wrong_address_is_told(installation: Installation, decided: dict[str, str], words: str) -> None:
    """In http where people type https; in https, which a reverse proxy speaks for us, without believing any."""
    installation.set(**decided)
    said = installation.run("doctor")
    assert (said.wrong, said.code) == ({f"Adresse {decided['base_url']}"}, 1), said.words
    assert words in said.words


@ON_SQLITE
def test_a_bucket_that_cannot_be_reached_is_told(installation: Installation, unused_tcp_port: int) -> None:
    """Nobody answers for people's files: which setting to look at."""
    installation.set(files_url=f"s3+http://key:Sesame@127.0.0.1:{unused_tcp_port}/entente")
    said = installation.run("doctor")
    assert (said.wrong, said.code) == ({"Fichiers (seau S3)"}, 1), said.words


@ON_SQLITE
def test_a_second_server_on_sqlite_is_refused(installation: Installation, settings: Settings) -> None:
    """Somebody starts a second service over the same file: it would neither hear nor be heard."""
    with starting.alone(settings):
        refused = installation.run("serve")
    assert refused.code == 1
    assert "Un autre serveur est déjà ouvert sur la base SQLite" in refused.words


@ON_POSTGRES
def test_a_worker_whose_clock_is_an_hour_off_does_not_begin(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It would take what another one is doing, and send it twice: it says why, and waits to be started again."""
    monkeypatch.setattr(starting, "now", lambda: now() + timedelta(hours=1))
    refused = installation.run("worker")
    assert refused.code == 1
    assert "L’horloge n’est pas à l’heure\u00a0: 3600\u00a0s d’écart avec celle de la base" in refused.words
    assert "Rien n’est envoyé d’ici là" in refused.words


async def test_a_server_whose_clock_is_an_hour_off_says_so(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """People go on working; its log tells the operator by how much, and what to do."""
    with structlog.testing.capture_logs() as said:
        await starting.tell_the_time(world.house.database)
        assert said == []
        monkeypatch.setattr(starting, "now", lambda: now() + timedelta(hours=1))
        await starting.tell_the_time(world.house.database)
    (line,) = said
    assert (line["event"], line["log_level"], line["seconds"]) == ("clock_apart", "error", 3600)
    assert "NTP" in line["advice"]


async def test_a_server_whose_redis_is_away_opens_and_says_so(tmp_path: Path, unused_tcp_port: int) -> None:
    """What is only away comes back: the server waits for it, and says what to expect meanwhile."""
    settings = load(data_dir=tmp_path, redis_url=f"redis://:Sesame@127.0.0.1:{unused_tcp_port}")
    with structlog.testing.capture_logs() as said:
        await starting.require_let_in(settings)
    (line,) = said
    assert (line["event"], line["reason"]) == ("redis_away", "connexion refusée")
    assert "Sesame" not in str(said)
