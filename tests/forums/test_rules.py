"""Who reads what: the rule says it of one forum, the query of all of them."""

from dataclasses import dataclass

import pytest
from sqlalchemy import update
from sqlmodel import col

from entente.people.models import FunctionKind, GroupMember
from forums import queries, rules
from forums.models import Forum, Moderator, Post, Reading, Thread
from world import World

ACHETEUR = FunctionKind.ACHETEUR


@dataclass(frozen=True)
class Case:
    """Someone, what is added to their rights, and the forums they then read."""

    name: str
    reads: frozenset[str]
    moderates: str = ""
    invited: bool = False
    function: FunctionKind | None = None
    """To which the guests' forum is open instead."""


CASES = {
    "a member of the body": Case("awa", frozenset({"technique", "copil"})),
    "a guest": Case("bruno", frozenset({"technique", "invites"})),
    "a moderator": Case("camille", frozenset({"technique"})),
    "a member of another commune": Case("denise", frozenset({"technique"})),
    "an administrator": Case("ines", frozenset({"technique"})),
    "someone who has left": Case("gone", frozenset()),
    "a moderator from outside the body": Case("denise", frozenset({"technique", "copil"}), moderates="copil"),
    "a moderator who has left": Case("gone", frozenset(), moderates="technique"),
    "someone who has the function": Case("awa", frozenset({"technique", "copil", "invites"}), function=ACHETEUR),
    "someone who has another function": Case("bruno", frozenset({"technique"}), function=ACHETEUR),
    "someone who had the function": Case("gone", frozenset(), function=FunctionKind.AGENT),
    "a guest who has no function": Case("gone", frozenset({"invites"}), invited=True),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
async def test_the_query_and_the_rule_open_the_same_forums(world: World, case: Case) -> None:
    """Each person reads the same forums in the list and one by one, and a ground is given for each."""
    who = world.people[case.name]
    forums = {forum.slug: forum for forum in (world.technique, world.closed, world.invited)}
    async with world.house.database.writing() as db:
        if case.function:
            ajar = {"reading": Reading.FUNCTION, "group_id": None, "function": case.function}
            await db.execute(update(Forum).where(col(Forum.id) == world.invited.id).values(ajar))
        if case.moderates:
            db.add(Moderator(forum_id=forums[case.moderates].id, person_id=who.id))
        if case.invited:
            db.add(GroupMember(group_id=world.guests.id, person_id=who.id))
    who = await world.again(who)

    async with world.reading() as db:
        listed = {card.forum.slug for card in await queries.forums_of(db, who)}
        held = [await queries.forum_held(db, who, forum.id) for forum in forums.values()]

    assert listed == case.reads
    assert {forum.slug for forum, moderates in held if rules.may_read(who, forum, moderates)} == case.reads


async def test_each_ground_is_named(world: World) -> None:
    """Awa reads the CoPil's forum for one reason, the open one for another, and the buyers' for a third."""
    assert rules.reasons_to_read(world.awa, world.closed) == [
        "Elle siège dans l’instance à laquelle le forum est réservé."
    ]
    assert rules.reasons_to_read(world.awa, world.technique) == ["Le forum est ouvert à tous les membres."]
    buyers = Forum(slug="acheteurs", title="Acheteurs", reading=Reading.FUNCTION, function=ACHETEUR)
    assert rules.reasons_to_read(world.awa, buyers) == [
        "Elle exerce la fonction «\u00a0Acheteur\u00a0», à laquelle le forum est réservé."
    ]
    assert rules.reasons_to_read(world.gone, world.technique, moderates=True) == []


async def test_one_corrects_only_ones_own_words_while_the_thread_lives(world: World) -> None:
    """Awa corrects her post, Bruno and the moderator do not, and nobody does once the thread is closed."""
    thread = Thread(forum_id=world.technique.id, author_id=world.awa.id, title="t", last_author_id=world.awa.id)
    post = Post(thread_id=thread.id, number=1, author_id=world.awa.id, body="b", html="b")

    assert rules.may_edit(world.awa, post, thread)
    assert not rules.may_edit(world.bruno, post, thread)
    assert not rules.may_edit(world.camille, post, thread)
    thread.closed_at = thread.created_at
    assert not rules.may_edit(world.awa, post, thread)


async def test_an_author_removes_a_thread_only_while_it_is_theirs_alone(world: World) -> None:
    """Awa removes what nobody has answered; once answered, only a moderator does."""
    thread = Thread(forum_id=world.technique.id, author_id=world.awa.id, title="t", last_author_id=world.awa.id)
    thread.last_number = 1

    assert rules.may_delete_thread(world.awa, thread, moderates=False)
    assert not rules.may_delete_thread(world.bruno, thread, moderates=False)
    thread.last_number = 2
    assert not rules.may_delete_thread(world.awa, thread, moderates=False)
    assert rules.may_delete_thread(world.camille, thread, moderates=True)


async def test_a_moderator_of_one_forum_is_nobody_in_another(world: World) -> None:
    """Camille moderates the open forum; her thread's place there says so, and Bruno's does not."""
    async with world.reading() as db:
        hers = await queries.thread_for(db, world.camille, world.snow.id)
        his = await queries.thread_for(db, world.bruno, world.snow.id)

    assert (hers.moderates, his.moderates) == (True, False)
