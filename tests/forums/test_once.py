"""A form that comes twice says its words once; a wish to say the same again is heard."""

import asyncio
import re

import httpx
import pytest
from sqlmodel import col, select

from forums.drafts import service as drafting
from forums.drafts.models import About, Saved, Sheet
from forums.models import Post, Thread
from world import World

TEXT = "La lame est rangée au dépôt."


async def texts(world: World) -> list[str]:
    """What was answered in the thread about the snow."""
    async with world.reading() as db:
        mine = select(Post.body).where(col(Post.thread_id) == world.snow.id, col(Post.number) > 1)
        return sorted((await db.exec(mine)).all())


async def answer(world: World, browser: httpx.AsyncClient, sheet: Sheet, text: str = TEXT) -> httpx.Response:
    """The form of an answer is sent."""
    return await browser.post(f"/forums/fils/{world.snow.id}/messages", data={"body": text, "draft": str(sheet)})


@pytest.fixture(params=[0, 7], ids=["without a draft", "with a draft"])
def sheet(request: pytest.FixtureRequest, world: World) -> Sheet:
    """On what Awa's window writes: as the page came, or saved seven times since."""
    return Sheet.fresh(About.ANSWER, world.snow.id)._replace(turn=request.param)


async def test_an_answer_whose_acknowledgement_was_lost_is_said_once(world: World, sheet: Sheet) -> None:
    """Sent, saved, and the network fails: sent again, it leads to the one message."""
    async with world.browser(world.awa) as browser:
        first = await answer(world, browser, sheet)
        again = await answer(world, browser, sheet)

    assert (first.status_code, again.status_code) == (303, 303)
    assert again.headers["location"] == first.headers["location"]
    assert await texts(world) == [TEXT]


async def test_a_button_pressed_three_times_says_it_once(world: World, sheet: Sheet) -> None:
    """Three requests at the same moment: the draft's row lets one through, the others find its message."""
    async with world.browser(world.awa) as browser:
        answers = await asyncio.gather(*(answer(world, browser, sheet) for _ in range(3)))

    assert {each.status_code for each in answers} == {303}
    assert len({each.headers["location"] for each in answers}) == 1
    assert await texts(world) == [TEXT]


async def test_a_page_in_place_shows_the_one_message(world: World, sheet: Sheet) -> None:
    """With htmx, the answer to the second form is the message of the first."""
    async with world.browser(world.awa, htmx=True) as browser:
        shown = [re.findall(r'id="post-([0-9a-f-]+)"', (await answer(world, browser, sheet)).text) for _ in range(2)]

    assert shown[0] == shown[1] != []
    assert await texts(world) == [TEXT]


async def test_other_words_on_the_same_page_are_another_message(world: World, sheet: Sheet) -> None:
    """One goes back to the page as the browser kept it, and says something else."""
    async with world.browser(world.awa) as browser:
        await answer(world, browser, sheet)
        await answer(world, browser, sheet, "Et la saleuse aussi.")

    assert await texts(world) == sorted([TEXT, "Et la saleuse aussi."])


async def test_the_same_words_on_another_page_are_another_message(world: World) -> None:
    """« Merci » may be said twice."""
    async with world.browser(world.awa) as browser:
        for _ in range(2):
            await answer(world, browser, Sheet.fresh(About.ANSWER, world.snow.id), "Merci")

    assert await texts(world) == ["Merci", "Merci"]


async def test_what_another_window_threw_away_can_still_be_said(world: World) -> None:
    """A draft discarded elsewhere was not posted: whoever sends it now means it."""
    sheet = Sheet.fresh(About.ANSWER, world.snow.id)._replace(turn=1)
    async with world.working(world.awa) as work:
        await drafting.save(work, Saved.model_validate({"draft": str(sheet), "title": "", "body": TEXT}))
    async with world.working(world.awa) as work:
        await drafting.discard(work, sheet.id)
    async with world.browser(world.awa) as browser:
        await answer(world, browser, sheet)

    assert await texts(world) == [TEXT]


async def test_somebody_else_with_the_same_words_is_heard(world: World, sheet: Sheet) -> None:
    """A name of a draft belongs to one person: another's does not hide theirs."""
    for who in (world.awa, world.bruno):
        async with world.browser(who) as browser:
            await answer(world, browser, sheet)

    assert await texts(world) == [TEXT, TEXT]


async def test_a_thread_is_opened_once(world: World) -> None:
    """The same for what opens a thread: one thread, its text once, and the second form leads to it."""
    form = {"title": "Saleuse", "body": TEXT, "draft": str(Sheet.fresh(About.THREAD, world.technique.id))}
    async with world.browser(world.awa) as browser:
        answers = [await browser.post("/forums/technique", data=form) for _ in range(2)]

    assert [each.status_code for each in answers] == [303, 303]
    assert answers[0].headers["location"].split("?")[0] == answers[1].headers["location"].split("?")[0]
    async with world.reading() as db:
        assert len((await db.exec(select(Thread).where(col(Thread.title) == "Saleuse"))).all()) == 1
