"""What shows a unit: its photos and documents, what they are made of, who brings them and who sees them."""

import re
from datetime import timedelta
from io import BytesIO

import httpx
import pytest
from PIL import Image
from sqlalchemy import update
from sqlmodel import col, select

import samples
from booking.showing import keeping, rules
from booking.showing.models import UnitFile
from booking.showing.rules import Piece
from booking.showing.service import PATIENCE
from booking_world import Fleet, day
from entente.clock import now
from entente.people.who import Who
from entente.rules import Invalid
from entente.settings import Settings

WORDS = "La nacelle repliée, dans la cour"
WHEN = {"day": f"{day(10)}", "start": "08:00", "last_day": f"{day(10)}", "end": "12:00"}


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """Small limits: no test needs to send much."""
    return settings.model_copy(update={"files_max_mb": 2, "files_quota_mb": 5})


def _unit(fleet: Fleet, code: str = "N12") -> str:
    return f"/reservations/unites/{fleet.units[code].id}"


async def _brings(
    fleet: Fleet, who: Who, name: str, content: bytes, words: str = WORDS, code: str = "N12"
) -> httpx.Response:
    async with fleet.world.browser(who) as browser:
        sent = {"files": (name, content)} if name else None
        return await browser.post(f"{_unit(fleet, code)}/fichiers", data={"words": words}, files=sent)


async def _files(fleet: Fleet) -> list[UnitFile]:
    async with fleet.world.reading() as db:
        return list(await db.exec(select(UnitFile)))


async def test_a_photo_is_drawn_again_and_shown_wherever_one_chooses(fleet: Fleet) -> None:
    """Camille brings the photo of her telephone: Bruno sees it on the page, in the search and on the label, no place
    nor name of hers in it.
    """
    world = fleet.world
    sent = samples.photo()
    assert (await _brings(fleet, world.camille, "IMG_2034.png", sent)).status_code == 303
    (file,) = await _files(fleet)
    thumbnail = f"/reservations/fichiers/{file.id}/vignette"
    async with world.browser(world.bruno) as browser:
        pages = [
            await browser.get(_unit(fleet)),
            await browser.get("/reservations", params={"what": "nacelle", **WHEN}),
            await browser.get(f"/reservations/etiquettes/{fleet.depot.id}"),
        ]
        shown, small = await browser.get(f"/reservations/fichiers/{file.id}"), await browser.get(thumbnail)
    for page in pages:
        assert f'src="{thumbnail}" alt="{WORDS}"' in page.text
    assert (shown.headers["content-type"], small.headers["content-type"]) == ("image/jpeg", "image/webp")
    assert shown.headers["content-disposition"].startswith('inline; filename="IMG_2034.jpg"')
    assert shown.headers["content-security-policy"] == "default-src 'none'; sandbox"
    picture = Image.open(BytesIO(shown.content))
    assert not picture.getexif()
    assert samples.SECRET_PLACE.encode() not in shown.content
    assert (file.width, file.height) == picture.size


async def test_a_document_is_saved_and_never_shown(fleet: Fleet) -> None:
    """A page that calls itself a notice comes out as bytes to save, under its own words."""
    await _brings(fleet, fleet.world.camille, "notice.pdf", b"<html><script>alert(1)</script>", "Notice de conduite")
    (file,) = await _files(fleet)
    async with fleet.world.browser(fleet.world.bruno) as browser:
        page, got = await browser.get(_unit(fleet)), await browser.get(f"/reservations/fichiers/{file.id}")
        assert (await browser.get(f"/reservations/fichiers/{file.id}/vignette")).status_code == 404
    assert "Notice de conduite" in page.text
    assert (got.headers["content-type"], got.headers["x-content-type-options"]) == (
        "application/octet-stream",
        "nosniff",
    )
    assert got.headers["content-disposition"].startswith("attachment;")


