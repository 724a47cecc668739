"""Outside agendas: followed, read again and again, shown to their owner, and « Occupé » to everybody else."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest
from sqlalchemy import update
from sqlmodel import col, select

from awkward import calendar, event
from entente.agendas.outside import feed
from entente.clock import now
from entente.journal import since
from entente.outbox import Task
from entente.outside import queries, reading, rounds, service
from entente.outside.fetching import NOT_OPEN, TOO_HEAVY
from entente.outside.models import NewAddress, OutsideEvent, OutsideSource
from entente.outside.reading import Unreadable
from entente.people.models import AuditEntry, Person, PersonStatus
from entente.people.who import Who
from entente.rights import stream_of_person
from outside_world import Elsewhere, answer, without_end
from world import World

HERE = "/agendas/exterieurs"
TODAY = now().replace(hour=0, minute=0, second=0, microsecond=0)
FROM, TO = TODAY, TODAY + timedelta(days=60)
SECRET = "Dentiste de Zibeline"


def at(day: int, hour: int = 9) -> datetime:
    return TODAY + timedelta(days=day, hours=hour)


def held(uid: str, day: int, title: str = SECRET, *more: str, hours: int = 1) -> str:
    begins, ends = at(day), at(day) + timedelta(hours=hours)
    return event(
        f"UID:{uid}", f"DTSTART:{begins:%Y%m%dT%H%M%SZ}", f"DTEND:{ends:%Y%m%dT%H%M%SZ}", f"SUMMARY:{title}", *more
    )


async def follow(world: World, elsewhere: Elsewhere, who: Who, path: str = "/a.ics") -> UUID:
    """Someone follows an address of that server; it is not read yet."""
    async with world.working(who) as work:
        new = NewAddress(title="Travail", hue=210, address="https://agenda.example/a.ics")
        made = await service.follow(work, new)
        made.address = elsewhere.at(path)
        return made.id


async def fetched(world: World, elsewhere: Elsewhere, id_: UUID) -> OutsideSource:
    """Its time has come, and the round reads it."""
    async with world.working(None) as work:
        await work.db.execute(update(OutsideSource).values(due_at=now() - timedelta(seconds=1)))
    await rounds.run(world.house, {}, elsewhere.guard)
    async with world.reading() as db:
        found = await db.get(OutsideSource, id_)
    assert found
    return found


async def titles(world: World, who: Who) -> list[str]:
    async with world.reading() as db:
        return [each.title for each in await queries.events_of(db, who, FROM, TO)]


async def test_an_agenda_is_read_and_others_see_only_when_one_is_busy(world: World, elsewhere: Elsewhere) -> None:
    """Awa sees her dentist; whoever asks when she is free learns two periods, joined, and not a word."""
    elsewhere.answers["/a.ics"] = answer(
        calendar(
            held("1", 1),
            held("2", 1, "Repas", hours=3),
            held("3", 2, "Anniversaire", "TRANSP:TRANSPARENT"),
            held("4", 3),
            held("5", 3, "Annulé", "STATUS:CANCELLED"),
            event("DTSTART:demain"),
        )
    )
    found = await fetched(world, elsewhere, id_ := await follow(world, elsewhere, world.awa))

    assert (found.kept, found.skipped, found.error, found.is_awaited) == (5, {"date illisible": 1}, "", False)
    assert sorted(await titles(world, world.awa)) == ["Anniversaire", SECRET, SECRET, "Repas"]
    async with world.reading() as db:
        with world.counting() as seen:
            busy = await queries.busy_of(db, [world.awa.id, world.bruno.id], FROM, TO)
        own = await queries.events_of(db, world.awa, FROM, TO)
    assert busy == {
        world.awa.id: [(at(1), at(1, 12)), (at(3), at(3, 10))],
        world.bruno.id: [],
    }
    assert len(seen) == 1
    assert {(each.source_id, each.source_title, each.hue) for each in own} == {(id_, "Travail", 210)}
    assert await titles(world, world.bruno) == []


async def test_busy_times_stop_at_the_edges_of_the_question(world: World, elsewhere: Elsewhere) -> None:
    """What ends when the question begins, or begins when it ends, is not in it."""
    elsewhere.answers["/a.ics"] = answer(calendar(held("1", 1), held("2", 2)))
    await fetched(world, elsewhere, await follow(world, elsewhere, world.awa))

    async with world.reading() as db:
        between = await queries.busy_of(db, [world.awa.id], at(1, 10), at(2))
        inside = await queries.busy_of(db, [world.awa.id], at(1, 9) + timedelta(minutes=30), at(2))
    assert between == {world.awa.id: []}
    assert inside == {world.awa.id: [(at(1), at(1, 10))]}


async def _leads_inside(elsewhere: Elsewhere) -> None:
    elsewhere.answers["/a.ics"] = answer(status="302 Found", Location="http://127.0.0.2/a.ics")


async def _leads_inside_in_disguise(elsewhere: Elsewhere) -> None:
    elsewhere.answers["/a.ics"] = answer(status="302 Found", Location="http://[::ffff:10.0.0.1]/a.ics")


async def _two_gigabytes(elsewhere: Elsewhere) -> None:
    elsewhere.answers["/a.ics"] = answer(b"BEGIN:VCALENDAR", Content_Length=str(2 * 1024**3))


async def _without_end(elsewhere: Elsewhere) -> None:
    elsewhere.answers["/a.ics"] = without_end


async def _a_web_page(elsewhere: Elsewhere) -> None:
    elsewhere.answers["/a.ics"] = answer(b"<!doctype html><html></html>")


async def _breakdown(elsewhere: Elsewhere) -> None:
    elsewhere.answers["/a.ics"] = answer(status="500 Oh")


@pytest.mark.parametrize(
    ("happens", "words"),
    [
        (_leads_inside, NOT_OPEN),
        (_leads_inside_in_disguise, NOT_OPEN),
        (_two_gigabytes, TOO_HEAVY),
        (_without_end, TOO_HEAVY),
        (_a_web_page, "C’est une page web"),
        (_breakdown, "en panne"),
    ],
    ids=lambda value: value.__name__ if callable(value) else "",
)
async def test_a_reading_that_fails_takes_nothing_away(
    world: World, elsewhere: Elsewhere, happens: Any, words: str
) -> None:
    """What was read stays, busy for others too; the owner reads why, and the next try comes later."""
    elsewhere.answers["/a.ics"] = answer(calendar(held("1", 1)))
    before = await fetched(world, elsewhere, id_ := await follow(world, elsewhere, world.awa))
    await happens(elsewhere)
    asked_at = now()

    after = await fetched(world, elsewhere, id_)

    assert words in after.error
    assert (after.failures, after.succeeded_at, after.kept) == (1, before.succeeded_at, 1)
    assert after.due_at
    assert asked_at + timedelta(minutes=15) <= after.due_at <= now() + timedelta(minutes=18)
    assert await titles(world, world.awa) == [SECRET]
    async with world.browser(world.awa) as browser:
        page = (await browser.get(HERE)).text
    assert words in page
    assert "Ce qui avait été lu est gardé." in page

    elsewhere.answers["/a.ics"] = answer(calendar(held("2", 2, "Revenu")))
    again = await fetched(world, elsewhere, id_)
    assert (again.error, again.failures) == ("", 0)
    assert await titles(world, world.awa) == ["Revenu"]


async def test_only_what_changed_is_written(world: World, elsewhere: Elsewhere) -> None:
    """An event that stays keeps its row; the same bytes are not read again; 304 neither, until a week has passed."""
    elsewhere.answers["/a.ics"] = answer(calendar(held("1", 1), held("2", 2)), ETag='"1"')
    first = await fetched(world, elsewhere, id_ := await follow(world, elsewhere, world.awa))
    async with world.reading() as db:
        rows = {each.uid: each.id for each in (await db.exec(select(OutsideEvent))).all()}

    same = await fetched(world, elsewhere, id_)
    elsewhere.answers["/a.ics"] = answer(status="304 Not Modified")
    unchanged = await fetched(world, elsewhere, id_)
    elsewhere.answers["/a.ics"] = answer(calendar(held("1", 1), held("3", 3)), ETag='"2"')
    changed = await fetched(world, elsewhere, id_)

    assert same.read_at == unchanged.read_at == first.read_at
    assert unchanged.error == ""
    assert [asked.get("if-none-match") for asked in elsewhere.asked] == [None, '"1"', '"1"', '"1"']
    assert (changed.etag, changed.read_at != first.read_at) == ('"2"', True)
    async with world.house.database.writing() as db:
        now_there = {each.uid: each.id for each in (await db.exec(select(OutsideEvent))).all()}
        await db.execute(update(OutsideSource).values(read_at=now() - timedelta(days=8)))
    assert now_there.keys() == {"1", "3"}
    assert now_there["1"] == rows["1"]
    await fetched(world, elsewhere, id_)
    assert "if-none-match" not in elsewhere.asked[-1]


async def test_two_rounds_never_ask_for_the_same_agenda(world: World, elsewhere: Elsewhere) -> None:
    """Whoever takes it puts it off; a round asks for a round once a minute and only when something is due."""
    elsewhere.answers["/a.ics"] = answer(calendar())
    await follow(world, elsewhere, world.awa)
    async with world.working(None) as work:
        ids = list(await queries.due(work.db, now(), 9))
        first = await service.lease(work, ids, rounds.LEASE)
        second = await service.lease(work, ids, rounds.LEASE)
    assert (len(first), second) == (1, [])

    await rounds.call(world.house)
    async with world.house.database.writing() as db:
        assert (await db.exec(select(Task.kind).where(col(Task.kind) == rounds.ROUND))).all() == []
        await db.execute(update(OutsideSource).values(due_at=now()))
    await rounds.call(world.house)
    await rounds.call(world.house)
    async with world.reading() as db:
        # Two, if a minute ended in between.
        assert len((await db.exec(select(Task.kind).where(col(Task.kind) == rounds.ROUND))).all()) in (1, 2)


async def test_nothing_is_asked_for_someone_who_left(world: World, elsewhere: Elsewhere) -> None:
    """A suspended account waits for nothing."""
    await follow(world, elsewhere, world.awa)
    async with world.house.database.writing() as db:
        assert len(await queries.due(db, now(), 9)) == 1
        await db.execute(update(Person).where(col(Person.id) == world.awa.id).values(status=PersonStatus.SUSPENDED))
        assert await queries.due(db, now(), 9) == []


async def test_an_agenda_removed_while_it_is_read_stays_removed(world: World, elsewhere: Elsewhere) -> None:
    """Its owner removes it while its server answers."""
    id_ = await follow(world, elsewhere, world.awa)

    async def removed_meanwhile(_elsewhere: Elsewhere, writer: Any) -> None:
        async with world.working(world.awa) as work:
            await service.remove(work, await queries.source_for(work.db, work.who, id_))
        writer.write(answer(calendar(held("1", 1))))
        await writer.drain()

    elsewhere.answers["/a.ics"] = removed_meanwhile
    await rounds.fetch_one(world.house, {"source": str(id_)}, elsewhere.guard)

    assert await titles(world, world.awa) == []
    async with world.reading() as db:
        assert (await db.exec(select(OutsideSource))).all() == []


async def test_a_reader_that_hangs_is_killed(monkeypatch: pytest.MonkeyPatch) -> None:
    """The deadline is the house's, whatever the child does."""
    with pytest.raises(Unreadable, match="trop long ou trop compliqué"):
        await reading.read(calendar(), seconds=0.01)
    monkeypatch.setattr(reading, "_running", {object() for _ in range(reading.AT_ONCE)})
    with pytest.raises(Unreadable, match="réessayez dans un instant"):
        await reading.read(calendar())


