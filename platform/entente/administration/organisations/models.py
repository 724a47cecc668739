"""What the forms about organisations may send."""

import re
from typing import Annotated

from pydantic import AfterValidator, BaseModel, BeforeValidator
from pydantic import Field as FormField

from entente.administration.typed import Day, MaybeDay, MaybeNumber, Name, ShortName
from entente.people.models import OrganisationKind

_INSEE = re.compile(r"(\d{2}|2[AB])\d{3}")


def _insee(value: str) -> str | None:
    code = "".join(value.split()).upper()
    if code and not _INSEE.fullmatch(code):
        raise ValueError("Un code INSEE a cinq signes, par exemple 16374 ou 2A004.")
    return code or None


def _siren(value: str) -> str | None:
    number = "".join(value.split())
    if number and not (len(number) == 9 and number.isascii() and number.isdigit() and has_luhn_key(number)):
        raise ValueError("Ce numéro SIREN n’est pas valable\u00a0: neuf chiffres, dont le dernier est une clé.")
    return number or None


def has_luhn_key(number: str) -> bool:
    """Whether the last digit is the key of the others (ISO/IEC 7812, as SIREN numbers have it)."""
    return sum(sum(divmod(int(digit) * (1 + place % 2), 10)) for place, digit in enumerate(reversed(number))) % 10 == 0


def _typed(value: object) -> str:
    return str(value or "")


Insee = Annotated[str | None, AfterValidator(_insee), BeforeValidator(_typed)]
Siren = Annotated[str | None, AfterValidator(_siren), BeforeValidator(_typed)]


class OrganisationForm(BaseModel):
    """An organisation as it is described."""

    name: Name
    short_name: ShortName
    kind: OrganisationKind
    code_insee: Insee = None
    siren: Siren = None
    postcodes: Annotated[str, FormField(max_length=60, pattern=r"^(\d{5}( \d{5})*)?$")] = ""
    population: Annotated[MaybeNumber, FormField(ge=0, le=10_000_000)] = None
    hue: Annotated[int, FormField(ge=0, le=359)] = 0
    hides_presence: bool = False


class NewOrganisation(OrganisationForm):
    """A new organisation, and since when it belongs to the EPCI."""

    since: Day


class EditedOrganisation(OrganisationForm):
    """An organisation described again, over the state that the form showed."""

    mark: str


class Period(BaseModel):
    """From when until when an organisation belongs to the EPCI."""

    since: Day
    until: MaybeDay = None


class NewService(BaseModel):
    """A department of an organisation."""

    name: Name
