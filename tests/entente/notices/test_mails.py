"""What is written to someone: calm, gathered by thread, true to their rights, and easy to leave."""

import asyncio
import re
from email.message import EmailMessage
from typing import Any

import pytest
from sqlalchemy import select, text, update
from sqlmodel import col

from entente import mail, outbox
from entente.app import worker_of
from entente.centre import mails
from entente.house import House
from entente.ids import Ref
from entente.notices import rounds, service
from entente.notices.models import News, Notice
from entente.outbox import Task
from entente.people.models import Person, PersonStatus
from entente.people.who import Who
from entente.rights import rights_changed
from forums import queries
from forums import service as forums
from forums.models import Post as Message
from forums.models import Thread
from world import World

WHY = "Vous suivez ce fil."


async def tell(post: Any, who: Who, *messages: Message, thread: Thread | None = None) -> None:
    about = Ref("forums/thread", (thread or post.world.snow).id)
    async with post.world.working(None) as work:
        for message in messages:
            news = News("post.posted", Ref("forums/post", message.id), about, message.author_id)
            await service.notify(work, news, {who.id: WHY})


@pytest.fixture
async def silent(post: Any) -> Any:
    """The same, where the forums tell nobody anything by themselves."""
    post.world.house.followers = {}
    return post


async def answer(post: Any, who: Who, words: str, thread: Thread | None = None) -> Message:
    post.world.house.followers = {}
    said: Message = await post.world.post(who, thread or post.world.snow, words)
    return said


def body(letter: EmailMessage, kind: str = "plain") -> str:
    part = letter.get_body((kind,))
    assert part is not None
    return str(part.get_content())


