"""What an administrator watches: why someone sees something, what was done, what waits."""

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlmodel import select
from sqlmodel.ext.asyncio.session import AsyncSession

from entente import clock
from entente.app import create_app
from entente.clock import now
from entente.ids import Ref
from entente.outbox import Task
from entente.people.models import AuditEntry
from entente.people.who import Who
from entente.room import Card, Holding, Room
from entente.rules import NotFound
from world import World

RIGHTS = "/administration/droits"
AUDIT = "/administration/audit"
TASKS = "/administration/courrier"


def holding_of(world: World, openness: str) -> Holding:
    """A thing of a small room, open to all members, to the CoPil, to guests, or to the people of Aubrac."""

    async def reasons(_db: AsyncSession, who: Who, _id: UUID) -> Sequence[str]:
        holds = {
            "members": who.is_member,
            "copil": world.copil.id in who.bodies,
            "guests": world.guests.id in who.groups,
            "aubrac": world.aubrac.id in who.organisations,
            "nobody": False,
        }[openness]
        return [f"C’est ouvert à {openness}."] if holds else []

    async def card(db: AsyncSession, who: Who, id_: UUID) -> Card:
        if not await reasons(db, who, id_):
            raise NotFound
        return Card("Le plan de déneigement", "/essai/plan")

    async def all_(_db: AsyncSession) -> Sequence[tuple[UUID, str]]:
        return [(world.snow.id, "Le plan de déneigement")]

    return Holding("essai/plan", "Plan", card, reasons, all_)


def asked(world: World, openness: str) -> None:
    """Let the house hold one such thing."""
    from entente.administration.room import room

    world.app = create_app(world.house, [room, Room("essai", holdings=[holding_of(world, openness)])])


def question(world: World, who: Who) -> str:
    return f"{RIGHTS}?personne={who.id}&chose={Ref('essai/plan', world.snow.id)}"


@pytest.mark.parametrize(
    ("openness", "who", "told"),
    [
        ("members", "awa", ["Awa Diallo le voit", "C’est ouvert à members."]),
        ("members", "gone", ["Elle ne le voit pas", "Une fonction ou un siège en cours"]),
        ("copil", "awa", ["Awa Diallo le voit", "C’est ouvert à copil."]),
        ("copil", "bruno", ["Elle ne le voit pas", "Un siège dans «\u202fComité de pilotage\u202f»."]),
        ("guests", "awa", ["Elle ne le voit pas", "Entrer dans le groupe «\u202fInvités\u202f»."]),
        ("aubrac", "bruno", ["Elle ne le voit pas", "Une fonction à Aubrac."]),
        ("nobody", "awa", ["Elle ne le voit pas", "Aucun siège, groupe ni fonction ne le lui ouvrirait"]),
    ],
)
async def test_the_rules_themselves_say_why(world: World, openness: str, who: str, told: list[str]) -> None:
    """Each ground is told; without any, what would open it, asked of the same rule."""
    asked(world, openness)
    async with world.browser(world.ines) as browser:
        answer = await browser.get(question(world, world.people[who]))

    assert {sentence: sentence in answer.text for sentence in told} == dict.fromkeys(told, True)
    assert "secrétariat" not in answer.text


async def test_a_suspended_account_sees_nothing(world: World) -> None:
    """Whatever Awa's functions, her account is what closes the door."""
    asked(world, "members")
    async with world.house.database.writing() as db:
        await db.execute(text("UPDATE person SET status = 'suspended' WHERE given_name = 'Awa'"))
    async with world.browser(world.ines) as browser:
        answer = await browser.get(question(world, world.awa))

    assert ("Elle ne le voit pas" in answer.text, "Rouvrir son compte" in answer.text) == (True, True)


async def test_the_person_and_the_thing_are_looked_for(world: World) -> None:
    """By name and by title; the question is noted in the audit once it is answered."""
    asked(world, "copil")
    async with world.browser(world.ines) as browser:
        people = await browser.get(f"{RIGHTS}?qui=chassagne")
        things = await browser.get(f"{RIGHTS}?quoi=PLAN")
        nothing = await browser.get(f"{RIGHTS}?quoi=zzz")
        missing = await browser.get(f"{RIGHTS}?chose=essai/plan/{world.awa.id}")
        await browser.get(question(world, world.bruno))

    assert ("Bruno Chassagne" in people.text, "Le plan de déneigement" in things.text) == (True, True)
    assert ("0\u00a0chose" in nothing.text, missing.status_code) == (True, 404)
    async with world.reading() as db:
        entries = (await db.exec(select(AuditEntry).where(AuditEntry.act == "rights.explained"))).all()
    assert [entry.subject for entry in entries] == [f"entente/person/{world.bruno.id}"]


async def test_what_the_forums_hold_is_explained(world: World) -> None:
    """The closed forum's thread: Awa sits in the CoPil, Bruno is told which seat he lacks."""
    holdings = [
        holding for room in world.app.state.rooms for holding in room.holdings if holding.kind == "forums/forum"
    ]
    if not holdings:
        pytest.skip("the forums answer for nothing yet")
    async with world.browser(world.ines) as browser:
        address = f"{RIGHTS}?chose={Ref('forums/forum', world.closed.id)}"
        awa = await browser.get(f"{address}&personne={world.awa.id}")
        bruno = await browser.get(f"{address}&personne={world.bruno.id}")

    assert ("Awa Diallo le voit" in awa.text, "Comité de pilotage" in bruno.text) == (True, True)


# What was done.


