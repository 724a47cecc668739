"""What can be done with a reservation, told as it happens in two communes."""

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import func, text, update
from sqlmodel import col, select

from booking import queries, service
from booking.asks import Ask, Borrowing
from booking.blocks import service as blocks
from booking.fleet.models import Closure, HandOver, Quota, Scope
from booking.hold import Verb
from booking.imports import service as imports
from booking.models import Reservation, State
from booking.periods import Period, later, naive
from booking.rules import Taken, Unfit
from booking.series import service as series
from booking.series.service import Choice, Clashes, Instead, Reach
from booking.ways import WayKind, ways_out
from booking_world import Fleet, at, between, day
from entente.app import worker_of
from entente.clock import now
from entente.people.who import Who
from entente.rules import Conflict, Invalid, NotFound, Refused
from entente.work import Work

SLOT = between(8, 12)


async def _row(work: Work, made: Reservation) -> Reservation:
    return await work.db.get_one(Reservation, made.id)


async def _ask(fleet: Fleet, who: Who, made: Reservation, verb: str, *more: object) -> None:
    async with fleet.world.working(who) as work:
        await getattr(service, verb)(work, await _row(work, made), *more)


async def _approved_type(fleet: Fleet) -> None:
    async with fleet.world.house.database.writing() as db:
        await db.execute(text("UPDATE resource_type SET needs_approval = true WHERE slug = 'nacelle'"))
    fleet.types["nacelle"].needs_approval = True


async def test_a_type_is_asked_for_and_the_smallest_that_suffices_is_given(fleet: Fleet) -> None:
    """Twelve metres: the nacelle of 12; sixteen: that of 18; twenty: there is none."""
    world, least = fleet.world, fleet.height.id
    small = await fleet.reserve(world.bruno, "nacelle", SLOT, least={least: 1200})
    tall = await fleet.reserve(world.bruno, "nacelle", between(14, 18), least={least: 1600})
    assert (await fleet.holds(small), await fleet.holds(tall)) == (["N12"], ["N18"])
    with pytest.raises(Taken, match="Aucun matériel"):
        await fleet.reserve(world.bruno, "nacelle", SLOT, least={least: 2000})


async def test_chairs_come_from_two_depots_when_one_does_not_suffice(fleet: Fleet) -> None:
    """120 chairs: all of one depot, and twenty of the other; more than there are is refused with the figure."""
    made = await fleet.reserve(fleet.world.bruno, "chair", SLOT, 120)
    assert await fleet.holds(made) == ["CH1", "CH2"]
    with pytest.raises(Unfit, match="quantity") as refused:
        await fleet.reserve(fleet.world.bruno, "chair", SLOT, 161)
    assert "160\u00a0chaises au plus" in refused.value.errors["quantity"]


async def test_a_request_sent_twice_makes_one_reservation(fleet: Fleet) -> None:
    """Bruno clicks twice, one after the other and at the same time: he has it once."""
    first = await fleet.reserve(fleet.world.bruno, "N12", SLOT, key="clic")
    again = await fleet.reserve(fleet.world.bruno, "N12", SLOT, key="clic")
    assert again.id == first.id
    both = await asyncio.gather(*(fleet.reserve(fleet.world.bruno, "N18", SLOT, key="double") for _ in range(4)))
    assert len({each.id for each in both}) == 1
    theirs = await fleet.reserve(fleet.world.awa, "N12", between(14, 15), key="clic")
    assert theirs.id != first.id


async def test_one_pays_for_one_s_own_commune_and_a_manager_writes_down_for_anyone(fleet: Fleet) -> None:
    """Bruno may not send the bill to Aubrac; Camille, who keeps the equipment, may write Brioude down."""
    world = fleet.world
    with pytest.raises(Invalid, match="payer_id"):
        async with world.working(world.bruno) as work:
            await service.reserve(work, fleet.ask("N12", SLOT), Borrowing(world.aubrac.id, "k"))
    async with world.working(world.camille) as work:
        made = await service.reserve(work, fleet.ask("N12", SLOT), Borrowing(world.brioude.id, "k", "Fête", "École"))
    assert (made.payer_id, made.on_behalf_of) == (world.brioude.id, "École")
    with pytest.raises(Refused):
        async with world.working(world.gone) as work:
            await service.reserve(work, fleet.ask("N18", SLOT), Borrowing(world.brioude.id, "k"))


