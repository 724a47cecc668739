"""The documents that a forum shares: every version is kept, and follows who may read the forum."""

import asyncio
import os
import re
from io import BytesIO
from uuid import UUID

import httpx
import pytest
from sqlalchemy import update
from sqlmodel import col, select

import samples
from entente.clock import now
from entente.people.who import Who
from entente.settings import Settings
from forums.attachments import keeping
from forums.documents import queries
from forums.documents.models import Document, Version
from forums.documents.service import PATIENCE
from forums.models import Forum
from world import World

SHELF = "/forums/technique/documents"


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """Small limits: no test needs to send much."""
    return settings.model_copy(update={"files_max_mb": 2, "files_quota_mb": 5})


def _file(name: str, content: bytes) -> dict[str, tuple[str, bytes]]:
    return {"files": (name, content)}


async def _adds(
    world: World, who: Who, name: str, content: bytes, title: str = "", shelf: str = SHELF, htmx: bool = False
) -> httpx.Response:
    async with world.browser(who, htmx) as browser:
        return await browser.post(shelf, data={"title": title}, files=_file(name, content))


async def _revises(world: World, who: Who, document: Document, name: str, content: bytes) -> httpx.Response:
    async with world.browser(who) as browser:
        address = f"/forums/documents/{document.id}/versions"
        return await browser.post(address, data={"changes": "Le lot 3"}, files=_file(name, content))


async def _only(world: World) -> tuple[Document, list[Version]]:
    async with world.reading() as db:
        document = (await db.exec(select(Document))).one()
        versions = select(Version).where(col(Version.document_id) == document.id).order_by(col(Version.number))
        return document, list(await db.exec(versions))


async def _page(world: World, who: Who, shelf: str = SHELF) -> str:
    async with world.browser(who) as browser:
        answer = await browser.get(shelf)
    return answer.text if answer.status_code == 200 else ""


async def test_a_document_keeps_every_version(world: World) -> None:
    """Bruno brings a convention, Awa a new version of it: Denise finds the last one first, and the other under it."""
    assert (await _adds(world, world.bruno, "convention.pdf", samples.PDF, "Convention sel")).status_code == 303
    document, (first,) = await _only(world)
    assert (await _revises(world, world.awa, document, "convention-v2.docx", samples.docx())).status_code == 303
    _, (first, second) = await _only(world)
    page = await _page(world, world.denise)
    assert page.index("Version 2") < page.index("1\u00a0version précédente") < page.index("Version 1")
    assert all(
        words in page for words in ("Convention sel", "Awa Diallo", "Bruno Chassagne", "Le lot 3", "Document Word")
    )
    async with world.browser(world.denise) as browser:
        answers = [await browser.get(f"/forums/documents/{version.id}") for version in (first, second)]
    assert [answer.content for answer in answers] == [samples.PDF, samples.docx()]
    assert answers[0].headers["content-disposition"].startswith('attachment; filename="convention.pdf"')
    assert answers[0].headers["content-security-policy"] == "default-src 'none'; sandbox"
    assert answers[0].headers["cache-control"] == "private, no-cache"


async def test_two_versions_at_once_have_two_numbers(world: World) -> None:
    """Awa and Bruno send theirs at the same moment: both are kept."""
    await _adds(world, world.bruno, "plan.csv", samples.CSV)
    document, _ = await _only(world)
    answers = await asyncio.gather(
        *(_revises(world, who, document, "p.csv", samples.CSV) for who in (world.awa, world.bruno))
    )
    assert [answer.status_code for answer in answers] == [303, 303]
    _, versions = await _only(world)
    assert [version.number for version in versions] == [1, 2, 3]


async def test_a_document_without_title_bears_the_name_of_its_file(world: World) -> None:
    """And a photo forgets where it was taken here too."""
    await _adds(world, world.bruno, "cour.png", samples.photo())
    document, (version,) = await _only(world)
    assert (document.title, version.name, version.label) == ("cour.jpg", "cour.jpg", "Image")
    async with world.browser(world.denise) as browser:
        answer = await browser.get(f"/forums/documents/{version.id}")
    assert samples.SECRET_PLACE.encode() not in answer.content
    assert answer.headers["content-disposition"].startswith("attachment; ")


