"""What administrators do to people, and what they cannot do to the house."""

import asyncio
from datetime import date, timedelta

import pytest
from sqlalchemy import func
from sqlmodel import col, select

from entente import invitations
from entente.administration.persons import service
from entente.administration.persons.models import NewFunction, NewPerson
from entente.administration.persons.rules import LAST_ONE, NOT_YOURSELF, YOURSELF, Keeper, may_end, may_suspend
from entente.clock import now, today
from entente.ids import new_id
from entente.mail import MAIL
from entente.outbox import Task
from entente.people.models import (
    AuditEntry,
    Function,
    FunctionKind,
    Person,
    PersonStatus,
    Purpose,
    Session,
    Token,
)
from entente.people.queries import hash_of, person_by_email
from entente.people.who import Who
from entente.rights import stream_of_person
from entente.rules import Conflict, Refused
from world import BASE, LONG_AGO, World

PEOPLE = "/administration/personnes"


def typed(world: World, **changed: str) -> dict[str, str]:
    """What the invitation form sends for Farid, of Brioude."""
    return {
        "email": "farid@brioude.example",
        "given_name": "Farid",
        "family_name": "Saïdi",
        "organisation_id": str(world.brioude.id),
        "kind": "agent",
        "title": "Agent d’accueil",
        "service": "État civil",
    } | changed


async def keeper_function(world: World, who: Who) -> Function:
    async with world.reading() as db:
        query = select(Function).where(Function.person_id == who.id, Function.kind == FunctionKind.ADMINISTRATEUR)
        return (await db.exec(query)).one()


async def make_keeper(world: World, who: Who, until: date | None = None) -> Who:
    async with world.house.database.writing() as db:
        db.add(
            Function(
                person_id=who.id,
                organisation_id=world.brioude.id,
                kind=FunctionKind.ADMINISTRATEUR,
                since=LONG_AGO,
                until=until,
            )
        )
    return await world.again(who)


async def test_someone_new_is_invited_with_a_function(world: World) -> None:
    """Inès invites Farid: his account, function and service are there, and a link goes to him."""
    async with world.browser(world.ines) as browser:
        answer = await browser.post(f"{PEOPLE}/nouvelle", data=typed(world))

    assert answer.status_code == 303
    async with world.reading() as db:
        farid = await person_by_email(db, "farid@brioude.example")
        assert farid is not None
        assert farid.status == PersonStatus.INVITED
        function = (await db.exec(select(Function).where(Function.person_id == farid.id))).one()
        assert (function.kind, function.title, function.since) == ("agent", "Agent d’accueil", today())
        token = (await db.exec(select(Token).where(Token.person_id == farid.id))).one()
        assert (token.purpose, token.email, token.used_at) == (Purpose.INVITATION, farid.email, None)
        mail = (await db.exec(select(Task).where(Task.kind == MAIL))).one()
        link = next(line for line in mail.payload["body"].splitlines() if "/invitation/" in line)
        assert (mail.payload["to"], hash_of(link.rpartition("/")[2])) == (farid.email, token.hash)


async def test_an_invitation_sent_again_voids_the_first(world: World) -> None:
    """Of two links sent to Farid, only the second opens his account."""
    async with world.working(world.ines) as work:
        new = NewPerson.model_validate(typed(world))
        farid = await service.invite_new(work, new, BASE)
    async with world.working(world.ines) as work:
        farid_again = await work.db.get(Person, farid.id)
        assert farid_again is not None
        link = await invitations.invite(work, farid_again, BASE)

    async with world.reading() as db:
        alive = (await db.exec(select(Token.hash).where(col(Token.used_at).is_(None)))).all()
    assert alive == [hash_of(link.rpartition("/")[2])]


async def test_whoever_has_an_account_is_not_invited(world: World) -> None:
    """Awa already signs in: inviting her is refused with a sentence."""
    async with world.browser(world.ines) as browser:
        answer = await browser.post(f"{PEOPLE}/{world.awa.id}/invitation")

    assert answer.status_code == 409
    assert "on ne peut pas inviter" in answer.text


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("email", "", "ne semble pas valable"),
        ("email", "farid", "ne semble pas valable"),
        ("email", "awa@aubrac.example", "a déjà cette adresse"),
        ("given_name", "", "à remplir"),
        ("given_name", "\u200b", "à remplir"),
        ("family_name", "x" * 81, "80 caractères"),
        ("kind", "roi", "Choisissez dans la liste"),
        ("organisation_id", "", "Choisissez dans la liste"),
        ("organisation_id", "00000000-0000-7000-8000-000000000000", "Choisissez dans la liste"),
    ],
)
async def test_a_wrong_field_comes_back_with_its_sentence(world: World, field: str, value: str, sentence: str) -> None:
    """The form is shown again with what was typed, and nothing is saved."""
    async with world.browser(world.ines) as browser:
        answer = await browser.post(f"{PEOPLE}/nouvelle", data=typed(world, **{field: value}))

    assert answer.status_code == 422
    assert sentence in answer.text
    assert "Agent d’accueil" in answer.text
    async with world.reading() as db:
        assert (await db.exec(select(func.count()).select_from(Person))).one() == len(world.people)


