"""Files brought with what is said: kept before anything else is judged, and seen by whoever reads the post."""

import os
import re
from collections.abc import AsyncIterator
from io import BytesIO
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from PIL import Image
from sqlalchemy import update
from sqlmodel import col, select

import samples
from entente.clock import now
from entente.files.keeping import thumbnail_of
from entente.ids import Ref
from entente.people.who import Who
from entente.settings import Settings
from entente.web import templates
from forums import feed, queries, service
from forums.attachments import keeping
from forums.attachments.models import Attachment
from forums.attachments.queries import waiting
from forums.attachments.service import PATIENCE
from forums.models import Forum, Post, Thread
from world import World

OLD = PATIENCE * 2


def _files(*sent: tuple[str, bytes]) -> list[tuple[str, tuple[str, bytes, str]]]:
    return [("files", (name, content, "application/octet-stream")) for name, content in sent]


def _address(world: World) -> str:
    return f"/forums/fils/{world.snow.id}/messages"


async def _brings(world: World, who: Who, name: str, content: bytes, context: str = "") -> httpx.Response:
    """Someone chooses a file, and it comes at once."""
    async with world.browser(who) as browser:
        form = {"context": context or f"forums/thread/{world.snow.id}"}
        return await browser.post("/forums/fichiers/depot", data=form, files=_files((name, content)))


async def _brought(world: World, who: Who, name: str, content: bytes, context: str = "") -> UUID:
    answer = await _brings(world, who, name, content, context)
    assert answer.status_code == 201, answer.text
    found = re.search(r'name="file" value="([^"]+)"', answer.text)
    assert found
    return UUID(found[1])


async def _says(
    world: World, who: Who, body: str, *sent: tuple[str, bytes], htmx: bool = False, **more: Any
) -> httpx.Response:
    """Someone answers, with files."""
    async with world.browser(who, htmx) as browser:
        return await browser.post(_address(world), data={"body": body, **more}, files=_files(*sent))


async def _waiting(world: World, who: Who, context: Ref | None = None) -> list[str]:
    async with world.reading() as db:
        return [file.name for file in await waiting(db, who, context or queries.stream_of(world.snow.id))]


async def _last(world: World) -> tuple[Post, list[Attachment]]:
    async with world.reading() as db:
        posts = select(Post).where(col(Post.thread_id) == world.snow.id).order_by(col(Post.number).desc())
        post = (await db.exec(posts.limit(1))).one()
        files = await db.exec(select(Attachment).where(col(Attachment.post_id) == post.id).order_by(col(Attachment.id)))
        return post, [file for file in files if file.removed_at is None]


async def _status(world: World, who: Who | None, file: Attachment, what: str = "") -> int:
    async with world.browser(who) as browser:
        return (await browser.get(f"/forums/fichiers/{file.id}{what}")).status_code


@pytest.mark.parametrize("htmx", [False, True])
async def test_files_come_with_the_message(world: World, htmx: bool) -> None:
    """Bruno posts a photo and a list in one form: everybody sees the one and may save the other."""
    answer = await _says(
        world, world.bruno, "Voici la lame.", ("lame.png", samples.photo()), ("lots.csv", samples.CSV), htmx=htmx
    )
    assert answer.status_code == (200 if htmx else 303), answer.text
    post, (photo, list_) = await _last(world)
    assert (photo.name, photo.label, photo.width) == ("lame.jpg", "Image", 400)
    assert (list_.name, list_.label, list_.size) == ("lots.csv", "Tableau CSV", len(samples.CSV))

    async with world.browser(world.denise) as browser:
        page = (await browser.get(f"/forums/fils/{world.snow.id}")).text
        shown = await browser.get(f"/forums/fichiers/{photo.id}")
        saved = await browser.get(f"/forums/fichiers/{list_.id}")
        small = await browser.get(f"/forums/fichiers/{photo.id}/vignette")
    async with world.reading() as db:
        (arrives,) = await queries.shown_posts(db, [post.id])
    assert templates.root(feed.shown(arrives)) in page
    fragment = page[page.index(f'id="post-{post.id}"') :]
    assert f'<img src="/forums/fichiers/{photo.id}/vignette" alt="Image sans description\u00a0: lame.jpg"' in fragment
    assert "lots.csv</a>" in fragment
    assert "Tableau CSV, 1\u00a0Ko" in fragment
    assert samples.SECRET_PLACE.encode() not in shown.content
    with Image.open(BytesIO(shown.content)) as drawn:
        assert drawn.format == "JPEG"
    assert saved.content == samples.CSV
    assert [each.headers["content-type"] for each in (shown, saved, small)] == [
        "image/jpeg",
        "text/csv; charset=utf-8",
        "image/webp",
    ]
    assert shown.headers["content-disposition"].startswith("inline; ")
    assert saved.headers["content-disposition"] == "attachment; filename=\"lots.csv\"; filename*=UTF-8''lots.csv"