async def add(browser: httpx.AsyncClient, **more: str) -> httpx.Response:
    form = {"title": "Travail", "hue": "210", "address": "webcal://agenda.example/prive/zibeline.ics", **more}
    return await browser.post(HERE, data=form)


async def test_an_address_is_followed_renamed_read_again_and_removed(world: World, elsewhere: Elsewhere) -> None:
    """All by plain forms; of the address, the page shows where it is and never the secret it holds."""
    async with world.browser(world.awa) as browser:
        assert (await add(browser)).status_code == 303
        page = (await browser.get(HERE)).text
        async with world.reading() as db:
            (source,) = (await db.exec(select(OutsideSource))).all()
            tasks = (await db.exec(select(Task.kind))).all()
        mine = f"{HERE}/{source.id}"
        assert source.address == "https://agenda.example/prive/zibeline.ics"
        assert service.FETCH in tasks
        assert "agenda.example" in page
        assert "lecture en cours" in page
        assert "zibeline" not in page + (await browser.get(mine)).text

        assert (await browser.post(f"{mine}/lecture")).status_code == 403
        assert (await browser.post(mine, data={"title": " ", "hue": "210"})).status_code == 422
        assert (await browser.post(mine, data={"title": "Mairie", "hue": "160"})).status_code == 303
        async with world.house.database.writing() as db:
            await db.execute(update(OutsideSource).values(is_awaited=False))
        assert (await browser.post(f"{mine}/lecture")).status_code == 303
        assert "Mairie" in (await browser.get(HERE)).text
        assert (await browser.post(f"{mine}/retrait")).status_code == 303
        assert (await browser.get(mine)).status_code == 404
        assert "Mairie" not in (await browser.get(HERE)).text.replace("«\u00a0Mairie\u00a0»", "")
    async with world.reading() as db:
        told = str([(each.act, each.detail) for each in (await db.exec(select(AuditEntry))).all()])
    assert "agenda.followed" in told
    assert "zibeline" not in told


