"""What is typed about inspections: days, hours of a meter, and how often."""

import re
from collections.abc import Mapping
from datetime import date

from booking.inspections import rules
from booking.inspections.rules import Due
from booking.typed import NO_DATE, day_of
from entente.rules import Invalid
from entente.web.words import number

MOST_YEARS = 20


def day_in(fields: Mapping[str, object], name: str) -> date | None:
    """The day of a field; none when nothing was typed; raises Invalid."""
    written = str(fields.get(name, "")).strip()[:20]
    if not written:
        return None
    try:
        read = day_of(written)
    except ValueError:
        raise Invalid({name: NO_DATE}) from None
    if not 2000 <= read.year <= date.today().year + MOST_YEARS:  # noqa: DTZ011 - a bound of years, in any zone
        raise Invalid({name: f"Cette date est trop loin\u00a0: entre l’an 2000 et {MOST_YEARS} ans d’ici."})
    return read


def hours_in(fields: Mapping[str, object], name: str) -> int | None:
    """« 1 250,5 » in tenths of an hour; none when nothing was typed; raises Invalid."""
    written = re.sub(r"[\s\u202f\u00a0]", "", str(fields.get(name, ""))).replace(",", ".").removesuffix("h")
    if not written:
        return None
    if not re.fullmatch(r"\d{1,6}(\.\d)?", written, re.ASCII):
        raise Invalid({name: "Écrivez des heures, avec un chiffre après la virgule au plus\u00a0: 1250,5."})
    read = round(float(written) * 10)
    if read > rules.MOST_HOURS:
        raise Invalid({name: f"C’est trop\u00a0: {number(rules.MOST_HOURS // 10)} heures au plus."})
    return read


def months_in(fields: Mapping[str, object], name: str) -> int | None:
    """How many months between two inspections; raises Invalid."""
    written = str(fields.get(name, "")).strip()
    if not written:
        return None
    if not (written.isascii() and written.isdigit() and 1 <= int(written[:6]) <= rules.LONGEST_MONTHS):
        raise Invalid({name: f"Écrivez un nombre de mois, entre 1 et {rules.LONGEST_MONTHS}."})
    return int(written)


def due_in(fields: Mapping[str, object], day: str, hours: str) -> Due:
    """When it falls due."""
    return Due(day_in(fields, day), hours_in(fields, hours))
