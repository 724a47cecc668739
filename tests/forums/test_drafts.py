"""What one has begun to write is never lost, and what was posted or thrown away never comes back."""

import asyncio
import random
import re
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from html import unescape
from uuid import UUID

import httpx
import pytest
from sqlalchemy import update
from sqlmodel import col, select

from entente.clock import now
from entente.ids import new_id
from entente.people.models import Session
from entente.people.who import Who
from entente.rules import Conflict, NotFound
from forums import queries as forum_queries
from forums import service as forums
from forums.drafts import queries, service, tidying
from forums.drafts.models import MOST_BYTES, About, Draft, Saved, Sheet, sheet_in
from forums.models import EditedPost, NewPost, Post, Thread
from world import World

both = pytest.mark.parametrize("htmx", [False, True], ids=["plain", "htmx"])
DOOR = "/forums/brouillons"


async def bodies(world: World, who: Who) -> list[str]:
    """What this person finds in their drafts."""
    async with world.reading() as db:
        return [kept.draft.body for kept in await queries.drafts_of(db, who)]


def answer_to(thread: Thread) -> Sheet:
    return Sheet.fresh(About.ANSWER, thread.id)


async def save(world: World, who: Who, sheet: Sheet, body: str, title: str = "") -> service.Outcome:
    async with world.working(who) as work:
        return await service.save(work, Saved.model_validate({"draft": str(sheet), "title": title, "body": body}))


def at(sheet: Sheet, turn: int) -> Sheet:
    return sheet._replace(turn=turn)


def sheet_of(page: str) -> Sheet:
    """The sheet that the form of a page names."""
    found = re.search(r'name="draft" value="([^"]+)"', page)
    assert found is not None
    return Sheet.parse(found[1])


def text_of(page: str) -> str:
    """What the form of a page holds."""
    found = re.search(r'<textarea id="field-body[^>]*>\n(.*?)</textarea>', page, re.S)
    assert found is not None
    return unescape(found[1])


# The story of two windows, a network and a server that fail


@dataclass
class Request:
    """Something sent to the server, that may come late, twice, or never."""

    kind: str
    sheet: Sheet
    text: str


class Crash(Exception):
    """The server stops in the middle of a transaction."""


@dataclass
class Browser:
    """A browser with its windows and the copies it keeps; a port of what `writing.js` does."""

    world: World
    who: Who
    thread: Thread
    client: httpx.AsyncClient
    chance: random.Random
    copies: dict[str, tuple[Sheet, str]] = field(default_factory=dict)
    windows: list["Window"] = field(default_factory=list)
    late: list[tuple["Window", Request]] = field(default_factory=list)
    tried: set[str] = field(default_factory=set)
    """Words that were sent once."""
    done: list[str] = field(default_factory=list)
    """Texts that were posted or thrown away."""
    wanted: set[str] = field(default_factory=set)
    """Texts that someone has tried to post since, in vain."""
    crashes: int = 0
    words: int = 0

    async def open(self) -> "Window":
        """A new window on the thread: what the page holds, and what the browser had kept."""
        page = (await self.client.get(f"/forums/fils/{self.thread.id}")).text
        window = Window(self, sheet_of(page), text_of(page))
        self.windows.append(window)
        await self.recover(window)
        return window

    async def recover(self, window: "Window") -> None:
        """Send again what was never confirmed; what belongs in the window is put back."""
        for sheet, text in list(self.copies.values()):
            outcome = await self.send(Request("save", sheet, text))
            if not outcome.is_over and not window.is_dirty and window.sheet.over_id in (None, outcome.sheet.id):
                kept = outcome.sheet
                window.sheet, window.text = window.sheet._replace(over_id=kept.id, over_turn=kept.turn), text

    async def send(self, request: Request) -> service.Outcome:
        """The request arrives and is answered: the copy has served."""
        if request.kind == "post":
            form = {"draft": str(request.sheet), "body": request.text}
            answer = await self.client.post(f"/forums/fils/{self.thread.id}/messages", data=form)
            assert answer.status_code == 303
            self.done.append(request.text)
            self.wanted.discard(request.text)
            return service.Outcome(request.sheet, now())
        answer = await self.client.post(DOOR, data={"draft": str(request.sheet), "body": request.text})
        assert answer.status_code == 200, answer.text
        if self.copies.get(str(request.sheet.id), (None,))[0] == request.sheet:
            del self.copies[str(request.sheet.id)]
        said = answer.json()
        return service.Outcome(Sheet.parse(said["draft"]), said["ended"])

    async def fail(self, request: Request) -> None:
        """The server stops before the transaction is saved."""
        self.crashes += 1
        with suppress(Crash):
            async with self.world.working(self.who) as work:
                if request.kind == "save":
                    await service.save(work, Saved.model_validate({"draft": str(request.sheet), "body": request.text}))
                else:
                    place = await forum_queries.thread_for(work.db, self.who, self.thread.id)
                    await forums.post(work, place, NewPost(body=request.text))
                    await service.posted(work, {"draft": str(request.sheet)})
                raise Crash

    async def discard(self) -> None:
        """One draft of the list is thrown away."""
        async with self.world.reading() as db:
            found = await queries.drafts_for(db, self.who, About.ANSWER, self.thread.id)
        if found:
            chosen = self.chance.choice(found)
            answer = await self.client.post(f"{DOOR}/{chosen.id}/suppression")
            assert answer.status_code == 303
            self.done.append(chosen.body)

    async def arrive(self, window: "Window", request: Request) -> None:
        """What was on its way comes at last; its window hears of it, if it is there still."""
        outcome = await self.send(request)
        if window in self.windows and window.sheet == request.sheet:
            window.heard(request.kind, outcome)

    def lost(self) -> None:
        """The browser itself stops: every window is gone, the copies stay."""
        self.crashes += 1
        self.windows.clear()


