"""The doors of the forums, each in its htmx and its plain form."""

import re
from html import unescape
from uuid import UUID

import httpx
import pytest
from sqlmodel import col, select

from entente.ids import new_id
from entente.web import templates
from forums import queries, service
from forums.models import Forum, NewPost, Post, ReadMark, Thread
from world import World

both = pytest.mark.parametrize("htmx", [False, True], ids=["plain", "htmx"])


def thread(world: World) -> str:
    return f"/forums/fils/{world.snow.id}"


async def _posts(world: World, thread_id: UUID) -> list[Post]:
    async with world.reading() as db:
        return list((await db.exec(select(Post).where(Post.thread_id == thread_id).order_by(col(Post.number)))).all())


async def _say(world: World, count: int) -> None:
    async with world.working(world.awa) as work:
        place = await queries.thread_for(work.db, world.awa, world.snow.id)
        for number in range(count):
            await service.post(work, place, NewPost(body=f"Suite {number}"))


async def _mark(world: World, number: int) -> None:
    async with world.working(world.bruno) as work:
        await service.mark_read(work, world.snow.id, number)


async def _marked(world: World) -> int:
    async with world.reading() as db:
        mark = await db.get(ReadMark, (world.bruno.id, world.snow.id))
    return mark.number if mark else 0


def _text(response: httpx.Response) -> str:
    return unescape(response.text)


# Reading


async def test_the_forums_are_cards_with_what_is_new(world: World) -> None:
    """Bruno sees the two forums open to him, the count of threads, and that one has news."""
    async with world.browser(world.bruno) as browser:
        page = await browser.get("/forums")

    assert page.status_code == 200
    assert re.findall(r'<h2><a href="(/forums/\w+)">', page.text) == ["/forums/technique", "/forums/invites"]
    assert _text(page).count("1\u00a0fil avec du nouveau") == 1


async def test_someone_who_has_left_finds_an_empty_room(world: World) -> None:
    """Gaspard sees that nothing is open to him and what to do, not an error; the forum itself is not found."""
    async with world.browser(world.gone) as browser:
        page = await browser.get("/forums")
        door = await browser.get("/forums/technique")

    assert (page.status_code, door.status_code) == (200, 404)
    assert "Aucun forum ne vous est ouvert" in _text(page)
    assert "Technique" not in page.text


async def test_the_list_says_what_this_reader_has_read(world: World) -> None:
    """The row is the same for both; Awa's page says she has read it up to 1, Bruno's says nothing of it."""
    rows, rules = [], []
    for who in (world.awa, world.bruno):
        async with world.browser(who) as browser:
            page = (await browser.get("/forums/technique")).text
        rows += re.findall(r'<li class="thread.*?</li>', page, re.S)
        rules.append(f'#thread-{world.snow.id}[data-last="1"]' in page)

    assert rows[0] == rows[1]
    assert rules == [True, False]


async def test_an_older_page_of_threads_follows_nothing(world: World) -> None:
    """The first page is live and leads to an older one, which is not, and leads back."""
    for number in range(51):
        await world.open(world.awa, world.technique, f"Fil {number}", "Bonjour")
    async with world.browser(world.bruno) as browser:
        first = (await browser.get("/forums/technique")).text
        older = re.search(r'href="(\?avant=[^"]+)"', first)
        assert older is not None
        second = (await browser.get(f"/forums/technique{older[1]}")).text

    assert [page.count('<li class="thread') for page in (first, second)] == [50, 2]
    assert [f"forums/forum/{world.technique.id}@" in page for page in (first, second)] == [True, False]
    assert 'href="/forums/technique">' in second


async def test_opening_a_thread_is_reading_it(world: World) -> None:
    """Bruno opens Awa's thread: his mark moves to what he saw, and not again."""
    async with world.browser(world.bruno) as browser:
        await browser.get(thread(world))
        assert await _marked(world) == 1
        with world.counting() as statements:
            await browser.get(thread(world))

    assert [each for each in statements if each.startswith("INSERT")] == []


async def test_the_first_unread_post_has_its_page_and_its_line(world: World) -> None:
    """Bruno has read 60 of 121 posts: the link to news opens the second page, with the line before the 61st."""
    await _say(world, 120)
    await _mark(world, 60)
    async with world.browser(world.bruno) as browser:
        page = (await browser.get(thread(world), params={"depuis": "non-lus"})).text

    numbers = [int(n) for n in re.findall(r'data-author="[^"]+" data-order="(\d+)"', page)]
    assert numbers == list(range(51, 101))
    above, _, below = page.partition('id="nouveaux"')
    assert above.count('<li class="post"') == 10
    assert below.count('<li class="post"') == 40
    assert 'data-whole="false"' in page
    assert await _marked(world) == 100


