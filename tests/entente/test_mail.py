"""Mails that leave the house, through a real server."""

import socket
from collections.abc import AsyncIterator
from contextlib import ExitStack
from email import message_from_bytes
from email.message import Message
from email.policy import default
from pathlib import Path
from typing import Any

import pytest
import structlog
from aiosmtpd.controller import Controller
from sqlmodel import col, select

from breaking import certificate, postman, shown
from entente import mail, outbox
from entente.app import worker_of
from entente.settings import Settings
from world import World, build_world


class Postman:
    """A mail server that keeps what it accepts, and may refuse."""

    def __init__(self) -> None:
        self.letters: list[Message] = []
        self.refuses = 0

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:
        if self.refuses:
            self.refuses -= 1
            return "451 Plus tard"
        self.letters.append(message_from_bytes(envelope.content, policy=default))
        return "250 Reçu"


@pytest.fixture
async def posted(settings: Settings) -> AsyncIterator[tuple[World, Postman]]:
    """A world whose mails go to a postman."""
    postman = Postman()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    controller = Controller(postman, hostname="127.0.0.1", port=port)
    controller.start()
    world = await build_world(settings.model_copy(update={"smtp_url": f"smtp://127.0.0.1:{port}"}))
    yield world, postman
    await world.house.database.close()
    controller.stop()


async def test_a_mail_leaves_after_the_change_that_causes_it(posted: tuple[World, Postman]) -> None:
    """Awa is written to once the change is saved; its accents, sender and name are right."""
    world, postman = posted
    async with world.working(world.awa) as work:
        mail.post(work, "awa@aubrac.example", "Réunion déplacée", "À 14 h 30, salle des fêtes.\n")

    await worker_of(world.house).work_once()

    [letter] = postman.letters
    assert letter["Subject"] == "Réunion déplacée"
    assert letter["To"] == "awa@aubrac.example"
    assert letter["Message-ID"].endswith("@entente.test>")
    assert letter["Auto-Submitted"] == "auto-generated"
    assert "salle des fêtes" in letter.get_content()  # type: ignore[attr-defined]


async def test_a_change_that_fails_sends_nothing(posted: tuple[World, Postman]) -> None:
    """The mail was in the same transaction."""
    world, postman = posted

    async def write_and_fail() -> None:
        async with world.working(world.awa) as work:
            mail.post(work, "awa@aubrac.example", "Réunion", "…")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        await write_and_fail()

    assert await worker_of(world.house).work_once() == 0
    assert postman.letters == []


async def test_a_server_that_refuses_is_asked_again_with_the_same_letter(posted: tuple[World, Postman]) -> None:
    """The second try bears the same Message-ID: whoever receives both knows they are one."""
    world, postman = posted
    postman.refuses = 1
    async with world.working(world.awa) as work:
        mail.post(work, "awa@aubrac.example", "Réunion", "…")
    worker = worker_of(world.house)
    await worker.work_once()
    assert postman.letters == []
    task = await _only_task(world)
    assert "451" in task.error

    async with world.house.database.writing() as db:
        (await db.get_one(outbox.Task, task.id)).due_at = task.due_at.replace(year=2020)
    await worker.work_once()

    [letter] = postman.letters
    assert letter["Message-ID"] == f"<{task.payload['id']}@entente.test>"
    assert (await _only_task(world)).done_at is not None


@pytest.mark.parametrize("hostile", ["Réunion\r\nBcc: tous@brioude.example", "Réunion\nX-Mal: oui", "Réunion\0"])
async def test_a_line_break_cannot_add_a_header(posted: tuple[World, Postman], hostile: str) -> None:
    """Whatever a title holds, it stays one subject."""
    world, postman = posted
    async with world.working(world.awa) as work:
        mail.post(work, "awa@aubrac.example", hostile, "…")

    await worker_of(world.house).work_once()

    [letter] = postman.letters
    assert letter["Subject"].startswith("Réunion")
    assert letter["Bcc"] is None
    assert letter["X-Mal"] is None


async def test_a_postbox_without_a_server_keeps_the_mail_waiting(world: World) -> None:
    """Nothing is lost before the operator names a mail server."""
    async with world.working(world.awa) as work:
        mail.post(work, "awa@aubrac.example", "Réunion", "…")

    await worker_of(world.house).work_once()

    task = await _only_task(world)
    assert task.done_at is None
    assert "ENTENTE_SMTP_URL" in task.error


async def _only_task(world: World) -> outbox.Task:
    async with world.reading() as db:
        return (await db.exec(select(outbox.Task).where(col(outbox.Task.kind) == mail.MAIL))).one()


@pytest.mark.parametrize(
    ("refuses", "words"),
    [
        ("connection", "connexion refusée"),
        ("password", "identifiants refusés (535)"),
        ("recipient", "destinataire refusé (550)"),
        ("certificate", "certificat expiré"),
    ],
)
async def test_a_refused_mail_waits_and_its_reason_is_read_in_french(
    world: World,
    refuses: str,
    words: str,
    tmp_path: Path,
    unused_tcp_port: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Nothing is lost: Inès reads why in the administration, the log says it too, and one try later it is gone."""
    async with world.working(world.awa) as work:
        mail.post(work, "awa@aubrac.example", "Réunion", "…")
    with ExitStack() as open_:
        address = f"smtp://127.0.0.1:{unused_tcp_port}"
        if refuses == "certificate":
            file = certificate(tmp_path)
            monkeypatch.setenv("SSL_CERT_FILE", str(file))
            address = open_.enter_context(postman(unused_tcp_port, context=shown(file)))
        elif refuses != "connection":
            address = open_.enter_context(postman(unused_tcp_port, refuses))
        world.house.settings = world.house.settings.model_copy(update={"smtp_url": address})
        with structlog.testing.capture_logs() as said:
            await worker_of(world.house).work_once()

    task = await _only_task(world)
    assert (task.done_at, task.given_up_at, task.tries) == (None, None, 1)
    assert task.payload["subject"] == "Réunion"
    assert [line["reason"] for line in said if line["event"] == "task_failed"] == [words]
    async with world.browser(world.ines) as browser:
        page = (await browser.get("/administration/courrier", params={"etat": "en-echec"})).text
    assert words in page

    with postman(unused_tcp_port) as address:
        world.house.settings = world.house.settings.model_copy(update={"smtp_url": address})
        async with world.house.database.writing() as db:
            (await db.get_one(outbox.Task, task.id)).due_at = task.due_at.replace(year=2020)
        await worker_of(world.house).work_once()
    assert (await _only_task(world)).done_at is not None
