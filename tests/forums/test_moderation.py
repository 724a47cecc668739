"""Keeping the peace: words that are hidden are nowhere, pins end, threads move with everything but their readers."""

import re
from datetime import timedelta
from html import unescape
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlmodel import col, select

from entente import journal
from entente.clock import now, today
from entente.notices.models import Notice
from entente.outbox import Task
from entente.people.models import AuditEntry
from entente.people.who import Who
from entente.rights import Verb as RightsVerb
from entente.rules import Conflict, Invalid, NotFound, Refused
from forums import feed, queries, service
from forums.drafts.models import Draft
from forums.models import EditedPost, Forum, NewPost, Post, Reading, ReadMark, Thread
from forums.moderation import service as moderation
from forums.moderation.models import FOREVER, NewHiding, NewPin, NewPlace
from forums.moderation.queries import hidden_post_for
from forums.service import Verb
from searching import caught_up
from world import World

WORD = "Salmigondis"
REASON = "Propos déplacés"


async def said(world: World, body: str = f"Quel {WORD} !", who: Who | None = None) -> Post:
    """Bruno writes something in Awa's thread."""
    return await world.post(who or world.bruno, world.snow, body)


async def hide(world: World, post: Post, who: Who | None = None, reason: str = REASON) -> None:
    """Camille hides it."""
    async with world.working(who or world.camille) as work:
        mine, place = await queries.post_for(work.db, work.who, post.id)
        await moderation.hide_post(work, place, mine, NewHiding(reason=reason))


async def audited(world: World, act: str) -> list[AuditEntry]:
    async with world.reading() as db:
        return list((await db.exec(select(AuditEntry).where(AuditEntry.act == act))).all())


async def verbs(world: World, stream: object) -> list[str]:
    async with world.reading() as db:
        return [entry.verb for entry in await journal.since(db, str(stream), 0, 100)]


# Hiding


async def test_only_a_moderator_hides(world: World) -> None:
    """Camille hides Bruno's words; Awa, whose thread it is, may not, nor may Bruno."""
    post = await said(world)
    for who in (world.awa, world.bruno):
        with pytest.raises(Refused):
            await hide(world, post, who)
    await hide(world, post)

    async with world.reading() as db:
        shown = await queries.shown_post(db, post.id)
    assert shown is not None
    assert (shown.html, shown.hidden) == ("", REASON)


async def test_a_hidden_post_changes_the_name_of_its_bytes_and_comes_back(world: World) -> None:
    """No cache may show words under a name they no longer bear; given back, they bear a third name."""
    post = await said(world)
    keys = []

    async def note() -> None:
        async with world.reading() as db:
            shown = await queries.shown_post(db, post.id)
        assert shown is not None
        keys.append((shown.key, WORD in shown.html))

    await note()
    await hide(world, post)
    await note()
    async with world.working(world.camille) as work:
        await moderation.unhide_post(work, await hidden_post_for(work.db, world.camille, post.id))
    await note()

    assert len({key for key, _ in keys}) == 3
    assert [has_words for _, has_words in keys] == [True, False, True]
    stream = queries.stream_of(world.snow.id)
    assert (await verbs(world, stream))[-2:] == [Verb.POST_HIDDEN, Verb.POST_UNHIDDEN]


