"""Sessions: a secret per device, turned over, listed, revocable (S1)."""

import asyncio
from datetime import timedelta
from http.cookies import SimpleCookie

import httpx
import pytest
from sqlalchemy import update
from sqlmodel import col, select

from entente import journal
from entente.account.keeping import tidy
from entente.clock import now
from entente.people.models import Person, PersonStatus, Session
from entente.people.queries import hash_of
from entente.people.who import Who
from entente.rights import Verb, rights_changed, stream_of_person
from entente.settings import Settings
from entente.web import devices
from world import World, build_world

FIREFOX = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0"


async def sessions(world: World, who: Who) -> list[Session]:
    async with world.reading() as db:
        return list((await db.exec(select(Session).where(col(Session.person_id) == who.id))).all())


def settled(browser: httpx.AsyncClient) -> str:
    """The cookie that this browser holds, as if the house itself had set it: what comes next replaces it."""
    secret = browser.cookies["entente"]
    browser.cookies.clear()
    browser.cookies.set("entente", secret, domain="entente.test", path="/")
    return secret


async def ended(world: World, who: Who) -> list[object]:
    """The sessions whose end this person's own stream tells."""
    stream = stream_of_person(who.id)
    async with world.reading() as db:
        found = (await db.exec(select(journal.Entry).where(col(journal.Entry.stream) == str(stream)))).all()
    return [entry.subject_id for entry in found if entry.verb == Verb.SESSION_ENDED]


async def test_the_cookie_is_out_of_reach(demo: World) -> None:
    """HttpOnly, SameSite=Lax, for the whole site; the database has its hash, and the device's plain name."""
    async with demo.browser() as browser:
        answer = await browser.post(
            "/connexion/demo", data={"person_id": str(demo.awa.id)}, headers={"User-Agent": FIREFOX}
        )
    morsel = SimpleCookie(answer.headers["set-cookie"])["entente"]
    assert (morsel["httponly"], morsel["samesite"], morsel["path"], morsel["domain"]) == (True, "lax", "/", "")
    (session,) = await sessions(demo, demo.awa)
    assert session.hash == hash_of(morsel.value)
    assert (session.device, session.address) == ("Firefox sur Windows", "192.0.2.7")
    assert timedelta(days=29) < session.expires_at - now() < timedelta(days=31)


async def test_over_https_the_cookie_is_locked_to_the_host(settings: Settings) -> None:
    """Over TLS the name begins with __Host- and the cookie is Secure."""
    world = await build_world(settings.model_copy(update={"base_url": "https://entente.test"}), is_demo=True)
    async with world.house.database.writing() as db:
        await db.execute(update(Person).where(col(Person.id) == world.awa.id).values(demo_pitch="Awa achète."))
    transport = httpx.ASGITransport(world.app)
    headers = {"Sec-Fetch-Site": "same-origin"}
    async with httpx.AsyncClient(transport=transport, base_url="https://entente.test", headers=headers) as browser:
        answer = await browser.post("/connexion/demo", data={"person_id": str(world.awa.id)})
        assert (await browser.get("/profil")).status_code == 200
    morsel = SimpleCookie(answer.headers["set-cookie"])["__Host-entente"]
    assert (morsel["secure"], morsel["path"], morsel["domain"]) == (True, "/", "")
    await world.house.database.close()


async def test_signing_in_ends_the_session_the_device_held(demo: World) -> None:
    """A device that signs in again gets a new secret, and the one it held is worth nothing."""
    async with demo.browser(demo.bruno) as browser:
        old = settled(browser)
        (before,) = await sessions(demo, demo.bruno)
        await browser.post("/connexion/demo", data={"person_id": str(demo.awa.id)})
        assert browser.cookies["entente"] != old
        assert await sessions(demo, demo.bruno) == []
        assert await ended(demo, demo.bruno) == [before.id]
        browser.cookies.clear()
        assert (await browser.get("/profil", headers={"Cookie": f"entente={old}"})).status_code == 303


async def test_a_change_of_rights_turns_the_cookie_over(world: World) -> None:
    """The next page carries a new secret; what was asked with the old one meanwhile is still answered (S1)."""
    async with world.browser(world.awa) as browser:
        old = settled(browser)
        before = await browser.get("/profil")
        assert "set-cookie" not in before.headers
        async with world.working(world.ines) as work:
            await rights_changed(work, world.awa.id)

        answers = await asyncio.gather(*(browser.get("/profil") for _ in range(4)))
        assert [answer.status_code for answer in answers] == [200] * 4
        turned = [answer.headers["set-cookie"] for answer in answers if "set-cookie" in answer.headers]
        assert len(turned) == 1
        new = SimpleCookie(turned[0])["entente"].value
        assert new == browser.cookies["entente"] != old
        assert "set-cookie" not in (await browser.get("/profil")).headers

    assert await _is_in(world, old)
    async with world.house.database.writing() as db:
        await db.execute(update(Session).values(turned_at=now() - timedelta(seconds=61)))
    assert not await _is_in(world, old)
    assert await _is_in(world, new)