async def test_a_reservation_is_moved_stretched_and_cancelled_by_whoever_made_it(fleet: Fleet) -> None:
    """Bruno moves his to the afternoon, keeps it an hour more, then gives it back; Awa may not touch it."""
    world = fleet.world
    made = await fleet.reserve(world.bruno, "N12", SLOT)
    with pytest.raises(Refused):
        await _ask(fleet, world.awa, made, "cancel")
    await _ask(fleet, world.bruno, made, "move", fleet.ask("N12", between(14, 16)))
    await _ask(fleet, world.bruno, made, "extend", at(10, 17))
    await fleet.reserve(world.awa, "N12", SLOT)
    now_ = await fleet.again(made)
    assert (now_.starts_at, now_.ends_at, now_.version) == (at(10, 14), at(10, 17), 3)
    await _ask(fleet, world.bruno, made, "cancel", "Il pleut")
    await fleet.reserve(world.awa, "N12", between(14, 17))
    with pytest.raises(Conflict, match="a été annulée"):
        await _ask(fleet, world.bruno, made, "cancel")
    async with world.reading() as db:
        told = await queries.changes_of(db, made.id)
    assert [each.verb for each in told] == [
        Verb.RESERVATION_MADE,
        Verb.RESERVATION_MOVED,
        Verb.RESERVATION_MOVED,
        Verb.RESERVATION_CANCELLED,
    ]
    assert told[1].before["starts_at"] == at(10, 8).isoformat()
    assert (told[3].why, told[3].before["state"], told[3].after["state"]) == ("Il pleut", "confirmed", "cancelled")


async def test_a_move_that_cannot_be_changes_nothing(fleet: Fleet) -> None:
    """Awa has the afternoon: Bruno’s morning stays his, with the same unit and version."""
    world = fleet.world
    made = await fleet.reserve(world.bruno, "N12", SLOT)
    await fleet.reserve(world.awa, "N12", between(14, 18))
    with pytest.raises(Taken) as refused:
        await _ask(fleet, world.bruno, made, "move", fleet.ask("N12", between(14, 18)))
    assert len(refused.value.free) == 3
    assert (await fleet.again(made), await fleet.holds(made)) == (made, ["N12"])


async def test_a_move_over_a_newer_version_is_refused(fleet: Fleet) -> None:
    """Bruno moves it in two windows: the second is told."""
    made = await fleet.reserve(fleet.world.bruno, "N12", SLOT)
    await _ask(fleet, fleet.world.bruno, made, "move", fleet.ask("N12", between(14, 16)), 1)
    with pytest.raises(Conflict, match="modifiée ailleurs"):
        await _ask(fleet, fleet.world.bruno, made, "move", fleet.ask("N12", between(16, 18)), 1)


async def test_it_is_too_late_to_cancel_the_day_before(fleet: Fleet) -> None:
    """Two days before at the latest: the refusal says so; the manager still may."""
    world = fleet.world
    made = await fleet.reserve(world.bruno, "N12", Period(at(1, 20), at(1, 22)))
    async with world.house.database.writing() as db:
        await db.execute(text("UPDATE resource_type SET cancel_minutes = 2880 WHERE slug = 'nacelle'"))
    with pytest.raises(Unfit) as refused:
        await _ask(fleet, world.bruno, made, "cancel")
    assert "2\u00a0jours" in refused.value.errors[""]
    await _ask(fleet, world.camille, made, "cancel")