async def test_words_that_are_hidden_are_found_nowhere(world: World) -> None:
    """Bruno's word was edited, quoted from the button, reported and read; once hidden, no surface says it to Denise."""
    post = await said(world)
    async with world.working(world.bruno) as work:
        mine, place = await queries.post_for(work.db, world.bruno, post.id)
        await service.edit_post(work, place, mine, EditedPost(body=f"Encore un {WORD}", version=1))
    async with world.reading() as db:
        before = await journal.cursor(db, queries.stream_of(world.snow.id))
    thread, message = f"/forums/fils/{world.snow.id}", f"/forums/messages/{post.id}"
    search = f"/recherche?q={WORD}"
    pages = [
        *(thread, f"{thread}?citer={post.id}", f"{thread}?depuis=fin", "/", "/forums", "/forums/technique"),
        *(message, f"{message}/modifier", f"{message}/historique", f"{message}/suppression", f"{message}/masquage"),
        *(f"{message}/signalement", search, "/notifications", "/forums/suivis"),
    ]
    # As long as it stands it is told, or its absence would mean nothing.
    await caught_up(world)
    told = set(await _tellings(world, world.denise, pages, post))
    assert {thread, f"{thread}?citer={post.id}", f"{message}/historique", f"{message}/signalement", search} <= told
    await hide(world, post)
    await caught_up(world)
    assert await _tellings(world, world.denise, pages, post) == []
    assert await _tellings(world, world.awa, pages, post) == []

    async with world.reading() as db:
        entries = await journal.since(db, str(before.stream), 0, 100)
        fragments = [await feed.thread_feed.fragment(db, entry) for entry in entries]
    assert all(WORD not in str(fragment.context) for fragment in fragments if fragment)
    async with world.reading() as db:
        left = [str(task.payload) for task in await db.exec(select(Task))]
        told_to = [str(notice) for notice in await db.exec(select(Notice))]
        kept = [str(entry.detail) for entry in await db.exec(select(AuditEntry))]
    assert WORD not in " ".join(left + told_to + kept)


async def _tellings(world: World, who: Who, pages: list[str], post: Post) -> list[str]:
    """Which doors say the word to this person, whole or in pieces."""
    told = []
    for htmx in (False, True):
        async with world.browser(who, htmx) as browser:
            answers = {page: await browser.get(page) for page in pages}
            answers["quote"] = await browser.post(f"/forums/messages/{post.id}/citation", data={"body": ""})
            edited = {"body": "x", "version": "2"}
            answers["edit"] = await browser.post(f"/forums/messages/{post.id}/modifier", data=edited)
        # The page of a search repeats what was asked.
        asked = re.compile(rf'<title>.*?</title>|value="{WORD}"|q={WORD}|«\s*{WORD}\s*»')
        told += [page for page, answer in answers.items() if WORD in asked.sub("", answer.text)]
    return told


async def test_its_author_finds_their_words_and_why_and_nobody_else_does(world: World) -> None:
    """Bruno reads his own text, Camille reads and gives it back; Awa and Denise find nothing there."""
    post = await said(world)
    await hide(world, post)
    address = f"/forums/messages/{post.id}/masquage"
    found = {}
    for name in ("bruno", "camille", "awa", "denise"):
        async with world.browser(world.people[name]) as browser:
            answer = await browser.get(address)
            back = await browser.post(f"{address}/levee") if name != "camille" else None
        found[name] = (answer.status_code, WORD in answer.text, REASON in unescape(answer.text))
        assert back is None or back.status_code in (403, 404)
    assert found["bruno"] == found["camille"] == (200, True, True)
    assert found["awa"][:2] == found["denise"][:2] == (404, False)

    async with world.browser(world.camille) as browser:
        assert (await browser.post(f"{address}/levee")).status_code == 303
    async with world.browser(world.denise) as browser:
        assert WORD in (await browser.get(f"/forums/fils/{world.snow.id}")).text


async def test_its_author_is_told_and_why_without_the_words(world: World) -> None:
    """Bruno has a notice that leads to his text; once it is given back, the notice is gone."""
    post = await said(world)
    await hide(world, post)
    async with world.browser(world.bruno) as browser:
        centre = unescape((await browser.get("/notifications")).text)
    assert REASON in centre
    assert f"/forums/messages/{post.id}/masquage" in centre or "masqué" in centre
    assert WORD not in centre

    async with world.working(world.camille) as work:
        await moderation.unhide_post(work, await hidden_post_for(work.db, world.camille, post.id))
    async with world.reading() as db:
        notices = (await db.exec(select(Notice).where(Notice.person_id == world.bruno.id))).all()
    assert [notice for notice in notices if "hiding" in notice.subject] == []