async def test_only_a_page_turns_the_cookie_over(world: World) -> None:
    """A live stream, a photo or a fragment never carries the new secret: the next page does."""
    async with world.browser(world.awa) as browser:
        async with world.working(world.ines) as work:
            await rights_changed(work, world.awa.id)
        missing = "/photos/01a20194-0254-70ed-81b5-86e19daa3951"
        assert "set-cookie" not in (await browser.get(missing)).headers
        assert "set-cookie" not in (await browser.get("/live-nowhere")).headers
        assert "set-cookie" not in (await browser.get("/profil", headers={"HX-Request": "true"})).headers
        assert "set-cookie" in (await browser.get("/profil")).headers


async def test_signing_out_ends_the_session(world: World) -> None:
    """Awa signs out: the cookie goes, the session too, her stream says so, and her other device stays."""
    async with world.browser(world.awa) as browser, world.browser(world.awa) as other:
        old = settled(browser)
        (here,) = [each for each in await sessions(world, world.awa) if each.hash == hash_of(old)]
        answer = await browser.post("/deconnexion")
        assert (answer.status_code, answer.headers["location"]) == (303, "/connexion")
        assert answer.headers["clear-site-data"] == '"cache", "storage"'
        assert "entente" not in browser.cookies
        assert await ended(world, world.awa) == [here.id]
        assert not await _is_in(world, old)
        assert (await other.get("/profil")).status_code == 200
        assert (await browser.post("/deconnexion")).headers["location"] == "/connexion"


async def test_devices_are_listed_and_revoked(world: World) -> None:
    """Awa sees her three devices, this one marked; she ends one, then all the others; each end is told."""
    async with world.browser(world.awa) as here, world.browser(world.awa) as phone, world.browser(world.awa) as old:
        page = (await here.get("/profil/appareils")).text
        assert page.count('id="device-') == 3
        assert page.count("Cet appareil</span>") == 1

        ids = {each.hash: each.id for each in await sessions(world, world.awa)}
        phone_id, old_id = ids[hash_of(phone.cookies["entente"])], ids[hash_of(old.cookies["entente"])]
        assert (await here.post(f"/profil/appareils/{phone_id}/fermeture")).status_code == 303
        assert (await phone.get("/profil")).status_code == 303
        assert (await old.get("/profil")).status_code == 200

        assert (await here.post("/profil/appareils/autres/fermeture")).status_code == 303
        assert (await old.get("/profil")).status_code == 303
        assert (await here.get("/profil/appareils")).text.count('id="device-') == 1
    assert await ended(world, world.awa) == [phone_id, old_id]


async def test_ending_this_device_leads_to_the_door(world: World) -> None:
    """Awa ends the very device she holds, with htmx: she is led to the sign-in page."""
    async with world.browser(world.awa, htmx=True) as browser:
        (here,) = await sessions(world, world.awa)
        answer = await browser.post(f"/profil/appareils/{here.id}/fermeture")
        assert (answer.status_code, answer.headers["hx-redirect"]) == (204, "/connexion")


async def test_nobody_ends_the_device_of_another(world: World) -> None:
    """Bruno's device does not exist for Awa: same answer as for one that never was, and he stays in (A2)."""
    async with world.browser(world.awa) as awa, world.browser(world.bruno) as bruno:
        (his,) = await sessions(world, world.bruno)
        for id_ in (his.id, "01a20194-0254-70ed-81b5-86e19daa3951", "x"):
            assert (await awa.post(f"/profil/appareils/{id_}/fermeture")).status_code == 404
        assert (await bruno.get("/profil")).status_code == 200


async def test_a_suspended_person_is_out_at_once(world: World) -> None:
    """Gaspard was in; suspended, his cookie opens nothing."""
    async with world.browser(world.gone) as browser:
        assert (await browser.get("/profil")).status_code == 200
        async with world.house.database.writing() as db:
            suspended = update(Person).where(col(Person.id) == world.gone.id)
            await db.execute(suspended.values(status=PersonStatus.SUSPENDED))
        assert (await browser.get("/profil")).status_code == 303


async def test_ended_sessions_are_swept(world: World) -> None:
    """A device unused for a month is forgotten; the others stay."""
    async with world.browser(world.awa), world.browser(world.bruno):
        async with world.house.database.writing() as db:
            old = update(Session).where(col(Session.person_id) == world.awa.id)
            await db.execute(old.values(expires_at=now() - timedelta(seconds=1)))
        await tidy(world.house)
    assert (len(await sessions(world, world.awa)), len(await sessions(world, world.bruno))) == (0, 1)


@pytest.mark.parametrize(
    ("agent", "name"),
    [
        (FIREFOX, "Firefox sur Windows"),
        ("Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/140.0 Safari/537.36", "Chrome sur Linux"),
        ("Mozilla/5.0 (Windows NT 10.0) Chrome/140.0 Safari/537.36 Edg/140.0", "Edge sur Windows"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) Version/19.0 Safari/604.1", "Safari sur iPhone"),
        ("<script>alert(1)</script>", "Navigateur"),
        ("", "Navigateur"),
    ],
)
def test_a_device_has_a_plain_name(agent: str, name: str) -> None:
    """A browser and a system, in words of ours: nothing of what the device said is repeated."""
    assert devices.name_of(agent) == name


async def _is_in(world: World, secret: str) -> bool:
    async with world.browser() as browser:
        return (await browser.get("/profil", headers={"Cookie": f"entente={secret}"})).status_code == 200
