"""What the tests of the search share: a corpus, questions, and a worker that follows the journal to its end."""

import json
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from uuid import UUID, uuid5

from sqlalchemy import delete
from sqlmodel import col, select

from entente.app import findables, rooms, worker_of
from entente.outbox import Task
from entente.people.seeds import plant
from entente.people.who import Who
from entente.search import asked, index, queries, rebuild
from entente.search.models import SearchDocument
from entente.search.ranking import Candidate, Hit, grouped, in_order
from entente.text import to_html
from entente.web.words import PARIS
from forums.models import Forum, Post, Thread
from world import World

FOLDER = Path(__file__).parent / "entente" / "search"
_NAMES = UUID("5d0f0d4e-6f2e-4a0e-8b3e-0c8c8f3c2a11")


async def caught_up(world: World) -> None:
    """What happened so far is in the index, through the tasks that follow the journal."""
    async with world.house.database.writing() as db:
        await db.execute(delete(Task).where(col(Task.kind) != index.INDEX))
    worker = worker_of(world.house, rooms())
    while await worker.work_once():
        pass
    async with world.reading() as db:
        assert [task.error for task in await db.exec(select(Task)) if task.error] == []


async def ordered(world: World, who: Who, typed: str, by_date: bool = False, **chosen: str) -> Sequence[Candidate]:
    """What answers someone, post by post, in order."""
    question = asked.read(typed)
    async with world.reading() as db:
        filters = {name.replace("_", "-"): value for name, value in chosen.items()}
        answers = await queries.find(db, who, question, findables(rooms()), filters)
    return in_order(question, answers.candidates, by_date)


async def found(world: World, who: Who, typed: str, by_date: bool = False, **chosen: str) -> Sequence[Hit]:
    """What answers someone, thread by thread, in order."""
    return grouped(await ordered(world, who, typed, by_date, **chosen))


async def bodies_found(world: World, who: Who, typed: str, **chosen: str) -> Sequence[str]:
    """The words of what someone finds, in order."""
    hits = await found(world, who, typed, by_date=False, **chosen)
    async with world.reading() as db:
        return [(await db.get_one(Post, hit.subject_id)).body for hit in hits]


async def documents(world: World) -> set[tuple[object, ...]]:
    """The whole index, without the numbers that its rows happen to have."""
    async with world.reading() as db:
        return {
            (row.subject_kind, row.subject_id, row.scope_id, row.group_id, row.author_id, row.at, row.is_head,
             row.title_terms, row.terms, row.size)
            for row in await db.exec(select(SearchDocument))
        }  # fmt: skip


async def rebuilt(world: World) -> None:
    """The index, made again from scratch."""
    for findable in findables(rooms()):
        await rebuild.rebuild(world.house, findable)


async def tell_corpus(world: World, forum: Forum) -> dict[UUID, str]:
    """Say 300 posts, always under the same ids; returns « title, number » for each."""
    threads: list[Thread] = []
    posts: list[Post] = []
    names: dict[UUID, str] = {}
    for item in json.loads((FOLDER / "corpus.json").read_text("utf-8")):
        said = [(number, post["body"], _moment(post["at"])) for number, post in enumerate(item["posts"], start=1)]
        thread = Thread(
            id=uuid5(_NAMES, item["title"]),
            forum_id=forum.id,
            author_id=world.awa.id,
            title=item["title"],
            last_author_id=world.awa.id,
            last_number=len(said),
            post_count=len(said),
        )
        threads.append(thread)
        for number, body, at in said:
            name = f"{item['title']}, {number}"
            post = Post(id=uuid5(_NAMES, name), thread_id=thread.id, number=number, author_id=world.bruno.id,
                        body=body, html=to_html(body), created_at=at)  # fmt: skip
            posts.append(post)
            names[post.id] = name
    async with world.house.database.writing() as db:
        await plant(db, threads)
        await plant(db, posts)
        for findable in findables(rooms()):
            await rebuild.fill(db, findable)
    return names


def _moment(local: str) -> datetime:
    return datetime.fromisoformat(local).replace(tzinfo=PARIS)