async def test_two_moderators_who_hide_at_once_leave_one_reason(world: World) -> None:
    """The second is told that it is done already."""
    post = await said(world)
    async with world.reading() as db:
        mine, place = await queries.post_for(db, world.camille, post.id)
    await hide(world, post)
    with pytest.raises(Conflict):
        async with world.working(world.camille) as work:
            await moderation.hide_post(work, place, mine, NewHiding(reason="Autre motif"))


async def test_a_correction_under_way_does_not_bring_hidden_words_back(world: World) -> None:
    """Bruno's form was open when Camille hid his post: his new text is refused."""
    post = await said(world)
    async with world.reading() as db:
        mine, place = await queries.post_for(db, world.bruno, post.id)
    await hide(world, post)
    with pytest.raises(Conflict):
        async with world.working(world.bruno) as work:
            await service.edit_post(work, place, mine, EditedPost(body="De retour", version=1))


@pytest.mark.parametrize("reason", ["", "   ", "x" * 301], ids=["none", "spaces", "long"])
async def test_a_reason_is_owed(world: World, reason: str) -> None:
    """The form comes back with its sentence beside the field, and nothing is hidden."""
    post = await said(world)
    async with world.browser(world.camille) as browser:
        answer = await browser.post(f"/forums/messages/{post.id}/masquage", data={"reason": reason})
    assert answer.status_code == 422
    assert 'id="error-reason"' in answer.text
    assert await audited(world, "post.hidden") == []


async def test_a_hidden_post_may_still_be_withdrawn(world: World) -> None:
    """Bruno prefers that nothing of it remains: then not even a moderator reads it."""
    post = await said(world)
    await hide(world, post)
    async with world.browser(world.bruno) as browser:
        assert WORD not in (await browser.get(f"/forums/messages/{post.id}/suppression")).text
        assert (await browser.post(f"/forums/messages/{post.id}/suppression")).status_code == 303
    async with world.browser(world.camille) as browser:
        assert (await browser.get(f"/forums/messages/{post.id}/masquage")).status_code == 404


# Closing


async def test_a_thread_is_closed_with_a_reason(world: World) -> None:
    """The reason is read on top of the thread, until it is opened again."""
    async with world.browser(world.camille) as browser:
        await browser.post(f"/forums/fils/{world.snow.id}/fermeture/motif", data={"reason": "Doublon du fil <b>"})
        closed = (await browser.get(f"/forums/fils/{world.snow.id}")).text
        await browser.post(f"/forums/fils/{world.snow.id}/fermeture/levee")
        again = (await browser.get(f"/forums/fils/{world.snow.id}")).text
    assert "Motif\u00a0: Doublon du fil &lt;b&gt;" in closed
    assert "Motif" not in again


# Pinning


async def pin(world: World, thread: Thread, days: int | None = None) -> None:
    async with world.working(world.camille) as work:
        place = await queries.thread_for(work.db, world.camille, thread.id)
        until = None if days is None else today() + timedelta(days=days)
        await moderation.pin_thread(work, place, NewPin(until=until))


async def titles(world: World, before: str | None = None) -> list[str]:
    async with world.reading() as db:
        found = await queries.threads_in(db, world.bruno, world.technique, before)
    return [thread.title for thread in found.threads]


async def test_pinned_threads_stand_on_top_until_their_day_ends(world: World) -> None:
    """The oldest thread is pinned: it comes first; the clock passes its end, and it falls back without any act."""
    await world.open(world.awa, world.technique, "Sel", "Combien ?")
    assert await titles(world) == ["Sel", "Lame de déneigement"]
    await pin(world, world.snow, days=1)
    assert await titles(world) == ["Lame de déneigement", "Sel"]

    async with world.house.database.writing() as db:
        thread = await db.get_one(Thread, world.snow.id)
        thread.pinned_until = now() - timedelta(seconds=1)
        db.add(thread)
    assert await titles(world) == ["Sel", "Lame de déneigement"]


