"""What an address of the search may ask: everything else is left out, or said to be wrong."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import urlencode

from entente.people.who import Who
from entente.search import asked
from entente.search.asked import Asked
from entente.search.findable import Filter, Findable
from entente.search.models import SearchDocument
from entente.search.queries import MOST

PER_PAGE = 20
LONGEST = 100
_UNSEEN = re.compile(r"[\x00-\x1f\x7f]+")


@dataclass(frozen=True)
class Sought:
    """What an address asks."""

    asked: Asked
    chosen: Mapping[str, str] = field(default_factory=dict)
    """For each filter that is set, its value as it was typed."""
    by_date: bool = False
    page: int = 1

    def address(self, here: str, *, by_date: bool | None = None, page: int = 1, filtered: bool = True) -> str:
        """The address that asks this, or something near."""
        asks: dict[str, str] = {"q": self.asked.text, **(self.chosen if filtered else {})}
        if self.by_date if by_date is None else by_date:
            asks["tri"] = "date"
        if page > 1:
            asks["page"] = str(page)
        return f"{here}?{urlencode(asks)}"


def filters_of(findables: Sequence[Findable]) -> list[Filter]:
    """Every way to look at fewer results; those of one name are one."""
    return list({each.name: each for findable in findables for each in findable.filters}.values())


def read(params: Mapping[str, str], findables: Sequence[Findable]) -> Sought:
    """What the address asks, within bounds."""
    chosen = {}
    for each in filters_of(findables):
        value = _UNSEEN.sub(" ", params.get(each.name, "")).strip()[:LONGEST]
        if value:
            chosen[each.name] = value
    return Sought(asked.read(params.get("q", "")), chosen, params.get("tri") == "date", _page(params.get("page", "")))


def _page(text: str) -> int:
    wanted = int(text) if text.isascii() and text.isdigit() and len(text) < 5 else 1
    return min(max(wanted, 1), MOST // PER_PAGE)


def errors_in(sought: Sought, findables: Sequence[Findable], who: Who) -> dict[str, str]:
    """What is wrong with the filters, field by field."""
    errors = {}
    for each in filters_of(findables):
        if each.name in sought.chosen:
            try:
                each.where(SearchDocument, sought.chosen[each.name], who)
            except ValueError as error:
                errors[each.name] = str(error)
    return errors


def answering(findables: Sequence[Findable], sought: Sought) -> list[Findable]:
    """The kinds of things that know every filter that is set."""
    return [each for each in findables if set(sought.chosen) <= {one.name for one in each.filters}]
