"""Links by mail: one purpose, one use, one quarter of an hour (M1, M2, S2)."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import update
from sqlmodel import col, select

from entente.account import tokens
from entente.account.service import invite
from entente.clock import now
from entente.people.models import EmailDomain, Function, Person, PersonStatus, Purpose, Token
from entente.people.queries import hash_of
from world import World

AWA = "awa@aubrac.example"
NOBODY = "nobody@nowhere.example"


async def test_a_link_signs_in_once(world: World, mailbox: Any) -> None:
    """Awa asks for a link, confirms, and is in; the same link then answers 410 with a way to ask again."""
    async with world.browser() as browser:
        assert (await browser.post("/connexion", data={"email": " AWA@aubrac.example "})).status_code == 303
        link = await mailbox.link()
        assert (await browser.post(link)).headers["location"] == "/"
        assert (await browser.get("/profil")).status_code == 200

    async with world.browser() as other:
        used = await other.post(link)
        assert used.status_code == 410
        assert 'action="/connexion"' in used.text
        assert (await other.get(link)).status_code == 410
        again = await other.get(f"{link}?next=/forums")
        assert '<input type="hidden" name="next" value="/forums">' in again.text


async def test_looking_at_a_link_does_nothing(world: World, mailbox: Any) -> None:
    """A mail scanner follows Awa's link five times; the link still works (M2)."""
    async with world.browser() as scanner:
        await scanner.post("/connexion", data={"email": AWA})
        link = await mailbox.link()
        for _ in range(5):
            page = await scanner.get(link)
            assert (page.status_code, "set-cookie" in page.headers) == (200, False)
        assert '<form class="form" method="post" novalidate>' in page.text

    async with world.browser() as browser:
        assert (await browser.post(link)).status_code == 303


async def test_of_two_who_use_one_link_one_enters(world: World, mailbox: Any) -> None:
    """Awa's link is confirmed from two devices at the same moment: exactly one enters (M1)."""
    async with world.browser() as one, world.browser() as other:
        await one.post("/connexion", data={"email": AWA})
        link = await mailbox.link()
        answers = await asyncio.gather(*(browser.post(link) for browser in (one, other, one, other)))
    assert sorted(answer.status_code for answer in answers) == [303, 410, 410, 410]


async def test_known_and_unknown_addresses_get_the_same_answer(world: World, mailbox: Any) -> None:
    """Nobody learns here who has an account: same status, same page, same statements; one mail goes (S2)."""
    seen = []
    async with world.browser() as browser:
        for email in (AWA, NOBODY):
            with world.counting() as statements:
                answer = await browser.post("/connexion", data={"email": email})
            page = await browser.get(answer.headers["location"])
            words = page.text.replace(page.headers["content-security-policy"].split("'nonce-")[1].split("'")[0], "")
            seen.append((answer.status_code, answer.headers["location"], words, list(statements)))
    assert seen[0] == seen[1]
    assert [mail["to"] for mail in await mailbox.mails()] == [AWA]


async def test_only_the_hash_of_a_secret_is_kept(world: World) -> None:
    """Whoever reads the database cannot use its links: 256 bits go out, their hash stays (M1)."""
    async with world.working(None) as work:
        person = await work.db.get(Person, world.awa.id)
        assert person is not None
        secret = tokens.issue(work.db, Purpose.SIGN_IN, person)
    assert len(secret) == 43
    async with world.reading() as db:
        (token,) = (await db.exec(select(Token))).all()
    assert token.hash == hash_of(secret)
    assert secret not in str(vars(token))


async def test_a_link_expires(world: World, mailbox: Any) -> None:
    """After a quarter of an hour, Awa's link serves no more."""
    async with world.browser() as browser:
        await browser.post("/connexion", data={"email": AWA})
        link = await mailbox.link()
        async with world.house.database.writing() as db:
            (token,) = (await db.exec(select(Token))).all()
            assert timedelta(minutes=14) < token.expires_at - now() <= timedelta(minutes=15)
            token.expires_at = now()
        assert (await browser.post(link)).status_code == 410


