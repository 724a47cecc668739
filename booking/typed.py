"""What is typed in the forms of the room: dates and hours as people write them, and sentences for what is not one."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from uuid import UUID

from booking.periods import NoSuchTime, Period, moment_of, naive
from entente import clock
from entente.clock import now
from entente.rules import Invalid
from entente.web.words import long_date

NO_DATE = "Cette date n’existe pas\u00a0; écrivez-la ainsi\u00a0: 2026-11-22."
NO_HOUR = "Cette heure n’existe pas\u00a0; écrivez-la ainsi\u00a0: 08:30."
NO_NUMBER = "Écrivez un nombre entier."
FAR_YEARS = 20
FIELDS = ("day", "start", "last_day", "end")

_HOUR = re.compile(r"([01]?\d|2[0-3])\s*[:hH]\s*([0-5]\d)?")
_DAY = re.compile(r"(\d{1,2})[/.](\d{1,2})[/.](\d{4})")
SHOWN_AS = {"starts": "day", "ends": "last_day", "quantity": "quantity", "payer_id": "payer_id", "rule": "repeat"}
"""Where in the form a sentence about a rule stands."""


@dataclass
class When:
    """The four fields of a period, as they were typed."""

    day: str = ""
    start: str = ""
    last_day: str = ""
    end: str = ""
    errors: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, fields: Mapping[str, str]) -> "When":
        """The fields of a form or of an address."""
        day, start, last_day, end = (str(fields.get(each, "")).strip()[:20] for each in FIELDS)
        return cls(day, start, last_day, end)

    @classmethod
    def showing(cls, period: Period) -> "When":
        """A period, ready to be changed."""
        first, last = naive(period.starts), naive(period.ends)
        return cls(f"{first:%Y-%m-%d}", f"{first:%H:%M}", f"{last:%Y-%m-%d}", f"{last:%H:%M}")

    @property
    def fields(self) -> dict[str, str]:
        """The same, as an address writes them."""
        return {"day": self.day, "start": self.start, "last_day": self.last_day, "end": self.end}

    def period(self) -> Period | None:
        """The period, unless something is wrong: then `errors` says what."""
        first, begins = self._day("day", self.day), self._hour("start", self.start)
        last = self._day("last_day", self.last_day) if self.last_day else first
        ends = self._hour("end", self.end)
        if first is None or last is None or begins is None or ends is None:
            return None
        starts_at, ends_at = self._moment("start", first, begins), self._moment("end", last, ends)
        return Period(starts_at, ends_at) if starts_at and ends_at else None

    def _day(self, name: str, written: str) -> date | None:
        try:
            read = day_of(written)
        except ValueError:
            self.errors[name] = NO_DATE
            return None
        today = clock.today()
        if abs((read - today).days) > FAR_YEARS * 366:
            self.errors[name] = f"Cette date est trop loin\u00a0: {FAR_YEARS} ans au plus autour du {long_date(today)}."
            return None
        return read

    def _hour(self, name: str, written: str) -> time | None:
        found = _HOUR.fullmatch(written)
        if found is None:
            self.errors[name] = NO_HOUR
            return None
        return time(int(found[1]), int(found[2] or 0))

    def _moment(self, name: str, day: date, hour: time) -> datetime | None:
        try:
            return moment_of(day, hour)
        except NoSuchTime as error:
            self.errors[name] = str(error)
            return None


def day_of(written: str) -> date:
    """A day as a browser or a person writes it; raises ValueError."""
    if found := _DAY.fullmatch(written):
        return date(int(found[3]), int(found[2]), int(found[1]))
    if not re.fullmatch(r"\d{4}-\d{2}-\d{2}", written, re.ASCII):
        raise ValueError(written)
    return date.fromisoformat(written)


def quantity_of(written: str) -> int:
    """How many; raises Invalid."""
    written = written.strip().replace("\u202f", "").replace(" ", "") or "1"
    if not re.fullmatch(r"\d{1,12}", written, re.ASCII):
        raise Invalid({"quantity": NO_NUMBER})
    return int(written)


def id_or_none(written: str) -> UUID | None:
    """An id that was chosen in a list; raises ValueError for anything else than that or nothing."""
    return UUID(written) if written else None


def amount_of(written: str) -> int | None:
    """« 12,5 » in hundredths; none when nothing was typed; raises ValueError."""
    written = written.strip().replace(",", ".")
    if not written:
        return None
    if not re.fullmatch(r"\d{1,6}(\.\d{1,2})?", written, re.ASCII):
        raise ValueError(written)
    return round(float(written) * 100)


def amount_words(amount: int, measure: str = "") -> str:
    """Hundredths as one reads them: « 12,5 m »."""
    whole, rest = divmod(amount, 100)
    decimals = f",{rest:02}".rstrip("0") if rest else ""
    return f"{whole}{decimals}" + (f"\u00a0{measure}" if measure else "")


def suggested() -> When:
    """What the empty form proposes: the morning of the next working day but one."""
    day = naive(now()).date() + timedelta(days=2)
    while day.weekday() > 4:
        day += timedelta(days=1)
    return When(f"{day:%Y-%m-%d}", "08:00", "", "12:00")


def placed(errors: Mapping[str, str]) -> dict[str, str]:
    """Sentences of the rules, beside the fields of the form."""
    return {SHOWN_AS.get(name, name): sentence for name, sentence in errors.items()}