DANGEROUS = {
    "svg": ("plan.svg", samples.SVG, "Dessin SVG"),
    "html": ("photo.jpg", samples.HTML, "Page web"),
    "xml": ("flux.xml", samples.XML, "Document XML"),
}


@pytest.mark.parametrize("case", DANGEROUS)
async def test_nothing_that_a_browser_could_run_is_run(world: World, case: str) -> None:
    """It is kept as it is, and handed out to be saved: as bytes, in a sandbox, without sniffing, privately."""
    name, content, label = DANGEROUS[case]
    await _says(world, world.bruno, "Voici.", (name, content))
    _, (file,) = await _last(world)
    assert (file.name, file.label) == (name, label)
    async with world.browser(world.denise) as browser:
        answer = await browser.get(f"/forums/fichiers/{file.id}")
        assert (await browser.get(f"/forums/fichiers/{file.id}/vignette")).status_code == 404
    assert answer.content == content
    assert {key: answer.headers[key] for key in HEADERS} == HEADERS
    assert answer.headers["content-disposition"].startswith(f'attachment; filename="{name}"')


HEADERS = {
    "content-type": "application/octet-stream",
    "content-security-policy": "default-src 'none'; sandbox",
    "x-content-type-options": "nosniff",
    "cache-control": "private, no-cache",
    "cross-origin-resource-policy": "same-origin",
}

REFUSED = {
    "bomb": ("plan.png", samples.png_bomb(), "40\u00a0millions de pixels"),
    "script-called-gif": ("drole.gif", samples.GIF_AND_SCRIPT, "illisible"),
    "program": ("facture.pdf", samples.PROGRAM, "programmes ne peuvent pas être joints"),
    "heic": ("photo.heic", samples.HEIC, "enregistrez-la en JPEG"),
    "empty": ("vide.txt", b"", "vide"),
    "heavy": ("lourd.bin", b"\1" * 2_000_001, "2\u00a0Mo au plus par fichier"),
}


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """Small limits: no test needs to send much."""
    return settings.model_copy(update={"files_max_mb": 2, "files_quota_mb": 5})


@pytest.mark.parametrize("case", REFUSED)
@pytest.mark.parametrize("htmx", [False, True])
async def test_what_is_refused_says_why_and_nothing_else_is_lost(world: World, case: str, htmx: bool) -> None:
    """Bruno's text and his good file are still there; the bad one is named."""
    name, content, reason = REFUSED[case]
    before, _ = await _last(world)
    answer = await _says(world, world.bruno, "Un long message.", ("bon.csv", samples.CSV), (name, content), htmx=htmx)
    assert answer.status_code == (413 if case == "heavy" and not htmx else 422)
    assert "Un long message." in answer.text
    assert "bon.csv" in answer.text
    assert f"«\u00a0{name}\u00a0»" in answer.text
    assert reason in answer.text
    assert await _waiting(world, world.bruno) == ["bon.csv"]
    assert (await _last(world))[0].id == before.id


