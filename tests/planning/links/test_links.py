"""Answering from a mail: reading the link does nothing, a button answers once, and for nobody else."""

import re
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import update
from sqlmodel import col

from entente.clock import now, today
from entente.db import rows
from entente.people.models import Seat
from planning import service as meetings
from planning.links import service
from planning.models import Answer, AnswerLink, BodyRule, Channel, Meeting, Stance, State
from planning.notice import service as notice
from planning_world import Council


@pytest.fixture
async def link(council: Council) -> tuple[Meeting, str]:
    """Farid's link to a meeting that is convened, in a body that allows pouvoirs."""
    world = council.world
    made = await council.meet()
    async with world.house.database.writing() as db:
        db.add(BodyRule(body_id=world.copil.id, since=today(), days=0, urgency_days=0))
    async with world.working(world.camille) as work:
        row = await work.db.get_one(Meeting, made.id)
        await notice.convene(work, row, row.version)
        address = service.make(work, "", row, council.seats["farid"].id, world.farid.id)
    return made, address


async def answers(council: Council) -> list[Any]:
    """What was answered, and how."""
    async with council.world.reading() as db:
        return list((await db.execute(rows(Answer.seat_id, Answer.stance, Answer.channel, Answer.bearer_id))).all())


async def test_reading_a_link_does_nothing_and_its_button_answers(council: Council, link: tuple[Meeting, str]) -> None:
    """A scanner reads it thrice; Farid, not signed in, then says that he comes: kept, with its channel."""
    _, address = link
    async with council.world.browser() as browser:
        pages = [await browser.get(address) for _ in range(2)] + [await browser.head(address)]
        assert await answers(council) == []
        done = await browser.post(address, data={"stance": "present"})
        after = await browser.get(address)

    assert [each.status_code for each in pages] == [200, 200, 200]
    assert pages[0].text.count('method="post"') == 3
    assert "Farid Benali, que répondez-vous" in pages[0].text
    assert pages[0].headers["referrer-policy"] == "no-referrer"
    assert pages[0].headers["x-robots-tag"] == "noindex"
    assert (done.status_code, done.headers["location"]) == (303, address)
    assert [tuple(each) for each in await answers(council)] == [
        (council.seats["farid"].id, Stance.PRESENT, Channel.LINK, None)
    ]
    assert "Votre réponse est enregistrée" in after.text
    assert "<b>présence</b>" in after.text


async def test_a_link_serves_once_and_says_what_is_recorded(council: Council, link: tuple[Meeting, str]) -> None:
    """A second answer is refused with what was kept and how to change it; the first one stands."""
    _, address = link
    async with council.world.browser() as browser:
        await browser.post(address, data={"stance": "excused"})
        again = await browser.post(address, data={"stance": "present"})

    assert again.status_code == 409
    assert "ne sert qu’une fois" in again.text
    assert "<b>absence excusée</b>" in again.text
    assert "appelez le secrétariat" in again.text
    assert [each.stance for each in await answers(council)] == [Stance.EXCUSED]


async def test_a_pouvoir_is_given_by_link_and_a_wrong_one_leaves_the_link_whole(
    council: Council, link: tuple[Meeting, str]
) -> None:
    """To oneself or to nobody: 422 and nothing kept; then to Awa: kept."""
    _, address = link
    seats = council.seats
    async with council.world.browser() as browser:
        refused = [
            await browser.post(address, data={"stance": "represented", "bearer": bearer})
            for bearer in (str(seats["farid"].id), "", str(seats["camille"].id), "awa")
        ]
        unknown = await browser.post(address, data={"stance": "maybe"})
        done = await browser.post(address, data={"stance": "represented", "bearer": str(seats["awa"].id)})

    assert [each.status_code for each in [*refused, unknown]] == [422] * 5
    assert "Choisissez" in refused[1].text
    assert done.status_code == 303
    assert [(each.stance, each.bearer_id) for each in await answers(council)] == [(Stance.REPRESENTED, seats["awa"].id)]