WRONG = {
    "missing": (b"", "", "Choisissez un fichier"),
    "empty": (b"", "vide.pdf", "Ce fichier est vide."),
    "program": (samples.PROGRAM, "outil.exe", "programmes ne peuvent pas être joints"),
    "bomb": (samples.png_bomb(), "plan.png", "40\u00a0millions de pixels"),
    "heavy": (b"\1" * 2_000_001, "film.bin", "Ce fichier est trop lourd\u00a0: 2\u00a0Mo au plus."),
}


@pytest.mark.parametrize("case", WRONG)
async def test_what_is_refused_says_why_and_keeps_what_was_typed(world: World, case: str) -> None:
    """For a new document and for a version, beside the form that was sent; nothing is kept."""
    content, name, reason = WRONG[case]
    await _adds(world, world.bruno, "plan.csv", samples.CSV)
    document, _ = await _only(world)
    before = [each async for each, _ in world.house.files.names()]
    for answer, typed in (
        (await _adds(world, world.bruno, name, content, "Un titre gardé"), "Un titre gardé"),
        (await _revises(world, world.bruno, document, name, content), "Le lot 3"),
    ):
        assert answer.status_code == (413 if case == "heavy" else 422)
        assert reason in answer.text
        assert f'value="{typed}"' in answer.text
    assert [each async for each, _ in world.house.files.names()] == before
    assert len((await _only(world))[1]) == 1


async def test_documents_take_their_authors_room(world: World) -> None:
    """Two documents of 2 MB fill Bruno's 5 MB: the third is refused, and its bytes are not kept."""
    for _ in range(2):
        await _adds(world, world.bruno, "a.bin", b"\1" * 2_000_000)
    answer = await _adds(world, world.bruno, "a.bin", b"\1" * 2_000_000)
    assert (answer.status_code, "Votre espace est plein" in answer.text) == (422, True)
    assert len([name async for name, _ in world.house.files.names()]) == 2


async def test_a_title_too_long_lets_the_file_go(world: World) -> None:
    """The form comes back with its title; bytes that nobody names are not kept."""
    answer = await _adds(world, world.bruno, "a.csv", samples.CSV, "T" * 121)
    assert (answer.status_code, "T" * 121 in answer.text) == (422, True)
    assert [name async for name, _ in world.house.files.names()] == []


async def test_the_space_of_a_body_is_its_own(world: World) -> None:
    """Awa sits in the CoPil: its page says whose space it is; for Bruno neither it nor its documents exist."""
    shelf = "/forums/copil/documents"
    assert (await _adds(world, world.awa, "secret.csv", samples.CSV, shelf=shelf)).status_code == 303
    document, (version,) = await _only(world)
    assert "l’instance «\u00a0Comité de pilotage\u00a0»" in (await _page(world, world.awa, shelf)).replace(
        "&nbsp;", "\u00a0"
    )
    assert await _page(world, world.bruno, shelf) == ""
    async with world.browser(world.bruno) as browser:
        assert (await browser.get(f"/forums/documents/{version.id}")).status_code == 404
    assert (await _adds(world, world.bruno, "a.csv", b"a", shelf=shelf)).status_code == 404
    assert (await _revises(world, world.bruno, document, "a.csv", b"a")).status_code == 404


async def test_a_forum_that_narrows_takes_its_documents_along(world: World) -> None:
    """Denise could read it a moment ago; a browser that kept it finds nothing either."""
    await _adds(world, world.bruno, "plan.csv", samples.CSV)
    _, (version,) = await _only(world)
    async with world.browser(world.denise) as browser:
        tag = (await browser.get(f"/forums/documents/{version.id}")).headers["etag"]
        narrowed = update(Forum).where(col(Forum.id) == world.technique.id)
        async with world.working(None) as work:
            await work.db.execute(narrowed.values(reading="body", body_id=world.copil.id))
        answer = await browser.get(f"/forums/documents/{version.id}", headers={"If-None-Match": tag})
    assert answer.status_code == 404


