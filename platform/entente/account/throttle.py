"""How often a guarded door may be tried: counted in the database, so that every process counts together."""

from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256
from ipaddress import IPv6Address, ip_address, ip_network

from sqlalchemy import Integer, bindparam, delete, text, update
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from entente.clock import now
from entente.db import Moment
from entente.people.models import Attempt


@dataclass(frozen=True)
class Limit:
    """How many tries in how long."""

    name: str
    tries: int
    window: timedelta


# An account is counted together with the network it is tried from: whoever guesses Awa's password from
# elsewhere cannot keep Awa out.
PASSWORDS = Limit("password", 10, timedelta(minutes=15))
PASSWORDS_FROM = Limit("password-from", 60, timedelta(minutes=15))
LINKS = Limit("link", 5, timedelta(hours=1))
LINKS_FROM = Limit("link-from", 30, timedelta(hours=1))


class TooMany(Exception):
    """Tried too often (429); `seconds` says when to come back."""

    def __init__(self, seconds: int) -> None:
        super().__init__(seconds)
        self.seconds = max(1, seconds)

    @property
    def minutes(self) -> int:
        """The same, as one says it."""
        return -(-self.seconds // 60)


_COUNT = (
    text(
        "INSERT INTO attempt (key, count, until) VALUES (:key, 1, :until) ON CONFLICT (key) DO UPDATE SET "
        "count = CASE WHEN attempt.until <= :now THEN 1 ELSE attempt.count + 1 END, "
        "until = CASE WHEN attempt.until <= :now THEN :until ELSE attempt.until END "
        "RETURNING count AS tries, until"
    )
    .bindparams(bindparam("now", type_=Moment()), bindparam("until", type_=Moment()))
    .columns(tries=Integer(), until=Moment())
)


async def count(db: AsyncSession, limit: Limit, *whose: str) -> None:
    """Count one try; raises TooMany beyond the limit."""
    moment = now()
    known = {"key": key_of(limit, *whose), "now": moment, "until": moment + limit.window}
    row = (await db.execute(_COUNT, known)).one()
    if row.tries > limit.tries:
        raise TooMany(int((row.until - moment).total_seconds()))


async def is_over(db: AsyncSession, limit: Limit, *whose: str) -> bool:
    """Count one try; whether that is beyond the limit."""
    try:
        await count(db, limit, *whose)
    except TooMany:
        return True
    return False


async def give_back(db: AsyncSession, limit: Limit, *whose: str) -> None:
    """It was not a wrong try after all: count one less."""
    fewer = update(Attempt).where(col(Attempt.key) == key_of(limit, *whose), col(Attempt.count) > 0)
    await db.execute(fewer.values(count=Attempt.count - 1))


async def forget(db: AsyncSession, limit: Limit, *whose: str) -> None:
    """Whoever tried has proved who they are: count from nothing."""
    await db.execute(delete(Attempt).where(col(Attempt.key) == key_of(limit, *whose)))


async def sweep(db: AsyncSession) -> None:
    """Forget the windows that are closed."""
    await db.execute(delete(Attempt).where(col(Attempt.until) < now()))


def key_of(limit: Limit, *whose: str) -> str:
    """The name of a count: a hash, for nobody needs to read addresses here."""
    return sha256("\n".join([limit.name, *whose]).encode()).hexdigest()


def network_of(address: str) -> str:
    """Who stands behind an address: in IPv6 one line has 2⁶⁴ of them."""
    try:
        known = ip_address(address)
    except ValueError:
        return address
    if isinstance(known, IPv6Address):
        return str(known.ipv4_mapped or ip_network((known, 64), strict=False))
    return str(known)
