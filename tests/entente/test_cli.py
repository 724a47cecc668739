"""What an operator types, and what the house answers: in French, and never with a traceback."""

import json
import os
import re
import select
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any

import pytest
from operators import entente, environment

from entente import cli
from entente.settings import Settings

Server = subprocess.Popen[str]
ENTENTE = Path(sys.executable).with_name("entente")


def typed(folder: Path, *words: str, **settings: str) -> subprocess.CompletedProcess[str]:
    """One command as the shell runs it, from the file that was installed; `entente` is quicker."""
    return subprocess.run(
        [ENTENTE, *words],
        env=environment(folder, **settings),
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )


def sentence(run: subprocess.CompletedProcess[str], code: int) -> Any:
    """What a command that refuses says: a code, and words without a traceback."""
    assert run.returncode == code, run.stderr
    assert "Traceback" not in run.stderr
    return run.stderr


def voice(process: Server) -> IO[str]:
    """What a command says, on both its outputs."""
    assert process.stdout is not None
    return process.stdout


@contextmanager
def running(folder: Path, *words: str, **settings: Any) -> Iterator[Server]:
    """A command that lasts; whatever happens, it is over at the end."""
    process = subprocess.Popen(
        [ENTENTE, *words],
        env=environment(folder, **settings),
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    try:
        yield process
    finally:
        # Its children too: they would keep their port and our pipe.
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        voice(process).close()


def read_until(process: Server, words: Any, seconds: float = 30) -> Any:
    """Everything said up to these words."""
    said, end = "", time.monotonic() + seconds
    while words not in said:
        ready, _, _ = select.select([voice(process)], [], [], max(0, end - time.monotonic()))
        assert ready, said
        piece = os.read(voice(process).fileno(), 65536).decode()
        assert piece, said
        said += piece
    return said


def get(url: str) -> Any:
    """The status and the body of a page, redirections followed."""
    try:
        with urllib.request.urlopen(url, timeout=10) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def wait_until_ready(url: str, seconds: float = 90) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            if get(f"{url}/sante/pret")[0] == 200:
                return
        except OSError:
            pass
        time.sleep(0.1)
    pytest.fail(f"{url} did not open")


def stop(process: Server, number: int = signal.SIGTERM, within: float = 45) -> None:
    """Ask it to stop, and see that it does in time."""
    process.send_signal(number)
    assert process.wait(within) == 0


@pytest.fixture
def port(unused_tcp_port: int) -> Any:
    """A port that nobody listens to."""
    return unused_tcp_port


def test_the_demonstration_opens_says_who_signs_in_and_stops(tmp_path: Path, port: int) -> None:
    """One command: an address, eight people, pages; SIGTERM closes it cleanly, and a second run keeps the data."""
    elsewhere = {"DATABASE_URL": "postgresql://u:Sesame@127.0.0.1:1/real", "REDIS_URL": "redis://127.0.0.1:1"}
    for _ in range(2):
        with running(tmp_path, "demo", "--port", str(port), **elsewhere) as process:
            said = read_until(process, "Ctrl+C")
            assert f"http://127.0.0.1:{port}" in said
            assert "Hubert Desbordes" in said
            assert len(re.findall("Touvre|Soyaux|GrandAngoulême|Gond-Pontouvre|Esp", said)) >= 8
            assert get(f"http://127.0.0.1:{port}/sante/pret") == (200, "prêt\n")
            status, page = get(f"http://127.0.0.1:{port}/")
            assert status == 200, page
            assert "Hubert Desbordes" in page
            stop(process)
    assert sorted(path.name for path in (tmp_path / "var" / "demo").iterdir()) == [".demo", "demo.sqlite3", "files"]


def test_the_page_of_help_says_every_command_in_its_own_words() -> None:
    """It reads none of their files; what it says of each is what each says of itself."""
    assert {name: cli.command(name).help for name in cli.COMMANDS} == cli.COMMANDS


def test_help_does_not_read_the_house(tmp_path: Path) -> None:
    """Whoever asks what can be done does not wait for a database, a web server and every room to be read."""
    read = (
        "import sys; from entente import cli; sys.argv[1:] = ['--help']\ntry: cli.main()\nfinally: print(*sys.modules)"
    )
    said = subprocess.run([sys.executable, "-c", read], capture_output=True, text=True, check=True, cwd=tmp_path).stdout
    assert set(cli.COMMANDS) <= set(said.split())
    assert not {"sqlalchemy", "starlette", "alembic", "redis", "booking", "entente.db"} & set(said.split())
    assert "restaurer une sauvegarde" in typed(tmp_path, "--help").stdout.lower()


def test_a_taken_port_is_told_with_what_to_do(tmp_path: Path, port: int) -> None:
    """Someone else is there."""
    with socket.create_server(("127.0.0.1", port)):
        said = sentence(typed(tmp_path, "demo", "--port", str(port)), 1)
    assert f"PORT={port + 1}" in said


def test_wrong_settings_stop_every_command_with_their_reasons(tmp_path: Path) -> None:
    """Exit code 2, one line for each, and no value."""
    said = sentence(typed(tmp_path, "doctor", REDIS_URL="http://:Sesame@x", LOG_FORMAT="xml"), 2)
    assert [line.partition("\u00a0")[0] for line in said.splitlines()] == ["ENTENTE_REDIS_URL", "ENTENTE_LOG_FORMAT"]
    assert "Sesame" not in said


@pytest.mark.parametrize("words", [("migrate",), ("serve",), ("worker",), ("backup", "a"), ("people", "list")])
def test_a_database_that_is_away_is_told(words: Any, tmp_path: Path) -> None:
    """Exit code 1, a sentence, no password."""
    said = sentence(entente(tmp_path, *words, DATABASE_URL="postgresql://u:Sesame@127.0.0.1:1/x"), 1)
    assert said.startswith("La base de données ne répond pas")
    assert "Sesame" not in said


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    """A file stands where the data should go."""
    (tmp_path / "file").write_text("")
    assert "La base de données ne répond pas" in sentence(
        entente(tmp_path, "migrate", DATA_DIR=str(tmp_path / "file")), 1
    )


def test_nothing_opens_on_a_base_to_be_migrated(tmp_path: Path) -> None:
    """The server and the worker say which command comes first."""
    for words in (("serve",), ("worker",)):
        assert "entente migrate" in sentence(entente(tmp_path, *words), 1)


def test_several_processes_need_a_bell_and_a_real_base(tmp_path: Path) -> None:
    """SQLite serves one process, and several hear each other through Redis alone."""
    assert "SQLite" in sentence(entente(tmp_path, "serve", "--workers", "2"), 1)
    said = sentence(entente(tmp_path, "serve", "--workers", "2", DATABASE_URL="postgresql://u@127.0.0.1:1/x"), 1)
    assert "Redis" in said


def test_a_house_from_nothing_to_its_first_administrator_and_back_from_a_backup(tmp_path: Path) -> None:
    """The whole of the installation guide, in its order, then a restoration beside it."""
    said = entente(tmp_path, "migrate").stdout + entente(tmp_path, "migrate").stdout
    assert said == "La base de données est à jour.\n" * 2
    (tmp_path / "communes.csv").write_text(
        "nature;nom;code_insee;population;domaine\nepci;Pays de Brioude;;;\n"
        "commune;Brioude;43040;6713;brioude.example\ncommune;Aubrac;;;\n"
    )
    assert "ajoutées\u00a0: 3" in entente(tmp_path, "organisations", "import", "communes.csv").stdout
    assert "mises à jour\u00a0: 3" in entente(tmp_path, "organisations", "import", "communes.csv").stdout
    assert "Brioude" in entente(tmp_path, "organisations", "list").stdout
    first = entente(tmp_path, "people", "invite", "Ines@Brioude.example", "Inès", "Vidal", "--organisation", "43040")
    assert re.search(r"http://127\.0\.0\.1:8000/invitation/\S{40,}", first.stdout), first.stderr
    assert "administre la plateforme" in first.stdout
    second = entente(
        tmp_path,
        "people",
        "invite",
        "bruno@brioude.example",
        "Bruno",
        "Vey",
        "--organisation",
        "brioude",
        "--function",
        "technicien",
    )
    assert "administre" not in second.stdout
    listed = entente(tmp_path, "people", "list").stdout
    assert re.search(r"Vidal Inès +ines@brioude.example +invité +agent \(Brioude\), administrateur \(Brioude\)", listed)
    assert "Conflict" not in sentence(entente(tmp_path, "people", "suspend", "personne@brioude.example"), 1)
    assert entente(tmp_path, "people", "administrator", "bruno@brioude.example").returncode == 0
    assert entente(tmp_path, "people", "suspend", "bruno@brioude.example").returncode == 0
    listed = entente(tmp_path, "people", "list").stdout
    assert re.search(r"Vey Bruno +\S+ +suspendu +technicien \(Brioude\), administrateur \(Brioude\)", listed)
    assert entente(tmp_path, "backup", "house.tar.gz").returncode == 0
    assert "n’est pas vide" in sentence(entente(tmp_path, "restore", "house.tar.gz"), 1)
    beside = tmp_path / "beside"
    beside.mkdir()
    assert "se connecter de nouveau" in entente(beside, "restore", str(tmp_path / "house.tar.gz")).stdout
    assert entente(beside, "people", "list").stdout == listed


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("nature;nom\ncommune;Brioude\nvillage;Aubrac\n", "ligne 3 : kind"),
        ("nom;population\nBrioude;12\n", "la première ligne doit nommer"),
        ("nature;nom;siren\ncommune;A;123456789\ncommune;B;123456789\n", "même code Insee ou SIREN"),
    ],
)
def test_a_wrong_file_brings_in_nothing(content: Any, reason: str, tmp_path: Path) -> None:
    """What is wrong is told with its line, and the house stays as it was."""
    entente(tmp_path, "migrate")
    (tmp_path / "communes.csv").write_text(content)
    said = sentence(entente(tmp_path, "organisations", "import", "communes.csv"), 1)
    assert reason in said.replace("\u00a0", " ")
    assert "commune" not in entente(tmp_path, "organisations", "list").stdout