@dataclass
class Window:
    """A window with its form."""

    browser: Browser
    sheet: Sheet
    text: str
    sent: str = ""
    is_dirty: bool = False

    def type(self) -> None:
        """One more word, that nobody else writes."""
        self.browser.words += 1
        self.text = f"{self.text} mot{self.browser.words}".strip()
        self.is_dirty = True

    async def submit(self, kind: str, fate: str) -> None:
        """Send the text to be kept or posted; what becomes of it is up to fate."""
        browser = self.browser
        if self.sent != self.text or kind == "post":
            self.sheet = self.sheet._replace(turn=self.sheet.turn + 1)
        self.sent = self.text
        request = Request(kind, self.sheet, self.text)
        browser.copies[str(self.sheet.id)] = (self.sheet, self.text)
        browser.tried |= set(self.text.split())
        if kind == "post":
            # Whoever posts from one window what was posted or thrown away from another wants it after all.
            browser.done = [text for text in browser.done if text != self.text]
            browser.wanted.add(self.text)
        match fate:
            case "answered" | "twice":
                outcome = await browser.send(request)
                if kind == "save" and fate == "twice":
                    outcome = await browser.send(request)
                self.heard(kind, outcome)
            case "stopped":
                await browser.fail(request)
            case "unheard":
                browser.crashes += 1
                kept = dict(browser.copies)
                await browser.send(request)
                browser.copies = kept
                if kind == "post":
                    browser.windows.remove(self)
            case "late":
                browser.crashes += 1
                if kind == "save":
                    browser.late.append((self, request))

    def heard(self, kind: str, outcome: service.Outcome) -> None:
        """The answer came: a window that has posted closes, another goes on."""
        if kind == "post":
            self.browser.copies.pop(str(self.sheet.id), None)
            self.browser.windows.remove(self)
        else:
            self.sheet = self.sheet._replace(id=outcome.sheet.id)
            self.is_dirty = False


async def a_day(browser: Browser) -> None:
    """Windows open, write, save, post and die, in any order."""
    chance = browser.chance
    for _ in range(14):
        if len(browser.windows) < 2 and chance.random() < 0.5:
            await browser.open()
        act = chance.choices(["type", "save", "post", "discard", "lost", "arrive"], [6, 6, 2, 1, 1, 2])[0]
        if act == "lost":
            browser.lost()
        elif act == "discard":
            await browser.discard()
        elif act == "arrive" and browser.late:
            await browser.arrive(*browser.late.pop(chance.randrange(len(browser.late))))
        elif browser.windows:
            window = chance.choice(browser.windows)
            if act == "type" or not window.text:
                window.type()
            fate = chance.choice(["answered", "stopped", "unheard", "twice", "late"])
            if act == "post":
                await window.submit("post", fate)
            elif window.is_dirty:
                await window.submit("save", fate)
    browser.lost()
    for window, request in browser.late:
        await browser.arrive(window, request)
    await browser.recover(await browser.open())


