"""A forum's list narrowed to one kind of thread, or to questions settled or not: addresses that can be shared."""

from collections.abc import Mapping
from typing import NamedTuple
from urllib.parse import urlencode

from markupsafe import Markup

from forums.models import Kind

KIND, STATE = "type", "etat"
_KINDS = {
    "discussion": Kind.DISCUSSION,
    "question": Kind.QUESTION,
    "annonce": Kind.ANNOUNCEMENT,
    "achat": Kind.PURCHASE,
}
_STATES = {"non-resolu": False, "resolu": True}
_CHOICES = (
    ("Tous", "", ""),
    ("Discussions", "discussion", ""),
    ("Questions", "question", ""),
    ("Questions non résolues", "question", "non-resolu"),
    ("Questions résolues", "question", "resolu"),
    ("Annonces", "annonce", ""),
    ("Achats groupés", "achat", ""),
)


class Sought(NamedTuple):
    """What of a forum is asked; words that mean nothing here ask for everything."""

    kind: str = ""
    state: str = ""

    @property
    def is_narrow(self) -> bool:
        """Whether some threads are left out."""
        return bool(self.kind or self.state)

    @property
    def of_kind(self) -> Kind | None:
        """The kind of the threads that are asked; none means all."""
        return _KINDS[self.kind] if self.kind else None

    @property
    def is_settled(self) -> bool | None:
        """Whether questions are asked that are settled, or not; none means all threads."""
        return _STATES[self.state] if self.state else None

    @property
    def css(self) -> Markup:
        """How a page tells the rows it asked for from the others that arrive live; empty when it asked for all."""
        kind = _KINDS[self.kind] if self.kind else Kind.QUESTION if self.state else None
        if kind is None:
            return Markup()
        settled = {"": "", "resolu": '[data-kind~="resolved"]', "non-resolu": ':not([data-kind~="resolved"])'}
        return Markup(f'[data-kind~="{kind}"]{settled[self.state]}')  # noqa: S704 - words of closed lists


def sought(query: Mapping[str, str]) -> Sought:
    """What the address asks."""
    kind, state = query.get(KIND, ""), query.get(STATE, "")
    return Sought(kind if kind in _KINDS else "", state if state in _STATES else "")


def choices(here: str, query: Mapping[str, str]) -> list[tuple[str, str, bool]]:
    """The filters of a list as `ui/lists.html` shows them, each keeping what else the address asks."""
    others = {name: value for name, value in query.items() if name not in (KIND, STATE, "avant")}
    now = sought(query)
    return [(words, _address(here, others, kind, state), (kind, state) == now) for words, kind, state in _CHOICES]


def _address(here: str, others: Mapping[str, str], kind: str, state: str) -> str:
    asked = {**others, **{name: value for name, value in ((KIND, kind), (STATE, state)) if value}}
    return f"{here}?{urlencode(asked)}" if asked else here


def onward(query: Mapping[str, str], before: str) -> str:
    """The address of older threads, with what else this one asks."""
    return "?" + urlencode({**query, "avant": before})
