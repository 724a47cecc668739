"""What is left for later is done, whatever fails in between, and by one worker at a time."""

import asyncio
from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select, update
from sqlmodel import col

from entente import mail, outbox, worker
from entente.clock import now
from entente.house import House
from entente.outbox import Task
from entente.people.models import Group
from entente.work import Work
from entente.worker import Worker
from world import World


async def no_errand(house: House, payload: dict[str, Any]) -> None:
    """Nothing to do outside."""


class Outside:
    """What happened outside the house: how often for each task, and how many at once."""

    def __init__(self, seconds: float = 0.0) -> None:
        self.seconds = seconds
        self.done: Counter[int] = Counter()
        self.now: Counter[int] = Counter()
        self.most_at_once = 0

    async def run(self, house: House, payload: dict[str, Any]) -> None:
        number = payload["number"]
        self.now[number] += 1
        self.most_at_once = max(self.most_at_once, self.now[number])
        await asyncio.sleep(self.seconds)
        self.done[number] += 1
        self.now[number] -= 1


async def leave(world: World, kind: str, count: int = 1, **named: Any) -> None:
    async with world.working(world.awa) as work:
        for number in range(count):
            work.later(kind, {"number": number}, **named)


async def tasks(world: World) -> Any:
    async with world.reading() as db:
        return (await db.execute(select(Task).order_by(col(Task.id)))).scalars().all()


async def hurry(world: World) -> None:
    """Time passes: every lease and every delay is over."""
    async with world.house.database.writing() as db:
        await db.execute(update(Task).values(due_at=now() - timedelta(seconds=1)))


async def groups(world: World, name: str) -> Any:
    async with world.reading() as db:
        return (await db.execute(select(func.count()).where(col(Group.name) == name))).scalar_one()


async def test_a_task_whose_worker_died_is_done_by_another(world: World) -> None:
    """A lease keeps others away, and ends."""
    await leave(world, "call")
    outside = Outside()
    another = Worker(world.house, {}, {"call": outside.run})
    async with world.house.database.writing() as db:
        assert len(await outbox.lease(db, ["call"])) == 1
    assert await another.work_once() == 0
    await hurry(world)
    assert await another.work_once() == 1
    assert outside.done == {0: 1}
    assert [task.done_at is not None for task in await tasks(world)] == [True]


async def test_a_mail_sent_by_a_worker_that_died_bears_the_same_name_again(world: World) -> None:
    """Sent, and the machine stopped before the mark: the second has the first's Message-ID."""
    async with world.working(world.awa) as work:
        mail.post(work, "bruno@brioude.example", "Lame", "Elle est prête.")
    (first,) = await tasks(world)
    seen = []

    async def deliver(house: House, payload: dict[str, Any]) -> None:
        seen.append(mail.message(house.settings, payload)["Message-ID"])
        if len(seen) == 1:
            raise asyncio.CancelledError

    sender = Worker(world.house, {}, {mail.MAIL: deliver})
    with pytest.raises(asyncio.CancelledError):
        await sender.work_once()
    await hurry(world)
    await sender.work_once()
    assert seen == [f"<{first.payload['id']}@entente.test>"] * 2
    assert [task.done_at is not None for task in await tasks(world)] == [True]


async def test_a_mail_kept_twice_is_kept_once(world: World) -> None:
    """The demonstration shows a mail once, even when the mark was lost."""
    demo = House(world.house.settings, world.house.database, is_demo=True)
    async with demo.working(world.awa) as work:
        mail.post(work, "bruno@brioude.example", "Lame", "Elle est prête.")
    (task,) = await tasks(world)
    await mail.send(demo, task.payload)
    await Worker(demo, {}, {mail.MAIL: mail.send}).work_once()
    async with world.reading() as db:
        assert [kept.subject for kept in await mail.kept(db)] == ["Lame"]


async def test_two_workers_share_two_hundred_tasks(world: World) -> None:
    """Each task is done once, never by both, and both work."""
    await leave(world, "call", 200)
    outside = Outside(0.001)
    other_house = House.build(world.house.settings)
    workers = [Worker(house, {}, {"call": outside.run}) for house in (world.house, other_house)]
    taken: Counter[int] = Counter()

    async def work(number: int) -> None:
        while count := await workers[number].work_once():
            taken[number] += count

    await asyncio.gather(work(0), work(1))
    await other_house.database.close()
    assert outside.done == dict.fromkeys(range(200), 1)
    assert outside.most_at_once == 1
    assert taken.total() == 200
    assert min(taken[0], taken[1]) > 0


async def test_work_in_the_house_is_done_exactly_once(world: World) -> None:
    """A task that fails half-way has done nothing; done again, it is done once."""
    await leave(world, "gather")
    attempts: list[Any] = []

    async def gather(work: Work, payload: dict[str, Any]) -> None:
        work.db.add(Group(name=f"Essai {len(attempts)}"))
        await work.db.flush()
        attempts.append(payload)
        if len(attempts) == 1:
            raise RuntimeError("power cut")

    hand = Worker(world.house, {"gather": gather}, {})
    await hand.work_once()
    assert (len(attempts), await groups(world, "Essai 0")) == (1, 0)
    await hurry(world)
    await hand.work_once()
    await hurry(world)
    await hand.work_once()
    assert (len(attempts), await groups(world, "Essai 0"), await groups(world, "Essai 1")) == (2, 0, 1)


