"""What is typed in the forms of the room: dates and hours as people write them, and sentences for what is not one."""

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, time
from typing import Annotated
from uuid import UUID

from pydantic import AfterValidator, BaseModel, BeforeValidator, Field

from entente import clock
from entente.rules import Invalid
from entente.text import clean_name
from entente.web.words import NBSP, PARIS, long_date
from planning.models import Meeting
from planning.plans import Plan

NO_DATE = f"Cette date n’existe pas{NBSP}; écrivez-la ainsi{NBSP}: 2026-11-22."
NO_HOUR = f"Cette heure n’existe pas{NBSP}; écrivez-la ainsi{NBSP}: 14:30."
NO_LINK = f"Cette adresse ne convient pas{NBSP}: elle commence par https://."
FAR_YEARS = 20

_HOUR = re.compile(r"([01]?\d|2[0-3])\s*[:hH]\s*([0-5]\d)?", re.ASCII)
_DAY = re.compile(r"(\d{1,2})[/.](\d{1,2})[/.](\d{4})", re.ASCII)


def day_of(written: object) -> date:
    """A day as a browser or a person writes it; raises ValueError with a sentence."""
    text = str(written).strip()
    try:
        found = _DAY.fullmatch(text)
        read = date(int(found[3]), int(found[2]), int(found[1])) if found else date.fromisoformat(text)
    except ValueError:
        raise ValueError(NO_DATE) from None
    today = clock.today()
    if abs((read - today).days) > FAR_YEARS * 366:
        raise ValueError(f"Cette date est trop loin{NBSP}: {FAR_YEARS} ans au plus autour du {long_date(today)}.")
    return read


def hour_of(written: object) -> time:
    """An hour as a browser or a person writes it; raises ValueError with a sentence."""
    found = _HOUR.fullmatch(str(written).strip())
    if found is None:
        raise ValueError(NO_HOUR)
    return time(int(found[1]), int(found[2] or 0))


def moment_of(day: date, hour: time) -> datetime:
    """That time of that day in Paris, in UTC; of the two 2 h 30 of October, the first; raises ValueError in March."""
    moment = datetime.combine(day, hour, PARIS).astimezone(UTC)
    if moment.astimezone(PARIS).time() != hour:
        raise ValueError(
            f"Cette heure n’existe pas{NBSP}: dans la nuit du passage à l’heure d’été, on passe de "
            f"2{NBSP}h{NBSP}00 à 3{NBSP}h{NBSP}00."
        )
    return moment


def _link(written: str) -> str:
    if written and not re.match(r"https?://[^\s]+$", written):
        raise ValueError(NO_LINK)
    return written


def or_none(value: object) -> object:
    """Nothing typed is None."""
    return None if isinstance(value, str) and not value.strip() else value


Day = Annotated[date, BeforeValidator(day_of)]
MaybeDay = Annotated[date | None, BeforeValidator(lambda value: day_of(value) if or_none(value) else None)]
Hour = Annotated[time, BeforeValidator(hour_of)]
MaybeId = Annotated[UUID | None, BeforeValidator(or_none)]


def _filled(value: str) -> str:
    if not value:
        raise ValueError("Ce champ est à remplir.")
    return value


# The length is that of what was typed: cleaning never makes it longer, and the house has a sentence for it.
Title = Annotated[str, Field(max_length=160), AfterValidator(clean_name), AfterValidator(_filled)]
LongTitle = Annotated[str, Field(max_length=200), AfterValidator(clean_name), AfterValidator(_filled)]
Line = Annotated[str, Field(max_length=200), AfterValidator(clean_name)]
Name = Annotated[str, Field(max_length=120), AfterValidator(clean_name), AfterValidator(_filled)]
MaybeName = Annotated[str, Field(max_length=120), AfterValidator(clean_name)]


class MeetingForm(BaseModel):
    """What the form of a meeting may send."""

    title: Title
    day: Day
    start: Hour
    end: Hour
    hall_id: MaybeId = None
    place: Line = ""
    link: Annotated[str, Field(max_length=500), AfterValidator(clean_name), AfterValidator(_link)] = ""
    note: Annotated[str, Field(max_length=10_000)] = ""
    is_confidential: bool = False
    is_option: bool = False
    key: Annotated[str, Field(max_length=60)] = ""

    def plan(self, body_id: UUID) -> Plan:
        """The meeting that is wanted; raises Invalid when it ends before it starts, or at no time at all."""
        starts, ends = self._moment("start", self.start), self._moment("end", self.end)
        if ends <= starts:
            raise Invalid({"end": "La réunion se termine avant de commencer\u00a0: corrigez l’heure de fin."})
        return Plan(
            body_id=body_id,
            title=self.title,
            starts_at=starts,
            ends_at=ends,
            key=self.key,
            hall_id=self.hall_id,
            place=self.place,
            link=self.link,
            note=self.note.strip(),
            is_confidential=self.is_confidential,
            is_option=self.is_option,
        )

    def _moment(self, field: str, hour: time) -> datetime:
        return told_beside(field, lambda: moment_of(self.day, hour))


def told_beside(field: str, read: Callable[[], datetime]) -> datetime:
    """What is read, or Invalid with its sentence beside the field."""
    try:
        return read()
    except ValueError as error:
        raise Invalid({field: str(error)}) from None


def fields_of(meeting: Meeting) -> dict[str, str]:
    """A meeting as its form shows it."""
    starts, ends = meeting.starts_at.astimezone(PARIS), meeting.ends_at.astimezone(PARIS)
    return {
        "title": meeting.title,
        "day": f"{starts:%Y-%m-%d}",
        "start": f"{starts:%H:%M}",
        "end": f"{ends:%H:%M}",
        "hall_id": str(meeting.hall_id or ""),
        "place": meeting.place,
        "link": meeting.link,
        "note": meeting.note,
        "is_confidential": "1" if meeting.is_confidential else "",
        "is_option": "1" if meeting.state == "option" else "",
        "version": str(meeting.version),
    }
