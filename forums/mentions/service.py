"""What a message does to those it calls: one verb, inside the transaction that saves the message."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from sqlalchemy import delete, insert
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from entente.people.who import Who
from entente.rules import Invalid
from entente.text import Link, TooLong, handles_in
from entente.work import Work
from forums.mentions import names
from forums.mentions.models import Call, Called, Mention
from forums.mentions.rules import ASKED_ABOVE, MOST_HANDLES, MOST_PEOPLE, Named
from forums.models import Forum, Post

Target = tuple[Called, UUID]


@dataclass(frozen=True)
class Calls:
    """What a text calls, in a forum, when one person writes it."""

    named: Mapping[str, Named] = field(default_factory=dict)
    people: Mapping[UUID, Target] = field(default_factory=dict)
    """Who is told, and as whom they are called."""
    unheard: Sequence[str] = ()
    """Who was called in vain, in French."""

    @property
    def links(self) -> dict[str, Link]:
        """Where each handle leads."""
        return {handle: Link(each.address, each.words) for handle, each in self.named.items()}


NONE = Calls()


async def read(db: AsyncSession, who: Who, forum: Forum, body: str, post_id: UUID | None = None) -> Calls:
    """What this text calls; raises Invalid when a handle may be read in two ways, or there are too many.

    A handle that the post already held goes on naming whom it named.
    """
    try:
        asked = handles_in(body)
    except TooLong as error:
        raise Invalid({"body": str(error)}) from None
    # The directory is not open to guests: to them a handle is a word like any other.
    if not asked or not who.is_member:
        return NONE
    if len(asked) > MOST_HANDLES:
        raise Invalid({"body": f"Votre texte appelle {len(asked)} noms, pour {MOST_HANDLES} au plus : retirez-en."})
    named = await _named(db, asked, post_id)
    people, unheard = await _told(db, who, forum, list(dict.fromkeys(named.values())))
    return Calls(named, people, unheard)


async def _named(db: AsyncSession, asked: Sequence[str], post_id: UUID | None) -> dict[str, Named]:
    known = await names.handles(db, list(names.kinds_of(asked)))
    kept = await _kept(db, post_id) if post_id else {}
    there = {(each.kind, each.id): each for each in known.named.values()}
    found: dict[str, Named] = {}
    for handle in asked:
        each = there.get(kept[handle]) if handle in kept else known.named.get(handle)
        if each:
            found[handle] = each
        elif handle in known.shared:
            ways = " ou ".join(f"@{way}" for way in known.shared[handle][:3])
            raise Invalid({"body": f"« @{handle} » peut désigner plusieurs noms : écrivez {ways}."})
    return found


async def _kept(db: AsyncSession, post_id: UUID) -> dict[str, Target]:
    calls = await db.exec(select(Call).where(col(Call.post_id) == post_id))
    return {call.handle: (Called(call.kind), call.called_id) for call in calls}


async def links_in(db: AsyncSession, post_id: UUID, but: Collection[str] = ()) -> dict[str, Link]:
    """Where the handles of a post lead, as when it was written, under the names of today."""
    calls = {handle: target for handle, target in (await _kept(db, post_id)).items() if handle not in but}
    named = await names.called(db, set(calls.values())) if calls else {}
    return {
        handle: Link(named[target].address, named[target].words) for handle, target in calls.items() if target in named
    }


async def _told(
    db: AsyncSession, who: Who, forum: Forum, named: Sequence[Named]
) -> tuple[dict[UUID, Target], list[str]]:
    """Those who read the forum among the called, by name rather than with others; and who is called in vain."""
    by_kind = {kind: [each.id for each in named if each.kind == kind] for kind in Called}
    alone = await names.readers_among(db, forum, by_kind[Called.PERSON])
    heard: dict[Target, set[UUID]] = {(Called.PERSON, id_): {id_} for id_ in alone}
    for kind in (Called.ORGANISATION, Called.BODY):
        heard |= await names.readers_in(db, forum, kind, by_kind[kind]) if by_kind[kind] else {}
    unheard = [_in_vain(each) for each in named if not heard.get((each.kind, each.id))]
    people: dict[UUID, Target] = {}
    for target in sorted(heard, key=lambda each: list(Called).index(each[0])):
        people = dict.fromkeys(heard[target], target) | people
    people.pop(who.id, None)
    return people, unheard


def _in_vain(each: Named) -> str:
    if each.kind == Called.PERSON:
        return f"{each.name} ne peut pas lire ce forum : aucun avis ne lui sera envoyé."
    return f"Personne de « {each.name} » ne peut lire ce forum : personne n’y sera prévenu."


async def unheard(work: Work, forum: Forum, post: Post) -> Sequence[str]:
    """What its writer is to know: whom a message called in vain."""
    return (await read(work.db, work.who, forum, post.body, post.id)).unheard


def agree(calls: Calls, moderates: bool, confirmed: int, already: Collection[UUID] = ()) -> None:
    """Go on if so many people may be told, and the writer knows how many; raises Invalid otherwise."""
    count = len(set(calls.people).difference(already))
    if count > MOST_PEOPLE and not moderates:
        raise Invalid(
            {
                "body": f"Ce message préviendrait {count} personnes, pour {MOST_PEOPLE} au plus : retirez une "
                "mention, ou demandez à qui modère ce forum de le publier. Votre texte est gardé."
            }
        )
    if count > max(ASKED_ABOVE, confirmed):
        raise Invalid({"confirmed": f"{count} personnes seront prévenues."})


async def call(work: Work, post: Post, calls: Calls) -> None:
    """Keep whom a message calls: those it already called stay as they are, those it no longer calls go."""
    await work.db.execute(delete(Call).where(col(Call.post_id) == post.id))
    if calls.named:
        found = [
            {"post_id": post.id, "handle": handle, "kind": each.kind, "called_id": each.id}
            for handle, each in calls.named.items()
        ]
        await work.db.execute(insert(Call), found)
    already = await mentioned(work.db, post.id)
    gone = already - set(calls.people)
    if gone:
        await work.db.execute(delete(Mention).where(col(Mention.post_id) == post.id, col(Mention.person_id).in_(gone)))
    new = [
        {"post_id": post.id, "person_id": person, "kind": kind, "called_id": called}
        for person, (kind, called) in calls.people.items()
        if person not in already and person != post.author_id
    ]
    if new:
        await work.db.execute(insert(Mention), new)


async def mentioned(db: AsyncSession, post_id: UUID) -> set[UUID]:
    """Those whom a post calls, whatever became of it."""
    return set(await db.exec(select(Mention.person_id).where(col(Mention.post_id) == post_id)))
