"""The page by which an administrator has someone forgotten, and the command that does the same."""

import asyncio
from typing import Any

import pytest
from sqlalchemy import update
from sqlmodel import col, select
from typer.testing import CliRunner

from entente.administration.persons import service
from entente.administration.persons.rules import NOT_FORGET_YOURSELF
from entente.cli import app
from entente.commands import people
from entente.db import Database
from entente.forgetting.service import ALREADY, CLOSE_FIRST
from entente.people.models import AuditEntry, Person, PersonStatus
from entente.people.who import Who
from entente.rules import Conflict
from forums.models import Post
from world import World

PEOPLE = "/administration/personnes"
AGREED = {"agreed": "1", "also": ""}


async def suspended(world: World, who: Who) -> str:
    """Someone whose account is closed; gives the address of the page that forgets them."""
    async with world.working(world.ines) as work:
        await service.suspend(work, who.id)
    return f"{PEOPLE}/{who.id}/anonymisation"


async def test_someone_is_forgotten_by_a_form_that_says_what_will_happen(world: World) -> None:
    """From Bruno's sheet to the page, with a box to tick; then he is in no list, and his sheet says since when."""
    address = await suspended(world, world.bruno)
    async with world.browser(world.ines) as browser:
        sheet = await browser.get(f"{PEOPLE}/{world.bruno.id}")
        page = await browser.get(address)
        unticked = await browser.post(address, data={"also": "06 12 34 56 78"})
        done = await browser.post(address, data=AGREED)
        listed = await browser.get(PEOPLE)
        after = await browser.get(f"{PEOPLE}/{world.bruno.id}")
        audit = await browser.get("/administration/audit")
    assert f'href="{address}"' in sheet.text
    assert all(words in page.text for words in ("Cela ne s’annule pas", "people export", "Anonymiser définitivement"))
    assert unticked.status_code == 422
    assert all(words in unticked.text for words in ("Cochez cette case", "06 12 34 56 78"))
    assert (done.status_code, done.headers["location"]) == (303, PEOPLE)
    assert "Chassagne" not in listed.text + after.text + audit.text
    assert "a anonymisé" in audit.text
    assert "Cette personne a été anonymisée le" in after.text
    assert address not in after.text


async def test_words_that_are_added_go_too(world: World) -> None:
    """A telephone number and a nickname, one on each line, in what Awa wrote."""
    said = await world.post(world.awa, world.snow, "Appelez Nono au 06.12.34.56.78.")
    address = await suspended(world, world.bruno)
    async with world.browser(world.ines) as browser:
        short = await browser.post(address, data={**AGREED, "also": "No"})
        done = await browser.post(address, data={**AGREED, "also": "Nono\r\n06 12 34 56 78"})
    assert (short.status_code, "trop court" in short.text, done.status_code) == (422, True, 303)
    async with world.reading() as db:
        found = await db.get_one(Post, said.id)
        entry = (await db.exec(select(AuditEntry).where(col(AuditEntry.act) == "person.forgotten"))).one()
    assert found.body == "Appelez (effacé) au (effacé)."
    assert entry.detail == {}


async def test_what_holds_it_up_is_said_instead_of_the_form(world: World) -> None:
    """Awa's account is open and she sits in the CoPil: no button, and a form that was sent all the same is refused."""
    address = f"{PEOPLE}/{world.awa.id}/anonymisation"
    async with world.browser(world.ines) as browser:
        sheet, page = await browser.get(f"{PEOPLE}/{world.awa.id}"), await browser.get(address)
        sent = await browser.post(address, data=AGREED)
        hers = await browser.get(f"{PEOPLE}/{world.ines.id}/anonymisation")
        oneself = await browser.post(f"{PEOPLE}/{world.ines.id}/anonymisation", data=AGREED)
    assert "anonymisation" not in sheet.text
    assert all(words in page.text for words in (CLOSE_FIRST, "Comité de pilotage"))
    assert "Anonymiser définitivement" not in page.text
    assert (sent.status_code, CLOSE_FIRST in sent.text) == (409, True)
    assert (NOT_FORGET_YOURSELF in hers.text, oneself.status_code) == (True, 403)
    async with world.reading() as db:
        assert (await db.get_one(Person, world.awa.id)).name == "Awa Diallo"


async def test_nobody_comes_back(world: World) -> None:
    """Once forgotten, an account is neither reopened, nor corrected, nor given a function, nor forgotten again."""
    address = await suspended(world, world.bruno)
    form = {"organisation_id": str(world.aubrac.id), "kind": "agent", "since": "2026-01-01"}
    async with world.browser(world.ines) as browser:
        await browser.post(address, data=AGREED)
        answers = [
            await browser.post(f"{PEOPLE}/{world.bruno.id}/reouverture"),
            await browser.post(f"{PEOPLE}/{world.bruno.id}/fonctions", data=form),
            await browser.post(address, data=AGREED),
        ]
    assert [answer.status_code for answer in answers] == [409, 409, 409]
    assert all(ALREADY in answer.text for answer in answers)


async def test_members_find_no_such_page(world: World) -> None:
    """Awa keeps nothing: for her the door is not there, while Inès opens it."""
    address = await suspended(world, world.bruno)
    async with world.browser(world.awa) as browser, world.browser(world.ines) as hers:
        answers = [await browser.get(address), await browser.post(address, data=AGREED), await hers.get(address)]
    assert [answer.status_code for answer in answers] == [404, 404, 200]


def test_someone_is_forgotten_by_a_command(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not while the account is open; asked first, unless told not to ask; and it says what was done."""
    monkeypatch.setattr(people, "settled", lambda: world.house.settings)
    asked = ["people", "anonymise", "bruno@brioude.example", "--also", "06 12 34 56 78"]
    opened = CliRunner().invoke(app, [*asked, "--yes"])
    asyncio.run(_close(world))
    kept = CliRunner().invoke(app, asked, input="non\n")
    before = asyncio.run(_name(world))
    done = CliRunner().invoke(app, asked, input="Oui\n")
    again = CliRunner().invoke(app, ["people", "anonymise", str(world.bruno.id), "--yes"])
    assert isinstance(opened.exception, Conflict)
    assert CLOSE_FIRST in opened.exception.reason
    assert isinstance(kept.exception, Conflict)
    assert kept.exception.reason == "Rien n’a été fait."
    assert "people export bruno@brioude.example" in kept.output
    assert before == "Bruno Chassagne"
    assert (done.exit_code, "C’est fait" in done.output) == (0, True)
    assert asyncio.run(_name(world)) == "Personne partie"
    assert f"people anonymise {world.bruno.id}" in done.output
    assert isinstance(again.exception, Conflict)
    assert again.exception.reason == ALREADY


async def _close(world: World) -> None:
    database = Database(world.house.settings)
    async with database.writing() as db:
        closed: Any = update(Person).where(col(Person.id) == world.bruno.id)
        await db.execute(closed.values(status=PersonStatus.SUSPENDED))
    await database.close()


async def _name(world: World) -> str:
    database = Database(world.house.settings)
    async with database.reading() as db:
        name = (await db.get_one(Person, world.bruno.id)).name
    await database.close()
    return name
