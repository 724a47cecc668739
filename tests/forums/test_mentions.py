"""Whom a message calls: only those who may read it, each once, and never more than its writer knows."""

import pytest
from sqlalchemy import insert, update
from sqlmodel import col, select

from entente.clock import now
from entente.people.models import Body, BodyKind, Function, FunctionKind, Person, PersonStatus, Seat
from entente.people.who import Who
from entente.rules import Invalid
from forums import queries, rules, service
from forums.mentions.models import Call, Called, Mention
from forums.mentions.queries import mentioned_in, readers_of
from forums.mentions.rules import Named, handles_of
from forums.models import EditedPost, Forum, NewPost, Post, Reading, Thread
from world import LONG_AGO, World

NEW = Called.PERSON


async def mentioned(world: World, post: Post) -> dict[str, str]:
    """Who is called, by first name, and as what."""
    async with world.reading() as db:
        found = await mentioned_in(db, post.id)
    names = {who.id: name for name, who in world.people.items()}
    return {names[id_]: words for id_, words in found.items()}


async def edit(world: World, who: Who, post: Post, body: str, confirmed: int = 0) -> None:
    """Someone corrects their words."""
    async with world.working(who) as work:
        said, place = await queries.post_for(work.db, who, post.id)
        known = EditedPost(body=body, version=said.version, confirmed=confirmed)
        await service.edit_post(work, place, said, known)


async def crowd(world: World, count: int) -> None:
    """So many people in Brioude, who all sit in the CoTech."""
    cotech = Body(kind=BodyKind.COTECH, name="Comité technique")
    people = [
        Person(email=f"p{number}@x.example", given_name="Paul", family_name=f"Num{number}", status=PersonStatus.ACTIVE)
        for number in range(count)
    ]
    async with world.house.database.writing() as db:
        db.add(cotech)
        await db.flush()
        await db.execute(insert(Person), [person.model_dump() for person in people])
        functions = [
            Function(
                person_id=person.id, organisation_id=world.brioude.id, kind=FunctionKind.AGENT, since=LONG_AGO
            ).model_dump()
            for person in people
        ]
        seats = [
            Seat(body_id=cotech.id, organisation_id=world.brioude.id, holder_id=person.id, since=LONG_AGO).model_dump()
            for person in people
        ]
        await db.execute(insert(Function), functions)
        await db.execute(insert(Seat), seats)


async def test_all_readers_of_a_forum_are_those_to_whom_it_is_open(world: World) -> None:
    """The one query over everybody agrees with the rule asked of each person, for every kind of forum."""
    async with world.house.database.writing() as db:
        await db.execute(update(Person).where(col(Person.id) == world.ines.id).values(status=PersonStatus.SUSPENDED))
        buyers = Forum(slug="acheteurs", title="Acheteurs", reading=Reading.FUNCTION, function=FunctionKind.ACHETEUR)
        agents = Forum(slug="agents", title="Agents", reading=Reading.FUNCTION, function=FunctionKind.AGENT)
        db.add_all([buyers, agents])
    forums = (world.technique, world.closed, world.invited, buyers, agents)
    found: dict[str, set[str]] = {}
    expected: dict[str, set[str]] = {}
    async with world.reading() as db:
        for forum in forums:
            readers = set(await db.exec(readers_of(forum)))
            found[forum.slug] = {name for name, who in world.people.items() if who.id in readers}
            expected[forum.slug] = {name for name, who in world.people.items() if await _may_read(world, who, forum)}
    assert found == expected
    assert found == {
        "technique": {"awa", "bruno", "camille", "denise"},
        "copil": {"awa"},
        "invites": {"bruno"},
        "acheteurs": {"awa"},
        "agents": {"camille"},
    }


async def _may_read(world: World, who: Who, forum: Forum) -> bool:
    async with world.reading() as db:
        status = (await db.exec(select(Person.status).where(col(Person.id) == who.id))).one()
        _, moderates = await queries.forum_held(db, who, forum.id)
    return status == PersonStatus.ACTIVE and rules.may_read(who, forum, moderates)


