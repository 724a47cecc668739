"""Who is told of a message: what they chose, what ties them to it, and what they may still read."""

import itertools
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select, text, update
from sqlmodel import col

from entente.app import worker_of
from entente.ids import Ref
from entente.live import Fragment
from entente.notices import queries as notices_of
from entente.notices.models import Notice
from entente.people.who import Who
from entente.rights import Verb, rights_changed, stream_of_person
from entente.web.templates import root
from forums import queries as forum_queries
from forums import service as forums
from forums.following import feed, queries, service
from forums.following.models import Level
from forums.following.rules import Effective, Source, Ties, effective, quoted_in, reason
from forums.models import EditedPost, Moderator, Post, ReadMark, Thread
from forums.reading import service as reading
from forums.reading.models import Reach
from forums.writing.rules import quoted
from world import World

MUTED, MENTIONS, NORMAL, WATCHING = Level.MUTED, Level.MENTIONS, Level.NORMAL, Level.WATCHING
CHOICES = [None, *Level]


@pytest.mark.parametrize(("thread", "has_opened", "forum"), list(itertools.product(CHOICES, [False, True], CHOICES)))
def test_the_nearest_choice_wins(thread: Level | None, has_opened: bool, forum: Level | None) -> None:
    """What is said of the thread, then having opened it, then what is said of the forum, then normal."""
    found = effective(thread, has_opened, forum)
    ladder: list[tuple[Any, Level | None, Source]] = [
        (thread is not None, thread, Source.THREAD),
        (has_opened, WATCHING, Source.OPENED),
        (forum is not None, forum, Source.FORUM),
        (True, NORMAL, Source.DEFAULT),
    ]
    assert found == next(Effective(level, source) for holds, level, source in ladder if holds and level)


TOLD = {
    # mentioned, quoted, opened: at which levels one is told
    (False, False, False): {WATCHING},
    (True, False, False): {MENTIONS, NORMAL, WATCHING},
    (False, True, False): {NORMAL, WATCHING},
    (False, False, True): {NORMAL, WATCHING},
    (True, True, False): {MENTIONS, NORMAL, WATCHING},
    (True, False, True): {MENTIONS, NORMAL, WATCHING},
    (False, True, True): {NORMAL, WATCHING},
    (True, True, True): {MENTIONS, NORMAL, WATCHING},
}


@pytest.mark.parametrize(("ties", "level"), list(itertools.product(TOLD, Level)))
def test_one_is_told_what_one_chose(ties: tuple[bool, bool, bool], level: Level) -> None:
    """Every tie at every level; muted is nothing at all, and a mention is the first reason given."""
    mentioned, is_quoted, opened = ties
    wish = Effective(level, Source.THREAD)
    why = reason(Ties(wish, "votre commune, Brioude" if mentioned else None, is_quoted, opened), "Technique")
    assert (why is not None) == (level in TOLD[ties])
    assert (why == "Ce message mentionne votre commune, Brioude.") == (mentioned and level != MUTED)


@pytest.mark.parametrize(
    ("ties", "why"),
    [
        (Ties(Effective(NORMAL, Source.DEFAULT), mention="vous"), "Vous êtes mentionné."),
        (Ties(Effective(NORMAL, Source.DEFAULT), is_quoted=True), "Ce message cite le vôtre."),
        (Ties(Effective(WATCHING, Source.OPENED), has_opened=True), "Vous avez ouvert ce fil."),
        (Ties(Effective(WATCHING, Source.THREAD)), "Vous suivez ce fil."),
        (
            Ties(Effective(WATCHING, Source.FORUM)),
            "Vous suivez tout le forum « Technique »\u00a0: c’est une nouvelle réponse.",
        ),
        (
            Ties(Effective(WATCHING, Source.FORUM), is_first=True),
            "Vous suivez tout le forum « Technique »\u00a0: c’est un nouveau fil.",
        ),
    ],
    ids=lambda value: value.wish.source if isinstance(value, Ties) else "",
)
def test_one_is_told_why(ties: Ties, why: str) -> None:
    assert reason(ties, "Technique") == why


def test_a_quote_inside_a_quote_answers_nobody() -> None:
    """Awa quotes Bruno, who quoted Denise: she answers Bruno."""
    denise, bruno = UUID(int=1), UUID(int=2)
    inner = quoted(denise, "Denise Astruc", "Oui.") + "D’accord."
    assert quoted_in(quoted(bruno, "Bruno [Chassagne]", inner) + "Merci.") == {bruno}
    assert quoted_in("Voir /forums/messages/00000000-0000-0000-0000-000000000001 et > rien") == set()
    assert quoted_in(f"> **x** [y](/forums/messages/{'-' * 36})") == set()


