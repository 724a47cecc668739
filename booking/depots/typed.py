"""Hours as a manager types them: « 07:30-12:00, 13:30-17:00 »; nothing for a day on which it is shut."""

import re
from collections.abc import Mapping, Sequence
from itertools import pairwise

from entente.rules import Invalid
from entente.web.words import DAYS

NO_HOURS = "Écrivez les heures ainsi\u00a0: 07:30-12:00, 13:30-17:00."
MOST_SPANS = 4
_HOUR = r"([01]?\d|2[0-4])\s*[:hH]\s*([0-5]\d)?"
_SPAN = re.compile(rf"\s*{_HOUR}\s*(?:-|–|à)\s*{_HOUR}\s*")

Spans = dict[int, list[tuple[int, int]]]


def spans_of(written: str) -> list[tuple[int, int]]:
    """The hours of one day; raises ValueError, in French."""
    parts = [part for part in re.split(r"[,;]|\bet\b", written[:200]) if part.strip()]
    found = []
    for part in parts:
        read = _SPAN.fullmatch(part)
        if read is None:
            raise ValueError(NO_HOURS)
        opens, closes = (int(read[at]) * 60 + int(read[at + 1] or 0) for at in (1, 3))
        if not opens < closes <= 1440:
            raise ValueError("La fermeture doit venir après l’ouverture.")
        found.append((opens, closes))
    found.sort()
    if any(first[1] >= second[0] for first, second in pairwise(found)):
        raise ValueError("Ces heures se chevauchent.")
    if len(found) > MOST_SPANS:
        raise ValueError(f"{MOST_SPANS} plages au plus par jour.")
    return found


def week_of(fields: Mapping[str, object]) -> Spans:
    """The hours of the whole week; raises Invalid with a sentence for each day."""
    spans: Spans = {}
    errors: dict[str, str] = {}
    for number in range(len(DAYS)):
        try:
            if read := spans_of(str(fields.get(f"day-{number}", ""))):
                spans[number] = read
        except ValueError as error:
            errors[f"day-{number}"] = f"{DAYS[number].capitalize()}\u00a0: {str(error)[0].lower()}{str(error)[1:]}"
    if errors:
        raise Invalid(errors)
    return spans


def written(spans: Sequence[tuple[int, int]]) -> str:
    """The hours of one day, ready to be changed."""
    return ", ".join("-".join(f"{minute // 60:02}:{minute % 60:02}" for minute in span) for span in spans)