async def test_a_message_calls_a_person_a_commune_and_a_body(world: World) -> None:
    """Each is told as what they were called; by name rather than with others, and never the author."""
    by_name = await world.post(world.awa, world.snow, "Qu’en pense @bruno-chassagne ?")
    commune = await world.post(world.awa, world.snow, "@commune:brioude et @bruno-chassagne, une idée ?")
    body = await world.post(world.denise, world.snow, "L’avis de @instance:copil, et de @denise-astruc ?")

    assert await mentioned(world, by_name) == {"bruno": "vous"}
    assert await mentioned(world, commune) == {"bruno": "vous", "denise": "votre commune, Brioude"}
    assert await mentioned(world, body) == {"awa": "l’instance Comité de pilotage"}


async def test_a_handle_becomes_a_link_to_the_directory(world: World) -> None:
    """The text keeps the handle; what is read is the name, and it leads to whom it names."""
    said = await world.post(world.awa, world.snow, "Merci @Bruno-Chassagne, `@bruno-chassagne`, @personne-ici.")

    rel = 'rel="nofollow ugc noopener"'
    link = f'<a href="/annuaire/{world.bruno.id}" {rel}>@Bruno Chassagne</a>'
    assert said.html.strip() == f"<p>Merci {link}, <code>@bruno-chassagne</code>, @personne-ici.</p>"


async def test_a_name_cannot_be_more_than_words(world: World) -> None:
    """Someone is called as a tag would be written: the link shows it, and nothing runs."""
    async with world.house.database.writing() as db:
        named = update(Person).where(col(Person.id) == world.bruno.id)
        await db.execute(named.values(given_name="<img src=x onerror=alert(1)>", family_name="[x](javascript:1)"))
    said = await world.post(world.awa, world.snow, "@img-src-x-onerror-alert-1-x-javascript-1")

    assert "<img" not in said.html
    assert "&lt;img src=x onerror=alert(1)&gt; [x](javascript:1)</a>" in said.html


@pytest.mark.parametrize(
    "body", ["> @bruno-chassagne", "`@bruno-chassagne`", "a@bruno-chassagne", "[@bruno-chassagne](/x)"]
)
async def test_words_of_others_call_nobody(world: World, body: str) -> None:
    """A quote, code, an address and a link call nobody again."""
    assert await mentioned(world, await world.post(world.awa, world.snow, body)) == {}


async def test_who_cannot_read_is_not_called_and_the_writer_is_told(world: World) -> None:
    """Awa calls Bruno in the closed forum: he hears nothing of it, and she knows."""
    async with world.browser(world.awa) as browser:
        said = {"body": "@bruno-chassagne, @commune:brioude : à voir"}
        answer = await browser.post(f"/forums/fils/{world.secret.id}/messages", data=said)
        page = (await browser.get(answer.headers["location"])).text
    assert "Bruno Chassagne ne peut pas lire ce forum : aucun avis ne lui sera envoyé." in page
    assert "Personne de « Brioude » ne peut lire ce forum" in page
    async with world.browser(world.awa, htmx=True) as browser:
        answer = await browser.post(f"/forums/fils/{world.secret.id}/messages", data={"body": "@bruno-chassagne"})
    assert 'data-to="unheard"' in answer.text
    assert "Bruno Chassagne ne peut pas lire ce forum" in answer.text
    async with world.reading() as db:
        assert (await db.exec(select(Mention))).all() == []


async def test_whoever_loses_the_forum_is_called_no_more(world: World) -> None:
    """Bruno is called, then leaves; the mention stays and tells nobody."""
    said = await world.post(world.awa, world.snow, "@bruno-chassagne ?")
    await world.end_functions(world.bruno)

    assert await mentioned(world, said) == {}


async def test_an_edit_calls_only_newcomers(world: World) -> None:
    """Bruno stays called once, Camille joins him, then Bruno is called no more."""
    said = await world.post(world.awa, world.snow, "@bruno-chassagne")
    await edit(world, world.awa, said, "@bruno-chassagne et @camille-rey")
    async with world.reading() as db:
        assert len((await db.exec(select(Mention).where(col(Mention.post_id) == said.id))).all()) == 2
    await edit(world, world.awa, said, "Camille : @camille-rey")

    assert await mentioned(world, said) == {"camille": "vous"}