@pytest.mark.parametrize("purpose", list(Purpose))
async def test_a_token_serves_one_purpose(world: World, purpose: Purpose) -> None:
    """A secret made for one door is refused at the others, and still opens its own."""
    async with world.working(None) as work:
        person = await work.db.get(Person, world.awa.id)
        assert person is not None
        if purpose == Purpose.INVITATION:
            person.status = PersonStatus.INVITED
        if purpose in tokens.LIVES:
            secret = tokens.issue(work.db, purpose, person)
        else:
            _, link = await invite(work, person.email, "", "", "")
            secret = link.rpartition("/")[2]
    doors = {
        Purpose.SIGN_IN: f"/connexion/lien/{secret}",
        Purpose.INVITATION: f"/invitation/{secret}",
        Purpose.EMAIL_CHANGE: f"/connexion/lien/adresse/{secret}",
    }
    names = {"given_name": "Awa", "family_name": "Diallo"}
    async with world.browser() as browser:
        for other in set(Purpose) - {purpose}:
            assert (await browser.get(doors[other])).status_code == 410
            assert (await browser.post(doors[other], data=names)).status_code == 410
        assert (await browser.post(doors[purpose], data=names)).status_code == 303


@pytest.mark.parametrize("change", [{"email": "awa.diallo@aubrac.example"}, {"status": PersonStatus.SUSPENDED}])
async def test_a_change_of_address_or_status_voids_the_link(world: World, mailbox: Any, change: dict[str, str]) -> None:
    """Whoever changes Awa's address or suspends her need not think of her links: they serve no more (M1)."""
    async with world.browser() as browser:
        await browser.post("/connexion", data={"email": AWA})
        link = await mailbox.link()
        async with world.house.database.writing() as db:
            await db.execute(update(Person).where(col(Person.id) == world.awa.id).values(**change))
        assert (await browser.post(link)).status_code == 410


async def test_a_suspended_person_gets_no_link(world: World, mailbox: Any) -> None:
    """Bruno is suspended: the page says what it always says, and no mail goes; Awa gets hers."""
    async with world.house.database.writing() as db:
        gone = update(Person).where(col(Person.id) == world.bruno.id)
        await db.execute(gone.values(status=PersonStatus.SUSPENDED))
    async with world.browser() as browser:
        for email in ("bruno@brioude.example", AWA):
            assert (await browser.post("/connexion", data={"email": email})).status_code == 303
    assert [mail["to"] for mail in await mailbox.mails()] == [AWA]


async def test_an_invited_person_becomes_active_by_a_link(world: World, mailbox: Any) -> None:
    """Denise, invited, prefers a sign-in link: it opens her account."""
    async with world.house.database.writing() as db:
        invited = update(Person).where(col(Person.id) == world.denise.id)
        await db.execute(invited.values(status=PersonStatus.INVITED))
    async with world.browser() as browser:
        await browser.post("/connexion", data={"email": "denise@brioude.example"})
        await browser.post(await mailbox.link())
        assert (await browser.get("/profil")).status_code == 200


async def test_a_newcomer_of_a_declared_domain_creates_an_account(world: World, mailbox: Any) -> None:
    """Nina has an address in Aubrac: nothing of hers exists until she uses her link and says her name."""
    async with world.house.database.writing() as db:
        db.add(EmailDomain(domain="aubrac.example", organisation_id=world.aubrac.id))
    async with world.browser() as browser:
        await browser.post("/connexion", data={"email": "nina@aubrac.example"})
        link = await mailbox.link()
        assert await _person(world, "nina@aubrac.example") is None
        assert "Créer votre compte" in (await browser.get(link)).text
        nameless = await browser.post(link, data={"given_name": " \u200b", "family_name": "Fabre"})
        assert (nameless.status_code, "Indiquez votre prénom." in nameless.text) == (422, True)
        typed = {"given_name": "Nina", "family_name": "Fabre", "status": "suspended", "email": "x@y.example"}
        assert (await browser.post(link, data=typed)).status_code == 303
        assert "Nina" in (await browser.get("/profil")).text
        assert (await browser.post(link, data=typed)).status_code == 410

    nina = await _person(world, "nina@aubrac.example")
    assert nina is not None
    assert (nina.name, nina.status) == ("Nina Fabre", PersonStatus.ACTIVE)
    async with world.reading() as db:
        places = (await db.exec(select(Function.organisation_id).where(col(Function.person_id) == nina.id))).all()
    assert places == [world.aubrac.id]


async def test_a_newcomer_whose_domain_is_withdrawn_stays_out(world: World, mailbox: Any) -> None:
    """Aubrac withdraws its domain before Nina uses her link: there is no account."""
    async with world.house.database.writing() as db:
        domain = EmailDomain(domain="aubrac.example", organisation_id=world.aubrac.id)
        db.add(domain)
    async with world.browser() as browser:
        await browser.post("/connexion", data={"email": "nina@aubrac.example"})
        link = await mailbox.link()
        async with world.house.database.writing() as db:
            await db.delete(domain)
        answer = await browser.post(link, data={"given_name": "Nina", "family_name": "Fabre"})
    assert answer.status_code == 410
    assert await _person(world, "nina@aubrac.example") is None


