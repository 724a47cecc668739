"""One's own place: what may be set, and nothing else (A5, U1–U3, C4)."""

import asyncio
import os
import struct
import time
import zlib
from collections.abc import Awaitable, Callable
from datetime import timedelta
from io import BytesIO
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from PIL import Image
from sqlalchemy import update
from sqlmodel import col, select
from starlette.applications import Starlette

from entente.account.keeping import keeping, tidy
from entente.account.profile import former, photos, service, zones
from entente.clock import now
from entente.house import House
from entente.people.models import Person, PersonStatus, Token
from entente.people.who import Who
from entente.rules import Invalid
from entente.settings import load
from world import World

PROFILE = {"given_name": "Awa", "family_name": "Diallo", "time_zone": "Indian/Reunion", "mail": "daily"}
ADDRESS = "/profil/adresse"
PASSWORD = "les vaches rentrent tard"


async def person(world: World, who: Who) -> Person:
    async with world.reading() as db:
        return (await db.exec(select(Person).where(col(Person.id) == who.id))).one()


async def test_awa_sets_her_profile(world: World) -> None:
    """Zone and mail rhythm are kept; since her name is the same, nothing that shows her is made again."""
    async with world.browser(world.awa) as browser:
        assert (await browser.post("/profil", data=PROFILE)).headers["location"] == "/profil"
        page = (await browser.get("/profil")).text
    assert 'value="Indian/Reunion" selected' in page
    awa = await person(world, world.awa)
    assert (awa.time_zone, awa.notifications, awa.version) == ("Indian/Reunion", {"mail": "daily", "quiet": [20, 7]}, 1)


def test_zones_are_named_as_one_says_them() -> None:
    """France and overseas come first, each with its distance from Greenwich out of summer time."""
    groups = dict(zones.groups())
    assert list(groups)[:3] == ["France", "Afrique", "Amérique"]
    assert groups["France"][0] == ("Europe/Paris", "Paris, heure de France métropolitaine (UTC+1)")
    assert ("Pacific/Marquesas", "Polynésie française, Marquises (UTC\N{MINUS SIGN}9:30)") in groups["France"]
    assert ("Europe/London", "Londres (UTC)") in groups["Europe"]
    assert ("America/Argentina/Salta", "Salta, Argentina (UTC\N{MINUS SIGN}3)") in groups["Amérique"]
    assert "Europe/Paris" not in dict(groups["Europe"])
    assert len(zones.known()) > 400


async def test_a_new_name_is_seen_by_others(world: World) -> None:
    """Awa marries: her name is cleaned of what the eye cannot see, and what shows her is made again."""
    async with world.browser(world.awa, htmx=True) as browser:
        typed = {**PROFILE, "family_name": "  Diallo\u202e \u200b Rey\n"}
        answer = await browser.post("/profil", data=typed)
        assert (answer.status_code, answer.headers["hx-redirect"]) == (204, "/profil")
    awa = await person(world, world.awa)
    assert (awa.name, awa.version) == ("Awa Diallo Rey", 2)


async def test_a_form_sets_nothing_but_its_fields(world: World) -> None:
    """Whoever adds fields to the form gains nothing: status, version, address, functions stay (A5)."""
    extra = {
        "id": str(world.bruno.id),
        "email": "evil@nowhere.example",
        "status": "suspended",
        "version": "99",
        "password_hash": "x",
        "photo": str(world.bruno.id),
        "demo_pitch": "moi",
        "notifications": "{}",
        "functions": "administrateur",
    }
    before = await person(world, world.awa)
    async with world.browser(world.awa) as browser:
        assert (await browser.post("/profil", data={**PROFILE, **extra})).status_code == 303
    after = await person(world, world.awa)
    for field in ("id", "email", "status", "version", "password_hash", "photo", "demo_pitch", "created_at"):
        assert getattr(after, field) == getattr(before, field)
    assert after.time_zone == "Indian/Reunion"
    assert not (await world.again(world.awa)).is_administrator


@pytest.mark.parametrize(
    ("field", "value"),
    [("given_name", "\u200b \u2066"), ("family_name", "a" * 81), ("time_zone", "Mars/Phobos"), ("mail", "hourly")],
)
async def test_what_cannot_be_accepted_is_given_back(world: World, field: str, value: str) -> None:
    """A wrong field comes back with a sentence beside it, the others as typed; nothing is saved."""
    async with world.browser(world.awa) as browser:
        typed = {**PROFILE, "given_name": "Awa-Marie", field: value}
        answer = await browser.post("/profil", data=typed)
    assert answer.status_code == 422
    assert f'id="error-{field}"' in answer.text
    assert field == "given_name" or 'value="Awa-Marie"' in answer.text
    assert (await person(world, world.awa)).time_zone == "Europe/Paris"