async def test_two_hundred_crashes_lose_no_text_and_bring_none_back(world: World) -> None:
    """Whatever stops, comes late or twice: each word sent once is posted, thrown away or in a draft, and no text
    that was posted or thrown away is in a draft again, nor what it was before."""
    crashes = 0
    async with world.browser(world.bruno) as client:
        for seed in range(32):
            thread = await world.open(world.awa, world.technique, f"Jour {seed}", "Bonjour")
            browser = Browser(world, world.bruno, thread, client, random.Random(seed))
            await a_day(browser)
            crashes += browser.crashes

            async with world.reading() as db:
                found = await queries.drafts_for(db, world.bruno, About.ANSWER, thread.id)
            kept = [draft.body for draft in found]
            assert browser.copies == {}, seed
            accounted = set(" ".join([*kept, *browser.done]).split())
            assert browser.tried - accounted == set(), (seed, kept, browser.done)
            ended = [f"{text} " for text in browser.done]
            back = [text for text in set(kept) - browser.wanted if any(each.startswith(f"{text} ") for each in ended)]
            assert back == [], (seed, kept, browser.done)
    assert crashes >= 200


# Two windows


async def test_two_windows_keep_both_texts(world: World) -> None:
    """Bruno goes on from the same draft in two windows: neither writes over the other, and he is told."""
    first = at(answer_to(world.snow), 1)
    await save(world, world.bruno, first, "Bonjour")
    async with world.browser(world.bruno) as browser:
        pages = [(await browser.get(f"/forums/fils/{world.snow.id}")).text for _ in range(2)]
        sheets = [sheet_of(page)._replace(turn=1) for page in pages]
        told = [
            (await browser.post(DOOR, data={"draft": str(sheet), "body": text_of(page) + more})).json()
            for sheet, page, more in zip(sheets, pages, (" à tous", " à toutes"), strict=True)
        ]
        page = unescape((await browser.get(f"/forums/fils/{world.snow.id}")).text)

    assert sorted(await bodies(world, world.bruno)) == ["Bonjour à tous", "Bonjour à toutes"]
    assert [each["others"] for each in told] == [0, 1]
    assert "Un autre brouillon existe" in page


async def test_two_windows_that_go_on_at_once_keep_both_texts(world: World) -> None:
    """Both take over the same draft in the same instant: the row decides, and no text is lost."""
    first = at(answer_to(world.snow), 1)
    await save(world, world.bruno, first, "Bonjour")
    sheets = [at(answer_to(world.snow), 1)._replace(over_id=first.id, over_turn=1) for _ in range(5)]

    await asyncio.gather(*(save(world, world.bruno, each, f"Bonjour {n}") for n, each in enumerate(sheets)))

    assert sorted(await bodies(world, world.bruno)) == [f"Bonjour {n}" for n in range(5)]


async def test_saves_that_cross_leave_the_last_word(world: World) -> None:
    """Ten turns of one window arrive at once and out of order: the last one stands, under one name."""
    sheet = answer_to(world.snow)
    turns = random.Random(7).sample(range(1, 11), 10)

    await asyncio.gather(*(save(world, world.bruno, at(sheet, turn), f"Tour {turn}") for turn in turns))

    assert await bodies(world, world.bruno) == ["Tour 10"]


# Posting


@both
async def test_posting_ends_the_draft_that_was_posted_and_no_other(world: World, htmx: bool) -> None:
    """Bruno posts from one window: its draft is gone, that of the other window stays."""
    mine, other = at(answer_to(world.snow), 1), at(answer_to(world.snow), 1)
    await save(world, world.bruno, mine, "À publier")
    await save(world, world.bruno, other, "À garder")
    form = {"draft": str(at(mine, 2)), "body": "À publier !"}
    async with world.browser(world.bruno, htmx) as browser:
        answer = await browser.post(f"/forums/fils/{world.snow.id}/messages", data=form)
    late = await save(world, world.bruno, mine, "À publier")

    assert answer.status_code == (200 if htmx else 303)
    assert await bodies(world, world.bruno) == ["À garder"]
    assert late.is_over
    if htmx:
        assert sheet_of(answer.text).id not in (mine.id, other.id)


