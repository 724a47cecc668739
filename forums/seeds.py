"""What it looks like in real life: the club des acheteurs, the thematic forums, a year of conversations."""

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlmodel.ext.asyncio.session import AsyncSession

from entente.journal import Entry, StreamRow, new_epoch
from entente.journal import Verb as AnyVerb
from entente.people.models import Group, GroupMember
from entente.people.seeds import Settled, plant
from entente.text import to_html
from forums.following import seeds as following
from forums.kinds.seeds import kinds
from forums.mentions import seeds as mentions
from forums.models import Forum, Moderator, Post, Reading, ReadMark, Thread
from forums.moderation.seeds import keep_the_peace
from forums.purchase.seeds import buy
from forums.queries import stream_of, stream_of_forum
from forums.reactions import seeds as reactions
from forums.service import Verb

PARIS = ZoneInfo("Europe/Paris")
BACK_AFTER = timedelta(days=60)
"""How long before the last word the first of the demonstration's people last came; the others, later."""


@dataclass
class _Talk:
    """Everything said, before it is saved."""

    forums: dict[str, Forum] = field(default_factory=dict)
    readers: dict[str, set[str] | None] = field(default_factory=dict)
    """For each forum, who may read it; none stands for all."""
    threads: list[Thread] = field(default_factory=list)
    forum_of: dict[UUID, str] = field(default_factory=dict)
    posts: list[Post] = field(default_factory=list)
    happened: list[tuple[datetime, str, AnyVerb, UUID, UUID]] = field(default_factory=list)
    """When, in which stream, what, to what, by whom."""


async def talk(db: AsyncSession, settled: Settled) -> None:
    """Open the forums, say everything that was said in them, and let people come back to some news."""
    read = json.loads((Path(__file__).parent / "demo.json").read_text("utf-8"))
    said = _Talk()
    await _open(db, settled, said, read["forums"])
    for item in read["threads"]:
        _converse(settled, said, item)
    said.posts.sort(key=lambda post: post.created_at)
    await plant(db, said.threads)
    await plant(db, said.posts)
    await plant(db, list(_marks(settled, said)))
    await _tell(db, said)
    await mentions.call(db)
    await reactions.react(db, settled)
    await following.follow(db, settled)
    await kinds(db, settled)
    await buy(db, settled)
    await keep_the_peace(db, settled)


async def _open(db: AsyncSession, settled: Settled, said: _Talk, read: Sequence[Mapping[str, Any]]) -> None:
    groups, guests, keepers = [], [], []
    for place, item in enumerate(read):
        reading = Reading(item["reading"])
        group = Group(name=f"Invités du forum {item['title']}") if reading == Reading.INVITED else None
        forum = Forum(
            slug=item["slug"],
            title=item["title"],
            purpose=item["purpose"],
            reading=reading,
            body_id=settled.bodies[item["body"]] if reading == Reading.BODY else None,
            group_id=group.id if group else None,
            hue=item["hue"],
            place=place,
        )
        said.forums[forum.slug] = forum
        said.readers[forum.slug] = _readers(settled, reading, item)
        keepers += [Moderator(forum_id=forum.id, person_id=settled.people[key]) for key in item["moderators"]]
        if group:
            groups.append(group)
            guests += [GroupMember(group_id=group.id, person_id=settled.people[key]) for key in item["invited"]]
    await plant(db, groups)
    await plant(db, guests)
    await plant(db, list(said.forums.values()))
    await plant(db, keepers)


def _readers(settled: Settled, reading: Reading, item: Mapping[str, Any]) -> set[str] | None:
    if reading == Reading.ALL:
        return None
    inside = settled.sitting[item["body"]] if reading == Reading.BODY else set(item["invited"])
    return inside | set(item["moderators"])


def _converse(settled: Settled, said: _Talk, item: Mapping[str, Any]) -> None:
    forum = said.forums[item["forum"]]
    posts = sorted(item["posts"], key=lambda post: str(post["at"]))
    last = posts[-1]
    thread = Thread(
        forum_id=forum.id,
        author_id=settled.people[item["author"]],
        title=item["title"],
        created_at=_moment(posts[0]["at"]),
        closed_at=_moment(last["at"]) if item["closed"] else None,
        last_post_at=_moment(last["at"]),
        last_author_id=settled.people[last["author"]],
        post_count=len(posts),
        last_number=len(posts),
    )
    said.threads.append(thread)
    said.forum_of[thread.id] = forum.slug
    for number, post in enumerate(posts, start=1):
        verb = Verb.THREAD_OPENED if number == 1 else Verb.THREAD_ANSWERED
        made = _post(settled, thread, number, post)
        said.posts.append(made)
        _note(said, made.created_at, thread, made.author_id, (Verb.POST_POSTED, made.id), (verb, thread.id))
    if thread.closed_at:
        closed = (Verb.THREAD_CLOSED, thread.id)
        _note(said, thread.closed_at, thread, thread.author_id, closed, closed)


def _post(settled: Settled, thread: Thread, number: int, item: Mapping[str, Any]) -> Post:
    return Post(
        thread_id=thread.id,
        number=number,
        author_id=settled.people[item["author"]],
        body=item["body"],
        html=to_html(item["body"]),
        created_at=_moment(item["at"]),
    )


def _note(
    said: _Talk,
    at: datetime,
    thread: Thread,
    person: UUID,
    in_thread: tuple[AnyVerb, UUID],
    in_forum: tuple[AnyVerb, UUID],
) -> None:
    said.happened += [
        (at, str(stream_of(thread.id)), *in_thread, person),
        (at, str(stream_of_forum(thread.forum_id)), *in_forum, person),
    ]


def _moment(local: str) -> datetime:
    return datetime.fromisoformat(local).replace(tzinfo=PARIS)


def _marks(settled: Settled, said: _Talk) -> Iterator[ReadMark]:
    """One has read what stood when one last came, and always up to one's own last word."""
    names = {id_: key for key, id_ in settled.people.items()}
    visits = dict(_last_visits(settled, said))
    read: defaultdict[tuple[UUID, UUID], int] = defaultdict(int)
    for post in said.posts:
        readers = said.readers[said.forum_of[post.thread_id]]
        came = {
            settled.people[key]
            for key, visit in visits.items()
            if post.created_at <= visit and (readers is None or key in readers)
        }
        for person in came | {post.author_id}:
            read[person, post.thread_id] = max(read[person, post.thread_id], post.number)
    yield from (
        ReadMark(person_id=person, thread_id=thread, number=number)
        for (person, thread), number in sorted(read.items(), key=lambda item: (names[item[0][0]], item[0][1]))
    )


def _last_visits(settled: Settled, said: _Talk) -> Iterator[tuple[str, datetime]]:
    latest = said.posts[-1].created_at
    for number, key in enumerate(settled.demo):
        yield key, latest - BACK_AFTER * (len(settled.demo) - number) / len(settled.demo)


async def _tell(db: AsyncSession, said: _Talk) -> None:
    """Write the journal as if every word had come through the service, in its order."""
    positions: defaultdict[str, int] = defaultdict(int)
    entries = []
    for at, stream, verb, subject, person in sorted(said.happened, key=lambda event: event[0]):
        positions[stream] += 1
        entries.append(
            Entry(
                stream=stream,
                position=positions[stream],
                verb=verb,
                subject_id=subject,
                person_id=person,
                at=at,
            )
        )
    await plant(
        db, [StreamRow(name=name, position=position, epoch=new_epoch()) for name, position in positions.items()]
    )
    await plant(db, entries)