def picture(kind: str = "JPEG", size: tuple[int, int] = (800, 600), **options: Any) -> bytes:
    made = BytesIO()
    Image.new("RGB", size, (30, 120, 60)).save(made, kind, **options)
    return made.getvalue()


def with_past() -> bytes:
    """A photo that says where and when it was taken, and that is held sideways."""
    exif = Image.Exif()
    exif[0x010F] = "Appareil de Awa"
    exif[0x0112] = 6
    exif.get_ifd(0x8825)[2] = (44.0, 38.0, 5.0)
    return picture(exif=exif, comment=b"chez moi", icc_profile=b"profil secret")


def bomb(width: int = 60_000, height: int = 60_000) -> bytes:
    """A PNG of a few bytes that says it is immense."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(b"\0" * 64)) + chunk(b"IEND", b"")


async def send_photo(browser: Any, content: bytes, name: str = "moi.jpg", kind: str = "image/jpeg") -> Any:
    return await browser.post("/profil/photo", files={"photo": (name, content, kind)})


async def test_a_photo_is_drawn_again_without_its_past(world: World) -> None:
    """Awa's photo becomes a WebP square; place, date, device, profile and comment are gone (U3)."""
    sent = with_past()
    assert b"Appareil de Awa" in sent
    async with world.browser(world.awa) as awa, world.browser(world.bruno) as bruno, world.browser() as stranger:
        assert (await send_photo(awa, sent)).status_code == 303
        kept = await person(world, world.awa)
        assert (kept.photo is not None, kept.version) == (True, 2)
        assert f'src="/photos/{kept.photo}"' in (await awa.get("/profil")).text

        seen = await bruno.get(f"/photos/{kept.photo}")
        assert (await stranger.get(f"/photos/{kept.photo}")).status_code == 303
    assert seen.headers["content-type"] == "image/webp"
    assert seen.headers["x-content-type-options"] == "nosniff"
    assert seen.headers["content-security-policy"] == "default-src 'none'; sandbox"
    assert seen.headers["cache-control"] == "private, max-age=31536000, immutable"
    with Image.open(BytesIO(seen.content)) as drawn:
        assert (drawn.format, drawn.size, dict(drawn.getexif())) == ("WEBP", (256, 256), {})
        assert not {"exif", "icc_profile", "xmp", "comment"} & set(drawn.info)
    for secret in (b"Appareil", b"chez moi", b"profil secret", b"EXIF"):
        assert secret not in seen.content


@pytest.mark.parametrize("kind", ["PNG", "WEBP", "JPEG"])
async def test_a_photo_is_known_by_its_content(world: World, kind: str) -> None:
    """Whatever it is called, a picture is a picture (U1)."""
    async with world.browser(world.awa) as browser:
        assert (await send_photo(browser, picture(kind), "facture.html", "text/html")).status_code == 303