async def test_a_post_that_fails_leaves_the_draft(world: World) -> None:
    """The thread is closed meanwhile: nothing is posted, and the draft stands."""
    sheet = at(answer_to(world.snow), 1)
    await save(world, world.bruno, sheet, "Mes quantités : 40 t")
    async with world.working(world.camille) as work:
        await forums.close_thread(work, await forum_queries.thread_for(work.db, world.camille, world.snow.id))
    async with world.browser(world.bruno) as browser:
        form = {"draft": str(at(sheet, 2)), "body": "Mes quantités : 40 t"}
        answer = await browser.post(f"/forums/fils/{world.snow.id}/messages", data=form)

    assert answer.status_code == 403
    assert str(sheet.id) not in answer.text
    assert await bodies(world, world.bruno) == ["Mes quantités : 40 t"]


@both
async def test_a_new_thread_and_a_correction_end_their_drafts_too(world: World, htmx: bool) -> None:
    """A thread opened and a post corrected from their drafts leave none."""
    said = await world.post(world.bruno, world.snow, "Vrai")
    opening = at(Sheet.fresh(About.THREAD, world.technique.id), 1)
    correcting = at(Sheet.fresh(About.EDIT, said.id), 1)
    await save(world, world.bruno, opening, "Combien ?", "Sel")
    await save(world, world.bruno, correcting, "Faux")
    async with world.browser(world.bruno, htmx) as browser:
        forms = [(await browser.get("/forums/technique/nouveau")).text]
        forms.append((await browser.get(f"/forums/messages/{said.id}/modifier")).text)
        assert [text_of(form) for form in forms] == ["Combien ?", "Faux"]
        assert 'value="Sel"' in forms[0]
        opened = {"draft": str(sheet_of(forms[0])), "title": "Sel", "body": "Combien ?"}
        corrected = {"draft": str(sheet_of(forms[1])), "version": "1", "body": "Faux"}
        answers = [await browser.post("/forums/technique", data=opened)]
        answers.append(await browser.post(f"/forums/messages/{said.id}/modifier", data=corrected))

    assert [answer.is_success or answer.is_redirect for answer in answers] == [True, True]
    assert await bodies(world, world.bruno) == []


FORGED = f"answer.{UUID(int=7)}.{UUID(int=9)}.9e9..0"


@pytest.mark.parametrize("forged", ["", "n’importe quoi", "answer.x.y.z.t.u", FORGED])
async def test_a_sheet_made_up_by_hand_changes_nothing(world: World, forged: str) -> None:
    """A form whose sheet is unreadable posts all the same; the drafts stay; as a save it is refused in French."""
    await save(world, world.bruno, at(answer_to(world.snow), 1), "À garder")
    async with world.browser(world.bruno) as browser:
        form = {"draft": forged, "body": "Bonjour"}
        posted = await browser.post(f"/forums/fils/{world.snow.id}/messages", data=form)
        saved = await browser.post(DOOR, data=form)

    assert (posted.status_code, saved.status_code) == (303, 422)
    assert "rouvrez la page" in saved.json()["error"]
    assert await bodies(world, world.bruno) == ["À garder"]


def test_a_sheet_reads_as_it_is_written() -> None:
    """Every sheet comes back from its form as it was; anything else is none."""
    sheet = Sheet(About.EDIT, new_id(), new_id(), 3, new_id(), 2)

    assert Sheet.parse(str(sheet)) == sheet
    assert Sheet.parse(str(Sheet(About.ANSWER, sheet.id, sheet.id))) == Sheet(About.ANSWER, sheet.id, sheet.id)
    assert sheet_in(str(sheet._replace(turn=2**31))) is None
    assert sheet_in(["deux"]) is None


# Coming back


async def test_the_composer_comes_back_with_its_draft(world: World) -> None:
    """Bruno closed everything: the thread opens with what he had written, and says so; Denise sees none of it."""
    await save(world, world.bruno, at(answer_to(world.snow), 1), "Je cherche <b>encore</b>")
    pages = []
    for who in (world.bruno, world.denise):
        async with world.browser(who) as browser:
            pages.append(unescape((await browser.get(f"/forums/fils/{world.snow.id}")).text))

    assert text_of(pages[0]) == "Je cherche <b>encore</b>"
    assert re.search(r"Votre brouillon du .* est repris", pages[0])
    assert "Je cherche" not in pages[1]


