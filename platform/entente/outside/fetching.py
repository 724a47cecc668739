"""Asks an outside address for its calendar: politely, briefly, and without believing anything it says."""

import asyncio
import ssl
import zlib
from dataclasses import dataclass
from datetime import timedelta
from http.cookiejar import CookieJar, DefaultCookiePolicy

import httpx

from entente.outside.guard import CONNECT_SECONDS, Forbidden, Guard, Pinned
from entente.outside.reader import MOST_BYTES

TOTAL_SECONDS = 20.0
READ_SECONDS = 10.0
MOST_REDIRECTS = 5
LONGEST_PAUSE = timedelta(days=1)
HEADERS = {
    "User-Agent": "Entente (agenda)",
    "Accept": "text/calendar, */*;q=0.5",
    "Accept-Encoding": "gzip",
}
TOO_HEAVY = "Cet agenda dépasse 5\u00a0Mo\u00a0: il n’est pas lu."
NOT_OPEN = "Cette adresse mène à un réseau privé\u00a0: elle n’est pas lue."


class Unreachable(Exception):
    """The calendar could not be had; `reason` says why, in French, and `pause` how long its server asks to wait."""

    def __init__(self, reason: str, pause: timedelta = timedelta()) -> None:
        super().__init__(reason)
        self.reason = reason
        self.pause = pause


@dataclass(frozen=True)
class Tags:
    """What tells a calendar that did not change (RFC 9110 § 8.8)."""

    etag: str = ""
    modified: str = ""


@dataclass(frozen=True)
class Fetched:
    """What came; no content when nothing changed since the tags."""

    content: bytes | None
    tags: Tags


async def fetch(address: str, tags: Tags, guard: Guard) -> Fetched:
    """The calendar at an address; raises Unreachable."""
    try:
        async with asyncio.timeout(TOTAL_SECONDS):
            return await _fetch(address, tags, guard)
    except Forbidden:
        raise Unreachable(NOT_OPEN) from None
    except httpx.TooManyRedirects:
        raise Unreachable("L’adresse renvoie sans fin vers d’autres adresses.") from None
    except (TimeoutError, httpx.TimeoutException):
        raise Unreachable("Le serveur de cet agenda met trop de temps à répondre.") from None
    except httpx.ConnectError as error:
        raise Unreachable(_unconnected(error)) from None
    except (httpx.HTTPError, httpx.InvalidURL, httpx.CookieConflict, UnicodeError, ValueError, OSError):
        raise Unreachable("Le serveur de cet agenda a répondu de façon incompréhensible.") from None


def _unconnected(error: BaseException) -> str:
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLError):
            return "Le certificat de ce serveur n’est pas valable\u00a0: la liaison ne serait pas sûre."
        cause = cause.__cause__ or cause.__context__
    return "Le serveur de cet agenda est introuvable ou ne répond pas."


async def _fetch(address: str, tags: Tags, guard: Guard) -> Fetched:
    wanted = {"If-None-Match": tags.etag, "If-Modified-Since": tags.modified}
    async with (
        httpx.AsyncClient(
            transport=Pinned(guard),
            trust_env=False,
            follow_redirects=True,
            max_redirects=MOST_REDIRECTS,
            timeout=httpx.Timeout(READ_SECONDS, connect=CONNECT_SECONDS),
            cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),
            headers=HEADERS,
        ) as client,
        client.stream("GET", address, headers={name: value for name, value in wanted.items() if value}) as answer,
    ):
        if answer.status_code == 304 and any(wanted.values()):
            return Fetched(None, tags)
        _require_success(answer)
        return Fetched(await _content(answer), _tags(answer))


def _require_success(answer: httpx.Response) -> None:
    match answer.status_code:
        case 200:
            return
        case 401 | 403 | 407:
            reason = "Le serveur refuse de montrer cet agenda\u00a0: vérifiez que vous avez copié son adresse secrète."
        case 404 | 410:
            reason = "Cet agenda n’existe plus à cette adresse."
        case 429:
            reason = "Le serveur de cet agenda demande d’attendre."
        case status if status >= 500:
            reason = "Le serveur de cet agenda est en panne."
        case status:
            reason = f"Le serveur de cet agenda a répondu de façon inattendue (code {status})."
    raise Unreachable(reason, _pause(answer.headers.get("retry-after", "")))


def _pause(asked: str) -> timedelta:
    if not asked.isascii() or not asked.isdigit():
        return timedelta()
    return min(timedelta(seconds=int(asked[:9])), LONGEST_PAUSE)


def _tags(answer: httpx.Response) -> Tags:
    return Tags(*(_kept(answer.headers.get(name, "")) for name in ("etag", "last-modified")))


def _kept(tag: str) -> str:
    return tag if len(tag) <= 200 and tag.isascii() and tag.isprintable() else ""


async def _content(answer: httpx.Response) -> bytes:
    """The bytes, counted as they come and as they unfold: five megabytes at most of either."""
    if int(answer.headers.get("content-length", "0")[:15] or 0) > MOST_BYTES:
        raise Unreachable(TOO_HEAVY)
    taken = bytearray()
    async for chunk in answer.aiter_raw():
        taken += chunk
        if len(taken) > MOST_BYTES:
            raise Unreachable(TOO_HEAVY)
    match answer.headers.get("content-encoding", "identity").strip().lower():
        case "identity" | "":
            return bytes(taken)
        case "gzip" | "x-gzip" | "deflate":
            return _unfolded(bytes(taken))
    raise ValueError("an encoding that was not asked for")


def _unfolded(packed: bytes) -> bytes:
    # The library would unfold a whole chunk at once: a few kilobytes can hold gigabytes.
    try:
        content = zlib.decompressobj(zlib.MAX_WBITS | 32).decompress(packed, MOST_BYTES + 1)
    except zlib.error as error:
        raise ValueError("not what its header says") from error
    if len(content) > MOST_BYTES:
        raise Unreachable(TOO_HEAVY)
    return content
