"""Membership is dated: sixteen communes become thirty-eight on 1 January 2017, and the past does not move."""

from datetime import date
from typing import Any

from sqlmodel import col, select

from entente.people.models import Membership, Organisation, OrganisationKind, Person, PersonStatus, Seat
from pistes.communes import queries as communes
from pistes.communes.models import Stance
from pistes.communes.service import stand
from pistes.decisions.whole import whole
from pistes.ranking.queries import board
from pistes.seats.queries import seats_on
from world import LONG_AGO, World

BEFORE, DAY = date(2016, 12, 31), date(2017, 1, 1)
LATER = (
    *("Asnières-sur-Nouère", "Balzac", "Bouëx", "Brie", "Champniers", "Claix", "Dignac", "Dirac", "Garat"),
    *("Jauldes", "Marsac", "Mornac", "Plassac-Rouffiac", "Roullet-Saint-Estèphe", "Sers", "Sireuil", "Torsac"),
    *("Trois-Palis", "Vindelle", "Voulgézac", "Vœuil-et-Giget", "Vouzan"),
)
"""The twenty-two that joined then."""


async def _join(world: World, names: tuple[str, ...], since: date) -> list[Organisation]:
    """Communes become members, each with a seat in the CoPil."""
    async with world.house.database.writing() as db:
        made = [
            Organisation(kind=OrganisationKind.COMMUNE, name=name, short_name=name[:20], hue=n)
            for n, name in enumerate(names)
        ]
        mayors = [
            Person(email=f"m{n}-{since.year}@ex.example", given_name="M", family_name=name, status=PersonStatus.ACTIVE)
            for n, name in enumerate(names)
        ]
        db.add_all([*made, *mayors])
        await db.flush()
        for place, mayor in zip(made, mayors, strict=True):
            db.add(Membership(organisation_id=place.id, since=since))
            db.add(
                Seat(body_id=world.copil.id, organisation_id=place.id, holder_id=mayor.id, mandate=True, since=since)
            )
    return made


async def test_sixteen_become_thirty_eight_and_what_was_said_stays(council: Any) -> None:
    """Members, positions, marks, shares and who sat in 2016 are the same before and after."""
    world = council.world
    older = await _join(world, tuple(f"Ancienne {n}" for n in range(14)), LONG_AGO)
    async with world.working(world.camille) as work:
        await stand(work, council.forum, older[0].id, Stance.TAKES_PART, date(2016, 6, 1))
    async with world.reading() as db:
        council.seats = {seat.holder_id: seat.id for seat in await db.exec(select(Seat))}
    made = await council.decides(council.form(decided_on=date(2016, 12, 13)))

    async def seen(day: date) -> Any:
        async with world.reading() as db:
            found = await board(db)
            return (
                [each.name for each in await communes.members(db, day)],
                await communes.positions(db, day),
                [(line.piste.title, line.placed.level, line.levels) for line in found.lines],
                [(each.claim.words, each.holds, each.figures) for each in found.claims],
                [seat.commune.name for seat in await seats_on(db, world.copil.id, day)],
                await whole(db, world.bruno, made.id),
            )

    before = await seen(BEFORE)
    new = await _join(world, LATER, DAY)
    async with world.working(world.camille) as work:
        await stand(work, council.forum, new[0].id, Stance.INTERESTED, DAY)
    after = await seen(BEFORE)
    assert (len(before[0]), len(before[4]), before[5].line.seats) == (16, 16, 16)
    assert after == before
    members, positions, *_, seats, _ = await seen(DAY)
    assert (len(members), len(seats)) == (38, 38)
    assert len(positions[council.forum.id]) == len(before[1][council.forum.id]) + 1


async def test_the_seats_show_who_has_no_mandate(council: Any) -> None:
    """Awa sits for Aubrac and may not decide for it; on a day without seats the page says so."""
    world = council.world
    async with world.reading() as db:
        missing = [each.commune.name for each in await seats_on(db, world.copil.id, DAY) if not each.mandate]
        held = (await db.exec(select(Seat.id).where(col(Seat.body_id) == world.copil.id))).all()
    assert (missing, len(held)) == (["Aubrac"], 2)
    async with world.browser(world.bruno) as browser:
        page = (await browser.get("/pistes/mandats?jour=2017-01-01")).text
        empty = (await browser.get("/pistes/mandats?jour=2015-01-01")).text
    assert "Sans mandat pour décider" in page
    assert "Personne ne siégeait" in empty