async def test_to_whom_comes_first_nothing_is_new(world: World) -> None:
    """Denise never came: no line parts what is all new to her."""
    await _say(world, 2)
    async with world.browser(world.denise) as browser:
        page = (await browser.get(thread(world), params={"depuis": "non-lus"})).text

    assert page.count('<li class="post"') == 3
    assert "unread-line" not in page


@pytest.mark.parametrize("asked", ["-1", "deux", "²", ""])
async def test_a_page_that_is_no_number_is_not_found(world: World, asked: str) -> None:
    """An address made up by hand is not found; one far beyond the end shows the last post."""
    async with world.browser(world.bruno) as browser:
        assert (await browser.get(thread(world), params={"apres": asked})).status_code == 404
        beyond = await browser.get(thread(world), params={"apres": "9" * 30})

    assert beyond.text.count('<li class="post"') == 1


@both
async def test_a_post_has_an_address_for_ever(world: World, htmx: bool) -> None:
    """The 51st post's own address leads to its page and place; to a page that has it, it is the post itself."""
    await _say(world, 50)
    said = (await _posts(world, world.snow.id))[50]
    async with world.browser(world.bruno, htmx) as browser:
        answer = await browser.get(f"/forums/messages/{said.id}")

    if htmx:
        assert answer.text.startswith(f'<li class="post" id="post-{said.id}"')
    else:
        assert (answer.status_code, answer.headers["location"]) == (303, f"{thread(world)}?apres=50#post-{said.id}")


async def test_a_thread_costs_the_same_whatever_its_length(world: World) -> None:
    """1, 3 and 50 posts: as many questions, four fewer when the posts were made before."""
    cold: list[int] = []
    warm: list[int] = []
    async with world.browser(world.bruno) as browser:
        for count in (1, 2, 47):
            if count > 1:
                await _say(world, count)
            await _mark(world, 50)
            templates._kept.clear()
            for costs in (cold, warm):
                with world.counting() as statements:
                    page = await browser.get(thread(world))
                costs.append(len(statements))
        assert page.text.count('<li class="post"') == 50

    assert cold == [cold[0]] * 3
    assert warm == [cold[0] - 4] * 3


@pytest.mark.parametrize("number", [1, 2**31, 10**30])
async def test_a_mark_never_passes_the_last_post(world: World, number: int) -> None:
    """Whatever a page claims to have read, posts to come stay new."""
    async with world.browser(world.bruno) as browser:
        answer = await browser.post(f"{thread(world)}/lecture", data={"number": str(number)})

    assert (answer.status_code, await _marked(world)) == ((204, 1) if number == 1 else (422, 0))


async def test_a_mark_is_kept_to_what_was_said(world: World) -> None:
    """Bruno's page says 40 where two posts stand: he has read two."""
    await _say(world, 1)
    async with world.browser(world.bruno) as browser:
        answer = await browser.post(f"{thread(world)}/lecture", data={"number": "40"})

    assert (answer.status_code, answer.content, await _marked(world)) == (204, b"", 2)


# Writing


@both
async def test_an_answer_is_shown_to_its_author_at_once(world: World, htmx: bool) -> None:
    """Bruno answers: htmx gets a fresh form and the post, a plain form the page that holds it."""
    async with world.browser(world.bruno, htmx) as browser:
        answer = await browser.post(f"{thread(world)}/messages", data={"body": "Nous, une de *3 m*."})
    said = (await _posts(world, world.snow.id))[1]

    assert (said.author_id, said.number, said.body) == (world.bruno.id, 2, "Nous, une de *3 m*.")
    if htmx:
        form, _, parcel = answer.text.partition('<div data-put="beforeend" data-to="posts">')
        assert form.startswith('<form class="composer')
        assert "Nous" not in form
        assert parcel.startswith(f'<li class="post" id="post-{said.id}"')
    else:
        assert (answer.status_code, answer.headers["location"]) == (303, f"{thread(world)}#post-{said.id}")


