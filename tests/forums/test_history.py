"""What a post said before: kept, compared word by word, and brought back."""

import re
from html import unescape

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlmodel import select

from entente.people.models import AuditEntry
from entente.people.who import Who
from entente.rules import Conflict
from forums import queries, service
from forums.history.differences import differences
from forums.history.models import Revision
from forums.models import EditedPost, Post
from forums.moderation import service as moderation
from forums.moderation.models import NewHiding
from world import World


async def said(world: World, *texts: str, who: Who | None = None) -> Post:
    """Bruno writes a text, then corrects it again and again."""
    post = await world.post(who or world.bruno, world.snow, texts[0])
    for version, text in enumerate(texts[1:], start=1):
        await edit(world, post, text, version)
    return post


async def edit(world: World, post: Post, text: str, version: int) -> None:
    async with world.working(world.bruno) as work:
        mine, place = await queries.post_for(work.db, world.bruno, post.id)
        await service.edit_post(work, place, mine, EditedPost(body=text, version=version))


async def kept(world: World, post: Post) -> list[tuple[int, str]]:
    async with world.reading() as db:
        found = await db.exec(select(Revision).where(Revision.post_id == post.id).order_by("version"))
        return [(revision.version, revision.body) for revision in found]


TEXTS = st.text(st.sampled_from("abé .,\n«»🚜"), max_size=60)


@given(TEXTS, TEXTS)
def test_differences_lose_nothing(before: str, after: str) -> None:
    """What was removed and what stayed is the text before; what was added and what stayed, the text after."""
    pieces = differences(before, after)
    assert "".join(piece.text for piece in pieces if piece.act != "added") == before
    assert "".join(piece.text for piece in pieces if piece.act != "removed") == after
    assert all(piece.text for piece in pieces)


def test_differences_are_words() -> None:
    """One word changed in a sentence: only that word is said to have changed."""
    pieces = differences("La lame est prête demain.", "La lame est prête lundi.")
    assert [(piece.act, piece.text) for piece in pieces] == [
        ("same", "La lame est prête "),
        ("removed", "demain"),
        ("added", "lundi"),
        ("same", "."),
    ]


@pytest.mark.parametrize("word", ["a ", "a\n", ". "], ids=["words", "lines", "signs"])
def test_a_text_that_repeats_itself_is_compared_whole(word: str) -> None:
    """Sixteen thousand times the same word is not compared word by word: that would take its square."""
    before = word * 16_000
    assert [piece.act for piece in differences(before, before + "fin")] == ["removed", "added"]


async def test_every_edit_keeps_what_was_there(world: World) -> None:
    """Two corrections: three texts, by version; a post that was never edited keeps nothing twice."""
    assert await kept(world, await said(world, "Seul")) == []
    post = await said(world, "Un", "Deux", "Trois")
    assert await kept(world, post) == [(1, "Un"), (2, "Deux"), (3, "Trois")]


async def test_an_edit_that_is_refused_keeps_nothing(world: World) -> None:
    """Written over an older version: the history is as it was."""
    post = await said(world, "Un", "Deux")
    with pytest.raises(Conflict):
        await edit(world, post, "Trois", 1)
    assert await kept(world, post) == [(1, "Un"), (2, "Deux")]


async def test_whoever_reads_a_post_reads_its_history(world: World) -> None:
    """Denise sees what was added and removed, said in words to whoever does not see colours; no button for her."""
    post = await said(world, "La lame est prête demain.", "La lame est prête <b>lundi</b>.")
    async with world.browser(world.denise) as browser:
        page = unescape((await browser.get(f"/forums/messages/{post.id}/historique")).text)
        thread = (await browser.get(f"/forums/fils/{world.snow.id}")).text
    assert re.search(r'<del class="danger"><span class="visually-hidden">\[retiré\u00a0: </span>demain', page)
    assert '<ins class="success"><span class="visually-hidden">[ajouté\u00a0: </span>' in page
    assert "<b>lundi</b>" in page
    assert "Rétablir" not in page
    assert f'href="/forums/messages/{post.id}/historique"' in thread


