"""What the forms of one's profile may send: nothing else of the account can be set from here."""

from typing import Annotated

from pydantic import AfterValidator, BaseModel, Field

from entente.account.models import Email, FamilyName, GivenName, Password
from entente.account.profile import zones
from entente.notices.rules import QUIET, MailRhythm


def _zone(value: str) -> str:
    if value not in zones.known():
        raise ValueError("Choisissez dans la liste.")
    return value


Hour = Annotated[int, Field(ge=0, le=23)]


class Profile(BaseModel):
    """How someone is called, where they live in time, and when they want mail."""

    given_name: GivenName
    family_name: FamilyName
    time_zone: Annotated[str, AfterValidator(_zone)]
    mail: MailRhythm
    quiet_since: Hour = QUIET[0]
    quiet_until: Hour = QUIET[1]


class NewPassword(BaseModel):
    """A password to come, and the present one if there is one."""

    new_password: Annotated[Password, Field(min_length=1)]
    current_password: Password = ""


class NewAddress(BaseModel):
    """An address to come, and the password if there is one."""

    email: Email
    password: Password = ""
