"""What comes in wrong: a clear sentence, the right status, the words given back, and nothing saved."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import uuid4

import httpx
import pytest
from security.estate import Estate
from security.surfaces import KEEPERS, SURFACES, Surface
from sqlalchemy import func, text, update
from sqlmodel import col, select

from entente.clock import now
from entente.people.models import Session, Token
from entente.settings import WrongSettings, load
from forums import service
from forums.models import Post, Thread
from forums.queries import thread_for
from world import World

TYPED = "Ce que j’ai mis une heure à écrire."


@asynccontextmanager
async def unchanged(world: World) -> AsyncIterator[None]:
    """Nothing is said and nothing is opened meanwhile."""
    before = await _said(world)
    yield
    assert await _said(world) == before


async def _said(world: World) -> list[object]:
    async with world.reading() as db:
        posts = (await db.execute(text("SELECT id, version, body FROM post ORDER BY id"))).all()
        threads = (await db.execute(text("SELECT id, title, last_number FROM thread ORDER BY id"))).all()
        people = (await db.execute(select(func.count()).select_from(text("person")))).scalar_one()
    return [posts, threads, people]


def _answers(answer: httpx.Response, status: int, *sentences: str) -> None:
    assert answer.status_code == status, answer.text[:400]
    page = answer.text.replace("&nbsp;", "\u00a0")
    for sentence in sentences:
        assert sentence in page, f"{sentence!r} is not in the answer"


def _answer_address(world: World) -> str:
    return f"/forums/fils/{world.snow.id}/messages"


@pytest.mark.parametrize("htmx", [False, True])
async def test_a_missing_field_is_named(world: World, htmx: bool) -> None:
    """Awa forgets the title of her thread: the form comes back, says so, and holds her message."""
    async with unchanged(world), world.browser(world.awa, htmx=htmx) as browser:
        answer = await browser.post("/forums/technique", data={"body": TYPED})
    _answers(answer, 422, "Ce champ est à remplir.", TYPED)


@pytest.mark.parametrize("htmx", [False, True])
async def test_a_post_of_33_kilobytes_is_too_long(world: World, htmx: bool) -> None:
    """Awa pastes a whole report: she reads how long it may be, and has it back entire."""
    long = TYPED + "a" * 33 * 1024
    async with unchanged(world), world.browser(world.awa, htmx=htmx) as browser:
        answer = await browser.post(_answer_address(world), data={"body": long})
    _answers(answer, 422, "trop long", "octets", long)


async def test_a_day_that_does_not_exist_is_refused(estate: Estate) -> None:
    """Inès ends a function on 30 February: the form says that there is no such day, and keeps what she typed."""
    world = estate.world
    async with world.reading() as db:
        functions = (await db.execute(text("SELECT id FROM function WHERE until IS NULL ORDER BY id"))).scalars().all()
    address = f"/administration/personnes/{world.bruno.id}/fonctions"
    fields = {"organisation_id": estate.things["aubrac"], "kind": "agent", "title": TYPED[:30], "since": "2026-02-30"}
    async with world.browser(world.ines) as browser:
        answer = await browser.post(address, data=fields)
    _answers(answer, 422, "Cette date n’existe pas", "2026-02-30", TYPED[:30])
    async with world.reading() as db:
        after = (await db.execute(text("SELECT id FROM function WHERE until IS NULL ORDER BY id"))).scalars().all()
    assert after == functions


@pytest.mark.parametrize("htmx", [False, True])
async def test_an_edit_over_a_newer_version_keeps_both(world: World, htmx: bool) -> None:
    """Awa corrects her post in two windows: the second is told, sees what stands, and keeps what it typed."""
    async with world.reading() as db:
        (said,) = (await db.exec(select(Post).where(col(Post.thread_id) == world.snow.id))).all()
    address = f"/forums/messages/{said.id}/modifier"
    async with world.browser(world.awa) as first:
        assert (await first.post(address, data={"version": "1", "body": "La première."})).status_code == 303
    async with unchanged(world), world.browser(world.awa, htmx=htmx) as second:
        answer = await second.post(address, data={"version": "1", "body": TYPED})
    _answers(answer, 409, "modifié ailleurs", "La première.", TYPED)


async def test_an_administrators_stale_form_is_refused(estate: Estate) -> None:
    """Inès saves a sheet over a state that someone has changed since: 409, and her words are given back."""
    fields = {"given_name": "Gaspard", "family_name": TYPED[:20], "email": "g@brioude.example", "mark": "0" * 16}
    async with estate.world.browser(estate.world.ines) as browser:
        answer = await browser.post(f"/administration/personnes/{estate.things['person']}/identite", data=fields)
    _answers(answer, 409, TYPED[:20])


async def test_an_expired_and_a_used_link_say_how_to_get_another(estate: Estate) -> None:
    """Awa opens a link that has served, then one that is too old: 410, and a form to ask for another."""
    address = f"/connexion/lien/{estate.things['link']}"
    async with estate.world.browser() as browser:
        assert (await browser.post(address)).status_code == 303
    async with estate.world.browser() as browser:
        used = [await browser.get(address), await browser.post(address)]
        async with estate.world.house.database.writing() as db:
            await db.execute(update(Token).values(expires_at=now()))
        expired = await browser.post(f"/invitation/{estate.things['invitation']}", data={"given_name": "N"})
    for answer in (*used, expired):
        _answers(answer, 410, "Ce lien ne sert plus", "Recevoir un lien de connexion")


async def test_a_deleted_thread_gives_the_words_back(world: World) -> None:
    """Awa answers in a thread that has just been deleted: 404, and her words on the page."""
    async with world.working(world.camille) as work:
        await service.delete_thread(work, await thread_for(work.db, work.who, world.snow.id))
    async with unchanged(world), world.browser(world.awa) as browser:
        answer = await browser.post(_answer_address(world), data={"body": TYPED})
    _answers(answer, 404, "Cette page n’existe pas", TYPED)


async def test_a_closed_thread_gives_the_words_back(world: World) -> None:
    """Bruno answers in a thread that has just been closed: 403, why, and his words on the page."""
    async with world.house.database.writing() as db:
        await db.execute(update(Thread).values(closed_at=now()))
    async with unchanged(world), world.browser(world.bruno) as browser:
        answer = await browser.post(_answer_address(world), data={"body": TYPED})
    _answers(answer, 403, "Ce fil est fermé", TYPED)


@pytest.mark.parametrize("htmx", [False, True])
async def test_a_session_that_ended_gives_the_words_back(world: World, htmx: bool) -> None:
    """Awa writes for so long that her session ends: 401, the way to sign in, and her words."""
    async with unchanged(world), world.browser(world.awa, htmx=htmx) as browser:
        async with world.house.database.writing() as db:
            await db.execute(update(Session).values(expires_at=now()))
        answer = await browser.post(
            _answer_address(world),
            data={"body": TYPED},
            headers={"Referer": f"http://entente.test/forums/fils/{world.snow.id}"},
        )
    _answers(answer, 401, "Votre session a pris fin", TYPED, f"/connexion?next=%2Fforums%2Ffils%2F{world.snow.id}")


@pytest.mark.parametrize("referer", ["http://[", "//ailleurs.example//x", "javascript:alert(1)", "é"])
async def test_a_strange_referer_breaks_nothing(world: World, referer: str) -> None:
    """The browser says that it comes from a place that is no place: the same page, and no way out of the house."""
    async with world.browser() as browser:
        answer = await browser.post(
            _answer_address(world), data={"body": TYPED}, headers=[(b"referer", referer.encode())]
        )
    _answers(answer, 401, TYPED)
    assert "ailleurs" not in answer.text


async def test_passwords_are_never_given_back(world: World) -> None:
    """A session ends on the password form: the page that says so holds none of the passwords."""
    async with world.browser() as browser:
        answer = await browser.post(
            "/profil/mot-de-passe", data={"current_password": "le-vieux-secret", "new_password": "le-neuf-secret"}
        )
        wrong = await browser.post("/connexion/mot-de-passe", data={"login": "x", "password": "le-vieux-secret"})
    assert (answer.status_code, wrong.status_code) == (401, 422)
    assert "secret" not in answer.text + wrong.text


async def test_a_page_that_never_was(world: World) -> None:
    """Awa mistypes an address: 404, in French, with a way home."""
    async with world.browser(world.awa) as browser:
        answer = await browser.get("/jamais")
    _answers(answer, 404, "Cette page n’existe pas", 'href="/"')


@pytest.mark.parametrize(
    ("method", "address"), [("PUT", "/forums"), ("DELETE", "/"), ("POST", "/forums"), ("PATCH", "/profil")]
)
async def test_a_method_that_no_door_has(world: World, method: str, address: str) -> None:
    """A door is asked for something that it does not do: 405, in French."""
    async with world.browser(world.awa) as browser:
        answer = await browser.request(method, address)
    _answers(answer, 405, "Cela ne se fait pas ici")


async def test_more_than_two_megabytes_are_refused(world: World) -> None:
    """A form brings three megabytes: 413, in French, and nothing is saved."""
    async with unchanged(world), world.browser(world.awa) as browser:
        typed = await browser.post(_answer_address(world), data={"body": "a" * 3_000_000})
        sent = await browser.post(_answer_address(world), files={"body": (None, b"a" * 3_000_000)})
        many = await browser.post(_answer_address(world), content=_endless(), headers=URLENCODED)
    for answer in (typed, sent, many):
        _answers(answer, 413, "C’est trop lourd")


URLENCODED = {"Content-Type": "application/x-www-form-urlencoded"}


async def _endless() -> AsyncIterator[bytes]:
    for number in range(40):
        yield f"a{number}=".encode() + b"b" * 1_000_000 + b"&"


MALFORMED: dict[str, tuple[bytes, str]] = {
    "a boundary that never comes": (
        b"--x\r\nContent-Disposition: form-data; name=body\r\n\r\nBonjour",
        "multipart/form-data; boundary=y",
    ),
    "no boundary at all": (b"--x", "multipart/form-data"),
    "a part without a name": (b"--x\r\n\r\nBonjour\r\n--x--\r\n", "multipart/form-data; boundary=x"),
    "garbage": (bytes(range(256)), "multipart/form-data; boundary=x"),
    "a broken charset": (
        b'--x\r\nContent-Disposition: form-data; name="\xff"\r\n\r\n\xff\r\n--x--\r\n',
        "multipart/form-data; boundary=x",
    ),
    "a thousand fields": (b"&".join(b"a%d=1" % number for number in range(1000)), URLENCODED["Content-Type"]),
    "JSON": (b'{"body": "Bonjour."}', "application/json"),
    "nothing": (b"", ""),
    "a semicolon": (b"body;x=1&&&=&%", URLENCODED["Content-Type"]),
}


async def test_what_cannot_be_read_is_said_so(estate: Estate) -> None:
    """Something sends what no form of ours sends: 4xx with a sentence, and never an error of ours."""
    for kind in MALFORMED:
        content, type_ = MALFORMED[kind]
        world = estate.world
        async with unchanged(world), world.browser(world.awa) as browser:
            for address in (
                "/forums/technique",
                "/profil",
                f"/forums/fils/{world.snow.id}/lecture",
                "/live/frappe",
                "/connexion",
            ):
                answer = await browser.post(address, content=content, headers={"Content-Type": type_})
                assert (address, answer.status_code) in ((address, 400), (address, 422), (address, 413))
                assert "<h1" in answer.text


LETTERS = [b"\0", b"\xff\xfe", b"\xed\xa0\x80", b"\xef\xbf\xbe", b"\x1b", b"\x7f"]


async def test_a_letter_that_is_no_letter_does_no_harm(world: World) -> None:
    """Awa pastes what came out of a machine: it is saved without what no page can carry, or refused with a sentence."""
    for letter in LETTERS:
        typed = b"Avant" + letter + "après".encode()
        fields = b"&".join(
            name + b"=" + _quoted(typed) for name in (b"title", b"body", b"q", b"given_name", b"family_name", b"email")
        )
        async with world.browser(world.awa) as browser:
            for address in ("/forums/technique", _answer_address(world), "/profil", "/profil/adresse", "/connexion"):
                answer = await browser.post(address, content=fields, headers=URLENCODED)
                assert (address, answer.status_code < 500) == (address, True)
            shown = await browser.get("/forums/technique")
        assert "Avant" in shown.text
        assert letter not in shown.content


def _quoted(raw: bytes) -> bytes:
    return "".join(f"%{byte:02x}" for byte in raw).encode()


@asynccontextmanager
async def welcomed(estate: Estate) -> AsyncIterator[list[tuple[Surface, httpx.AsyncClient]]]:
    """Each surface with the browser of someone to whom it is open, where there is something to break."""
    world = estate.world
    async with world.browser(world.awa) as awa, world.browser(world.ines) as ines:
        yield [
            (surface, ines if surface.audience is KEEPERS else awa) for surface in SURFACES if not surface.ends_session
        ]


STRANGE_IDS = ["0", "null", "%00", "a" * 400, "../../etc/passwd", "0" * 32, "١" * 32]


async def test_an_id_that_is_no_id_is_not_found(estate: Estate) -> None:
    """Someone writes in addresses what is no id: 404 for Awa and for Inès, and never an error of ours."""
    for strange in STRANGE_IDS:
        async with welcomed(estate) as doors:
            for surface, browser in doors:
                if not surface.names or "secret" in surface.names or "/static/" in surface.route:
                    continue
                answer = await surface.knock(browser, estate, named=dict.fromkeys(surface.names, strange))
                assert (surface.door, answer.status_code < 500) == (surface.door, True)
                if surface.method == "GET":
                    assert (surface.door, answer.status_code) == (surface.door, 404)


QUERIES = ["%00", "%ff", "'%25%5f", "-" + "9" * 30, "a" * 500, "0_0", "9999999999999999_" + str(uuid4())]


async def test_a_question_that_makes_no_sense_is_harmless(estate: Estate) -> None:
    """Every question mark of the house is followed by nonsense: a page or a refusal, and never an error of ours."""
    for asked in QUERIES:
        names = "q apres avant depuis citer s next nature statut fonction organisation personne chose qui quoi instance"
        names += " acte du au objet etat v"
        question = "&".join(f"{name}={asked}" for name in names.split())
        async with welcomed(estate) as doors:
            for surface, browser in doors:
                if surface.method == "GET":
                    answer = await browser.get(f"{surface.address(estate)}?{question}")
                    assert (surface.door, answer.status_code < 500) == (surface.door, True)


async def test_a_field_sent_twice_is_refused(world: World) -> None:
    """A form sends two bodies, two versions: 422, nothing is chosen for Awa."""
    async with unchanged(world), world.browser(world.awa) as browser:
        answer = await browser.post(_answer_address(world), content=b"body=Un&body=Deux", headers=URLENCODED)
    _answers(answer, 422, "Cette valeur ne convient pas.")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("base_url", "entente.fr.mistaken"),
        ("database_url", "mysql://mistaken"),
        ("database_pool", "0"),
        ("redis_url", "http://mistaken"),
        ("smtp_url", "mail.exemple.fr.mistaken"),
        ("trusted_proxies", "partout.mistaken"),
        ("session_days", "beaucoup.mistaken"),
        ("worker", "ailleurs.mistaken"),
        ("retention_days", "-1"),
    ],
)
def test_a_wrong_setting_stops_the_start_with_its_name(name: str, value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The operator mistypes a setting: nothing starts, and the message names it without repeating its value."""
    monkeypatch.setenv(f"ENTENTE_{name.upper()}", value)
    with pytest.raises(WrongSettings, match=f"ENTENTE_{name.upper()}\u00a0: .+") as told:
        load()
    assert "mistaken" not in str(told.value)
