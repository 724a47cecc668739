"""The waiting list: first come, first served, for as long as an offer holds."""

import re
from datetime import timedelta

import httpx
import pytest
from sqlalchemy import select, text, update
from sqlmodel import col

from booking import service
from booking.asks import Borrowing
from booking.models import Reservation, State
from booking.periods import Period
from booking.waiting import service as waiting
from booking_world import Fleet, at, between, day
from entente import mail
from entente.app import worker_of
from entente.clock import now
from entente.outbox import Task
from entente.people.who import Who
from entente.rules import Conflict, Invalid, Refused

SLOT = between(8, 12)
WHEN = {"day": f"{day(10)}", "start": "08:00", "last_day": f"{day(10)}", "end": "12:00"}


async def wait(fleet: Fleet, who: Who, what: str, period: Period = SLOT, quantity: int = 1) -> Reservation:
    """Someone waits, at the expense of their commune."""
    async with fleet.world.working(who) as work:
        borrowing = Borrowing(next(iter(who.organisations)), f"attente-{who.id}", "Sapin", "École Jean-Moulin")
        return await waiting.join(work, fleet.ask(what, period, quantity), borrowing)


async def do(fleet: Fleet, who: Who, made: Reservation, verb: object) -> None:
    async with fleet.world.working(who) as work:
        await verb(work, await work.db.get_one(Reservation, made.id))  # type: ignore[operator]


async def work_through(fleet: Fleet) -> None:
    """Everything that is due is done, mails left in their box."""
    worker = worker_of(fleet.world.house)
    worker.errands = {kind: run for kind, run in worker.errands.items() if kind != mail.MAIL}
    while await worker.work_once():
        pass


async def lapse(fleet: Fleet, made: Reservation) -> None:
    """The offer made to someone runs out."""
    async with fleet.world.house.database.writing() as db:
        past = now() - timedelta(seconds=1)
        await db.execute(update(Reservation).where(col(Reservation.id) == made.id).values(held_until=past))
        await db.execute(update(Task).where(col(Task.kind) == service.EXPIRE).values(due_at=past))
    await work_through(fleet)


async def states(fleet: Fleet, *made: Reservation) -> list[State]:
    return [(await fleet.again(each)).state for each in made]


def _says(answer: httpx.Response, status: int, *sentences: str) -> None:
    assert answer.status_code == status, answer.text[:500]
    page = answer.text.replace("&nbsp;", "\u00a0").replace("&#39;", "'")
    for sentence in sentences:
        assert sentence in page, f"{sentence!r} is not in the answer"


async def test_what_is_given_back_is_offered_to_the_first(fleet: Fleet) -> None:
    """Camille has it, Bruno waits, then Awa: Bruno is asked; nobody else can have it; he takes it."""
    world = fleet.world
    taken = await fleet.reserve(world.camille, "N12", SLOT)
    bruno, awa = await wait(fleet, world.bruno, "N12"), await wait(fleet, world.awa, "N12")
    await do(fleet, world.camille, taken, service.cancel)
    await work_through(fleet)
    assert await states(fleet, bruno, awa) == [State.OFFERED, State.WAITING]
    assert await fleet.holds(bruno) == ["N12"]
    with pytest.raises(Conflict):
        await fleet.reserve(world.denise, "N12", SLOT)
    with pytest.raises(Refused):
        await do(fleet, world.camille, bruno, waiting.accept)
    await do(fleet, world.bruno, bruno, waiting.accept)
    await work_through(fleet)
    assert await states(fleet, bruno, awa) == [State.CONFIRMED, State.WAITING]


@pytest.mark.parametrize("how", ["declined", "lapsed"])
async def test_an_offer_that_is_not_taken_goes_to_the_next(fleet: Fleet, how: str) -> None:
    """Bruno declines, or does not answer in time: Awa is asked."""
    world = fleet.world
    taken = await fleet.reserve(world.camille, "N12", SLOT)
    bruno, awa = await wait(fleet, world.bruno, "N12"), await wait(fleet, world.awa, "N12")
    await do(fleet, world.camille, taken, service.cancel)
    await work_through(fleet)
    if how == "declined":
        await do(fleet, world.bruno, bruno, waiting.give_up)
        await work_through(fleet)
    else:
        await lapse(fleet, bruno)
    assert await states(fleet, bruno, awa) == [State.CANCELLED if how == "declined" else State.EXPIRED, State.OFFERED]
    with pytest.raises(Conflict):
        await do(fleet, world.bruno, bruno, waiting.accept)