async def settle(world: World) -> None:
    worker = worker_of(world.house)
    while await worker.work_once():
        pass


async def told(world: World) -> dict[tuple[str, str], str]:
    """Who was told of which subject, and why."""
    await settle(world)
    names = {who.id: key for key, who in world.people.items()}
    async with world.reading() as db:
        found = (await db.execute(select(Notice))).scalars().all()
    return {(names[each.person_id], each.subject): each.reason for each in found}


async def people_told(world: World, post: Post) -> dict[str, str]:
    return {
        person: why for (person, subject), why in (await told(world)).items() if subject == f"forums/post/{post.id}"
    }


async def choose(world: World, who: Who, level: Level | None, thread: Thread | None = None) -> None:
    """Someone chooses how much they are told of the thread, or of the open forum."""
    async with world.working(who) as work:
        if thread:
            await service.follow_thread(work, thread, level)
        elif level:
            await service.follow_forum(work, world.technique, level)


async def test_the_author_of_a_thread_is_told_of_answers_and_nobody_else(world: World) -> None:
    said = await world.post(world.bruno, world.snow, "Nous en avons une.")
    assert await people_told(world, said) == {"awa": "Vous avez ouvert ce fil."}


async def test_followers_of_the_thread_and_of_the_forum_are_told(world: World) -> None:
    """Denise follows the thread, Inès the whole forum and not this thread, Camille the whole forum."""
    await choose(world, world.denise, WATCHING, world.snow)
    await choose(world, world.camille, WATCHING)
    await choose(world, world.ines, WATCHING)
    await choose(world, world.ines, MUTED, world.snow)
    said = await world.post(world.bruno, world.snow, "Nous en avons une.")
    assert await people_told(world, said) == {
        "awa": "Vous avez ouvert ce fil.",
        "denise": "Vous suivez ce fil.",
        "camille": "Vous suivez tout le forum « Technique »\u00a0: c’est une nouvelle réponse.",
    }
    opened = await world.open(world.bruno, world.technique, "Autre fil", "Bonjour.")
    async with world.reading() as db:
        first = (await db.execute(select(Post).where(col(Post.thread_id) == opened.id))).scalars().one()
    why = "Vous suivez tout le forum « Technique »\u00a0: c’est un nouveau fil."
    assert await people_told(world, first) == {"camille": why, "ines": why}


async def test_whoever_is_quoted_is_told(world: World) -> None:
    """Bruno answers; Awa quotes him in the thread, Denise quotes him from elsewhere."""
    said = await world.post(world.bruno, world.snow, "Nous en avons une.")
    answer = await world.post(
        world.awa, world.snow, quoted(said.id, "Bruno Chassagne", "Nous en avons une.") + "Merci !"
    )
    assert await people_told(world, answer) == {"bruno": "Ce message cite le vôtre."}
    other = await world.open(world.awa, world.technique, "Autre fil", "Bonjour.")
    elsewhere = await world.post(world.denise, other, quoted(said.id, "Bruno Chassagne", "Une.") + "Voir là-bas.")
    assert await people_told(world, elsewhere) == {"awa": "Vous avez ouvert ce fil."}


async def test_someone_mentioned_is_told_unless_they_muted_the_thread(world: World) -> None:
    """By name, and by commune; an edit tells the newly mentioned, and nobody twice."""
    await choose(world, world.bruno, MENTIONS)
    said = await mention(world, world.awa, "Et toi, @bruno-chassagne ?")
    assert await people_told(world, said) == {"bruno": "Vous êtes mentionné."}
    await edit(world, world.awa, said, "Et vous, @bruno-chassagne, @denise-astruc ?")
    assert await people_told(world, said) == {"bruno": "Vous êtes mentionné.", "denise": "Vous êtes mentionné."}

    await choose(world, world.bruno, MUTED, world.snow)
    again = await mention(world, world.awa, "@bruno-chassagne, @denise-astruc ?")
    assert await people_told(world, again) == {"denise": "Vous êtes mentionné."}


async def mention(world: World, who: Who, body: str) -> Post:
    said = await world.post(who, world.snow, body)
    async with world.reading() as db:
        count = (await db.execute(text("SELECT count(*) FROM mention"))).scalar_one()
    assert count > 0
    return said


async def edit(world: World, who: Who, said: Post, body: str) -> None:
    async with world.working(who) as work:
        post, place = await forum_queries.post_for(work.db, who, said.id)
        await forums.edit_post(work, place, post, EditedPost(body=body, version=post.version))


async def test_what_was_already_read_is_not_told(world: World) -> None:
    """Awa has the thread open and has read the answer before the task runs."""
    said = await world.post(world.bruno, world.snow, "Nous en avons une.")
    async with world.house.database.writing() as db:
        await db.execute(update(ReadMark).where(col(ReadMark.person_id) == world.awa.id).values(number=said.number))
    assert await people_told(world, said) == {}


