"""What the forms of an agenda may send."""

from hashlib import sha256
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, Field

from planning.models import Item
from planning.typed import LongTitle, MaybeName, or_none


class ItemForm(BaseModel):
    """A point of the agenda."""

    title: LongTitle
    note: Annotated[str, Field(max_length=4_000)] = ""
    rapporteur: MaybeName = ""
    minutes: Annotated[Annotated[int, Field(ge=1, le=600)] | None, BeforeValidator(or_none)] = None
    is_deliberation: bool = False


def mark_of(item: Item) -> str:
    """What changes with the words of a point, and not with its place: the lock of its form."""
    words = (item.title, item.note, item.rapporteur, item.minutes, item.is_deliberation)
    return sha256(repr(words).encode()).hexdigest()[:16]
