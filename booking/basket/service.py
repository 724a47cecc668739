"""What can be done with a basket, and the one request that it becomes: everything reserved, or nothing."""

from collections.abc import Mapping, Sequence
from uuid import uuid4

from sqlalchemy.exc import IntegrityError
from sqlmodel import col, select

from booking import queries, quotas, rules, service
from booking.asks import Ask, Borrowing
from booking.basket.models import MOST_LINES, Basket, Order, OrderLine
from booking.basket.rules import OWN, Refusal, Refusals, head_of, line_of, rewritten, seen
from booking.free import choose
from booking.hold import ROUNDS, Lost, lock, trying
from booking.models import Reservation
from booking.rules import Taken, Unmet
from booking.search import Sought
from booking.ways import ways_out
from entente.clock import now
from entente.ids import Ref, new_id
from entente.journal import Verb as AnyVerb
from entente.rules import Conflict, Invalid, NotFound, Refused, require
from entente.work import Work

FULL = f"Votre panier est plein\u00a0: {MOST_LINES} lignes au plus."
CHANGED = "Votre panier a changé depuis que vous avez ouvert cette page\u00a0: relisez-le avant de le demander."
CROWDED = "Beaucoup de monde réserve ces unités en ce moment\u00a0: recommencez dans un instant."


class Verb(AnyVerb):
    """What can happen to a request of several lines, told on its own stream."""

    ORDER_PLACED = "order.placed"


def stream_of_order(order: Order) -> Ref:
    """The story of a request of several lines."""
    return Ref("booking/order", order.id)


async def opened(work: Work) -> Basket:
    """One's own basket, held until the end of the change: of two windows, one writes after the other."""
    query = select(Basket).where(col(Basket.person_id) == work.who.id).with_for_update()
    if found := (await work.db.exec(query)).one_or_none():
        return found
    made = Basket(person_id=work.who.id, key=str(uuid4()))
    try:
        async with work.db.begin_nested():
            work.db.add(made)
            await work.db.flush()
    except IntegrityError:
        # Two windows gather their first thing at once: the primary key lets one through.
        return (await work.db.exec(query)).one()
    return made


def _write(work: Work, basket: Basket, lines: Sequence[Mapping[str, str]]) -> None:
    basket.lines = [dict(line) for line in lines]
    basket.changed_at = now()
    work.db.add(basket)


async def gather(work: Work, sought: Sought, fields: Mapping[str, str]) -> bool:
    """Put one more thing into the basket; False when it is there already."""
    require(rules.may_look(work.who))
    basket = await opened(work)
    line = line_of(sought)
    basket.fields = {**basket.fields, **head_of(fields)}
    if any({key: value for key, value in each.items() if key != "line"} == line for each in basket.lines):
        return False
    if len(basket.lines) >= MOST_LINES:
        raise Conflict(FULL)
    _write(work, basket, [*basket.lines, {**line, "line": new_id().hex}])
    return True


async def revise(work: Work, fields: Mapping[str, str]) -> Basket:
    """Keep what was typed beside the lines and below them."""
    basket = await opened(work)
    if fields.get("key") != basket.key:
        return basket  # A form of a basket that was sent since: it says nothing of this one.
    basket.fields = head_of(fields)
    _write(work, basket, rewritten(basket.lines, fields))
    return basket


async def drop(work: Work, line: str) -> None:
    """Take one line out; raises NotFound when there is no such line in one's own basket."""
    basket = await opened(work)
    if all(each["line"] != line for each in basket.lines):
        raise NotFound
    _write(work, basket, [each for each in basket.lines if each["line"] != line])


async def replace(work: Work, line: str, sought: Sought) -> None:
    """Ask for something else on one line."""
    basket = await opened(work)
    if all(each["line"] != line for each in basket.lines):
        raise NotFound
    other = {**line_of(sought), "line": line}
    _write(work, basket, [other if each["line"] == line else each for each in basket.lines])


async def send(work: Work, borrowing: Borrowing, lines: str) -> Order:
    """Ask for all that is in the basket, which is then empty; sent twice with one key, it is asked for once.

    `lines` are those that were seen: raises Conflict when another window has changed them.
    """
    basket = await opened(work)
    if known := await _made(work, borrowing.key):
        return known
    if (borrowing.key, lines) != (basket.key, seen(basket.lines)):
        raise Conflict(CHANGED)
    order = await place(work, await _asks(work, basket), borrowing)
    basket.key, basket.fields = str(uuid4()), {}
    _write(work, basket, [])
    return order


