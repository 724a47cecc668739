"""The installation guide, followed to the letter on an empty machine by someone without privileges."""

import os
import re
import shutil
import socket
import subprocess
import tempfile
import tomllib
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.handlers import Sink
from prometheus_client.parser import text_string_to_metric_families

from conftest import POSTGRES, missing
from deploy.guide import TREE, sections
from deploy.systemless import NOT_HERE, Machine, give, lend_cache

VERSION = tomllib.loads((TREE / "pyproject.toml").read_text())["project"]["version"]
SITE = "entente.example"
GIT = ("git", "-c", f"safe.directory={TREE}")
"""Whoever owns the tree."""
PASSWORD = "quatre mots bien choisis"
FOLLOWED = {
    "1. Poser l’arborescence",
    "2. Le compte, les dossiers, les réglages",
    "3. La base (grande variante seulement)",
    "4. Créer la base et inviter la première personne",
    "5. Démarrer",
    "Sauvegarder et restaurer",
    "Restaurer",
    "Une fois la restauration vérifiée",
    "Mettre à jour",
    "Revenir en arrière",
    "Surveiller",
}


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    """A place that another account may enter; pytest's own is closed to it."""
    with tempfile.TemporaryDirectory(prefix="entente-guide-", ignore_cleanup_errors=True) as place:
        os.chmod(place, 0o755)
        yield Path(place)


@pytest.fixture(scope="module")
def mail_server() -> Iterator[str]:
    """A server that takes every mail."""
    port = free_port()
    controller = Controller(Sink(), hostname="127.0.0.1", port=port)
    controller.start()
    yield f"smtp://127.0.0.1:{port}"
    controller.stop()


@pytest.fixture(scope="module")
def archive(folder: Path) -> Path:
    """What is published: the tree as git knows it, today's changes included."""
    for needed in ("git", "make", "curl"):
        if shutil.which(needed) is None:
            missing(f"{needed} is not installed")
    said = subprocess.run([*GIT, "stash", "create"], cwd=TREE, capture_output=True, text=True, check=False)
    if said.returncode:
        missing("the guide starts from an archive of the tree, which only git can make")
    file = folder / "entente.tar.gz"
    today = said.stdout.strip() or "HEAD"
    subprocess.run([*GIT, "archive", "--prefix=entente/", "-o", file, today], cwd=TREE, check=True)
    return file


def machine(root: Path, archive: Path, variant: str, port: int, mail: str, *services: str) -> Machine:
    """An empty machine with two archives, as they were received: today's, and the one to come."""
    root.mkdir()
    made = Machine(root, variant, port, {"SMTP_URL": mail, "DATA_DIR": f"{root}/var/lib/entente"}, *services)
    for version in (VERSION, "0.6.1"):
        shutil.copy(archive, root / "home" / f"entente-{version}.tar.gz")
    if made.account is not None:
        give(root / "home", made.account)
    return made


@pytest.fixture(scope="module")
def installed(folder: Path, archive: Path, mail_server: str) -> Iterator[Machine]:
    """The small variant, up to the end of the first chapter."""
    small = machine(folder / "small", archive, "petite", free_port(), mail_server)
    lend_cache(small.root, small.account)
    small.follow("1. Poser l’arborescence")
    yield small
    small.switch_off()


def free_port() -> int:
    """A port that nobody listens to."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def browser(machine: Machine) -> httpx.Client:
    """A person's browser, as the reverse proxy lets it in."""
    return httpx.Client(
        base_url=f"http://127.0.0.1:{machine.port}",
        headers={
            "Host": SITE,
            "Origin": f"https://{SITE}",
            "X-Forwarded-Proto": "https",
            "X-Forwarded-For": "203.0.113.7",
        },
        timeout=60,
    )


