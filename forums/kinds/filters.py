"""A forum's list narrowed to one kind of thread, or to questions settled or not: addresses that can be shared."""

from collections.abc import Mapping
from typing import NamedTuple
from urllib.parse import urlencode

from markupsafe import Markup
from sqlalchemy import ColumnElement, and_, exists
from sqlmodel import col

from forums.kinds.models import AcceptedAnswer
from forums.models import Kind, Thread

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
    def which(self) -> ColumnElement[bool] | None:
        """The threads that are asked; none means all."""
        kinds = [col(Thread.kind) == _KINDS[self.kind]] if self.kind else []
        if not self.state:
            return kinds[0] if kinds else None
        settled = exists().where(col(AcceptedAnswer.thread_id) == col(Thread.id))
        question = col(Thread.kind) == Kind.QUESTION
        return and_(question, settled if _STATES[self.state] else ~settled, *kinds)

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