@pytest.mark.parametrize("what", ["deleted", "hidden", "thread"])
async def test_what_is_gone_is_told_no_more(world: World, what: str) -> None:
    """A message withdrawn, hidden, or deleted with its thread leaves the bells it had moved."""
    said = await world.post(world.bruno, world.snow, "Nous en avons une.")
    assert len(await told(world)) == 1
    async with world.working(world.camille) as work:
        post, place = await forum_queries.post_for(work.db, work.who, said.id)
        if what == "deleted":
            await forums.delete_post(work, place, post)
        elif what == "thread":
            await forums.delete_thread(work, place)
        else:
            await work.db.execute(update(Post).where(col(Post.id) == said.id).values(hidden_at=said.created_at))
            work.record(forum_queries.stream_of(world.snow.id), forums.Verb.POST_HIDDEN, said.id)
    assert await told(world) == {}


async def test_a_message_withdrawn_before_the_task_runs_is_told_to_nobody(world: World) -> None:
    said = await world.post(world.bruno, world.snow, "Nous en avons une.")
    async with world.house.database.writing() as db:
        await db.execute(update(Post).where(col(Post.id) == said.id).values(deleted_at=said.created_at))
    assert await told(world) == {}


async def test_only_readers_are_told(world: World) -> None:
    """Bruno followed the CoPil’s forum and thread while he sat there; he sits there no more."""
    async with world.house.database.writing() as db:
        await db.execute(
            text(
                "INSERT INTO thread_follow (person_id, thread_id, level) SELECT p.id, t.id, 'watching' FROM person p, "
                "thread t WHERE t.forum_id = (SELECT id FROM forum WHERE slug = 'copil')"
            )
        )
    said = await world.post(world.awa, world.secret, "Entre nous.")
    assert await people_told(world, said) == {}


async def test_a_forum_that_closes_takes_back_what_it_told(world: World) -> None:
    """Its readers change: those who are not among them any more keep nothing; moving a thread does the same."""
    await choose(world, world.denise, WATCHING, world.snow)
    await choose(world, world.camille, WATCHING, world.snow)
    said = await world.post(world.bruno, world.snow, "Nous en avons une.")
    assert set(await people_told(world, said)) == {"awa", "denise", "camille"}
    async with world.working(world.ines) as work:
        await work.db.execute(
            text("UPDATE forum SET reading = 'body', body_id = (SELECT id FROM body LIMIT 1) WHERE slug = 'technique'")
        )
        work.record(forum_queries.stream_of_readers(world.technique.id), Verb.READERS_CHANGED, world.technique.id)
    assert set(await people_told(world, said)) == {"awa", "camille"}

    async with world.working(world.ines) as work:
        await work.db.execute(update(Thread).where(col(Thread.id) == world.snow.id).values(forum_id=world.closed.id))
        work.record(forum_queries.stream_of(world.snow.id), forums.Verb.THREAD_MOVED, world.snow.id)
    assert set(await people_told(world, said)) == {"awa"}


async def test_someone_whose_rights_narrow_keeps_nothing(world: World) -> None:
    """Camille moderates the forum of the CoPil, is told, and moderates it no more."""
    async with world.house.database.writing() as db:
        db.add(Moderator(forum_id=world.closed.id, person_id=world.camille.id))
    camille = await world.again(world.camille)
    async with world.working(camille) as work:
        await service.follow_forum(work, world.closed, WATCHING)
    said = await world.post(world.awa, world.secret, "Entre nous.")
    assert set(await people_told(world, said)) == {"camille"}
    async with world.working(None) as work:
        await work.db.execute(text("DELETE FROM forum_moderator"))
        await rights_changed(work, world.camille.id)
    assert await people_told(world, said) == {}


async def test_telling_a_thousand_followers_costs_a_few_questions(world: World) -> None:
    """What the task asks does not grow with the number of those who follow."""
    said = await world.post(world.bruno, world.snow, "Nous en avons une.")
    async with world.reading() as db:
        found = await queries.standing(db, said.id)
        assert found is not None
        with world.counting() as alone:
            await queries.told_of(db, found, is_edit=False)
    for who in (world.denise, world.camille, world.ines):
        await choose(world, who, WATCHING, world.snow)
    async with world.reading() as db:
        with world.counting() as many:
            assert len(await queries.told_of(db, found, is_edit=False)) == 4
    assert len(many) == len(alone)


# --- the menu ---------------------------------------------------------------------------------------------