async def test_a_pinned_thread_is_on_the_first_page_alone(world: World) -> None:
    """Of 52 threads the oldest is pinned: 51 on the first page, the other one on the second."""
    for number in range(51):
        await world.open(world.awa, world.technique, f"Fil {number}", "Bonjour")
    await pin(world, world.snow)
    async with world.reading() as db:
        first = await queries.threads_in(db, world.bruno, world.technique)
        second = await queries.threads_in(db, world.bruno, world.technique, first.older)
    assert (first.threads[0].title, len(first.threads)) == ("Lame de déneigement", 51)
    assert [thread.title for thread in second.threads] == ["Fil 0"]
    assert [thread.order for thread in first.threads] == sorted(thread.order for thread in first.threads)


async def test_the_end_of_a_pin_is_told_to_open_pages(world: World) -> None:
    """A task waits for the end; when it comes the list hears of it once, and a pin renewed meanwhile stays."""
    await pin(world, world.snow, days=0)
    async with world.house.database.writing() as db:
        thread = await db.get_one(Thread, world.snow.id)
        end = thread.pinned_until
        thread.pinned_until = now() - timedelta(seconds=1)
        db.add(thread)
        tasks = (await db.exec(select(Task).where(Task.kind == moderation.UNPIN))).all()
    assert [task.due_at for task in tasks] == [end]

    for _ in range(2):
        async with world.working(None) as work:
            await moderation.let_go(work, tasks[0].payload)
    stream = queries.stream_of_forum(world.technique.id)
    assert (await verbs(world, stream)).count(Verb.THREAD_UNPINNED) == 1

    await pin(world, world.snow)
    async with world.working(None) as work:
        await moderation.let_go(work, tasks[0].payload)
    async with world.reading() as db:
        assert (await db.get_one(Thread, world.snow.id)).pinned_until == FOREVER


@pytest.mark.parametrize("until", ["2001-01-01", "2999-01-01", "demain", "2026-02-30"])
async def test_a_pin_ends_on_a_day_that_comes(world: World, until: str) -> None:
    """A day that is past, far away or not a day: a sentence beside the field, as it was typed."""
    async with world.browser(world.camille) as browser:
        answer = await browser.post(f"/forums/fils/{world.snow.id}/epingle", data={"until": until})
    assert answer.status_code == 422
    assert 'id="error-until"' in answer.text
    assert f'value="{until}"' in answer.text


async def test_no_more_than_ten_threads_stand_on_top(world: World) -> None:
    """The eleventh is refused; pinning one of the ten again is not."""
    threads = [await world.open(world.awa, world.technique, f"Fil {number}", "Bonjour") for number in range(10)]
    for thread in threads:
        await pin(world, thread)
    with pytest.raises(Invalid):
        await pin(world, world.snow)
    await pin(world, threads[0], days=3)


async def test_pinned_threads_are_found_by_their_own_index(world: World) -> None:
    """The forum may hold a million threads: the question about the pinned ones reads none of the others."""
    query = select(Thread.id).where(col(Thread.forum_id) == world.technique.id, queries.is_pinned(now()))
    async with world.reading() as db:
        words = query.compile(db.get_bind(), compile_kwargs={"literal_binds": True})
        if not world.house.settings.is_embedded:
            # Of a table with two rows, PostgreSQL would read both.
            await db.execute(text("SET LOCAL enable_seqscan = off"))
        explain = "EXPLAIN QUERY PLAN" if world.house.settings.is_embedded else "EXPLAIN"
        plan = await (await db.connection()).exec_driver_sql(f"{explain} {words}")
        assert "thread_pinned" in str(plan.all())


# Moving


async def workshop(world: World, reading: Reading = Reading.ALL) -> Forum:
    forum = Forum(slug="ateliers", title="Ateliers", place=9)
    if reading == Reading.BODY:
        forum = Forum(slug="ateliers", title="Ateliers", reading=reading, body_id=world.copil.id, place=9)
    async with world.house.database.writing() as db:
        db.add(forum)
    return forum


