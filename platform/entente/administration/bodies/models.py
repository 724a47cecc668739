"""What the forms about instances may send."""

from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, BeforeValidator

from entente.administration.typed import Address, Day, MaybeDay, MaybeId, Name
from entente.people.models import BodyKind, SeatRole


def _or_none(value: object) -> object:
    return None if isinstance(value, str) and not value.strip() else value


MaybeAddress = Annotated[Address | None, BeforeValidator(_or_none)]


class BodyForm(BaseModel):
    """An instance, and the organisation it is part of, if it is part of one alone."""

    name: Name
    kind: BodyKind
    organisation_id: MaybeId = None


class EditedBody(BodyForm):
    """An instance described again, over the state that the form showed."""

    mark: str


class SeatForm(BaseModel):
    """Who sits, from when; both are named by their address."""

    holder: Address
    substitute: MaybeAddress = None
    role: SeatRole = SeatRole.MEMBER
    mandate: bool = False
    since: Day


class NewSeat(SeatForm):
    """A seat for an organisation."""

    organisation_id: UUID
    until: MaybeDay = None