async def _asks(work: Work, basket: Basket) -> list[Ask]:
    """What each line asks for; raises Invalid when one of them cannot be read."""
    types = {each.slug: each for each in await queries.types(work.db)}
    asks: list[Ask] = []
    for number, line in enumerate(basket.lines, 1):
        sought = Sought.of(line)
        ask = sought.ask_for(types.get(sought.what))
        if ask is None:
            raise Invalid({f"line-{line['line']}": f"Ligne {number}\u00a0: corrigez-la, ou retirez-la."})
        asks.append(ask)
    return asks


async def place(work: Work, asks: Sequence[Ask], borrowing: Borrowing) -> Order:
    """Reserve several things at once, or nothing: raises Refusals with every line that cannot be had."""
    require(rules.may_look(work.who))
    if known := await _made(work, borrowing.key):
        return known
    if not asks:
        raise Conflict("Votre panier est vide\u00a0: rien n’est demandé.")
    await service.require_payer(work, borrowing.payer_id)
    borrowing = await service.in_service(work, borrowing)
    order = Order(person_id=work.who.id, key=borrowing.key)
    try:
        async with work.db.begin_nested():
            work.db.add(order)
            await work.db.flush()
    except IntegrityError:
        if known := await _made(work, borrowing.key):
            return known
        raise
    await _wait_turn(work, asks, borrowing)
    made = await _reserve_all(work, order, asks, borrowing)
    work.db.add_all(
        OrderLine(order_id=order.id, number=number, reservation_id=each.id) for number, each in made.items()
    )
    work.record(stream_of_order(order), Verb.ORDER_PLACED, order.id)
    return order


async def _made(work: Work, key: str) -> Order | None:
    query = select(Order).where(col(Order.person_id) == work.who.id, col(Order.key) == key)
    return (await work.db.exec(query)).one_or_none()


async def _wait_turn(work: Work, asks: Sequence[Ask], borrowing: Borrowing) -> None:
    """Hold every quota and every unit that may serve, in one order, before the first line takes any."""
    # Line after line, two baskets that ask for the same things the other way round would wait for each other for ever.
    await quotas.wait_turn(work, [ask.type.id for ask in asks], borrowing)
    units = {unit for ask in asks for unit in queries.units_needed(await queries.candidates_for(work.db, ask))}
    for _ in range(ROUNDS):
        try:
            async with trying(work.db):
                await lock(work.db, units)
        except Lost:
            # Someone who moves a reservation holds one of them and waits for another: PostgreSQL chose us to yield.
            continue
        return
    raise Conflict(CROWDED)


async def _reserve_all(work: Work, order: Order, asks: Sequence[Ask], borrowing: Borrowing) -> dict[int, Reservation]:
    all_of_it = await work.db.begin_nested()
    made: dict[int, Reservation] = {}
    refused: dict[int, Conflict | Refused | Invalid] = {}
    unmet: dict[str, str] = {}
    for number, ask in sorted(enumerate(asks, 1), key=lambda each: (each[1].type.id, each[0])):
        own = borrowing._replace(key=f"{order.id}:{number}")
        try:
            async with work.db.begin_nested():
                made[number] = await service.reserve(work, ask, own)
        except Unmet as error:
            unmet |= error.errors
        except (Conflict, Refused, Invalid) as error:
            refused[number] = error
    if refused:
        # Looked for while the other lines are held: what they take is no way out.
        ways = {number: await ways_out(work.db, asks[number - 1]) for number in refused}
        await all_of_it.rollback()
        reasons = {number: await _why(work, asks[number - 1], said) for number, said in refused.items()}
        # What is raised outlives the whole change, whose rollback empties all that it still holds.
        for ask in asks:
            if ask.type in work.db:
                work.db.expunge(ask.type)
        told = [Refusal(number, asks[number - 1], reasons[number], ways[number]) for number in sorted(refused)]
        raise Refusals(told, unmet, len(asks))
    if unmet:
        raise Unmet(unmet)
    return made


async def _why(work: Work, ask: Ask, error: Conflict | Refused | Invalid) -> str:
    """The reason; or that the other lines take what is left, now that nothing of them is held any more."""
    if isinstance(error, Invalid):
        return " ".join(error.errors.values())
    if not isinstance(error, Taken):
        return error.reason
    candidates = await queries.candidates_for(work.db, ask)
    plan = await queries.plan_of(work.db, queries.units_needed(candidates), ask.period.widened(24 * 60, 24 * 60))
    return OWN if choose(candidates, ask.quantity, ask.period, plan) else error.reason
