"""What the house writes about itself holds nothing that opens a door."""

import io
import logging
from collections.abc import Iterator

import pytest
import structlog
from security.estate import Estate
from sqlalchemy import text, update
from sqlalchemy.exc import DBAPIError
from sqlmodel import col, select
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from entente import logs
from entente.account import passwords
from entente.app import create_app, worker_of
from entente.outbox import Task
from entente.people.models import Person
from entente.room import Room
from entente.web import forms
from world import World

PASSWORD = "les vaches rentrent tard"


@pytest.fixture(params=["text", "json"])
def written(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[io.StringIO]:
    """Everything that is logged, at its most talkative."""
    page = io.StringIO()
    root, before = logging.getLogger(), logging.getLogger().handlers[:]
    level, configured = root.level, structlog.get_config()
    # The browser of the tests keeps a diary of its own.
    monkeypatch.setattr(logging.getLogger("httpx"), "disabled", True)
    monkeypatch.setattr("sys.stderr", page)
    logs.configure(request.param, logging.DEBUG)
    yield page
    root.handlers[:] = before
    root.setLevel(level)
    structlog.configure(**configured)


async def test_signing_in_leaves_no_secret_behind(estate: Estate, written: io.StringIO) -> None:
    """Awa signs in by link and by password, mistypes both, writes, and breaks a page: no secret is in the log."""
    world = estate.world
    hash_ = await passwords.hashed(PASSWORD)
    async with world.house.database.writing() as db:
        await db.execute(update(Person).where(col(Person.id) == world.awa.id).values(password_hash=hash_))
    cookies = []
    async with world.browser() as browser:
        await browser.post("/connexion", data={"email": "awa@aubrac.example"})
        await worker_of(world.house).work_once()
        by_link = await browser.post(f"/connexion/lien/{estate.things['link']}", params={"next": "/?jeton=abracadabra"})
        cookies.append(by_link.cookies["entente"])
        await browser.get("/", params={"token": "abracadabra"})
        await browser.get(f"/connexion/lien/{estate.things['link']}")
        await browser.get(f"/invitation/{estate.things['invitation']}/")
        await browser.get(f"/connexion/lien/adresse/{estate.things['new address']}")
        await browser.post(f"/forums/fils/{world.snow.id}/messages", data={"body": "Un mot de plus."})
    async with world.browser() as browser:
        await browser.post(
            "/connexion/mot-de-passe", data={"login": "awa@aubrac.example", "password": "faux-" + PASSWORD}
        )
        by_password = await browser.post(
            "/connexion/mot-de-passe", data={"login": "awa@aubrac.example", "password": PASSWORD}
        )
        cookies.append(by_password.cookies["entente"])
    async with world.reading() as db:
        letters = [task.payload["body"] for task in await db.exec(select(Task)) if task.kind == "mail"]
    said = written.getvalue()

    assert "/connexion/mot-de-passe" in said
    assert letters
    secret = [
        PASSWORD,
        hash_,
        *cookies,
        estate.things["link"],
        estate.things["invitation"],
        estate.things["new address"],
    ]
    secret += ["abracadabra", "Un mot de plus."]
    secret += [line for letter in letters for line in letter.split("\n") if len(line) > 20]
    assert [word for word in secret if word in said] == []


async def test_a_failure_leaves_no_secret_behind(estate: Estate, written: io.StringIO) -> None:
    """A page breaks while it holds a password: the trace that is logged names the place, never the password."""

    async def broken(request: Request) -> Response:
        fields = await forms.typed_fields(request)
        raise RuntimeError(f"{len(fields)} fields")

    world = estate.world
    world.app = create_app(world.house, [Room("broken", routes=[Route("/casse", broken, methods=["POST"])])])
    cookie = await world.cookie(world.awa)
    async with world.browser(world.awa) as browser:
        browser.cookies.set("entente", cookie["entente"])
        answer = await browser.post("/casse", data={"password": PASSWORD, "body": "Un mot de plus."})
    said = written.getvalue()

    assert (answer.status_code, "2 fields" in said) == (500, True)
    assert [word for word in (PASSWORD, cookie["entente"], "Un mot de plus.") if word in said] == []


@pytest.mark.parametrize("statement", ["INSERT INTO nowhere (body) VALUES (:body)", "SELECT :body FROM nowhere"])
async def test_an_error_of_the_database_repeats_nothing(world: World, written: io.StringIO, statement: str) -> None:
    """A statement fails while it carries what someone wrote: neither the error nor its trace holds a word of it."""
    typed = "-".join(["un", "mot", "de", "plus"])  # in one piece nowhere: a trace quotes the lines of this file

    async def fail() -> None:
        async with world.house.database.writing() as db:
            await db.execute(text(statement), {"body": typed})

    with pytest.raises(DBAPIError) as failed:
        await fail()
    structlog.get_logger().error("unforeseen", error=repr(failed.value), exc_info=failed.value)
    said = written.getvalue()
    assert "nowhere" in said
    assert typed not in said + str(failed.value)
