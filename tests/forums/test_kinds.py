"""What threads are for: questions with an accepted answer, announcements to acknowledge, and lists that tell."""

import asyncio
import csv
import io
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

import pytest
from sqlalchemy import func, update
from sqlmodel import col, select

from entente import outbox
from entente.app import worker_of
from entente.clock import now
from entente.journal import Entry
from entente.notices.models import Notice
from entente.people.models import AuditEntry, Function, FunctionKind, Person, PersonStatus
from entente.people.who import Who
from entente.rules import Conflict, Refused
from forums import queries
from forums import service as talking
from forums.kinds import filters, opening, rules, service
from forums.kinds import queries as kinds
from forums.kinds.models import AcceptedAnswer
from forums.models import Forum, Kind, NewThread, Post, Thread
from forums.moderation import service as moderation
from forums.moderation.models import NewHiding
from world import LONG_AGO, World


async def ask(world: World, who: Who | None = None) -> tuple[Thread, Post, Post]:
    """Awa asks; Bruno and Denise answer."""
    who = who or world.awa
    new = NewThread(title="Quel sel ?", body="Gemme ou marin ?", kind=Kind.QUESTION)
    async with world.working(who) as work:
        thread = await opening.open_thread(work, world.technique, False, new, None)
    return thread, await world.post(world.bruno, thread, "Gemme."), await world.post(world.denise, thread, "Marin.")


async def accept(world: World, who: Who, said: Post, undo: bool = False) -> None:
    """Someone says that an answer settles the question, or no longer."""
    async with world.working(who) as work:
        mine, place = await queries.post_for(work.db, who, said.id)
        await (service.unaccept if undo else service.accept)(work, place, mine)


async def announce(
    world: World, is_mandatory: bool = True, due_at: datetime | None = None, forum: Forum | None = None
) -> Thread:
    """Camille, who moderates, announces."""
    new = NewThread(title="Nouveau règlement", body="À lire avant lundi.", kind=Kind.ANNOUNCEMENT)
    async with world.working(world.camille) as work:
        asked = opening.Asked(is_mandatory, due_at)
        return await opening.open_thread(work, forum or world.technique, True, new, asked)


async def note(world: World, who: Who, thread: Thread) -> None:
    """Someone takes note of an announcement."""
    async with world.working(who) as work:
        await service.acknowledge(work, await queries.thread_for(work.db, who, thread.id))


async def everything_done(world: World) -> None:
    """The worker does all that is due."""
    while await worker_of(world.house).work_once():
        pass


async def told(world: World) -> dict[UUID, list[str]]:
    """Who was told, and why."""
    async with world.reading() as db:
        found: dict[UUID, list[str]] = {}
        for each in await db.exec(select(Notice).order_by(col(Notice.at))):
            found.setdefault(each.person_id, []).append(each.reason)
    return found


@pytest.mark.parametrize(
    ("who", "moderates", "in_body", "kinds_"),
    [
        ("bruno", False, False, {Kind.DISCUSSION, Kind.QUESTION, Kind.PURCHASE}),
        ("camille", True, False, set(Kind)),
        ("awa", False, True, {Kind.DISCUSSION, Kind.QUESTION, Kind.PURCHASE}),
        ("secretary", False, True, set(Kind)),
        ("seated", False, True, {Kind.DISCUSSION, Kind.QUESTION}),
        ("gone", False, False, set()),
    ],
)
async def test_who_may_open_what(world: World, who: str, moderates: bool, in_body: bool, kinds_: set[Kind]) -> None:
    """Moderators and the secretary of the body announce; whoever acts for an organisation proposes to buy."""
    people = {
        "secretary": replace(world.awa, secretary_of=frozenset({world.copil.id})),
        "seated": replace(world.awa, functions=frozenset()),
    }
    asked = people.get(who) or world.people[who]
    forum = world.closed if in_body else world.technique
    assert {kind for kind in Kind if rules.may_open(kind, asked, forum, moderates)} == kinds_


