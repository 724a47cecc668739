"""Why a post is hidden and by whom, and what the forms of a moderator may send."""

from datetime import UTC, date, datetime
from typing import Annotated
from uuid import UUID

from pydantic import AfterValidator, BaseModel, BeforeValidator
from pydantic import Field as FormField
from sqlmodel import Field, SQLModel

from entente.clock import now
from entente.db import Moment
from entente.text import clean_name

FOREVER = datetime(9999, 12, 31, tzinfo=UTC)
"""The end of a pin that has none."""
REASON_LENGTH = 300


class Hiding(SQLModel, table=True):
    """A moderator hides a post, and says why to everybody who sees its place."""

    __tablename__ = "post_hiding"

    post_id: UUID = Field(foreign_key="post.id", primary_key=True)
    moderator_id: UUID = Field(foreign_key="person.id")
    reason: str = Field(max_length=REASON_LENGTH)
    at: datetime = Field(default_factory=now, sa_type=Moment)


def _reason(value: str) -> str:
    reason = clean_name(value)
    if not reason:
        raise ValueError("Dites pourquoi\u00a0: chacun lira ce motif à la place du message.")
    return reason


def _or_none(value: object) -> object:
    return None if isinstance(value, str) and not value.strip() else value


Reason = Annotated[str, FormField(max_length=REASON_LENGTH), AfterValidator(_reason)]
MaybeReason = Annotated[str, FormField(max_length=REASON_LENGTH), AfterValidator(clean_name)]


class NewHiding(BaseModel):
    """What the form that hides a post may send."""

    reason: Reason


class NewPin(BaseModel):
    """What the form that pins a thread may send: the last day on top, or none."""

    until: Annotated[date | None, BeforeValidator(_or_none)] = None


class NewPlace(BaseModel):
    """What the form that moves a thread may send; `agreed` once the tags that would be lost were shown."""

    forum: Annotated[str, FormField(max_length=60)]
    agreed: bool = False


class NewClosure(BaseModel):
    """What the form that closes a thread may send."""

    reason: MaybeReason = ""
