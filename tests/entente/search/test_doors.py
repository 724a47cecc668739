"""The door of the search: what is typed is never an error, and what is shown leads to the exact place."""

import re
from datetime import timedelta
from urllib.parse import quote

import pytest
from sqlalchemy import update
from sqlmodel import col

from entente.app import findables, rooms
from entente.clock import now
from entente.search import queries
from forums.kinds.models import AcceptedAnswer
from forums.models import Kind, NewThread, Post, Thread
from forums.service import open_thread
from forums.tags.models import Tag, ThreadTag
from searching import bodies_found, caught_up, rebuilt
from world import World


async def page(world: World, address: str, status: int = 200) -> str:
    async with world.browser(world.bruno) as browser:
        answer = await browser.get(address)
    assert answer.status_code == status, answer.text
    return answer.text


def results(html: str) -> list[str]:
    return re.findall(r'<h3 class="find-title"><a href="([^"]+)"', html)


async def test_a_result_leads_to_the_exact_post(world: World) -> None:
    """Its title, its words with what was asked marked, its forum, its author, and its address."""
    said = await world.post(world.awa, world.snow, "J’ai une <b>étrave</b> & deux lames.")
    await caught_up(world)
    html = await page(world, "/recherche?q=etraves")
    assert results(html) == [f"/forums/fils/{world.snow.id}#post-{said.id}"]
    assert "<mark>étrave</mark>" in html
    assert "<b>étrave</b>" not in html
    assert 'class="tag" href="/forums/technique"' in html
    assert "Awa Diallo" in html
    assert "1\u00a0fil, 1\u00a0message" in html


async def test_the_box_is_on_every_page_of_whoever_is_signed_in(world: World) -> None:
    async with world.browser(world.bruno) as browser:
        for address in ("/", "/forums", "/profil"):
            assert 'action="/recherche"' in (await browser.get(address)).text
    async with world.browser() as browser:
        assert 'action="/recherche"' not in (await browser.get("/connexion")).text
        assert (await browser.get("/recherche?q=lame")).status_code == 303


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("", "Que cherchez-vous"),
        ("   ", "Que cherchez-vous"),
        ("le la les", "Il manque un mot"),
        ("-lame", "Il manque un mot"),
        ("*", "Il manque un mot"),
        ('"', "Il manque un mot"),
        ("xylophone", "Rien ne correspond"),
        ('"lame de', "<mark>Lame</mark>"),
        ("lame AND (NOT déneigement*", "<mark>Lame</mark>"),
        ("lame' & | ! <-> :* \\", "<mark>Lame</mark>"),
        ("lame " * 2_000, "seuls ses premiers mots"),
        ("é" * 5_000, "Rien ne correspond"),
        ("lame xylophone", "aucun"),
        ("%ED%A0%80 lame", "<mark>Lame</mark>"),
    ],
    ids=[
        "nothing", "blank", "empty-words", "only-without", "star", "quote", "unknown",
        "unbalanced", "operators", "tsquery", "long", "one-long-word", "partial", "half-letter",
    ],
)  # fmt: skip
async def test_whatever_is_typed_gets_a_clear_page(world: World, typed: str, said: str) -> None:
    asked = typed if typed.startswith("%") else quote(typed)
    assert said.lower() in (await page(world, f"/recherche?q={asked}")).lower()


@pytest.mark.parametrize(
    ("filters", "sentence"),
    [
        ("du=hier", "Cette date n’existe pas"),
        ("au=2026-02-31", "Cette date n’existe pas"),
        ("du=9999-12-31", "Cette date n’existe pas"),
        ("organisation=aubrac", "Choisissez dans la liste"),
        ("nature=x", "Choisissez dans la liste"),
    ],
    ids=["word", "day", "year", "organisation", "kind"],
)
async def test_a_filter_that_cannot_be_says_why_and_keeps_the_rest(
    world: World, filters: str, sentence: str
) -> None:  # fmt: skip
    html = await page(world, f"/recherche?q=lame&{filters}", status=422)
    assert sentence in html
    assert 'value="lame"' in html
    assert results(html) == []


async def test_a_zero_in_the_address_is_an_address_that_does_not_exist(world: World) -> None:
    """As everywhere in the house."""
    assert "Cette page n’existe pas" in await page(world, "/recherche?q=lame%00", status=404)


@pytest.mark.parametrize("page_", ["0", "-3", "2", "999999999999", "x", "²"])
async def test_a_page_that_does_not_exist_is_no_error(world: World, page_: str) -> None:
    await page(world, f"/recherche?q=lame&page={quote(page_)}")