@pytest.mark.parametrize(
    ("who", "kind", "allowed"),
    [
        ("awa", Kind.QUESTION, True),
        ("camille", Kind.QUESTION, True),
        ("bruno", Kind.QUESTION, False),
        ("awa", Kind.DISCUSSION, False),
    ],
)
def test_who_may_accept_an_answer(who: str, kind: Kind, allowed: bool) -> None:
    """The asker and a moderator, of a question."""
    people = {name: Who(UUID(int=number), name) for number, name in enumerate(("awa", "bruno", "camille"), start=1)}
    thread = Thread(
        forum_id=UUID(int=9), author_id=people["awa"].id, title="?", kind=kind, last_author_id=people["awa"].id
    )
    assert rules.may_accept(people[who], thread, moderates=who == "camille") is allowed


async def test_an_answer_is_accepted_and_its_author_told(world: World) -> None:
    """Awa accepts Bruno's answer: the thread is settled, the list says so, and Bruno is told why."""
    thread, gemme, _ = await ask(world)
    await everything_done(world)
    await accept(world, world.awa, gemme)

    async with world.reading() as db:
        settled = await kinds.settled_by(db, thread.id)
        row = await queries.thread_row(db, thread.id)
        shown = await queries.shown_post(db, gemme.id)
    assert settled is not None
    assert (settled.post_id, settled.author.name) == (gemme.id, "Bruno Chassagne")
    assert row is not None
    assert (row.kind, row.is_resolved) == (Kind.QUESTION, True)
    assert shown is not None
    assert shown.is_accepted
    assert shown.look == gemme.look + 1
    assert "Votre réponse a été retenue." in (await told(world))[world.bruno.id]


async def test_another_answer_takes_the_place_of_the_first(world: World) -> None:
    """One at a time, for the thread is the key; both posts look different, and undoing leaves none."""
    thread, gemme, marin = await ask(world)
    await accept(world, world.awa, gemme)
    await accept(world, world.camille, marin)

    async with world.reading() as db:
        assert (await db.execute(select(func.count()).select_from(AcceptedAnswer))).scalar_one() == 1
        shown = await queries.shown_posts(db, [gemme.id, marin.id])
    assert [(post.is_accepted, post.look) for post in shown] == [(False, 3), (True, 2)]

    await accept(world, world.awa, gemme, undo=True)  # not the one that is accepted: nothing happens
    await accept(world, world.awa, marin, undo=True)
    async with world.reading() as db:
        assert await kinds.settled_by(db, thread.id) is None


async def test_those_who_accept_at_once_leave_one_answer(world: World) -> None:
    """Awa and Camille choose at the same moments: one line stands, the others are done after it or told."""
    thread, gemme, marin = await ask(world)
    choices = [(world.awa, gemme), (world.camille, marin)] * 10
    done = await asyncio.gather(*(accept(world, who, said) for who, said in choices), return_exceptions=True)

    assert {type(each) for each in done} <= {type(None), Conflict}
    async with world.reading() as db:
        settled = await kinds.settled_by(db, thread.id)
        shown = await queries.shown_posts(db, [gemme.id, marin.id])
    assert settled is not None
    assert [post.id for post in shown if post.is_accepted] == [settled.post_id]


async def test_only_answers_that_stand_are_accepted(world: World) -> None:
    """Neither the question itself, nor in a discussion, nor by anyone else."""
    thread, gemme, _ = await ask(world)
    async with world.reading() as db:
        question = await queries.first_post(db, thread.id)
        discussion = await queries.first_post(db, world.snow.id)
    for who, said in ((world.awa, question), (world.awa, discussion), (world.bruno, gemme)):
        with pytest.raises(Refused):
            await accept(world, who, said)


@pytest.mark.parametrize("act", ["withdrawn", "hidden"])
async def test_an_accepted_answer_that_goes_settles_nothing(world: World, act: str) -> None:
    """Withdrawn by its author or hidden by a moderator, it loses its place."""
    thread, gemme, _ = await ask(world)
    await accept(world, world.awa, gemme)
    who = world.bruno if act == "withdrawn" else world.camille
    async with world.working(who) as work:
        said, place = await queries.post_for(work.db, who, gemme.id)
        if act == "withdrawn":
            await talking.delete_post(work, place, said)
        else:
            await moderation.hide_post(work, place, said, NewHiding(reason="Hors sujet"))

    async with world.reading() as db:
        assert await kinds.settled_by(db, thread.id) is None
        entries = (
            await db.exec(select(Entry.verb).where(col(Entry.stream) == str(queries.stream_of(thread.id))))
        ).all()
    assert {service.Verb.POST_UNACCEPTED, service.Verb.QUESTION_REOPENED} <= set(entries)