async def test_an_offer_that_is_past_cannot_be_taken(fleet: Fleet) -> None:
    """Its hour has come, and the worker has not."""
    world = fleet.world
    taken = await fleet.reserve(world.camille, "N12", SLOT)
    bruno = await wait(fleet, world.bruno, "N12")
    await do(fleet, world.camille, taken, service.cancel)
    await work_through(fleet)
    async with world.house.database.writing() as db:
        await db.execute(update(Reservation).where(col(Reservation.id) == bruno.id).values(held_until=now()))
    with pytest.raises(Conflict, match="Cette offre est passée"):
        await do(fleet, world.bruno, bruno, waiting.accept)


async def test_whoever_asked_for_less_is_served_by_what_suffices(fleet: Fleet) -> None:
    """Bruno waits for 150 chairs, Awa for 20: sixty given back are enough for her, and not for him."""
    world = fleet.world
    await fleet.reserve(world.camille, "CH1", SLOT, 100)
    part = await fleet.reserve(world.camille, "CH2", SLOT, 60)
    bruno = await wait(fleet, world.bruno, "chair", quantity=150)
    awa = await wait(fleet, world.awa, "chair", quantity=20)
    await do(fleet, world.camille, part, service.cancel)
    await work_through(fleet)
    assert await states(fleet, bruno, awa) == [State.WAITING, State.OFFERED]


async def test_a_kit_is_offered_when_its_part_comes_back(fleet: Fleet) -> None:
    """Camille had the deck alone: given back, the whole stage can be offered."""
    taken = await fleet.reserve(fleet.world.camille, "PL1", SLOT)
    bruno = await wait(fleet, fleet.world.bruno, "SC1")
    await do(fleet, fleet.world.camille, taken, service.cancel)
    await work_through(fleet)
    assert await states(fleet, bruno) == [State.OFFERED]
    assert await fleet.holds(bruno) == ["GC1", "PL1", "SC1"]


async def test_the_owner_is_asked_where_the_owner_must_be(fleet: Fleet) -> None:
    """An offer that is taken still awaits Camille, who is written to; the slot is held meanwhile."""
    world = fleet.world
    async with world.house.database.writing() as db:
        await db.execute(text("UPDATE resource_type SET needs_approval = true WHERE slug = 'nacelle'"))
    fleet.types["nacelle"].needs_approval = True
    taken = await fleet.reserve(world.camille, "N12", SLOT)
    bruno = await wait(fleet, world.bruno, "N12")
    await do(fleet, world.camille, taken, service.cancel)
    await work_through(fleet)
    await do(fleet, world.bruno, bruno, waiting.accept)
    await work_through(fleet)
    assert await states(fleet, bruno) == [State.REQUESTED]
    async with world.reading() as db:
        left = (await db.execute(select(Task).where(col(Task.kind) == mail.MAIL).order_by(col(Task.id)))).scalars()
        said = [(each.payload["to"], each.payload["subject"].partition("\u00a0:")[0]) for each in left]
    assert ("bruno@brioude.example", "Une place s’est libérée") in said
    assert ("camille@aubrac.example", "À approuver") in said


async def test_one_waits_only_for_what_is_taken_and_could_be_had(fleet: Fleet) -> None:
    """What is free is reserved; what nobody could ever have is not waited for; twenty requests are enough."""
    world = fleet.world
    with pytest.raises(Conflict, match="C’est libre"):
        await wait(fleet, world.bruno, "N12")
    with pytest.raises(Conflict):
        await wait(fleet, world.bruno, "chair", quantity=1_000)
    await fleet.reserve(world.camille, "N12", SLOT)
    first = await wait(fleet, world.bruno, "N12")
    assert (await wait(fleet, world.bruno, "N12")).id == first.id
    with pytest.MonkeyPatch.context() as few:
        few.setattr(waiting, "MOST", 1)
        async with world.working(world.bruno) as work:
            with pytest.raises(Invalid) as refused:
                await waiting.join(work, fleet.ask("N12", SLOT), Borrowing(world.brioude.id, "autre"))
    assert "1\u00a0demande au plus" in refused.value.errors[""]