@pytest.mark.parametrize("case", REFUSED)
async def test_a_file_brought_alone_is_refused_in_one_sentence(world: World, case: str) -> None:
    """The page shows it beside the file."""
    name, content, reason = REFUSED[case]
    answer = await _brings(world, world.bruno, name, content)
    assert answer.status_code == (413 if case == "heavy" else 422)
    assert reason.removesuffix(" par fichier") in answer.text
    assert "<" not in answer.text
    assert await _waiting(world, world.bruno) == []


@pytest.mark.parametrize("htmx", [False, True])
async def test_a_hundred_files_are_refused_at_once(world: World, htmx: bool) -> None:
    """None of them is half kept; the text is."""
    many = [(f"{number}.txt", b"a") for number in range(100)]
    answer = await _says(world, world.bruno, "Cent fichiers.", *many, htmx=htmx)
    assert answer.status_code == (422 if htmx else 413)
    assert "20 au plus" in answer.text
    assert "Cent fichiers." in answer.text
    assert await _waiting(world, world.bruno) == []
    assert [name async for name, _ in world.house.files.names()] == []


async def test_twenty_are_enough_whatever_the_number_of_forms(world: World) -> None:
    """Eighteen wait; three more are too many, and none of the three is taken; two are."""
    for number in range(18):
        await _brought(world, world.bruno, f"{number}.txt", b"a")
    answer = await _says(world, world.bruno, "Encore.", *[(f"plus{n}.txt", b"a") for n in range(3)])
    assert answer.status_code == 422
    assert "20 au plus" in answer.text
    assert len(await _waiting(world, world.bruno)) == 18
    for number in range(2):
        await _brought(world, world.bruno, f"z{number}.txt", b"a")
    assert (await _brings(world, world.bruno, "non.txt", b"a")).status_code == 422


