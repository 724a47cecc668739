"""Passwords: slow to guess, and never a way to keep someone out (S2, N2)."""

import asyncio
import time
from datetime import timedelta
from typing import Any

import httpx
import pytest
from sqlalchemy import update
from sqlmodel import col, select

from entente.account import passwords, rules, throttle
from entente.account.service import sweep
from entente.clock import now
from entente.people.models import Attempt, Person, PersonStatus
from world import World

PASSWORD = "les vaches rentrent tard"
AWA = {"login": "awa@aubrac.example", "password": PASSWORD}
DOOR = "/connexion/mot-de-passe"


def wrong(login: str = AWA["login"]) -> dict[str, str]:
    return {"login": login, "password": "pas celui-là du tout"}


def coming_from(world: World, address: str) -> Any:
    """A browser at another network address."""
    transport = httpx.ASGITransport(world.app, client=(address, 50_000))
    headers = {"Sec-Fetch-Site": "same-origin"}
    return httpx.AsyncClient(transport=transport, base_url="http://entente.test", headers=headers)


async def test_the_right_password_signs_in(world: World, choose_password: Any) -> None:
    """Awa types her address in capitals and her password exactly: she is in, where she was going."""
    await choose_password(world.awa)
    async with world.browser() as browser:
        answer = await browser.post(DOOR, data={**AWA, "login": "AWA@aubrac.example", "next": "/forums"})
        assert (answer.status_code, answer.headers["location"]) == (303, "/forums")
        assert (await browser.get("/profil")).status_code == 200


async def test_a_wrong_password_and_an_unknown_account_look_the_same(world: World, choose_password: Any) -> None:
    """Wrong password, no password, no account, suspended account: one answer, and a verification each time."""
    for who in (world.awa, world.gone):
        await choose_password(who)
    async with world.house.database.writing() as db:
        gone = update(Person).where(col(Person.id) == world.gone.id)
        await db.execute(gone.values(status=PersonStatus.SUSPENDED))
    tries = [
        wrong(),
        wrong("bruno@brioude.example"),
        wrong("nobody@nowhere.example"),
        {"login": "gone@brioude.example", "password": PASSWORD},
    ]
    seen = set()
    async with world.browser() as browser:
        for each in tries:
            with world.counting() as statements:
                answer = await browser.post(DOOR, data=each)
            nonce = answer.headers["content-security-policy"].split("'nonce-")[1].split("'")[0]
            body = answer.text.replace(nonce, "").replace(each["login"], "")
            assert PASSWORD not in body
            seen.add((answer.status_code, body, tuple(statements)))
        assert (await browser.post(DOOR, data=AWA)).status_code == 303
    assert len(seen) == 1
    assert next(iter(seen))[0] == 422


async def test_nobody_s_hash_costs_what_a_real_one_costs() -> None:
    """An unknown account is compared with a hash of today's costs, and never fits."""
    assert not passwords.is_dated(passwords.NOBODY)
    assert not await passwords.matches(None, PASSWORD)
    assert await passwords.matches(await passwords.hashed(PASSWORD), PASSWORD)
    assert passwords.is_dated("$argon2id$v=19$m=8192,t=1,p=1$c29tZXNhbHQxMjM0$" + "A" * 43)


async def test_an_unknown_account_takes_as_long_as_a_known_one() -> None:
    """The quickest of three refusals for nobody is no quicker than half of one for Awa (S2)."""
    kept = await passwords.hashed(PASSWORD)

    async def quickest(hash_: str | None) -> float:
        seconds = []
        for _ in range(3):
            started = time.perf_counter()
            assert not await passwords.matches(hash_, "pas celui-là du tout")
            seconds.append(time.perf_counter() - started)
        return min(seconds)

    assert await quickest(None) > await quickest(kept) / 2


