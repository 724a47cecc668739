"""Where one may live in time, in words: France and overseas first, then the rest of the world."""

from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import groupby
from zoneinfo import ZoneInfo, available_timezones

FRENCH = (
    ("Europe/Paris", "Paris, heure de France métropolitaine"),
    ("America/Guadeloupe", "Guadeloupe"),
    ("America/Martinique", "Martinique"),
    ("America/Cayenne", "Guyane"),
    ("Indian/Reunion", "La Réunion"),
    ("Indian/Mayotte", "Mayotte"),
    ("America/Miquelon", "Saint-Pierre-et-Miquelon"),
    ("America/St_Barthelemy", "Saint-Barthélemy"),
    ("America/Marigot", "Saint-Martin"),
    ("Pacific/Noumea", "Nouvelle-Calédonie"),
    ("Pacific/Wallis", "Wallis-et-Futuna"),
    ("Pacific/Tahiti", "Polynésie française, Tahiti"),
    ("Pacific/Marquesas", "Polynésie française, Marquises"),
    ("Pacific/Gambier", "Polynésie française, Gambier"),
    ("Indian/Kerguelen", "Terres australes, Kerguelen"),
)
REGIONS = {
    "Africa": "Afrique",
    "America": "Amérique",
    "Asia": "Asie",
    "Atlantic": "Atlantique",
    "Australia": "Australie",
    "Europe": "Europe",
    "Indian": "Océan Indien",
    "Pacific": "Pacifique",
}
CITIES = {
    "Africa/Algiers": "Alger",
    "Africa/Cairo": "Le Caire",
    "America/Mexico_City": "Mexico",
    "America/Montreal": "Montréal",
    "America/Sao_Paulo": "São Paulo",
    "Asia/Beirut": "Beyrouth",
    "Asia/Dubai": "Dubaï",
    "Asia/Ho_Chi_Minh": "Hô Chi Minh-Ville",
    "Asia/Jerusalem": "Jérusalem",
    "Asia/Singapore": "Singapour",
    "Atlantic/Canary": "Îles Canaries",
    "Europe/Athens": "Athènes",
    "Europe/Brussels": "Bruxelles",
    "Europe/Bucharest": "Bucarest",
    "Europe/Copenhagen": "Copenhague",
    "Europe/Lisbon": "Lisbonne",
    "Europe/London": "Londres",
    "Europe/Moscow": "Moscou",
    "Europe/Vienna": "Vienne",
    "Europe/Warsaw": "Varsovie",
    "Europe/Zurich": "Zurich",
    "Indian/Mauritius": "Maurice",
}
"""Cities that French calls by a name of its own."""
WINTER = datetime(2026, 1, 15, 12, tzinfo=UTC)
Zones = list[tuple[str, str]]


@cache
def groups() -> list[tuple[str, Zones]]:
    """Every zone under the name of its region, each with its distance from Greenwich out of summer time."""
    french = {name for name, _ in FRENCH}
    others = sorted(name for name in available_timezones() - french if name.split("/")[0] in REGIONS and "/" in name)
    far = [(REGIONS[region], list(names)) for region, names in groupby(others, lambda name: name.split("/")[0])]
    return [
        ("France", [(name, f"{words} ({offset(name)})") for name, words in FRENCH]),
        *((words, [(name, f"{_city(name)} ({offset(name)})") for name in names]) for words, names in far),
    ]


@cache
def known() -> frozenset[str]:
    """Every zone that may be chosen."""
    return frozenset(name for _, zones in groups() for name, _ in zones)


def offset(name: str) -> str:
    """« UTC+1 », « UTC−9:30 », « UTC »."""
    at = WINTER.astimezone(ZoneInfo(name))
    minutes = int(((at.utcoffset() or timedelta()) - (at.dst() or timedelta())).total_seconds()) // 60
    hours, rest = divmod(abs(minutes), 60)
    sign = "" if not minutes else "+" if minutes > 0 else "\N{MINUS SIGN}"
    return f"UTC{sign}{hours or ''}{f':{rest:02}' if rest else ''}"


def _city(name: str) -> str:
    return CITIES.get(name) or ", ".join(reversed(name.replace("_", " ").split("/")[1:]))