REFUSED = {
    "svg": (b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>", photos.UNREADABLE),
    "html": (b"<!doctype html><script>alert(1)</script>", photos.UNREADABLE),
    "gif": (picture("GIF"), photos.UNREADABLE),
    "cut": (picture()[:400], photos.UNREADABLE),
    "bomb": (bomb(), photos.TOO_LARGE),
    "large": (bomb(8_000, 5_001), photos.TOO_LARGE),
    "huge header": (bomb(7_000, 7_000), photos.TOO_LARGE),
    "heavy": (b"\xff\xd8\xff" + b"\0" * photos.MOST_BYTES, photos.TOO_HEAVY),
    "nothing": (b"", "Choisissez une photo"),
}


@pytest.mark.parametrize("name", list(REFUSED))
async def test_what_is_no_photo_is_refused(world: World, name: str) -> None:
    """Scripts in disguise, bombs, broken and heavy files: a sentence, and nothing is written (U1, U3)."""
    content, sentence = REFUSED[name]
    async with world.browser(world.awa) as browser:
        answer = await send_photo(browser, content)
    assert (answer.status_code, sentence in answer.text) == (422, True)
    assert (await person(world, world.awa)).photo is None
    assert [name async for name, _ in world.house.files.names()] == []


def test_a_bomb_is_refused_before_it_is_decoded() -> None:
    """Sixty thousand by sixty thousand pixels: refused from the header, at once."""
    started = time.perf_counter()
    with pytest.raises(Invalid):
        photos.redrawn(bomb())
    assert time.perf_counter() - started < 0.5


async def test_a_photo_that_is_removed_is_no_longer_served(world: World) -> None:
    """Awa takes her photo off: its address answers 404 at once; a day later its file is gone (U2, U3)."""
    async with world.browser(world.awa) as awa, world.browser(world.bruno) as bruno:
        await send_photo(awa, picture())
        await send_photo(bruno, picture())
        first, his = (await person(world, world.awa)).photo, (await person(world, world.bruno)).photo
        assert first is not None
        assert his is not None
        assert (await bruno.get(f"/photos/{first}")).status_code == 200
        await awa.post("/profil/photo/retrait")
        missing = await bruno.get("/photos/01a20194-0254-70ed-81b5-86e19daa3951")
        removed = await bruno.get(f"/photos/{first}")
        assert (removed.status_code, missing.status_code) == (404, 404)
        assert (await bruno.get("/photos/..%2Fentente.sqlite3")).status_code == 404

    await tidy(world.house)
    assert await kept_photos(world) == {photos.name_of(first), photos.name_of(his)}
    for photo in (first, his):
        os.utime(world.house.settings.data_dir / "files" / photos.name_of(photo), times=(0, 0))
    await tidy(world.house)
    assert await kept_photos(world) == {photos.name_of(his)}


async def kept_photos(world: World) -> set[str]:
    """The photos in the store."""
    return {name async for name, _ in world.house.files.names(photos.ROOM)}


Leave = Callable[[], Awaitable[Path]]


@pytest.fixture
def a_photo_of_before(world: World) -> Leave:
    """Awa's photo as the version before keeps it, in a folder of its machine."""

    async def leave() -> Path:
        photo = uuid4()
        place = photos.former_place(world.house.settings.data_dir, photo)
        place.parent.mkdir(exist_ok=True)
        place.write_bytes(photos.redrawn(picture()))
        async with world.working(world.awa) as work:
            await service.show_photo(work, await work.db.get_one(Person, world.awa.id), photo)
        return place

    return leave


async def test_a_photo_of_the_version_before_is_brought_where_files_lie(world: World, a_photo_of_before: Leave) -> None:
    """It is served from its folder, copied, and stays a week for the version before; then the copy alone serves."""
    place = await a_photo_of_before()
    content, name = place.read_bytes(), f"photos/{place.name}"
    copy = world.house.settings.data_dir / "files" / name
    async with world.browser(world.bruno) as bruno:
        assert (await bruno.get(f"/photos/{place.stem}")).content == content
        for _ in range(2):
            await former.bring(world.house)
            assert (copy.read_bytes(), place.exists()) == (content, True)
        os.utime(copy, times=(0, 0))
        await former.bring(world.house)
        assert not place.exists()
        await tidy(world.house)
        assert (await bruno.get(f"/photos/{place.stem}")).content == content


async def test_a_photo_of_the_version_before_that_nobody_shows_is_removed(
    world: World, a_photo_of_before: Leave
) -> None:
    """Awa takes it off: it is not copied, and a day later its file is gone; so is one that was half written."""
    place = await a_photo_of_before()
    half = place.with_suffix(".part")
    half.write_bytes(b"RIFF")
    async with world.browser(world.awa) as awa:
        await awa.post("/profil/photo/retrait")
        await former.bring(world.house)
        assert (await kept_photos(world), place.exists(), half.exists()) == (set(), True, True)
        for each in (place, half):
            os.utime(each, times=(0, 0))
        await former.bring(world.house)
        assert (place.exists(), half.exists()) == (False, False)
        assert (await awa.get(f"/photos/{place.stem}")).status_code == 404


async def test_photos_of_the_version_before_are_brought_when_the_house_opens(
    world: World, a_photo_of_before: Leave
) -> None:
    """Nobody has to ask: a server that opens brings what its machine holds."""
    place = await a_photo_of_before()
    app = Starlette()
    app.state.house = world.house
    async with keeping(app), asyncio.timeout(20):
        while await kept_photos(world) != {f"photos/{place.name}"}:
            await asyncio.sleep(0.01)


async def test_a_photo_is_seen_from_another_machine(world: World, tmp_path: Path, s3: str) -> None:
    """Awa's photo is sent to one machine and shown by another, which shares nothing with it but base and bucket."""
    here, there = [
        House.build(load(**world.house.settings.model_dump() | {"data_dir": tmp_path / name, "files_url": s3}))
        for name in ("here", "there")
    ]
    photo = await photos.keep(here.files, picture())
    assert await photos.read(there, photo) == await photos.read(here, photo)
    for house in (here, there):
        await house.database.close()


async def test_awa_changes_her_address(world: World, mailbox: Any) -> None:
    """The new address confirms, by a button; the old one is told, and waiting links are void (M1, M2)."""
    async with world.browser(world.awa) as browser, world.browser() as phone:
        await browser.post("/connexion", data={"email": "awa@aubrac.example"})
        waiting = await mailbox.link()
        assert (await browser.post(ADDRESS, data={"email": "Awa.Diallo@aubrac.example"})).status_code == 303
        asked = (await mailbox.mails())[-1]
        assert asked["to"] == "awa.diallo@aubrac.example"
        link = await mailbox.link()
        assert (await phone.get(link)).status_code == 200
        assert (await person(world, world.awa)).email == "awa@aubrac.example"

        assert (await phone.post(link)).headers["location"] == "/connexion"
        assert (await person(world, world.awa)).email == "awa.diallo@aubrac.example"
        told = (await mailbox.mails())[-1]
        assert (told["to"], "adresse a changé" in told["subject"]) == ("awa@aubrac.example", True)
        assert [(await phone.post(old)).status_code for old in (link, waiting)] == [410, 410]


async def test_an_address_that_is_taken_stays_its_owner_s(world: World, mailbox: Any) -> None:
    """Awa asks for Bruno's address: the same sentence as for a free one, and Bruno is told, without a link."""
    async with world.browser(world.awa) as browser:
        answers = [
            await browser.post(ADDRESS, data={"email": email})
            for email in ("bruno@brioude.example", "frees@brioude.example")
        ]
    assert [answer.headers["location"] for answer in answers] == ["/profil", "/profil"]
    to_bruno, to_nobody = await mailbox.mails()
    assert (to_bruno["to"], "/connexion/lien" in to_bruno["body"]) == ("bruno@brioude.example", False)
    assert "/connexion/lien" in to_nobody["body"]


async def test_of_two_who_confirm_one_address_one_has_it(world: World, mailbox: Any) -> None:
    """Awa and Bruno both asked for an address that was free: the constraint decides, the other is told (409)."""
    links = []
    for who in (world.awa, world.bruno):
        async with world.browser(who) as browser:
            await browser.post(ADDRESS, data={"email": "mairie@aubrac.example"})
            links.append(await mailbox.link())
    async with world.browser() as browser:
        answers = await asyncio.gather(*(browser.post(link) for link in links))
    assert sorted(answer.status_code for answer in answers) == [303, 409]


async def test_an_address_changes_with_the_password(world: World, mailbox: Any, choose_password: Any) -> None:
    """Someone at Awa's open screen cannot move her account without her password."""
    await choose_password(world.awa)
    async with world.browser(world.awa) as browser:
        for password in ("", "autre chose"):
            refused = await browser.post(ADDRESS, data={"email": "x@aubrac.example", "password": password})
            assert (refused.status_code, 'id="error-password"' in refused.text) == (422, True)
        assert await mailbox.mails() == []
        typed = {"email": "x@aubrac.example", "password": PASSWORD}
        assert (await browser.post(ADDRESS, data=typed)).status_code == 303
    assert len(await mailbox.mails()) == 1


@pytest.mark.parametrize("email", ["x@aubrac.example\nBcc: y@aubrac.example", "awa@aubrac.example", "x"])
async def test_an_address_that_will_not_do_is_given_back(world: World, mailbox: Any, email: str) -> None:
    """No address, a hidden header, or the same one: a sentence beside the field, and no mail."""
    async with world.browser(world.awa) as browser:
        answer = await browser.post(ADDRESS, data={"email": email})
    assert (answer.status_code, 'id="error-email"' in answer.text) == (422, True)
    assert await mailbox.mails() == []


async def test_changes_of_address_are_limited(world: World) -> None:
    """Awa may not have mails sent to the whole world: five an hour (N2)."""
    async with world.browser(world.awa) as browser:
        for number in range(5):
            assert (await browser.post(ADDRESS, data={"email": f"n{number}@aubrac.example"})).status_code == 303
        last = await browser.post(ADDRESS, data={"email": "n6@aubrac.example"})
    assert (last.status_code, "retry-after" in last.headers) == (429, True)


async def test_a_suspended_person_cannot_confirm_an_address(world: World, mailbox: Any) -> None:
    """Bruno asked, then was suspended: his link serves no more; and after its hour nobody's does."""
    links = []
    for who in (world.bruno, world.awa):
        async with world.browser(who) as browser:
            await browser.post(ADDRESS, data={"email": f"{who.initials}@aubrac.example"})
            links.append(await mailbox.link())
    async with world.house.database.writing() as db:
        suspended = update(Person).where(col(Person.id) == world.bruno.id)
        await db.execute(suspended.values(status=PersonStatus.SUSPENDED))
        late = update(Token).where(col(Token.person_id) == world.awa.id)
        await db.execute(late.values(expires_at=now() - timedelta(seconds=1)))
    async with world.browser() as browser:
        assert [(await browser.post(link)).status_code for link in links] == [410, 410]
