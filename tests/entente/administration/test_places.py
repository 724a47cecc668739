"""Organisations, instances, groups and domains, as administrators keep them."""

import asyncio

import pytest
from sqlmodel import select

from entente import clock
from entente.administration.domains.rules import PUBLIC, domain_of
from entente.administration.organisations.models import has_luhn_key
from entente.people.models import (
    Body,
    BodyKind,
    EmailDomain,
    GroupMember,
    Membership,
    Organisation,
    Seat,
    Service,
)
from entente.rights import stream_of_person
from world import World

ORGANISATIONS = "/administration/organisations"
BODIES = "/administration/instances"
GROUPS = "/administration/groupes"
DOMAINS = "/administration/domaines"
CANTAL = {"name": "Cantal", "short_name": "Cantal", "kind": "commune", "hue": "10", "since": "2020-01-01"}


@pytest.mark.parametrize(
    ("number", "holds"),
    [("211600150", True), ("732829320", True), ("211600151", False), ("732829302", False), ("000000000", True)],
)
def test_a_siren_bears_its_key(number: str, holds: bool) -> None:
    """The ninth digit follows from the other eight (the numbers of Angoulême and of an example of INSEE)."""
    assert has_luhn_key(number) is holds


async def test_an_organisation_is_added_with_its_first_period(world: World) -> None:
    """Cantal joins in 2020, with its SIREN as people write it."""
    async with world.browser(world.ines) as browser:
        answer = await browser.post(
            f"{ORGANISATIONS}/nouvelle", data=CANTAL | {"siren": "211 600 150", "code_insee": "2a004"}
        )

    assert answer.status_code == 303
    async with world.reading() as db:
        cantal = (await db.exec(select(Organisation).where(Organisation.name == "Cantal"))).one()
        period = (await db.exec(select(Membership).where(Membership.organisation_id == cantal.id))).one()
    assert (cantal.siren, cantal.code_insee, period.since.year, period.until) == ("211600150", "2A004", 2020, None)


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"siren": "211600151"}, "SIREN n’est pas valable"),
        ({"siren": "21160015"}, "SIREN n’est pas valable"),
        ({"code_insee": "1637"}, "cinq signes"),
        ({"code_insee": "2C004"}, "cinq signes"),
        ({"name": "Aubrac"}, "porte déjà ce nom"),
        ({"hue": "360"}, "359 au plus"),
        ({"since": "2020-02-30"}, "n’existe pas"),
        ({"kind": "royaume"}, "Choisissez dans la liste"),
        ({"postcodes": "abc"}, "ne convient pas"),
    ],
)
async def test_a_wrong_organisation_comes_back(world: World, changed: dict[str, str], sentence: str) -> None:
    """Each wrong field has its sentence, and the name stays typed."""
    async with world.browser(world.ines) as browser:
        answer = await browser.post(f"{ORGANISATIONS}/nouvelle", data=CANTAL | changed)

    assert (answer.status_code, sentence in answer.text) == (422, True)


async def test_periods_do_not_overlap(world: World) -> None:
    """Aubrac leaves in 2020 and comes back in 2022; a period over both is refused."""
    address = f"{ORGANISATIONS}/{world.aubrac.id}/periodes"
    async with world.reading() as db:
        period = (await db.exec(select(Membership).where(Membership.organisation_id == world.aubrac.id))).one()
    async with world.browser(world.ines) as browser:
        too_soon = await browser.post(f"{address}/{period.id}/fin", data={"until": "2015-01-01"})
        ended = await browser.post(f"{address}/{period.id}/fin", data={"until": "2020-01-01"})
        again = await browser.post(f"{address}/{period.id}/fin", data={"until": "2021-01-01"})
        back = await browser.post(address, data={"since": "2022-01-01"})
        over = await browser.post(address, data={"since": "2019-01-01", "until": "2023-01-01"})

    statuses = [answer.status_code for answer in (too_soon, ended, again, back, over)]
    assert statuses == [422, 303, 409, 303, 422]


async def test_two_overlapping_periods_at_once(world: World) -> None:
    """The organisation is held while its periods are looked at: one of the two is refused."""
    async with world.reading() as db:
        period = (await db.exec(select(Membership).where(Membership.organisation_id == world.aubrac.id))).one()
    address = f"{ORGANISATIONS}/{world.aubrac.id}/periodes"
    async with world.browser(world.ines) as browser:
        await browser.post(f"{address}/{period.id}/fin", data={"until": "2020-01-01"})
        answers = await asyncio.gather(
            browser.post(address, data={"since": "2022-01-01"}), browser.post(address, data={"since": "2021-01-01"})
        )

    assert sorted(answer.status_code for answer in answers) == [303, 422]


