"""What fails in between is said, and nothing is lost or doubled."""

import asyncio
import os
import re
import signal
import time
from datetime import timedelta
from uuid import UUID

import pytest
from playwright.async_api import Request, Route, expect
from sqlalchemy import delete, update
from sqlmodel import col, select

from e2e.windows import ENTENTE, LUDIVINE, OPEN_TO_ALL, ROOT, SAMIR, SOON, Demo, Voice, Windows, live, posts
from entente import journal
from entente.clock import today
from entente.people.models import Function, Person
from entente.rights import rights_changed
from forums.models import Post

BACK = 40_000
"""How long a page may take to come back after several failures, in milliseconds."""
REMOVED = 5
"""How long, in seconds, someone who lost a right may still receive."""
UNREACHABLE = r"net::ERR_(CONNECTION|INCOMPLETE|INTERNET|EMPTY|FAILED)"
STREAM = re.compile(r"/live\?")


async def test_pages_survive_the_death_of_the_server(windows: Windows, claire: Voice, demo: Demo) -> None:
    """The server is killed and comes back; Ludivine was away when Claire posted, and kept what she was typing."""
    windows.expect_wrong(UNREACHABLE)
    thread = await claire.opens("Panne de courant à la mairie")
    hers, his = await windows.of(LUDIVINE, thread), await windows.of(SAMIR, thread)
    await live(hers, his)
    await hers.fill("#field-body", "Je commence une phr")

    await demo.end(signal.SIGKILL)
    for page in (hers, his):
        await expect(page.locator("#link-state")).to_have_attribute("aria-label", "reconnexion…")
    await hers.locator("#field-body").press_sequentially("ase")
    await hers.context.set_offline(True)
    await demo.open()
    await claire.says(thread, "La lumière est revenue.")
    await expect(posts(his, "La lumière est revenue.")).to_have_count(1, timeout=BACK)
    await hers.context.set_offline(False)

    await expect(posts(hers, "La lumière est revenue.")).to_have_count(1, timeout=BACK)
    await live(hers, his)
    await expect(hers.locator("#field-body")).to_have_value("Je commence une phrase")
    await claire.says(thread, "Et le chauffage aussi.")
    for page in (hers, his):
        await expect(posts(page, "Et le chauffage aussi.")).to_have_count(1, timeout=SOON)
        await expect(posts(page, "La lumière est revenue.")).to_have_count(1)


async def test_a_post_that_cannot_be_sent_is_kept_and_said_where_one_looks(windows: Windows, claire: Voice) -> None:
    """Ludivine posts at the foot of a long thread while her network is down, then sends the same words again."""
    windows.expect_wrong(UNREACHABLE, "htmx:")
    thread = await claire.opens("Réseau coupé")
    await claire.says(thread, *(f"Message {number}" for number in range(2, 20)))
    hers = await windows.of(LUDIVINE, thread)
    await live(hers)
    await hers.fill("#field-body", "Ne me perdez pas.")

    await hers.context.set_offline(True)
    await hers.click("#send")
    await expect(hers.get_by_text("Votre texte est toujours là")).to_be_in_viewport()
    await expect(hers.locator("#field-body")).to_have_value("Ne me perdez pas.")
    await hers.context.set_offline(False)
    await hers.click("#send")

    await expect(posts(hers, "Ne me perdez pas.")).to_have_count(1)


async def test_a_suspended_person_sees_nothing_new_and_is_told(windows: Windows, claire: Voice, demo: Demo) -> None:
    """Kévin's account is closed from the command line: his open page stops, Samir's goes on."""
    windows.expect_wrong("401")
    thread = await claire.opens("Départ d’un collègue", forum=OPEN_TO_ALL)
    gone, his = await windows.of("Kévin Berthomé", thread), await windows.of(SAMIR, thread)
    await live(gone, his)
    await claire.says(thread, "Avant son départ.")
    await expect(posts(gone, "Avant son départ.")).to_have_count(1, timeout=SOON)
    async with demo.house() as house, house.database.reading() as db:
        email = (await db.exec(select(Person.email).where(Person.family_name == "Berthomé"))).one()

    settings = {
        "ENTENTE_DATA_DIR": str(demo.folder),
        "ENTENTE_DATABASE_URL": f"sqlite:///{demo.folder}/demo.sqlite3",
        "ENTENTE_BASE_URL": demo.base,
    }
    command = await asyncio.create_subprocess_exec(
        str(ENTENTE), "people", "suspend", email, cwd=ROOT, env={**os.environ, **settings}
    )
    assert await command.wait() == 0

    await expect(gone.locator("#main .notice")).to_have_text(
        re.compile("plus actif|plus connecté"), timeout=REMOVED * 1000
    )
    await expect(gone.locator("#link-state")).to_have_attribute("aria-label", "hors direct")
    await claire.says(thread, "Après son départ.")
    await expect(posts(his, "Après son départ.")).to_have_count(1, timeout=SOON)
    await expect(posts(gone, "Après son départ.")).to_have_count(0)