async def test_a_request_awaits_its_owner_and_holds_its_slot(fleet: Fleet) -> None:
    """Bruno asks, Camille says yes; for Aubrac’s own people nobody needs to be asked."""
    world = fleet.world
    await _approved_type(fleet)
    asked = await fleet.reserve(world.bruno, "N12", SLOT)
    own = await fleet.reserve(world.awa, "N18", SLOT)
    assert (asked.state, own.state) == (State.REQUESTED, State.CONFIRMED)
    with pytest.raises(Taken):
        await fleet.reserve(world.awa, "N12", SLOT)
    with pytest.raises(Refused):
        await _ask(fleet, world.bruno, asked, "approve")
    await _ask(fleet, world.camille, asked, "approve")
    with pytest.raises(Conflict, match="déjà confirmée"):
        await _ask(fleet, world.camille, asked, "approve")
    await _ask(fleet, world.bruno, asked, "move", fleet.ask("N12", between(14, 16)))
    assert (await fleet.again(asked)).state == State.REQUESTED


async def test_two_approvals_at_once_are_one(fleet: Fleet) -> None:
    """Camille approves in two windows at the same time: one of them is told that it was done."""
    await _approved_type(fleet)
    asked = await fleet.reserve(fleet.world.bruno, "N12", SLOT)
    told = await asyncio.gather(
        *(_ask(fleet, fleet.world.camille, asked, "approve") for _ in range(2)), return_exceptions=True
    )
    assert [type(each) for each in told if each is not None] == [Conflict]


async def test_what_was_withdrawn_cannot_be_approved(fleet: Fleet) -> None:
    """Bruno withdraws his request; Camille is told so when she says yes, and refusing needs a reason."""
    await _approved_type(fleet)
    asked = await fleet.reserve(fleet.world.bruno, "N12", SLOT)
    with pytest.raises(Invalid, match="why"):
        await _ask(fleet, fleet.world.camille, asked, "refuse", " ")
    await _ask(fleet, fleet.world.bruno, asked, "cancel")
    with pytest.raises(Conflict, match="a été annulée"):
        await _ask(fleet, fleet.world.camille, asked, "approve")


async def test_a_request_without_answer_lets_go_of_its_slot(fleet: Fleet) -> None:
    """Three days pass without an answer: the worker lets go, and Awa can have it."""
    world = fleet.world
    await _approved_type(fleet)
    asked = await fleet.reserve(world.bruno, "N12", SLOT)
    await worker_of(world.house).work_once()
    assert (await fleet.again(asked)).state == State.REQUESTED
    async with world.house.database.writing() as db:
        past = now() - timedelta(minutes=1)
        await db.execute(update(Reservation).where(col(Reservation.id) == asked.id).values(held_until=past))
        await db.execute(text("UPDATE task SET due_at = '2020-01-01 00:00:00.000000+00'"))
    await worker_of(world.house).work_once()
    assert (await fleet.again(asked)).state == State.EXPIRED
    await fleet.reserve(world.awa, "N12", SLOT)
    with pytest.raises(Taken):
        await _ask(fleet, world.camille, asked, "approve")


async def test_the_manager_gives_another_unit_and_exchanges_two(fleet: Fleet) -> None:
    """Camille serves Bruno with the tall nacelle, then exchanges his with Awa’s; his request stays what it was."""
    world = fleet.world
    his = await fleet.reserve(world.bruno, "nacelle", SLOT)
    assert await fleet.holds(his) == ["N12"]
    await _ask(fleet, world.camille, his, "reassign", [fleet.units["N18"].id])
    hers = await fleet.reserve(world.awa, "nacelle", SLOT)
    assert (await fleet.holds(his), await fleet.holds(hers)) == (["N18"], ["N12"])
    with pytest.raises(Taken):
        await _ask(fleet, world.camille, his, "reassign", [fleet.units["N12"].id])
    async with world.working(world.camille) as work:
        await service.swap(work, await _row(work, his), await _row(work, hers))
    assert (await fleet.holds(his), await fleet.holds(hers)) == (["N12"], ["N18"])
    assert (await fleet.again(his)).wanted == his.wanted
    with pytest.raises(Refused):
        await _ask(fleet, world.bruno, his, "reassign", [fleet.units["N18"].id])


