"""Several things asked for at once: everything is reserved or nothing, and what was typed is never lost."""

import asyncio
import re
from collections.abc import Mapping
from typing import Any

import httpx
import pytest
from sqlalchemy import func, text
from sqlmodel import col, select

from booking.asks import Ask, Borrowing
from booking.basket import mails, service
from booking.basket.models import MOST_LINES, Basket, Order
from booking.basket.rules import OWN, Refusals
from booking.fleet.models import Quota, Scope
from booking.mails.service import TELL
from booking.models import Allocation, Reservation
from booking.search import Sought
from booking_world import Fleet, between, day
from entente import mail
from entente.app import worker_of
from entente.outbox import Task
from entente.people.who import Who
from entente.rules import Conflict
from entente.settings import Settings

SLOT = between(8, 12)
WHEN = {"day": f"{day(10)}", "start": "08:00", "last_day": f"{day(10)}", "end": "12:00"}
PAGE = "/reservations/panier"


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """As many connections as clients: they really race."""
    return settings.model_copy(update={"database_pool": 12})


def borrowing(fleet: Fleet, who: Who, key: str) -> Borrowing:
    return Borrowing(next(iter(who.organisations)), key, "Fête du village")


async def place(fleet: Fleet, who: Who, asks: list[Ask], key: str = "k") -> Order:
    async with fleet.world.working(who) as work:
        return await service.place(work, asks, borrowing(fleet, who, key))


async def count(fleet: Fleet, model: Any) -> int:
    async with fleet.world.reading() as db:
        return int((await db.execute(select(func.count()).select_from(model))).scalar_one())


def fete(fleet: Fleet) -> list[Ask]:
    """What a village fête needs."""
    return [fleet.ask("chair", SLOT, 120), fleet.ask("stage", SLOT), fleet.ask("buffered", SLOT)]


async def test_everything_is_reserved_at_once(fleet: Fleet) -> None:
    """Chairs of two depots, the stage with its parts, the minibus: three reservations, one request."""
    await place(fleet, fleet.world.bruno, fete(fleet))
    assert await count(fleet, Reservation) == 3
    async with fleet.world.reading() as db:
        held = (await db.execute(select(Allocation.quantity).where(col(Allocation.part_of).is_(None)))).scalars().all()
    assert sum(held) == 120 + 1 + 1


@pytest.mark.parametrize("taken", ["CH1", "SC1", "MB1"])
async def test_one_line_that_cannot_be_had_and_nothing_is_reserved(fleet: Fleet, taken: str) -> None:
    """Awa has one of the three: Bruno has nothing, reads which line and why, and what he could have instead."""
    before = await fleet.reserve(fleet.world.awa, taken, SLOT, 60 if taken == "CH1" else 1)
    with pytest.raises(Refusals) as told:
        await place(fleet, fleet.world.bruno, fete(fleet))
    (refusal,) = told.value.refusals.values()
    assert refusal.number == ["CH1", "SC1", "MB1"].index(taken) + 1
    assert "ce n’est plus libre" in refusal.reason
    assert {way.kind for way in refusal.ways} >= {"later"}
    assert (await count(fleet, Reservation), await count(fleet, Order)) == (1, 0)
    assert await fleet.again(before) == before


async def test_every_line_that_is_refused_is_told_with_its_own_reason(fleet: Fleet) -> None:
    """One is taken, one is too many, one is fine: two reasons."""
    await fleet.reserve(fleet.world.awa, "MB1", SLOT)
    asks = [fleet.ask("buffered", SLOT), fleet.ask("chair", SLOT, 161), fleet.ask("stage", SLOT)]
    with pytest.raises(Refusals) as told:
        await place(fleet, fleet.world.bruno, asks)
    reasons = {number: each.reason for number, each in told.value.refusals.items()}
    assert reasons[1].startswith("Minibus\u00a0: ce n’est plus libre")
    assert reasons[2] == "Capacité\u00a0: 160\u00a0chaises au plus en tout, et vous en demandez 161."
    assert sorted(reasons) == [1, 2]


async def test_lines_of_one_basket_do_not_take_the_same_thing(fleet: Fleet) -> None:
    """Three nacelles on three lines, and there are two: the last is told that the others take them, and no way out
    is one of theirs.
    """
    with pytest.raises(Refusals) as told:
        await place(fleet, fleet.world.bruno, [fleet.ask("nacelle", SLOT) for _ in range(3)])
    (refusal,) = told.value.refusals.values()
    assert (refusal.number, refusal.reason) == (3, OWN)
    assert not any(way.ask.period.meets(SLOT) for way in refusal.ways)
    await place(fleet, fleet.world.bruno, [fleet.ask("nacelle", SLOT) for _ in range(2)])
    assert await count(fleet, Reservation) == 2