async def test_a_link_that_was_forwarded_is_refused(council: Council, link: tuple[Meeting, str]) -> None:
    """Eva, signed in, opens Farid's: refused, and told why; Farid himself, signed in, may use it."""
    _, address = link
    async with council.world.browser(council.world.eva) as browser:
        seen, sent = await browser.get(address), await browser.post(address, data={"stance": "present"})
    async with council.world.browser(council.world.farid) as browser:
        own = await browser.get(address)

    assert (seen.status_code, sent.status_code, own.status_code) == (403, 403, 200)
    assert "Ce lien n’est pas le vôtre" in seen.text
    assert "Macro" not in own.text
    assert "CoPil" not in seen.text
    assert await answers(council) == []


@pytest.mark.parametrize(
    ("what", "title"),
    [
        ("cancelled", "Cette réunion est annulée"),
        ("left", "Ce siège n’est plus le vôtre"),
        ("begun", "Les réponses sont closes"),
        ("expired", "Ce lien ne sert plus"),
        ("suspended", "Ce siège n’est plus le vôtre"),
    ],
)
async def test_a_link_that_is_over_says_why(council: Council, link: tuple[Meeting, str], what: str, title: str) -> None:
    """Called off, the seat left, the meeting begun, its date changed, the account closed: 410, and nothing kept."""
    _, address = link
    async with council.world.house.database.writing() as db:
        match what:
            case "cancelled":
                await db.execute(update(Meeting).values(state=State.CANCELLED))
            case "left":
                ended = update(Seat).where(col(Seat.id) == council.seats["farid"].id)
                await db.execute(ended.values(until=today()))
            case "begun":
                await db.execute(update(Meeting).values(starts_at=now() - timedelta(minutes=1)))
            case "expired":
                await db.execute(update(AnswerLink).values(expires_at=now()))
            case "suspended":
                from entente.people.models import Person, PersonStatus

                person = update(Person).where(col(Person.id) == council.world.farid.id)
                await db.execute(person.values(status=PersonStatus.SUSPENDED))
    async with council.world.browser() as browser:
        seen, sent = await browser.get(address), await browser.post(address, data={"stance": "present"})

    assert (seen.status_code, sent.status_code) == (410, 410)
    assert title in seen.text
    assert await answers(council) == []


async def test_a_link_that_never_was_opens_nothing_and_none_is_kept_in_clear(
    council: Council, link: tuple[Meeting, str]
) -> None:
    """410; the database holds a hash of 256 bits, and expires with the meeting."""
    made, address = link
    async with council.world.browser() as browser:
        assert (await browser.get(f"{service.DOOR}{'x' * 43}")).status_code == 410
    async with council.world.reading() as db:
        (kept,) = (await db.execute(rows(AnswerLink.hash, AnswerLink.expires_at))).all()
    assert re.fullmatch(r"/planning/reponse/[\w-]{43}", address)
    assert address.rpartition("/")[2] not in kept.hash
    assert kept.expires_at == made.starts_at


async def test_a_refused_answer_is_told_in_the_page(council: Council, link: tuple[Meeting, str]) -> None:
    """Awa already bears a pouvoir: 409 says so, and Farid may still choose someone else."""
    made, address = link
    from planning.answers import service as answering
    from planning.answers.rules import Said

    async with council.world.working(council.world.gilles) as work:
        row = await work.db.get_one(Meeting, made.id)
        pouvoir = Said(Stance.REPRESENTED, council.seats["awa"].id)
        await answering.give(work, row, council.seats["gilles"].id, pouvoir)
    async with council.world.browser() as browser:
        refused = await browser.post(address, data={"stance": "represented", "bearer": str(council.seats["awa"].id)})
        done = await browser.post(address, data={"stance": "represented", "bearer": str(council.seats["eva"].id)})

    assert (refused.status_code, done.status_code) == (409, 303)
    assert "porte déjà un pouvoir" in refused.text
    assert meetings.NOT_YOURS not in refused.text
