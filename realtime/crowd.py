"""How many streams each person, and each address, holds open: in every process of the house together.

Each process says in Redis what it holds, in one place of its own that is forgotten when the process falls silent:
whoever was killed gives its places back within 20 s. Without Redis a process counts for itself.
"""

import asyncio
import secrets
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import structlog

from entente import troubles
from entente.settings import Settings
from realtime.bell import prefix_of

if TYPE_CHECKING:
    from redis.asyncio import Redis

PER_PERSON = 20
PER_ADDRESS = 2_000
"""A town hall may stand behind one address."""
LASTS = 20
RENEW = 5.0
TICK = 0.02
"""Those who leave together are told together."""
REDIS_SECONDS = 0.5
RETRY_SECONDS = 1.0

_ENTER = """
local others = {}
for _, process in ipairs(redis.call('SMEMBERS', KEYS[1])) do
  if redis.call('EXISTS', process) == 0 then
    redis.call('SREM', KEYS[1], process)
  elseif process ~= KEYS[2] then
    others[#others + 1] = process
  end
end
local function mine(i)
  return math.max(tonumber(redis.call('HGET', KEYS[2], ARGV[i]) or 0), tonumber(ARGV[i + 1]))
end
for i = 2, #ARGV, 3 do
  local taken = mine(i)
  for _, process in ipairs(others) do
    taken = taken + tonumber(redis.call('HGET', process, ARGV[i]) or 0)
  end
  if taken > tonumber(ARGV[i + 2]) then return 0 end
end
for i = 2, #ARGV, 3 do redis.call('HSET', KEYS[2], ARGV[i], mine(i)) end
redis.call('SADD', KEYS[1], KEYS[2])
redis.call('EXPIRE', KEYS[1], ARGV[1])
redis.call('EXPIRE', KEYS[2], ARGV[1])
return 1
"""
"""Two processes that open at the same moment cannot both take the last place. ARGV: LASTS, then for each name how
many it would hold here, and how many it may hold everywhere. Those of one process that knock together may be heard in
any order: the highest count is kept."""
_TOLD = ""
"""What a process says whatever it holds: without it, Redis has forgotten the rest too."""

log = structlog.get_logger()


@dataclass(frozen=True, eq=False)
class Knock:
    """Someone who holds a place here, and waits to hear whether there is one in the house."""

    asked: Sequence[str | int]
    """For each name, how many it holds here with this place, and how many it may hold everywhere."""
    is_free: asyncio.Future[bool]

    def hear(self, is_free: bool) -> None:
        """Tell whoever waits, if they still do."""
        if not self.is_free.done():
            self.is_free.set_result(is_free)