@pytest.mark.parametrize(
    ("name", "content", "words", "status", "sentence"),
    [
        ("", b"", WORDS, 422, rules.MISSING),
        ("photo.png", samples.drawing(), " ", 422, "Dites ce que montre la photo"),
        ("photo.png", samples.drawing(), "a" * 301, 422, "300 caractères au plus"),
        ("photo.png", b"\x89PNG et rien", WORDS, 422, "Cette image est illisible"),
        ("outil.exe", b"MZ" + b"\0" * 64, WORDS, 422, "Les programmes ne peuvent pas être joints"),
        ("lourd.bin", b"\0" * 2_100_000, WORDS, 413, "2\u00a0Mo au plus"),
    ],
    ids=["nothing", "no words", "too many words", "broken", "program", "heavy"],
)
async def test_what_cannot_be_shown_is_refused_and_its_words_are_kept(
    fleet: Fleet, name: str, content: bytes, words: str, status: int, sentence: str
) -> None:
    """The form comes back with the reason; nothing is written, nothing stays where files lie."""
    answer = await _brings(fleet, fleet.world.camille, name, content, words)
    assert answer.status_code == status
    assert sentence in answer.text.replace("&nbsp;", "\u00a0")
    assert f'value="{words}"' in answer.text or not words.strip()
    assert await _files(fleet) == []
    assert [name async for name, _ in fleet.world.house.files.names(keeping.SHELF)] == []


async def test_one_has_a_quota_and_a_unit_its_limit(fleet: Fleet, monkeypatch: pytest.MonkeyPatch) -> None:
    """Camille may keep 5 Mo here; and a unit bears so many files, no more."""
    for number in range(3):
        answer = await _brings(fleet, fleet.world.camille, f"{number}.bin", b"\0" * 1_900_000)
    assert answer.status_code == 422
    assert "Votre espace est plein" in answer.text
    monkeypatch.setattr(rules, "MOST_FILES", 2)
    answer = await _brings(fleet, fleet.world.camille, "petit.bin", b"\0")
    assert answer.status_code == 422
    assert "au plus. Retirez-en un" in answer.text
    assert len(await _files(fleet)) == 2


@pytest.mark.parametrize("act", ["description", "fichiers"])
async def test_only_its_keeper_describes_a_unit(fleet: Fleet, act: str) -> None:
    """To Bruno, the form of Camille's unit is not there; nor are the acts on its files."""
    world = fleet.world
    await _brings(fleet, world.camille, "photo.png", samples.drawing())
    (file,) = await _files(fleet)
    async with world.browser(world.bruno) as browser:
        assert (await browser.post(f"{_unit(fleet)}/{act}", data={"accessories": "Une clé"})).status_code == 404
        assert (await browser.get(f"{_unit(fleet)}/description")).status_code == 404
        for address in (f"/reservations/fichiers/{file.id}/retrait", f"/reservations/fichiers/{file.id}/texte"):
            assert (await browser.post(address, data={"words": "Autre"})).status_code == 404
    (again,) = await _files(fleet)
    assert (again.words, again.removed_at) == (WORDS, None)


async def test_who_takes_part_no_more_sees_no_photo(fleet: Fleet) -> None:
    """Bruno has the address of a photo; the day his function ends, it opens nothing, cached or not."""
    world = fleet.world
    await _brings(fleet, world.camille, "photo.png", samples.drawing())
    address = f"/reservations/fichiers/{(await _files(fleet))[0].id}"
    async with world.browser(world.bruno) as browser:
        seen = await browser.get(address)
        mark = {"If-None-Match": seen.headers["etag"]}
        assert (await browser.get(address, headers=mark)).status_code == 304
        await world.end_functions(world.bruno)
        assert (await browser.get(address, headers=mark)).status_code == 404
        assert (await browser.get(f"{address}/vignette")).status_code == 404


async def test_a_photo_removed_is_gone_at_once_and_its_bytes_a_day_later(fleet: Fleet) -> None:
    """Camille takes it away: nobody sees it; tidied a day later, nothing is left, and what serves is kept."""
    world, store = fleet.world, fleet.world.house.files
    for name in ("une.png", "autre.png"):
        await _brings(fleet, world.camille, name, samples.drawing())
    first, other = await _files(fleet)
    async with world.browser(world.camille) as browser:
        assert (await browser.post(f"/reservations/fichiers/{first.id}/retrait")).status_code == 303
        assert (await browser.get(f"/reservations/fichiers/{first.id}")).status_code == 404
        assert (await browser.post(f"/reservations/fichiers/{first.id}/retrait")).status_code == 404
    await keeping.tidy(world.house)
    assert len([name async for name, _ in store.names(keeping.SHELF)]) == 4
    async with world.house.database.writing() as db:
        late = now() - PATIENCE - timedelta(minutes=1)
        await db.execute(update(UnitFile).where(col(UnitFile.id) == first.id).values(removed_at=late))
    await keeping.tidy(world.house)
    assert {name async for name, _ in store.names(keeping.SHELF)} == {other.kept, f"{other.kept}.webp"}


