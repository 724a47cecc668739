"""What time it is: always with a zone, always UTC inside the house; and what day, as people here say it."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

PARIS = ZoneInfo("Europe/Paris")
"""Where a day begins and ends: a function, a seat, a deadline are of a day."""


def now() -> datetime:
    """This moment, in UTC."""
    return datetime.now(UTC)


def today() -> date:
    """The day it is in Paris; in UTC it is still the day before for an hour or two of each night."""
    return now().astimezone(PARIS).date()