@pytest.mark.parametrize("htmx", [False, True], ids=["plain", "htmx"])
async def test_accepting_has_its_door(world: World, htmx: bool) -> None:
    """The plain form leads to the post; htmx receives both posts and the head of the thread."""
    thread, gemme, marin = await ask(world)
    async with world.browser(world.awa, htmx=htmx) as browser:
        first = await browser.post(f"/forums/messages/{gemme.id}/acceptation")
        second = await browser.post(f"/forums/messages/{marin.id}/acceptation")
        page = (await browser.get(f"/forums/fils/{thread.id}")).text
        undone = await browser.post(f"/forums/messages/{marin.id}/acceptation/levee")
        list_ = (await browser.get("/forums/technique")).text
    if htmx:
        assert first.text.count("data-put") == 2
        assert second.text.count("data-put") == 3
        assert 'data-to="resolution"' in undone.text
    else:
        assert (first.status_code, undone.status_code) == (303, 303)
        assert first.headers["location"].endswith(f"#post-{gemme.id}")
    assert "lire la réponse retenue" in page
    assert page.count("Réponse retenue</p>") == 1
    assert "Résolu" not in list_
    async with world.browser(world.bruno, htmx=htmx) as browser:
        assert (await browser.post(f"/forums/messages/{gemme.id}/acceptation")).status_code == 403


@pytest.mark.parametrize(
    ("query", "titles"),
    [
        ("", {"Quel sel ?", "Et la lame ?", "Lame de déneigement", "Nouveau règlement"}),
        ("?type=question", {"Quel sel ?", "Et la lame ?"}),
        ("?type=question&etat=resolu", {"Quel sel ?"}),
        ("?etat=non-resolu", {"Et la lame ?"}),
        ("?type=annonce", {"Nouveau règlement"}),
        ("?type=discussion", {"Lame de déneigement"}),
        ("?type=achat", set()),
        ("?type=n-importe-quoi", {"Quel sel ?", "Et la lame ?", "Lame de déneigement", "Nouveau règlement"}),
    ],
)
async def test_a_list_is_narrowed_by_its_address(world: World, query: str, titles: set[str]) -> None:
    """By kind, settled or not; words that mean nothing ask for everything."""
    _, gemme, _ = await ask(world)
    await accept(world, world.awa, gemme)
    await announce(world)
    async with world.working(world.denise) as work:
        new = NewThread(title="Et la lame ?", body="3 m ?", kind=Kind.QUESTION)
        await opening.open_thread(work, world.technique, False, new, None)

    async with world.browser(world.denise) as browser:
        page = (await browser.get(f"/forums/technique{query}")).text
    everything = {"Quel sel ?", "Et la lame ?", "Lame de déneigement", "Nouveau règlement"}
    assert {title for title in everything if f">{title}</a>" in page} == titles


def test_a_filter_keeps_what_else_the_address_asks() -> None:
    """The tag stays, the page of the list does not; the rows to show are told by the same words."""
    asked = {"type": "question", "etat": "resolu", "etiquette": "hiver", "avant": "1_2"}
    found = {words: (address, is_current) for words, address, is_current in filters.choices("/forums/x", asked)}
    assert found["Tous"] == ("/forums/x?etiquette=hiver", False)
    assert found["Questions résolues"] == ("/forums/x?etiquette=hiver&type=question&etat=resolu", True)
    assert filters.sought(asked).css == '[data-kind~="question"][data-kind~="resolved"]'
    assert filters.sought({"etat": "non-resolu"}).css == '[data-kind~="question"]:not([data-kind~="resolved"])'


