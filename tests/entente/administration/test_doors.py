"""Every door of the administration: open to Inès, absent for anybody else."""

from collections.abc import Iterator
from uuid import uuid4

import pytest
from starlette.routing import Mount, Route

from entente.administration.room import room
from entente.ids import new_id
from entente.outbox import Task
from entente.people.models import Body, BodyKind, EmailDomain, Group, Organisation, OrganisationKind, Seat, Service
from world import LONG_AGO, World


def doors() -> Iterator[tuple[str, str]]:
    """Every method and address of the room."""
    (mount,) = room.routes
    assert isinstance(mount, Mount)
    for route in mount.routes:
        assert isinstance(route, Route)
        for method in sorted((route.methods or set()) - {"HEAD"}):
            yield method, f"/administration{route.path}"


def filled(world: World, path: str) -> str:
    """The address with things that exist."""
    kinds = {"organisations": world.aubrac.id, "instances": world.copil.id, "groupes": world.guests.id}
    kind = path.split("/")[2]
    address = path.replace("{id}", str(kinds.get(kind, world.awa.id))).replace("{domain}", "aubrac.example")
    for name in ("function", "period", "seat", "service", "person"):
        address = address.replace(f"{{{name}}}", str(uuid4()))
    return address


PAGES = [path for method, path in doors() if method == "GET" and path.count("{") <= 1]


async def test_inès_opens_every_page(world: World) -> None:
    """Each page that stands by itself answers the administrator."""
    async with world.browser(world.ines) as browser:
        answers = {path: (await browser.get(filled(world, path), follow_redirects=True)).status_code for path in PAGES}

    assert answers == dict.fromkeys(PAGES, 200)


async def test_nobody_else_finds_a_door(world: World) -> None:
    """Awa, Denise and Bruno get the page for what does not exist, whatever they ask and however they ask it."""
    for who in (world.awa, world.denise, world.bruno):
        async with world.browser(who) as browser:
            nothing = await browser.get("/rien-du-tout")
            for method, path in doors():
                for asked in {method, "GET", "POST"}:
                    answer = await browser.request(asked, filled(world, path))
                    assert (answer.status_code, _told(answer.text)) == (404, _told(nothing.text)), (asked, path)


def _told(page: str) -> str:
    return page[page.index("<main") : page.index("</main>")]


async def test_a_stranger_is_shown_the_way_in(world: World) -> None:
    """Signed out, the administration leads to the sign-in page."""
    async with world.browser() as browser:
        answer = await browser.get("/administration/personnes")

    assert (answer.status_code, answer.headers["location"].split("?")[0]) == (303, "/connexion")


async def test_a_former_administrator_finds_nothing(world: World) -> None:
    """Inès leaves: the door she used a moment ago is gone."""
    async with world.browser(world.ines) as browser:
        before = await browser.get("/administration/personnes")
        await world.end_functions(world.ines)
        after = await browser.get("/administration/personnes")

    assert (before.status_code, after.status_code) == (200, 404)


@pytest.mark.parametrize(
    "path",
    [
        "/administration/personnes/",
        "/administration/organisations/",
        "/administration/instances/",
        "/administration/groupes/",
    ],
)
async def test_what_does_not_exist_is_not_found(world: World, path: str) -> None:
    """An id of nothing, and what is no id at all, answer as any missing page."""
    async with world.browser(world.ines) as browser:
        answers = [(await browser.get(path + str(id_))).status_code for id_ in (new_id(), "x", "1%20or%201")]

    assert answers == [404, 404, 404]


async def _grow(world: World, count: int, start: int = 0) -> None:
    """More of everything that lists show."""
    async with world.house.database.writing() as db:
        for number in range(start, start + count):
            place = Organisation(kind=OrganisationKind.COMMUNE, name=f"Zone {number}", short_name=f"Z{number}")
            body = Body(kind=BodyKind.RESEAU, name=f"Réseau {number}")
            db.add_all(
                [place, body, Group(name=f"Groupe {number}"), Task(kind="mail", payload={"to": "x", "subject": "y"})]
            )
            await db.flush()
            db.add_all(
                [
                    EmailDomain(domain=f"zone{number}.example", organisation_id=place.id),
                    Service(organisation_id=world.aubrac.id, name=f"Service {number}"),
                    Seat(body_id=world.copil.id, organisation_id=place.id, holder_id=world.bruno.id, since=LONG_AGO),
                ]
            )
    async with world.working(world.ines) as work:
        for number in range(count):
            work.audit("body.added", f"essai {start + number}")


@pytest.mark.parametrize(
    "path", [path for path in PAGES if not path.endswith((".csv", "nouvelle", "nouveau", "import"))]
)
async def test_a_list_asks_as_much_for_three_rows_as_for_one(world: World, path: str) -> None:
    """The number of questions does not grow with the rows."""
    await _grow(world, 1)
    async with world.browser(world.ines) as browser:
        await browser.get(filled(world, path), follow_redirects=True)
        with world.counting() as with_one:
            await browser.get(filled(world, path), follow_redirects=True)
        await _grow(world, 2, start=1)
        with world.counting() as with_three:
            answer = await browser.get(filled(world, path), follow_redirects=True)

    assert answer.status_code == 200
    assert len(with_three) == len(with_one)