async def test_nobody_can_use_up_the_links_of_another(world: World, mailbox: Any) -> None:
    """Someone asks for twelve links for Awa: five go, the last ones still open, and Awa can ask again after."""
    async with world.browser() as browser:
        for _ in range(12):
            assert (await browser.post("/connexion", data={"email": AWA})).status_code == 303
    assert len(await mailbox.mails()) == 5

    async with world.house.database.writing() as db:
        await db.execute(update(Token).values(expires_at=now() - timedelta(seconds=1)))
    async with world.browser() as browser:
        await browser.post("/connexion", data={"email": AWA})
        assert len(await mailbox.mails()) == 6
        assert (await browser.post(await mailbox.link())).status_code == 303


async def test_too_many_links_from_one_address_are_refused(world: World) -> None:
    """After thirty requests from one place in an hour: 429, when to come back, and a sentence (N2)."""
    async with world.browser() as browser:
        for number in range(30):
            answer = await browser.post("/connexion", data={"email": f"n{number}@nowhere.example"})
            assert answer.status_code == 303
        refused = await browser.post("/connexion", data={"email": AWA})
    assert refused.status_code == 429
    assert 3500 < int(refused.headers["retry-after"]) <= 3600
    assert "Trop de liens demandés" in refused.text


async def test_the_link_bears_the_address_of_the_house(world: World, mailbox: Any) -> None:
    """A forged Host is refused, a forged X-Forwarded-Host ignored: the link leads here (S4)."""
    async with world.browser() as browser:
        forged = await browser.post("/connexion", data={"email": AWA}, headers={"Host": "evil.example"})
        assert forged.status_code == 400
        assert await mailbox.mails() == []
        headers = {"X-Forwarded-Host": "evil.example", "X-Forwarded-Proto": "gopher", "Forwarded": "host=evil.example"}
        await browser.post("/connexion", data={"email": AWA}, headers=headers)
    (mail,) = await mailbox.mails()
    assert "http://entente.test/connexion/lien/" in mail["body"]
    assert "evil" not in mail["body"]


@pytest.mark.parametrize(
    "email",
    [
        "awa@aubrac.example\r\nBcc: all@nowhere.example",
        "awa@aubrac.example, b@nowhere.example",
        "awa",
        "",
        "@",
        "a" * 300,
    ],
)
async def test_an_address_that_is_not_one_is_given_back(world: World, mailbox: Any, email: str) -> None:
    """What is no address, or hides a header, is refused with a sentence and sends nothing (M3)."""
    async with world.browser() as browser:
        answer = await browser.post("/connexion", data={"email": email})
    assert answer.status_code == 422
    assert 'id="error-email"' in answer.text
    assert await mailbox.mails() == []


NEXT = [
    ("/forums?page=2", "/forums?page=2"),
    ("https://evil.example/", "/"),
    ("//evil.example/", "/"),
    ("/\\evil.example", "/"),
    ("\\\\evil.example", "/"),
    ("/\t/evil.example", "/"),
    ("javascript:alert(1)", "/"),
    ("", "/"),
]


@pytest.mark.parametrize(("asked", "given"), NEXT)
async def test_signing_in_leads_to_a_page_of_the_house(world: World, mailbox: Any, asked: str, given: str) -> None:
    """Whatever `next` says, at the form or in the link, one stays in the house (S4)."""
    async with world.browser() as browser:
        await browser.post("/connexion", data={"email": AWA, "next": asked})
        link = await mailbox.link()
        assert (await browser.post(link)).headers["location"] == given

        await browser.post("/connexion", data={"email": AWA})
        bare = await mailbox.link()
        answer = await browser.post(bare, params={"next": asked})
        assert answer.headers["location"] == given


async def test_a_request_from_another_site_is_refused(world: World) -> None:
    """Another site cannot ask for a link, sign in or sign out in our name (S3)."""
    async with world.browser(world.awa) as browser:
        for door in ("/connexion", "/connexion/mot-de-passe", "/deconnexion", "/profil", "/profil/photo"):
            answer = await browser.post(door, headers={"Sec-Fetch-Site": "cross-site"})
            assert answer.status_code == 403
        assert (await browser.get("/profil")).status_code == 200


async def _person(world: World, email: str) -> Person | None:
    async with world.reading() as db:
        return (await db.exec(select(Person).where(col(Person.email) == email))).one_or_none()
