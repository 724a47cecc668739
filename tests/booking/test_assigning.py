"""Another unit, an exchange, a longer use: at the doors of whoever may, and of nobody else."""

from datetime import timedelta
from typing import Any

import httpx
from sqlalchemy import update
from sqlmodel import col

from booking.fleet.models import Unit
from booking.models import Reservation, State
from booking.periods import Period, naive
from booking_world import Fleet, at, between
from entente.clock import now, today

SLOT = between(8, 12)


def _says(answer: httpx.Response, status: int, *sentences: str) -> None:
    assert answer.status_code == status, answer.text[:500]
    page = answer.text.replace("&nbsp;", "\u00a0").replace("&#39;", "'")
    for sentence in sentences:
        assert sentence in page, f"{sentence!r} is not in the answer"


async def test_the_keeper_gives_another_unit_and_the_request_stays(fleet: Fleet) -> None:
    """Bruno has N12; Camille reads what is free, gives him N18; what he asked for and when is the same."""
    world = fleet.world
    made = await fleet.reserve(world.bruno, "nacelle", SLOT)
    here = f"/reservations/{made.id}"
    held = (await fleet.holds(made))[0]
    other = {"N12": "N18", "N18": "N12"}[held]
    async with world.browser(world.camille) as browser:
        _says(await browser.get(here), 200, "Changer l’unité")
        _says(
            await browser.get(f"{here}/unites"),
            200,
            "C’est l’unité qui la sert pour l’instant.",
            "Libre.",
            f"Nacelle {other}",
        )
        done = await browser.post(f"{here}/unites", data={"units": str(fleet.units[other].id)})
        assert (done.status_code, done.headers["location"]) == (303, here)
    assert await fleet.holds(made) == [other]
    again = await fleet.again(made)
    assert (again.starts_at, again.quantity, again.wanted) == (made.starts_at, made.quantity, made.wanted)


async def test_what_is_taken_or_to_be_inspected_is_not_given(fleet: Fleet) -> None:
    """Awa has N18: 409 and nothing moves; an inspection falls due, or the unit is of another type: 422."""
    world = fleet.world
    made = await fleet.reserve(world.bruno, "N12", SLOT)
    await fleet.reserve(world.awa, "N18", SLOT)
    here = f"/reservations/{made.id}/unites"
    async with world.browser(world.camille) as browser:
        _says(await browser.get(here), 200, "Pas libre\u00a0: c’est déjà pris.")
        refused = await browser.post(here, data={"units": str(fleet.units["N18"].id)})
        _says(refused, 409, "Cette unité n’est plus libre à ce moment-là.", "Rien n’a changé.")
        async with world.house.database.writing() as db:
            await db.execute(update(Unit).where(col(Unit.code) == "N18").values(usable_until=today()))
        for sent, sentence in (
            ("N18", "Un contrôle est à faire avant la fin"),
            ("MB1", "autant d’unités que la demande en compte"),
        ):
            _says(await browser.post(here, data={"units": str(fleet.units[sent].id)}), 422, sentence)
        _says(await browser.post(here, data={"units": "x"}), 422, "Choisissez dans la liste.")
    assert await fleet.holds(made) == ["N12"]


async def test_two_reservations_exchange_their_units(fleet: Fleet) -> None:
    """Bruno has the low one and Awa the tall one; Camille has them exchange, at once."""
    world = fleet.world
    his, hers = await fleet.reserve(world.bruno, "N12", SLOT), await fleet.reserve(world.awa, "N18", SLOT)
    async with world.browser(world.camille) as browser:
        _says(await browser.get(f"/reservations/{his.id}/unites"), 200, "Échanger avec une autre réservation", "Awa")
        wrong = await browser.post(f"/reservations/{his.id}/echange", data={"other": "x"})
        _says(wrong, 422, "Choisissez dans la liste.")
        assert (await browser.post(f"/reservations/{his.id}/echange", data={"other": str(hers.id)})).status_code == 303
    assert (await fleet.holds(his), await fleet.holds(hers)) == (["N18"], ["N12"])


