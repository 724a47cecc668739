"""The one mail of a request of several lines: written once it is saved, and once however often it is tried."""

from typing import Any
from uuid import UUID

from booking.basket import queries
from booking.basket.models import Order
from booking.models import State
from entente import mail
from entente.house import House
from entente.people.models import Person
from entente.people.queries import who_is
from entente.rules import NotFound
from entente.web import templates
from entente.web.words import plural
from entente.work import Work

TELL = "booking.basket.mail"
NEWS = frozenset({State.REQUESTED, State.CONFIRMED})
"""A line that is neither any more has had a mail of its own."""


async def tell(house: House, payload: dict[str, Any]) -> None:
    """Write to whoever asked, with every line as it stands now."""
    async with house.working(None) as work:
        order = await work.db.get(Order, UUID(payload["subject"]))
        who = await who_is(work.db, order.person_id) if order else None
        if order is None or who is None:
            return
        try:
            shown = await queries.order_for(work.db, who, order.id)
        except NotFound:
            return
        await _write(work, house, shown)


async def _write(work: Work, house: House, order: queries.ShownOrder) -> None:
    person = await work.db.get_one(Person, order.person_id)
    lines = [line for line in order.lines if line.state in NEWS]
    if not lines:
        return
    awaiting = sum(line.state == State.REQUESTED for line in lines)
    subject = "Demande envoyée" if awaiting else "Réservations confirmées"
    link = f"{house.settings.base_url}/reservations/demandes/{order.id}"
    context = {"name": person.given_name, "lines": lines, "awaiting": awaiting, "link": link}
    body = str(templates.render("mail/order.txt", context))
    count = plural(len(lines), "ligne", "lignes")
    mail.post(work, person.email, f"{subject}\u00a0: {count}", body, f"booking:order:{order.id}")
