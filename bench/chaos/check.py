"""The checker: reads the database, the mail server and what the crowd remembers, and names every broken promise.

It asks in SQL, of PostgreSQL itself: none of the house's own code vouches for the house.
"""

import asyncio
import re
import time
from collections import Counter, defaultdict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import asyncpg

from bench.chaos.crowd import MARK, Crowd
from bench.chaos.harm import POSTGRES, WORKER
from bench.cluster import Cluster

POSTS = "A post that was acknowledged is there, once"
SIGNS = "A sign stands as it was last acknowledged"
RESERVATIONS = "A reservation stands as it was acknowledged, once"
OVERLAPS = "Nothing is lent twice at once"
MARKS = "A mark is given once, and is the last acknowledged"
ANSWERS = "A seat answers once, and by its last word"
MAILS = "Every mail owed was sent, twice only around a kill"
LINKS = "Whoever asked for a link has it in the mail"
JOURNAL = "Every story in the journal is whole"
STREAMS = "Open pages saw no hole and no disorder"

SETTLED = 180.0
"""How long the worker may take to finish: a killed worker's lease lasts a minute."""
CAUGHT_UP = 90.0
"""How long open pages may take to see all that happened."""
SHOWN = 5
"""How many broken promises of one kind are told in full."""


@dataclass
class Promise:
    """One promise, how much of it was looked at, and where it was broken."""

    what: str
    looked_at: str
    broken: list[str] = field(default_factory=list)


async def settle(cluster: Cluster, crowd: Crowd) -> list[Promise]:
    """Wait until what was left for later is done and open pages have caught up; what never comes is broken."""
    server = await asyncpg.connect(cluster.postgres.url)
    try:
        left = await _until(lambda: _waiting(server), SETTLED)
        behind = await _until(lambda: _behind(server, crowd), CAUGHT_UP)
    finally:
        await server.close()
    follows = sum(len(each.at) for each in crowd.followers)
    return [
        Promise("What was left for later is done", f"within {SETTLED:.0f} s of the last act", left),
        Promise(
            "Every open page has seen all that happened", f"{len(crowd.followers)} pages, {follows} streams", behind
        ),
    ]


async def _until(ask: Callable[[], Awaitable[list[str]]], seconds: float) -> list[str]:
    """What is still in the way when the time has passed."""
    end = time.monotonic() + seconds
    while (found := await ask()) and time.monotonic() < end:
        await asyncio.sleep(1)
    return found


async def _waiting(server: Any) -> list[str]:
    found = await server.fetch(
        "SELECT kind, count(*) AS count, max(tries) AS tries, max(error) AS error, bool_or(given_up_at IS NOT NULL) "
        "AS lost FROM task WHERE done_at IS NULL AND (due_at <= now() OR tries > 0) GROUP BY kind"
    )
    return [f"{each['count']} × {each['kind']}, tried {each['tries']} times: {each['error']}" for each in found]


async def _behind(server: Any, crowd: Crowd) -> list[str]:
    tips = {each["name"]: (each["epoch"], each["position"]) for each in await server.fetch("SELECT * FROM stream")}
    late = [
        f"{name}: at {at}, the journal is at {tips[name]}"
        for follower in crowd.followers
        for name, at in follower.at.items()
        if name in tips and tips[name] != at
    ]
    gone = [f"a page was turned away: {each.has_ended}" for each in crowd.followers if each.has_ended]
    return late + gone


async def check(cluster: Cluster, crowd: Crowd) -> list[Promise]:
    """Every promise, once all is quiet."""
    server = await asyncpg.connect(cluster.postgres.url)
    try:
        return [
            await _posts(server, crowd),
            await _signs(server, crowd),
            await _reservations(server, crowd),
            await _overlaps(server),
            await _marks(server, crowd),
            await _answers(server, crowd),
            await _mails(server, cluster, crowd),
            await _links(cluster, crowd),
            await _journal(server),
            _streams(crowd),
            _feeds(crowd),
            _doctor(cluster),
            _crowd(crowd),
        ]
    finally:
        await server.close()


