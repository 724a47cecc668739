"""What every answer tells the browser it may do, whatever the answer."""

import re
from collections.abc import Mapping
from typing import Any

import httpx
import pytest
from security.estate import Estate
from security.pages import pieces_of
from security.surfaces import SURFACES
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from entente.app import create_app
from entente.room import Room
from entente.rules import Conflict
from entente.settings import Settings, load
from entente.web.middleware import policy
from world import World, build_world

BASE_RULES = {
    "default-src": "'none'",
    "base-uri": "'none'",
    "object-src": "'none'",
    "frame-ancestors": "'none'",
    "form-action": "'self'",
}
OTHERS = {
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "cross-origin-opener-policy": "same-origin",
}


def _rules(answer: httpx.Response) -> Mapping[str, str]:
    policy = answer.headers["content-security-policy"]
    return {name: value for name, _, value in (rule.strip().partition(" ") for rule in policy.split(";"))}


def _check(answer: httpx.Response, what: str) -> None:
    rules = _rules(answer)
    if "sandbox" not in rules:
        assert {name: rules.get(name) for name in BASE_RULES} == BASE_RULES, what
    assert "unsafe" not in answer.headers["content-security-policy"], what
    assert {name: answer.headers.get(name) for name in OTHERS} == OTHERS, what
    # What a secret address opens tells nobody where it was read.
    assert answer.headers["referrer-policy"] in ("same-origin", "no-referrer"), what


async def test_every_surface_answers_with_a_strict_policy(estate: Estate) -> None:
    """Each door of the house, opened or refused to an administrator and a stranger, says what its page may load."""
    for who in (estate.world.ines, None):
        async with estate.world.browser(who) as browser:
            for surface in SURFACES:
                if not surface.ends_session:
                    _check(await surface.knock(browser, estate), f"{surface.door} for {who and who.name}")


class Broken(Exception):
    """Something nobody foresaw."""


REFUSALS: dict[int, tuple[str, str, dict[str, Any]]] = {
    400: ("POST", "/forums/technique", {"content": b"--", "headers": {"Content-Type": "multipart/form-data"}}),
    401: ("POST", "/forums/technique", {"data": {"body": "Bonjour."}, "cookies": {"entente": "finie"}}),
    404: ("GET", "/forums/jamais", {}),
    405: ("PUT", "/forums", {}),
    413: ("POST", "/forums/technique", {"data": {"body": "a" * 3_000_000}}),
    422: ("POST", "/forums/technique", {"data": {"title": ""}}),
}


@pytest.mark.parametrize("status", REFUSALS)
async def test_every_refusal_answers_with_a_strict_policy(world: World, status: int) -> None:
    """Awa's browser asks for what cannot be done: the page that says so is as strict as any other."""
    method, address, more = REFUSALS[status]
    signed_in = None if status == 401 else world.awa
    async with world.browser(signed_in) as browser:
        answer = await browser.request(method, address, **more)
    assert answer.status_code == status
    _check(answer, str(status))
    assert pieces_of(answer).forbidden() == []


FAILURES: dict[int, Exception] = {
    500: Broken("nobody foresaw it"),
    503: ConnectionRefusedError("the database is away"),
    507: OSError("[Errno 28] No space left on device"),
    409: Conflict("Cela a changé."),
}


@pytest.mark.parametrize("status", [409, 500, 503, 507])
async def test_every_failure_answers_with_a_strict_policy(settings: Settings, status: int) -> None:
    """A room of the house breaks: the page that says so is as strict as any other, and tells nothing of why."""

    async def broken(_request: Request) -> Response:
        raise FAILURES[status]

    world = await build_world(settings)
    world.app = create_app(world.house, [Room("broken", routes=[Route("/casse", broken)])])
    async with world.browser(world.awa) as browser:
        answer = await browser.get("/casse")
    await world.house.database.close()
    assert answer.status_code == status
    _check(answer, str(status))
    assert pieces_of(answer).forbidden() == []
    assert [word for word in ("foresaw", "Errno", "Traceback", "away") if word in answer.text] == []