async def test_a_quote_goes_under_the_draft_and_never_over_it(world: World) -> None:
    """Bruno quotes Awa without JavaScript: what he had begun stays above her words."""
    await save(world, world.bruno, at(answer_to(world.snow), 1), "Déjà écrit")
    async with world.reading() as db:
        said = (await db.exec(select(Post).where(col(Post.thread_id) == world.snow.id))).one()
    async with world.browser(world.bruno) as browser:
        page = (await browser.get(f"/forums/fils/{world.snow.id}", params={"citer": str(said.id)})).text

    assert text_of(page).startswith("Déjà écrit\n\n> **Awa Diallo** [a écrit]")
    assert sheet_of(page).over_id is not None


async def test_one_draft_among_several_is_taken_up_by_its_name(world: World) -> None:
    """The list of drafts leads to each of them, not to the latest alone."""
    first = at(answer_to(world.snow), 1)
    await save(world, world.bruno, first, "Le premier")
    await save(world, world.bruno, at(answer_to(world.snow), 1), "Le second")
    async with world.browser(world.bruno) as browser:
        list_ = unescape((await browser.get(DOOR)).text)
        links = re.findall(r'<h2>Réponse dans « <a href="([^"#]+)#composer">', list_)
        texts = [text_of((await browser.get(link)).text) for link in links]

    assert "2\u00a0brouillons" in list_
    assert texts == ["Le second", "Le premier"]


async def test_a_correction_begun_over_an_older_text_shows_both(world: World) -> None:
    """Bruno corrected his post elsewhere since: the form shows what stands above his draft."""
    said = await world.post(world.bruno, world.snow, "Un")
    await save(world, world.bruno, at(Sheet.fresh(About.EDIT, said.id), 1), "Mon brouillon")
    async with world.working(world.bruno) as work:
        mine, place = await forum_queries.post_for(work.db, world.bruno, said.id)
        await forums.edit_post(work, place, mine, EditedPost(body="Deux", version=1))
    async with world.browser(world.bruno) as browser:
        page = unescape((await browser.get(f"/forums/messages/{said.id}/modifier")).text)

    assert "modifié depuis votre brouillon" in page
    assert ">\nDeux</textarea>" in page
    assert text_of(page) == "Mon brouillon"


@both
async def test_without_scripts_a_button_keeps_the_draft(world: World, htmx: bool) -> None:
    """Bruno presses « Garder le brouillon »: the form comes back with his text, which is kept; twice over, both are."""
    async with world.browser(world.bruno, htmx) as browser:
        page = (await browser.get(f"/forums/fils/{world.snow.id}")).text
        form = {"draft": str(sheet_of(page)), "act": "garder"}
        kept = await browser.post(f"/forums/fils/{world.snow.id}/messages", data=form | {"body": "Un début"})
        again = await browser.post(f"/forums/fils/{world.snow.id}/messages", data=form | {"body": "Autre chose"})
        posted = {"draft": str(sheet_of(kept.text)), "body": "Un début"}
        await browser.post(f"/forums/fils/{world.snow.id}/messages", data=posted)

    assert (kept.status_code, again.status_code) == (200, 200)
    assert "Votre brouillon est gardé." in unescape(kept.text)
    assert text_of(kept.text) == "Un début"
    assert await bodies(world, world.bruno) == ["Autre chose"]


@pytest.mark.parametrize("act", ["garder", "effacer", "apercu"])
async def test_the_forms_of_a_thread_and_of_a_correction_answer_the_same_buttons(world: World, act: str) -> None:
    """The same three buttons on the new thread and on the correction give the form back, and post nothing."""
    said = await world.post(world.bruno, world.snow, "Vrai")
    async with world.browser(world.bruno) as browser:
        opening = (await browser.get("/forums/technique/nouveau")).text
        correcting = (await browser.get(f"/forums/messages/{said.id}/modifier")).text
        form = {"act": act, "body": "Nouveau texte", "title": ""}
        answers = [
            await browser.post("/forums/technique", data=form | {"draft": str(sheet_of(opening))}),
            await browser.post(
                f"/forums/messages/{said.id}/modifier", data=form | {"draft": str(sheet_of(correcting)), "version": "1"}
            ),
        ]

    expected = ["", "Vrai"] if act == "effacer" else ["Nouveau texte"] * 2
    assert [answer.status_code for answer in answers] == [200, 200]
    assert [text_of(answer.text) for answer in answers] == expected
    assert len(await bodies(world, world.bruno)) == (2 if act == "garder" else 0)


