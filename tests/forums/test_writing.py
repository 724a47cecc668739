"""What helps to write: the preview, the quotes that say where they come from, the tools of the editor."""

import re
from html import unescape

import httpx
import pytest
from sqlmodel import col, select

from entente.ids import new_id
from forums.drafts.models import About, Sheet
from forums.models import Post
from forums.writing.rules import quoted
from world import World

both = pytest.mark.parametrize("htmx", [False, True], ids=["plain", "htmx"])
PREVIEW = "/forums/apercu"


def thread(world: World) -> str:
    return f"/forums/fils/{world.snow.id}"


def _text(answer: httpx.Response) -> str:
    return unescape(answer.text)


async def _posts(world: World) -> list[Post]:
    async with world.reading() as db:
        query = select(Post).where(col(Post.thread_id) == world.snow.id).order_by(col(Post.number))
        return list((await db.exec(query)).all())


def _prose(page: str) -> list[str]:
    return re.findall(r'<div class="prose">\n(.*?)\n\s*</div>', page, re.S)


async def test_a_preview_is_the_post_itself(world: World) -> None:
    """Bruno looks at his text, then posts it: the same words, made safe in the same way; the preview kept nothing."""
    body = "Une **lame** <script>alert(1)</script>\n\n| a | b |\n|--|--|\n| 1 | 2 |\n\n```\nx < y\n```"
    async with world.browser(world.bruno, htmx=True) as browser:
        seen = await browser.post(PREVIEW, data={"body": body})
        before = await _posts(world)
        await browser.post(f"{thread(world)}/messages", data={"body": body})
        page = (await browser.get(thread(world))).text

    assert seen.status_code == 200
    assert len(before) == 1
    (shown,) = _prose(seen.text)
    # The sanitiser writes the attributes of a frame in any order.
    assert re.sub(r"<div [^>]*>", "", shown) in [re.sub(r"<div [^>]*>", "", post) for post in _prose(page)]
    assert 'class="table-scroll"' in shown
    assert "&lt;script&gt;" in shown


@pytest.mark.parametrize(
    ("body", "sentence"),
    [("  \n", "Écrivez quelque chose"), ("é" * 17_000, "pour 32\u202f768 au plus"), ("[" * 1_500, "crochets ouvrants")],
    ids=["nothing", "34 KB", "brackets"],
)
async def test_a_preview_that_cannot_be_says_why(world: World, body: str, sentence: str) -> None:
    """Nothing, too much, or marks without end: a French sentence, and no preview."""
    async with world.browser(world.bruno, htmx=True) as browser:
        answer = await browser.post(PREVIEW, data={"body": body})

    assert answer.status_code == 422
    assert sentence in _text(answer)
    assert _prose(answer.text) == []


async def test_someone_without_a_function_may_look_at_their_own_words(world: World) -> None:
    """Gaspard has left and is signed in still: his words are his; a stranger is asked to sign in."""
    async with world.browser(world.gone) as browser:
        assert (await browser.post(PREVIEW, data={"body": "Bonjour"})).status_code == 200
    async with world.browser() as browser:
        assert (await browser.post(PREVIEW, data={"body": "Bonjour"})).status_code == 401


@both
async def test_without_scripts_the_form_comes_back_with_its_preview(world: World, htmx: bool) -> None:
    """Bruno presses « Aperçu »: the same form, the same words, and what they will look like; nothing is posted."""
    async with world.browser(world.bruno, htmx) as browser:
        form = {"act": "apercu", "body": "Une **lame**", "draft": str(Sheet.fresh(About.ANSWER, world.snow.id))}
        answer = await browser.post(f"{thread(world)}/messages", data=form)
        long = await browser.post(f"{thread(world)}/messages", data=form | {"body": "é" * 17_000})

    assert (answer.status_code, long.status_code) == (200, 422)
    assert "<p>Une <strong>lame</strong></p>" in "".join(_prose(answer.text))
    assert ">\nUne **lame**</textarea>" in answer.text
    assert f'value="{form["draft"]}"' in answer.text
    assert "34\u202f000 octets" in _text(long)
    assert "é" * 17_000 in _text(long)
    assert len(await _posts(world)) == 1


async def test_a_new_thread_comes_back_with_its_preview_and_its_title(world: World) -> None:
    """The title is kept, and missing it is no fault before the thread is posted."""
    async with world.browser(world.bruno) as browser:
        titled = await browser.post("/forums/technique", data={"act": "apercu", "title": "Sel", "body": "*Combien* ?"})
        bare = await browser.post("/forums/technique", data={"act": "apercu", "title": "", "body": "*Combien* ?"})

    assert (titled.status_code, bare.status_code) == (200, 200)
    assert 'value="Sel"' in titled.text
    assert ["<em>Combien</em>" in page.text for page in (titled, bare)] == [True, True]


@pytest.mark.parametrize("act", ["apercu", "garder", "effacer"])
@pytest.mark.parametrize("door", ["messages", "thread", "edit"])
async def test_no_button_of_a_form_opens_what_is_closed(world: World, door: str, act: str) -> None:
    """Bruno does not read the CoPil: its forms are not found, whatever the button; his words come back."""
    async with world.reading() as db:
        said = (await db.exec(select(Post).where(col(Post.thread_id) == world.secret.id))).one()
    address = {
        "messages": f"/forums/fils/{world.secret.id}/messages",
        "thread": "/forums/copil",
        "edit": f"/forums/messages/{said.id}/modifier",
    }[door]
    async with world.browser(world.bruno) as browser:
        answer = await browser.post(address, data={"act": act, "body": "Mes mots à moi", "version": "1"})

    assert answer.status_code == 404
    assert "Mes mots à moi" in answer.text
    assert "Entre nous" not in answer.text