def arrive(machine: Machine, said: str) -> None:
    """Inès opens the link that the guide's command has shown, and is the administrator."""
    found = re.search(rf"https://{SITE}(/invitation/\S+)", said)
    assert found is not None, said
    with browser(machine) as ines:
        assert "Inès" in ines.get(found[1]).text
        name = {"given_name": "Inès", "family_name": "Vidal", "new_password": PASSWORD}
        assert (ines.post(found[1], data=name)).status_code == 303
    assert "Administration" in home_of_ines(machine)


def home_of_ines(machine: Machine) -> str:
    """Her page once she has signed in; the cookie is for https, which the proxy would speak."""
    with browser(machine) as ines:
        login = {"login": "ines.vidal@valfleury.example", "password": PASSWORD}
        answer = ines.post("/connexion/mot-de-passe", data=login)
        assert answer.status_code == 303, answer.text
        cookie = answer.headers["set-cookie"].partition(";")[0]
        assert "secure" in answer.headers["set-cookie"].lower()
        page = ines.get("/", headers={"Cookie": cookie})
    assert page.status_code == 200, page.text
    return page.text


def settle(machine: Machine) -> None:
    """From an installed tree to an open house."""
    machine.follow("2. Le compte, les dossiers, les réglages")
    machine.follow("3. La base (grande variante seulement)")
    said = machine.follow("4. Créer la base et inviter la première personne")
    assert "Organisations ajoutées" in said
    assert {line for line in said.splitlines() if line.startswith("✗")} <= {
        line for line in said.splitlines() if SITE in line
    }, said
    assert "prêt" in machine.follow("5. Démarrer"), machine.logs()
    arrive(machine, said)


def find_again(machine: Machine) -> None:
    """Everything is set aside, and found again in the last backup."""
    assert "prêt" in machine.follow("Restaurer")
    assert "Administration" in home_of_ines(machine)
    machine.follow("Une fois la restauration vérifiée")


def test_every_command_of_the_guide_is_followed() -> None:
    """A new chapter is followed here too, or says why not; and the guide installs today's version."""
    known = sections()

    assert {each.heading for each in known.values() if each.blocks} == FOLLOWED | set(NOT_HERE)
    assert f"version={VERSION}\n" in known["1. Poser l’arborescence"].commands("petite")


def test_the_small_house_is_installed_saved_found_again_and_brought_up_to_date(installed: Machine) -> None:
    """SQLite, one process: an invitation is accepted, a backup restored, a version put beside, and left again."""
    settle(installed)
    assert ".tar.gz" in installed.follow("Sauvegarder et restaurer")

    assert "prêt" in installed.follow("Mettre à jour")
    assert os.readlink(installed.root / "opt/entente") == "entente-0.6.1"
    assert "Administration" in home_of_ines(installed)
    installed.follow("Revenir en arrière")
    assert os.readlink(installed.root / "opt/entente") == f"entente-{VERSION}"
    find_again(installed)


@pytest.mark.postgres
@pytest.mark.redis
def test_the_large_house_serves_in_several_processes(
    installed: Machine, folder: Path, archive: Path, mail_server: str, redis_url: str
) -> None:
    """PostgreSQL, Redis, two processes and a worker: the same guide, and figures that count both processes."""
    if shutil.which("createuser") is None:
        missing("createuser, of PostgreSQL's client, is not installed")
    large = machine(folder / "large", archive, "grande", free_port(), mail_server, POSTGRES, redis_url)
    shutil.rmtree(large.root / "opt")
    (large.root / "opt").symlink_to(installed.root / "opt")
    try:
        settle(large)
        with browser(large) as visitor:
            for _ in range(20):
                assert visitor.get("/connexion").status_code == 200
        counts = [answered(large.follow("Surveiller")) for _ in range(5)]
        assert counts == sorted(counts)
        assert counts[0] > 20
        assert ".tar.gz" in large.follow("Sauvegarder et restaurer")
        find_again(large)
    finally:
        large.switch_off()


def answered(told: str) -> float:
    """How many requests all processes have answered."""
    return sum(
        sample.value
        for family in text_string_to_metric_families(told)
        for sample in family.samples
        if sample.name == "entente_http_requests_total"
    )