async def test_a_quota_is_refused_with_its_figure_even_at_the_same_time(fleet: Fleet) -> None:
    """Twice a month for a commune: of four who ask at once for Brioude two are refused; Aubrac is not concerned."""
    world = fleet.world
    async with world.house.database.writing() as db:
        db.add(Quota(type_id=fleet.types["nacelle"].id, scope=Scope.ORGANISATION, days=30, most_times=2))

    async def want(number: int) -> str:
        try:
            who = [world.bruno, world.denise][number % 2]
            await fleet.reserve(who, "N12", between(8 + 2 * number, 10 + 2 * number))
        except Unfit as refused:
            return refused.errors["starts"]
        return ""

    told = await asyncio.gather(*(want(number) for number in range(4)))
    assert sorted(map(bool, told)) == [False, False, True, True]
    assert "2\u00a0réservations au plus sur 30\u00a0jours" in max(told)
    await fleet.reserve(world.awa, "N18", SLOT)
    await fleet.reserve(world.bruno, "N18", Period(at(41, 8), at(41, 10)))


async def test_a_closed_depot_hands_nothing_over(fleet: Fleet) -> None:
    """The workshop takes stock that day: the refusal says why, and the next periods are on other days."""
    async with fleet.world.house.database.writing() as db:
        db.add(Closure(depot_id=fleet.depot.id, since=day(10), until=day(12), why="inventaire"))
    with pytest.raises(Taken, match="inventaire") as refused:
        await fleet.reserve(fleet.world.bruno, "N12", SLOT)
    assert [naive(each.starts).date() for each in refused.value.free] == [day(12), day(13), day(14)]


async def test_a_series_shows_its_conflicts_first_and_is_made_at_once(fleet: Fleet) -> None:
    """Bruno wants four mornings; Awa has the second: nothing is made until he says what to do with it."""
    world = fleet.world
    await fleet.reserve(world.awa, "N12", Period(at(17, 9), at(17, 10)))
    borrowing = Borrowing(world.brioude.id, "série")

    async def make(choices: dict[int, Choice]) -> list[Reservation]:
        async with world.working(world.bruno) as work:
            return await series.reserve(work, fleet.ask("N12", SLOT), "FREQ=WEEKLY;COUNT=4", borrowing, choices)

    with pytest.raises(Clashes) as told:
        await make({})
    assert [(each.number, each.is_free) for each in told.value.occurrences] == [
        (1, True),
        (2, False),
        (3, True),
        (4, True),
    ]
    second = told.value.occurrences[1]
    assert second.has_other_units
    assert len(second.free) == 3
    async with world.reading() as db:
        assert (await db.execute(select(func.count()).select_from(Reservation))).scalar_one() == 1
    made = await make({2: Choice(Instead.OTHER_UNIT)})
    assert [await fleet.holds(each) for each in made] == [["N12"], ["N18"], ["N12"], ["N12"]]
    assert [each.id for each in await make({})] == [each.id for each in made]


@pytest.mark.parametrize(
    ("choice", "starts"),
    [
        (Choice(Instead.SKIP), [10, 24]),
        (Choice(Instead.OTHER_DATE, Period(at(18, 8), at(18, 12))), [10, 18, 24]),
    ],
    ids=["skip", "other date"],
)
async def test_a_date_that_is_taken_is_skipped_or_moved(fleet: Fleet, choice: Choice, starts: list[int]) -> None:
    """Each date of a series that is not free goes where its decision says."""
    world = fleet.world
    await fleet.reserve(world.awa, "N12", Period(at(17, 9), at(17, 10)))
    async with world.working(world.bruno) as work:
        made = await series.reserve(
            work, fleet.ask("N12", SLOT), "FREQ=WEEKLY;COUNT=3", Borrowing(world.brioude.id, "s"), {2: choice}
        )
    assert [naive(each.starts_at).date() for each in made] == [day(each) for each in starts]


