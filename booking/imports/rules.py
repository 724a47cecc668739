"""What a line of the file means, and what is wrong with it: plain functions."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from booking.asks import Ask
from booking.fleet.models import ResourceType, Unit
from booking.periods import NoSuchTime, Period, moment_of
from entente.people.models import Organisation
from entente.rules import Invalid
from entente.text import clean_name
from entente.web import sheets
from entente.web.sheets import Line, Unreadable

NEEDED = ("unite", "debut", "fin", "payeur")
MORE = ("nombre", "motif", "pour")
COLUMNS = NEEDED + MORE
FORMS = ("%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M", "%d/%m/%Y %H:%M")


@dataclass(frozen=True)
class Meant:
    """What a line asks for, and the key that tells it from every other."""

    ask: Ask
    payer_id: UUID
    purpose: str
    on_behalf_of: str
    key: str


@dataclass(frozen=True)
class Known:
    """What the lines may name: units that the person keeps, by number, and organisations, by any of their names."""

    units: Mapping[str, Unit]
    types: Mapping[UUID, ResourceType]
    payers: Mapping[str, UUID]


def lines_of(text: str) -> list[Line]:
    """The lines of the file; raises Invalid when it cannot be read as a whole."""
    try:
        return sheets.read(_with_all_columns(text), COLUMNS)
    except Unreadable as error:
        raise Invalid({"file": str(error)}) from None


def _with_all_columns(text: str) -> str:
    """The same, with the columns that may be left out."""
    heading, _, rest = text.removeprefix("\ufeff").partition("\n")
    mark = max(sheets.SEPARATORS, key=heading.count)
    named = {name.strip().lower() for name in heading.split(mark)}
    missing = [name for name in MORE if name not in named]
    return f"{mark.join([heading.rstrip(), *missing])}\n{rest}"


def named(organisations: Sequence[Organisation]) -> dict[str, UUID]:
    """Organisations by each of their names and codes."""
    names: dict[str, UUID] = {}
    for each in organisations:
        known = (each.name, each.short_name, each.code_insee, each.siren)
        names |= {name.casefold(): each.id for name in known if name}
    return names


def meant(line: Line, known: Known) -> Meant:
    """What a line asks for; raises Invalid with the reason in `file`."""
    cells = line.cells
    unit, payer = known.units.get(cells["unite"].strip()), known.payers.get(cells["payeur"].strip().casefold())
    if unit is None:
        raise Invalid({"file": f"vous ne gérez aucune unité «\u00a0{cells['unite'][:30]}\u00a0»."})
    if payer is None:
        raise Invalid({"file": f"l’organisation «\u00a0{cells['payeur'][:60]}\u00a0» est inconnue."})
    period = Period(_moment(cells["debut"]), _moment(cells["fin"]))
    # What is brought from elsewhere was agreed there: only what cannot be is refused here.
    if period.ends <= period.starts:
        raise Invalid({"file": "la fin doit venir après le début."})
    count = cells["nombre"].strip() or "1"
    if not (count.isascii() and count.isdigit() and 1 <= int(count[:9]) <= unit.capacity):
        raise Invalid({"file": f"le nombre doit être compris entre 1 et {unit.capacity}."})
    ask = Ask(known.types[unit.type_id], period, int(count), unit_id=unit.id)
    purpose, behalf = clean_name(cells["motif"])[:300], clean_name(cells["pour"])[:120]
    said = repr((str(unit.id), period.starts.isoformat(), period.ends.isoformat(), str(payer), count, purpose, behalf))
    return Meant(ask, payer, purpose, behalf, hashlib.sha256(said.encode()).hexdigest()[:60])


def _moment(written: str) -> datetime:
    for form in FORMS:
        try:
            read = datetime.strptime(written.strip(), form)  # noqa: DTZ007 - read on the clock of Paris, just below
        except ValueError:
            continue
        try:
            return moment_of(read.date(), read.time())
        except NoSuchTime as error:
            raise Invalid({"file": str(error)}) from None
    raise Invalid({"file": f"«\u00a0{written[:30]}\u00a0» n’est pas une date\u00a0; écrivez 2026-11-26 08:00."})