async def _posts(server: Any, crowd: Crowd) -> Promise:
    sure, unsure = crowd.ledger.posts, crowd.ledger.lost_posts
    bodies = await server.fetch("SELECT body FROM post WHERE deleted_at IS NULL AND body LIKE '%marque-%'")
    found = Counter(mark for each in bodies for mark in MARK.findall(each["body"]))
    broken = [f"acknowledged and lost: {mark}" for mark in sure if not found[mark]]
    broken += [f"written {count} times: {mark}" for mark, count in found.items() if count > 1]
    broken += [f"never sent: {mark}" for mark in found if mark not in sure | unsure]
    return Promise(POSTS, f"{len(sure)} posts", broken)


async def _signs(server: Any, crowd: Crowd) -> Promise:
    found = {(each["post_id"], each["person_id"]) for each in await server.fetch("SELECT * FROM reaction")}
    known = crowd.ledger.signs
    broken = [f"{key}: is {key in found}" for key, sign in known.items() if (key in found) not in sign.may_be]
    return Promise(SIGNS, f"{len(known)} signs", broken)


async def _reservations(server: Any, crowd: Crowd) -> Promise:
    known = crowd.ledger.reservations
    found: dict[str, list[str]] = defaultdict(list)
    for each in await server.fetch("SELECT key, state FROM reservation WHERE purpose = 'Tempête'"):
        found[each["key"]].append(each["state"])
    sure = {key: each for key, each in known.items() if each.asked}
    broken = [f"acknowledged and lost: {key}" for key in sure if not found[key]]
    broken += [f"made {len(states)} times: {key}" for key, states in found.items() if len(states) > 1]
    broken += [f"never asked: {key}" for key in found if key not in known]
    for key, each in sure.items():
        stands = "cancelled" if each.cancelled else "confirmed"
        if found[key] and found[key] != [stands] and not each.unsure:
            broken.append(f"{stands} for its borrower, {found[key]} in the house: {key}")
    return Promise(RESERVATIONS, f"{len(sure)} reservations", broken)


_HOLDING = "('requested', 'offered', 'confirmed', 'out', 'blocked')"
_OVERLAPS = f"""
SELECT a.unit_id, a.held_from, b.held_from AS other FROM allocation a JOIN allocation b
ON a.unit_id = b.unit_id AND a.reservation_id < b.reservation_id
AND a.held_from < b.held_until AND b.held_from < a.held_until
WHERE a.kind NOT IN ('places', 'stock') AND a.state IN {_HOLDING} AND b.state IN {_HOLDING}
"""
_CROWDED = f"""
SELECT a.unit_id, a.held_from, sum(b.quantity) AS taken, u.capacity FROM allocation a
JOIN allocation b ON a.unit_id = b.unit_id AND b.held_from <= a.held_from AND a.held_from < b.held_until
JOIN unit u ON u.id = a.unit_id
WHERE a.kind IN ('places', 'stock') AND a.state IN {_HOLDING} AND b.state IN {_HOLDING}
GROUP BY a.reservation_id, a.unit_id, a.held_from, u.capacity HAVING sum(b.quantity) > u.capacity
"""


async def _overlaps(server: Any) -> Promise:
    held = await server.fetchval(f"SELECT count(*) FROM allocation WHERE state IN {_HOLDING}")
    broken = [f"{each['unit_id']} twice at {each['other']}" for each in await server.fetch(_OVERLAPS)]
    broken += [
        f"{each['unit_id']}: {each['taken']} of {each['capacity']} at {each['held_from']}"
        for each in await server.fetch(_CROWDED)
    ]
    return Promise(OVERLAPS, f"{held} allocations", broken)


async def _marks(server: Any, crowd: Crowd) -> Promise:
    rows = await server.fetch("SELECT * FROM piste_round_mark WHERE round_id = $1", crowd.town.round)
    found: dict[tuple[Any, str], list[str]] = defaultdict(list)
    for each in rows:
        found[each["voice_id"], f"{each['piste_id']}.{each['criterion']}"].append(str(each["level"]))
    known = crowd.ledger.marks
    broken = [f"{len(levels)} marks in one cell: {key}" for key, levels in found.items() if len(levels) > 1]
    broken += [f"never given: {key}" for key in found if key not in known]
    for key, said in known.items():
        stands = found[key][0] if found[key] else ""
        if not said.may_be(stands):
            broken.append(f"{said.sure} was acknowledged, « {stands} » stands: {key}")
    return Promise(MARKS, f"{len(known)} cells", broken)


