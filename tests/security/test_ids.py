"""What a browser may name and send: an id of someone else names nothing, and a field that no form has sets nothing."""

from uuid import uuid4

import pytest
from security.estate import Estate, same
from security.surfaces import KEEPERS, OWNER, READERS, SURFACES, TOWN, Surface
from sqlalchemy import MetaData, select, text

from world import World

ALIEN = [surface for surface in SURFACES if surface.audience in (READERS, OWNER, TOWN, KEEPERS) and surface.names]
NESTED = [surface for surface in SURFACES if surface.audience is KEEPERS and len(surface.names) > 1]


def _void(surface: Surface) -> dict[str, str]:
    """Names of the same form as the others, for things that never were."""
    return {name: "jamais" if name in ("slug", "domain") else str(uuid4()) for name in surface.names}


async def test_what_is_hidden_looks_like_what_never_was(estate: Estate) -> None:
    """Bruno names things of the closed forum, of Awa's and of the administration, then things that never were."""
    async with estate.world.browser(estate.world.bruno) as browser:
        for surface in ALIEN:
            hidden = await surface.knock(browser, estate)
            missing = await surface.knock(browser, estate, named=_void(surface))
            assert (surface.door, hidden.status_code) == (surface.door, 404)
            assert same(hidden.text) == same(missing.text), surface.door
            assert _kept(hidden) == _kept(missing), surface.door


def _kept(answer) -> dict[str, str]:  # type: ignore[no-untyped-def]
    changing = ("x-request-id", "content-security-policy", "content-length")
    return {name: value for name, value in answer.headers.items() if name not in changing}


async def test_an_administrator_who_names_a_void_finds_a_void(estate: Estate) -> None:
    """Inès opens pages of things that never were: 404 each time, and never an error of ours."""
    async with estate.world.browser(estate.world.ines) as browser:
        for surface in ALIEN:
            if surface.audience is KEEPERS and surface.method == "GET":
                answer = await surface.knock(browser, estate, named=_void(surface))
                assert (surface.door, answer.status_code) == (surface.door, 404)


@pytest.mark.parametrize("surface", NESTED, ids=lambda surface: surface.door)
async def test_a_thing_is_found_under_its_own_parent_alone(estate: Estate, surface: Surface) -> None:
    """Inès names the function of someone under another person, a seat under another body: 404, nothing changes."""
    parents = {"personnes": "awa", "organisations": "aubrac", "instances": "none", "groupes": "none"}
    if "service" in surface.names:
        parents["organisations"] = "organisation"
    # A forum is named by its address.
    parents["{slug}"] = "none"
    room = surface.route.split("/")[2]
    other = estate.things.get(parents[room], str(uuid4()))
    before = await _contents(estate.world)
    async with estate.world.browser(estate.world.ines) as browser:
        answer = await surface.knock(browser, estate, {"until": "2030-01-01"}, {"id": other, "slug": "technique"})
    assert (surface.door, answer.status_code) == (surface.door, 404)
    assert await _contents(estate.world) == before


SIGNS = ("session", "attempt")
"""Where someone was seen, and how often they tried."""


async def _contents(world: World) -> dict[str, list[tuple[object, ...]]]:
    """Every row of every table, aside from the sessions that browsers of the tests open."""
    async with world.house.database.engine.connect() as connection:
        metadata = MetaData()
        await connection.run_sync(metadata.reflect)
        return {
            table.name: sorted(map(tuple, (await connection.execute(select(table))).all()), key=repr)
            for table in metadata.sorted_tables
            if table.name not in SIGNS
        }


FORGED = {
    "id": "00000000-0000-7000-8000-000000000000",
    "author_id": "{bruno}",
    "last_author_id": "{bruno}",
    "person_id": "{bruno}",
    "forum_id": "{forum id}",
    "thread_id": "{thread}",
    "organisation": "{aubrac}",
    "created_at": "1987-01-01T00:00:00Z",
    "edited_at": "1987-01-01T00:00:00Z",
    "closed_at": "1987-01-01T00:00:00Z",
    "deleted_at": "1987-01-01T00:00:00Z",
    "last_post_at": "1987-01-01T00:00:00Z",
    "post_count": "4242",
    "last_number": "4242",
    "number": "4242",
    "html": "<b>Forgé</b>",
    "slug": "forge",
    "status": "suspended",
    "password_hash": "forge",
    "photo": "00000000-0000-7000-8000-000000000000",
    "demo_pitch": "Forgé",
    "is_administrator": "1",
    "functions": "administrateur",
    "kind": "administrateur",
    "groups": "{group}",
    "bodies": "{body}",
}
"""What the tables hold and no form asks for."""