async def move(world: World, to: str, who: Who | None = None) -> None:
    async with world.working(who or world.camille) as work:
        place = await queries.thread_for(work.db, work.who, world.snow.id)
        await moderation.move_thread(work, place, NewPlace(forum=to))


async def test_permanent_addresses_survive_a_move(world: World) -> None:
    """A thread with three posts moves: its address and theirs lead where they led."""
    posts = [await said(world, f"Suite {number}") for number in range(2)]
    await workshop(world)
    addresses = [f"/forums/fils/{world.snow.id}", *(f"/forums/messages/{post.id}" for post in posts)]

    async def answers() -> list[tuple[int, str]]:
        async with world.browser(world.denise) as browser:
            found = [await browser.get(address) for address in addresses]
        return [(each.status_code, each.headers.get("location", "")) for each in found]

    before = await answers()
    await move(world, "ateliers")
    assert await answers() == before
    async with world.browser(world.denise) as browser:
        page = (await browser.get(addresses[0])).text
        old, new = [(await browser.get(f"/forums/{slug}")).text for slug in ("technique", "ateliers")]
    assert 'href="/forums/ateliers"' in page
    assert (f"thread-{world.snow.id}" in old, f"thread-{world.snow.id}" in new) == (False, True)


@pytest.mark.parametrize("to", ["copil", "jamais", "technique", ""], ids=["closed", "void", "same", "nothing"])
async def test_a_thread_does_not_move_to_what_one_may_not_read(world: World, to: str) -> None:
    """To Camille the CoPil's forum is like one that never was: the same sentence, and nothing moves."""
    async with world.browser(world.camille) as browser:
        form = await browser.get(f"/forums/fils/{world.snow.id}/deplacement")
        answer = await browser.post(f"/forums/fils/{world.snow.id}/deplacement", data={"forum": to})
    assert "CoPil" not in form.text
    assert answer.status_code == 422
    expected = moderation.SAME_FORUM if to == "technique" else moderation.NO_SUCH_FORUM
    assert expected in unescape(answer.text)
    async with world.reading() as db:
        assert (await db.get_one(Thread, world.snow.id)).forum_id == world.technique.id


async def test_who_reads_it_follows_at_once(world: World) -> None:
    """Camille sits nowhere but moderates the closed forum too: there the thread is Awa's and hers, no more Bruno's."""
    forum = await workshop(world, Reading.BODY)
    async with world.house.database.writing() as db:
        await db.execute(
            text("INSERT INTO forum_moderator (forum_id, person_id) VALUES (:forum, :person)"),
            {"forum": _sql(world, forum.id), "person": _sql(world, world.camille.id)},
        )
    post = await said(world)
    async with world.reading() as db:
        old = await queries.cursors_of(db, world.snow.id)
    await move(world, "ateliers")

    for who, expected in ((world.awa, 200), (world.camille, 200), (world.bruno, 404), (world.denise, 404)):
        async with world.browser(who) as browser:
            assert (await browser.get(f"/forums/fils/{world.snow.id}")).status_code == expected
    async with world.reading() as db:
        with pytest.raises(NotFound):
            await queries.watch_thread(db, world.bruno, world.snow.id)
        with pytest.raises(NotFound):
            await queries.post_for(db, world.bruno, post.id)
        new = await queries.cursors_of(db, world.snow.id)
    assert (old[1].stream.id, new[1].stream.id) == (world.technique.id, forum.id)
    recorded = await verbs(world, queries.stream_of(world.snow.id))
    assert {RightsVerb.READERS_CHANGED, Verb.THREAD_MOVED} <= set(recorded)