async def test_what_never_came_is_told(fleet: Fleet) -> None:
    """The dates come and nothing was given back: it is over, and Bruno knows."""
    await fleet.reserve(fleet.world.camille, "N12", SLOT)
    bruno = await wait(fleet, fleet.world.bruno, "N12")
    async with fleet.world.house.database.writing() as db:
        await db.execute(update(Task).where(col(Task.kind) == waiting.GIVE_UP).values(due_at=now()))
    await work_through(fleet)
    assert await states(fleet, bruno) == [State.EXPIRED]
    async with fleet.world.reading() as db:
        (letter,) = (
            (await db.execute(select(Task).where(col(Task.kind) == mail.MAIL).order_by(col(Task.id).desc()).limit(1)))
            .scalars()
            .all()
        )
    assert "Rien ne s’est libéré à temps" in letter.payload["body"]


async def test_what_only_waited_is_neither_moved_nor_restored(fleet: Fleet) -> None:
    """A place on the list holds nothing: neither verb may make a reservation of it."""
    world = fleet.world
    await fleet.reserve(world.camille, "N12", SLOT)
    bruno = await wait(fleet, world.bruno, "N12")
    async with world.working(world.bruno) as work:
        row = await work.db.get_one(Reservation, bruno.id)
        with pytest.raises(Conflict, match="liste d’attente"):
            await service.move(work, row, fleet.ask("N18", between(14, 18)))
    await do(fleet, world.bruno, bruno, waiting.give_up)
    with pytest.raises(Conflict, match="liste d’attente"):
        await do(fleet, world.bruno, bruno, service.restore)
    assert (await states(fleet, bruno), at(10, 8)) == ([State.CANCELLED], SLOT.starts)


async def test_one_joins_answers_and_leaves_in_a_browser(fleet: Fleet) -> None:
    """Refused, Bruno follows the link with what he typed, waits, is asked, and takes it; the payer is always said."""
    world = fleet.world
    taken = await fleet.reserve(world.camille, "N12", SLOT)
    form = {"what": "nacelle", "unit": str(fleet.units["N12"].id), "quantity": "1", "key": "k", **WHEN}
    form |= {"payer_id": str(world.brioude.id), "purpose": "Sapin de la place", "on_behalf_of": "Comité des fêtes"}
    async with world.browser(world.bruno) as browser:
        refused = await browser.post("/reservations", data=form)
        link = re.search(r'href="(/reservations/attente[^"]+)"', refused.text)
        assert link
        page = await browser.get(link[1].replace("&amp;", "&"))
        _says(page, 200, "Liste d’attente", "Sapin de la place", "Comité des fêtes", "Qui paie")
        key = re.search(r'name="key" value="([^"]+)"', page.text)
        assert key
        _says(await browser.post("/reservations/attente", data={**form, "quantity": "zéro"}), 422, "Sapin de la place")
        made = await browser.post("/reservations/attente", data={**form, "key": key[1]})
        _says(
            await browser.get(made.headers["location"]),
            200,
            *("sur liste d’attente", "en tête de la liste", "Brioude", "Comité des fêtes", "s’est inscrit"),
        )
        await do(fleet, world.camille, taken, service.cancel)
        await work_through(fleet)
        _says(await browser.get(made.headers["location"]), 200, "Une place s’est libérée", "au compte de Brioude")
        done = await browser.post(f"{made.headers['location']}/acceptation")
        assert done.status_code == 303
        _says(await browser.get(made.headers["location"]), 200, "confirmée", "proposée → confirmée")
        _says(await browser.post(f"{made.headers['location']}/acceptation"), 409, "est déjà confirmée")
