"""What the forms of one's profile may send: nothing else of the account can be set from here."""

from typing import Annotated
from zoneinfo import available_timezones

from pydantic import AfterValidator, BaseModel, Field

from entente.account.models import Email, FamilyName, GivenName, Password
from entente.notices.rules import QUIET, MailRhythm

FRENCH_ZONES = (
    ("Europe/Paris", "Paris (France métropolitaine)"),
    ("America/Guadeloupe", "Guadeloupe"),
    ("America/Martinique", "Martinique"),
    ("America/Cayenne", "Guyane"),
    ("Indian/Reunion", "La Réunion"),
    ("Indian/Mayotte", "Mayotte"),
    ("America/Miquelon", "Saint-Pierre-et-Miquelon"),
    ("America/St_Barthelemy", "Saint-Barthélemy"),
    ("America/Marigot", "Saint-Martin"),
    ("Pacific/Noumea", "Nouvelle-Calédonie"),
    ("Pacific/Wallis", "Wallis-et-Futuna"),
    ("Pacific/Tahiti", "Polynésie française (Tahiti)"),
    ("Pacific/Marquesas", "Polynésie française (Marquises)"),
    ("Pacific/Gambier", "Polynésie française (Gambier)"),
    ("Indian/Kerguelen", "Terres australes (Kerguelen)"),
)
_FRENCH = frozenset(name for name, _ in FRENCH_ZONES)
_REGIONS = ("Africa/", "America/", "Asia/", "Atlantic/", "Australia/", "Europe/", "Indian/", "Pacific/")
ZONES = (
    *FRENCH_ZONES,
    *((name, name.replace("_", " ")) for name in sorted(available_timezones() - _FRENCH) if name.startswith(_REGIONS)),
)
"""Those of France and overseas first, then the others, for whoever works from elsewhere."""
_KNOWN_ZONES = frozenset(name for name, _ in ZONES)


def _zone(value: str) -> str:
    if value not in _KNOWN_ZONES:
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
