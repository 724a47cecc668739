"""What the address of a planning asks, with what is wrong in it."""

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from urllib.parse import parse_qs, urlencode
from uuid import UUID

from starlette.requests import Request

from entente.clock import now
from entente.web.words import long_date
from planning.grid.choices import Chosen
from planning.grid.days import FAR, Span, View, day_of
from planning.grid.queries import Cursor

HOME = "/planning"
COOKIE = "planning"
MOST_REMEMBERED = 3_000
VIEWS = {View.MONTH: "Mois", View.WEEK: "Semaine", View.DAY: "Jour", View.LIST: "Liste", View.YEAR: "Année"}


@dataclass(frozen=True)
class Asked:
    """A view of time, around a day, with the calendars laid over each other in it."""

    span: Span
    chosen: Chosen
    error: str = ""
    after: str = ""
    """Of the list, the place after which it goes on."""
    before: str = ""
    """Of the list, the place before which it stands."""

    @classmethod
    def of(cls, request: Request) -> "Asked":
        """Read an address, then what was chosen last; what is not understood shows today, and says so."""
        known, kept = request.query_params, parse_qs(request.cookies.get(COOKIE, "")[:MOST_REMEMBERED])
        calendars = request.app.state.calendars
        said = known.getlist("avec") if "avec" in known else kept.get("avec")
        chosen = Chosen.usual(calendars) if said is None else Chosen.of(said, calendars)
        view, error = _view(known.get("vue")), ""
        if view is None:
            view = _view(kept.get("vue", [""])[0]) or View.MONTH
            error = "Choisissez mois, semaine, jour, liste ou année." if known.get("vue") else ""
        day, wrong = _day(known.get("du", ""))
        after, before = known.get("apres", ""), known.get("avant", "")
        if (after and not cursor(after)) or (before and not cursor(before)):
            after, before, wrong = "", "", "Cette page de la liste n’existe pas."
        return cls(Span.around(view, day), chosen, error or wrong, after, before)

    @property
    def query(self) -> str:
        """The same question, at the end of an address."""
        said = {"vue": self.span.view.value, "du": self.span.day.isoformat()}
        said |= {key: value for key, value in (("apres", self.after), ("avant", self.before)) if value}
        return "?" + urlencode([*said.items(), *self._with])

    @property
    def _with(self) -> list[tuple[str, str]]:
        # An empty choice is a choice: without the word, the usual one would come back.
        return [("avec", word) for word in self.chosen.words or ("",)]

    @property
    def remembered(self) -> str:
        """What the next visit begins with."""
        return urlencode([("vue", self.span.view.value), *self._with])

    @property
    def nowhere(self) -> UUID:
        """No meeting bears it: a place in time alone."""
        return UUID(int=0)

    def at(self, day: date, view: View | None = None) -> str:
        """The same calendars around another day, or in another view."""
        return HOME + replace(self, span=Span.around(view or self.span.view, day), after="", before="").query

    def day(self, day: date) -> str:
        """One day of them."""
        return self.at(day, View.DAY)

    def month(self, day: date) -> str:
        """One month of them."""
        return self.at(day, View.MONTH)

    def paged(self, after: str = "", before: str = "") -> str:
        """Another page of the list."""
        return HOME + replace(self, after=after, before=before).query


def _view(said: str | None) -> View | None:
    try:
        return View(said or "")
    except ValueError:
        return None


def _day(said: str) -> tuple[date, str]:
    today = day_of(now())
    if not said:
        return today, ""
    try:
        day = date.fromisoformat(said) if len(said) == 10 else None
    except ValueError:
        day = None
    if day is None:
        return today, "Cette date n’existe pas\u00a0: écrivez-la comme 2026-11-24."
    if abs(day - today) > FAR:
        return today, f"Cette date est trop loin\u00a0: dix ans au plus autour du {long_date(today)}."
    return day, ""


def cursor(said: str) -> Cursor | None:
    """Read a place in the list."""
    moment, _, id_ = said.partition("_")
    try:
        return Cursor(datetime.fromtimestamp(int(moment[:12]), UTC), UUID(id_))
    except (ValueError, OverflowError):
        return None


def said_cursor(at: datetime, id_: UUID | None) -> str:
    """A place in the list, as an address says it: meetings begin on a minute."""
    return f"{int(at.timestamp())}_{id_}"