async def test_a_file_is_read_once_and_kept(world: World) -> None:
    """It bears its own name when no other is given; what could not be used is told with its reasons."""
    content = calendar(held("1", 1), event("UID:faux", "DTSTART:20261122T100000Z", "RRULE:FREQ=SECONDLY"))
    async with world.browser(world.awa) as browser:
        answer_ = await browser.post(f"{HERE}/fichier", data={"hue": "160"}, files={"file": ("Chasse.ics", content)})
        assert answer_.status_code == 303
        page = (await browser.get(HERE)).text
        async with world.reading() as db:
            (source,) = (await db.exec(select(OutsideSource))).all()
        detail = (await browser.get(f"{HERE}/{source.id}")).text
        assert (await browser.post(f"{HERE}/{source.id}/lecture")).status_code == 403

    assert (source.title, source.address, source.due_at) == ("Chasse", "", None)
    assert "1\u00a0événement lu, 1\u00a0laissé de côté" in page
    assert "Répétition plus d’une fois par jour" in detail
    assert await titles(world, world.awa) == [SECRET]


@pytest.mark.parametrize(
    ("files", "words"),
    [
        ({}, "Choisissez un fichier .ics."),
        ({"file": ("page.ics", b"<html></html>")}, "C’est une page web"),
        ({"file": ("vide.ics", b"")}, "Le fichier est vide."),
        ({"file": ("gros.ics", b"x" * 5_000_001)}, "Ce fichier dépasse 5\u00a0Mo."),
    ],
    ids=["none", "page", "empty", "heavy"],
)
async def test_a_wrong_file_is_refused_with_its_reason(world: World, files: Any, words: str) -> None:
    """And the name that was typed is still there."""
    async with world.browser(world.awa) as browser:
        data = {"title": "Ma chasse", "hue": "160"}
        sent = files or {"other": ("", b"")}
        answer_ = await browser.post(f"{HERE}/fichier", data=data, files=sent)
    assert answer_.status_code == 422
    assert words in answer_.text
    assert "Ma chasse" in answer_.text


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("address", "http://127.0.0.1/a.ics", "réseau privé"),
        ("address", "http://[::ffff:10.0.0.1]/a.ics", "réseau privé"),
        ("address", "file:///etc/passwd", "Collez l’adresse entière"),
        ("title", " ", "Donnez un nom"),
        ("title", "x" * 81, "80 caractères au plus"),
        ("hue", "7", "Choisissez une couleur"),
    ],
)
async def test_a_wrong_form_comes_back_as_typed(world: World, field: str, value: str, words: str) -> None:
    """With the sentence beside the field."""
    async with world.browser(world.awa) as browser:
        answer_ = await add(browser, **{field: value})
    assert answer_.status_code == 422
    assert words in answer_.text
    assert ("Travail" if field != "title" else value) in answer_.text