# Quotes


async def test_a_quote_leads_to_the_very_post(world: World) -> None:
    """Bruno quotes Awa and posts: her name, and a link to her post that opens it."""
    (said,) = await _posts(world)
    async with world.browser(world.bruno) as browser:
        form = (await browser.get(thread(world), params={"citer": str(said.id)})).text
        typed = re.search(r'<textarea id="field-body[^>]*>\n(.*?)</textarea>', form, re.S)
        assert typed is not None
        await browser.post(f"{thread(world)}/messages", data={"body": unescape(typed[1]) + "Oui."})
        page = (await browser.get(thread(world))).text
        link = re.search(r'<blockquote>\s*<p><strong>Awa Diallo</strong> <a href="([^"]+)"', page)
        assert link is not None
        led = await browser.get(link[1])

    assert link[1] == f"/forums/messages/{said.id}"
    assert (led.status_code, led.headers["location"]) == (303, f"{thread(world)}#post-{said.id}")


def test_a_name_is_words_in_a_quote() -> None:
    """Whatever someone is called, their name leads nowhere and formats nothing."""
    id_ = new_id()

    assert quoted(id_, "A](//x) *B*\n# C", "Un\n\n> deux").split("\n") == [
        rf"> **A\](//x) \*B\* # C** [a écrit](/forums/messages/{id_})" + "\u00a0:",
        ">",
        "> Un",
        ">",
        "> > deux",
        "",
        "",
    ]


async def test_quotes_fifty_deep_are_posted_shown_and_quoted_again(world: World) -> None:
    """Fifty people quote one another: the text is posted, stays whole, and its page is bounded and quick to make."""
    deep = "\n".join(f"{'> ' * depth}niveau {depth}" for depth in range(50, -1, -1))
    async with world.browser(world.bruno, htmx=True) as browser:
        seen = await browser.post(PREVIEW, data={"body": deep})
        answer = await browser.post(f"{thread(world)}/messages", data={"body": deep})
        said = (await _posts(world))[1]
        again = await browser.post(f"/forums/messages/{said.id}/citation", data={"body": ""})
    async with world.browser(world.denise) as browser:
        page = (await browser.get(thread(world))).text

    assert (seen.status_code, answer.status_code, again.status_code) == (200, 200, 200)
    assert said.body == deep
    shown = _prose(page)[1]
    assert 1 <= shown.count("<blockquote>") <= 8
    assert [f"niveau {depth}" in shown for depth in (0, 25, 50)] == [True, True, True]
    assert f"> {'> ' * 50}niveau 50" in _text(again)


async def test_what_is_typed_while_quoting_stays_on_its_sheet(world: World) -> None:
    """The composer that comes back with the quote goes on with the same draft."""
    (said,) = await _posts(world)
    sheet = str(Sheet.fresh(About.ANSWER, world.snow.id)._replace(turn=4))
    async with world.browser(world.bruno, htmx=True) as browser:
        form = {"body": "Déjà écrit", "draft": sheet}
        answer = await browser.post(f"/forums/messages/{said.id}/citation", data=form)

    assert f'name="draft" value="{sheet}"' in answer.text
    assert ">\nDéjà écrit\n\n&gt; **Awa Diallo**" in answer.text


# The editor and the keys


async def test_every_form_has_the_same_editor(world: World) -> None:
    """Answer, new thread, correction: a label, a toolbar with one tab stop, a preview place, help in words."""
    said = await world.post(world.bruno, world.snow, "Vrai")
    pages = []
    async with world.browser(world.bruno) as browser:
        for address in (thread(world), "/forums/technique/nouveau", f"/forums/messages/{said.id}/modifier"):
            pages.append((await browser.get(address)).text)

    for page in pages:
        found = re.search(r'<textarea id="(field-body[^"]*)"[^>]*aria-describedby="(help-body[^"]*)"', page)
        assert found is not None
        assert page.count(f'<label for="{found[1]}"') == 1
        assert page.count(f'<details class="formatting help" id="{found[2]}"') == 1
        toolbar = re.search(r'role="toolbar" aria-label="Mise en forme".*?</div>', page, re.S)
        assert toolbar is not None
        assert re.findall(r'aria-label="([^"]+)"', toolbar[0])[1:] == [
            *("Gras", "Italique", "Titre", "Lien", "Citation", "Liste", "Liste numérotée", "Code", "Tableau")
        ]
        assert re.findall(r'tabindex="(-?\d)"', toolbar[0]) == ["0", *["-1"] * 8]
        assert 'hx-post="/forums/apercu"' in page
        assert "writing.js" in page


async def test_enter_in_the_title_posts(world: World) -> None:
    """Of the buttons that send the new thread, the first one asks for nothing else."""
    async with world.browser(world.bruno) as browser:
        page = (await browser.get("/forums/technique/nouveau")).text
    form = page[page.index('<form class="form" id="new-thread"') :]
    (first, *_) = re.findall(r'<button[^>]*type="submit"[^>]*>', form)

    assert 'name="act"' not in first


async def test_the_keys_have_a_page_and_every_forum_page_leads_to_it(world: World) -> None:
    """Without JavaScript the link opens a page that lists them."""
    async with world.browser(world.bruno) as browser:
        for address in ("/forums", "/forums/technique", thread(world)):
            assert 'href="/forums/raccourcis"' in (await browser.get(address)).text
        page = await browser.get("/forums/raccourcis")

    assert re.findall(r"<dt><kbd>([^<]+)</kbd></dt>", page.text) == ["j", "k", "r", "/", "?"]
