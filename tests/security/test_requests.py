"""From where a request comes: this house's own pages may write, and reading changes nothing."""

import secrets
from base64 import urlsafe_b64encode

import httpx
import pytest
from security.estate import Estate
from security.pages import pieces_of
from security.surfaces import SURFACES
from sqlalchemy import MetaData, func, select
from sqlmodel import select as choose
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from entente.account import tokens
from entente.app import worker_of
from entente.outbox import Task
from entente.people.models import Person, Purpose, Session
from entente.serving import configure
from entente.settings import Settings, load
from entente.web.requests import safe_next
from world import BASE, World, build_world

FOREIGN = {
    "another site": {"Sec-Fetch-Site": "cross-site"},
    "another host of our domain": {"Sec-Fetch-Site": "same-site"},
    "an address typed by hand": {"Sec-Fetch-Site": "none"},
    "another site, without fetch metadata": {"Origin": "https://ailleurs.example"},
    "the same host without TLS or with it": {"Origin": "https://entente.test"},
    "our host at another port": {"Origin": "http://entente.test:8080"},
    "a host that begins like ours": {"Origin": "http://entente.test.ailleurs.example"},
    "a user that is called like us": {"Origin": "http://entente.test@ailleurs.example"},
    "a sandboxed frame": {"Origin": "null"},
    "a broken address": {"Origin": "http://["},
    "nowhere": {},
    "a liar who says both": {"Sec-Fetch-Site": "cross-site", "Origin": BASE},
}
WRITING = [surface for surface in SURFACES if surface.method != "GET" and surface.route != "/desabonnement/{secret}"]
"""A mail reader has neither cookie nor origin: that one door asks for neither (RFC 8058), and does that only."""
READING = [surface for surface in SURFACES if surface.method == "GET"]


def _plain_browser(world: World, cookies: dict[str, str]) -> httpx.AsyncClient:
    transport = httpx.ASGITransport(world.app, client=("192.0.2.7", 50_000))
    return httpx.AsyncClient(transport=transport, base_url=BASE, cookies=cookies)


async def test_nothing_is_written_for_another_site(estate: Estate) -> None:
    """A page of elsewhere posts to every door with the cookie of an administrator: 403 each time, nothing changes."""
    cookie = await estate.world.cookie(estate.world.ines)
    before = await _counts(estate.world)
    for origin, headers in FOREIGN.items():
        async with _plain_browser(estate.world, cookie) as browser:
            browser.headers.update(headers)
            answers = [(await surface.knock(browser, estate)).status_code for surface in WRITING]
            others = [await browser.request(method, "/forums/technique") for method in ("PUT", "DELETE", "PATCH")]
        statuses = {*answers, *(answer.status_code for answer in others)}
        assert (origin, statuses) == (origin, {403})
    assert await _counts(estate.world) == before


@pytest.mark.parametrize("headers", [{"Sec-Fetch-Site": "same-origin"}, {"Origin": BASE}])
async def test_our_own_pages_may_write(world: World, headers: dict[str, str]) -> None:
    """The same post from a page of the house is accepted, with fetch metadata or with an origin alone."""
    async with _plain_browser(world, await world.cookie(world.awa)) as browser:
        answer = await browser.post(f"/forums/fils/{world.snow.id}/messages", data={"body": "Moi."}, headers=headers)
    assert answer.status_code == 303


EXPECTED_TRACES = {
    "read_mark": "opening a thread is reading it",
    "entry": "one’s other devices hear that one has read",
    "stream": "one’s other devices hear that one has read",
    "notice": "what someone may not see any more is forgotten when they look",
    "audit": "an export, or the question why, is written down",
    "session": "a device was seen, or its cookie turned",
}
"""What a GET may write, and why."""


async def test_reading_changes_nothing(estate: Estate) -> None:
    """Awa, Inès and a stranger open every page twice: no row comes or goes but read marks, audit and last-seen."""
    before = await _counts(estate.world)
    for person in ("awa", "ines", "anonymous"):
        async with estate.world.browser(estate.someone(person)) as browser:
            for surface in READING * 2:
                await surface.knock(browser, estate)
    after = await _counts(estate.world)
    changed = {table for table in before if after[table] != before[table]}
    assert changed - set(EXPECTED_TRACES) == set()
    assert after["token"] == before["token"]