async def test_bytes_that_nobody_names_go_after_a_day(fleet: Fleet, monkeypatch: pytest.MonkeyPatch) -> None:
    """A change that failed left its file behind: tidying forgets it, and keeps the one that serves."""
    await _brings(fleet, fleet.world.camille, "photo.png", samples.drawing())
    await fleet.world.house.files.keep(keeping.SHELF, BytesIO(b"orphan"), 6)
    monkeypatch.setattr("booking.showing.service.PATIENCE", timedelta(seconds=-60))
    await keeping.tidy(fleet.world.house)
    (file,) = await _files(fleet)
    assert {name async for name, _ in fleet.world.house.files.names(keeping.SHELF)} == {file.kept, f"{file.kept}.webp"}


async def test_the_photo_chosen_first_stands_for_the_unit(fleet: Fleet) -> None:
    """Of two photos, Camille has the second stand first, and says better what it shows."""
    world = fleet.world
    for name in ("une.png", "autre.png"):
        await _brings(fleet, world.camille, name, samples.drawing())
    _, other = await _files(fleet)
    async with world.browser(world.camille) as browser:
        address = f"/reservations/fichiers/{other.id}/texte"
        blank = await browser.post(address, data={"words": ""})
        assert (blank.status_code, "Dites ce que montre la photo" in blank.text) == (422, True)
        assert (await browser.post(address, data={"words": "De face", "first": "1"})).status_code == 303
        page = await browser.get("/reservations", params={"what": "nacelle", **WHEN})
    assert re.findall(r'class="cover" src="([^"]+)" alt="([^"]+)"', page.text) == [
        (f"/reservations/fichiers/{other.id}/vignette", "De face")
    ]


async def test_what_it_is_like_and_what_it_comes_with_is_written_by_its_keeper(fleet: Fleet) -> None:
    """12,50 m and two harnesses: Bruno reads them, the search finds them; a word for a number is said, and kept."""
    world, height = fleet.world, f"trait-{fleet.height.id}"
    form = {height: "12,5", "accessories": "Harnais × 2\n\n3 x Casque\r\nClé\n"}
    async with world.browser(world.camille) as camille, world.browser(world.bruno) as bruno:
        address = f"{_unit(fleet)}/description"
        wrong = await camille.post(address, data={**form, height: "haute"})
        assert (wrong.status_code, "Écrivez un nombre" in wrong.text, 'value="haute"' in wrong.text) == (
            422,
            True,
            True,
        )
        assert "Harnais × 2" in wrong.text
        assert (await camille.post(address, data=form)).status_code == 303
        kept = await camille.get(address)
        page = (await bruno.get(_unit(fleet))).text.replace("&nbsp;", "\u00a0")
        found = await bruno.get("/reservations", params={"what": "nacelle", **WHEN, f"least-{fleet.height.id}": "12,5"})
    for words in ("12,5\u00a0m", "Harnais\u00a0×\u00a02", "Casque\u00a0×\u00a03", "<li>Clé</li>"):
        assert words in page
    assert 'value="12,5"' in kept.text
    assert "Nacelle N12" in found.text


async def test_photos_cost_one_question_however_many_units(fleet: Fleet) -> None:
    """Three units with a photo, or none: the search asks as often."""
    asked = []
    for codes in ((), ("N12", "N18", "MB1")):
        for code in codes:
            await _brings(fleet, fleet.world.camille, "photo.png", samples.drawing(), code=code)
        async with fleet.world.browser(fleet.world.bruno) as browser:
            with fleet.world.counting() as seen:
                await browser.get("/reservations", params=WHEN)
        asked.append(len(seen))
    assert asked[0] == asked[1]


@pytest.mark.parametrize(
    ("line", "piece"),
    [
        ("Harnais × 2", Piece("Harnais", 2)),
        ("2 x Harnais", Piece("Harnais", 2)),
        ("Câble 2x1,5 mm²", Piece("Câble 2x1,5 mm²")),
        ("Clé", Piece("Clé")),
    ],
)
def test_an_accessory_is_read_as_it_is_written(line: str, piece: Piece) -> None:
    """Its number before or after; and what is written is read again the same."""
    assert rules.pieces_of(line) == [piece]
    assert rules.pieces_of(piece.written) == [piece]


@pytest.mark.parametrize("line", ["× 2", "Harnais × 0", "a" * 121, "\n".join("ab" for _ in range(41))])
def test_an_accessory_without_a_name_is_refused(line: str) -> None:
    """Nothing, none, too long, too many."""
    with pytest.raises(Invalid):
        rules.pieces_of(line)