async def _answers(server: Any, crowd: Crowd) -> Promise:
    rows = await server.fetch("SELECT * FROM meeting_answer WHERE meeting_id = ANY($1)", crowd.town.meetings)
    found: dict[tuple[Any, Any], list[str]] = defaultdict(list)
    for each in rows:
        found[each["meeting_id"], each["seat_id"]].append(each["stance"])
    known = crowd.ledger.answers
    broken = [f"{len(stances)} answers of one seat: {key}" for key, stances in found.items() if len(stances) > 1]
    for key, said in known.items():
        stands = found[key][0] if found[key] else "none"
        if not said.may_be(stands):
            broken.append(f"{said.sure} was acknowledged, {stands} stands: {key}")
    return Promise(ANSWERS, f"{len(known)} answers", broken)


async def _mails(server: Any, cluster: Cluster, crowd: Crowd) -> Promise:
    """Each mail that a commit owed has left; more than once only around a kill of whoever sends or remembers."""
    owed = {f"<{each['id']}@127.0.0.1>" for each in await server.fetch("SELECT id FROM chaos_mail")}
    sent: dict[str, list[float]] = defaultdict(list)
    for mail in cluster.mail.mails:
        sent[mail.name].append(mail.at)
    broken = [f"owed and never sent: {name}" for name in owed if name not in sent]
    broken += [f"sent and owed by nobody: {name}" for name in sent if name not in owed]
    kills = [at for at, what in crowd.ledger.kills if what in (WORKER, POSTGRES)]
    again = 0
    for name, times in sent.items():
        for first, second in pairwise(times):
            again += 1
            if not any(first - 2 <= at <= second for at in kills):
                broken.append(f"sent twice and nothing was killed meanwhile: {name}")
    if again > len(kills):
        broken.append(f"{again} mails sent twice for {len(kills)} kills: one each is the most")
    return Promise(MAILS, f"{len(owed)} mails, {again} twice", broken)


async def _links(cluster: Cluster, crowd: Crowd) -> Promise:
    got = Counter(mail.to for mail in cluster.mail.mails if re.search("connexion", mail.subject))
    asked = crowd.ledger.links
    broken = [
        f"{email} asked {count} times and got {got[email]}" for email, count in asked.items() if got[email] < count
    ]
    return Promise(LINKS, f"{asked.total()} links", broken)


async def _journal(server: Any) -> Promise:
    rows = await server.fetch(
        "SELECT s.name, s.position, s.floor, count(e.position) AS count, min(e.position) AS first, "
        "max(e.position) AS last FROM stream s LEFT JOIN entry e ON e.stream = s.name "
        "GROUP BY s.name, s.position, s.floor"
    )
    broken = [
        f"{each['name']}: {each['count']} entries from {each['first']} to {each['last']}, the counter says "
        f"{each['floor']} to {each['position']}"
        for each in rows
        if each["count"] != each["position"] - each["floor"]
        or (each["count"] and (each["first"], each["last"]) != (each["floor"] + 1, each["position"]))
    ]
    entries = sum(each["count"] for each in rows)
    return Promise(JOURNAL, f"{len(rows)} streams, {entries} entries", broken)


def _streams(crowd: Crowd) -> Promise:
    seen: Counter[str] = sum((each.seen for each in crowd.followers), Counter())
    told = seen["fragment"] + seen["passed"]
    words = f"{told} news, {seen['reset']} resets, {seen['connections']} reconnections, {seen['doubles']} again"
    broken = [gap for each in crowd.followers for gap in each.gaps]
    return Promise(STREAMS, words, broken)


def _feeds(crowd: Crowd) -> Promise:
    read = crowd.ledger.feeds
    return Promise("Feeds can be read", f"{read['ical']} iCal, {read['atom']} Atom", crowd.ledger.wrong_feeds)


def _doctor(cluster: Cluster) -> Promise:
    said = cluster.run("doctor")
    # Its lines that begin with a cross, or all it said when it failed otherwise.
    lines = [line.strip() for line in (said.stdout + said.stderr).splitlines() if line.strip()]
    return Promise("`entente doctor` finds nothing wrong", f"{len(lines)} lines", lines if said.returncode else [])


def _crowd(crowd: Crowd) -> Promise:
    odd = [f"{count} × {what}" for what, count in crowd.ledger.oddities.items()]
    return Promise(
        "Nobody received an answer that was not foreseen", f"{crowd.ledger.acts.total()} acts", odd + crowd.failures()
    )
