"""How a meeting is said in a calendar, and how those of a series become one event: plain functions."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from uuid import UUID

from dateutil.rrule import rrulestr

from entente.ical import Event
from entente.ical import State as Certainty
from entente.web.words import NBSP, PARIS
from planning.calendars.queries import CANCELLED_FOR, Said
from planning.models import State

AT, SERIES_AT, CLOSED_AT = "@reunions.entente", "@series.reunions.entente", "@occupe.reunions.entente"
"""Never to be changed: applications know an event by its whole uid."""
BUSY = "Occupé"
Agendas = Mapping[UUID, tuple[str, ...]]


def event_of(said: Said, agenda: Sequence[str], uid: str) -> Event:
    """A meeting as an event; of one that is closed to its reader, the time it takes."""
    if not said.is_open:
        return Event(
            uid, said.changes, said.changed_at, said.starts_at, said.ends_at, BUSY, state=certainty(said.state)
        )
    return Event(
        uid=uid,
        sequence=said.changes,
        changed_at=said.changed_at,
        begins=said.starts_at,
        ends=said.ends_at,
        title=title_of(said),
        place=place_of(said),
        text=_text(said, agenda),
        address=f"/planning/reunions/{said.id}",
        state=certainty(said.state),
        category=said.body,
    )


def certainty(state: State) -> Certainty:
    """Whether a meeting will take place, as calendars say it."""
    match state:
        case State.CANCELLED:
            return Certainty.CANCELLED
        case State.OPTION:
            return Certainty.TENTATIVE
    return Certainty.CONFIRMED


def title_of(said: Said) -> str:
    """Which body meets, then what for, said once."""
    if said.body.casefold() in said.title.casefold():
        return said.title
    return f"{said.body}{NBSP}: {said.title}"


def place_of(said: Said) -> str:
    """The hall with its address, or the place that was written; from afar when there is neither."""
    where = ", ".join(filter(None, (said.hall, said.address))) or said.place
    return where or ("À distance" if said.link else "")


def _text(said: Said, agenda: Sequence[str]) -> str:
    lines = [
        "Date retenue à titre d’option\u00a0: elle n’est pas encore décidée." if said.state == State.OPTION else "",
        f"Réunion annulée{NBSP}: {said.cancelled_for}" if said.state == State.CANCELLED else "",
        f"Pour participer à distance{NBSP}: {said.link}" if said.link else "",
        said.note,
        f"Ordre du jour{NBSP}:" if agenda else "",
        *(f"{number}. {title}" for number, title in enumerate(agenda, start=1)),
    ]
    return "\n".join(line for line in lines if line)


def parted(said: Sequence[Said]) -> tuple[list[Said], list[Said]]:
    """Of the meetings of a series, those that make one event, and those told alone since its rule does not know them.

    All are told alone when none is as the rule says: there would be nothing to repeat.
    """
    in_step = _in_step(said)
    dates = set(_dates_of(in_step))
    known = [each for each in in_step if each.occurs_at in dates]
    if not any(_is_standing(each) for each in known):
        return [], list(said)
    return known, [each for each in in_step if each.occurs_at not in dates]


def _in_step(said: Sequence[Said]) -> list[Said]:
    """The same, their rule at the hour at which most of them are: a series put back by an hour stays a series."""
    alive = [each for each in said if each.occurs_at and each.state != State.CANCELLED]
    most = Counter(_lag(each) for each in alive).most_common(1)
    lag = most[0][0] if most else timedelta()
    return [replace(each, occurs_at=_later(each.occurs_at, lag)) if each.occurs_at else each for each in said]


def _lag(said: Said) -> timedelta:
    """By how much a meeting is later than its rule on the clock of Paris; nothing when it is on another day."""
    was, starts = ((each or said.starts_at).astimezone(PARIS) for each in (said.occurs_at, said.starts_at))
    return starts.replace(tzinfo=None) - was.replace(tzinfo=None) if starts.date() == was.date() else timedelta()


def _later(moment: datetime, lag: timedelta) -> datetime:
    return (moment.astimezone(PARIS).replace(tzinfo=None) + lag).replace(tzinfo=PARIS).astimezone(UTC)


def series_of(said: Sequence[Said], agendas: Agendas, uid: str) -> Event:
    """The meetings of a series, as its rule knows them, as one event with its exceptions.

    Its end is the last meeting there is: counting from a beginning that was removed would go too far.
    """
    dates, known = _dates_of(said), {each.occurs_at: each for each in said}
    usual, gone = _usual(said, agendas), [each for each in said if each.is_undone]
    plain, silent = {each.id for each in usual}, {each.occurs_at for each in gone}
    changed = [each for each in said if each.id not in plain and each.occurs_at not in silent]
    return replace(
        event_of(usual[0], agendas.get(usual[0].id, ()), uid),
        begins=dates[0],
        ends=dates[0] + (usual[0].ends_at - usual[0].starts_at),
        sequence=max(each.changes for each in usual) + len(gone),
        # What was called off leaves without anybody touching it, a month later.
        changed_at=max([each.changed_at for each in usual] + [each.changed_at + CANCELLED_FOR for each in gone]),
        rule=f"{_endless(said[0].rule)};UNTIL={dates[-1]:%Y%m%dT%H%M%SZ}",
        but=tuple(date for date in dates if date not in known or date in silent),
        changes=tuple(
            replace(event_of(each, agendas.get(each.id, ()), uid), instead_of=each.occurs_at) for each in changed
        ),
    )


def _usual(said: Iterable[Said], agendas: Agendas) -> list[Said]:
    """Those that say the same as most, at the hour of the rule: the earliest when several are as many."""
    looks = {each.id: _look(each, agendas.get(each.id, ())) for each in said if _is_standing(each)}
    most = Counter(looks.values()).most_common(1)[0][0]
    return [each for each in said if looks.get(each.id) == most]


def _is_standing(said: Said) -> bool:
    return said.starts_at == said.occurs_at and said.state != State.CANCELLED


def _look(said: Said, agenda: tuple[str, ...]) -> tuple[object, ...]:
    length = said.ends_at - said.starts_at
    return (title_of(said), place_of(said), _text(said, agenda), certainty(said.state), length, said.body)


def _dates_of(said: Sequence[Said]) -> tuple[datetime, ...]:
    """Every date of the rule of a series, from its first meeting to its last."""
    occurs = [each.occurs_at for each in said if each.occurs_at]
    return _dates(said[0].rule, min(occurs), max(occurs)) if occurs else ()


@lru_cache(maxsize=2_000)
def _dates(rule: str, first: datetime, last: datetime) -> tuple[datetime, ...]:
    # Counted in Paris: the hour on the clock does not move when clocks do.
    since, until = (each.astimezone(PARIS).replace(tzinfo=None) for each in (first, last))
    found = rrulestr(_endless(rule), dtstart=since).between(since, until, inc=True)
    return tuple(each.replace(tzinfo=PARIS).astimezone(UTC) for each in found)


def _endless(rule: str) -> str:
    parts = rule.upper().removeprefix("RRULE:").split(";")
    return ";".join(part for part in parts if not part.startswith(("COUNT=", "UNTIL=")))
