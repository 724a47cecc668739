"""Who reads what, on every surface: anything of a closed forum that reaches someone else fails here."""

import re
from datetime import timedelta

import pytest
from security.estate import LOST_WORDS, SECRET_WORDS, Estate
from security.surfaces import PEOPLE, SURFACES, Audience, Surface, doors
from sqlalchemy import update
from sqlmodel import select

from entente.app import worker_of
from entente.clock import now
from entente.notices import rounds
from entente.notices.models import Notice
from entente.outbox import Task
from entente.people.models import Person

STRANGERS = [person for person in PEOPLE if person != "awa"]


def test_every_door_of_the_house_is_on_the_list(estate: Estate) -> None:
    """A room opens a new door; it is on the list of surfaces, or this test says its name."""
    assert doors(estate.world.app) == {surface.door for surface in SURFACES}


async def test_whoever_may_read_finds_it(estate: Estate) -> None:
    """Awa sits in the CoPil: each surface shows her what it has to show; elsewhere, its absence means something."""
    async with estate.world.browser(estate.world.awa) as browser:
        for surface in SURFACES:
            if surface.audience is Audience.KEEPERS or surface.ends_session:
                continue
            answer = await surface.knock(browser, estate)
            expected = surface.is_open_to("awa")
            assert (answer.status_code != 404) == expected, f"{surface.door}: {answer.status_code}"
            assert answer.status_code < 500, f"{surface.door}: {answer.text}"
            assert {word for word in surface.shows if word not in answer.text} == set(), surface.door


@pytest.mark.parametrize("person", STRANGERS)
async def test_nobody_else_finds_any_of_it(estate: Estate, person: str) -> None:
    """Someone who does not sit in the CoPil opens every page and asks every question of the house."""
    before = await estate.bodies()
    leaks = [leak for is_htmx in (False, True) async for leak in _leaks(estate, person, is_htmx)]
    assert not leaks, "\n".join(leaks)
    assert await estate.bodies() == before


async def _leaks(estate: Estate, person: str, is_htmx: bool):  # type: ignore[no-untyped-def]
    async with estate.world.browser(estate.someone(person), htmx=is_htmx) as browser:
        for surface in SURFACES:
            if surface.ends_session:
                continue
            answer = await surface.knock(browser, estate)
            heard, said = f"{answer.text} {answer.headers}", surface.said(estate)
            for word in (*surface.hidden_from(person), *LOST_WORDS.values(), *_ids(estate, surface)):
                if word in heard and word not in said:
                    yield f"{surface.door} tells {person} « {word} »"
            if not surface.is_open_to(person) and not _is_shut(answer.status_code, person):
                yield f"{surface.door} answers {answer.status_code} to {person}"


def _is_shut(status: int, person: str) -> bool:
    return status in (303, 401, 404) if person == "anonymous" else status == 404


def _ids(estate: Estate, surface: Surface) -> list[str]:
    """Names of secret things; the audit names what was done by its id, to administrators alone."""
    names = ("thread", "post", "answer", "denise’s post", "deleted thread")
    return [] if surface.route.startswith("/administration/audit") else [estate.things[name] for name in names]


@pytest.mark.parametrize("person", ["bruno", "gone"])
async def test_counters_do_not_count_what_is_hidden(estate: Estate, person: str) -> None:
    """The closed forum gets ten answers; the first page and the forums of someone else do not move."""
    who = estate.world.people[person]
    async with estate.world.browser(who) as browser:
        before = [_still((await browser.get(page)).text) for page in ("/", "/forums")]
        for number in range(10):
            await estate.world.post(estate.world.awa, estate.thread, f"Réponse {number}")
        after = [_still((await browser.get(page)).text) for page in ("/", "/forums")]
    assert after == before


def _still(page: str) -> str:
    """A page without its nonces and its clocks."""
    return re.sub(r'nonce="[^"]*"|<time.*?</time>', "", page)


async def test_mails_say_nothing_of_what_their_reader_may_not_see(estate: Estate) -> None:
    """Awa writes in the closed forum; whatever mail leaves, none but hers and Quitterie's holds its words."""
    await estate.world.post(estate.world.awa, estate.thread, SECRET_WORDS["answer"])
    async with estate.world.house.database.writing() as db:
        # Long enough ago for the postman to come by: everybody was told of an answer that few may read.
        await db.execute(update(Notice).values(at=now() - timedelta(minutes=10), mailed_at=None))
        await db.execute(update(Person).values(notifications={"quiet": [0, 0]}))
    async with estate.world.working(None) as work:
        rounds.call(work, now() - timedelta(minutes=10))
    await _settle(estate)
    async with estate.world.reading() as db:
        mails = [task.payload for task in await db.exec(select(Task)) if task.kind == "mail"]
    assert mails
    members = ("awa@", "quitterie@")
    others = " ".join(str(mail) for mail in mails if not mail["to"].startswith(members))
    assert [word for word in (*SECRET_WORDS.values(), *LOST_WORDS.values()) if word in others] == []
    assert any(SECRET_WORDS["answer"] in mail["body"] for mail in mails if mail["to"].startswith("awa@"))
    async with estate.world.browser(estate.world.ines) as browser:
        listed = (await browser.get("/administration/courrier", params={"etat": "en-echec"})).text
    assert "Nouvelles" in listed
    assert SECRET_WORDS["title"] not in listed


async def _settle(estate: Estate) -> None:
    worker = worker_of(estate.world.house)
    while await worker.work_once():
        pass