async def test_one_chooses_on_the_page_with_and_without_scripts(world: World) -> None:
    """A thread, back to its forum’s, the forum; the page shows it, and the answer is the fragment of the page."""
    here = f"/forums/fils/{world.snow.id}"
    async with world.browser(world.bruno) as plain, world.browser(world.bruno, htmx=True) as htmx:
        assert "Suivi : Normal" in (await plain.get(here)).text
        asked = await plain.post(f"{here}/suivi", data={"level": "watching"})
        assert (asked.status_code, asked.headers["location"]) == (303, f"{here}?depuis=non-lus")
        page = (await plain.get(here)).text
        assert "Suivi : Tout suivre" in page
        assert "Ne plus choisir ici" in page

        muted = (await htmx.post(f"{here}/suivi", data={"level": "muted"})).text
        assert "Suivi : En sourdine" in muted
        assert _menu(muted) == _menu((await plain.get(here)).text)
        back = (await htmx.post(f"{here}/suivi", data={"level": ""})).text
        assert "Suivi : Normal" in back
        assert "Ne plus choisir ici" not in back

        assert (await plain.post("/forums/technique/suivi", data={"level": "mentions"})).status_code == 303
        assert "Suivi : Mentions seulement" in (await plain.get("/forums/technique")).text
        thread = (await plain.get(here)).text
        assert "Suivi : Mentions seulement" in thread
        assert "Comme le forum." in thread
        for door, level in (("/forums/technique", ""), ("/forums/technique", "tout"), (here, "tout")):
            assert (await plain.post(f"{door}/suivi", data={"level": level})).status_code == 422
        mine = (await plain.get("/forums/suivis")).text
    assert "Mentions seulement" in mine
    assert "Technique" in mine


def _menu(page: str) -> str:
    return page[page.index('<div class="follow"') :].partition("</div>")[0]


async def test_ones_other_devices_show_what_one_chose(world: World) -> None:
    """The choice is said on one’s own stream, as the menu that the page holds; a stranger’s stream says nothing."""
    world.rung.clear()
    await choose(world, world.bruno, WATCHING, world.snow)
    await choose(world, world.bruno, MUTED)
    assert {rung.stream for rung in world.rung} == {str(stream_of_person(world.bruno.id))}
    from entente import journal

    async with world.reading() as db:
        entries = await journal.since(db, str(stream_of_person(world.bruno.id)), 0, 10)
        shown = [await feed.thread_followed(db, entries[-2]), await feed.forum_followed(db, entries[-1])]
    async with world.browser(world.bruno) as browser:
        pages = [await browser.get(f"/forums/fils/{world.snow.id}"), await browser.get("/forums/technique")]
    for fragment, page in zip(shown, pages, strict=True):
        assert isinstance(fragment, Fragment)
        assert root(fragment) in page.text


async def test_the_author_is_said_to_follow_their_thread(world: World) -> None:
    async with world.browser(world.awa) as browser:
        page = (await browser.get(f"/forums/fils/{world.snow.id}")).text
    assert "Suivi : Tout suivre" in page
    assert "Vous avez ouvert ce fil." in page


async def test_what_one_may_not_read_any_more_is_not_listed(world: World) -> None:
    """Awa followed a thread of the CoPil, and left it."""
    await choose(world, world.awa, WATCHING, world.secret)
    async with world.browser(world.awa) as browser:
        assert "Calendrier du schéma" in (await browser.get("/forums/suivis")).text
        async with world.house.database.writing() as db:
            await db.execute(text("DELETE FROM seat"))
        page = (await browser.get("/forums/suivis")).text
    assert "Calendrier du schéma" not in page
    assert "Aucun choix pour l’instant" in page


async def test_a_thread_is_told_by_its_first_words(world: World) -> None:
    async with world.reading() as db:
        awa = await queries.tell_threads(db, world.awa, {world.snow.id, world.secret.id})
        bruno = await queries.tell_threads(db, world.bruno, {world.snow.id, world.secret.id})
    assert awa[world.secret.id][:4] == (
        "Calendrier du schéma",
        f"/forums/fils/{world.secret.id}",
        "Entre nous jusqu’au vote.",
        "CoPil",
    )
    assert set(bruno) == {world.snow.id}


async def test_what_was_told_of_a_post_already_read_is_read_when_the_mark_is_written(world: World) -> None:
    """Awa reads two answers before she is told of them; her mark, written late, quiets the first it reaches alone."""
    first = await world.post(world.bruno, world.snow, "Nous en avons une.")
    second = await world.post(world.bruno, world.snow, "Et du sel.")
    await settle(world)
    async with world.working(world.awa) as work:
        assert await reading.reach(work, world.snow.id, Reach(first.number))
    async with world.reading() as db:
        waiting = await notices_of.unread_about(db, world.awa.id, forum_queries.stream_of(world.snow.id))
    assert waiting == [Ref("forums/post", second.id)]