async def test_two_workers_that_hold_the_same_task_do_it_once(world: World) -> None:
    """The first slept past its lease: the mark, taken first, decides."""
    await leave(world, "gather")

    async def gather(work: Work, payload: dict[str, Any]) -> None:
        work.db.add(Group(name="Les mêmes"))
        await work.db.flush()
        await asyncio.sleep(0.05)

    other_house = House.build(world.house.settings)
    batches = []
    for house in (world.house, other_house):
        async with house.database.writing() as db:
            batches.append((Worker(house, {"gather": gather}, {}), await outbox.lease(db, ["gather"])))
        await hurry(world)
    await asyncio.gather(*(hand._do(batch[0]) for hand, batch in batches))
    await other_house.database.close()
    assert await groups(world, "Les mêmes") == 1
    assert [task.error for task in await tasks(world)] == [""]


async def test_an_errand_is_left_to_whoever_holds_its_lease(world: World) -> None:
    """The first slept past its lease and wakes up: the errand is no longer its own."""
    await leave(world, "call")
    outside = Outside()
    sleeper, other = (Worker(world.house, {}, {"call": outside.run}) for _ in range(2))
    async with world.house.database.writing() as db:
        (task,) = await outbox.lease(db, ["call"])
    await hurry(world)
    async with world.house.database.writing() as db:
        (same,) = await outbox.lease(db, ["call"])
    await sleeper._do(task)
    assert outside.done == {}
    await other._do(same)
    assert outside.done == {0: 1}


async def test_an_errand_without_end_gives_up_before_its_lease_does(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A mail server that says nothing does not hold a worker."""
    assert outbox.LEASE.total_seconds() > worker.ERRAND_SECONDS
    monkeypatch.setattr(worker, "ERRAND_SECONDS", 0.01)
    await leave(world, "call")
    await Worker(world.house, {}, {"call": Outside(30).run}).work_once()
    assert [task.error for task in await tasks(world)] == ["pas de réponse à temps (TimeoutError: )"]


async def test_a_task_that_fails_is_tried_later_each_time_then_given_up(world: World) -> None:
    """An administrator sees what was given up, and why."""
    await leave(world, "call")

    async def fail(house: House, payload: dict[str, Any]) -> None:
        raise ConnectionError("451 plus tard")

    hand = Worker(world.house, {}, {"call": fail})
    delays: list[float] = []
    while not delays or (await tasks(world))[0].given_up_at is None:
        assert await hand.work_once() == 1
        (task,) = await tasks(world)
        delays.append((task.due_at - now()).total_seconds())
        await hurry(world)
    (task,) = await tasks(world)
    assert len(delays) == outbox.TRIES
    assert delays == sorted(delays)
    assert delays[0] < 15 < delays[2]
    assert (task.tries, task.error, task.done_at) == (outbox.TRIES, "ConnectionError: 451 plus tard", None)
    assert await hand.work_once() == 0


async def test_a_failing_task_does_not_hold_the_next(world: World) -> None:
    """Bruno's mail goes although Awa's cannot."""
    await leave(world, "call", 3)
    outside = Outside()

    async def fail_first(house: House, payload: dict[str, Any]) -> None:
        if payload["number"] == 0:
            raise ConnectionError("refused")
        await outside.run(house, payload)

    await Worker(world.house, {}, {"call": fail_first}).work_once()
    assert outside.done == {1: 1, 2: 1}


async def test_tasks_with_the_same_key_are_one(world: World) -> None:
    """Asked twice in one change and once in the next: reminded once."""
    await leave(world, "call", 2, key="reminder/1")
    await leave(world, "call", key="reminder/1")
    await leave(world, "call", key="reminder/2")
    assert [task.key for task in await tasks(world)] == ["reminder/1", "reminder/2"]


async def test_what_was_left_by_a_change_undone_is_not_done(world: World) -> None:
    """No commit, no mail."""

    async def undone() -> None:
        async with world.working(world.awa) as work:
            work.later("call", {"number": 1})
            raise RuntimeError("refused")

    with pytest.raises(RuntimeError, match="refused"):
        await undone()
    assert await tasks(world) == []


async def test_a_worker_that_stops_finishes_what_it_holds_and_gives_back_the_rest(world: World) -> None:
    """SIGTERM in the middle of a mail: it is sent and marked, and nobody waits for the others' leases."""
    await leave(world, "call", 3)
    outside = Outside()
    hand = Worker(world.house, {}, {})

    async def stop_there(house: House, payload: dict[str, Any]) -> None:
        hand.stop()
        await outside.run(house, payload)

    hand.errands = {"call": stop_there}
    await asyncio.wait_for(hand.run(), 30)
    assert outside.done == {0: 1}
    left = await tasks(world)
    assert [task.done_at is not None for task in left] == [True, False, False]
    assert [(task.tries, task.due_at <= now()) for task in left[1:]] == [(0, True)] * 2


async def test_a_worker_inside_begins_at_once(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """A change that leaves a task stirs the worker of its own process: no waiting for the next poll."""
    monkeypatch.setattr(worker, "POLL_SECONDS", 600)
    outside = Outside()
    async with worker.working_inside(Worker(world.house, {}, {"call": outside.run})):
        await asyncio.sleep(0.05)
        await leave(world, "call")
        async with asyncio.timeout(60):
            while not outside.done:
                await asyncio.sleep(0.01)
    assert outside.done == {0: 1}
