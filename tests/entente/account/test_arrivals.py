"""Arriving: by an invitation, in the demonstration, and what strangers may read."""

import html
from datetime import datetime, timedelta

import pytest
from sqlalchemy import update
from sqlmodel import col, select

from entente import mail
from entente.account import mails
from entente.account.service import invite
from entente.app import worker_of
from entente.clock import now
from entente.mail import KeptMail
from entente.outbox import Task
from entente.people.models import AuditEntry, Person, PersonStatus
from entente.people.who import Who
from entente.rules import Conflict
from entente.settings import load
from world import World

BASE = "http://entente.test"
NINA = {"given_name": "Nina", "family_name": "Fabre"}
PASSWORD = "les vaches rentrent tard"


async def invited(world: World, who: Who | None) -> str:
    """Nina is invited; returns the path of her link."""
    async with world.working(who) as work:
        _, link = await invite(work, "Nina@aubrac.example ", "Nina", "Fabre", BASE)
    return link.removeprefix(BASE)


async def nina(world: World) -> Person:
    async with world.reading() as db:
        return (await db.exec(select(Person).where(col(Person.email) == "nina@aubrac.example"))).one()


async def test_an_invitation_is_accepted(world: World) -> None:
    """Inès invites Nina, who reads who invites her, mends her name, chooses a password, and is in."""
    link = await invited(world, world.ines)
    async with world.browser() as browser:
        page = await browser.get(link)
        assert (page.status_code, "Inès Vidal" in page.text, 'value="Fabre"' in page.text) == (200, True, True)
        assert (await nina(world)).status == PersonStatus.INVITED

        weak = await browser.post(link, data={**NINA, "new_password": "Nina Fabre"})
        assert weak.status_code == 422
        typed = {"given_name": "Nina", "family_name": "Fabre-Rey", "new_password": PASSWORD, "status": "suspended"}
        assert (await browser.post(link, data=typed)).headers["location"] == "/"
        assert "Nina Fabre-Rey" in (await browser.get("/profil")).text
        assert (await browser.post(link, data=NINA)).status_code == 410

    person = await nina(world)
    assert (person.status, person.version) == (PersonStatus.ACTIVE, 2)
    async with world.browser() as other:
        sign_in = {"login": "nina@aubrac.example", "password": PASSWORD}
        assert (await other.post("/connexion/mot-de-passe", data=sign_in)).status_code == 303


async def test_the_operator_invites_too(world: World) -> None:
    """From the command line nobody is named; the page says that the administrator invites."""
    async with world.browser() as browser:
        assert "L’administrateur vous invite" in (await browser.get(await invited(world, None))).text


async def test_a_second_invitation_replaces_the_first(world: World) -> None:
    """Nina is invited twice: the first link serves no more, the second does; once in, she cannot be invited."""
    first, second = await invited(world, world.ines), await invited(world, world.ines)
    async with world.browser() as browser:
        assert (await browser.post(first, data=NINA)).status_code == 410
        assert (await browser.post(second, data=NINA)).status_code == 303
    with pytest.raises(Conflict):
        await invited(world, world.ines)


async def test_accepting_is_remembered(world: World) -> None:
    """The register says that Nina was invited by Inès and that her account became active."""
    link = await invited(world, world.ines)
    async with world.browser() as browser:
        await browser.post(link, data=NINA)
    async with world.reading() as db:
        entries = (await db.exec(select(AuditEntry).order_by(col(AuditEntry.id)))).all()
    assert [(entry.act, entry.person_id) for entry in entries] == [
        ("invitation.sent", world.ines.id),
        ("person.activated", None),
    ]


async def test_the_demonstration_is_entered_with_one_click(demo: World) -> None:
    """A visitor takes Awa's place where the page offers it; those who are not offered cannot be taken."""
    async with demo.browser() as browser:
        page = await browser.get("/connexion")
        assert "Awa achète pour Aubrac." in page.text
        assert page.text.count('class="demo-person"') == 1
        refused = await browser.post("/connexion/demo", data={"person_id": str(demo.ines.id)})
        assert refused.status_code == 404
        typed = {"person_id": str(demo.awa.id), "next": "/forums"}
        entered = await browser.post("/connexion/demo", data=typed)
        assert (entered.status_code, entered.headers["location"]) == (303, "/forums")
        assert (await browser.get("/profil")).status_code == 200