@pytest.mark.parametrize(
    ("reach", "moved"), [(Reach.ONE, [2]), (Reach.FOLLOWING, [2, 3, 4]), (Reach.ALL, [1, 2, 3, 4])]
)
async def test_one_date_the_following_or_all_are_moved(fleet: Fleet, reach: Reach, moved: list[int]) -> None:
    """Bruno moves the second of four mornings by one day; Awa’s reservation of the same unit stays where it is."""
    world = fleet.world
    hers = await fleet.reserve(world.awa, "N12", between(14, 18))
    async with world.working(world.bruno) as work:
        made = await series.reserve(
            work, fleet.ask("N12", SLOT), "FREQ=DAILY;COUNT=4", Borrowing(world.brioude.id, "s")
        )
    if reach == Reach.ONE:
        async with world.working(world.bruno) as work:
            await service.cancel(work, await _row(work, made[2]))
    async with world.working(world.bruno) as work:
        second = await _row(work, made[1])
        period = Period(later(second.starts_at, timedelta(days=1)), later(second.ends_at, timedelta(days=1)))
        await series.move(work, second, period, reach)
    now_ = [await fleet.again(each) for each in made]
    gone = [each.occurrence for each, was in zip(now_, made, strict=True) if each.starts_at != was.starts_at]
    assert gone == moved
    assert await fleet.again(hers) == hers


async def test_a_series_of_mine_is_cancelled_from_here_on(fleet: Fleet) -> None:
    """The last two of four are given back; the first two stay."""
    world = fleet.world
    async with world.working(world.bruno) as work:
        made = await series.reserve(
            work, fleet.ask("N12", SLOT), "FREQ=DAILY;COUNT=4", Borrowing(world.brioude.id, "s")
        )
    async with world.working(world.bruno) as work:
        await series.cancel(work, await _row(work, made[2]), Reach.FOLLOWING)
    assert [(await fleet.again(each)).state for each in made] == [State.CONFIRMED] * 2 + [State.CANCELLED] * 2


async def test_a_unit_is_blocked_once_everybody_in_the_way_has_an_answer(fleet: Fleet) -> None:
    """The nacelle goes to repair: Bruno moves to the other one, Awa is cancelled, and nobody without a decision."""
    world = fleet.world
    his = await fleet.reserve(world.bruno, "nacelle", SLOT)
    hers = await fleet.reserve(world.awa, "N12", between(14, 18))
    whole = Period(at(10, 6), at(10, 20))

    async def block(answers: dict[object, blocks.Answer]) -> Reservation:
        async with world.working(world.camille) as work:
            return await blocks.block(work, fleet.units["N12"], whole, "Révision", answers)  # type: ignore[arg-type]

    with pytest.raises(blocks.InTheWay) as told:
        await block({his.id: blocks.Answer.MOVE})
    assert told.value.ids == [his.id, hers.id]
    made = await block({his.id: blocks.Answer.MOVE, hers.id: blocks.Answer.CANCEL})
    assert (await fleet.holds(his), await fleet.holds(made)) == (["N18"], ["N12"])
    assert (await fleet.again(hers)).state == State.CANCELLED
    with pytest.raises(Taken):
        await fleet.reserve(world.bruno, "N12", SLOT)
    with pytest.raises(Refused):
        async with world.working(world.bruno) as work:
            await blocks.block(work, fleet.units["N12"], whole, "Non")


async def test_a_file_is_brought_whole_or_not_at_all(fleet: Fleet) -> None:
    """Three lines, one unit unknown and one slot taken: each says why, nothing is made; mended, all are, once."""
    world = fleet.world
    first, last = (f"{naive(each):%Y-%m-%d %H:%M}" for each in SLOT)
    good = f"unite;debut;fin;payeur;motif\nN12;{first};{last};Brioude;Fête\n"
    bad = good + f"N99;{first};{last};Brioude;\nN12;{first};{last};Aubrac;\nN18;2027-02-30 08:00;{last};Aubrac;\n"

    async def bring(text_: str) -> list[Reservation]:
        async with world.working(world.camille) as work:
            return await imports.bring(work, text_)

    with pytest.raises(imports.Unread) as told:
        await bring(bad)
    assert [each.number for each in told.value.lines] == [3, 4, 5]
    async with world.reading() as db:
        assert (await db.execute(select(func.count()).select_from(Reservation))).scalar_one() == 0
    made = await bring(good)
    assert [each.id for each in await bring(good)] == [each.id for each in made]
    with pytest.raises(Refused):
        async with world.working(world.bruno) as work:
            await imports.bring(work, good)


