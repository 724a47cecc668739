"""How often an outside agenda is asked for, and which addresses are taken at all."""

import random
from datetime import datetime, timedelta
from urllib.parse import urlsplit, urlunsplit

from entente.outside.guard import is_public

RHYTHM = timedelta(hours=1)
FIRST_PAUSE = timedelta(minutes=15)
LONGEST_PAUSE = timedelta(days=1)
JITTER = 0.2
MOST_SOURCES = 10
MOST_ADDRESS = 2_000


def next_time(at: datetime, failures: int, pause: timedelta = timedelta(), chance: float | None = None) -> datetime:
    """When to ask again: every hour, later and later after failures, and never everybody at the same minute."""
    # 2⁷ quarters of an hour are more than a day: a larger power would only overflow.
    wait = RHYTHM if not failures else min(FIRST_PAUSE * 2 ** min(failures - 1, 7), LONGEST_PAUSE)
    drawn = random.random() if chance is None else chance  # noqa: S311 -- a rhythm, not a secret
    return at + max(wait, pause) * (1 + JITTER * drawn)


def whole_address(typed: str) -> str:
    """The address of an outside agenda as it is asked for; raises ValueError with a French sentence."""
    address = "".join(typed.split())
    if len(address) > MOST_ADDRESS or not address.isprintable():
        raise ValueError(f"Cette adresse est trop longue\u00a0: {MOST_ADDRESS} caractères au plus.")
    try:
        parts = urlsplit(address)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        raise ValueError(_UNREADABLE) from None
    scheme = {"webcal": "https", "webcals": "https", "http": "http", "https": "https"}.get(parts.scheme.lower())
    if scheme is None or not host:
        raise ValueError(_UNREADABLE)
    if _is_ours(host):
        raise ValueError("Cette adresse mène à un réseau privé\u00a0: elle n’est pas lue.")
    return urlunsplit((scheme, parts.netloc, parts.path, parts.query, ""))


_UNREADABLE = "Collez l’adresse entière de l’agenda\u00a0: elle commence par https:// ou webcal://."


def _is_ours(host: str) -> bool:
    """Whether it plainly leads to our own network; names are judged again when they are looked up."""
    is_number = ":" in host or host.replace(".", "").isdigit()
    return host.rstrip(".") == "localhost" or (is_number and not is_public(host))