async def test_outside_the_demonstration_one_click_is_nowhere(world: World) -> None:
    """Even with a pitch in the database, a real house has no such door, and no mail to read."""
    async with world.house.database.writing() as db:
        await db.execute(update(Person).where(col(Person.id) == world.awa.id).values(demo_pitch="Awa achète."))
    async with world.browser() as stranger, world.browser(world.ines) as administrator:
        assert "Awa" not in (await stranger.get("/connexion")).text
        answer = await stranger.post("/connexion/demo", data={"person_id": str(world.awa.id)})
        assert (answer.status_code, "set-cookie" in answer.headers) == (404, False)
        assert (await administrator.get("/courrier")).status_code == 404
        away = await stranger.get("/courrier")
        assert (away.status_code, away.headers["location"]) == (303, "/connexion?next=%2Fcourrier")


async def test_the_demonstration_keeps_its_mails(demo: World) -> None:
    """A visitor asks for Awa's link and finds it in the demonstration's mail, ready to be followed."""
    async with demo.browser() as browser:
        assert "Aucun courriel" in (await browser.get("/courrier")).text
        await browser.post("/connexion", data={"email": "awa@aubrac.example"})
        worker = worker_of(demo.house)
        while await worker.work_once():
            pass
        page = await browser.get("/courrier")
        async with demo.reading() as db:
            (kept,) = (await db.exec(select(KeptMail))).all()
        link = next(line for line in kept.body.splitlines() if line.startswith(BASE)).removeprefix(BASE)
        assert f'<a href="{html.escape(link)}">' in page.text
        assert (await browser.post(link)).status_code == 303


async def test_a_mail_is_escaped_where_it_is_read(demo: World) -> None:
    """What a mail holds is text on the page, never markup (C2)."""
    async with demo.house.database.writing() as db:
        script = "<script>alert(1)</script>"
        db.add(KeptMail(id=demo.awa.id, recipient=script, subject=script, body=f'{BASE}/"><img src=x>\n{script}'))
    async with demo.browser() as browser:
        page = (await browser.get("/courrier")).text
    assert page.count("&lt;script&gt;alert(1)") == 3
    assert "<script>alert" not in page
    assert "<img src=x" not in page


async def test_a_subject_and_a_recipient_hold_one_line(world: World) -> None:
    """A name with line breaks in it starts no header of its own (M3)."""
    person = Person(email="awa@aubrac.example", given_name="Awa\r\nBcc: all@nowhere.example", family_name="Diallo")
    async with world.working(None) as work:
        mails.post_password_changed(work, person, "GrandAubrac\r\nBcc: all@nowhere.example")
        mails.post_address_changed(work, person, "old@aubrac.example\nCc: all@nowhere.example", "GrandAubrac")
    async with world.reading() as db:
        payloads = [task.payload for task in (await db.exec(select(Task).order_by(col(Task.id)))).all()]
    assert len(payloads) == 2
    for payload in payloads:
        made = mail.message(load(), payload)
        assert (made["Bcc"], made["Cc"], "\n" in made["Subject"]) == (None, None, False)


async def test_a_mail_is_plain_text(world: World) -> None:
    """Names in mails are as they are written, not as HTML would write them."""
    person = Person(email="awa@aubrac.example", given_name="L’Awa", family_name="d'Arc & <fils>")
    async with world.working(None) as work:
        mails.post_password_changed(work, person, "GrandAubrac")
    async with world.reading() as db:
        (task,) = (await db.exec(select(Task))).all()
    assert "Bonjour L’Awa d'Arc & <fils>," in task.payload["body"]


@pytest.mark.parametrize(
    "address", ["/connexion", "/connexion/mot-de-passe", "/connexion/envoi", "/mentions-legales", "/accessibilite"]
)
async def test_strangers_read_these_pages_only(world: World, address: str) -> None:
    """Signed out, one sees the door and the legal pages, without a name of anyone in them."""
    async with world.browser() as browser:
        page = await browser.get(address)
    assert (page.status_code, page.headers["cache-control"]) == (200, "no-store")
    assert not [name for name in ("Awa", "Bruno", "Inès", "Aubrac") if name in page.text]