DOORS: dict[str, tuple[str, dict[str, str]]] = {
    "a thread": ("/forums/technique", {"title": "Un fil", "body": "Bonjour.", "kind": "discussion"}),
    "an answer": ("/forums/fils/{open thread}/messages", {"body": "Bonjour."}),
    "a correction": ("/forums/messages/{open post}/modifier", {"body": "Mieux.", "version": "1"}),
    "a profile": (
        "/profil",
        {"given_name": "Awa", "family_name": "Diallo", "time_zone": "Europe/Paris", "mail": "daily", "email": "x@y.fr"},
    ),
}


@pytest.mark.parametrize("door", DOORS)
async def test_a_form_sets_its_own_fields_alone(estate: Estate, door: str) -> None:
    """Awa adds an author, a date, a status and rights to what she sends: it is saved as if she had not."""
    world = estate.world
    address, fields = DOORS[door]
    things = estate.things | {"bruno": str(world.bruno.id)}
    forged = {name: value.format_map(things) for name, value in FORGED.items() if name not in fields}
    async with world.browser(world.awa) as browser:
        answer = await browser.post(address.format_map(things), data=forged | fields)
    assert answer.status_code == 303

    async with world.reading() as db:
        said = (await db.execute(text("SELECT body, html, number, author_id, version FROM post"))).all()
        threads = (await db.execute(text("SELECT title, last_number, post_count, closed_at FROM thread"))).all()
        person = (await db.execute(text("SELECT * FROM person WHERE email = 'awa@aubrac.example'"))).one()
    awa = await world.again(world.awa)
    assert (person.status, person.photo is None, person.demo_pitch) == ("active", False, None)
    assert (awa.is_administrator, awa.functions, awa.bodies, awa.groups) == (
        False,
        world.awa.functions,
        world.awa.bodies,
        world.awa.groups,
    )
    assert [row for row in said if "Forgé" in row.html or row.number > 10] == []
    assert [row for row in threads if row.last_number > 10 or row.post_count > 10] == []
    saved = await _contents(world)
    assert [
        table
        for table, rows in saved.items()
        if "1987-01-01" in repr(rows) or "1987, 1, 1" in repr(rows) or "forge" in repr(rows).lower()
    ] == []
    bruno = {str(world.bruno.id), world.bruno.id.hex}
    assert [row for row in said if str(row.author_id) in bruno] == []


async def test_an_administrators_form_sets_its_own_fields_alone(estate: Estate) -> None:
    """Inès invites someone and slips in a status, a password and an id: the account waits for its owner."""
    world = estate.world
    fields = {
        "email": "neuve@aubrac.example",
        "given_name": "Neuve",
        "family_name": "Venue",
        "organisation_id": estate.things["aubrac"],
        "kind": "agent",
    }
    things = estate.things | {"bruno": str(world.bruno.id)}
    forged = {name: value.format_map(things) for name, value in FORGED.items() if name not in fields}
    async with world.browser(world.ines) as browser:
        answer = await browser.post("/administration/personnes/nouvelle", data=forged | fields | {"status": "active"})
    assert answer.status_code == 303
    async with world.reading() as db:
        made = (await db.execute(text("SELECT * FROM person WHERE email = 'neuve@aubrac.example'"))).one()
    assert (made.status, made.password_hash, made.photo, made.demo_pitch) == ("invited", None, None, None)
    assert str(made.id).replace("-", "") != FORGED["id"].replace("-", "")


async def test_the_rights_of_a_stranger_do_not_come_from_what_they_send(estate: Estate) -> None:
    """Bruno says in every way he knows that he keeps the house: the administration is still not there."""
    claims = {
        "X-User": "ines",
        "X-Remote-User": "ines@aubrac.example",
        "X-Forwarded-User": "ines",
        "X-Original-URL": "/",
    }
    async with estate.world.browser(estate.world.bruno) as browser:
        plain = await browser.get("/administration/personnes")
        claimed = await browser.get("/administration/personnes?is_administrator=1", headers=claims)
    assert (plain.status_code, claimed.status_code) == (404, 404)