async def test_a_link_in_a_mail_does_nothing_until_its_button_is_pressed(estate: Estate) -> None:
    """A scanner follows each link of a mail: the links still serve their owners afterwards."""
    async with estate.world.browser() as scanner:
        for address in ("/connexion/lien/{link}", "/invitation/{invitation}", "/connexion/lien/adresse/{new address}"):
            assert (await scanner.get(address.format_map(estate.things))).status_code == 200
            assert (await scanner.head(address.format_map(estate.things))).status_code == 200
    async with estate.world.browser() as owner:
        answer = await owner.post(f"/connexion/lien/{estate.things['link']}")
    assert (answer.status_code, "entente=" in answer.headers["set-cookie"]) == (303, True)


async def _counts(world: World) -> dict[str, int]:
    async with world.house.database.engine.connect() as connection:
        metadata = MetaData()
        await connection.run_sync(metadata.reflect)
        return {
            table.name: (await connection.execute(select(func.count()).select_from(table))).scalar_one()
            for table in metadata.sorted_tables
        }


ELSEWHERE = [
    "https://ailleurs.example/",
    "//ailleurs.example/",
    "///ailleurs.example",
    "/\\ailleurs.example",
    "\\\\ailleurs.example",
    "/\t/ailleurs.example",
    "\t//ailleurs.example",
    " //ailleurs.example",
    "/\n/ailleurs.example",
    "http:ailleurs.example",
    "javascript:alert(1)",
    "data:text/html,x",
    "ailleurs.example",
    "/\x00/ailleurs.example",
    "@ailleurs.example",
    "",
]


@pytest.mark.parametrize("address", ELSEWHERE)
def test_an_address_of_elsewhere_is_no_way_on(address: str) -> None:
    """What could lead a browser out of the house leads to its first page."""
    assert safe_next(address) == "/"


async def test_no_way_on_leads_elsewhere(estate: Estate) -> None:
    """Someone signs in through a link or a page that names where to go next: never another site."""
    world = estate.world
    for address in ELSEWHERE:
        async with world.house.database.writing() as db:
            link = tokens.issue(db, Purpose.SIGN_IN, await db.get_one(Person, world.awa.id))
        async with world.browser() as browser:
            page = await browser.get("/connexion", params={"next": address})
            refused = await browser.post("/connexion", data={"email": "pas une adresse", "next": address})
            by_link = await browser.post(f"/connexion/lien/{link}", params={"next": address})
            signed_in = await browser.get("/connexion", params={"next": address})
        ways = {answer.headers.get("location", "") for answer in (page, by_link, signed_in)}
        hidden = [known.get("value") for answer in (page, refused) for known in _hidden(answer)]
        assert (address, ways - {"", "/"}, hidden) == (address, set(), [])


def _hidden(answer: httpx.Response) -> list[dict[str, str | None]]:
    return [known for tag, known in pieces_of(answer).elements if tag == "input" and known.get("type") == "hidden"]


async def test_a_way_on_inside_the_house_is_kept(estate: Estate) -> None:
    """Awa followed a link to a thread before she signed in: she gets there, question mark included."""
    async with estate.world.browser() as browser:
        asked = await browser.get("/forums/technique?avant=1")
        there = await browser.post(
            f"/connexion/lien/{estate.things['link']}", params={"next": "/forums/technique?avant=1"}
        )
    assert asked.headers["location"] == "/connexion?next=%2Fforums%2Ftechnique%3Favant%3D1"
    assert there.headers["location"] == "/forums/technique?avant=1"


HOSTS = ["ailleurs.example", "entente.test.ailleurs.example", "entente.test:81", "entente.test@x", ""]


async def test_another_name_is_not_this_house(estate: Estate) -> None:
    """A request names another host: 400, and no link is written for it."""
    async with estate.world.reading() as db:
        before = len((await db.exec(choose(Task))).all())
    async with estate.world.browser() as browser:
        for host in HOSTS:
            answer = await browser.post("/connexion", data={"email": "awa@aubrac.example"}, headers={"Host": host})
            assert (host, answer.status_code, "ailleurs" in answer.text) == (host, 400, False)
    async with estate.world.reading() as db:
        assert len((await db.exec(choose(Task))).all()) == before