@pytest.mark.parametrize("address", ["/profil", "/profil/appareils", "/photos/x", "/forums"])
async def test_strangers_are_led_to_the_door(world: World, address: str) -> None:
    """Everything else leads to the sign-in page, which leads back."""
    async with world.browser() as browser:
        answer = await browser.get(address)
    assert (answer.status_code, answer.headers["location"].split("?")[0]) == (303, "/connexion")


async def test_the_legal_page_says_whom_to_ask(world: World) -> None:
    """Signed in, one reads the administrator's name and address."""
    async with world.browser(world.awa) as browser:
        page = (await browser.get("/mentions-legales")).text
    assert "Inès Vidal" in page
    assert "mailto:ines@aubrac.example" in page


async def test_whoever_is_in_goes_on(world: World) -> None:
    """Awa, already signed in, opens the sign-in page: she is led where she was going, in the house."""
    async with world.browser(world.awa) as browser:
        assert (await browser.get("/connexion?next=/forums")).headers["location"] == "/forums"
        assert (await browser.get("/connexion?next=//evil.example")).headers["location"] == "/"


@pytest.mark.parametrize(
    ("decided", "contact"),
    [
        (None, "mailto:entente@localhost"),
        ("rssi@aubrac.example", "mailto:rssi@aubrac.example"),
        ("https://aubrac.example/faille", "https://aubrac.example/faille"),
    ],
)
async def test_whoever_finds_a_flaw_knows_whom_to_tell(world: World, decided: str | None, contact: str) -> None:
    """Without an account: the fields that RFC 9116 requires, an end that is less than a year away, and the page."""
    world.house.settings = world.house.settings.model_copy(update={"security_contact": decided})
    async with world.browser() as browser:
        file = await browser.get("/.well-known/security.txt")
        page = await browser.get("/mentions-legales")
    fields = dict(line.split(": ", 1) for line in file.text.splitlines())
    assert file.headers["content-type"] == "text/plain; charset=utf-8"
    assert fields["Contact"] == contact
    assert timedelta(days=100) < datetime.fromisoformat(fields["Expires"]) - now() < timedelta(days=365)
    assert fields["Canonical"] == "http://entente.test/.well-known/security.txt"
    assert f'href="{contact}"' in page.text


DECLARED = [
    "partiellement conforme",
    "n° 2005-102",
    "décret n° 2019-768",
    "Contenus non accessibles",
    "Établissement de cette déclaration",
    "Retour d’information et contact",
    "Voies de recours",
    "Défenseur des droits",
    "lecteur d’écran",
    "http://entente.test",
]


async def test_the_declaration_of_accessibility_says_what_the_law_asks(world: World) -> None:
    """Signed in or not: its state, what is not accessible, who wrote it when, whom to tell, and where to appeal."""
    changed = {"accessibility_contact": "acces@aubrac.example"}
    world.house.settings = world.house.settings.model_copy(update=changed)
    for who in (None, world.awa):
        async with world.browser(who) as browser:
            page = (await browser.get("/accessibilite")).text.replace("\u00a0", " ")
        assert [words for words in DECLARED if words not in page] == []
        assert 'href="mailto:acces@aubrac.example"' in page


@pytest.mark.parametrize(
    "address", ["/connexion", "/", "/forums", "/pistes", "/profil", "/jamais-vu", "/accessibilite"]
)
async def test_every_page_leads_to_the_declaration(world: World, address: str) -> None:
    """Its state is read at the foot of each page, as the law asks, in the frame and before the door."""
    async with world.browser(world.awa) as browser, world.browser() as stranger:
        shown = [await browser.get(address, follow_redirects=True), await stranger.get(address, follow_redirects=True)]
    for page in shown:
        foot = page.text.partition('<footer class="foot">')[2].partition("</footer>")[0]
        assert '<a href="/accessibilite">Accessibilité : partiellement conforme</a>' in foot.replace("\u00a0", " ")
