"""What it looks like in real life: chairs and a cold room that were asked for together, for the same evening."""

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from booking.basket.models import Order, OrderLine
from booking.models import Reservation
from entente.people.seeds import plant

PURPOSES = ("Vœux du personnel", "Buffet des vœux")


async def gather_some(db: AsyncSession) -> None:
    """One request of two lines."""
    query = select(Reservation).where(col(Reservation.purpose).in_(PURPOSES)).order_by(col(Reservation.id))
    lines = (await db.exec(query)).all()
    order = Order(person_id=lines[0].person_id, key="demo", created_at=lines[0].created_at)
    await plant(db, [order])
    await plant(
        db,
        [OrderLine(order_id=order.id, number=number, reservation_id=line.id) for number, line in enumerate(lines, 1)],
    )