async def test_nobody_else_changes_units(fleet: Fleet) -> None:
    """Bruno reads his own reservation, and may not choose its unit; Awa's is not there for him."""
    world = fleet.world
    his, hers = await fleet.reserve(world.bruno, "N12", SLOT), await fleet.reserve(world.awa, "N18", SLOT)
    async with world.browser(world.bruno) as browser:
        assert "Changer l’unité" not in (await browser.get(f"/reservations/{his.id}")).text
        for made, status in ((his, 403), (hers, 404)):
            assert (await browser.get(f"/reservations/{made.id}/unites")).status_code == status
            sent = {"units": str(fleet.units["N18"].id), "other": str(hers.id)}
            assert (await browser.post(f"/reservations/{made.id}/unites", data=sent)).status_code == status
    assert await fleet.holds(his) == ["N12"]


async def test_what_is_over_changes_its_unit_no_more(fleet: Fleet) -> None:
    """A cancelled reservation: the page says so, the service refuses."""
    world = fleet.world
    made = await fleet.reserve(world.bruno, "N12", SLOT)
    async with world.browser(world.camille) as browser:
        await browser.post(f"/reservations/{made.id}/annulation")
        _says(await browser.get(f"/reservations/{made.id}/unites"), 200, "Il n’y a plus d’unité à changer")
        again = await browser.post(f"/reservations/{made.id}/unites", data={"units": str(fleet.units["N18"].id)})
        _says(again, 409, "a été annulée")


async def _out(fleet: Fleet, since: timedelta, until: timedelta) -> Reservation:
    """Bruno has taken N12 some time ago, and is to bring it back."""
    made = await fleet.reserve(fleet.world.bruno, "N12", SLOT)
    at_ = now().replace(minute=0, second=0, microsecond=0)
    values: dict[str, Any] = {"starts_at": at_ - since, "ends_at": at_ + until, "state": State.OUT}
    async with fleet.world.house.database.writing() as db:
        await db.execute(update(Reservation).where(col(Reservation.id) == made.id).values(**values))
    return await fleet.again(made)


def _until(moment: Any) -> dict[str, str]:
    local = naive(moment)
    return {"last_day": f"{local:%Y-%m-%d}", "end": f"{local:%H:%M}"}


async def test_what_is_out_is_kept_for_longer_until_someone_else_has_it(fleet: Fleet) -> None:
    """Bruno is late with the nacelle: he keeps it for two days more, not into what Awa has reserved after."""
    world = fleet.world
    made = await _out(fleet, timedelta(days=1), timedelta(hours=3))
    next_ = Period(made.ends_at + timedelta(days=3), made.ends_at + timedelta(days=3, hours=4))
    await fleet.reserve(world.awa, "N12", next_)
    here = f"/reservations/{made.id}"
    async with world.browser(world.bruno) as browser:
        _says(await browser.get(here), 200, "Prolonger la réservation")
        longer = made.ends_at + timedelta(days=2)
        assert (await browser.post(f"{here}/prolongation", data=_until(longer))).status_code == 303
        assert (await fleet.again(made)).ends_at == longer
        over = await browser.post(f"{here}/prolongation", data=_until(next_.ends))
        _says(over, 409, "ce n’est plus libre", "Elle se termine toujours à la même heure.")
        for typed, sentence in (
            (_until(now() - timedelta(hours=2)), "Fin de la réservation"),
            (_until(made.starts_at + timedelta(days=45)), "Durée maximale"),
            ({"last_day": "2027-02-30", "end": "08:00"}, "Cette date n’existe pas"),
        ):
            _says(await browser.post(f"{here}/prolongation", data=typed), 422, sentence)
    again = await fleet.again(made)
    assert (again.starts_at, again.ends_at, again.state) == (made.starts_at, longer, State.OUT)
    assert await fleet.holds(made) == ["N12"]


async def test_what_has_not_begun_is_kept_for_longer_too(fleet: Fleet) -> None:
    """Bruno needs it until the evening."""
    made = await fleet.reserve(fleet.world.bruno, "N12", SLOT)
    async with fleet.world.browser(fleet.world.bruno) as browser:
        await browser.post(f"/reservations/{made.id}/prolongation", data=_until(at(10, 18)))
    async with fleet.world.browser(fleet.world.awa) as browser:
        assert (await browser.post(f"/reservations/{made.id}/prolongation", data=_until(at(10, 20)))).status_code == 404
    assert (await fleet.again(made)).ends_at == at(10, 18)