async def test_a_quota_counts_the_lines_together(fleet: Fleet) -> None:
    """One reservation a month and two lines: the second is refused by the name of the rule and its figure."""
    async with fleet.world.house.database.writing() as db:
        db.add(Quota(type_id=fleet.types["nacelle"].id, scope=Scope.ORGANISATION, days=30, most_times=1))
    with pytest.raises(Refusals) as told:
        await place(fleet, fleet.world.bruno, [fleet.ask("N12", SLOT), fleet.ask("N18", SLOT)])
    assert [each.reason for each in told.value.refusals.values()] == [
        "Quota\u00a0: 1\u00a0réservation au plus sur 30\u00a0jours pour votre organisation\u00a0; ce serait la 2ᵉ."
    ]


async def test_a_request_sent_twice_at_once_is_made_once(fleet: Fleet) -> None:
    """A double click: both are answered by the same request."""
    told = await asyncio.gather(*(place(fleet, fleet.world.bruno, fete(fleet)) for _ in range(4)))
    assert len({each.id for each in told}) == 1
    assert await count(fleet, Reservation) == 3


async def test_baskets_the_other_way_round_do_not_wait_for_each_other(fleet: Fleet) -> None:
    """Bruno and Awa ask for the same things in opposite orders while others ask for one of them: each round somebody
    has all of it or nothing, nobody gets half, nothing overlaps and nothing stands still.
    """
    world = fleet.world
    async with world.house.database.writing() as db:
        for slug in ("nacelle", "stage", "buffered"):
            db.add(Quota(type_id=fleet.types[slug].id, scope=Scope.ORGANISATION, days=30, most_times=100))
    won = 0
    for number in range(4):
        period = between(8, 12, after=10 + number)
        names = ["N12", "SC1", "MB1"]

        async def basket(who: Who, order: list[str], key: str, period: Any = period) -> bool:
            try:
                await place(fleet, who, [fleet.ask(name, period) for name in order], key)
            except Refusals:
                return False
            return True

        told = await asyncio.gather(
            *(basket(world.bruno, names, f"b{number}-{each}") for each in range(3)),
            *(basket(world.awa, names[::-1], f"a{number}-{each}") for each in range(3)),
        )
        assert sum(told) == 1
        won += 1
    assert await count(fleet, Reservation) == 3 * won


async def letters(fleet: Fleet) -> list[dict[str, Any]]:
    worker = worker_of(fleet.world.house)
    worker.errands = {kind: run for kind, run in worker.errands.items() if kind in (TELL, mails.TELL)}
    worker.tasks = {}
    while await worker.work_once():
        pass
    async with fleet.world.reading() as db:
        found = await db.execute(select(Task).where(col(Task.kind) == mail.MAIL).order_by(col(Task.id)))
        return [task.payload for task in found.scalars()]


async def test_one_mail_names_all_the_lines(fleet: Fleet) -> None:
    """Bruno reads one mail, not three; Camille reads the request that awaits her alone."""
    async with fleet.world.house.database.writing() as db:
        await db.execute(text("UPDATE resource_type SET needs_approval = true WHERE slug = 'stage'"))
    fleet.types["stage"].needs_approval = True
    order = await place(fleet, fleet.world.bruno, fete(fleet))
    to_bruno = [each for each in await letters(fleet) if each["to"] == "bruno@brioude.example"]
    to_camille = [each for each in await letters(fleet) if each["to"] == "camille@aubrac.example"]
    assert [each["subject"] for each in to_bruno] == ["Demande envoyée\u00a0: 3\u00a0lignes"]
    body = to_bruno[0]["body"]
    for words in (
        "Chaises CH1",
        "(120\u00a0chaises)\u00a0: réservé",
        "Scène SC1\u00a0: en attente d’accord",
        "Minibus MB1",
    ):
        assert words in body
    assert f"http://entente.test/reservations/demandes/{order.id}" in body
    assert [each["subject"] for each in to_camille] == ["À approuver\u00a0: Scène SC1"]


# The doors, as a browser without JavaScript knocks at them.


def _says(answer: httpx.Response, status: int, *sentences: str) -> str:
    assert answer.status_code == status, answer.text[:500]
    page = answer.text.replace("&nbsp;", "\u00a0").replace("&#39;", "'")
    for sentence in sentences:
        assert sentence in page, f"{sentence!r} is not in the answer"
    return page


def _fields(page: str) -> dict[str, str]:
    """The fields that the form of the basket sends as it stands."""
    form = page[page.index('class="form basket"') :]
    fields = dict(re.findall(r'<input[^>]* name="([^"]+)"[^>]*? value="([^"]*)"', form))
    return {**fields, "payer_id": re.findall(r'<option value="([^"]+)"', form)[0]}