async def test_guessing_is_stopped_without_locking_anyone_out(world: World, choose_password: Any, mailbox: Any) -> None:
    """Ten wrong tries from one place and that place waits; Awa enters from elsewhere, by mail, and stays in."""
    await choose_password(world.awa)
    async with world.browser(world.awa) as inside, world.browser() as guesser:
        for _ in range(10):
            assert (await guesser.post(DOOR, data=wrong())).status_code == 422
        refused = await guesser.post(DOOR, data=AWA)
        assert refused.status_code == 429
        assert 0 < int(refused.headers["retry-after"]) <= 900
        assert "demandez un lien de connexion" in refused.text

        assert (await inside.get("/profil")).status_code == 200
        async with coming_from(world, "198.51.100.9") as elsewhere:
            assert (await elsewhere.post(DOOR, data=AWA)).status_code == 303
        assert (await guesser.post("/connexion", data={"email": AWA["login"]})).status_code == 303
        assert (await guesser.post(await mailbox.link())).status_code == 303


async def test_the_window_closes_and_the_right_password_wipes_the_slate(world: World, choose_password: Any) -> None:
    """A quarter of an hour later Awa enters from the same place, and her count starts again."""
    await choose_password(world.awa)
    async with world.browser() as browser:
        for _ in range(11):
            last = await browser.post(DOOR, data=wrong())
        assert last.status_code == 429
        async with world.house.database.writing() as db:
            await db.execute(update(Attempt).values(until=now() - timedelta(seconds=1)))
        assert (await browser.post(DOOR, data=AWA)).status_code == 303
    async with world.reading() as db:
        counts = {row.key: row.count for row in (await db.exec(select(Attempt))).all()}
    assert counts == {throttle.key_of(throttle.PASSWORDS_FROM, "192.0.2.7"): 0}


async def test_one_address_cannot_try_every_account(world: World) -> None:
    """Sixty wrong tries over sixty accounts, and the address waits (N2)."""
    async with world.house.database.writing() as db:
        for _ in range(59):
            await throttle.count(db, throttle.PASSWORDS_FROM, "192.0.2.7")
    async with world.browser() as browser:
        assert (await browser.post(DOOR, data=wrong("a@nowhere.example"))).status_code == 422
        assert (await browser.post(DOOR, data=wrong("b@nowhere.example"))).status_code == 429


async def test_tries_are_counted_together_by_every_process(world: World) -> None:
    """Twenty tries at once, in twenty transactions: exactly ten pass."""

    async def attempt() -> bool:
        async with world.house.database.writing() as db:
            return not await throttle.is_over(db, throttle.PASSWORDS, "awa", "here")

    passed = await asyncio.gather(*(attempt() for _ in range(20)))
    assert sum(passed) == 10


async def test_counts_name_nobody_and_are_swept(world: World) -> None:
    """The table of tries holds hashes, and forgets the windows that are closed."""
    async with world.browser() as browser:
        await browser.post(DOOR, data=wrong())
    async with world.reading() as db:
        keys = [row.key for row in (await db.exec(select(Attempt))).all()]
    assert [len(key) for key in keys] == [64, 64]
    assert all(set(key) <= set("0123456789abcdef") for key in keys)

    async with world.house.database.writing() as db:
        open_until = now() + timedelta(minutes=1)
        await db.execute(update(Attempt).where(col(Attempt.key) == keys[0]).values(until=now() - timedelta(seconds=1)))
        await db.execute(update(Attempt).where(col(Attempt.key) == keys[1]).values(until=open_until))
    async with world.working(None) as work:
        await sweep(work)
    async with world.reading() as db:
        assert [row.key for row in (await db.exec(select(Attempt))).all()] == keys[1:]


