"""Reports: one per person and post, for the moderators of the forum alone, until an act or a word settles them."""

import asyncio
from html import unescape

import pytest
from sqlmodel import select

from entente.notices.models import Notice
from entente.people.models import AuditEntry
from entente.people.who import Who
from entente.rules import NotFound, Refused
from forums import queries, service
from forums.models import Forum, Moderator, Post
from forums.moderation import service as moderation
from forums.moderation.models import NewHiding, NewPlace
from forums.reports import queries as reports
from forums.reports import service as reporting
from forums.reports.models import Ground, NewReport, Outcome, Report
from world import World

WORDS = "Il cite un agent nommément."


async def said(world: World) -> Post:
    return await world.post(world.bruno, world.snow, "Quelle idée !")


async def report(world: World, post: Post, who: Who | None = None) -> bool:
    async with world.working(who or world.denise) as work:
        mine, place = await queries.post_for(work.db, work.who, post.id)
        return await reporting.report_post(work, place, mine, NewReport(ground=Ground.PERSONAL, words=WORDS))


async def waiting(world: World, who: Who | None = None) -> list[reports.OpenReport]:
    async with world.reading() as db:
        return await reports.open_reports(db, who or world.camille, world.technique.id)


async def told(world: World, who: Who) -> list[Notice]:
    async with world.reading() as db:
        found = await db.exec(select(Notice).where(Notice.person_id == who.id))
        return [notice for notice in found if notice.verb == reporting.Verb.POST_REPORTED]


async def test_a_reader_reports_once_and_is_thanked(world: World) -> None:
    """Denise reports twice: thanked, then told that it is known; one report waits."""
    post = await said(world)
    address = f"/forums/messages/{post.id}/signalement"
    async with world.browser(world.denise) as browser:
        assert "Signaler ce message" in (await browser.get(address)).text
        thanked = await browser.post(address, data={"ground": "rude", "words": ""})
        page = unescape((await browser.get(thanked.headers["location"])).text)
        again = await browser.post(address, data={"ground": "rude"})
        known = unescape((await browser.get(again.headers["location"])).text)
    assert "Merci\u00a0: les modérateurs du forum sont prévenus." in page
    assert "Vous avez déjà signalé ce message" in known
    assert len(await waiting(world)) == 1


async def test_of_two_clicks_at_once_one_report_remains(world: World) -> None:
    """The constraint decides, and nobody meets an error."""
    post = await said(world)
    assert sorted(await asyncio.gather(report(world, post), report(world, post))) == [False, True]


@pytest.mark.parametrize("form", [{}, {"ground": "envie"}, {"ground": "other", "words": "x" * 501}])
async def test_a_report_that_says_nothing_comes_back(world: World, form: dict[str, str]) -> None:
    """Without a ground, with one that is none, or too long: 422, and nothing waits."""
    post = await said(world)
    async with world.browser(world.denise) as browser:
        answer = await browser.post(f"/forums/messages/{post.id}/signalement", data=form)
    assert answer.status_code == 422
    assert 'id="summary"' in answer.text
    assert await waiting(world) == []


async def test_one_does_not_report_oneself_nor_what_one_may_not_read(world: World) -> None:
    """Bruno's own post is refused to him; a post of the closed forum does not exist for him."""
    post = await said(world)
    with pytest.raises(Refused):
        await report(world, post, world.bruno)
    async with world.reading() as db:
        secret = (await db.exec(select(Post).where(Post.thread_id == world.secret.id))).one()
    with pytest.raises(NotFound):
        await report(world, secret, world.bruno)