async def test_taking_note_counts_once(world: World) -> None:
    """Bruno takes note twice: one line, one entry; the counter says one, and nobody's name."""
    thread = await announce(world)
    await note(world, world.bruno, thread)
    await note(world, world.bruno, thread)

    async with world.reading() as db:
        found = await kinds.announcement(db, thread.id)
        said = select(func.count()).where(col(Entry.verb) == service.Verb.ANNOUNCEMENT_ACKNOWLEDGED)
        assert (await db.execute(said)).scalar_one() == 1
    assert found is not None
    assert found.noted == 1


async def test_who_has_and_who_has_not_by_commune(world: World) -> None:
    """Bruno takes note for Brioude; Aubrac is missing; Camille, who announced, is not counted."""
    thread = await announce(world)
    await note(world, world.bruno, thread)
    async with world.reading() as db:
        towns = await kinds.towns_of(db, world.technique, thread)
    assert [(town.name, [r.name for r in town.present], [r.name for r in town.missing]) for town in towns] == [
        ("Aubrac", [], ["Awa Diallo", "Inès Vidal"]),
        ("Brioude", ["Bruno Chassagne"], ["Denise Astruc"]),
    ]


async def test_whoever_acts_for_two_communes_stands_under_both(world: World) -> None:
    """Bruno works in both: both have taken note once he has."""
    async with world.house.database.writing() as db:
        both = Function(
            person_id=world.bruno.id, organisation_id=world.aubrac.id, kind=FunctionKind.AGENT, since=LONG_AGO
        )
        db.add(both)
    thread = await announce(world)
    await note(world, world.bruno, thread)
    async with world.reading() as db:
        towns = await kinds.towns_of(db, world.technique, thread)
    assert [[reader.name for reader in town.present] for town in towns] == [["Bruno Chassagne"]] * 2


async def test_the_page_of_acknowledgements_is_for_its_author_and_moderators(world: World) -> None:
    """Camille sees who is missing, commune by commune, and takes it as CSV; Bruno does not; a discussion has none."""
    thread = await announce(world)
    await note(world, world.bruno, thread)
    here = f"/forums/fils/{thread.id}/connaissance"
    async with world.browser(world.bruno) as browser:
        assert (await browser.get(here)).status_code == 403
        assert (await browser.get(f"{here}.csv")).status_code == 403
    async with world.browser(world.camille) as browser:
        page = (await browser.get(here)).text
        town = (await browser.get(f"{here}?commune={world.brioude.id}")).text
        text = (await browser.get(f"{here}.csv")).content.decode("utf-8-sig")
        assert (await browser.get(f"{here}?commune={UUID(int=1)}")).status_code == 404
        assert (await browser.get(f"/forums/fils/{world.snow.id}/connaissance")).status_code == 404
    assert "1 sur 4\u00a0personnes" in page
    assert "Communes qui manquent" in page
    assert "Awa Diallo, Inès Vidal" in page
    assert "Manque" in town
    assert "Awa" not in town
    assert [line[:4] for line in csv.reader(io.StringIO(text), delimiter=";")] == [
        ["organisation", "personne", "fonction", "pris connaissance"],
        ["Aubrac", "Awa Diallo", "Acheteur", "non"],
        ["Aubrac", "Inès Vidal", "Administrateur", "non"],
        ["Brioude", "Denise Astruc", "Maire", "non"],
        ["Brioude", "Bruno Chassagne", "Technicien", "oui"],
    ]
    async with world.reading() as db:
        exported = (await db.exec(select(AuditEntry).where(col(AuditEntry.act) == "acknowledgements.exported"))).one()
    assert (exported.person_id, exported.detail) == (world.camille.id, {"lines": 4})


@pytest.mark.parametrize("htmx", [False, True], ids=["plain", "htmx"])
async def test_taking_note_has_its_door(world: World, htmx: bool) -> None:
    """The button goes, the counter moves, and Bruno finds what is recorded about him."""
    thread = await announce(world)
    async with world.browser(world.bruno, htmx=htmx) as browser:
        assert "J’ai pris connaissance" in (await browser.get(f"/forums/fils/{thread.id}")).text
        assert "Nouveau règlement" not in (await browser.get("/forums/moi/connaissances")).text
        noted = await browser.post(f"/forums/fils/{thread.id}/connaissance")
        page = (await browser.get(f"/forums/fils/{thread.id}")).text
        recorded = (await browser.get("/forums/moi/connaissances")).text
        assert (await browser.post(f"/forums/fils/{world.snow.id}/connaissance")).status_code == 403
    assert noted.status_code == (200 if htmx else 303)
    assert ('data-to="announcement"' in noted.text) is htmx
    assert "J’ai pris connaissance" not in page
    assert "Vous en avez pris connaissance le" in page
    assert "Nouveau règlement" in recorded


