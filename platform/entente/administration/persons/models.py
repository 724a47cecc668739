"""What the forms about people may send."""

from typing import Annotated
from uuid import UUID

from pydantic import BaseModel
from pydantic import Field as FormField

from entente.administration.typed import Address, Day, Label, MaybeDay, MaybeId, PersonName
from entente.people.models import FunctionKind


class NewFunction(BaseModel):
    """What someone becomes in an organisation, from when until when."""

    organisation_id: UUID
    kind: FunctionKind
    title: Label = ""
    service_id: MaybeId = None
    since: Day
    until: MaybeDay = None


class NewPerson(BaseModel):
    """Someone to invite, with their first function; the service is named, and made if it is new."""

    email: Address
    given_name: PersonName
    family_name: PersonName
    organisation_id: UUID
    kind: FunctionKind
    title: Label = ""
    service: Label = ""


class Identity(BaseModel):
    """How someone is called and written to, over the state that the form showed."""

    email: Address
    given_name: PersonName
    family_name: PersonName
    mark: str


class Forgotten(BaseModel):
    """That nobody will know again who someone was, and which other words name them, one on each line."""

    also: Annotated[str, FormField(max_length=2_000)] = ""
    agreed: bool = False


class End(BaseModel):
    """The first day on which something no longer holds."""

    until: Day