async def test_two_administrators_invite_the_same_address(world: World) -> None:
    """At the same moment: one account is made, and one of the two reads why."""
    both = await make_keeper(world, world.denise)
    async with world.browser(world.ines) as one, world.browser(both) as other:
        answers = await asyncio.gather(
            one.post(f"{PEOPLE}/nouvelle", data=typed(world)), other.post(f"{PEOPLE}/nouvelle", data=typed(world))
        )

    assert sorted(answer.status_code for answer in answers) == [303, 422]
    refused = next(answer for answer in answers if answer.status_code == 422)
    assert "Quelqu’un a déjà cette adresse e-mail." in refused.text
    async with world.reading() as db:
        found = select(func.count()).where(col(Person.email) == "farid@brioude.example")
        assert (await db.exec(found)).one() == 1


async def test_a_function_gives_its_rights_and_says_so(world: World) -> None:
    """Camille becomes an administrator: her stream says that her rights changed, the audit who gave them."""
    async with world.browser(world.ines) as browser:
        data = {"organisation_id": str(world.aubrac.id), "kind": "administrateur", "since": today().isoformat()}
        answer = await browser.post(f"{PEOPLE}/{world.camille.id}/fonctions", data=data)

    assert answer.status_code == 303
    camille = await world.again(world.camille)
    assert camille.is_administrator
    assert camille.version > world.camille.version
    assert [rung.stream for rung in world.rung] == [str(stream_of_person(camille.id))]
    async with world.reading() as db:
        entry = (await db.exec(select(AuditEntry).where(AuditEntry.act == "function.added"))).one()
    assert (entry.person_id, entry.detail["kind"]) == (world.ines.id, "administrateur")


@pytest.mark.parametrize(
    ("since", "until", "sentence"),
    [
        ("2026-02-30", "", "n’existe pas"),
        ("", "", "à remplir"),
        ("2026-03-01", "2026-03-01", "après le début"),
        ("2026-03-01", "2026-02-01", "après le début"),
        ("20261122", "", "n’existe pas"),
        ("0001-01-01", "", "n’existe pas"),
    ],
)
async def test_wrong_days_are_refused(world: World, since: str, until: str, sentence: str) -> None:
    """A day that does not exist, and an end that does not follow the beginning, come back with a sentence."""
    async with world.browser(world.ines) as browser:
        data = {"organisation_id": str(world.aubrac.id), "kind": "agent", "since": since, "until": until}
        answer = await browser.post(f"{PEOPLE}/{world.awa.id}/fonctions", data=data)

    assert answer.status_code == 422
    assert sentence in answer.text


async def test_a_day_is_also_read_as_french_people_write_it(world: World) -> None:
    """« 1/3/2026 » is the first of March."""
    new = NewFunction.model_validate({"organisation_id": world.aubrac.id, "kind": "agent", "since": "1/3/2026"})

    assert new.since == date(2026, 3, 1)


async def test_suspending_signs_out_everywhere_and_voids_links(world: World) -> None:
    """Bruno was signed in: Inès suspends him, and his browser finds no session."""
    async with world.working(None) as work:
        work.db.add(
            Token(
                hash=hash_of("lien"),
                purpose=Purpose.SIGN_IN,
                person_id=world.bruno.id,
                email="bruno@brioude.example",
                expires_at=now() + timedelta(hours=1),
            )
        )
    async with world.browser(world.bruno) as his, world.browser(world.ines) as browser:
        before = await his.get("/annuaire")
        answer = await browser.post(f"{PEOPLE}/{world.bruno.id}/suspension")
        after = await his.get("/annuaire")

    assert (before.status_code, answer.status_code, after.status_code) == (200, 303, 303)
    async with world.reading() as db:
        assert (await db.exec(select(Session).where(Session.person_id == world.bruno.id))).all() == []
        token = (await db.exec(select(Token).where(Token.person_id == world.bruno.id))).one()
        assert token.used_at is not None
        verbs = {verb for (verb,) in await db.execute(select(AuditEntry.act))}
    assert "person.suspended" in verbs
    assert {rung.stream for rung in world.rung} == {str(stream_of_person(world.bruno.id))}