async def test_filters_are_addresses_and_ask_what_is_true_now(world: World) -> None:
    """Forum, organisation, author, tag, kind, dates, unread: each keeps one post of two."""
    async with world.working(world.awa) as work:
        question = await open_thread(work, world.technique, False, NewThread(title="Question", body="Une saleuse ?"))
    answer = await world.post(world.denise, question, "Une saleuse à Brioude.")
    elsewhere = await world.open(world.bruno, world.invited, "Entre invités", "Une saleuse, il y a longtemps.")
    tag = Tag(forum_id=world.technique.id, slug="hiver", name="Hiver")
    async with world.house.database.writing() as db:
        old = update(Post).where(col(Post.thread_id) == elsewhere.id)
        await db.execute(old.values(created_at=now() - timedelta(days=400)))
        await db.execute(update(Thread).where(col(Thread.id) == question.id).values(kind=Kind.QUESTION))
        db.add(tag)
        await db.flush()
        db.add(ThreadTag(thread_id=question.id, tag_id=tag.id))
        db.add(AcceptedAnswer(thread_id=question.id, post_id=answer.id, person_id=world.awa.id))
    await rebuilt(world)
    day = (now() - timedelta(days=30)).date().isoformat()
    first, second, third = "Une saleuse ?", "Une saleuse à Brioude.", "Une saleuse, il y a longtemps."
    for chosen, expected in (
        ({}, {first, third}),
        ({"forum": "technique"}, {first}),
        ({"forum": "invites"}, {third}),
        ({"organisation": str(world.aubrac.id)}, {first}),
        ({"organisation": str(world.brioude.id)}, {second, third}),
        ({"auteur": "denise"}, {second}),
        ({"auteur": "DIALLO awa"}, {first}),
        ({"etiquette": "hiver"}, {first}),
        ({"etiquette": "été"}, set()),
        ({"nature": "resolu"}, {first}),
        ({"nature": "sans-reponse"}, set()),
        ({"nature": "question"}, {first}),
        ({"nature": "discussion"}, {third}),
        ({"du": day}, {first}),
        ({"au": day}, {third}),
        ({"non_lus": "1"}, {first}),
        ({"non_lus": "1", "au": day}, set()),
    ):
        assert set(await bodies_found(world, world.bruno, "saleuse", **chosen)) == expected, chosen
    html = await page(world, "/recherche?q=saleuse&forum=technique&tri=date")
    assert '<option value="technique" selected>' in html
    assert "q=saleuse&amp;forum=technique&amp;tri=date" in html


async def test_names_are_found_too(world: World) -> None:
    """Members find each other and their instances, with or without accents; who has left is not named."""
    assert f'href="/annuaire/{world.ines.id}"' in await page(world, "/recherche?q=ines")
    assert f'href="/annuaire/instances/{world.copil.id}"' in await page(world, "/recherche?q=comité pilotage")
    assert str(world.gone.id) not in await page(world, "/recherche?q=gaspard")
    async with world.browser(world.gone) as browser:
        assert f'href="/annuaire/{world.ines.id}"' not in (await browser.get("/recherche?q=ines")).text


async def test_pages_follow_each_other_without_losing_anything(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:  # fmt: skip
    for number in range(5):
        await world.open(world.awa, world.technique, f"Saleuse {number}", "À vendre.")
    await caught_up(world)
    monkeypatch.setattr("entente.finder.views.PER_PAGE", 2)
    seen: list[str] = []
    address = "/recherche?q=saleuse"
    for count in (2, 2, 1):
        html = await page(world, address)
        assert len(results(html)) == count
        seen += results(html)
        further = re.search(r'rel="next" href="([^"]+)"', html)
        address = further[1].replace("&amp;", "&") if further else ""
    assert len(set(seen)) == 5
    assert not address


async def test_a_word_said_everywhere_is_ranked_among_the_newest(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:  # fmt: skip
    """More answer than are ranked: the page says so, and looks no further back than it must."""
    for number in range(6):
        await world.open(world.awa, world.technique, f"Fil {number}", "La saleuse.")
    await caught_up(world)
    monkeypatch.setattr(queries, "MOST", 3)
    monkeypatch.setattr(queries, "WINDOWS", (1, 4))
    html = await page(world, "/recherche?q=saleuse")
    assert "seuls les plus récents sont classés" in html
    titles = re.findall(r"<h3[^>]*><a[^>]*>([^<]+)</a>", html)
    assert titles == ["Fil 5", "Fil 4", "Fil 3"]


async def test_the_page_asks_the_same_number_of_questions_whatever_it_shows(world: World) -> None:
    """One result or twenty; three at most for each kind of thing that is found."""
    counts = []
    for number in (1, 24):
        for each in range(number):
            await world.open(world.awa, world.technique, f"Saleuse {each}", "À vendre.")
        await caught_up(world)
        async with world.browser(world.bruno) as browser:
            with world.counting() as statements:
                assert "find-title" in (await browser.get("/recherche?q=saleuse")).text
        counts.append(len(statements))
    assert counts[0] == counts[1]
    assert counts[0] <= 6 + 3 * len(findables(rooms()))
