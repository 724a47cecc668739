"""The town of a chaos run: the demonstration, and a crowd that talks, borrows, evaluates and meets."""

import secrets
from dataclasses import dataclass, field
from datetime import date, timedelta
from uuid import UUID

import asyncpg
from sqlalchemy import insert
from sqlmodel import SQLModel, col, select

from booking.fleet.models import Depot, Kind, ResourceType, Unit
from entente import schema
from entente.agendas.models import Subscription
from entente.app import furnish
from entente.clock import now
from entente.demo.seeds import seed
from entente.house import House
from entente.people.models import (
    Body,
    BodyKind,
    Function,
    FunctionKind,
    Organisation,
    OrganisationKind,
    Person,
    PersonStatus,
    Seat,
    Session,
)
from entente.people.queries import hash_of, who_is
from entente.people.who import Who
from entente.web.words import PARIS
from forums import service as forums
from forums.atom.models import AtomAddress
from forums.models import Forum, NewThread
from pistes.criteria.models import CriteriaSet
from pistes.rounds import service as rounds
from pistes.rounds.models import NewRound, Voice, VoiceOf
from pistes.rounds.parts import open_pistes
from pistes.tree import queries as trees
from planning import service as planning
from planning.plans import Plan

LONG_AGO = date(2016, 1, 1)
THREADS, MEETINGS, PISTES, VOTERS = 4, 3, 6, 60
UNITS = 2
"""Of the type that everybody wants."""
SLOTS = [(day, hour) for day in (10, 11, 12) for hour in (8, 10, 14, 16)]
"""Days from today and hours of the morning or the afternoon, of two hours each."""
WANTED, CHAIRS = "nacelle-de-la-tempete", "chaises-de-la-tempete"
STOCK = 40
"""Of chairs."""

_LEDGER = """
CREATE TABLE chaos_mail (
    id text PRIMARY KEY, recipient text NOT NULL, subject text NOT NULL, at timestamptz DEFAULT clock_timestamp()
);
CREATE FUNCTION chaos_note() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    INSERT INTO chaos_mail (id, recipient, subject)
    VALUES (NEW.payload->>'id', NEW.payload->>'to', NEW.payload->>'subject') ON CONFLICT DO NOTHING;
    RETURN NEW;
END $$;
CREATE TRIGGER chaos_note AFTER INSERT ON task FOR EACH ROW WHEN (NEW.kind = 'mail') EXECUTE FUNCTION chaos_note();
"""
"""Every mail that a commit left to be sent, written down by the database itself: a sent task forgets its mail."""


@dataclass
class Neighbour:
    """Someone of the crowd, and the secrets of their device and of their calendars."""

    number: int
    id: UUID
    email: str
    cookie: str
    ical: str
    atom: str
    seat: UUID
    voice: UUID | None = None


@dataclass
class Town:
    """What the crowd needs to know of the house."""

    payer: UUID
    """The commune for which everybody acts."""
    body: UUID | None = None
    forum: str = "technique"
    people: list[Neighbour] = field(default_factory=list)
    threads: list[UUID] = field(default_factory=list)
    meetings: list[UUID] = field(default_factory=list)
    round: UUID | None = None
    cells: list[tuple[str, list[int]]] = field(default_factory=list)
    """« piste.criterion » and the levels that may be given."""


async def settle(house: House, postgres_url: str, count: int) -> Town:
    """Shape the database, fill it with the demonstration, and bring the crowd in."""
    await schema.upgrade(house.database)
    furnish(house)
    await seed(house)
    server = await asyncpg.connect(postgres_url)
    await server.execute(_LEDGER)
    await server.close()
    town = await _people(house, count)
    keeper = await _keeper(house)
    await _talk(house, town)
    await _lend(house, town)
    await _meet(house, town, keeper)
    await _evaluate(house, town, keeper)
    return town


async def _plant(house: House, rows: list[SQLModel]) -> None:
    async with house.database.writing() as db:
        await db.execute(insert(type(rows[0])), [row.model_dump() for row in rows])


