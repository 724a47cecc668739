"""What may be reached from here on someone's word: public addresses, and nothing of our own network.

A name is looked up once and the connection goes to the very address that was judged: a name that changes its answer
in between (DNS rebinding) gains nothing. Every hop of a redirect passes here again.
"""

import asyncio
import socket
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from functools import cache
from ipaddress import IPv4Address, ip_address, ip_network
from ssl import SSLContext

import httpx

CONNECT_SECONDS = 5.0
MOST_ADDRESSES = 4

LookUp = Callable[[str, int], Awaitable[Sequence[str]]]
"""The addresses of a host; raises OSError when it has none."""

# Beside what Python knows not to be global: what belongs to the clouds under a public number, and what older
# versions of Python forget.
_OURS = [
    ip_network(each)
    for each in (
        *("0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12"),
        *("192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24"),
        *("203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4", "168.63.129.16/32"),
        *("2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20"),
    )
]
_PUBLIC_V6 = ip_network("2000::/3")
"""All that is public in IPv6: neither local, nor unique-local, nor IPv4 in disguise (::ffff:10.0.0.1, 64:ff9b::)."""


class Forbidden(Exception):
    """The address leads where nobody may send us."""


def is_public(address: str) -> bool:
    """Whether this address belongs to the open Internet."""
    try:
        known = ip_address(address)
    except ValueError:
        return False
    if any(known.version == network.version and known in network for network in _OURS):
        return False
    if isinstance(known, IPv4Address):
        return known.is_global
    return known in _PUBLIC_V6 and known.is_global


async def look_up(host: str, port: int) -> Sequence[str]:
    """The addresses that the system knows for a host."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(address[0]) for *_, address in found]


@dataclass(frozen=True)
class Guard:
    """Who says where a name leads and whether one may go; only a test gives other answers, by passing its own."""

    look_up: LookUp = look_up
    may_reach: Callable[[str], bool] = is_public

    async def addresses(self, host: str, port: int) -> Sequence[str]:
        """Where to connect for this host; raises Forbidden, or OSError when there is nothing."""
        found = list(dict.fromkeys(await self.look_up(host, port)))
        # One address of ours among public ones is a trap, not a chance.
        if not all(self.may_reach(address) for address in found):
            raise Forbidden
        if not found:
            raise OSError(f"no address for {host}")
        return found[:MOST_ADDRESSES]


@cache
def _tls() -> SSLContext:
    return httpx.create_ssl_context(trust_env=False)


class Pinned(httpx.AsyncHTTPTransport):
    """Connects to the addresses that the guard judged; the name stays in the request and in the certificate."""

    def __init__(self, guard: Guard) -> None:
        # No connection serves twice: the next host at the same address may be another.
        super().__init__(verify=_tls(), trust_env=False, limits=httpx.Limits(max_keepalive_connections=0))
        self._guard = guard

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """One hop."""
        url = request.url
        if url.scheme not in ("http", "https") or not url.host:
            raise Forbidden
        try:
            addresses = await self._guard.addresses(url.host, url.port or (443 if url.scheme == "https" else 80))
        except (OSError, UnicodeError) as error:
            raise httpx.ConnectError("unknown host", request=request) from error
        missed: httpx.TransportError | None = None
        for address in addresses:
            pinned = httpx.Request(
                request.method,
                url.copy_with(host=address),
                headers=request.headers,
                extensions={**request.extensions, "sni_hostname": url.raw_host.decode("ascii")},
            )
            try:
                return await super().handle_async_request(pinned)
            except (httpx.ConnectError, httpx.ConnectTimeout) as error:
                missed = error
        assert missed
        raise missed
