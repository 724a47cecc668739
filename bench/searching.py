"""Search: what a question costs over more and more posts, and what each kind of question costs beside a plain one.

The words are drawn as people draw theirs: a few are everywhere, most are rare (Zipf). Documents are written as the
index would write them, in bulk; the posts they lead to are there too, for every question asks them who may read.
"""

import asyncio
import random
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from datetime import timedelta
from itertools import accumulate, pairwise
from pathlib import Path
from time import perf_counter
from typing import Any
from uuid import UUID

import asyncpg
from sqlalchemy import insert, text
from sqlmodel import SQLModel

from bench import houses
from bench.ground import POSTGRES, ROUNDS, folder, has, median, say, short, table, times
from entente import schema
from entente.clock import now, today
from entente.db import Database
from entente.ids import new_id
from entente.people.models import (
    Function,
    FunctionKind,
    Group,
    GroupMember,
    Organisation,
    OrganisationKind,
    Person,
    PersonStatus,
)
from entente.people.queries import who_is
from entente.people.who import Who
from entente.search import asked, queries
from entente.search.models import SearchDocument
from entente.search.ranking import grouped, in_order
from forums.models import Forum, Post, Reading, Thread
from forums.search.findable import posts as findable

SMALL, LARGE, HUGE = 1_000, 100_000, 1_000_000
POSTS, TERMS, VOCABULARY = 10, 30, 20_000
BATCH = 10_000
TIMES = 15
_LETTERS = "bcdfgjklmp"
_WEIGHTS = list(accumulate(1 / rank for rank in range(1, VOCABULARY + 1)))


def word(rank: int) -> str:
    """The word of this rank, a term that stays itself; the first is the most frequent."""
    return "mo" + "".join(_LETTERS[int(digit)] for digit in f"{rank:05d}")


WORDS = [word(rank) for rank in range(VOCABULARY)]
QUESTIONS = {
    "a rare word": word(9_000),
    "a usual word": word(400),
    "three usual words": f"{word(30)} {word(60)} {word(90)}",
    "the word that is everywhere": word(0),
    "two words that are everywhere": f"{word(0)} {word(1)}",
    "words that stand together": f'"{word(3)} {word(4)}"',
    "a word that nobody says": "xylophone",
}


def _rows(count: int, forums: Sequence[UUID], person: UUID) -> Iterator[dict[str, list[dict[str, Any]]]]:
    draw = random.Random(count)
    start = now() - timedelta(days=900)
    for first in range(0, count, BATCH):
        rows: dict[str, list[dict[str, Any]]] = {"thread": [], "post": [], "search_document": []}
        for number in range(first, min(first + BATCH, count)):
            at = start + timedelta(seconds=number * 60)
            if number % POSTS == 0:
                title = " ".join(draw.choices(WORDS, cum_weights=_WEIGHTS, k=5))
                thread = {
                    "id": new_id(), "forum_id": forums[0 if number % 1_000 else 1], "author_id": person, "title": title,
                    "kind": "discussion", "created_at": at, "last_post_at": at, "last_author_id": person,
                    "post_count": POSTS, "last_number": POSTS,
                }  # fmt: skip
                rows["thread"].append(thread)
            terms = " ".join(draw.choices(WORDS, cum_weights=_WEIGHTS, k=TERMS))
            post = {
                "id": new_id(), "thread_id": thread["id"], "number": number % POSTS + 1, "author_id": person,
                "body": terms, "html": "", "version": 1, "look": 1, "created_at": at,
            }  # fmt: skip
            rows["post"].append(post)
            rows["search_document"].append({
                "subject_id": post["id"], "subject_kind": findable.kind, "scope_id": thread["forum_id"],
                "group_id": thread["id"], "author_id": person, "at": at, "is_head": post["number"] == 1,
                "title_terms": title, "terms": terms, "size": TERMS,
            })  # fmt: skip
        yield rows


async def _fill(url: str, place: Path, count: int) -> tuple[Database, list[Who]]:
    """A house with so many posts; a member, and a guest to whom one small forum in a hundred is open."""
    database = Database(houses.settings_of(url, 8000, place))
    await schema.upgrade(database)
    town = Organisation(kind=OrganisationKind.COMMUNE, name="Brioude", short_name="Brioude")
    people = [
        Person(email=f"{name}@brioude.example", given_name=name, family_name="Essai", status=PersonStatus.ACTIVE)
        for name in ("membre", "invite")
    ]
    group = Group(name="Invités")
    forums = [Forum(slug="tous", title="Tous"), Forum(slug="petit", title="Petit", reading=Reading.INVITED)]
    forums[1].group_id = group.id
    async with database.writing() as db:
        for each in ([town, group, *people], forums):
            db.add_all(each)
            await db.flush()
        db.add(
            Function(
                person_id=people[0].id, organisation_id=town.id, kind=FunctionKind.AGENT, since=today()
            )
        )  # fmt: skip
        db.add(GroupMember(group_id=group.id, person_id=people[1].id))
    batches = _rows(count, [forum.id for forum in forums], people[0].id)
    await (_copy(url, batches) if url.startswith("postgresql") else _insert(database, batches))
    async with database.reading() as db:
        found = [await who_is(db, person.id) for person in people]
    return database, [who for who in found if who]