@both
@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ("  \n ", "Écrivez quelque chose avant d’envoyer."),
        ("é" * 17_000, "34\u202f000 octets, pour 32\u202f768 au plus"),
    ],
    ids=["nothing", "33 KB"],
)
async def test_a_wrong_answer_comes_back_as_it_was(world: World, htmx: bool, typed: str, sentence: str) -> None:
    """An empty or endless answer is not saved: the form says why, beside the text as it was typed."""
    async with world.browser(world.bruno, htmx) as browser:
        answer = await browser.post(f"{thread(world)}/messages", data={"body": typed})

    assert answer.status_code == 422
    assert sentence in _text(answer)
    assert f">\n{typed}</textarea>" in _text(answer)
    assert ("<html" in answer.text) is not htmx
    assert len(await _posts(world, world.snow.id)) == 1


@both
async def test_a_thread_closed_meanwhile_refuses_and_keeps_the_text(world: World, htmx: bool) -> None:
    """The moderator closed the thread while Bruno wrote: he is told so, and his words are on the page."""
    async with world.working(world.camille) as work:
        await service.close_thread(work, await queries.thread_for(work.db, world.camille, world.snow.id))
    async with world.browser(world.bruno, htmx) as browser:
        answer = await browser.post(f"{thread(world)}/messages", data={"body": "Mes quantités : 40 t"})

    assert answer.status_code == 403
    assert service.CLOSED in _text(answer)
    assert "Mes quantités : 40 t" in _text(answer)


@both
async def test_a_thread_removed_meanwhile_keeps_the_text(world: World, htmx: bool) -> None:
    """The moderator removed the thread while Bruno wrote: it is not found, and his words are on the page."""
    async with world.working(world.camille) as work:
        await service.delete_thread(work, await queries.thread_for(work.db, world.camille, world.snow.id))
    async with world.browser(world.bruno, htmx) as browser:
        answer = await browser.post(f"{thread(world)}/messages", data={"body": "Mes quantités"})

    assert answer.status_code == 404
    assert "Mes quantités" in answer.text


@both
async def test_a_thread_is_opened_by_its_first_post(world: World, htmx: bool) -> None:
    """Bruno fills in the form and is led to his thread."""
    async with world.browser(world.bruno, htmx) as browser:
        assert (await browser.get("/forums/technique/nouveau")).status_code == 200
        answer = await browser.post("/forums/technique", data={"title": " Sel  de\tdéneigement ", "body": "Combien ?"})
        async with world.reading() as db:
            opened = (await db.exec(select(Thread).where(Thread.author_id == world.bruno.id))).one()
        page = await browser.get(f"/forums/fils/{opened.id}")

    assert (answer.status_code, answer.headers["hx-redirect" if htmx else "location"]) == (
        204 if htmx else 303,
        f"/forums/fils/{opened.id}",
    )
    assert opened.title == "Sel de déneigement"
    assert "Combien" in page.text


@both
async def test_a_wrong_thread_comes_back_as_it_was(world: World, htmx: bool) -> None:
    """No title: the form says so in its summary and beside the field, and the text is kept."""
    async with world.browser(world.bruno, htmx) as browser:
        answer = await browser.post("/forums/technique", data={"title": "\u200b", "body": "Tout mon texte"})

    assert answer.status_code == 422
    assert _text(answer).count("Donnez un titre à ce fil.") == 2
    assert ">\nTout mon texte</textarea>" in answer.text
    assert ("<html" in answer.text) is not htmx


@both
async def test_a_quote_is_added_to_what_was_typed(world: World, htmx: bool) -> None:
    """Bruno quotes Awa: her words stand as a quote, below what he had written already."""
    (said,) = await _posts(world, world.snow.id)
    async with world.browser(world.bruno, htmx) as browser:
        plain = await browser.get(thread(world), params={"citer": str(said.id)})
        added = await browser.post(f"/forums/messages/{said.id}/citation", data={"body": "Déjà écrit"})

    quote = (
        f"> **Awa Diallo** [a écrit](/forums/messages/{said.id})\u00a0:\n>\n> Qui en a une de **3 m** ?\n\n</textarea>"
    )
    assert f">\n{quote}" in _text(plain)
    assert f">\nDéjà écrit\n\n{quote}" in _text(added)