async def test_a_reopened_account_may_sign_in_again(world: World) -> None:
    """Suspended then reopened, Bruno is who he was; reopening twice is refused."""
    async with world.working(world.ines) as work:
        await service.suspend(work, world.bruno.id)
    async with world.working(world.ines) as work:
        await service.reactivate(work, world.bruno.id)

    assert (await world.again(world.bruno)).functions == world.bruno.functions
    with pytest.raises(Conflict):
        async with world.working(world.ines) as work:
            await service.reactivate(work, world.bruno.id)


async def test_one_does_not_suspend_oneself(world: World) -> None:
    """Inès may suspend Awa, not Inès."""
    async with world.browser(world.ines) as browser:
        answer = await browser.post(f"{PEOPLE}/{world.ines.id}/suspension")

    assert (answer.status_code, NOT_YOURSELF in answer.text) == (403, True)


async def test_one_does_not_end_ones_own_last_keeping(world: World) -> None:
    """Even with another administrator, Inès cannot take the house from herself; Denise can."""
    denise = await make_keeper(world, world.denise)
    function = await keeper_function(world, world.ines)
    data = {"until": today().isoformat()}
    address = f"{PEOPLE}/{world.ines.id}/fonctions/{function.id}/fin"
    async with world.browser(world.ines) as hers, world.browser(denise) as browser:
        refused = await hers.post(address, data=data)
        done = await browser.post(address, data=data)

    assert (refused.status_code, YOURSELF in refused.text, done.status_code) == (403, True, 303)


async def test_two_administrators_remove_each_other_at_once(world: World) -> None:
    """Inès and Denise each end the other's function at the same moment: the house keeps one of them."""
    denise = await make_keeper(world, world.denise)
    hers, other = await keeper_function(world, world.ines), await keeper_function(world, denise)

    async def end(who: Who, function: Function) -> str:
        try:
            async with world.working(who) as work:
                await service.end_function(work, function.person_id, function.id, today())
        except Refused as refused:
            return refused.reason
        return "fait"

    told = await asyncio.gather(end(world.ines, other), end(denise, hers))

    assert sorted(told) == ["Vous n’êtes plus administrateur.", "fait"]
    left = [who.is_administrator for who in (await world.again(world.ines), await world.again(denise))]
    assert sorted(left) == [False, True]


async def test_two_administrators_suspend_each_other_at_once(world: World) -> None:
    """The same with accounts: one of the two remains."""
    denise = await make_keeper(world, world.denise)

    async def suspend(who: Who, other: Who) -> str:
        try:
            async with world.working(who) as work:
                await service.suspend(work, other.id)
        except Refused as refused:
            return refused.reason
        return "fait"

    told = await asyncio.gather(suspend(world.ines, denise), suspend(denise, world.ines))

    assert sorted(told) == ["Vous n’êtes plus administrateur.", "fait"]


def test_whoever_is_leaving_is_not_counted_on() -> None:
    """An administrator with an end date does not let the last lasting one go."""
    ines, denise = new_id(), new_id()
    hers = Keeper(new_id(), ines, None)
    leaving, staying = Keeper(new_id(), denise, date(2030, 1, 1)), Keeper(new_id(), denise, None)

    assert may_end([hers, staying], denise, hers.function_id) is None
    assert may_end([hers, leaving], denise, hers.function_id) == LAST_ONE
    assert may_suspend([hers, staying], denise, ines) is None
    assert may_suspend([hers, leaving], denise, ines) == LAST_ONE


async def test_a_function_given_today_by_mistake_can_go_today(world: World) -> None:
    """Camille was made administrator by error: ended the day it begins, the function disappears."""
    async with world.working(world.ines) as work:
        new = NewFunction(organisation_id=world.aubrac.id, kind=FunctionKind.ADMINISTRATEUR, since=today())
        function = await service.add_function(work, world.camille.id, new)
    assert (await world.again(world.camille)).is_administrator

    async with world.working(world.ines) as work:
        await service.end_function(work, world.camille.id, function.id, today())

    assert not (await world.again(world.camille)).is_administrator


