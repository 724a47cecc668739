"""Signs under a post: one per person and sign, counted exactly, seen by everybody."""

import asyncio
from uuid import UUID

import pytest
from sqlalchemy import insert, update
from sqlmodel import col, select

from entente.clock import now
from entente.people.models import Function, FunctionKind, Person, PersonStatus
from entente.people.queries import who_is
from entente.people.who import Who
from entente.rules import NotFound
from forums import queries, service
from forums.models import Post
from forums.reactions import service as reactions
from forums.reactions.models import Reaction, Sign
from world import LONG_AGO, World

MANY = 100


async def react(world: World, who: Who, post_id: UUID, sign: Sign = Sign.AGREE) -> None:
    """Someone makes a sign, or takes it back."""
    async with world.working(who) as work:
        post, place = await queries.post_for(work.db, who, post_id)
        await reactions.toggle(work, place, post, sign)


async def signs(world: World, post_id: UUID) -> dict[str, tuple[int, str]]:
    """What was made, by sign: how many, and who."""
    async with world.reading() as db:
        shown = await queries.shown_post(db, post_id)
    assert shown is not None
    return {str(made.sign): (made.count, made.names) for made in shown.signs if made.count}


async def first_post(world: World) -> Post:
    async with world.reading() as db:
        return await queries.first_post(db, world.snow.id)


async def test_a_sign_is_made_then_taken_back(world: World) -> None:
    """Bruno and Denise agree, Bruno thanks; then Bruno agrees no more."""
    post = await first_post(world)
    await react(world, world.bruno, post.id)
    await react(world, world.denise, post.id)
    await react(world, world.bruno, post.id, Sign.THANKS)
    assert await signs(world, post.id) == {
        "agree": (2, "Bruno Chassagne, Denise Astruc"),
        "thanks": (1, "Bruno Chassagne"),
    }
    await react(world, world.bruno, post.id)
    assert await signs(world, post.id) == {"agree": (1, "Denise Astruc"), "thanks": (1, "Bruno Chassagne")}


async def test_a_sign_changes_the_name_of_the_bytes_and_not_the_words(world: World) -> None:
    """The look grows, the version of the text does not: whoever is editing it is not told that it changed."""
    post = await first_post(world)
    await react(world, world.bruno, post.id)
    after = await first_post(world)
    assert (after.look, after.version) == (post.look + 1, post.version)
    assert [rung.stream for rung in world.rung] == [str(queries.stream_of(world.snow.id))]


@pytest.mark.parametrize("gone", ["withdrawn", "hidden"])
async def test_words_that_are_gone_receive_no_sign(world: World, gone: str) -> None:
    """Even from a page that still shows them, and even decided at the last moment."""
    post = await first_post(world)
    async with world.reading() as db:
        seen, place = await queries.post_for(db, world.bruno, post.id)
    async with world.house.database.writing() as db:
        column = {"withdrawn": {"deleted_at": now()}, "hidden": {"hidden_at": now()}}[gone]
        await db.execute(update(Post).where(col(Post.id) == post.id).values(**column))
    with pytest.raises(NotFound):
        await react(world, world.bruno, post.id)
    with pytest.raises(NotFound):
        async with world.working(world.bruno) as work:
            await reactions.toggle(work, place, seen, Sign.AGREE)


async def test_a_closed_thread_still_receives_signs(world: World) -> None:
    """Nothing more is said there, but the last answer may be thanked."""
    async with world.working(world.camille) as work:
        await service.close_thread(work, await queries.thread_for(work.db, world.camille, world.snow.id))
    post = await first_post(world)
    await react(world, world.bruno, post.id, Sign.THANKS)
    assert await signs(world, post.id) == {"thanks": (1, "Bruno Chassagne")}


async def test_the_door_answers_htmx_and_plain_forms(world: World) -> None:
    """With htmx the post comes back as it is now; without, the page; an invented sign is refused."""
    post = await first_post(world)
    address = f"/forums/messages/{post.id}/reactions"
    async with world.browser(world.bruno, htmx=True) as browser:
        answer = await browser.post(address, data={"sign": "bravo"})
        assert f'<div data-put="replace" data-to="post-{post.id}">' in answer.text
        assert "Bravo 1 : Bruno Chassagne" in answer.text
        assert (await browser.post(address, data={"sign": "💣"})).status_code == 422
    async with world.browser(world.denise) as browser:
        answer = await browser.post(address, data={"sign": "bravo"})
        assert (answer.status_code, answer.headers["location"]) == (
            303,
            f"/forums/fils/{world.snow.id}#post-{post.id}",
        )
        page = (await browser.get(answer.headers["location"])).text
    assert "Bravo 2 : Bruno Chassagne, Denise Astruc" in page
    assert f'data-by="{world.bruno.id.hex[-12:]} {world.denise.id.hex[-12:]}"' in page
    assert f'.reaction[data-by~="{world.denise.id.hex[-12:]}"]' in page


async def crowd(world: World) -> list[Who]:
    people = [
        Person(email=f"p{n}@x.example", given_name="Paul", family_name=f"Num{n}", status=PersonStatus.ACTIVE)
        for n in range(MANY)
    ]
    async with world.house.database.writing() as db:
        await db.execute(insert(Person), [person.model_dump() for person in people])
        functions = [
            Function(person_id=each.id, organisation_id=world.aubrac.id, kind=FunctionKind.AGENT, since=LONG_AGO)
            for each in people
        ]
        await db.execute(insert(Function), [function.model_dump() for function in functions])
    async with world.reading() as db:
        found = [await who_is(db, person.id) for person in people]
    return [who for who in found if who]


async def test_a_hundred_people_who_react_at_once_are_all_counted(world: World) -> None:
    """And the names stay few."""
    post = await first_post(world)
    people = await crowd(world)
    await asyncio.gather(*(react(world, who, post.id) for who in people))
    count, names = (await signs(world, post.id))["agree"]
    assert count == MANY
    assert names.endswith(" et 90 autres")
    await asyncio.gather(*(react(world, who, post.id) for who in people[:60]))
    async with world.reading() as db:
        assert len((await db.exec(select(Reaction))).all()) == MANY - 60
    assert (await first_post(world)).look == post.look + MANY + 60


async def test_one_person_clicks_many_times_at_once(world: World) -> None:
    """An even number of clicks leaves nothing, and no error."""
    post = await first_post(world)
    await asyncio.gather(*(react(world, world.bruno, post.id) for _ in range(20)))
    assert await signs(world, post.id) == {}


@pytest.mark.parametrize("answers", [1, 49])
async def test_signs_cost_a_page_one_question(world: World, answers: int) -> None:
    """Whatever the number of posts and of signs."""
    thread = await world.open(world.awa, world.technique, f"Fil de {answers}", "Bonjour")
    for number in range(answers):
        said = await world.post(world.awa, thread, f"Réponse {number}")
        await react(world, world.bruno, said.id)
    async with world.reading() as db:
        ids = [key.id for key in await queries.post_keys(db, thread.id, 0)]
        with world.counting() as asked:
            assert len(await queries.shown_posts(db, ids)) == answers + 1
    assert len([each for each in asked if "FROM reaction" in each]) == 1