def test_the_server_serves_stops_in_time_and_writes_no_secret(tmp_path: Path, port: int) -> None:
    """One process: pages, one line of log for each, SIGTERM with a page half open."""
    entente(tmp_path, "migrate")
    url = f"http://127.0.0.1:{port}"
    settings = {"BASE_URL": url, "LOG_FORMAT": "json"}
    with running(tmp_path, "serve", "--port", str(port), **settings) as process:
        wait_until_ready(url)
        assert get(f"{url}/connexion?token=Sesame")[0] == 200
        with socket.create_connection(("127.0.0.1", port)) as idle:
            idle.sendall(b"GET /connexion HTTP/1.1\r\nHost: 127.0.0.1")
            stop(process)
        said = voice(process).read()
    lines = [json.loads(line) for line in said.splitlines()]
    requests = [line for line in lines if line["event"] == "request"]
    assert {"/sante/pret", "/connexion"} <= {line["path"] for line in requests}
    assert all(line["request_id"] for line in requests)
    assert "Sesame" not in said


@pytest.mark.postgres
@pytest.mark.redis
def test_two_processes_serve_one_address(bare_postgres: Settings, redis_url: str, tmp_path: Path, port: int) -> None:
    """Each answers, and both stop with their parent."""
    url = f"http://127.0.0.1:{port}"
    settings = {
        "BASE_URL": url,
        "DATABASE_URL": bare_postgres.database_url,
        "REDIS_URL": redis_url,
        "WORKER": "apart",
        "LOG_FORMAT": "json",
    }
    assert entente(tmp_path, "migrate", **settings).returncode == 0
    with running(tmp_path, "serve", "--port", str(port), "--workers", "2", **settings) as process:
        wait_until_ready(url)
        children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
        assert len(children) >= 2
        assert get(f"{url}/connexion")[0] == 200
        stop(process)
    end = time.monotonic() + 30
    while left := [child for child in children if Path(f"/proc/{child}").exists()]:
        assert time.monotonic() < end, left
        time.sleep(0.1)


def test_a_worker_apart_does_what_was_left_and_stops(tmp_path: Path) -> None:
    """A mail without a server to send it is tried, and told by the doctor; SIGTERM ends the worker."""
    entente(tmp_path, "migrate")
    (tmp_path / "o.json").write_text(json.dumps([{"kind": "commune", "name": "Brioude"}]))
    entente(tmp_path, "organisations", "import", "o.json")
    entente(tmp_path, "people", "invite", "awa@brioude.example", "Awa", "Diallo", "--organisation", "Brioude")
    with running(tmp_path, "worker", LOG_FORMAT="json") as process:
        said = read_until(process, "task_failed")
        stop(process)
    assert "NoMailServer" in said
    healed = entente(tmp_path, "doctor")
    assert healed.returncode == 1
    assert "1 tâche à refaire après un échec" in healed.stdout.replace("\u00a0", " ")
    assert "✗ Serveur de messagerie" in healed.stdout
    assert "✓ Journal" in healed.stdout