async def test_an_answer_written_far_from_the_foot_leads_there(world: World) -> None:
    """On the first page of two, the form is a plain one, quoted in or not; on the last one it is live."""
    await _say(world, 50)
    said = (await _posts(world, world.snow.id))[0]
    async with world.browser(world.bruno) as browser:
        pages = [(await browser.get(thread(world), params={"apres": after})).text for after in ("0", "50")]
    async with world.browser(world.bruno, htmx=True) as browser:
        address = f"/forums/messages/{said.id}/citation"
        quoted = [(await browser.post(address, data=data)).text for data in ({"body": "", "far": "1"}, {"body": ""})]

    live = f'hx-post="{thread(world)}/messages"'
    assert [live in each for each in (*pages, *quoted)] == [False, True, False, True]
    assert ['name="far"' in each for each in (*pages, *quoted)] == [True, False, True, False]


async def test_what_only_a_moderator_may_withdraw_is_hidden_from_others(world: World) -> None:
    """The same post stands on both pages; Bruno's hides what withdraws it, the moderator's does not."""
    rule = ".may-withdraw { display: none }"
    shown = []
    for who in (world.bruno, world.camille):
        async with world.browser(who) as browser:
            page = (await browser.get(thread(world))).text
        shown.append((page.count('may-withdraw"'), rule in page))

    assert shown == [(1, True), (1, False)]


# Correcting and withdrawing


@both
async def test_one_corrects_ones_own_words(world: World, htmx: bool) -> None:
    """Awa opens her post, corrects it, and sees it corrected; Bruno may not."""
    (said,) = await _posts(world, world.snow.id)
    address = f"/forums/messages/{said.id}/modifier"
    async with world.browser(world.awa, htmx) as browser:
        form = await browser.get(address)
        answer = await browser.post(address, data={"version": "1", "body": "Une lame de 3,20 m."})
    async with world.browser(world.bruno, htmx) as browser:
        refused = await browser.get(address), await browser.post(address, data={"version": "2", "body": "Non"})

    assert ">\nQui en a une de **3 m** ?</textarea>" in form.text
    assert ("<html" in form.text) is not htmx
    if htmx:
        assert answer.text.startswith(f'<li class="post" id="post-{said.id}"')
        assert "3,20" in answer.text
    else:
        assert answer.headers["location"] == f"{thread(world)}#post-{said.id}"
    assert [each.status_code for each in refused] == [403, 403]
    assert (await _posts(world, world.snow.id))[0].body == "Une lame de 3,20 m."


@both
async def test_a_stale_form_keeps_both_texts(world: World, htmx: bool) -> None:
    """Awa corrected it in another window: both texts are there, and sending again goes over the current one."""
    (said,) = await _posts(world, world.snow.id)
    address = f"/forums/messages/{said.id}/modifier"
    async with world.browser(world.awa, htmx) as browser:
        await browser.post(address, data={"version": "1", "body": "Première correction"})
        answer = await browser.post(address, data={"version": "1", "body": "Seconde correction"})
        version = re.search(r'name="version" value="(\d+)"', answer.text)
        assert version is not None
        again = await browser.post(address, data={"version": version[1], "body": "Les deux"})

    assert answer.status_code == 409
    current, typed = re.findall(r"<textarea[^>]*>\n(.*?)</textarea>", answer.text, re.S)
    assert (current, typed) == ("Première correction", "Seconde correction")
    assert answer.headers.get("hx-retarget") == (f"#post-{said.id} .post-body" if htmx else None)
    assert again.status_code == (200 if htmx else 303)
    assert (await _posts(world, world.snow.id))[0].body == "Les deux"


@both
@pytest.mark.parametrize("version", [None, "deux", "0", "9" * 30])
async def test_an_edit_form_without_its_version_keeps_the_text(world: World, htmx: bool, version: str | None) -> None:
    """A form that lost its version is not trusted to overwrite anything, and what was typed is kept."""
    (said,) = await _posts(world, world.snow.id)
    data = {"body": "Ma correction"} | ({"version": version} if version else {})
    async with world.browser(world.awa, htmx) as browser:
        answer = await browser.post(f"/forums/messages/{said.id}/modifier", data=data)

    assert answer.status_code == 422
    assert ">\nMa correction</textarea>" in answer.text
    assert (await _posts(world, world.snow.id))[0].version == 1