async def test_a_member_whose_functions_end_sees_nothing_new_and_is_told(
    windows: Windows, claire: Voice, demo: Demo
) -> None:
    """Élodie no longer acts for anybody: the thread closes before her eyes within five seconds."""
    windows.expect_wrong("403", "404")
    thread = await claire.opens("Changement de poste", forum=OPEN_TO_ALL)
    hers, his = await windows.of("Élodie Faucher", thread), await windows.of(SAMIR, thread)
    await live(hers, his)
    me = UUID(await hers.evaluate("() => document.body.dataset.me"))

    async with demo.house() as house, house.working(None) as work:
        ended = update(Function).where(col(Function.person_id) == me)
        await work.db.execute(ended.values(until=today() - timedelta(days=1)))
        await rights_changed(work, me)

    await expect(hers.locator("#main .notice")).to_contain_text("ne vous est plus ouverte", timeout=REMOVED * 1000)
    await claire.says(thread, "Bienvenue à son successeur.")
    await expect(posts(his, "Bienvenue à son successeur.")).to_have_count(1, timeout=SOON)
    await expect(posts(hers, "Bienvenue à son successeur.")).to_have_count(0)


async def test_a_restored_backup_renews_the_page_and_keeps_what_was_typed(
    windows: Windows, claire: Voice, demo: Demo
) -> None:
    """A message is gone with the restore: it leaves the page; the composer and an open edit form stay as they are."""
    thread = await claire.opens("Sauvegarde d’hier")
    hers = await windows.of(LUDIVINE, thread)
    await live(hers)
    await claire.says(thread, "Écrit après la sauvegarde.")
    await hers.fill("#field-body", "Le mien.")
    await hers.click("#send")
    await posts(hers, "Le mien.").get_by_role("link", name="Modifier").click()
    await posts(hers).locator("textarea").fill("Le mien, corrigé.")
    await hers.fill("#field-body", "À suivre")

    async with demo.house() as house, house.database.writing() as db:
        await db.execute(delete(Post).where(col(Post.body) == "Écrit après la sauvegarde."))
        await journal.renew_epochs(db)

    await expect(posts(hers, "Écrit après la sauvegarde.")).to_have_count(0)
    await expect(posts(hers).locator("textarea")).to_have_value("Le mien, corrigé.")
    await expect(hers.locator("#field-body")).to_have_value("À suivre")
    await live(hers)
    await claire.says(thread, "Tout repart.")
    await expect(posts(hers, "Tout repart.")).to_have_count(1, timeout=SOON)


async def test_a_crowded_server_is_given_the_time_it_asks_for(windows: Windows, claire: Voice) -> None:
    """Told to come back in two seconds, the page waits that long, says so, and comes back."""
    windows.expect_wrong("503")
    thread = await claire.opens("Heure de pointe")
    hers = await windows.of(LUDIVINE)
    await live(hers)
    asked: list[float] = []

    async def busy(route: Route) -> None:
        asked.append(time.monotonic())
        if len(asked) == 1:
            await route.fulfill(status=503, headers={"Retry-After": "2"}, body="")
        else:
            await route.continue_()

    await hers.route(STREAM, busy)
    await hers.goto(thread)
    await expect(hers.locator("#link-state")).to_have_attribute("aria-label", "reconnexion…")
    await live(hers)

    assert len(asked) == 2
    assert asked[1] - asked[0] >= 2


@pytest.mark.parametrize(
    ("status", "words"),
    [(401, "Votre session a pris fin"), (403, "n’est plus suivie en direct"), (204, "rechargez-la")],
)
async def test_a_refusal_ends_the_connection_and_is_said(
    windows: Windows, claire: Voice, status: int, words: str
) -> None:
    """The page asks once, tells its reader, and does not insist."""
    windows.expect_wrong("401", "403")
    thread = await claire.opens("Porte fermée")
    hers = await windows.of(LUDIVINE)
    await live(hers)
    asked: list[Request] = []

    async def refuse(route: Route) -> None:
        asked.append(route.request)
        await route.fulfill(status=status, body="")

    await hers.route(STREAM, refuse)
    await hers.goto(thread)

    await expect(hers.locator("#main .notice")).to_contain_text(words)
    await expect(hers.locator("#link-state")).to_have_attribute("aria-label", "hors direct")
    await hers.wait_for_timeout(1_500)
    assert len(asked) == 1