async def test_a_draft_is_thrown_away_from_the_form_that_shows_it(world: World) -> None:
    """Bruno resumed a draft and wants none of it: the form comes back empty."""
    await save(world, world.bruno, at(answer_to(world.snow), 1), "À jeter")
    async with world.browser(world.bruno) as browser:
        page = (await browser.get(f"/forums/fils/{world.snow.id}")).text
        form = {"draft": str(sheet_of(page)), "body": text_of(page), "act": "effacer"}
        answer = await browser.post(f"/forums/fils/{world.snow.id}/messages", data=form)

    assert text_of(answer.text) == ""
    assert await bodies(world, world.bruno) == []


# Whose they are


async def test_a_draft_is_its_authors_alone(world: World) -> None:
    """Denise names Bruno's draft: she finds nothing to throw away, writes nothing over it, and lists none."""
    sheet = at(answer_to(world.snow), 1)
    await save(world, world.bruno, sheet, "À moi")
    async with world.browser(world.denise) as browser:
        thrown = await browser.post(f"{DOOR}/{sheet.id}/suppression")
        saved = await browser.post(DOOR, data={"draft": str(at(sheet, 9)), "body": "À elle"})
        await browser.post(f"/forums/fils/{world.snow.id}/messages", data={"draft": str(at(sheet, 9)), "body": "Oui"})
        list_ = (await browser.get(DOOR)).text

    assert (thrown.status_code, saved.status_code) == (404, 200)
    assert "À moi" not in list_
    assert await bodies(world, world.bruno) == ["À moi"]
    assert await bodies(world, world.denise) == []


async def test_a_place_that_closes_keeps_its_name_and_leaves_the_words(world: World) -> None:
    """Awa no longer sits in the CoPil: her drafts there bear no title and no address, and she can copy her words."""
    said = await world.post(world.awa, world.secret, "Mon avis")
    places = [(About.ANSWER, world.secret.id), (About.THREAD, world.closed.id), (About.EDIT, said.id)]
    for about, place in places:
        await save(world, world.awa, at(Sheet.fresh(about, place), 1), f"Mes mots, {about}")
    async with world.browser(world.awa) as browser:
        before = unescape((await browser.get(DOOR)).text)
    await world.end_functions(world.awa)
    async with world.browser(world.awa) as browser:
        after = unescape((await browser.get(DOOR)).text)
        kept = await browser.post(DOOR, data={"draft": str(at(answer_to(world.secret), 1)), "body": "Encore"})

    assert [before.count(title) > 0 for title in (world.secret.title, '« <a href="/forums/copil/')] == [True, True]
    for name in (world.secret.title, "/forums/copil", str(world.secret.id), str(said.id)):
        assert name not in after
    assert [after.count(f"Mes mots, {about}") for about, _ in places] == [1, 1, 1]
    assert kept.status_code == 200


async def test_an_ended_session_gives_the_text_back_and_keeps_the_draft(world: World) -> None:
    """Bruno's session ends while he writes: the save says 401, the post gives the text back, the draft waits."""
    sheet = at(answer_to(world.snow), 1)
    await save(world, world.bruno, sheet, "Le début")
    async with world.browser(world.bruno) as browser:
        async with world.house.database.writing() as db:
            await db.execute(update(Session).values(expires_at=now() - timedelta(days=1)))
        form = {"draft": str(at(sheet, 2)), "body": "Le début et la suite"}
        saved = await browser.post(DOOR, data=form)
        posted = await browser.post(f"/forums/fils/{world.snow.id}/messages", data=form)

    assert (saved.status_code, posted.status_code) == (401, 401)
    assert "Le début et la suite" in unescape(posted.text)
    assert str(sheet.id) not in posted.text
    assert await bodies(world, world.bruno) == ["Le début"]