async def test_ten_agendas_are_enough_and_the_same_one_is_one(world: World) -> None:
    """The eleventh is refused with the figure; the list asks the same questions for one and for ten."""
    counts = []
    async with world.browser(world.awa) as browser:
        await add(browser)
        assert "Vous suivez déjà cet agenda." in (await add(browser)).text
        with world.counting() as seen:
            await browser.get(HERE)
        counts.append(len(seen))
        async with world.house.database.writing() as db:
            db.add_all(OutsideSource(person_id=world.awa.id, title=f"Agenda {n}") for n in range(9))
        full = await add(browser, address="https://agenda.example/autre.ics")
        await browser.get(HERE)
        with world.counting() as seen:
            await browser.get(HERE)
        counts.append(len(seen))
    assert full.status_code == 422
    assert "Vous suivez déjà 10 agendas" in full.text
    assert counts[0] == counts[1]


async def test_the_page_of_its_owner_learns_that_it_was_read(world: World, elsewhere: Elsewhere) -> None:
    """An entry on her own stream, and the line as it is now; an hourly reading that changes nothing says nothing."""
    elsewhere.answers["/a.ics"] = answer(calendar(held("1", 1)))
    id_ = await follow(world, elsewhere, world.awa)
    await fetched(world, elsewhere, id_)
    await fetched(world, elsewhere, id_)
    async with world.reading() as db:
        entries = await since(db, str(stream_of_person(world.awa.id)), 0, 50)
        (told,) = [entry for entry in entries if entry.verb == service.Verb.AGENDA_REFRESHED]
        fragment = await feed.refreshed(db, told)
    assert fragment
    assert (fragment.to, fragment.put) == (f"source-{id_}", "replace")