async def test_throttled_and_foreign_requests_too(world: World) -> None:
    """Someone tries too many passwords, and a page of elsewhere posts here: 429 and 403, as strict as the rest."""
    async with world.browser() as browser:
        for _ in range(11):
            answer = await browser.post(
                "/connexion/mot-de-passe", data={"login": "awa@aubrac.example", "password": "x"}
            )
        foreign = await browser.post("/connexion", headers={"Sec-Fetch-Site": "cross-site"})
        other_host = await browser.get("/connexion", headers={"Host": "ailleurs.example"})
    assert [answer.status_code, foreign.status_code, other_host.status_code] == [429, 403, 400]
    assert int(answer.headers["retry-after"]) > 0
    for refusal in (answer, foreign, other_host):
        _check(refusal, str(refusal.status_code))


async def test_a_static_file_and_a_photo_are_as_strict(estate: Estate) -> None:
    """A script, a missing file and a photo: none may be framed, sniffed or run as a page."""
    async with estate.world.browser(estate.world.awa) as browser:
        for address in ("/static/live.js", "/static/jamais.js", f"/photos/{estate.things['photo']}"):
            _check(await browser.get(address), address)
        photo = await browser.get(f"/photos/{estate.things['photo']}")
    assert "sandbox" in _rules(photo)


async def test_each_page_has_a_nonce_of_its_own(world: World) -> None:
    """Two visits to one page: two nonces, long enough not to be guessed."""
    async with world.browser(world.awa) as browser:
        nonces = [_rules(await browser.get("/"))["script-src"].partition("'nonce-")[2] for _ in range(2)]
    assert (len(set(nonces)), min(map(len, nonces)) >= 22) == (2, True)


def test_the_policy_leaves_nothing_to_inline_code() -> None:
    """No rule lets a page run what it holds, but by its nonce."""
    assert "unsafe" not in policy("x")


async def test_over_tls_the_browser_is_told_to_stay_there(settings: Settings) -> None:
    """A house served over HTTPS says so for two years, and its cookie bears a name that only it may set."""
    secure = load(**settings.model_dump() | {"base_url": "https://entente.test"})
    world = await build_world(secure)
    cookie = {"__Host-entente": (await world.cookie(world.awa))["entente"]}
    transport = httpx.ASGITransport(world.app)
    async with httpx.AsyncClient(transport=transport, base_url="https://entente.test", cookies=cookie) as browser:
        page = await browser.get("/")
        out = await browser.post("/deconnexion", headers={"Sec-Fetch-Site": "same-origin"})
    await world.house.database.close()
    assert (page.status_code, page.headers["strict-transport-security"]) == (200, "max-age=63072000")
    cleared = next(each for each in out.headers.get_list("set-cookie") if each.startswith("__Host-entente="))
    assert all(part in cleared for part in ("Secure", "HttpOnly", "SameSite=lax", "Path=/"))


KEPT = re.compile(r"^/static/|^/sante/|^/metriques$|^/photos/|^/\.well-known/")
"""What holds nothing of anybody's, and photos: each has a name of its own, which its browser alone may keep."""
PRIVATE = ("no-store", "private, no-cache")
"""Not kept at all, or kept by the one browser that asks again each time whether it still may."""


async def test_no_private_answer_is_kept(estate: Estate) -> None:
    """Each door, opened or refused: what a browser or a proxy keeps of it is nothing, or asked about each time."""
    kept = set()
    for who in (estate.world.ines, estate.world.awa):
        async with estate.world.browser(who) as browser:
            for surface in SURFACES:
                if surface.ends_session or surface.method != "GET" or KEPT.match(surface.route):
                    continue
                answer = await surface.knock(browser, estate)
                if answer.status_code == 200 and answer.headers.get("cache-control") not in PRIVATE:
                    kept.add(f"{surface.door}: {answer.headers.get('cache-control')}")
    assert kept == set()