async def _flood(total: int, boundary: str = "limite") -> AsyncIterator[bytes]:
    head = (
        f'--{boundary}\r\nContent-Disposition: form-data; name="body"\r\n\r\nMon texte.\r\n'
        f'--{boundary}\r\nContent-Disposition: form-data; name="files"; filename="film.mp4"\r\n'
        "Content-Type: video/mp4\r\n\r\n"
    )
    yield head.encode()
    for _ in range(total // 100_000):
        _flooded.append(100_000)
        yield b"\7" * 100_000
    yield f"\r\n--{boundary}--\r\n".encode()


_flooded: list[int] = []


@pytest.mark.parametrize("is_declared", [True, False], ids=["declared", "undeclared"])
async def test_two_hundred_megabytes_are_refused_early(world: World, is_declared: bool) -> None:
    """Said to be heavy, hardly a byte is read; otherwise reading stops at the bound. The text is there again."""
    _flooded.clear()
    headers = {"Content-Type": "multipart/form-data; boundary=limite"}
    if is_declared:
        headers["Content-Length"] = "200000000"
    async with world.browser(world.bruno) as browser:
        answer = await browser.post(_address(world), content=_flood(200_000_000), headers=headers)
    assert answer.status_code == 413
    assert "Mon texte." in answer.text
    assert "Cet envoi est trop lourd\u00a0: 8\u00a0Mo au plus" in answer.text
    assert sum(_flooded) <= (200_000 if is_declared else 8_500_000)
    assert await _waiting(world, world.bruno) == []


async def test_a_person_has_so_much_room(world: World) -> None:
    """Bruno fills his 5 MB: the sentence says so, and letting one go makes room; Awa's is her own."""
    first = await _brought(world, world.bruno, "un.bin", b"\1" * 2_000_000)
    await _brought(world, world.bruno, "deux.bin", b"\1" * 2_000_000)
    answer = await _brings(world, world.bruno, "trois.bin", b"\1" * 2_000_000)
    assert (answer.status_code, "Votre espace est plein\u00a0: 4\u00a0Mo sur 5\u00a0Mo" in answer.text) == (422, True)
    await _brought(world, world.awa, "le-mien.bin", b"\1" * 2_000_000)
    async with world.browser(world.bruno, htmx=True) as browser:
        assert (await browser.post(f"/forums/fichiers/{first}/retrait")).status_code == 204
    await _brought(world, world.bruno, "trois.bin", b"\1" * 2_000_000)


async def test_files_wait_for_the_message_of_whoever_brought_them(world: World) -> None:
    """Bruno comes back to the thread: his file is there, with its description; for Denise there is nothing."""
    picture = await _brought(world, world.bruno, "plan.png", samples.drawing())
    more: dict[str, Any] = {f"alt-{picture}": "Le plan de la cour"}
    await _says(world, world.bruno, "", file=str(picture), **more)
    async with world.browser(world.bruno) as browser:
        mine = (await browser.get(f"/forums/fils/{world.snow.id}")).text
    async with world.browser(world.denise) as browser:
        hers = (await browser.get(f"/forums/fils/{world.snow.id}")).text
        assert (await browser.get(f"/forums/fichiers/{picture}")).status_code == 404
        assert (await browser.post(f"/forums/fichiers/{picture}/retrait")).status_code == 404
    assert f'value="{picture}"' in mine
    assert "Le plan de la cour</textarea>" in mine
    assert str(picture) not in hers

    await _says(world, world.bruno, "Voici.", file=str(picture))
    assert await _waiting(world, world.bruno) == []
    async with world.browser(world.denise) as browser:
        page = (await browser.get(f"/forums/fils/{world.snow.id}")).text
    assert f'/forums/fichiers/{picture}/vignette" alt="Le plan de la cour" width="640" height="480"' in page


async def test_nobody_takes_the_file_of_someone_else(world: World) -> None:
    """Denise names Bruno's file in her form, and Bruno his own in another thread: refused, all of it."""
    other = await world.open(world.bruno, world.technique, "Ailleurs", "Bonjour.")
    his = await _brought(world, world.bruno, "plan.csv", samples.CSV)
    elsewhere = await _brought(world, world.bruno, "autre.csv", samples.CSV, f"forums/thread/{other.id}")
    for who, id_ in ((world.denise, his), (world.bruno, elsewhere)):
        answer = await _says(world, who, "Je le prends.", file=[str(id_)])
        assert answer.status_code == 422
        assert "joignez-le de nouveau" in answer.text
        assert "Je le prends." in answer.text
    assert (await _last(world))[0].number == 1


async def test_without_scripts_files_are_added_then_described_then_removed(world: World) -> None:
    """Two buttons of the form itself: it comes back with its words, and nothing is posted."""
    answer = await _says(world, world.bruno, "Je prépare.", ("plan.png", samples.drawing()), attach="1")
    assert answer.status_code == 200
    assert "Je prépare." in answer.text
    assert "Description de l’image" in answer.text
    found = re.search(r'name="drop" value="([^"]+)"', answer.text)
    assert found
    answer = await _says(world, world.bruno, "Je prépare.", file=found[1], drop=found[1])
    assert (answer.status_code, "Je prépare." in answer.text) == (200, True)
    assert await _waiting(world, world.bruno) == []
    assert (await _last(world))[0].number == 1


async def test_a_thread_opens_with_its_files(world: World) -> None:
    """They waited for it in its forum; a form without title keeps them."""
    form = {"title": "", "body": "Le besoin."}
    async with world.browser(world.bruno) as browser:
        answer = await browser.post("/forums/technique", data=form, files=_files(("lots.csv", samples.CSV)))
        assert (answer.status_code, "lots.csv" in answer.text) == (422, True)
        (file,) = re.findall(r'name="file" value="([^"]+)"', answer.text)
        form = {"title": "Sel", "body": "Le besoin.", "file": file}
        answer = await browser.post("/forums/technique", data=form)
        page = (await browser.get(answer.headers["location"])).text
    assert "lots.csv</a>" in page
    assert await _waiting(world, world.bruno, Ref("forums/forum", world.technique.id)) == []


async def test_an_edit_adds_describes_and_removes(world: World) -> None:
    """Bruno corrects his message and its files in one go; the look of the post changes, so every page does."""
    await _says(world, world.bruno, "Voici.", ("plan.png", samples.drawing()), ("lots.csv", samples.CSV))
    post, (plan, list_) = await _last(world)
    form = {"body": "Voici mieux.", "version": "1", "remove": str(list_.id), f"alt-{plan.id}": "La cour"}
    async with world.browser(world.bruno) as browser:
        shown = (await browser.get(f"/forums/messages/{post.id}/modifier")).text
        assert f'name="remove" value="{list_.id}"' in shown
        address = f"/forums/messages/{post.id}/modifier"
        refused = await browser.post(address, data={**form, "body": ""}, files=_files(("devis.pdf", samples.PDF)))
        assert refused.status_code == 422
        assert "La cour</textarea>" in refused.text
        assert f'name="remove" value="{list_.id}" checked' in refused.text
        (new,) = re.findall(r'name="file" value="([^"]+)"', refused.text)
        assert (await browser.post(address, data={**form, "file": new})).status_code == 303
    after, files = await _last(world)
    assert [(file.name, file.words) for file in files] == [("plan.png", "La cour"), ("devis.pdf", "")]
    assert after.look == post.look + 1
    assert await _status(world, world.bruno, list_) == 404


async def test_an_edit_over_a_newer_version_changes_no_file(world: World) -> None:
    """Refused whole: the file that was to go is still there."""
    await _says(world, world.bruno, "Voici.", ("lots.csv", samples.CSV))
    post, (list_,) = await _last(world)
    async with world.browser(world.bruno) as browser:
        form = {"body": "Un.", "version": "1"}
        assert (await browser.post(f"/forums/messages/{post.id}/modifier", data=form)).status_code == 303
        form = {"body": "Deux.", "version": "1", "remove": str(list_.id)}
        assert (await browser.post(f"/forums/messages/{post.id}/modifier", data=form)).status_code == 409
    assert await _status(world, world.denise, list_) == 200


async def _withdraw(world: World, post: Post) -> None:
    async with world.working(world.bruno) as work:
        said, place = await queries.post_for(work.db, world.bruno, post.id)
        await service.delete_post(work, place, said)


async def _hide(world: World, post: Post) -> None:
    async with world.working(None) as work:
        await work.db.execute(update(Post).where(col(Post.id) == post.id).values(hidden_at=now()))


async def _remove(world: World, post: Post) -> None:
    async with world.working(None) as work:
        await work.db.execute(update(Thread).where(col(Thread.id) == post.thread_id).values(deleted_at=now()))


async def _move(world: World, post: Post) -> None:
    async with world.working(None) as work:
        moved = update(Thread).where(col(Thread.id) == post.thread_id).values(forum_id=world.closed.id)
        await work.db.execute(moved)


async def _narrow(world: World, post: Post) -> None:
    async with world.working(None) as work:
        narrowed = {"reading": "body", "body_id": world.copil.id}
        await work.db.execute(update(Forum).where(col(Forum.id) == world.technique.id).values(**narrowed))


FATES = {"withdrawn": _withdraw, "hidden": _hide, "removed": _remove, "moved": _move, "narrowed": _narrow}


@pytest.mark.parametrize("fate", FATES)
async def test_a_file_follows_the_fate_of_its_post(world: World, fate: str) -> None:
    """Denise could see it; since the post is what it has become, neither file nor thumbnail is there for her,
    nor for a browser that kept them."""
    await _says(world, world.bruno, "Voici.", ("croquis.png", samples.drawing()))
    post, (file,) = await _last(world)
    async with world.browser(world.denise) as browser:
        first = await browser.get(f"/forums/fichiers/{file.id}")
        assert first.status_code == 200
        again = {"If-None-Match": first.headers["etag"]}
        assert (await browser.get(f"/forums/fichiers/{file.id}", headers=again)).status_code == 304
    assert await _status(world, world.denise, file, "/vignette") == 200

    await FATES[fate](world, post)
    for what in ("", "/vignette"):
        async with world.browser(world.denise) as browser:
            answer = await browser.get(f"/forums/fichiers/{file.id}{what}", headers=again)
        assert answer.status_code == 404
        assert "croquis" not in answer.text
    others = {"hidden": {world.camille: 200, world.bruno: 200}, "moved": {world.awa: 200}, "narrowed": {world.awa: 200}}
    for who, status in others.get(fate, {world.bruno: 404}).items():
        assert await _status(world, who, file) == status


async def test_one_joins_files_only_where_one_may_write(world: World) -> None:
    """Bruno does not read the CoPil; nobody writes in a closed thread; a post is corrected by its author."""
    async with world.working(world.camille) as work:
        await service.close_thread(work, await queries.thread_for(work.db, world.camille, world.snow.id))
    first, _ = await _last(world)
    for context, status in (
        (f"forums/thread/{world.secret.id}", 404),
        (f"forums/forum/{world.closed.id}", 404),
        (f"forums/thread/{uuid4()}", 404),
        ("n’importe quoi", 404),
        ("", 403),
        (f"forums/post/{first.id}", 403),
    ):
        assert (await _brings(world, world.bruno, "a.txt", b"a", context)).status_code == status, context
    answer = await _says(world, world.bruno, "Trop tard.", ("a.txt", b"a"))
    assert (answer.status_code, "Trop tard." in answer.text) == (403, True)


async def test_what_nobody_took_is_forgotten_after_a_day(world: World) -> None:
    """Waiting, taken off, withdrawn or without a name: rows and bytes go after a day, and never what is read."""
    old = {"waits": "a.csv", "taken off": "b.csv"}
    for name in old.values():
        await _brought(world, world.bruno, name, samples.CSV)
    recent = await _brought(world, world.awa, "c.png", samples.drawing())
    await _says(world, world.bruno, "Voici.", ("plan.png", samples.drawing()))
    post, (joined,) = await _last(world)
    await world.house.files.put("forums/personne", BytesIO(b"orphelin"), 8)
    async with world.working(None) as work:
        await work.db.execute(update(Attachment).where(col(Attachment.id) != recent).values(created_at=now() - OLD))
        gone = update(Attachment).where(col(Attachment.name) == "b.csv")
        await work.db.execute(gone.values(removed_at=now() - OLD))

    await keeping.tidy(world.house)
    async with world.reading() as db:
        kept = {file.kept: file.name for file in await db.exec(select(Attachment))}
    assert sorted(kept.values()) == ["c.png", "plan.png"]
    names = {name async for name, _ in world.house.files.names()}
    assert names == {*kept, *map(thumbnail_of, kept), "forums/personne"}

    _age(world)
    await keeping.tidy(world.house)
    assert {name async for name, _ in world.house.files.names()} == {*kept, *map(thumbnail_of, kept)}

    async with world.working(None) as work:
        await work.db.execute(update(Post).where(col(Post.id) == post.id).values(deleted_at=now() - OLD))
    await keeping.tidy(world.house)
    assert joined.kept not in {name async for name, _ in world.house.files.names()}


def _age(world: World) -> None:
    for path in (world.house.settings.data_dir / "files").rglob("*"):
        os.utime(path, ((now() - OLD).timestamp(),) * 2)


async def test_a_page_of_fifty_posts_asks_for_files_once(world: World) -> None:
    """With a file in each post as with none: as many questions."""
    counts: list[int] = []
    async with world.browser(world.denise) as browser:
        for count in (1, 3):
            for number in range(count):
                await _says(world, world.bruno, f"Voici {number}.", (f"{number}.csv", samples.CSV))
            await browser.get(f"/forums/fils/{world.snow.id}")
            async with world.reading() as db:
                posts = (await db.exec(select(Post.id).where(col(Post.thread_id) == world.snow.id))).all()
                with world.counting() as statements:
                    shown = await queries.shown_posts(db, list(posts))
            counts.append(len(statements))
    assert sum(len(post.files) for post in shown) == 4
    assert counts[0] == counts[1]
