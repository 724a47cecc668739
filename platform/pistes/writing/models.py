"""What the smaller forms may send."""

from uuid import UUID

from pydantic import BaseModel

from pistes.models import MaybeId, NewPiste, needed


class Proposed(NewPiste):
    """A new piste, and the message it is made of when there is one."""

    message: MaybeId = None


class TalkForm(BaseModel):
    """Where a conversation is opened, and its first words."""

    place: UUID
    body: needed("Écrivez le premier message.", 10_000)  # type: ignore[valid-type]


class Nothing(BaseModel):
    """A button alone."""


class Resolution(BaseModel):
    """Which commune a cut name was; none when it was nobody."""

    commune: MaybeId = None