async def _adds(browser: httpx.AsyncClient, **fields: str) -> httpx.Response:
    return await browser.post(PAGE, data={**WHEN, "quantity": "1", **fields})


async def test_things_are_gathered_from_the_search_and_asked_for_together(fleet: Fleet) -> None:
    """Bruno seeks a morning, puts chairs and a nacelle of 16 m into his basket, asks for all; then it is empty."""
    async with fleet.world.browser(fleet.world.bruno) as browser:
        found = _says(await browser.get("/reservations", params={"what": "chair", **WHEN, "quantity": "80"}), 200)
        form = found[found.index(f'action="{PAGE}"') :]
        sent = dict(re.findall(r'type="hidden" name="([^"]+)" value="([^"]*)"', form[: form.index("</form>")]))
        added = await browser.post(PAGE, data={key: value.replace("&amp;", "&") for key, value in sent.items()})
        assert added.headers["location"].startswith("/reservations?what=chair&")
        _says(await browser.get(added.headers["location"]), 200, "1\u00a0ligne, rien n’est encore réservé", "Panier")
        await _adds(browser, what="nacelle", **{f"least-{fleet.height.id}": "16"})
        with fleet.world.counting() as two:
            page = _says(await browser.get(PAGE), 200, "2\u00a0lignes", "Chaises CH1", "16\u00a0m au moins", "libre")
        made = await browser.post(f"{PAGE}/demande", data={**_fields(page), "purpose": "Fête"})
        again = await browser.post(f"{PAGE}/demande", data={**_fields(page), "purpose": "Fête"})
        assert (made.status_code, made.headers["location"]) == (303, again.headers["location"])
        shown = _says(await browser.get(made.headers["location"]), 200, "2\u00a0lignes", "Nacelle N18", "confirmée")
        one = re.search(r'href="(/reservations/[0-9a-f-]{36})"', shown)
        assert one
        _says(await browser.get(one[1]), 200, "Demandé avec", "1\u00a0autre ligne")
        _says(await browser.get(PAGE), 200, "Votre panier est vide")
        for _ in range(2):
            await _adds(browser, what="stage")
        await _adds(browser, what="buffered")
        await _adds(browser, what="cold", quantity="3")
        with fleet.world.counting() as three:
            _says(await browser.get(PAGE), 200, "3\u00a0lignes")
    assert await count(fleet, Reservation) == 2
    # Kits have one question more, for their parts.
    assert len(three) <= len(two) + 1


async def test_a_refused_basket_is_as_it_was_typed_with_ways_out(fleet: Fleet) -> None:
    """Awa was faster on the nacelle: 409, the line says so, and one button takes a way out; the rest is kept."""
    world = fleet.world
    async with world.browser(world.bruno) as browser:
        await _adds(browser, what="nacelle", unit=str(fleet.units["N12"].id))
        await _adds(browser, what="chair", quantity="30")
        page = _says(await browser.get(PAGE), 200, "Nacelle N12")
        await fleet.reserve(world.awa, "N12", SLOT)
        typed = {**_fields(page), "purpose": "Fête du pont", "on_behalf_of": "Comité des fêtes"}
        refused = _says(
            await browser.post(f"{PAGE}/demande", data=typed),
            409,
            "1\u00a0ligne ne peut pas être réservée sur 2",
            "ce n’est plus libre",
            "ailleurs",
            "plus tard",
            'value="Fête du pont"',
            'value="Comité des fêtes"',
        )
        assert await count(fleet, Reservation) == 1
        way = re.search(r'formaction="([^"]+/remplacement)" name="way" value="([^"]+)"', refused)
        assert way
        taken = await browser.post(way[1], data={**typed, "way": way[2].replace("&amp;", "&")})
        page = _says(await browser.get(taken.headers["location"]), 200, "Nacelle N18", 'value="Fête du pont"')
        assert (await browser.post(f"{PAGE}/demande", data=_fields(page))).status_code == 303
    assert await count(fleet, Reservation) == 3


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ({"payer_id": "x"}, "Payeur\u00a0: choisissez dans la liste."),
        ({"purpose": "a" * 301}, "300 caractères au plus"),
        ({"quantity": "beaucoup"}, "Écrivez un nombre entier."),
        ({"day": "2027-02-30"}, "Cette date n’existe pas"),
        ({"quantity": "1000"}, "Capacité\u00a0: 160\u00a0chaises au plus"),
    ],
    ids=["payer", "purpose", "quantity", "day", "capacity"],
)
async def test_what_is_wrong_is_said_beside_its_line_and_kept(
    fleet: Fleet, typed: Mapping[str, str], sentence: str
) -> None:
    """Nothing is reserved; the page says what is wrong, and holds what was typed."""
    async with fleet.world.browser(fleet.world.bruno) as browser:
        await _adds(browser, what="chair", quantity="30")
        fields = _fields((await browser.get(PAGE)).text)
        line = next(name for name in fields if name.startswith("quantity-"))
        sent = {line if name == "quantity" else name: value for name, value in typed.items()}
        answer = await browser.post(f"{PAGE}/demande", data={**fields, **sent})
        assert answer.status_code in (409, 422)
        _says(answer, answer.status_code, sentence)
        for name, value in typed.items():
            assert name == "payer_id" or f'value="{value[:300]}' in answer.text
    assert await count(fleet, Reservation) == 0