@pytest.mark.parametrize("is_mandatory", [True, False])
async def test_what_is_mandatory_awaits_in_today_until_it_is_noted(world: World, is_mandatory: bool) -> None:
    """Bruno meets it on his first page, and no longer once he has taken note; Camille, who announced, never does."""
    thread = await announce(world, is_mandatory)

    async def awaits(who: Who) -> bool:
        async with world.browser(who) as browser:
            return "À lire et à confirmer" in (await browser.get("/")).text

    assert [await awaits(who) for who in (world.bruno, world.camille)] == [is_mandatory, False]
    await note(world, world.bruno, thread)
    assert not await awaits(world.bruno)


async def test_every_reader_is_told_of_an_announcement_and_the_missing_are_reminded(world: World) -> None:
    """All but its author at once; the day before its date, those who have not taken note."""
    thread = await announce(world, due_at=now() + timedelta(days=7))
    await everything_done(world)
    readers = {world.awa.id, world.bruno.id, world.denise.id, world.ines.id}
    assert set(await told(world)) == readers

    await note(world, world.bruno, thread)
    async with world.house.database.writing() as db:
        reminder = update(outbox.Task).where(col(outbox.Task.kind) == service.REMIND)
        found = (
            await db.execute(select(outbox.Task.due_at).where(col(outbox.Task.kind) == service.REMIND))
        ).scalar_one()
        await db.execute(reminder.values(due_at=now()))
    assert timedelta(days=5) < found - now() < timedelta(days=6)
    await everything_done(world)
    reminded = {person for person, reasons in (await told(world)).items() if service.REMINDED in reasons}
    assert reminded == readers - {world.bruno.id}


async def test_a_crowd_is_told_in_handfuls(world: World) -> None:
    """Five hundred readers: the announcement is posted at once, and told by tasks of a bounded size."""
    people = [
        Person(email=f"p{number}@x.example", given_name="P", family_name=str(number), status=PersonStatus.ACTIVE)
        for number in range(500)
    ]
    async with world.house.database.writing() as db:
        db.add_all(people)
        await db.flush()
        db.add_all(
            Function(person_id=each.id, organisation_id=world.aubrac.id, kind=FunctionKind.AGENT, since=LONG_AGO)
            for each in people
        )
    await announce(world)
    assert await told(world) == {}
    await everything_done(world)
    assert len(await told(world)) == 504


async def test_a_date_that_is_past_asks_nobody(world: World) -> None:
    """The form comes back with a sentence beside the date, and what was typed."""
    form = {"title": "Règlement", "body": "À lire.", "kind": "announcement", "mandatory": "1"}
    async with world.browser(world.camille) as browser:
        refused = await browser.post("/forums/technique", data={**form, "due_day": "2020-01-01", "due_hour": "10:00"})
        assert refused.status_code == 422
        assert "Ce moment est passé" in refused.text
        assert 'value="2020-01-01"' in refused.text
        half = await browser.post("/forums/technique", data={**form, "due_hour": "10:00"})
        assert "Choisissez un jour." in half.text
        later = (now() + timedelta(days=7)).date().isoformat()
        opened = await browser.post("/forums/technique", data={**form, "due_day": later, "due_hour": "10:00"})
        assert opened.status_code == 303
        assert "prise de connaissance obligatoire" in (await browser.get(opened.headers["location"])).text
    async with world.browser(world.bruno) as browser:
        assert 'value="announcement"' not in (await browser.get("/forums/technique/nouveau")).text
        assert (await browser.post("/forums/technique", data=form)).status_code == 403
        assert (await browser.post("/forums/technique", data={**form, "kind": "sondage"})).status_code == 422
