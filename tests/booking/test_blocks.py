"""A unit is kept back for repair: who had it is moved or cancelled, and told; then it is lent again."""

from datetime import timedelta
from typing import Any

import httpx
import pytest

from booking import service
from booking.blocks import queries
from booking.blocks import service as blocks
from booking.models import Reservation, State
from booking.periods import Period
from booking_world import Fleet, at, between, day
from entente.clock import now
from entente.rules import Refused

SLOT = between(8, 12)
FORM = {
    "day": f"{day(10)}",
    "start": "07:00",
    "last_day": f"{day(11)}",
    "end": "18:00",
    "why": "Vérin percé",
    "key": "b",
}


def _says(answer: httpx.Response, status: int, *sentences: str) -> None:
    assert answer.status_code == status, answer.text[:500]
    for sentence in sentences:
        assert sentence in answer.text.replace("&nbsp;", "\u00a0"), f"{sentence!r} is not in the answer"


def _page(fleet: Fleet, code: str) -> str:
    return f"/reservations/unites/{fleet.units[code].id}/immobilisation"


async def _blocked(fleet: Fleet, code: str = "N12") -> list[Any]:
    async with fleet.world.reading() as db:
        return await queries.blocks_of(db, fleet.units[code].id)


async def _block(fleet: Fleet, period: Period, code: str = "N12") -> Reservation:
    async with fleet.world.working(fleet.world.camille) as work:
        return await blocks.block(work, fleet.units[code], period, "Vérin")


async def test_nobody_goes_without_an_answer(fleet: Fleet) -> None:
    """Three stand in the way: Camille sees them, one other nacelle and nothing else; she decides, they are served."""
    world = fleet.world
    first = await fleet.reserve(world.bruno, "N12", SLOT)
    second = await fleet.reserve(world.awa, "N12", between(14, 16))
    third = await fleet.reserve(world.bruno, "N12", between(8, 12, after=11))
    await fleet.reserve(world.awa, "N18", between(8, 9, after=11))
    page = _page(fleet, "N12")
    async with world.browser(world.camille) as camille:
        _says(await camille.get(page), 200, "Immobiliser l’unité")
        told = await camille.post(page, data=FORM)
        _says(told, 409, "3\u00a0réservations sont concernées", "Servir avec une autre unité : Nacelle N18")
        _says(told, 409, "Aucune autre unité n’est libre", "Vérin percé", "Bruno Chassagne")
        assert told.text.count("Servir avec une autre unité") == 2
        some = {**FORM, f"answer-{first.id}": "move", f"answer-{second.id}": "cancel"}
        _says(await camille.post(page, data=some), 409, "3\u00a0réservations sont concernées")
        impossible = await camille.post(page, data={**some, f"answer-{third.id}": "move"})
        _says(impossible, 409, "ce n’est plus libre", "Rien n’est encore changé")
        assert [await fleet.holds(each) for each in (first, second, third)] == [["N12"]] * 3
        done = await camille.post(page, data={**some, f"answer-{third.id}": "cancel"})
        again = await camille.post(page, data={**some, f"answer-{third.id}": "cancel"})
        assert (done.status_code, again.status_code) == (303, 303)
    assert await fleet.holds(first) == ["N18"]
    assert [(await fleet.again(each)).state for each in (second, third)] == [State.CANCELLED, State.CANCELLED]
    assert len(await _blocked(fleet)) == 1


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ({"why": " "}, "Dites pourquoi"),
        ({"why": "a" * 301}, "300 caractères au plus"),
        ({"end": "midi"}, "Cette heure n’existe pas"),
        ({"last_day": f"{day(9)}"}, "la fin doit venir après le début"),
        ({"quantity": "0"}, "Entre 1 et 1"),
    ],
)
async def test_what_is_wrong_is_said(fleet: Fleet, typed: dict[str, str], sentence: str) -> None:
    """The form comes back as it was typed; nothing is kept back."""
    async with fleet.world.browser(fleet.world.camille) as camille:
        _says(await camille.post(_page(fleet, "N12"), data={**FORM, **typed}), 422, sentence)
    assert await _blocked(fleet) == []


