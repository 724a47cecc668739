"""Lies told to the checker once it has found nothing: it must find each of them, or its silence proves nothing."""

from collections.abc import Awaitable, Callable
from typing import Any

import asyncpg

from bench.chaos import check
from bench.chaos.check import Promise
from bench.chaos.crowd import Crowd
from bench.cluster import Cluster

Lie = Callable[[Any, Cluster, Crowd], Awaitable[bool]]
"""Harms what is kept, behind the house's back; false when the run left nothing to harm."""


async def unheard_lies(cluster: Cluster, crowd: Crowd) -> list[str]:
    """Tell every lie at once, and return the promises whose breaking the checker did not notice."""
    server = await asyncpg.connect(cluster.postgres.url)
    try:
        # As a replica, neither foreign keys nor the append-only tables mind.
        await server.execute("SET session_replication_role = replica")
        told = [name for name, lie in LIES.items() if await lie(server, cluster, crowd)]
    finally:
        await server.close()
    found = {each.what for each in await check.check(cluster, crowd) if each.broken}
    return [name for name in told if name not in found]


async def _lose_a_post(server: Any, _cluster: Cluster, crowd: Crowd) -> bool:
    mark = next(iter(crowd.ledger.posts), None)
    return await _did(server, "UPDATE post SET body = 'Bonjour.' WHERE body LIKE $1", f"%{mark}%")


async def _turn_a_sign(server: Any, _cluster: Cluster, crowd: Crowd) -> bool:
    sure = (key for key, sign in crowd.ledger.signs.items() if sign.may_be == {True})
    post, person = next(sure, (None, None))
    return await _did(server, "DELETE FROM reaction WHERE post_id = $1 AND person_id = $2", post, person)


async def _lose_a_reservation(server: Any, _cluster: Cluster, crowd: Crowd) -> bool:
    key = next((key for key, each in crowd.ledger.reservations.items() if each.asked), None)
    return await _did(server, "UPDATE reservation SET purpose = 'Beau temps' WHERE key = $1", key)


async def _lend_twice(server: Any, _cluster: Cluster, _crowd: Crowd) -> bool:
    guards = await server.fetch(
        "SELECT conname FROM pg_constraint WHERE contype = 'x' AND conrelid = 'allocation'::regclass"
    )
    for each in guards:
        await server.execute(f'ALTER TABLE allocation DROP CONSTRAINT "{each["conname"]}"')
    held = "kind = 'exclusive' AND state = 'confirmed'"
    columns = "unit_id, kind, state, starts_at, ends_at, quantity, before_minutes, after_minutes, held_from, held_until"
    return await _did(
        server,
        f"INSERT INTO allocation (reservation_id, {columns}) "
        f"SELECT gen_random_uuid(), {columns} FROM allocation WHERE {held} LIMIT 1",
    )


async def _change_a_mark(server: Any, _cluster: Cluster, crowd: Crowd) -> bool:
    voice, cell = next((key for key, said in crowd.ledger.marks.items() if said.sure), (None, "."))
    piste, _, criterion = cell.partition(".")
    return await _did(
        server,
        "UPDATE piste_round_mark SET level = 99 WHERE voice_id = $1 AND piste_id::text = $2 AND criterion = $3",
        *(voice, piste, criterion),
    )


async def _silence_a_seat(server: Any, _cluster: Cluster, crowd: Crowd) -> bool:
    sure = (key for key, said in crowd.ledger.answers.items() if not said.may_be("none"))
    meeting, seat = next(sure, (None, None))
    return await _did(server, "DELETE FROM meeting_answer WHERE meeting_id = $1 AND seat_id = $2", meeting, seat)


async def _lose_a_mail(_server: Any, cluster: Cluster, crowd: Crowd) -> bool:
    links = [each for each in cluster.mail.mails if each.to in crowd.ledger.links and "connexion" in each.subject]
    lost = (links or cluster.mail.mails)[:1]
    gone = {each.name for each in lost}
    cluster.mail.mails[:] = [each for each in cluster.mail.mails if each.name not in gone]
    return bool(lost)


async def _lose_a_link(_server: Any, _cluster: Cluster, crowd: Crowd) -> bool:
    # One more was acknowledged than was sent.
    for email in crowd.ledger.links:
        crowd.ledger.links[email] += 5
        return True
    return False


async def _tear_the_journal(server: Any, _cluster: Cluster, _crowd: Crowd) -> bool:
    middle = "SELECT stream, position FROM entry ORDER BY position DESC LIMIT 1 OFFSET 1"
    return await _did(server, f"DELETE FROM entry WHERE (stream, position) IN ({middle})")


async def _skip_a_word(_server: Any, _cluster: Cluster, crowd: Crowd) -> bool:
    follower = next(each for each in crowd.followers if each.at)
    stream, (epoch, position) = next(iter(follower.at.items()))
    follower.take("fragment", f"{stream}@{epoch}:{position + 2}")
    return True


async def _did(server: Any, statement: str, *known: Any) -> bool:
    return not str(await server.execute(statement, *known)).endswith(" 0")


LIES: dict[str, Lie] = {
    check.POSTS: _lose_a_post,
    check.SIGNS: _turn_a_sign,
    check.RESERVATIONS: _lose_a_reservation,
    check.OVERLAPS: _lend_twice,
    check.MARKS: _change_a_mark,
    check.ANSWERS: _silence_a_seat,
    check.MAILS: _lose_a_mail,
    check.LINKS: _lose_a_link,
    check.JOURNAL: _tear_the_journal,
    check.STREAMS: _skip_a_word,
}
"""For each promise, a way to break it."""


async def promise(cluster: Cluster, crowd: Crowd) -> Promise:
    """That the checker is not blind."""
    return Promise(
        "The checker finds each of the lies that it is told", f"{len(LIES)} lies", await unheard_lies(cluster, crowd)
    )