async def test_an_end_before_the_beginning_is_refused(world: World) -> None:
    """Awa's function began in 2016: it cannot have ended in 2015."""
    async with world.reading() as db:
        function = (await db.exec(select(Function).where(Function.person_id == world.awa.id))).one()
    async with world.browser(world.ines) as browser:
        address = f"{PEOPLE}/{world.awa.id}/fonctions/{function.id}/fin"
        answer = await browser.post(address, data={"until": "2015-12-31"})
        elsewhere = await browser.post(
            address.replace(str(world.awa.id), str(world.bruno.id)), data={"until": "2026-01-01"}
        )

    assert (answer.status_code, "après le début" in answer.text, elsewhere.status_code) == (422, True, 404)


async def test_a_stale_form_is_refused_and_its_words_kept(world: World) -> None:
    """Two administrators correct Awa: the second, over a page that is no longer true, is told so."""
    async with world.browser(world.ines) as browser:
        page = (await browser.get(f"{PEOPLE}/{world.awa.id}/identite")).text
        mark = page.split('name="mark" value="')[1].split('"')[0]
        data = {"email": "awa@aubrac.example", "given_name": "Awa", "family_name": "Diallo-Rey", "mark": mark}
        first = await browser.post(f"{PEOPLE}/{world.awa.id}/identite", data=data)
        second = await browser.post(f"{PEOPLE}/{world.awa.id}/identite", data=data | {"family_name": "Diallo-Roy"})

    assert (first.status_code, second.status_code) == (303, 409)
    assert "Diallo-Roy" in second.text
    assert (await world.again(world.awa)).name == "Awa Diallo-Rey"


async def test_a_new_address_voids_the_links_sent_to_the_former(world: World) -> None:
    """Farid's address was mistyped: corrected, the link sent to the wrong one opens nothing."""
    async with world.working(world.ines) as work:
        farid = await service.invite_new(work, NewPerson.model_validate(typed(world)), BASE)
    async with world.browser(world.ines) as browser:
        page = (await browser.get(f"{PEOPLE}/{farid.id}/identite")).text
        mark = page.split('name="mark" value="')[1].split('"')[0]
        data = {"email": "Farid.Saidi@Brioude.example", "given_name": "Farid", "family_name": "Saïdi", "mark": mark}
        answer = await browser.post(f"{PEOPLE}/{farid.id}/identite", data=data)

    assert answer.status_code == 303
    async with world.reading() as db:
        token = (await db.exec(select(Token).where(Token.person_id == farid.id))).one()
        assert token.used_at is not None
        assert await person_by_email(db, "farid.saidi@brioude.example") is not None


async def test_what_the_form_does_not_ask_cannot_be_set(world: World) -> None:
    """A status or an id sent along with the form changes nothing."""
    async with world.browser(world.ines) as browser:
        await browser.post(f"{PEOPLE}/nouvelle", data=typed(world, status="active", id=str(world.awa.id), version="9"))

    async with world.reading() as db:
        farid = await person_by_email(db, "farid@brioude.example")
    assert farid is not None
    assert (farid.status, farid.id == world.awa.id) == (PersonStatus.INVITED, False)


async def test_people_are_found_by_name_address_organisation_and_status(world: World) -> None:
    """Filters are addresses, and the count says how many they find."""
    asked = {
        "q=chassagne": "1\u00a0personne",
        "q=awa+aubrac": "1\u00a0personne",
        "q=%25": "0\u00a0personne",
        f"organisation={world.brioude.id}": "2\u00a0personnes",
        "fonction=administrateur": "1\u00a0personne",
        "statut=suspended": "0\u00a0personne",
        "statut=nimporte": "6\u00a0personnes",
    }
    async with world.browser(world.ines) as browser:
        pages = {query: (await browser.get(f"{PEOPLE}?{query}")).text for query in asked}

    assert {query: count in pages[query] for query, count in asked.items()} == dict.fromkeys(asked, True)


async def test_a_long_list_goes_on_from_a_key(world: World) -> None:
    """120 people of one name: three pages, each person once."""
    async with world.house.database.writing() as db:
        db.add_all(Person(email=f"p{n}@x.example", given_name="Ana", family_name="Martin") for n in range(120))
    seen: list[str] = []
    async with world.browser(world.ines) as browser:
        address: str | None = f"{PEOPLE}?q=martin"
        while address:
            page = (await browser.get(address)).text
            seen += [
                line.split("/personnes/")[1].split('"')[0] for line in page.splitlines() if '<th scope="row"><a' in line
            ]
            following = page.split('rel="next" href="')
            address = following[1].split('"')[0].replace("&amp;", "&") if len(following) > 1 else None

    assert (len(seen), len(set(seen))) == (120, 120)