async def test_a_namesake_never_takes_over_a_handle(world: World) -> None:
    """A second Bruno Chassagne comes: what was written still names the first; a new message must say which."""
    said = await world.post(world.awa, world.snow, "@bruno-chassagne")
    async with world.house.database.writing() as db:
        other = Person(email="b2@x.example", given_name="Bruno", family_name="Chassagne", status=PersonStatus.ACTIVE)
        db.add(other)
        await db.flush()
        db.add(Function(person_id=other.id, organisation_id=world.aubrac.id, kind=FunctionKind.AGENT, since=LONG_AGO))
    await edit(world, world.awa, said, "Toujours @bruno-chassagne")
    assert await mentioned(world, said) == {"bruno": "vous"}

    with pytest.raises(Invalid) as refused:
        await world.post(world.awa, world.snow, "@bruno-chassagne")
    assert "@bruno-chassagne-brioude ou @bruno-chassagne-aubrac" in refused.value.errors["body"]
    assert await mentioned(world, await world.post(world.awa, world.snow, "@bruno-chassagne-brioude")) == {
        "bruno": "vous"
    }


@pytest.mark.parametrize("gone", ["withdrawn", "hidden"])
async def test_words_that_are_gone_call_nobody(world: World, gone: str) -> None:
    """Awa's message is withdrawn, or hidden by a moderator: nobody is called by it."""
    said = await world.post(world.awa, world.snow, "@bruno-chassagne")
    async with world.house.database.writing() as db:
        column = {"withdrawn": {"deleted_at": now()}, "hidden": {"hidden_at": now()}}[gone]
        await db.execute(update(Post).where(col(Post.id) == said.id).values(**column))

    assert await mentioned(world, said) == {}


async def test_many_people_are_told_once_the_writer_knows_how_many(world: World) -> None:
    """Above twenty, the form comes back with the figure and the text; saying yes posts it."""
    await crowd(world, 30)
    address = f"/forums/fils/{world.snow.id}/messages"
    async with world.browser(world.awa, htmx=True) as browser:
        asked = await browser.post(address, data={"body": "@instance:cotech, votre avis ?"})
        assert asked.status_code == 422
        assert "30 personnes seront prévenues." in asked.text
        assert "@instance:cotech, votre avis ?" in asked.text
        assert 'name="confirmed" type="checkbox" value="30"' in asked.text
        too_few = await browser.post(address, data={"body": "@instance:cotech, votre avis ?", "confirmed": "29"})
        assert too_few.status_code == 422
        agreed = await browser.post(address, data={"body": "@instance:cotech, votre avis ?", "confirmed": "30"})
    assert agreed.status_code == 200
    async with world.reading() as db:
        assert len((await db.exec(select(Mention))).all()) == 30


async def test_a_crowd_is_called_by_moderators_alone(world: World) -> None:
    """201 people: Awa reads why not, and keeps her text; Camille, who moderates, may once she knows."""
    await crowd(world, 201)
    async with world.browser(world.awa) as browser:
        said = {"body": "@instance:cotech, tous ?", "confirmed": "5000"}
        refused = await browser.post(f"/forums/fils/{world.snow.id}/messages", data=said)
    assert refused.status_code == 422
    assert "201 personnes, pour 200 au plus" in refused.text
    assert "@instance:cotech, tous ?" in refused.text

    async with world.working(world.camille) as work:
        place = await queries.thread_for(work.db, world.camille, world.snow.id)
        await service.post(work, place, NewPost(body="@instance:cotech", confirmed=201))
    async with world.reading() as db:
        assert len((await db.exec(select(Mention))).all()) == 201


async def test_too_many_names_are_refused(world: World) -> None:
    """Fifty-one names in one message: a sentence, not fifty-one notices."""
    with pytest.raises(Invalid, match="body"):
        await world.post(world.awa, world.snow, " ".join(f"@nom-{number}" for number in range(51)))