async def test_a_line_is_changed_and_taken_out_and_the_others_keep_what_was_typed(fleet: Fleet) -> None:
    """Bruno types 40 chairs and a purpose, then takes the nacelle out: both stay typed; dates move all lines."""
    async with fleet.world.browser(fleet.world.bruno) as browser:
        await _adds(browser, what="chair", quantity="30")
        await _adds(browser, what="nacelle")
        fields = _fields((await browser.get(PAGE)).text)
        chairs, nacelle = (name.removeprefix("quantity-") for name in fields if name.startswith("quantity-"))
        fields |= {f"quantity-{chairs}": "40", "purpose": "Marché", "end": "17:00"}
        gone = await browser.post(f"{PAGE}/lignes/{nacelle}/retrait", data=fields)
        page = _says(await browser.get(gone.headers["location"]), 200, "1\u00a0ligne", 'value="40"', 'value="Marché"')
        assert "à 17\u00a0h\u00a000" in page
        assert (await browser.post(f"{PAGE}/lignes/{nacelle}/retrait", data=fields)).status_code == 404


async def test_a_basket_changed_in_another_window_is_read_again_before_it_is_sent(fleet: Fleet) -> None:
    """Two windows: what the second added is not asked for by the first, which never showed it."""
    async with fleet.world.browser(fleet.world.bruno) as browser:
        await _adds(browser, what="chair", quantity="30")
        fields = _fields((await browser.get(PAGE)).text)
        await _adds(browser, what="nacelle")
        answer = await browser.post(f"{PAGE}/demande", data=fields)
        assert answer.headers["location"] == PAGE
        _says(await browser.get(PAGE), 200, "Votre panier a changé", "2\u00a0lignes")
    assert await count(fleet, Reservation) == 0


async def test_a_basket_is_nobody_elses(fleet: Fleet) -> None:
    """Awa names Bruno's line and Bruno's request: neither is there."""
    world = fleet.world
    order = await place(fleet, world.bruno, fete(fleet))
    async with world.browser(world.bruno) as bruno, world.browser(world.awa) as awa:
        await _adds(bruno, what="chair", quantity="30")
        (line,) = [
            name.removeprefix("quantity-") for name in _fields((await bruno.get(PAGE)).text) if "quantity-" in name
        ]
        for act in ("retrait", "remplacement"):
            answer = await awa.post(f"{PAGE}/lignes/{line}/{act}", data={"way": "what=chair"})
            assert answer.status_code == 404
        assert (await awa.get(f"/reservations/demandes/{order.id}")).status_code == 404
        assert "Votre panier est vide" in (await awa.get(PAGE)).text
        assert (await bruno.get(f"/reservations/demandes/{order.id}")).status_code == 200


async def test_a_basket_has_so_many_lines(fleet: Fleet) -> None:
    """One line too many is refused with the figure; the same thing twice is one line."""
    world = fleet.world
    async with world.working(world.bruno) as work:
        for number in range(MOST_LINES):
            assert await service.gather(work, Sought.of({"what": "chair", "quantity": f"{number + 1}"}), {})
        assert not await service.gather(work, Sought.of({"what": "chair", "quantity": "1"}), {})
        with pytest.raises(Conflict, match="20 lignes au plus"):
            await service.gather(work, Sought.of({"what": "chair", "quantity": "99"}), {})


async def test_two_windows_that_gather_at_once_both_do(fleet: Fleet) -> None:
    """Four things put in at the same moment into a basket that is not there yet: four lines."""
    world = fleet.world

    async def one(number: int) -> None:
        async with world.working(world.bruno) as work:
            await service.gather(work, Sought.of({"what": "chair", "quantity": f"{number}"}), {})

    await asyncio.gather(*(one(number) for number in range(1, 5)))
    async with world.reading() as db:
        assert len((await db.get_one(Basket, world.bruno.id)).lines) == 4


async def test_chairs_of_several_depots_are_found_together(fleet: Fleet) -> None:
    """120 chairs: no depot has as many, two have; the search says so, and both doors lead there."""
    async with fleet.world.browser(fleet.world.bruno) as browser:
        found = await browser.get("/reservations", params={"what": "chair", **WHEN, "quantity": "120"})
    _says(found, 200, "C’est libre, en plusieurs lots", "120 chaises", "Au panier")
