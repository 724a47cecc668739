"""What a basket keeps of a form, and what is said when it is refused: plain functions."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from booking.asks import Ask
from booking.search import Sought
from booking.ways import Way
from entente.rules import Conflict
from entente.web.words import plural

HEAD = ("payer_id", "purpose", "on_behalf_of")
MOST_TRAITS = 10
LONGEST = 300
LONGEST_AMOUNT = 20
QUANTITY = "quantity-"
OWN = "Une autre ligne de votre panier prend déjà ce qui reste."


@dataclass(frozen=True)
class Refusal:
    """Why one line cannot be had, and what could be had instead."""

    number: int
    ask: Ask
    reason: str
    ways: Sequence[Way] = ()


class Refusals(Conflict):
    """Some lines of a request cannot be had: nothing is reserved, and each says why (409)."""

    def __init__(self, refusals: Collection[Refusal], unmet: Mapping[str, str], of: int) -> None:
        what = plural(len(refusals), "ligne ne peut pas être réservée", "lignes ne peuvent pas être réservées")
        super().__init__(f"{what} sur {of}\u00a0: rien n’est réservé, et votre panier est conservé.")
        self.refusals = {each.number: each for each in refusals}
        self.unmet = dict(unmet)
        """What whoever asks has to do first, by the name of its box."""


def line_of(sought: Sought) -> dict[str, str]:
    """What is kept of one thing that was found."""
    least = [(f"least-{key}"[:50], value[:LONGEST_AMOUNT]) for key, value in sought.least.items() if value.strip()]
    asked = {"what": sought.what, "where": sought.where, "unit": sought.unit, "quantity": sought.quantity}
    return {key: value for key, value in {**asked, **sought.when.fields, **dict(least[:MOST_TRAITS])}.items() if value}


def head_of(fields: Mapping[str, str]) -> dict[str, str]:
    """For whom, at whose expense and why, as it was typed."""
    return {name: fields[name][:LONGEST] for name in HEAD if fields.get(name)}


def rewritten(lines: Sequence[Mapping[str, str]], fields: Mapping[str, str]) -> list[dict[str, str]]:
    """The lines with the numbers that were typed beside them, and with the dates that were typed for all of them."""
    when = Sought.of(fields).when.fields
    # Lines of different dates show none in the form: what is left empty is left as it is.
    dates = {name: value for name, value in when.items() if value} if when["day"] else {}
    return [{**line, **dates, "quantity": _quantity(line, fields)} for line in lines]


def _quantity(line: Mapping[str, str], fields: Mapping[str, str]) -> str:
    written = fields.get(QUANTITY + line["line"], line.get("quantity", ""))
    return written.strip()[:12] or "1"


def seen(lines: Sequence[Mapping[str, str]]) -> str:
    """Which lines a page shows: nobody asks for one that another window has added since."""
    return ",".join(line["line"] for line in lines)


def common_dates(lines: Sequence[Mapping[str, str]]) -> dict[str, str]:
    """The dates that all the lines share; none when they differ."""
    dates = [Sought.of(line).when.fields for line in lines]
    return dates[0] if dates and all(each == dates[0] for each in dates) else {}