async def _people(house: House, count: int) -> Town:
    """They all act for one commune and sit in one body; some of them sit in the technical committee too."""
    commune = Organisation(kind=OrganisationKind.COMMUNE, name="Chaos-la-Tempête", short_name="Chaos", hue=200)
    body = Body(kind=BodyKind.GROUPE_DE_TRAVAIL, name="Groupe de la tempête", hue=10)
    people = [
        Person(email=f"p{number}@chaos.example", given_name="Awa", family_name=f"Diallo {number}", status=_ACTIVE)
        for number in range(count)
    ]
    seats = [_seat(body.id, commune.id, each.id) for each in people]
    town = Town(commune.id)
    town.people = [
        Neighbour(number, person.id, person.email, _secret(), _secret(), _secret(), seat.id)
        for number, (person, seat) in enumerate(zip(people, seats, strict=True))
    ]
    until = now() + timedelta(days=1)
    kind = FunctionKind.AGENT
    functions = [Function(person_id=each.id, organisation_id=commune.id, kind=kind, since=LONG_AGO) for each in people]
    sessions = [
        Session(hash=hash_of(each.cookie), person_id=each.id, device="Mesure", expires_at=until) for each in town.people
    ]
    calendars = [
        Subscription(
            hash=hash_of(each.ical),
            person_id=each.id,
            kind="planning/mine" if each.number % 2 else "booking/mine",
            label="Mesure",
        )
        for each in town.people
    ]
    feeds = [AtomAddress(hash=hash_of(each.atom), person_id=each.id) for each in town.people]
    for rows in ([commune], [body], people, functions, seats, sessions, calendars, feeds):
        await _plant(house, list(rows))
    async with house.database.reading() as db:
        committee = (await db.exec(select(Body.id).where(col(Body.kind) == BodyKind.COTECH))).first()
    assert committee
    await _plant(house, [_seat(committee, commune.id, each.id) for each in people[:VOTERS]])
    town.body = body.id
    return town


_ACTIVE = PersonStatus.ACTIVE


def _secret() -> str:
    return secrets.token_urlsafe(32)


def _seat(body: UUID, organisation: UUID, holder: UUID) -> Seat:
    return Seat(body_id=body, organisation_id=organisation, holder_id=holder, since=LONG_AGO)


async def _keeper(house: House) -> Who:
    """An administrator of the demonstration."""
    query = select(Function.person_id).where(col(Function.kind) == FunctionKind.ADMINISTRATEUR)
    async with house.database.reading() as db:
        who = await who_is(db, (await db.exec(query.limit(1))).one())
    assert who
    return who


async def _talk(house: House, town: Town) -> None:
    async with house.database.reading() as db:
        who = await who_is(db, town.people[0].id)
        forum = (await db.exec(select(Forum).where(col(Forum.slug) == town.forum))).one()
    assert who
    for number in range(THREADS):
        async with house.working(who) as work:
            new = NewThread(title=f"Pendant la tempête {number}", body="Tenons-nous au courant ici.")
            town.threads.append((await forums.open_thread(work, forum, False, new)).id)


async def _lend(house: House, town: Town) -> None:
    depot = Depot(organisation_id=town.payer, name="Hangar de la tempête", is_open_on_holidays=True)
    wanted = ResourceType(slug=WANTED, name="Nacelle de la tempête", kind=Kind.EXCLUSIVE)
    chairs = ResourceType(slug=CHAIRS, name="Chaises de la tempête", kind=Kind.STOCK, one="chaise", many="chaises")
    units = [
        *(_unit(wanted, depot, town.payer, f"CHAOS-N{number}", 1) for number in range(UNITS)),
        _unit(chairs, depot, town.payer, "CHAOS-C", STOCK),
    ]
    for rows in ([depot], [wanted, chairs], units):
        await _plant(house, list(rows))


def _unit(type_: ResourceType, depot: Depot, owner: UUID, code: str, capacity: int) -> Unit:
    return Unit(
        type_id=type_.id, kind=type_.kind, owner_id=owner, depot_id=depot.id, name=code, code=code, capacity=capacity
    )


async def _meet(house: House, town: Town, keeper: Who) -> None:
    noon = now().astimezone(PARIS).replace(hour=14, minute=0, second=0, microsecond=0)
    for number in range(MEETINGS):
        starts = noon + timedelta(days=30 + number)
        assert town.body
        plan = Plan(town.body, f"Réunion de la tempête {number}", starts, starts + timedelta(hours=2), key=f"c{number}")
        async with house.working(keeper) as work:
            town.meetings.append((await planning.plan(work, plan)).id)


async def _evaluate(house: House, town: Town, keeper: Who) -> None:
    """A round in which each of the technical committee has a voice, on a few pistes."""
    async with house.database.reading() as db:
        chosen = (await db.exec(select(CriteriaSet).where(col(CriteriaSet.family) == "rapport_2016"))).one()
        pistes = [each.id for each in open_pistes(await trees.tree(db))][:PISTES]
    new = NewRound(title="Tour de la tempête", criteria=chosen.id, voice_of=VoiceOf.PERSON, piste=pistes)
    async with house.working(keeper) as work:
        town.round = (await rounds.open_round(work, new)).id
    async with house.database.reading() as db:
        voices = (await db.exec(select(Voice).where(col(Voice.round_id) == town.round))).all()
    held = {each.person_id: each.id for each in voices}
    for each in town.people:
        each.voice = held.get(each.id)
    town.cells = [
        (f"{piste}.{criterion.key}", [level.value for level in criterion.levels])
        for piste in pistes
        for criterion in chosen.criteria.criteria
    ]