async def test_a_mail_says_what_happened_why_and_how_to_leave(silent: Any) -> None:
    """Bruno answers Awa: the mail has his words, her reason, the thread’s conversation and the way out."""
    said = await answer(silent, silent.world.bruno, "Nous en avons **une** de 3 m.")
    await tell(silent, silent.world.awa, said)
    (letter,) = await silent.wait(minutes=10)

    thread = f"<forums.thread.{silent.world.snow.id}@entente.test>"
    assert letter["To"] == "awa@aubrac.example"
    assert letter["Subject"] == "[Technique] Lame de déneigement"
    assert (letter["In-Reply-To"], letter["References"]) == (thread, thread)
    assert re.fullmatch(r"<[0-9a-f-]{36}@entente\.test>", letter["Message-ID"])
    assert letter["List-Id"] == "<nouvelles.entente.test>"
    assert letter["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    leave = re.fullmatch(r"<(http://entente\.test/desabonnement/[\w-]{40,})>", letter["List-Unsubscribe"])
    assert leave
    for kind in ("plain", "html"):
        words = body(letter, kind)
        assert "Bruno Chassagne" in words
        assert "Nous en avons une de 3 m." in words
        assert f"Pourquoi vous : {WHY}" in words
        assert f"http://entente.test/forums/fils/{silent.world.snow.id}#post-{said.id}" in words
        assert leave[1] in words
        assert "&" not in words or kind == "html"


async def test_two_mails_of_a_thread_are_one_conversation_with_two_names(silent: Any) -> None:
    await tell(silent, silent.world.awa, await answer(silent, silent.world.bruno, "Oui."))
    (first,) = await silent.wait(minutes=10)
    await tell(silent, silent.world.awa, await answer(silent, silent.world.bruno, "Et un camion."))
    (second,) = await silent.wait(minutes=20)
    assert first["References"] == second["References"]
    assert first["Message-ID"] != second["Message-ID"]


async def test_what_was_read_here_is_not_mailed(silent: Any) -> None:
    """Awa opens the thread within five minutes."""
    await tell(silent, silent.world.awa, await answer(silent, silent.world.bruno, "Oui."))
    assert await silent.wait(minutes=3) == []
    async with silent.world.browser(silent.world.awa) as browser:
        await browser.get(f"/forums/fils/{silent.world.snow.id}")
    assert await silent.wait(hours=2) == []


async def test_a_quarter_of_an_hour_holds_one_mail(silent: Any) -> None:
    """Three threads at once make one mail; what comes just after waits for the next."""
    world = silent.world
    threads = [await world.open(world.bruno, world.technique, f"Fil {number}", "Bonjour.") for number in (1, 2, 3)]
    for thread in threads:
        said = [await answer(silent, world.bruno, words, thread) for words in ("Une chose.", "Une autre.")]
        await tell(silent, world.awa, *said, thread=thread)
    (letter,) = await silent.wait(minutes=10)
    assert letter["Subject"] == "6\u00a0nouvelles dans 3\u00a0fils"
    assert letter["In-Reply-To"] is None
    assert [body(letter).count(f"Fil {number}") for number in (1, 2, 3)] == [1, 1, 1]

    await tell(silent, world.awa, await answer(silent, world.bruno, "Encore.", threads[0]), thread=threads[0])
    assert await silent.wait(minutes=6) == []
    (letter,) = await silent.wait(minutes=10)
    assert "Encore." in body(letter)
    assert "Une chose." not in body(letter)
    assert await silent.wait(hours=5) == []


async def test_a_mail_holds_only_what_its_reader_may_see_when_it_goes(silent: Any) -> None:
    """One message is withdrawn, one is hidden, one is in a forum that has closed: the fourth alone is told."""
    world = silent.world
    said = [await answer(silent, world.denise, f"Mot {number}.") for number in range(3)]
    await tell(silent, world.bruno, *said)
    lost = await world.open(world.bruno, world.invited, "Chez les invités", "Bonjour.")
    await tell(silent, world.bruno, await _first(silent, lost), thread=lost)
    async with world.working(None) as work:
        news = News("post.posted", Ref("forums/thread", lost.id), Ref("forums/thread", lost.id), None)
        await service.notify(work, news, {world.bruno.id: WHY})
    async with world.working(world.denise) as work:
        message, place = await queries.post_for(work.db, work.who, said[0].id)
        await forums.delete_post(work, place, message)
    async with world.house.database.writing() as db:
        await db.execute(update(Message).where(col(Message.id) == said[1].id).values(hidden_at=said[1].created_at))
        await db.execute(text("DELETE FROM circle_member"))
    (letter,) = await silent.wait(minutes=10)
    assert [f"Mot {number}." in body(letter) for number in range(3)] == [False, False, True]
    assert "Chez les invités" not in letter.as_string()


async def _first(post: Any, thread: Thread) -> Message:
    async with post.world.reading() as db:
        return (await db.execute(select(Message).where(col(Message.thread_id) == thread.id))).scalars().one()  # type: ignore[no-any-return]


async def test_nothing_visible_is_no_mail_and_no_second_round(silent: Any) -> None:
    """Everything was withdrawn: nothing goes, and the postman does not come back for it."""
    said = await answer(silent, silent.world.bruno, "Non.")
    await tell(silent, silent.world.awa, said)
    async with silent.world.house.database.writing() as db:
        await db.execute(update(Message).where(col(Message.id) == said.id).values(deleted_at=said.created_at))
    assert await silent.wait(minutes=10) == []
    async with silent.world.reading() as db:
        left = select(Task).where(col(Task.done_at).is_(None), col(Task.kind).in_([rounds.ROUND, rounds.MAIL]))
        assert (await db.execute(left)).scalars().all() == []


@pytest.mark.parametrize(("status", "count"), [(PersonStatus.ACTIVE, 1), (PersonStatus.SUSPENDED, 0)])
async def test_a_closed_account_is_not_written_to(silent: Any, status: PersonStatus, count: int) -> None:
    await tell(silent, silent.world.awa, await answer(silent, silent.world.bruno, "Oui."))
    async with silent.world.house.database.writing() as db:
        await db.execute(update(Person).where(col(Person.id) == silent.world.awa.id).values(status=status))
    assert len(await silent.wait(minutes=10)) == count


@pytest.mark.parametrize(
    ("rhythm", "after", "subject"),
    [
        ("daily", {"hours": 25}, "Votre résumé du"),
        ("weekly", {"days": 8}, "Votre résumé de la semaine du"),
        ("never", {"days": 9}, None),
    ],
)
async def test_a_digest_holds_what_waits_and_is_never_empty(
    silent: Any, rhythm: str, after: dict[str, int], subject: str | None
) -> None:
    """Nothing at once; then everything unread in one mail; then nothing more."""
    world = silent.world
    await silent.wishes(world.awa, mail=rhythm, quiet=[0, 0])
    said = [await answer(silent, world.bruno, f"Mot {number}.") for number in range(2)]
    await tell(silent, world.awa, *said)
    letters = await silent.wait(**after)
    assert [letter["Subject"].startswith(subject or "") for letter in letters] == ([True] if subject else [])
    if subject:
        assert letters[0]["Subject"].endswith("\u00a0: 2\u00a0nouvelles")
        assert "Mot 0." in body(letters[0])
    assert await silent.wait(**after) == []


async def test_another_rhythm_takes_what_waits_along(silent: Any) -> None:
    """Awa wanted a weekly digest, and now wants to know at once: what waited goes."""
    world = silent.world
    await silent.wishes(world.awa, mail="weekly", quiet=[0, 0])
    await tell(silent, world.awa, await answer(silent, world.bruno, "Oui."))
    await silent.work()
    async with world.browser(world.awa) as browser:
        chosen = {
            **{"given_name": "Awa", "family_name": "Diallo", "time_zone": "Europe/Paris", "mail": "at_once"},
            **{"quiet_since": "3", "quiet_until": "3"},
        }
        assert (await browser.post("/profil", data=chosen)).status_code == 303
    assert len(await silent.wait(minutes=10)) == 1


async def test_two_workers_write_once(silent: Any) -> None:
    """Both hold the errand; the postbag, held until the commit, decides."""
    world = silent.world
    await tell(silent, world.awa, await answer(silent, world.bruno, "Oui."))
    await silent.pass_(mails_grace())
    other = House.build(world.house.settings)
    other.tellers = world.house.tellers
    errand = {"person": str(world.awa.id)}
    await asyncio.gather(*(mails.write(house, errand) for house in (world.house, other, world.house)))
    await other.database.close()
    assert await _waiting_mails(world) == 1


def mails_grace() -> Any:
    from datetime import timedelta

    return timedelta(minutes=10)


async def _waiting_mails(world: World) -> int:
    async with world.reading() as db:
        return len((await db.execute(select(Task).where(col(Task.kind) == mail.MAIL))).scalars().all())


async def test_a_crash_between_two_steps_writes_once(silent: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Before the commit: nothing happened, it is done again. After it, before the mark: again, and it is nothing."""
    world = silent.world
    await tell(silent, world.awa, await answer(silent, world.bruno, "Oui."))
    await silent.pass_(mails_grace())
    crashes = {"left": 2}
    post, finish = mails._post, outbox.finish

    def crash_before(*known: Any) -> None:
        post(*known)
        if crashes["left"] == 2:
            crashes["left"] = 1
            raise ConnectionError("power cut")

    async def crash_after(db: Any, task: Task) -> bool:
        if task.kind == rounds.MAIL and crashes["left"] == 1:
            crashes["left"] = 0
            raise ConnectionError("power cut")
        return await finish(db, task)

    monkeypatch.setattr(mails, "_post", crash_before)
    monkeypatch.setattr(outbox, "finish", crash_after)
    for _ in range(4):
        await silent.work()
        async with world.house.database.writing() as db:
            await db.execute(text("UPDATE task SET due_at = :past").bindparams(_past()))
    assert crashes["left"] == 0
    assert await _waiting_mails(world) == 1
    assert len(silent.postman.letters) == 1


def _past() -> Any:
    from datetime import timedelta

    from sqlalchemy import bindparam

    from entente.clock import now
    from entente.db import Moment

    return bindparam("past", now() - timedelta(seconds=1), Moment())


# --- leaving ----------------------------------------------------------------------------------------------


async def leave_of(post: Any, count: int = 1) -> str:
    """The way out of a mail that Awa has just received."""
    await tell(post, post.world.awa, await answer(post, post.world.bruno, f"Oui {count}."))
    (letter,) = await post.wait(minutes=20)
    return str(letter["List-Unsubscribe"])[1:-1].removeprefix("http://entente.test")


async def test_one_click_from_a_mail_reader_leaves_the_thread_and_nothing_else(silent: Any) -> None:
    """No cookie, no origin, whatever the site: that thread sends no more mail; others do; the bell still rings."""
    world = silent.world
    door = await leave_of(silent)
    async with world.browser() as browser:
        browser.headers.pop("Sec-Fetch-Site")
        looked = await browser.get(door)
        assert (looked.status_code, "Arrêter les courriels de ce fil" in looked.text) == (200, True)
        assert await _silences(world) == []
        for _ in range(2):
            left = await browser.post(door, data={"List-Unsubscribe": "One-Click"})
            assert (left.status_code, "C’est arrêté" in left.text) == (200, True)
    assert await _silences(world) == [f"forums/thread/{world.snow.id}"]

    other = await world.open(world.bruno, world.technique, "Autre fil", "Bonjour.")
    await tell(silent, world.awa, await answer(silent, world.bruno, "Ici."))
    await tell(silent, world.awa, await answer(silent, world.bruno, "Là.", other), thread=other)
    (letter,) = await silent.wait(minutes=20)
    assert ("Là." in body(letter), "Ici." in body(letter)) == (True, False)

    async with world.browser(world.awa) as browser:
        page = (await browser.get("/notifications/reglages")).text
        assert "Lame de déneigement" in page
        await browser.post("/notifications/silence/levee", data={"about": f"forums/thread/{world.snow.id}"})
    assert await _silences(world) == []


async def _silences(world: World) -> list[str]:
    async with world.reading() as db:
        return list((await db.execute(text("SELECT about FROM silence"))).scalars().all())


async def test_the_other_link_leaves_every_mail(silent: Any) -> None:
    world = silent.world
    await tell(silent, world.awa, await answer(silent, world.bruno, "Oui."))
    (letter,) = await silent.wait(minutes=20)
    everything = re.findall(r"http://entente\.test(/desabonnement/[\w-]+)", body(letter))[-1]
    async with world.browser() as browser:
        await browser.post(everything)
    await tell(silent, world.awa, await answer(silent, world.bruno, "Encore."))
    assert await silent.wait(days=2) == []
    async with world.reading() as db:
        person = await db.get_one(Person, world.awa.id)
    assert person.notifications == {"mail": "never", "quiet": [0, 0]}


@pytest.mark.parametrize("forged", ["first", "last", "short", "empty", "words"])
async def test_a_link_that_we_did_not_sign_leads_nowhere(silent: Any, forged: str) -> None:
    door = await leave_of(silent)
    secret = door.removeprefix("/desabonnement/")
    other = "A" if secret[0] != "A" else "B"
    wrong = {
        "first": other + secret[1:],
        "last": secret[:-4] + ("AAAA" if secret[-4:] != "AAAA" else "BBBB"),
        "short": secret[:40],
        "empty": "AA",
        "words": "n’importe-quoi",
    }[forged]
    async with silent.world.browser() as browser:
        answers = [await browser.get(f"/desabonnement/{wrong}"), await browser.post(f"/desabonnement/{wrong}")]
        right = await browser.get(door)
    assert [answer.status_code for answer in answers] == [410, 410]
    assert "Ce lien ne sert plus" in answers[0].text
    assert right.status_code == 200
    assert await _silences(silent.world) == []


async def test_a_new_address_voids_the_links_sent_to_the_old_one(silent: Any) -> None:
    """Whoever reads the old mailbox silences nobody."""
    door = await leave_of(silent)
    async with silent.world.house.database.writing() as db:
        await db.execute(
            update(Person).where(col(Person.id) == silent.world.awa.id).values(email="awa@ailleurs.example")
        )
    async with silent.world.browser() as browser:
        assert (await browser.post(door)).status_code == 410


async def test_no_other_door_opens_to_a_foreign_form(silent: Any) -> None:
    async with silent.world.browser(silent.world.awa) as browser:
        browser.headers.pop("Sec-Fetch-Site")
        assert (await browser.post("/notifications/lecture")).status_code == 403
        assert (await browser.post("/desabonnement")).status_code == 403


# --- headers ----------------------------------------------------------------------------------------------


async def test_a_title_cannot_add_a_header(silent: Any) -> None:
    """Whatever a thread is called, its mail has one subject and one reader."""
    world = silent.world
    async with world.house.database.writing() as db:
        hostile = "Lame\r\nBcc: tous@brioude.example\r\n\r\n<b>Bonjour</b>"
        await db.execute(update(Thread).where(col(Thread.id) == world.snow.id).values(title=hostile))
    await tell(silent, world.awa, await answer(silent, world.bruno, "<script>alert(1)</script> & co"))
    (letter,) = await silent.wait(minutes=10)
    assert letter["Bcc"] is None
    assert letter["Subject"].startswith("[Technique] Lame Bcc:")
    assert "<b>Bonjour" not in body(letter, "html")
    assert "<script" not in body(letter, "html")
    assert "& co" in body(letter)


async def test_a_header_that_is_not_ours_or_too_long_is_refused(world: World) -> None:
    async with world.working(world.awa) as work:
        with pytest.raises(ValueError, match="not a header of ours"):
            mail.post(work, "awa@aubrac.example", "Lame", "…", headers={"Bcc": "tous@brioude.example"})
        mail.post(work, "awa@aubrac.example", "Lame", "…", headers={"List-Id": "<a>\r\nBcc: tous@brioude.example"})
    async with world.reading() as db:
        (task,) = (await db.execute(select(Task).where(col(Task.kind) == mail.MAIL))).scalars()
    assert mail.message(world.house.settings, task.payload)["List-Id"] == "<a> Bcc: tous@brioude.example"
    with pytest.raises(ValueError, match="travels whole"):
        mail.message(world.house.settings, {**task.payload, "headers": {"List-Id": "é"}})


async def test_someone_whose_rights_narrow_gets_no_pending_mail(silent: Any) -> None:
    """Awa was told of a thread of the CoPil, and leaves it before the mail goes."""
    world = silent.world
    async with world.working(None) as work:
        news = News("thread.opened", Ref("forums/thread", world.secret.id), Ref("forums/thread", world.secret.id), None)
        await service.notify(work, news, {world.awa.id: WHY})
        await work.db.execute(text("DELETE FROM seat"))
        await rights_changed(work, world.awa.id)
    assert await silent.wait(minutes=10) == []
    worker_of(world.house)


async def test_a_digest_is_dated_where_its_reader_lives(silent: Any) -> None:
    """Bruno works from Nouméa: the hours of his mail are his own."""
    world = silent.world
    said = await answer(silent, world.awa, "Oui.")
    async with world.house.database.writing() as db:
        zone = update(Person).where(col(Person.id) == world.bruno.id)
        await db.execute(zone.values(time_zone="Pacific/Noumea", notifications={"quiet": [0, 0]}))
    await tell(silent, world.bruno, said)
    (letter,) = await silent.wait(minutes=10)
    async with world.reading() as db:
        (at,) = (await db.execute(select(col(Notice.at)).where(col(Notice.person_id) == world.bruno.id))).scalars()
    from zoneinfo import ZoneInfo

    local = at.astimezone(ZoneInfo("Pacific/Noumea"))
    assert f"{local.hour}\u00a0h\u00a0{local:%M}" in body(letter)
