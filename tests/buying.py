"""Group purchases as tests propose and answer them."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from uuid import UUID

from sqlalchemy import update
from sqlmodel import col

from entente.clock import now
from entente.people.who import Who
from forums import queries as threads
from forums.kinds import opening
from forums.models import Forum, Kind, NewThread, Thread
from forums.purchase import queries, service
from forums.purchase.forms import Answered, NewPurchase, TypedLot
from forums.purchase.models import Purchase, Stance
from forums.purchase.queries import Board
from world import World

SALT = TypedLot(None, "Sel en vrac", "tonnes", Decimal(80))
BAGS = TypedLot(None, "Sel en sacs", "sacs de 25 kg", None)


async def propose(
    world: World,
    who: Who,
    forum: Forum,
    lots: tuple[TypedLot, ...] = (SALT, BAGS),
    title: str = "Sel pour l’hiver",
    need: str = "Du sel avant décembre.",
) -> Thread:
    """Someone proposes to buy together, until in a week."""
    new = NewThread(title=title, body="Vos tonnages ?", kind=Kind.PURCHASE)
    more = NewPurchase(need, list(lots), now() + timedelta(days=7))
    async with world.working(who) as work:
        return await opening.open_thread(work, forum, True, new, more)


async def board_of(world: World, thread: Thread) -> Board:
    """The purchase as it stands."""
    async with world.reading() as db:
        return await queries.board_for(db, thread.id)


async def answer(
    world: World,
    who: Who,
    thread: Thread,
    stance: Stance,
    *quantities: str,
    version: int = 0,
    commune: UUID | None = None,
) -> None:
    """Someone answers for a commune, with a quantity for each lot in turn."""
    async with world.working(who) as work:
        place = await threads.thread_for(work.db, who, thread.id)
        board = await queries.board_for(work.db, thread.id)
        mine = await queries.commune_for(work.db, who, commune or next(iter(who.organisations)))
        taken = dict(zip((lot.id for lot in board.lots), map(Decimal, quantities), strict=False))
        await service.answer(work, place, mine, Answered(stance, version, taken))


async def deadline_is(world: World, thread: Thread, deadline: datetime) -> None:
    """The clock has moved on: the deadline is then."""
    async with world.house.database.writing() as db:
        await db.execute(update(Purchase).where(col(Purchase.thread_id) == thread.id).values(deadline=deadline))


def typed(board: Board, stance: str, *quantities: str, version: int = 0) -> Mapping[str, str]:
    """What a browser sends for a commune."""
    fields = (f"lot_{lot.id.hex}" for lot in board.lots)
    return {"stance": stance, "version": str(version), **dict(zip(fields, quantities, strict=False))}