async def test_ways_out_lead_elsewhere_later_or_to_something_shorter(fleet: Fleet) -> None:
    """Awa has the nacelle from 11: Bruno can have the other one, the morning until 11, or three other times."""
    world = fleet.world
    await fleet.reserve(world.awa, "N12", between(11, 14))
    async with world.reading() as db:
        found = await ways_out(db, fleet.ask("N12", SLOT))
    kinds = [way.kind for way in found]
    assert kinds == [WayKind.ELSEWHERE, WayKind.SHORTER, WayKind.LATER, WayKind.LATER, WayKind.LATER]
    assert found[1].ask.period == between(8, 11)
    for number, way in enumerate(found):
        async with world.working(world.bruno) as work:
            made = await service.reserve(work, way.ask, Borrowing(world.brioude.id, f"w{number}"))
            await service.cancel(work, made)


async def test_only_those_concerned_see_the_details(fleet: Fleet) -> None:
    """Bruno’s reservation is read by Denise of his commune and by Camille who keeps the nacelle, not by Awa."""
    world = fleet.world
    made = await fleet.reserve(world.bruno, "N12", SLOT)
    async with world.reading() as db:
        for who in (world.bruno, world.denise, world.camille):
            assert (await queries.shown(db, who, made.id)).id == made.id
        for who in (world.awa, world.ines, world.gone):
            with pytest.raises(NotFound):
                await queries.reservation_for(db, who, made.id)


@pytest.mark.parametrize("count", [1, 3])
async def test_the_list_of_mine_costs_two_questions(fleet: Fleet, count: int) -> None:
    """However many reservations."""
    for number in range(count):
        await fleet.reserve(fleet.world.bruno, "N12", between(8 + 2 * number, 10 + 2 * number))
    async with fleet.world.reading() as db:
        with fleet.world.counting() as asked:
            found = await queries.mine(db, fleet.world.bruno)
    assert (len(found), len(asked)) == (count, 2)


@pytest.mark.parametrize("count", [1, 3])
async def test_a_reservation_costs_as_many_statements_whatever_is_reserved(fleet: Fleet, count: int) -> None:
    """Savepoints, journal and outbox included; no more on the third morning than on the first."""
    for number in range(count - 1):
        await fleet.reserve(fleet.world.bruno, "N12", between(8, 12, after=10 + number))
    with fleet.world.counting() as asked:
        made = await fleet.reserve(fleet.world.bruno, "N12", between(8, 12, after=20))
    assert len(asked) <= 22, asked
    async with fleet.world.reading() as db:
        told = (await queries.changes_of(db, made.id))[0].after
    assert told["units"] == [str(fleet.units["N12"].id)]


async def test_each_change_rings_for_the_units_it_touches(fleet: Fleet) -> None:
    """Bruno moves from one nacelle to the other: whoever looks at either hears of it, and nobody else."""
    world = fleet.world
    made = await fleet.reserve(world.bruno, "nacelle", SLOT)
    world.rung.clear()
    await _ask(fleet, world.camille, made, "reassign", [fleet.units["N18"].id])
    units = {str(queries.stream_of_unit(fleet.units[code].id)) for code in ("N12", "N18")}
    assert {each.stream for each in world.rung} == units | {str(queries.stream_of(made.id))}


def test_an_ask_survives_being_kept(fleet: Fleet) -> None:
    """What was wished is read back from the row as it was."""
    ask = fleet.ask("N12", SLOT, least={fleet.height.id: 1200}, place_id=fleet.world.aubrac.id)
    assert Ask.again(ask.type, ask.period, ask.quantity, ask.wanted) == ask


async def test_a_depot_that_closes_at_noon_offers_the_morning(fleet: Fleet) -> None:
    """Asked until 19 h, of a depot that takes back until noon: the morning, and the mornings after."""
    async with fleet.world.house.database.writing() as db:
        db.add_all(HandOver(depot_id=fleet.depot.id, weekday=each, opens=480, closes=720) for each in range(7))
    async with fleet.world.reading() as db:
        found = await ways_out(db, fleet.ask("N12", between(8, 19)))
    assert [way.kind for way in found] == [WayKind.SHORTER, WayKind.LATER, WayKind.LATER, WayKind.LATER]
    assert found[0].ask.period == between(8, 12)
    assert naive(found[1].ask.period.starts).hour == 8