async def test_a_renamed_organisation_shows_beside_its_people(world: World) -> None:
    """Aubrac takes another short name: fragments that show Awa are made again; a stale form is refused."""
    address = f"{ORGANISATIONS}/{world.aubrac.id}/fiche"
    async with world.browser(world.ines) as browser:
        page = (await browser.get(address)).text
        mark = page.split('name="mark" value="')[1].split('"')[0]
        data = {"name": "Aubrac", "short_name": "Aub.", "kind": "commune", "hue": "140", "mark": mark}
        answers = [await browser.post(address, data=data), await browser.post(address, data=data | {"name": "Autre"})]

    assert [answer.status_code for answer in answers] == [303, 409]
    assert (await world.again(world.awa)).version == world.awa.version + 1


async def test_a_service_that_served_is_not_removed(world: World) -> None:
    """A new service goes away as it came; one that someone is in stays; the same name twice is refused."""
    address = f"{ORGANISATIONS}/{world.aubrac.id}/services"
    async with world.browser(world.ines) as browser:
        added = [await browser.post(address, data={"name": "Voirie"}) for _ in range(2)]
        async with world.reading() as db:
            service = (await db.exec(select(Service))).one()
        data = {
            "organisation_id": str(world.aubrac.id),
            "kind": "agent",
            "service_id": str(service.id),
            "since": clock.today().isoformat(),
        }
        await browser.post(f"/administration/personnes/{world.awa.id}/fonctions", data=data)
        elsewhere = await browser.post(
            f"/administration/personnes/{world.awa.id}/fonctions",
            data=data | {"organisation_id": str(world.brioude.id)},
        )
        kept = await browser.post(f"{address}/{service.id}/retrait")
        await browser.post(address, data={"name": "Parcs"})
        async with world.reading() as db:
            parks = (await db.exec(select(Service).where(Service.name == "Parcs"))).one()
        gone = await browser.post(f"{address}/{parks.id}/retrait")

    assert [answer.status_code for answer in (*added, elsewhere, kept, gone)] == [303, 422, 422, 409, 303]


async def seat_of_awa(world: World) -> Seat:
    async with world.reading() as db:
        return (await db.exec(select(Seat).where(Seat.holder_id == world.awa.id))).one()


def seat(**changed: str) -> dict[str, str]:
    return {
        "holder": "bruno@brioude.example",
        "substitute": "denise@brioude.example",
        "role": "member",
        "mandate": "1",
        "since": "2026-01-01",
    } | changed


async def test_a_seat_opens_the_body_to_holder_and_substitute(world: World) -> None:
    """Bruno sits for Brioude, Denise stands in: both see the body, and both streams say so."""
    async with world.browser(world.ines) as browser:
        answer = await browser.post(
            f"{BODIES}/{world.copil.id}/sieges", data=seat(organisation_id=str(world.brioude.id))
        )

    assert answer.status_code == 303
    for who in (world.bruno, world.denise):
        assert (await world.again(who)).bodies == {world.copil.id}
    streams = {str(stream_of_person(who.id)) for who in (world.bruno, world.denise)}
    assert {rung.stream for rung in world.rung} == streams


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"holder": "inconnue@x.example"}, "Personne n’a cette adresse"),
        ({"holder": ""}, "ne semble pas valable"),
        ({"substitute": "bruno@brioude.example"}, "soi-même"),
        ({"holder": "awa@aubrac.example"}, "siège déjà"),
        ({"since": "2026-02-30"}, "n’existe pas"),
        ({"until": "2025-01-01"}, "après le début"),
        ({"role": "roi"}, "Choisissez dans la liste"),
    ],
)
async def test_a_wrong_seat_comes_back(world: World, changed: dict[str, str], sentence: str) -> None:
    """Each wrong field has its sentence."""
    async with world.browser(world.ines) as browser:
        data = seat(organisation_id=str(world.aubrac.id)) | changed
        answer = await browser.post(f"{BODIES}/{world.copil.id}/sieges", data=data)

    assert (answer.status_code, sentence in answer.text) == (422, True)


async def test_a_seat_is_handed_over(world: World) -> None:
    """Camille takes Awa's seat today: Awa's ends the same day, and what it opened closes to her."""
    held = await seat_of_awa(world)
    address = f"{BODIES}/{world.copil.id}/sieges/{held.id}"
    data = seat(holder="camille@aubrac.example", substitute="", since=clock.today().isoformat())
    async with world.browser(world.ines) as browser:
        too_soon = await browser.post(f"{address}/remplacement", data=data | {"since": "2015-01-01"})
        done = await browser.post(f"{address}/remplacement", data=data)
        again = await browser.post(f"{address}/remplacement", data=data)

    assert [answer.status_code for answer in (too_soon, done, again)] == [422, 303, 409]
    assert (await world.again(world.awa)).bodies == frozenset()
    assert (await world.again(world.camille)).bodies == {world.copil.id}