async def test_the_moderators_are_told_and_the_author_never(world: World) -> None:
    """Camille has a notice and a page with the words; Bruno finds neither, nor anything that names Denise."""
    post = await said(world)
    await report(world, post)
    assert len(await told(world, world.camille)) == 1
    assert await told(world, world.bruno) == []

    async with world.browser(world.camille) as browser:
        page = unescape((await browser.get("/forums/technique/signalements")).text)
        forum = unescape((await browser.get("/forums/technique")).text)
        centre = unescape((await browser.get("/notifications")).text)
    assert WORDS in page
    assert "Denise Astruc" in page
    assert "1\u00a0signalement" in forum
    assert "/forums/technique/signalements" in centre or "signalé" in centre
    async with world.browser(world.bruno) as browser:
        assert (await browser.get("/forums/technique/signalements")).status_code == 404
        for address in ("/notifications", "/forums/technique", f"/forums/fils/{world.snow.id}"):
            assert "signalement" not in (await browser.get(address)).text.replace("/signalement", "")


async def test_a_moderator_does_not_learn_who_reported_them(world: World) -> None:
    """Camille's own post is reported: she sees that it is, not by whom, and no notice names Denise."""
    post = await world.post(world.camille, world.snow, "Mon avis")
    await report(world, post)
    (mine,) = await waiting(world)
    assert mine.by is None
    assert await told(world, world.camille) == []
    async with world.browser(world.camille) as browser:
        assert "Denise" not in (await browser.get("/forums/technique/signalements")).text


@pytest.mark.parametrize("act", ["hide", "withdraw", "delete thread"])
async def test_an_act_settles_every_report(world: World, act: str) -> None:
    """Two readers reported it; Camille acts: nothing waits, and her notices are gone."""
    post = await said(world)
    await report(world, post)
    await report(world, post, world.awa)
    async with world.working(world.camille) as work:
        mine, place = await queries.post_for(work.db, world.camille, post.id)
        if act == "hide":
            await moderation.hide_post(work, place, mine, NewHiding(reason="Hors sujet"))
        elif act == "withdraw":
            await service.delete_post(work, place, mine)
        else:
            await service.delete_thread(work, place)
    assert await waiting(world) == []
    assert await told(world, world.camille) == []
    async with world.reading() as db:
        outcomes = [each.outcome for each in await db.exec(select(Report))]
    assert outcomes == [Outcome.SETTLED] * 2


async def test_a_report_is_dismissed_by_its_moderators_alone(world: World) -> None:
    """Awa may not, even though it is her thread; Camille does, and the audit keeps it without the words."""
    post = await said(world)
    await report(world, post)
    (mine,) = await waiting(world)
    address = f"/forums/signalements/{mine.id}/classement"
    async with world.browser(world.awa) as browser:
        assert (await browser.post(address)).status_code == 404
    async with world.browser(world.camille) as browser:
        assert (await browser.post(address)).status_code == 303
    assert await waiting(world) == []
    async with world.reading() as db:
        (entry,) = (await db.exec(select(AuditEntry).where(AuditEntry.act == "report.dismissed"))).all()
    assert entry.person_id == world.camille.id
    assert str(world.denise.id) not in f"{entry.subject}{entry.detail}"
    assert WORDS not in str(entry.detail)


async def test_reports_follow_a_thread_that_moves(world: World) -> None:
    """The moderators of its new forum answer, those of the old one no longer."""
    post = await said(world)
    await report(world, post)
    garage = Forum(slug="garage", title="Garage", place=9)
    async with world.house.database.writing() as db:
        db.add(garage)
        await db.flush()
        db.add(Moderator(forum_id=garage.id, person_id=world.awa.id))
    async with world.working(world.camille) as work:
        place = await queries.thread_for(work.db, world.camille, world.snow.id)
        await moderation.move_thread(work, place, NewPlace(forum="garage"))
    assert await waiting(world) == []
    async with world.reading() as db:
        assert len(await reports.open_reports(db, world.awa, garage.id)) == 1


async def test_the_page_of_reports_costs_the_same_for_one_and_three(world: World) -> None:
    """As many questions, whatever waits."""
    costs = []
    for who in ([world.denise], [world.awa, world.camille]):
        post = await said(world)
        for each in who:
            await report(world, post, each)
        with world.counting() as statements:
            found = await waiting(world)
        costs.append((len(found), len(statements)))
    assert costs[0][0] == 1
    assert costs[1][0] == 3
    assert costs[0][1] == costs[1][1]