def test_a_whole_ipv6_line_counts_as_one() -> None:
    """One subscriber has 2⁶⁴ addresses in IPv6: they are counted together; in IPv4, each alone."""
    assert throttle.network_of("2001:db8:1:2::1") == throttle.network_of("2001:db8:1:2:ffff::9")
    assert throttle.network_of("2001:db8:1:3::1") != throttle.network_of("2001:db8:1:2::1")
    assert throttle.network_of("::ffff:192.0.2.7") == throttle.network_of("192.0.2.7") == "192.0.2.7"


WORDS = rules.words_of("Awa", "Diallo-Lefebvre", "awa@aubrac.example")


@pytest.mark.parametrize(
    ("password", "accepted"),
    [
        (PASSWORD, True),
        ("correct horse battery", True),
        ("Été à la mairie", True),
        ("onze lettre", False),
        ("azertyuiop123", False),
        ("123456789012", False),
        ("motdepasse2026", False),
        ("MotDePasse!!!!", False),
        ("aaaaaaaaaaaaaa", False),
        ("awa@aubrac.example", False),
        ("Diallo Lefebvre Awa", False),
        ("awa diallo-lefebvre", False),
    ],
)
def test_a_password_is_long_and_not_the_first_one_tries(password: str, accepted: bool) -> None:
    """Length and strangeness, no recipe of signs (NIST SP 800-63B)."""
    assert (passwords.weakness(password, WORDS) is None) == accepted


async def test_awa_changes_her_password(world: World, choose_password: Any, mailbox: Any) -> None:
    """The present one is asked, the new one works, other devices are out, waiting links are void, she is told."""
    await choose_password(world.awa)
    new = "le foin est rentré hier"
    async with world.browser(world.awa) as browser, world.browser(world.awa) as other:
        await other.post("/connexion", data={"email": AWA["login"]})
        link = await mailbox.link()

        refused = await browser.post(
            "/profil/mot-de-passe", data={"current_password": "autre chose", "new_password": new}
        )
        assert (refused.status_code, "Ce n’est pas votre mot de passe actuel." in refused.text) == (422, True)
        weak = await browser.post(
            "/profil/mot-de-passe", data={"current_password": PASSWORD, "new_password": "motdepasse2026"}
        )
        assert (weak.status_code, "trop courant" in weak.text) == (422, True)
        assert "motdepasse2026" not in weak.text
        assert (await other.get("/profil")).status_code == 200

        done = await browser.post("/profil/mot-de-passe", data={"current_password": PASSWORD, "new_password": new})
        assert done.status_code == 303
        assert (await browser.get("/profil")).status_code == 200
        assert (await other.get("/profil")).status_code == 303
        assert (await other.post(link)).status_code == 410
        assert (await other.post(DOOR, data=AWA)).status_code == 422
        assert (await other.post(DOOR, data={**AWA, "password": new})).status_code == 303
    told = (await mailbox.mails())[-1]
    assert (told["to"], "mot de passe" in told["subject"], new in told["body"]) == (AWA["login"], True, False)


async def test_the_first_password_asks_for_none(world: World) -> None:
    """Bruno never had a password: he chooses one from his profile."""
    async with world.browser(world.bruno) as browser:
        assert (await browser.post("/profil/mot-de-passe", data={"new_password": PASSWORD})).status_code == 303
    async with world.browser() as browser:
        typed = {"login": "bruno@brioude.example", "password": PASSWORD}
        assert (await browser.post(DOOR, data=typed)).status_code == 303


async def test_the_present_password_cannot_be_guessed_from_inside(world: World, choose_password: Any) -> None:
    """Someone at Awa's open screen guesses her password: ten tries, then 429."""
    await choose_password(world.awa)
    typed = {"current_password": "encore raté", "new_password": "le foin est rentré hier"}
    async with world.browser(world.awa) as browser:
        for _ in range(10):
            assert (await browser.post("/profil/mot-de-passe", data=typed)).status_code == 422
        last = await browser.post("/profil/mot-de-passe", data={**typed, "current_password": PASSWORD})
    assert (last.status_code, "retry-after" in last.headers) == (429, True)
