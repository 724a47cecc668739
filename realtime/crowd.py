"""How many streams each person, and each address, holds open: in every process of the house together.

Each process says in Redis what it holds, in one place of its own that is forgotten when the process falls silent:
whoever was killed gives its places back within 20 s. Without Redis a process counts for itself.
"""

import asyncio
import secrets
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from contextlib import suppress
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
for i = 2, #ARGV, 3 do
  local taken = tonumber(ARGV[i + 1])
  for _, process in ipairs(others) do
    taken = taken + tonumber(redis.call('HGET', process, ARGV[i]) or 0)
  end
  if taken > tonumber(ARGV[i + 2]) then return 0 end
end
for i = 2, #ARGV, 3 do redis.call('HSET', KEYS[2], ARGV[i], ARGV[i + 1]) end
redis.call('SADD', KEYS[1], KEYS[2])
redis.call('EXPIRE', KEYS[1], ARGV[1])
redis.call('EXPIRE', KEYS[2], ARGV[1])
return 1
"""
"""Two processes that open at the same moment cannot both take the last place. ARGV: LASTS, then for each name how
many it would hold here, and how many it may hold everywhere."""

log = structlog.get_logger()


class Crowd:
    """Gives places, and takes them back."""

    def __init__(self, settings: Settings) -> None:
        self._here: Counter[str] = Counter()
        self._owed: set[str] = set()
        """Whose count has changed since Redis was last told."""
        self._is_unknown = False
        """Redis was away or has forgotten: all is to be told again, and until then this process counts alone."""
        self._turn = asyncio.Lock()
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
        with suppress(Exception):
            async with asyncio.timeout(REDIS_SECONDS):
                await self._redis.delete(self._mine)
        with suppress(Exception):
            await self._redis.aclose()

    async def enter(self, person: str, address: str) -> bool:
        """Take a place for this person at this address; false when either has no place left."""
        most = {person: PER_PERSON, address: PER_ADDRESS}
        if self._redis is None or self._is_unknown:
            return self._take(most)
        async with self._turn:
            return await self._is_free(self._redis, most) and self._take(most)

    def _take(self, most: Mapping[str, int]) -> bool:
        if any(self._here[each] >= many for each, many in most.items()):
            return False
        self._here.update(most.keys())
        if self._is_unknown:
            self._owe(most)
        return True

    async def _is_free(self, redis: "Redis", most: Mapping[str, int]) -> bool:
        asked = [word for each, many in most.items() for word in (each, self._here[each] + 1, many)]
        try:
            async with asyncio.timeout(REDIS_SECONDS):
                return bool(await redis.eval(_ENTER, 2, self._all, self._mine, LASTS, *asked))
        except BaseException as error:
            self._lose(error)
            if not isinstance(error, Exception):
                raise
            # Reading goes on without Redis.
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
            await asyncio.sleep(RETRY_SECONDS if self._is_unknown else TICK)
            self._stirred.clear()
            async with self._turn:
                await self._tell(redis)

    async def _tell(self, redis: "Redis") -> None:
        """Say what has changed, or everything; in either case this process is alive for some time more."""
        told, self._owed = (set(self._here) if self._is_unknown else self._owed), set()
        many = len(self._here)
        try:
            async with asyncio.timeout(REDIS_SECONDS):
                known = await self._write(redis, told)
        except BaseException as error:
            self._lose(error)
            if not isinstance(error, Exception):
                raise
            return
        self._is_unknown = known != many
        if self._is_unknown:
            # A Redis that was started again, or a process that was asleep for longer than it is remembered.
            self._stirred.set()

    async def _write(self, redis: "Redis", told: Collection[str]) -> int:
        """Write these counts as they are; returns how many Redis then knows."""
        held: dict[Any, Any] = {each: self._here[each] for each in told if self._here[each]}
        gone = [each for each in told if each not in held]
        async with redis.pipeline(transaction=True) as pipe:
            if self._is_unknown:
                pipe.delete(self._mine)
            if gone:
                pipe.hdel(self._mine, *gone)
            if held:
                pipe.hset(self._mine, mapping=held)
            pipe.expire(self._mine, LASTS)
            pipe.sadd(self._all, self._mine)
            pipe.expire(self._all, LASTS)
            pipe.hlen(self._mine)
            return int((await pipe.execute())[-1])

    def _lose(self, error: BaseException) -> None:
        if not self._is_unknown:
            log.info("crowd_alone", error=repr(error), reason=troubles.reason_of(error))
        self._is_unknown = True
        self._stirred.set()


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
