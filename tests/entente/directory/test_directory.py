"""The directory: who is who, for members, and nothing more."""

from dataclasses import replace

import pytest
from sqlalchemy import update
from sqlmodel import col

from entente.ids import new_id
from entente.people.models import Function, FunctionKind, GroupMember, Person, PersonStatus, Seat
from entente.people.who import Who
from world import LONG_AGO, World

PAGE = "/annuaire"


async def suspend(world: World, name: str) -> None:
    async with world.house.database.writing() as db:
        who = world.people[name]
        await db.execute(update(Person).where(col(Person.id) == who.id).values(status=PersonStatus.SUSPENDED))


async def test_members_find_each_other_by_organisation(world: World) -> None:
    """Awa sees the people of both communes, under their commune, and not Gaspard who has left."""
    async with world.browser(world.awa) as browser:
        page = (await browser.get(PAGE)).text

    found = [
        name for name in ("Aubrac</h2>", "Camille Rey", "Brioude</h2>", "Denise Astruc", "Gaspard") if name in page
    ]
    assert found == ["Aubrac</h2>", "Camille Rey", "Brioude</h2>", "Denise Astruc"]
    assert page.index("Camille Rey") < page.index("Brioude</h2>") < page.index("Denise Astruc")
    assert "5\u00a0personnes" in page


async def test_a_person_with_two_functions_under_one_title_is_listed_once(world: World) -> None:
    """Denise is both élue and mayor of Brioude: the directory names her once, and finds her as either."""
    async with world.house.database.writing() as db:
        for kind in (FunctionKind.ELU, FunctionKind.AGENT):
            db.add(
                Function(
                    person_id=world.denise.id,
                    organisation_id=world.brioude.id,
                    kind=kind,
                    title="Maire" if kind == FunctionKind.ELU else "Régisseuse",
                    since=LONG_AGO,
                )
            )

    async with world.browser(world.awa) as browser:
        page = (await browser.get(PAGE)).text
        as_elected = (await browser.get(f"{PAGE}?fonction=elu")).text

    assert page.count("Denise Astruc") == 2
    assert as_elected.count("Denise Astruc") == 1


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ("q=astruc", 1),
        ("q=ASTRUC+denise", 1),
        ("q=brioude", 2),
        ("q=%25", 0),
        ("fonction=maire", 1),
        ("fonction=roi", 5),
    ],
)
async def test_the_directory_is_looked_through(world: World, query: str, count: int) -> None:
    """Filters are addresses; what is no filter is passed over."""
    async with world.browser(world.awa) as browser:
        page = (await browser.get(f"{PAGE}?{query}")).text

    assert f"{count}\u00a0personne" in page


async def test_the_directory_is_narrowed_to_a_place_or_a_body(world: World) -> None:
    """Those of Brioude; those who sit in the CoPil."""
    async with world.browser(world.awa) as browser:
        brioude = (await browser.get(f"{PAGE}?organisation={world.brioude.id}")).text
        copil = (await browser.get(f"{PAGE}?instance={world.copil.id}")).text

    assert ("2\u00a0personnes" in brioude, "1\u00a0personne<" in copil) == (True, True)


async def test_a_person_is_shown_with_what_binds_them_today(world: World) -> None:
    """Bruno sees Awa's function, seat and address; that Bruno is a guest somewhere is told to nobody."""
    async with world.browser(world.bruno) as browser:
        awa = (await browser.get(f"{PAGE}/{world.awa.id}")).text
    async with world.browser(world.awa) as browser:
        bruno = (await browser.get(f"{PAGE}/{world.bruno.id}")).text

    assert [word in awa for word in ("Acheteur", "Comité de pilotage", "awa@aubrac.example")] == [True] * 3
    assert ("Bruno Chassagne" in bruno, "Invités" in bruno) == (True, False)


async def test_the_past_and_the_suspended_are_not_told_of(world: World) -> None:
    """Gaspard has left and Denise is suspended: their pages are like that of nobody."""
    async with world.browser(world.awa) as browser:
        before = await browser.get(f"{PAGE}/{world.denise.id}")
        await suspend(world, "denise")
        pages = [
            await browser.get(f"{PAGE}/{id_}") for id_ in (world.denise.id, world.people["gone"].id, new_id(), "x")
        ]
        listed = (await browser.get(PAGE)).text

    assert (before.status_code, [page.status_code for page in pages]) == (200, [404] * 4)
    assert "Denise" not in listed