async def test_one_removes_what_one_brought_and_a_moderator_any(world: World) -> None:
    """Awa may not remove Bruno's; Camille, who moderates, may, and the audit says so; a day later nothing is left."""
    await _adds(world, world.bruno, "plan.csv", samples.CSV)
    document, (version,) = await _only(world)
    address = f"/forums/documents/{document.id}/suppression"
    assert address not in await _page(world, world.awa)
    async with world.browser(world.awa) as browser:
        assert (await browser.post(address)).status_code == 403
    assert address in await _page(world, world.bruno)
    async with world.browser(world.camille) as browser:
        assert (await browser.post(address)).status_code == 303
        assert (await browser.post(address)).status_code == 404
        assert (await browser.get(f"/forums/documents/{version.id}")).status_code == 404
    assert "plan.csv" not in await _page(world, world.bruno)

    await keeping.tidy(world.house)
    assert version.kept in [name async for name, _ in world.house.files.names()]
    async with world.working(None) as work:
        await work.db.execute(update(Document).values(removed_at=now() - PATIENCE * 2))
    await keeping.tidy(world.house)
    assert [name async for name, _ in world.house.files.names()] == []


async def test_tidying_leaves_what_serves(world: World) -> None:
    """A document and a stray file, both old: the stray one goes."""
    await _adds(world, world.bruno, "plan.csv", samples.CSV)
    _, (version,) = await _only(world)
    await world.house.files.put("documents/personne", BytesIO(b"a"), 1)
    for path in (world.house.settings.data_dir / "files").rglob("*"):
        os.utime(path, ((now() - PATIENCE * 2).timestamp(),) * 2)
    await keeping.tidy(world.house)
    assert [name async for name, _ in world.house.files.names()] == [version.kept]


async def test_a_shelf_costs_the_same_whatever_it_holds(world: World) -> None:
    """1 and 4 documents, one of them with three versions: as many questions."""
    counts = []
    for number in (1, 3):
        for each in range(number):
            await _adds(world, world.bruno, f"{each}.csv", samples.CSV)
        async with world.reading() as db:
            document = (await db.exec(select(Document).limit(1))).one()
        await _revises(world, world.awa, document, "b.csv", samples.CSV)
        async with world.reading() as db:
            with world.counting() as statements:
                shelf = await queries.shelf_of(db, world.technique)
        counts.append(len(statements))
    assert counts == [counts[0]] * 2
    assert len(shelf.documents) == 4


async def test_older_documents_are_on_the_next_page(world: World) -> None:
    """Fifty to a page, the most recently changed first."""
    async with world.working(world.bruno) as work:
        for number in range(51):
            document = Document(forum_id=world.technique.id, author_id=world.bruno.id, title=f"Document {number:02}")
            work.db.add(document)
            await work.db.flush()
            about = {
                "name": "a",
                "label": "Texte",
                "media_type": "text/plain",
                "size": 1,
                "kept": f"documents/{number}",
            }
            known = {"document_id": document.id, "number": 1, "author_id": world.bruno.id}
            work.db.add(Version.model_validate({**known, **about}))
    first, second = await _page(world, world.awa), await _page(world, world.awa, f"{SHELF}?page=2")
    titles = [re.findall(r"<h2>(Document \d\d)</h2>", page) for page in (first, second)]
    assert [len(each) for each in titles] == [50, 1]
    assert (titles[0][0], titles[1]) == ("Document 50", ["Document 00"])
    for odd in ("0", "-1", "x", "9" * 30):
        assert await _page(world, world.awa, f"{SHELF}?page={odd}")


async def test_nobody_finds_what_is_not_there(world: World) -> None:
    """Ids of nothing, or of nothing that is an id."""
    async with world.browser(world.bruno) as browser:
        for id_ in (UUID(int=0), "rien"):
            assert (await browser.get(f"/forums/documents/{id_}")).status_code == 404
            assert (await browser.post(f"/forums/documents/{id_}/suppression")).status_code == 404