async def test_what_people_wrote_is_text_in_the_history(world: World) -> None:
    """Marks of HTML are shown, never obeyed."""
    post = await said(world, "<script>un</script>", "<script>deux</script>")
    async with world.browser(world.denise) as browser:
        page = (await browser.get(f"/forums/messages/{post.id}/historique")).text
    assert "<script>un" not in page
    assert "<script>deux" not in page
    assert "&lt;script&gt;" in page


async def test_its_author_brings_an_earlier_text_back(world: World) -> None:
    """The first text is the third version; over a version written meanwhile, it is refused."""
    post = await said(world, "Un", "Deux")
    address = f"/forums/messages/{post.id}/historique"
    async with world.browser(world.bruno) as browser:
        assert (await browser.post(address, data={"version": "1", "over": "2"})).status_code == 303
        late = await browser.post(address, data={"version": "2", "over": "2"})
        void = await browser.post(address, data={"version": "9", "over": "3"})
    assert (late.status_code, void.status_code) == (409, 404)
    assert await kept(world, post) == [(1, "Un"), (2, "Deux"), (3, "Un")]
    async with world.browser(world.awa) as browser:
        assert (await browser.post(address, data={"version": "2", "over": "3"})).status_code == 403


async def test_a_moderator_brings_it_back_under_their_own_name(world: World) -> None:
    """Camille restores Bruno's first text: the version bears her name, and the audit knows."""
    post = await said(world, "Un", "Deux")
    async with world.browser(world.camille) as browser:
        address = f"/forums/messages/{post.id}/historique"
        assert (await browser.post(address, data={"version": "1", "over": "2"})).status_code == 303
        page = (await browser.get(address)).text
    assert page.index("Camille Rey") < page.index("Version 2")
    async with world.reading() as db:
        (entry,) = (await db.exec(select(AuditEntry).where(AuditEntry.act == "post.restored"))).all()
    assert entry.person_id == world.camille.id
    assert "Un" not in str(entry.detail)


async def test_the_history_of_hidden_words_is_for_moderators(world: World) -> None:
    """Once hidden, neither its readers nor its author see how it changed; Camille does."""
    post = await said(world, "Un", "Deux")
    async with world.working(world.camille) as work:
        mine, place = await queries.post_for(work.db, world.camille, post.id)
        await moderation.hide_post(work, place, mine, NewHiding(reason="Hors sujet"))
    found = []
    for who in (world.denise, world.bruno, world.camille):
        async with world.browser(who) as browser:
            found.append((await browser.get(f"/forums/messages/{post.id}/historique")).status_code)
    assert found == [404, 404, 200]


async def test_a_post_that_is_withdrawn_leaves_no_history(world: World) -> None:
    """« Effacé pour tout le monde » is said of every version, to moderators too."""
    post = await said(world, "Un", "Deux")
    async with world.working(world.bruno) as work:
        mine, place = await queries.post_for(work.db, world.bruno, post.id)
        await service.delete_post(work, place, mine)
    assert await kept(world, post) == []
    async with world.browser(world.camille) as browser:
        assert (await browser.get(f"/forums/messages/{post.id}/historique")).status_code == 404


async def test_a_long_history_has_pages(world: World) -> None:
    """Twenty-three versions: twenty, then three; the oldest of a page is still compared with the one before."""
    post = await said(world, *(f"Texte {number}" for number in range(23)))
    address = f"/forums/messages/{post.id}/historique"
    async with world.browser(world.denise) as browser:
        first = (await browser.get(address)).text
        older = re.search(r'href="(\?avant=\d+)"', first)
        assert older is not None
        second = (await browser.get(f"{address}{older[1]}")).text
        assert (await browser.get(f"{address}?avant=x")).status_code == 404
    assert [page.count('id="version-') for page in (first, second)] == [20, 3]
    assert first.count("<del") == 20
    assert second.count("<del") == 2