async def test_a_body_shows_who_sits_there(world: World) -> None:
    """Awa sits for Aubrac; suspended, she is no longer named, and her commune's seat stays."""
    async with world.browser(world.bruno) as browser:
        bodies = (await browser.get(f"{PAGE}/instances")).text
        before = (await browser.get(f"{PAGE}/instances/{world.copil.id}")).text
        await suspend(world, "awa")
        after = (await browser.get(f"{PAGE}/instances/{world.copil.id}")).text
        missing = await browser.get(f"{PAGE}/instances/{new_id()}")

    assert ("Comité de pilotage" in bodies, "Awa Diallo" in before, "Awa Diallo" in after) == (True, True, False)
    assert ("Aubrac" in after, missing.status_code) == (True, 404)


async def test_guests_do_not_look(world: World) -> None:
    """Whoever is only in a group is no member: the directory is not there for them."""
    async with world.house.database.writing() as db:
        guest = Person(email="g@x.example", given_name="Gil", family_name="Hôte", status=PersonStatus.ACTIVE)
        db.add(guest)
        await db.flush()
        db.add(GroupMember(group_id=world.guests.id, person_id=guest.id))
    who = await world.again(_like(world, guest))
    addresses = (PAGE, f"{PAGE}/instances", f"{PAGE}/instances/{world.copil.id}", f"{PAGE}/{world.awa.id}")
    async with world.browser(world.awa) as browser:
        opened = [(await browser.get(address)).status_code for address in addresses]
    async with world.browser(who) as browser:
        closed = [(await browser.get(address)).status_code for address in addresses]

    assert (opened, closed) == ([200] * 4, [404] * 4)


def _like(world: World, person: Person) -> Who:

    return replace(world.awa, id=person.id)


@pytest.mark.parametrize("path", [PAGE, f"{PAGE}/instances", f"{PAGE}/instances/copil", f"{PAGE}/awa"])
async def test_a_page_asks_as_much_for_three_rows_as_for_one(world: World, path: str) -> None:
    """The number of questions does not grow with the people."""
    address = path.replace("copil", str(world.copil.id)).replace("awa", str(world.awa.id))

    async def grow(count: int) -> None:
        async with world.house.database.writing() as db:
            for _ in range(count):
                person = Person(
                    email=f"{new_id()}@x.example", given_name="Ana", family_name="Martin", status=PersonStatus.ACTIVE
                )
                db.add(person)
                await db.flush()
                town = world.aubrac.id
                db.add(Function(person_id=person.id, kind=FunctionKind.AGENT, organisation_id=town, since=LONG_AGO))
                db.add(Seat(body_id=world.copil.id, holder_id=person.id, organisation_id=town, since=LONG_AGO))

    await grow(1)
    async with world.browser(world.awa) as browser:
        await browser.get(address)
        with world.counting() as with_one:
            await browser.get(address)
        await grow(2)
        with world.counting() as with_three:
            answer = await browser.get(address)

    assert (answer.status_code, len(with_three)) == (200, len(with_one))


async def test_a_long_directory_goes_on(world: World) -> None:
    """150 people of one name: every one of them is on exactly one page."""
    async with world.house.database.writing() as db:
        for number in range(150):
            person = Person(email=f"p{number}@x.example", given_name="Ana", family_name="Martin")
            db.add(person)
            await db.flush()
            db.add(
                Function(person_id=person.id, organisation_id=world.brioude.id, kind=FunctionKind.AGENT, since=LONG_AGO)
            )
    seen: list[str] = []
    async with world.browser(world.awa) as browser:
        address: str | None = f"{PAGE}?q=martin"
        while address:
            page = (await browser.get(address)).text
            seen += [part.split('"')[0] for part in page.split('<div><a href="/annuaire/')[1:]]
            following = page.split('rel="next" href="')
            address = following[1].split('"')[0].replace("&amp;", "&") if len(following) > 1 else None

    assert (len(seen), len(set(seen))) == (150, 150)