class Crowd:
    """Gives places, and takes them back."""

    def __init__(self, settings: Settings) -> None:
        self._here: Counter[str] = Counter()
        self._owed: set[str] = set()
        """Whose count has changed since Redis was last told."""
        self._is_unknown = False
        """Redis was away or has forgotten: all is to be told again, and until then this process counts alone."""
        self._has_told = False
        self._knocks: list[Knock] = []
        """Those who wait for an answer: they are asked for together, while others gather."""
        self._stirred = asyncio.Event()
        self._telling: asyncio.Task[None] | None = None
        self._redis = _client(settings)
        self._all = f"{prefix_of(settings)}:crowds"
        self._mine = f"{prefix_of(settings)}:crowd:{secrets.token_hex(8)}"

    def here(self, whose: str) -> int:
        """How many streams of one person, or from one address, this process holds."""
        return self._here[whose]

    async def open(self) -> None:
        """Start to tell the other processes."""
        if self._redis:
            self._telling = asyncio.create_task(self._tell_often(self._redis), name="crowd-tell")

    async def close(self) -> None:
        """Give every place back."""
        if self._redis is None or self._telling is None:
            return
        self._telling.cancel()
        await asyncio.wait([self._telling])
        self._let_in()
        with suppress(Exception):
            async with asyncio.timeout(REDIS_SECONDS):
                await self._redis.delete(self._mine)
        with suppress(Exception):
            await self._redis.aclose()

    async def enter(self, person: str, address: str) -> bool:
        """Take a place for this person at this address; false when either has no place left."""
        most = {person: PER_PERSON, address: PER_ADDRESS}
        if not self._take(most):
            return False
        if self._redis is None or self._is_unknown:
            return True
        asked = [word for each, many in most.items() for word in (each, self._here[each], many)]
        knock = Knock(asked, asyncio.get_running_loop().create_future())
        self._knocks.append(knock)
        self._stirred.set()
        is_free = False
        try:
            is_free = await knock.is_free
        finally:
            if not is_free:
                self.leave(person, address)
        return is_free

    def _take(self, most: Mapping[str, int]) -> bool:
        if any(self._here[each] >= many for each, many in most.items()):
            return False
        self._here.update(most.keys())
        if self._is_unknown:
            self._owe(most)
        return True

    def leave(self, person: str, address: str) -> None:
        """Give a place back."""
        for each in (person, address):
            self._here[each] -= 1
            if not self._here[each]:
                del self._here[each]
        self._owe((person, address))

    def _owe(self, whose: Iterable[str]) -> None:
        """Redis is to be told of these."""
        if self._redis:
            self._owed.update(whose)
            self._stirred.set()

    async def _tell_often(self, redis: "Redis") -> None:
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(RENEW):
                    await self._stirred.wait()
            if not self._knocks:
                await asyncio.sleep(RETRY_SECONDS if self._is_unknown else TICK)
            self._stirred.clear()
            await self._tell(redis)

    async def _tell(self, redis: "Redis") -> None:
        """Ask for those who knock and say what has changed, or everything: this process is alive for some time more."""
        told, self._owed = (set(self._here) if self._is_unknown else self._owed), set()
        knocks, self._knocks = self._knocks, []
        is_whole = self._is_unknown or not self._has_told
        try:
            async with asyncio.timeout(REDIS_SECONDS):
                was_known, *free = await self._write(redis, knocks, told)
        except BaseException as error:
            self._knocks += knocks
            self._lose(error)
            if not isinstance(error, Exception):
                raise
            return
        for knock, is_free in zip(knocks, free, strict=True):
            knock.hear(is_free)
        self._has_told = True
        self._is_unknown = not (is_whole or was_known)
        if self._is_unknown:
            # A Redis that was started again, or a process that was asleep for longer than it is remembered.
            self._stirred.set()

    async def _write(self, redis: "Redis", knocks: Sequence[Knock], told: Collection[str]) -> list[bool]:
        """Write these counts as they are; whether Redis knew what it had been told, then whether each knock is free."""
        held: dict[Any, Any] = {each: self._here[each] for each in told if self._here[each]}
        gone = [each for each in told if each not in held]
        async with redis.pipeline(transaction=True) as pipe:
            pipe.hexists(self._mine, _TOLD)
            for knock in knocks:
                pipe.eval(_ENTER, 2, self._all, self._mine, LASTS, *knock.asked)
            if self._is_unknown:
                pipe.delete(self._mine)
            if gone:
                pipe.hdel(self._mine, *gone)
            pipe.hset(self._mine, mapping={_TOLD: 1, **held})
            pipe.expire(self._mine, LASTS)
            pipe.sadd(self._all, self._mine)
            pipe.expire(self._all, LASTS)
            return [bool(each) for each in (await pipe.execute())[: len(knocks) + 1]]

    def _lose(self, error: BaseException) -> None:
        if not self._is_unknown:
            log.info("crowd_alone", error=repr(error), reason=troubles.reason_of(error))
        self._is_unknown = True
        self._stirred.set()
        self._let_in()

    def _let_in(self) -> None:
        """Nobody will answer those who knock: reading goes on without Redis."""
        for knock in self._knocks:
            knock.hear(True)
        self._knocks.clear()


def _client(settings: Settings) -> "Redis | None":
    if settings.redis_url is None:
        return None
    # Only here, as in `bell`: a house of one process does without.
    from redis.asyncio import Redis
    from redis.asyncio.retry import Retry
    from redis.backoff import NoBackoff

    return Redis.from_url(
        settings.redis_url,
        socket_connect_timeout=REDIS_SECONDS,
        socket_timeout=REDIS_SECONDS,
        # Once, at once: an idle connection may have been cut.
        retry=Retry(NoBackoff(), 1),
    )