@pytest.mark.parametrize("act", ["UPDATE audit SET act = 'x'", "DELETE FROM audit"])
async def test_the_database_refuses_to_change_the_audit(world: World, act: str) -> None:
    """What was done stays as it was written, on both homes."""
    async with world.working(world.ines) as work:
        work.audit("body.added", "essai")

    with pytest.raises(DBAPIError, match="append-only"):
        async with world.house.database.writing() as db:
            await db.execute(text(act))

    async with world.reading() as db:
        assert [entry.act for entry in (await db.exec(select(AuditEntry))).all()] == ["body.added"]


async def acts(world: World) -> None:
    """Inès did two things today, Awa one yesterday, the house one."""
    async with world.working(world.ines) as work:
        work.audit("body.added", "entente/body/x", name="Réseau")
        work.audit("group.added", "entente/group/y")
    async with world.working(world.awa) as work:
        entry = AuditEntry(person_id=world.awa.id, act="thread.closed", subject="forums/thread/z")
        entry.at = now() - timedelta(days=1)
        work.db.add(entry)
    async with world.working(None) as work:
        work.audit("body.added", "=1+1", note="@x")


async def test_acts_are_found_by_person_act_subject_and_day(world: World) -> None:
    """Filters are addresses, and the count says how many they find."""
    await acts(world)
    yesterday, today = clock.today() - timedelta(days=1), clock.today()
    questions = {
        "": "4\u00a0actes",
        f"?personne={world.ines.id}": "2\u00a0actes",
        "?acte=body.added": "2\u00a0actes",
        "?sujet=forums/": "1\u00a0acte",
        "?sujet=%25": "0\u00a0acte",
        f"?au={yesterday}": "1\u00a0acte",
        f"?du={today}&acte=thread.closed": "0\u00a0acte",
    }
    async with world.browser(world.ines) as browser:
        pages = {question: (await browser.get(AUDIT + question)).text for question in questions}
        wrong = await browser.get(f"{AUDIT}?du=2026-02-30")

    assert {question: count in pages[question] for question, count in questions.items()} == dict.fromkeys(
        questions, True
    )
    assert (wrong.status_code, "n’existe pas" in wrong.text) == (422, True)


async def test_the_export_of_the_audit_is_itself_audited(world: World) -> None:
    """The file says first that it was taken; nothing in it runs in a spreadsheet."""
    await acts(world)
    async with world.browser(world.ines) as browser:
        answer = await browser.get(f"{AUDIT}.csv")

    lines = answer.text.splitlines()
    assert (len(lines), "audit.exported" in lines[1], "Inès Vidal" in lines[1]) == (6, True, True)
    assert any(";'=1+1;" in line for line in lines)


async def test_a_long_audit_goes_out_whole(world: World) -> None:
    """2,500 acts travel in three batches, each once, the newest first."""
    async with world.working(world.ines) as work:
        for number in range(2_500):
            work.audit("body.added", f"essai {number}")
    async with world.browser(world.ines) as browser:
        answer = await browser.get(f"{AUDIT}.csv?sujet=essai")

    subjects = [line.split(";")[3] for line in answer.text.splitlines()[1:]]
    assert subjects == [f"essai {number}" for number in reversed(range(2_500))]


# What waits.


async def tasks(world: World) -> dict[str, UUID]:
    """One task at each stage, the mail with a secret in it."""
    mail = {"to": "awa@aubrac.example", "subject": "Votre invitation", "body": "https://x/invitation/SECRET"}
    made = {
        "waiting": Task(kind="mail", payload=mail),
        "failed": Task(kind="mail", payload=mail, tries=2, error="SMTP refuse", due_at=now() + timedelta(hours=1)),
        "given_up": Task(kind="mail", payload=mail, tries=12, error="SMTP refuse", given_up_at=now()),
        "done": Task(kind="forums.notify", payload={}, done_at=now()),
    }
    async with world.house.database.writing() as db:
        db.add_all(made.values())
    return {stage: task.id for stage, task in made.items()}


async def test_tasks_are_seen_by_stage_without_their_secrets(world: World) -> None:
    """Each stage shows its task; what a mail says is nowhere, not even in the export."""
    await tasks(world)
    async with world.browser(world.ines) as browser:
        stages = ("en-attente", "en-echec", "abandonnees", "faites")
        pages = [(await browser.get(f"{TASKS}?etat={stage}")).text for stage in stages]
        files = [(await browser.get(f"{TASKS}.csv?etat={stage}")).text for stage in stages]

    assert all("1\u00a0tâche" in page for page in pages)
    assert ["SMTP refuse" in page for page in pages] == [False, True, True, False]
    assert ["awa@aubrac.example" in page for page in files] == [True, True, True, False]
    assert not any("SECRET" in page for page in pages + files)


async def test_what_failed_is_tried_again_at_once(world: World) -> None:
    """A task given up is due again, and the worker is stirred; one that is done is not done twice."""
    made = await tasks(world)
    stirred: list[bool] = []
    world.house.stir = lambda: stirred.append(True)
    async with world.browser(world.ines) as browser:
        answers = [await browser.post(f"{TASKS}/{made[stage]}/relance") for stage in ("given_up", "done", "waiting")]
        everything = await browser.post(f"{TASKS}/relance")

    assert [answer.status_code for answer in answers] == [303, 409, 409]
    assert everything.status_code == 303
    assert stirred == [True, True]
    async with world.reading() as db:
        found = {task.id: task for task in (await db.exec(select(Task))).all()}
    for stage in ("failed", "given_up"):
        task = found[made[stage]]
        assert (task.tries, task.given_up_at, task.due_at <= now()) == (0, None, True)
    assert found[made["done"]].done_at is not None