@both
async def test_a_withdrawal_is_asked_about_first(world: World, htmx: bool) -> None:
    """The moderator is asked, then withdraws Awa's post: its place stays, its words are nowhere."""
    (said,) = await _posts(world, world.snow.id)
    address = f"/forums/messages/{said.id}/suppression"
    async with world.browser(world.camille, htmx) as browser:
        question = await browser.get(address)
        answer = await browser.post(address)
        page = await browser.get(thread(world))
    async with world.browser(world.bruno, htmx) as browser:
        assert (await browser.get(address)).status_code == 404

    assert "Supprimer le message" in question.text
    assert (await _posts(world, world.snow.id))[0].body == ""
    assert "Message supprimé" in page.text
    assert "Qui en a une" not in page.text
    if htmx:
        assert answer.text.startswith('<li class="post ghost"')
    else:
        assert answer.headers["location"] == f"{thread(world)}#post-{said.id}"


@both
async def test_only_its_author_or_a_moderator_withdraws(world: World, htmx: bool) -> None:
    """Bruno may neither withdraw Awa's post nor end or remove her thread."""
    (said,) = await _posts(world, world.snow.id)
    async with world.browser(world.bruno, htmx) as browser:
        answers = [
            await browser.post(address)
            for address in (
                f"/forums/messages/{said.id}/suppression",
                f"{thread(world)}/fermeture",
                f"{thread(world)}/fermeture/levee",
                f"{thread(world)}/suppression",
            )
        ]

    assert [answer.status_code for answer in answers] == [403] * 4
    assert (await _posts(world, world.snow.id))[0].deleted_at is None


@both
async def test_a_thread_is_closed_and_opened_again(world: World, htmx: bool) -> None:
    """Awa ends her thread, then lets it go on: htmx gets its state, a plain form the page again."""
    async with world.browser(world.awa, htmx) as browser:
        closed = await browser.post(f"{thread(world)}/fermeture")
        page = await browser.get(thread(world))
        opened = await browser.post(f"{thread(world)}/fermeture/levee")
        again = await browser.get(thread(world))

    found = [re.search(r'<div id="thread-state"[^>]*data-closed', each.text) is not None for each in (page, again)]
    assert found == [True, False]
    if htmx:
        assert closed.text.startswith('<div data-put="replace" data-to="thread-state">')
        assert "data-closed" not in opened.text
    else:
        assert [each.headers["location"] for each in (closed, opened)] == [thread(world)] * 2


@both
async def test_a_thread_is_removed(world: World, htmx: bool) -> None:
    """Awa removes what nobody answered and is led to the forum; the thread is not found any more."""
    async with world.browser(world.awa, htmx) as browser:
        answer = await browser.post(f"{thread(world)}/suppression")
        page = await browser.get(thread(world))

    assert answer.headers["hx-redirect" if htmx else "location"] == "/forums/technique"
    assert page.status_code == 404


# Keeping others out


async def _doors(thread_id: UUID, post_id: UUID, slug: str) -> list[tuple[str, str]]:
    return [
        ("GET", f"/forums/{slug}"),
        ("POST", f"/forums/{slug}"),
        ("GET", f"/forums/{slug}/nouveau"),
        ("GET", f"/forums/fils/{thread_id}"),
        *(
            ("POST", f"/forums/fils/{thread_id}/{verb}")
            for verb in ("messages", "fermeture", "fermeture/levee", "suppression", "lecture")
        ),
        ("GET", f"/forums/messages/{post_id}"),
        ("POST", f"/forums/messages/{post_id}/citation"),
        *(
            (method, f"/forums/messages/{post_id}/{verb}")
            for method in ("GET", "POST")
            for verb in ("modifier", "suppression")
        ),
    ]


@both
async def test_a_secret_and_a_void_look_the_same(world: World, htmx: bool) -> None:
    """Each id replaced by one of the CoPil's, where Bruno does not sit: the answer is that of an id that is none."""
    (hidden,) = await _posts(world, world.secret.id)
    secret = await _doors(world.secret.id, hidden.id, "copil")
    void = await _doors(new_id(), new_id(), "nulle-part")
    data = {"title": "Titre", "body": "Texte", "version": "1", "number": "1"}
    async with world.browser(world.awa, htmx) as browser:
        assert (await browser.get(f"/forums/fils/{world.secret.id}")).status_code == 200

    async with world.browser(world.bruno, htmx) as browser:
        for (method, door), (_, nowhere) in zip(secret, void, strict=True):
            sent = data if method == "POST" else None
            answers = [await browser.request(method, each, data=sent) for each in (door, nowhere)]
            bodies = [re.sub(r'nonce="[^"]*"', "", each.text) for each in answers]
            assert [each.status_code for each in answers] == [404, 404], door
            assert bodies[0] == bodies[1], door
    assert len(await _posts(world, world.secret.id)) == 1