def test_namesakes_have_handles_of_their_own() -> None:
    """Two of one name are told apart by their commune, then by letters nobody else has; nobody has the short one."""
    people = [Named(NEW, Person(given_name="", family_name="", email="").id, "Zoé Œuvre", place) for place in "AAB"]
    found = handles_of(people)

    assert found.of[people[2].id] == "zoe-oeuvre-b"
    assert len({found.of[each.id] for each in people}) == 3
    assert set(found.shared) == {"zoe-oeuvre", "zoe-oeuvre-a"}
    assert len(found.shared["zoe-oeuvre"]) == 3


async def test_suggestions_are_those_who_read_here(world: World) -> None:
    """Letters find people without their accents, communes and bodies with how many would be told."""
    async with world.browser(world.awa) as browser:

        async def found(q: str, thread: Thread = world.snow) -> list[str]:
            answer = await browser.get("/forums/mentions", params={"q": q, "fil": str(thread.id)})
            assert answer.status_code == 200
            return [part.split('"')[0] for part in answer.text.split('data-handle="@')[1:]]

        assert await found("br") == ["bruno-chassagne", "commune:brioude"]
        assert await found("rey") == ["camille-rey"]
        assert await found("INE") == ["ines-vidal"]
        assert await found("commune:") == ["commune:aubrac", "commune:brioude"]
        assert await found("br", world.secret) == []
        assert await found("copil", world.secret) == ["instance:copil"]
        assert await found("") == []
        await world.post(world.denise, world.snow, "Bonjour")
        assert await found("") == ["denise-astruc"]


async def test_a_person_is_found_by_their_handle_in_the_directory(world: World) -> None:
    """What is suggested is what may be typed by hand: both lead to the same person."""
    async with world.reading() as db:
        calls = (await db.exec(select(Call))).all()
    assert calls == []
    said = await world.post(world.awa, world.snow, "@ines-vidal @instance:copil")
    async with world.reading() as db:
        kept = {call.handle: call.called_id for call in await db.exec(select(Call))}
    assert kept == {"ines-vidal": world.ines.id, "instance:copil": world.copil.id}
    assert await mentioned(world, said) == {"ines": "vous"}


async def test_nobody_asks_faster_than_one_types(world: World) -> None:
    """A machine that asks for every name is told to wait."""
    async with world.browser(world.bruno) as browser:
        params = {"q": "a", "fil": str(world.snow.id)}
        answers = [(await browser.get("/forums/mentions", params=params)).status_code for _ in range(101)]
    assert answers == [200] * 100 + [429]


async def test_a_guest_does_not_browse_the_directory_from_a_forum(world: World) -> None:
    """Bruno is a guest and no member any more: he writes, and handles stay words."""
    thread = await world.open(world.bruno, world.invited, "Entre invités", "Bonjour")
    await world.end_functions(world.bruno)
    guest = await world.again(world.bruno)
    async with world.browser(guest) as browser:
        assert (await browser.get("/forums/mentions", params={"q": "a", "fil": str(thread.id)})).status_code == 404
        answer = await browser.post(f"/forums/fils/{thread.id}/messages", data={"body": "@awa-diallo"})
        assert answer.status_code == 303
        assert "Awa Diallo" not in (await browser.get(answer.headers["location"])).text


async def test_the_preview_says_whom_it_calls(world: World) -> None:
    """Before posting: the names as links, how many people when they are many, and who is called in vain."""
    await crowd(world, 30)

    def typed(place: str) -> dict[str, str]:
        return {"body": "@instance:cotech et @bruno-chassagne", "draft": f"{place}.{world.awa.id}.0..0"}

    async with world.browser(world.awa, htmx=True) as browser:
        shown = await browser.post("/forums/apercu", data=typed(f"answer.{world.snow.id}"))
        closed = await browser.post("/forums/apercu", data=typed(f"thread.{world.closed.id}"))
    async with world.browser(world.bruno, htmx=True) as browser:
        barred = await browser.post("/forums/apercu", data=typed(f"answer.{world.secret.id}"))
    assert "31 personnes seront prévenues." in shown.text
    assert f'href="/annuaire/{world.bruno.id}"' in shown.text
    assert "Bruno Chassagne ne peut pas lire ce forum" in closed.text
    assert "personnes" not in barred.text
    assert "/annuaire/" not in barred.text
