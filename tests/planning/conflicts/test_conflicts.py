"""What stands in the way of a meeting, and to whom it is told by name."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from entente.outside.models import OutsideEvent, OutsideSource
from entente.people.models import Body, BodyKind, Seat, SeatRole
from entente.people.who import Who
from planning import service
from planning.conflicts.queries import conflicts_of
from planning.conflicts.rules import Conflicts, Some, holidays_in
from planning.models import Absence, Hall, Meeting
from planning_world import Council, at, day
from world import LONG_AGO

PARIS = ZoneInfo("Europe/Paris")
EVENING = at(30, 18)


async def _waste(council: Council, *names: str) -> Body:
    """Another body, where these people of the CoPil sit too, and Bruno; its secretary is Inès."""
    world = council.world
    body = Body(kind=BodyKind.COPIL, name="CoPil Déchets", hue=90)
    async with world.house.database.writing() as db:
        db.add(body)
        await db.flush()
        for name in (*names, "bruno", "ines"):
            role = SeatRole.SECRETARY if name == "ines" else SeatRole.MEMBER
            place, holder = world.brioude.id, world.people[name].id
            db.add(Seat(body_id=body.id, organisation_id=place, holder_id=holder, since=LONG_AGO, role=role))
    return body


async def _asked(council: Council, who: Who, **more: object) -> Conflicts:
    async with council.world.reading() as db:
        ends = EVENING + timedelta(hours=2)
        return await conflicts_of(db, who, council.world.copil.id, EVENING, ends, **more)  # type: ignore[arg-type]


async def test_members_who_already_meet_elsewhere_are_counted_and_named(council: Council) -> None:
    """Awa and Eva of five have « CoPil Déchets »: Camille, who writes the CoPil, reads their names; Bruno, how many."""
    body = await _waste(council, "awa", "eva")
    made = await council.meet(EVENING + timedelta(minutes=90), council.world.ines, body_id=body.id, title="Tri")
    named = await _asked(council, council.world.camille)
    counted = await _asked(council, council.world.bruno)
    assert (named.members, [each.taken.count for each in named.meetings]) == (5, [2])
    assert named.meetings[0].taken.names == ("Awa Diallo", "Eva Morel")
    assert named.meetings[0].address == f"/planning/reunions/{made.id}"
    assert named.meetings[0].words.startswith("«\u00a0Tri\u00a0» (CoPil Déchets), de 19\u00a0h\u00a030")
    assert counted.meetings[0].taken == Some(2)


async def test_a_confidential_meeting_tells_how_many_and_nothing_else(council: Council) -> None:
    """Camille does not sit there: neither title, body, address nor names."""
    hall = Hall(name="Salle des actes")
    async with council.world.house.database.writing() as db:
        db.add(hall)
    body = await _waste(council, "awa", "eva")
    more = {"body_id": body.id, "title": "Contentieux", "is_confidential": True, "hall_id": hall.id}
    await council.meet(EVENING, council.world.ines, **more)
    other = (await _asked(council, council.world.camille, hall_id=hall.id)).others[0]
    assert (other.title, other.body, other.address, other.taken, other.is_same_hall) == ("", "", "", Some(2), True)
    assert other.words.startswith("une réunion confidentielle, de ")
    assert "Contentieux" not in repr(other)


async def test_only_what_takes_place_then_and_is_another_meeting_counts(council: Council) -> None:
    """Neither what was called off, nor what ends as ours begins, nor ours itself when it is moved."""
    world = council.world
    body = await _waste(council, "awa")
    gone = await council.meet(EVENING, world.ines, body_id=body.id)
    async with world.working(world.ines) as work:
        await service.cancel(work, await work.db.get_one(Meeting, gone.id), "Neige", gone.version)
    await council.meet(EVENING - timedelta(hours=2), world.ines, body_id=body.id)
    await council.meet(EVENING + timedelta(hours=2), world.ines, body_id=body.id)
    own = await council.meet(EVENING + timedelta(minutes=30))
    found = await _asked(council, world.camille)
    assert [each.taken.count for each in found.meetings] == [5]
    assert (await _asked(council, world.camille, but=own.id)).meetings == []


async def test_absences_outside_agendas_and_halls_stand_in_the_way(council: Council) -> None:
    """Denise is away, Farid is busy elsewhere, and the hall is taken by people of whom nobody sits with us."""
    world = council.world
    hall, body = Hall(name="Salle des actes"), await _waste(council)
    async with world.house.database.writing() as db:
        db.add(hall)
        db.add(Absence(person_id=world.denise.id, since=day(30), until=day(31), note="Opération"))
        db.add(Absence(person_id=world.awa.id, since=day(28), until=day(30)))
        source = OutsideSource(person_id=world.people["farid"].id, title="Cabinet", hue=10)
        db.add(source)
        await db.flush()
        db.add(
            OutsideEvent(
                source_id=source.id,
                person_id=source.person_id,
                uid="x",
                recurrence="",
                begins=EVENING + timedelta(minutes=30),
                ends=EVENING + timedelta(minutes=40),
                title="Dentiste",
            )
        )
    await council.meet(EVENING, world.ines, body_id=body.id, hall_id=hall.id)
    found = await _asked(council, world.camille, hall_id=hall.id)
    assert (found.away, found.busy) == (Some(1, ("Denise Astruc",)), Some(1, ("Farid Benali",)))
    assert [each.is_same_hall for each in found.others] == [True]
    assert found.meetings == []
    assert not [word for word in ("Opération", "Dentiste") if word in repr(found)]
    assert (await _asked(council, world.denise)).away == Some(1)


@pytest.mark.parametrize(
    ("first", "hours", "names"),
    [
        (date(2026, 11, 11), 2, ["Armistice"]),
        (date(2026, 11, 10), 2, []),
        (date(2026, 12, 24), 26, ["Noël"]),
        (date(2027, 5, 6), 2, ["Ascension"]),
    ],
)
def test_french_public_holidays_are_said(first: date, hours: int, names: list[str]) -> None:
    """By their names, whatever hour of the day, and when a meeting goes on past midnight."""
    starts = datetime(first.year, first.month, first.day, 22, 30, tzinfo=PARIS)
    assert [name for _, name in holidays_in(starts, starts + timedelta(hours=hours - 1))] == names


async def test_the_questions_are_as_many_for_any_number_of_meetings(council: Council) -> None:
    """One meeting in the way, or nine."""
    counts = []
    for number in range(9):
        body = Body(kind=BodyKind.RESEAU, name=f"Réseau {number}")
        async with council.world.house.database.writing() as db:
            db.add(body)
            await db.flush()
            for name in ("awa", "eva"):
                holder = council.world.people[name].id
                place = council.world.brioude.id
                db.add(Seat(body_id=body.id, organisation_id=place, holder_id=holder, since=LONG_AGO))
        await council.meet(EVENING, council.world.ines, body_id=body.id)
        if number in (0, 8):
            with council.world.counting() as seen:
                found = await _asked(council, council.world.camille)
            counts.append(len(seen))
    assert len(found.meetings) == 9
    assert counts[0] == counts[1] <= 5


async def test_the_secretary_reads_them_before_saving(council: Council) -> None:
    """A piece for htmx, a page without; what is not whole yet says so; who does not write here is turned away."""
    world = council.world
    body = await _waste(council, "awa", "eva")
    await council.meet(EVENING, world.ines, body_id=body.id, title="Tri")
    asked = {"body_id": str(world.copil.id), "day": f"{day(30)}", "start": "18:00", "end": "20:00", "note": "x"}
    async with world.browser(world.camille, htmx=True) as browser:
        piece = await browser.get("/planning/conflits", params=asked)
        half = await browser.get("/planning/conflits", params=asked | {"end": ""})
        back = await browser.get("/planning/conflits", params=asked | {"end": "17:00"})
        refused = await browser.get("/planning/conflits", params=asked | {"body_id": str(body.id)})
    async with world.browser(world.camille) as browser:
        page = await browser.get("/planning/conflits", params=asked)
    async with world.browser(world.awa) as browser:
        assert (await browser.get("/planning/conflits", params=asked)).status_code == 404
    assert "2 des 5 membres ont déjà" in piece.text
    assert "Awa Diallo, Eva Morel" in piece.text
    assert "<html" not in piece.text
    assert "Choisissez l’instance" in half.text
    assert "se termine avant de commencer" in back.text
    assert refused.status_code == 403
    assert "2 des 5 membres ont déjà" in page.text
    assert "<h1>Conflits" in page.text
    assert Conflicts(5, [], Some(), Some(), []).are_none


async def test_the_form_checks_without_scripts_and_loses_nothing(council: Council) -> None:
    """« Vérifier les conflits » shows the form again, as typed, with what stands in the way, and writes nothing."""
    world = council.world
    body = await _waste(council, "awa", "eva")
    await council.meet(EVENING, world.ines, body_id=body.id, title="Tri")
    made = await council.meet(EVENING + timedelta(days=1))
    typed = {"title": "Bilan à mi-parcours", "day": f"{day(30)}", "start": "18:00", "end": "20:00", "check": "1"}
    async with world.browser(world.camille) as browser:
        new = await browser.post("/planning/reunions/nouvelle", data=typed | {"body_id": str(world.copil.id)})
        again = await browser.post(
            f"/planning/reunions/{made.id}/modification", data=typed | {"version": str(made.version)}
        )
        page = await browser.get(f"/planning/reunions/{made.id}")
    for answer in (new, again):
        assert answer.status_code == 200
        assert "2 des 5 membres ont déjà" in answer.text
        assert "Bilan à mi-parcours" in answer.text
    assert 'id="conflicts"' in page.text
    async with world.reading() as db:
        assert (await db.get_one(Meeting, made.id)).title == made.title
