"""Quotas: written by those who keep the equipment, and each refusal names the rule and its figure."""

import re
from collections.abc import Mapping

import httpx
import pytest
from sqlalchemy import update
from sqlmodel import col, select

from booking.fleet.models import Quota, Scope
from booking.rules import Unfit
from booking_world import Fleet, between
from entente.people.models import AuditEntry, Function, Service

PAGE = "/reservations/quotas"


def _says(answer: httpx.Response, status: int, *sentences: str) -> None:
    assert answer.status_code == status, answer.text[:500]
    page = answer.text.replace("&nbsp;", "\u00a0").replace("&#39;", "'")
    for sentence in sentences:
        assert sentence in page, f"{sentence!r} is not in the answer"


def _form(fleet: Fleet, **more: str) -> dict[str, str]:
    known = {"type_id": str(fleet.types["nacelle"].id), "scope": "person", "days": "30", "most_times": "1"}
    return {**known, "most_hours": "", **more}


async def _quotas(fleet: Fleet) -> list[Quota]:
    async with fleet.world.reading() as db:
        return list(await db.exec(select(Quota)))


async def test_a_quota_is_set_changed_and_removed_on_screen(fleet: Fleet) -> None:
    """One reservation a month, then ten hours, then nothing: each time what Bruno may take follows."""
    world = fleet.world
    await fleet.reserve(world.bruno, "N12", between(8, 18))
    async with world.browser(world.camille) as browser:
        assert (await browser.post(PAGE, data=_form(fleet))).status_code == 303
        _says(await browser.get(PAGE), 200, "1\u00a0réservation au plus sur 30\u00a0jours, pour chaque personne")
        with pytest.raises(Unfit) as told:
            await fleet.reserve(world.bruno, "N18", between(8, 9))
        assert told.value.broken[0].sentence.startswith("1\u00a0réservation au plus sur 30\u00a0jours pour vous")
        (quota,) = await _quotas(fleet)
        changed = _form(fleet, most_times="", most_hours="10")
        assert (await browser.post(f"{PAGE}/{quota.id}", data=changed)).status_code == 303
        with pytest.raises(Unfit, match=r"ends") as told:
            await fleet.reserve(world.bruno, "N18", between(8, 9))
        assert "10\u00a0h au plus sur 30\u00a0jours" in told.value.broken[0].sentence
        assert (await browser.post(f"{PAGE}/{quota.id}/retrait")).status_code == 303
    await fleet.reserve(world.bruno, "N18", between(8, 9))
    assert await _quotas(fleet) == []
    async with world.reading() as db:
        kept = (await db.exec(select(AuditEntry.act).where(col(AuditEntry.act).like("quota.%")))).all()
    assert sorted(kept) == ["quota.removed", "quota.set", "quota.set"]


async def test_a_quota_of_a_service_counts_those_who_work_there(fleet: Fleet) -> None:
    """Awa and Camille work for the same service of Aubrac: what one takes counts for the other, not for Inès."""
    world = fleet.world
    service = Service(organisation_id=world.aubrac.id, name="Espaces verts")
    async with world.house.database.writing() as db:
        db.add(service)
        await db.flush()
        their = col(Function.person_id).in_([world.awa.id, world.camille.id])
        await db.execute(update(Function).where(their).values(service_id=service.id))
        db.add(Quota(type_id=fleet.types["nacelle"].id, scope=Scope.SERVICE, days=7, most_times=1))
    made = await fleet.reserve(world.awa, "N12", between(8, 9))
    assert made.service_id == service.id
    with pytest.raises(Unfit) as told:
        await fleet.reserve(world.camille, "N18", between(8, 9))
    assert "pour votre service" in told.value.broken[0].sentence
    assert (await fleet.reserve(world.ines, "N18", between(8, 9))).service_id is None


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ({"most_times": ""}, "Fixez un nombre de réservations, un nombre d’heures, ou les deux."),
        ({"days": ""}, "Ce champ est à remplir."),
        ({"days": "367"}, "Entre 1 et 366."),
        ({"most_times": "0"}, "Entre 1 et 1000."),
        ({"most_hours": "dix"}, "Écrivez un nombre entier."),
        ({"scope": "monde"}, "Choisissez dans la liste."),
        ({"type_id": "x"}, "Choisissez dans la liste."),
    ],
    ids=["nothing", "no days", "too long", "none", "words", "scope", "type"],
)
async def test_what_is_wrong_is_said_and_kept(fleet: Fleet, typed: Mapping[str, str], sentence: str) -> None:
    """The form comes back as it was typed, with a sentence beside its field."""
    async with fleet.world.browser(fleet.world.camille) as browser:
        answer = await browser.post(PAGE, data=_form(fleet, **typed))
    _says(answer, 422, sentence)
    for name, value in typed.items():
        if name not in ("scope", "type_id") and value:
            assert re.search(rf'name="{name}" value="{value}"', answer.text)
    assert await _quotas(fleet) == []


async def test_only_those_who_keep_a_type_limit_it(fleet: Fleet) -> None:
    """Bruno keeps nothing: the page is not there, nor is the quota of another."""
    world = fleet.world
    async with world.house.database.writing() as db:
        db.add(Quota(type_id=fleet.types["nacelle"].id, scope=Scope.PERSON, days=7, most_times=1))
    (quota,) = await _quotas(fleet)
    async with world.browser(world.bruno) as browser:
        assert (await browser.get(PAGE)).status_code == 404
        for address in (PAGE, f"{PAGE}/{quota.id}", f"{PAGE}/{quota.id}/retrait"):
            assert (await browser.post(address, data=_form(fleet))).status_code == 404
    assert await _quotas(fleet) == [quota]