async def test_the_links_of_mails_come_from_the_settings(estate: Estate) -> None:
    """A proxy says that it serves another host: the link that Awa receives is this house's all the same."""
    lies = {
        "X-Forwarded-Host": "ailleurs.example",
        "X-Forwarded-Server": "ailleurs.example",
        "Forwarded": "host=ailleurs.example",
    }

    async with estate.world.browser() as browser:
        await browser.post("/connexion", data={"email": "camille@aubrac.example"}, headers=lies)
    worker = worker_of(estate.world.house)
    while await worker.work_once():
        pass
    async with estate.world.reading() as db:
        mails = [task.payload for task in await db.exec(choose(Task)) if task.kind == "mail"]
    (letter,) = [mail for mail in mails if mail["to"] == "camille@aubrac.example"]
    assert f"{BASE}/connexion/lien/" in letter["body"]
    assert "ailleurs.example" not in str(letter)


async def test_nobody_chooses_the_address_they_come_from(world: World) -> None:
    """Someone tries passwords and changes X-Forwarded-For each time: they are counted all the same."""
    async with world.browser() as browser:
        for number in range(11):
            lies = {"X-Forwarded-For": f"198.51.100.{number}", "X-Real-IP": f"198.51.100.{number}"}
            answer = await browser.post(
                "/connexion/mot-de-passe", data={"login": "awa@aubrac.example", "password": "x"}, headers=lies
            )
    assert answer.status_code == 429


@pytest.mark.parametrize(
    ("proxies", "seen"), [("", "192.0.2.7"), ("192.0.2.7", "198.51.100.1"), ("203.0.113.9", "192.0.2.7")]
)
async def test_a_proxy_is_believed_when_it_is_declared(settings: Settings, proxies: str, seen: str) -> None:
    """What X-Forwarded-For says is believed from a declared proxy, and from nobody else."""

    known = load(**settings.model_dump() | {"trusted_proxies": proxies})
    world = await build_world(known)
    config = configure(world.app, known)
    config.load()
    app = config.loaded_app
    assert isinstance(app, ProxyHeadersMiddleware) == bool(proxies)
    async with world.house.database.writing() as db:
        link = tokens.issue(db, Purpose.SIGN_IN, await db.get_one(Person, world.bruno.id))
    transport = httpx.ASGITransport(app, client=("192.0.2.7", 50_000))
    headers = {"Sec-Fetch-Site": "same-origin", "X-Forwarded-For": "198.51.100.1"}
    async with httpx.AsyncClient(transport=transport, base_url=BASE, headers=headers) as browser:
        assert (await browser.post(f"/connexion/lien/{link}")).status_code == 303
    async with world.reading() as db:
        (device,) = (await db.exec(choose(Session))).all()
    await world.house.database.close()
    assert device.address == seen


async def test_a_cookie_that_is_guessed_opens_nothing(world: World) -> None:
    """Cookies of every strange form: each is nobody's."""
    for value in (
        "",
        "x",
        "a" * 5_000,
        secrets.token_urlsafe(32),
        "é".encode("latin-1").decode("latin-1"),
        "' OR 1=1 --",
    ):
        transport = httpx.ASGITransport(world.app)
        async with httpx.AsyncClient(transport=transport, base_url=BASE) as browser:
            answer = await browser.get("/", headers=[(b"cookie", b"entente=" + value.encode("latin-1"))])
        assert (value, answer.status_code) == (value, 303)


NOTICES = ["1", "[1]", "[[1],2]", "{}", '["info",1]', '["nope","x"]', "null"]


async def test_a_forged_notice_is_passed_over(world: World) -> None:
    """Another host of the domain plants a notice of its own: the page comes without it, and does not break."""
    async with world.browser(world.awa) as browser:
        for packed in (*(urlsafe_b64encode(notice.encode()).decode() for notice in NOTICES), "pas+du+base64!"):
            browser.cookies.set("notice", packed)
            assert (packed, (await browser.get("/forums")).status_code) == (packed, 200)