@pytest.mark.parametrize("name", ["%00", "%C3%A9", "fils", "messages", "%25", "%2E%2E"])
async def test_a_name_that_is_none_is_not_found(world: World, name: str) -> None:
    """Whatever stands where a forum's name should be, nothing is found."""
    async with world.browser(world.bruno) as browser:
        answer = await browser.get(f"/forums/{name}/nouveau")

    assert answer.status_code == 404


async def test_what_is_hidden_leaks_into_no_page(world: World) -> None:
    """Bruno's home, forums, open forum and quotes hold nothing of the CoPil's thread; Awa's hold its title."""
    (hidden,) = await _posts(world, world.secret.id)
    addresses = ["/", "/forums", "/forums/technique", f"{thread(world)}?citer={hidden.id}"]
    async with world.browser(world.awa) as browser:
        assert "Calendrier du schéma" in (await browser.get("/forums/copil")).text
    async with world.browser(world.bruno) as browser:
        pages = [(await browser.get(address)).text for address in addresses]

    for page in pages:
        assert not {word for word in ("Calendrier", "CoPil", "Entre nous", str(world.secret.id)) if word in page}


async def test_nobody_signs_for_another(world: World) -> None:
    """Author, number, date, thread and forum are decided by the house, whatever the form adds."""
    forged = {
        "author_id": str(world.awa.id),
        "number": "77",
        "created_at": "2001-01-01T00:00:00Z",
        "forum_id": str(world.closed.id),
        "thread_id": str(world.secret.id),
        "html": "<script>alert(1)</script>",
        "id": str(new_id()),
        "closed_at": "2001-01-01T00:00:00Z",
    }
    async with world.browser(world.bruno) as browser:
        await browser.post("/forums/technique", data=forged | {"title": "Titre", "body": "Texte"})
        await browser.post(f"{thread(world)}/messages", data=forged | {"body": "Texte"})
    async with world.reading() as db:
        opened = (await db.exec(select(Thread).where(Thread.author_id == world.bruno.id))).one()
    said = [*(await _posts(world, opened.id)), (await _posts(world, world.snow.id))[1]]

    assert (opened.forum_id, opened.closed_at) == (world.technique.id, None)
    assert [(each.author_id, each.number, each.html) for each in said] == [
        (world.bruno.id, 1, "<p>Texte</p>\n"),
        (world.bruno.id, 2, "<p>Texte</p>\n"),
    ]
    assert opened.created_at.year > 2001
    assert [each.created_at.year > 2001 for each in said] == [True, True]
    assert str(opened.id) != forged["id"]


HOSTILE = '"><img src=x onerror=alert(1)><script>alert(2)</script>{{ 7*7 }}'


async def test_what_is_typed_never_runs(world: World) -> None:
    """A hostile title, text and forum are words on every page that shows or gives them back."""
    opened = await world.open(
        world.bruno, world.technique, HOSTILE, HOSTILE + "\n\n[x](javascript:alert(3)) ![y](data:text/html,z)"
    )
    (said,) = await _posts(world, opened.id)
    async with world.house.database.writing() as db:
        forum = await db.get(Forum, world.technique.id)
        assert forum is not None
        forum.title, forum.purpose = HOSTILE, HOSTILE
        db.add(forum)

    async with world.browser(world.awa) as browser:
        pages = [
            await browser.get(address)
            for address in (
                "/",
                "/forums",
                "/forums/technique",
                "/forums/technique/nouveau",
                f"/forums/fils/{opened.id}",
                f"/forums/fils/{opened.id}?citer={said.id}",
            )
        ]
        pages.append(await browser.post("/forums/technique", data={"title": HOSTILE * 3, "body": HOSTILE}))
        pages.append(await browser.post(f"/forums/fils/{opened.id}/messages", data={"body": HOSTILE * 600}))
    async with world.browser(world.bruno) as browser:
        address = f"/forums/messages/{said.id}"
        pages.append(await browser.get(f"{address}/modifier"))
        pages.append(await browser.get(f"{address}/suppression"))
        pages.append(await browser.post(f"{address}/modifier", data={"version": "7", "body": HOSTILE}))

    assert [page.status_code for page in pages] == [200] * 6 + [422, 422, 200, 200, 409]
    for page in pages:
        assert "<img src=x" not in page.text
        assert "<script>" not in page.text
        assert not re.search(r'(href|src)="(javascript|data):', page.text)
        assert "{{ 7*7 }}" in _text(page)