async def _insert(database: Database, batches: Iterator[dict[str, list[dict[str, Any]]]]) -> None:
    tables: dict[str, type[SQLModel]] = {"thread": Thread, "post": Post, "search_document": SearchDocument}
    for batch in batches:
        async with database.writing() as db:
            for name, rows in batch.items():
                if rows:
                    await db.execute(insert(tables[name]), rows)
    async with database.writing() as db:
        await db.execute(text("ANALYZE"))


async def _copy(url: str, batches: Iterator[dict[str, list[dict[str, Any]]]]) -> None:
    server = await asyncpg.connect(url)
    try:
        # An index made at the end costs a tenth of one that grows.
        made = await server.fetchval("SELECT indexdef FROM pg_indexes WHERE indexname = 'search_document_lexemes'")
        await server.execute("DROP INDEX search_document_lexemes; SET session_replication_role = replica")
        for batch in batches:
            for name, rows in batch.items():
                if rows:
                    columns = list(rows[0])
                    records = [tuple(row.values()) for row in rows]
                    await server.copy_records_to_table(name, records=records, columns=columns)
        await server.execute(made)
        for name in ("thread", "post", "search_document", "forum"):
            await server.execute(f"VACUUM ANALYZE {name}")
    finally:
        await server.close()


async def _ask(database: Database, who: Who, typed: str) -> tuple[float, int]:
    """Seconds that a question takes, results read and ranked, and how many documents answered."""
    question = asked.read(typed)
    begun = perf_counter()
    async with database.reading() as db:
        answers = await queries.find(db, who, question, [findable], {})
        hits = grouped(in_order(question, answers.candidates))[:20]
        await findable.shown(db, [hit.subject_id for hit in hits])
    return perf_counter() - begun, len(answers.candidates)


async def _home(name: str, url: str, place: Path, count: int) -> dict[str, tuple[float, int]]:
    say(f"filling {name} with {count:,} posts")
    begun = perf_counter()
    database, (member, guest) = await _fill(url, place, count)
    say(f"filled in {perf_counter() - begun:.0f} s")
    found = {}
    asks = {**{what: (member, typed) for what, typed in QUESTIONS.items()},
            "the word that is everywhere, for a guest": (guest, word(0))}  # fmt: skip
    for what, (who, typed) in asks.items():
        await _ask(database, who, typed)
        told = [await _ask(database, who, typed) for _ in range(TIMES * ROUNDS)]
        found[what] = (median([seconds for seconds, _ in told]), told[0][1])
    await database.close()
    return found


def growth(name: str, counts: Sequence[int], told: Sequence[dict[str, tuple[float, int]]]) -> None:
    """One line per kind of question: milliseconds at each size, and how they grow."""
    shown = []
    plain = told[-1]["a usual word"][0]
    for what, (last, answered) in told[-1].items():
        costs = [each[what][0] for each in told]
        ratios = [f"{after / before:.2f}" for before, after in pairwise(costs)]
        shown.append(
            [what, f"{answered:,}", *(f"{short(cost * 1000)} ms" for cost in costs), *ratios, times(last, plain)]
        )
    sizes = [f"{count:,} posts" for count in counts]
    steps = [f"{before} → {after}" for before, after in pairwise(sizes)]
    head = ["question", "documents ranked", *sizes, *steps, "of a usual word"]
    table(f"Search, {name}: a question asked, rights included, ranked, and its 20 first results read", head, shown)


def main(is_long: bool) -> None:
    """Every table about search."""
    homes = {"SQLite": (SMALL, LARGE), "PostgreSQL": (SMALL, LARGE, HUGE) if is_long else (SMALL, LARGE)}
    if not has(POSTGRES):
        say("skipped: PostgreSQL (it does not listen)")
        del homes["PostgreSQL"]
    for name, counts in homes.items():
        told = []
        for count in counts:
            with folder() as place, ExitStack() as stack:
                url = f"sqlite:///{place / 'search.sqlite3'}"
                if name == "PostgreSQL":
                    url = houses.postgres_database(f"search_{count}")
                    stack.callback(houses.drop, url)
                told.append(asyncio.run(_home(name, url, place, count)))
        growth(name, counts, told)


if __name__ == "__main__":
    main("--long" in sys.argv)