async def test_only_whoever_keeps_it_keeps_it_back(fleet: Fleet) -> None:
    """Bruno is refused at every door, and reads nobody’s reservation by naming it."""
    world, made = fleet.world, await _block(fleet, SLOT)
    async with world.browser(world.bruno) as bruno:
        assert (await bruno.get(_page(fleet, "N12"))).status_code == 403
        assert (await bruno.post(_page(fleet, "N12"), data=FORM)).status_code == 403
        for verb in ("get", "post"):
            assert (await getattr(bruno, verb)(f"/reservations/immobilisations/{made.id}")).status_code == 404
    with pytest.raises(Refused):
        async with world.working(world.bruno) as work:
            await blocks.shorten(work, await work.db.get_one(Reservation, made.id), at(10, 9))


async def test_a_block_ends_sooner_and_others_have_the_rest(fleet: Fleet) -> None:
    """Until 10 h instead of noon: 10 h is free at once; later than planned is refused, and so is before it began."""
    world, made = fleet.world, await _block(fleet, SLOT)
    here = f"/reservations/immobilisations/{made.id}"
    async with world.browser(world.camille) as camille:
        _says(await camille.get(here), 200, "Avancer la fin", "Vérin")
        later = {"last_day": f"{day(10)}", "end": "13:00"}
        _says(await camille.post(here, data=later), 422, "on ne peut que l’avancer", 'value="13:00"')
        _says(await camille.post(here, data={**later, "end": "07:00"}), 422, "la fin doit venir après le début")
        assert (await camille.post(here, data={**later, "end": "10:00"})).status_code == 303
    assert (await fleet.again(made)).ends_at == at(10, 10)
    await fleet.reserve(world.bruno, "N12", between(10, 12))


@pytest.mark.parametrize("has_begun", [True, False], ids=["begun", "to come"])
async def test_it_is_lent_again_from_now_on(fleet: Fleet, has_begun: bool) -> None:
    """Begun, it keeps its past and ends now; not begun, it is as if it had never been."""
    starts = now() + timedelta(hours=-2 if has_begun else 2)
    made = await _block(fleet, Period(starts, starts + timedelta(days=3)))
    async with fleet.world.browser(fleet.world.camille) as camille:
        here = f"/reservations/immobilisations/{made.id}"
        assert (await camille.post(here, data={"now": "1"})).status_code == 303
        assert (await camille.post(here, data={"now": "1"})).status_code in (404, 422)
    assert (await fleet.again(made)).state == (State.BLOCKED if has_begun else State.CANCELLED)
    assert await _blocked(fleet) == []
    await fleet.reserve(fleet.world.bruno, "N12", Period(now() + timedelta(hours=3), now() + timedelta(hours=5)))


async def test_what_is_out_is_not_cancelled(fleet: Fleet) -> None:
    """The nacelle is out: the page says that its return comes first, and cancelling it is refused."""
    world = fleet.world
    made = await fleet.reserve(world.bruno, "N12", SLOT)
    async with world.working(world.camille) as work:
        await service.turn(work, await work.db.get_one(Reservation, made.id), State.OUT, State.CONFIRMED)
    async with world.browser(world.camille) as camille:
        _says(await camille.post(_page(fleet, "N12"), data=FORM), 409, "notez d’abord son retour")
        cancelled = await camille.post(_page(fleet, "N12"), data={**FORM, f"answer-{made.id}": "cancel"})
        _says(cancelled, 409, "est en cours")
    assert (await fleet.again(made)).state == State.OUT


@pytest.mark.parametrize("count", [1, 3])
async def test_the_page_asks_as_many_questions_however_many_stand_there(fleet: Fleet, count: int) -> None:
    """One reservation or three."""
    ids = [(await fleet.reserve(fleet.world.bruno, "N12", between(8 + n, 9 + n))).id for n in range(count)]
    async with fleet.world.reading() as db:
        with fleet.world.counting() as seen:
            assert len(await queries.standing(db, fleet.units["N12"], ids)) == count
    assert len(seen) == 9