# Bounds


@pytest.mark.parametrize(("size", "status"), [(33_000, 200), (MOST_BYTES, 200), (MOST_BYTES + 1, 422)])
async def test_a_draft_may_be_longer_than_a_post_and_not_endless(world: World, size: int, status: int) -> None:
    """33 KB that cannot be posted are kept; beyond 100 KB a sentence says that the text is no longer saved."""
    sheet = at(answer_to(world.snow), 1)
    async with world.browser(world.bruno) as browser:
        answer = await browser.post(DOOR, data={"draft": str(sheet), "body": "a" * size})

    assert answer.status_code == status
    assert [len(body) for body in await bodies(world, world.bruno)] == ([size] if status == 200 else [])
    if status == 422:
        assert "dépasse 100\u00a0ko" in answer.json()["error"]


async def test_nobody_heaps_up_drafts_for_ever(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Over the limit a new draft is refused with a way out; one that stands goes on."""
    monkeypatch.setattr(service, "MOST_DRAFTS", 3)
    sheets = [at(answer_to(world.snow), 1) for _ in range(4)]
    for number, sheet in enumerate(sheets[:3]):
        await save(world, world.bruno, sheet, f"Brouillon {number}")

    with pytest.raises(Conflict, match="Mes brouillons"):
        await save(world, world.bruno, sheets[3], "De trop")
    await save(world, world.bruno, at(sheets[0], 2), "Brouillon 0, suite")

    assert await bodies(world, world.bruno) == ["Brouillon 0, suite", "Brouillon 2", "Brouillon 1"]


async def test_an_emptied_text_is_no_draft(world: World) -> None:
    """Bruno erases everything he wrote: nothing waits for him."""
    sheet = answer_to(world.snow)
    await save(world, world.bruno, at(sheet, 1), "Finalement")
    await save(world, world.bruno, at(sheet, 2), "")

    assert await bodies(world, world.bruno) == []


async def test_the_list_costs_the_same_whatever_its_length(world: World) -> None:
    """1 or 3 drafts: as many questions."""
    costs = []
    async with world.browser(world.bruno) as browser:
        for more in (1, 2):
            for _ in range(more):
                await save(world, world.bruno, at(answer_to(world.snow), 1), "Texte")
            with world.counting() as statements:
                await browser.get(DOOR)
            costs.append(len(statements))

    assert costs[0] == costs[1]


async def test_drafts_that_nobody_came_back_to_are_forgotten(world: World) -> None:
    """After 90 days a draft and the name of an ended one go; the others stay."""
    old, ended, young = (at(answer_to(world.snow), 1) for _ in range(3))
    for sheet in (old, ended, young):
        await save(world, world.bruno, sheet, "Texte")
    async with world.working(world.bruno) as work:
        await service.discard(work, ended.id)
        long_ago = now() - timedelta(days=service.KEPT_DAYS, minutes=1)
        ids = col(Draft.id).in_([old.id, ended.id])
        await work.db.execute(update(Draft).where(ids).values(saved_at=long_ago))

    await tidying.tidy(world.house)

    async with world.reading() as db:
        assert [draft.id for draft in (await db.exec(select(Draft))).all()] == [young.id]


async def test_what_was_thrown_away_leaves_no_word(world: World) -> None:
    """Bruno throws a draft away: its row keeps a name, never a word; a second time there is nothing."""
    sheet = at(Sheet.fresh(About.THREAD, world.technique.id), 1)
    await save(world, world.bruno, sheet, "Un secret", "Un titre")
    async with world.working(world.bruno) as work:
        await service.discard(work, sheet.id)
        with pytest.raises(NotFound):
            await service.discard(work, sheet.id)

    async with world.reading() as db:
        (row,) = (await db.exec(select(Draft))).all()
    assert (row.title, row.body) == ("", "")


async def test_tidying_ends_with_the_server(world: World) -> None:
    """The server stops: nothing of it goes on."""
    async with tidying.tidying(world.app):
        assert [task.get_name() for task in asyncio.all_tasks()].count("tidying forums.drafts") == 1

    assert [task.get_name() for task in asyncio.all_tasks()].count("tidying forums.drafts") == 0