async def test_a_seat_ends(world: World) -> None:
    """Awa's seat ends today; under another body's address it is not found."""
    held = await seat_of_awa(world)
    async with world.working(None) as work:
        other = Body(kind=BodyKind.RESEAU, name="Réseau")
        work.db.add(other)
    async with world.browser(world.ines) as browser:
        data = {"until": clock.today().isoformat()}
        elsewhere = await browser.post(f"{BODIES}/{other.id}/sieges/{held.id}/fin", data=data)
        done = await browser.post(f"{BODIES}/{world.copil.id}/sieges/{held.id}/fin", data=data)

    assert (elsewhere.status_code, done.status_code) == (404, 303)
    assert (await world.again(world.awa)).bodies == frozenset()


async def test_a_body_is_added_and_described_again(world: World) -> None:
    """The network of buyers is added, renamed, and its name is its own."""
    async with world.browser(world.ines) as browser:
        added = await browser.post(f"{BODIES}/nouvelle", data={"name": "Acheteurs", "kind": "reseau"})
        address = added.headers["location"] + "/fiche"
        mark = (await browser.get(address)).text.split('name="mark" value="')[1].split('"')[0]
        data = {"name": "Club des acheteurs", "kind": "reseau", "organisation_id": str(world.aubrac.id), "mark": mark}
        answers = [
            await browser.post(address, data=data | {"name": "Comité de pilotage"}),
            await browser.post(address, data=data),
            await browser.post(address, data=data | {"name": "Autre"}),
        ]

    assert [answer.status_code for answer in answers] == [422, 303, 409]


async def test_a_group_gathers_and_parts(world: World) -> None:
    """Awa joins the guests, cannot join twice, and leaves; her rights follow."""
    address = f"{GROUPS}/{world.guests.id}/membres"
    async with world.browser(world.ines) as browser:
        answers = [
            await browser.post(address, data={"email": email})
            for email in ("awa@aubrac.example",) * 2 + ("x@y.example",)
        ]
        joined = await world.again(world.awa)
        left = await browser.post(f"{address}/{world.awa.id}/depart")
        again = await browser.post(f"{address}/{world.awa.id}/depart")

    assert [answer.status_code for answer in (*answers, left, again)] == [303, 422, 422, 303, 404]
    assert joined.groups == {world.guests.id}
    async with world.reading() as db:
        assert [row.person_id for row in (await db.exec(select(GroupMember))).all()] == [world.bruno.id]


async def test_a_group_is_made_and_renamed(world: World) -> None:
    """Two groups do not share a name."""
    async with world.browser(world.ines) as browser:
        made = await browser.post(f"{GROUPS}/nouveau", data={"name": "Testeurs"})
        twice = await browser.post(f"{GROUPS}/nouveau", data={"name": "Testeurs"})
        renamed = await browser.post(made.headers["location"] + "/nom", data={"name": "Pilotes"})
        taken = await browser.post(made.headers["location"] + "/nom", data={"name": "Invités"})

    assert [answer.status_code for answer in (made, twice, renamed, taken)] == [303, 422, 303, 422]


@pytest.mark.parametrize(
    ("typed", "domain"),
    [
        ("mairie-soyaux.fr", "mairie-soyaux.fr"),
        (" Mairie@Soyaux.FR. ", "soyaux.fr"),
        ("évry.fr", "xn--vry-9la.fr"),
    ],
)
def test_a_domain_is_read_as_addresses_write_it(typed: str, domain: str) -> None:
    """Capitals, an address instead of its domain, and accents are understood."""
    assert domain_of(typed) == domain


@pytest.mark.parametrize(
    "typed", ["", "fr", "a b.fr", "-x.fr", "x..fr", "x.1", "http://x.fr", "x" * 260 + ".fr", *sorted(PUBLIC)]
)
def test_a_domain_open_to_anybody_is_refused(typed: str) -> None:
    """What is no domain, and where anybody may have an address."""
    with pytest.raises(ValueError, match=r"domaine|N’importe qui"):
        domain_of(typed)


async def test_a_domain_is_declared_once_and_withdrawn(world: World) -> None:
    """aubrac.fr opens accounts for Aubrac; gmail.com is refused with the way out."""
    async with world.browser(world.ines) as browser:
        data = {"domain": "Aubrac.fr", "organisation_id": str(world.aubrac.id)}
        answers = [await browser.post(DOMAINS, data=data) for _ in range(2)]
        public = await browser.post(DOMAINS, data=data | {"domain": "gmail.com"})
        nobody = await browser.post(DOMAINS, data={"domain": "x.fr", "organisation_id": ""})
        page = await browser.get(DOMAINS)
        gone = [await browser.post(f"{DOMAINS}/aubrac.fr/retrait") for _ in range(2)]

    assert [answer.status_code for answer in (*answers, public, nobody, *gone)] == [303, 422, 422, 422, 303, 404]
    assert "invitez plutôt chaque personne" in public.text
    assert ("aubrac.fr" in page.text, "1\u00a0domaine" in page.text) == (True, True)
    async with world.reading() as db:
        assert (await db.exec(select(EmailDomain))).all() == []
