"""Who may answer a group purchase, until when, and what a quantity is: plain functions."""

import re
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from entente.people.who import Who
from entente.web.words import date_time
from forums.models import Thread
from forums.purchase.models import DECIMALS, MOST_QUANTITY, Purchase
from forums.purchase.words import in_french

CLOSED_THREAD = "Ce fil est fermé\u00a0: on ne peut plus répondre à l’achat groupé."
_NUMBER = re.compile(r"([+-]?)(\d{1,20})(?:[.,](\d{1,20}))?(?:[eE]([+-]?\d{1,3}))?", re.ASCII)
_SPACES = re.compile("[ \u00a0\u202f]")


def may_answer_for(who: Who, organisation_id: UUID) -> bool:
    """One answers for the organisations in which one has a function today."""
    return organisation_id in who.organisations


def may_keep(who: Who, thread: Thread, moderates: bool) -> bool:
    """Whoever proposed the purchase, or keeps the peace, extends and closes it."""
    return thread.deleted_at is None and (thread.author_id == who.id or moderates)


def why_ended(purchase: Purchase, at: datetime) -> str:
    """Why the purchase is over, with its date; empty while it goes on."""
    if purchase.closed_at is not None:
        return f"L’achat groupé est clos depuis le {date_time(purchase.closed_at)}\u00a0: on ne peut plus y répondre."
    if purchase.deadline <= at:
        return f"L’échéance est passée depuis le {date_time(purchase.deadline)}\u00a0: on ne peut plus y répondre."
    return ""


def why_not(purchase: Purchase, thread: Thread, at: datetime) -> str:
    """Why communes can no longer answer: the purchase is over, or its thread is closed; empty while they can."""
    return why_ended(purchase, at) or (CLOSED_THREAD if thread.closed_at is not None else "")


def may_end_at(purchase: Purchase, new: datetime, at: datetime) -> bool:
    """A deadline is put off, never brought forward: whoever counts on it must not be surprised."""
    return new > max(at, purchase.deadline if purchase.closed_at is None else at)


def quantity(text: str) -> Decimal | None:
    """A quantity as people write it, « 12,5 » or « 1 200 »; nothing when left empty.

    Raises ValueError with a French sentence for what is not one.
    """
    plain = _SPACES.sub("", text)
    if not plain:
        return None
    found = _NUMBER.fullmatch(plain)
    if found is None:
        # What is too long to be read is too big to be bought.
        raise ValueError(TOO_MUCH if re.fullmatch(r"\+?[0-9]{21,}([.,][0-9]+)?", plain) else NOT_A_NUMBER)
    sign, whole, decimals, power = found.groups()
    read = Decimal(f"{sign}{whole}.{decimals or '0'}E{power or '0'}")
    if read < 0:
        raise ValueError(TOO_LITTLE)
    if read > MOST_QUANTITY:
        raise ValueError(TOO_MUCH)
    if read != round(read, DECIMALS):
        raise ValueError(TOO_FINE)
    return read


NOT_A_NUMBER = "Écrivez un nombre, par exemple 12 ou 12,5."
TOO_LITTLE = "Une quantité ne peut pas être négative\u00a0: 0 au moins."
TOO_MUCH = f"C’est trop grand\u00a0: {in_french(Decimal(MOST_QUANTITY))} au plus."
TOO_FINE = f"C’est trop précis\u00a0: {DECIMALS} décimales au plus."