async def test_the_old_forum_tells_nothing_of_what_it_has_lost(world: World) -> None:
    """Bruno's page replays the old forum's story from the start: of the thread that left, only its going."""
    await workshop(world, Reading.BODY)
    async with world.house.database.writing() as db:
        await db.execute(text("UPDATE thread SET forum_id = (SELECT id FROM forum WHERE slug = 'ateliers')"))
    async with world.reading() as db:
        entries = await journal.since(db, str(queries.stream_of_forum(world.technique.id)), 0, 100)
        arrived = [await feed.forum_feed.fragment(db, entry) for entry in entries]
    assert [(each.put, each.context) for each in arrived if each] == [("delete", {})]


async def test_drafts_and_marks_stay_and_the_thread_lives_on(world: World) -> None:
    """Bruno had read the thread and had begun to answer: both are there after the move, and he answers."""
    await workshop(world)
    async with world.working(world.bruno) as work:
        await service.mark_read(work, world.snow.id, 1)
    async with world.browser(world.bruno) as browser:
        draft = {"about": "answer", "about_id": str(world.snow.id), "body": "Je commence…"}
        await browser.post("/forums/brouillons", data=draft)
    async with world.reading() as db:
        drafts = len((await db.exec(select(Draft))).all())
    await move(world, "ateliers")
    async with world.reading() as db:
        mark = await db.get(ReadMark, (world.bruno.id, world.snow.id))
        assert mark is not None
        assert mark.number == 1
        assert len((await db.exec(select(Draft))).all()) == drafts
    async with world.working(world.bruno) as work:
        place = await queries.thread_for(work.db, world.bruno, world.snow.id)
        await service.post(work, place, NewPost(body="Me voici"))


async def test_a_thread_that_two_move_goes_to_one_place(world: World) -> None:
    """Two moderators move it at once: the second is told."""
    await workshop(world)
    async with world.reading() as db:
        place = await queries.thread_for(db, world.camille, world.snow.id)
        db.expunge_all()
    await move(world, "ateliers")
    async with world.house.database.writing() as db:
        db.add(Forum(slug="garage", title="Garage", place=10))
    with pytest.raises(Conflict):
        async with world.working(world.camille) as work:
            await moderation.move_thread(work, place, NewPlace(forum="garage"))


# What remains of it


async def test_each_act_is_audited_by_ids_alone(world: World) -> None:
    """Hide, unhide, pin, unpin, close and move leave a line each, and no title, word or reason."""
    post = await said(world)
    await workshop(world)
    await hide(world, post, reason="Cocasse")
    async with world.working(world.camille) as work:
        await moderation.unhide_post(work, await hidden_post_for(work.db, world.camille, post.id))
    await pin(world, world.snow)
    async with world.working(world.camille) as work:
        place = await queries.thread_for(work.db, world.camille, world.snow.id)
        await moderation.unpin_thread(work, place)
        await service.close_thread(work, place, "Cocasse")
    await move(world, "ateliers")
    acts = ("post.hidden", "post.unhidden", "thread.pinned", "thread.unpinned", "thread.closed", "thread.moved")
    for act in acts:
        (entry,) = await audited(world, act)
        assert entry.person_id == world.camille.id
        told = f"{entry.subject} {entry.detail}"
        assert [word for word in (WORD, "Cocasse", "Lame", "Ateliers", "Technique") if word in told] == []


@pytest.mark.parametrize("door", ["epingle", "deplacement"])
async def test_other_readers_do_not_keep_the_peace(world: World, door: str) -> None:
    """Awa opened the thread: she closes it, but neither pins nor moves it; to whoever does not read it, nothing."""
    async with world.browser(world.awa) as browser:
        assert (await browser.get(f"/forums/fils/{world.snow.id}/{door}")).status_code == 403
        assert (await browser.post(f"/forums/fils/{world.snow.id}/{door}", data={"forum": "x"})).status_code == 403
    async with world.browser(world.bruno) as browser:
        assert (await browser.get(f"/forums/fils/{world.secret.id}/{door}")).status_code == 404


def _sql(world: World, id_: UUID) -> object:
    return id_.hex if world.house.settings.is_embedded else id_
