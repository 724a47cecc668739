"""Each door of the reservations, as a browser without JavaScript knocks at it."""

import re
from collections.abc import Mapping
from datetime import timedelta

import httpx
import pytest
from sqlalchemy import func, text
from sqlmodel import select

from booking.models import Reservation, State
from booking_world import Fleet, at, between, day
from entente.clock import today

WHEN = {"day": f"{day(10)}", "start": "08:00", "last_day": f"{day(10)}", "end": "12:00"}
SLOT = between(8, 12)


def _says(answer: httpx.Response, status: int, *sentences: str) -> None:
    assert answer.status_code == status, answer.text[:500]
    page = answer.text.replace("&nbsp;", "\u00a0").replace("&#39;", "'")
    for sentence in sentences:
        assert sentence in page, f"{sentence!r} is not in the answer"


async def _count(fleet: Fleet) -> int:
    async with fleet.world.reading() as db:
        return int((await db.execute(select(func.count()).select_from(Reservation))).scalar_one())


def _form(fleet: Fleet, code: str = "N12", **more: str) -> dict[str, str]:
    unit = fleet.units[code]
    slug = next(type_.slug for type_ in fleet.types.values() if type_.id == unit.type_id)
    known = {"what": slug, "unit": str(unit.id), "quantity": "1", "payer_id": str(fleet.world.brioude.id), "key": "k"}
    return {**known, **WHEN, "purpose": "Élagage de la place", **more}


async def test_a_nacelle_is_found_and_reserved_in_three_clicks(fleet: Fleet) -> None:
    """Bruno seeks 16 m on a morning, reserves the one that is tall enough, and reads that it is his."""
    async with fleet.world.browser(fleet.world.bruno) as browser:
        page = await browser.get("/reservations")
        _says(page, 200, "Réserver du matériel", "Ce qui se prête")
        found = await browser.get(
            "/reservations", params={"what": "nacelle", **WHEN, f"least-{fleet.height.id}": "16", "quantity": "1"}
        )
        _says(found, 200, "1\u00a0possibilité", "Nacelle N18", "Hauteur de travail\u00a0: 18\u00a0m")
        assert "Nacelle N12" not in found.text
        link = re.search(r'href="(/reservations/nouvelle[^"]+)"', found.text)
        assert link
        form = await browser.get(link[1].replace("&amp;", "&"))
        _says(form, 200, "Réserver", "Nacelle N18", "Qui paie")
        key = re.search(r'name="key" value="([^"]+)"', form.text)
        assert key
        made = await browser.post("/reservations", data=_form(fleet, "N18", key=key[1]))
        again = await browser.post("/reservations", data=_form(fleet, "N18", key=key[1]))
        assert (made.status_code, made.headers["location"]) == (303, again.headers["location"])
        _says(await browser.get(made.headers["location"]), 200, "confirmée", "Ateliers", "Brioude", "Élagage")
        _says(await browser.get("/reservations/miennes"), 200, "Nacelle N18", "1\u00a0réservation")
    assert await _count(fleet) == 1


async def test_everything_free_is_shown_when_no_type_is_chosen(fleet: Fleet) -> None:
    """Dates first: every unit of every type that is free then, in as many questions whatever their number."""
    await fleet.reserve(fleet.world.awa, "N12", SLOT)
    async with fleet.world.browser(fleet.world.bruno) as browser:
        with fleet.world.counting() as asked:
            found = await browser.get("/reservations", params=WHEN)
    _says(found, 200, "8\u00a0possibilités", "Nacelle N18", "100\u00a0chaises libres", "Pas libre à ce moment-là")
    assert len(asked) < 20


async def test_someone_else_has_it_and_there_are_ways_out(fleet: Fleet) -> None:
    """Awa was faster: 409, what Bruno typed, and three sorts of ways out, one click each."""
    await fleet.reserve(fleet.world.awa, "N12", between(11, 14))
    async with fleet.world.browser(fleet.world.bruno) as browser:
        refused = await browser.post("/reservations", data=_form(fleet))
        _says(refused, 409, "ce n’est plus libre", "Élagage de la place", "ailleurs", "moins longtemps", "plus tard")
        way = re.search(r'href="(/reservations/nouvelle[^"]+)">Choisir', refused.text)
        assert way
        _says(await browser.get(way[1].replace("&amp;", "&")), 200, "Nacelle N18")
    assert await _count(fleet) == 1


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ({"end": "07:00"}, "Fin de la réservation\u00a0: la fin doit venir après le début."),
        ({"day": "2027-02-30"}, "Cette date n’existe pas"),
        ({"day": f"{day(-2)}", "last_day": f"{day(-2)}"}, "Début de la réservation\u00a0: il est passé"),
        ({"last_day": f"{today() + timedelta(days=3653)}"}, "Durée maximale\u00a0: 40\u00a0jours"),
        ({"day": f"{day(3653)}", "last_day": f"{day(3653)}"}, "Ouverture du calendrier\u00a0: on réserve jusqu’à 365"),
        ({"quantity": "1000000000"}, "Nombre demandé\u00a0: 20 au plus"),
        ({"quantity": "beaucoup"}, "Écrivez un nombre entier."),
        ({"unit": "00000000-0000-0000-0000-000000000000"}, "Cette unité n’est pas dans la liste"),
        ({"unit": "rien"}, "Choisissez dans la liste."),
        ({"payer_id": "00000000-0000-0000-0000-000000000000"}, "Payeur\u00a0: choisissez"),
        ({"payer_id": "x"}, "Payeur\u00a0: choisissez dans la liste."),
        ({"purpose": "a" * 301}, "300 caractères au plus"),
    ],
)
async def test_what_is_wrong_is_said_and_what_was_typed_is_kept(
    fleet: Fleet, typed: Mapping[str, str], sentence: str
) -> None:
    """The form comes back as it was typed, with the name of the rule and its figure; nothing is reserved."""
    async with fleet.world.browser(fleet.world.bruno) as browser:
        kept = {"on_behalf_of": "École du Pontel", **typed}
        answer = await browser.post("/reservations", data=_form(fleet, **kept))
    _says(answer, 422, sentence, "École du Pontel")
    for name, value in typed.items():
        if name in ("day", "last_day", "end", "quantity", "purpose"):
            assert f'value="{value}"' in answer.text
    assert await _count(fleet) == 0


@pytest.mark.parametrize(("code", "capacity"), [("CF1", "8\u00a0places"), ("CH1", "100\u00a0chaises")])
async def test_a_milliard_of_places_is_refused_with_the_figure(fleet: Fleet, code: str, capacity: str) -> None:
    """A thousand million places, then a few too many: each refusal says how many there are."""
    async with fleet.world.browser(fleet.world.bruno) as browser:
        many = await browser.post("/reservations", data=_form(fleet, code, quantity="1000000000"))
        more = await browser.post("/reservations", data=_form(fleet, code, quantity="101"))
    _says(many, 422, "100\u202f000 au plus en une fois")
    _says(more, 422, f"Capacité\u00a0: {capacity} au plus")


@pytest.mark.parametrize("act", ["", "/deplacement"])
async def test_a_reservation_of_another_commune_is_not_there(fleet: Fleet, act: str) -> None:
    """Bruno opens Awa’s: the same page as for one that never was."""
    made = await fleet.reserve(fleet.world.awa, "N12", SLOT)
    async with fleet.world.browser(fleet.world.bruno) as browser:
        assert (await browser.get(f"/reservations/{made.id}{act}")).status_code == 404
        assert (await browser.post(f"/reservations/{made.id}/annulation")).status_code == 404
    assert (await fleet.again(made)).state == State.CONFIRMED


async def test_a_reservation_is_moved_cancelled_and_taken_back(fleet: Fleet) -> None:
    """Bruno moves his, is refused over Awa’s with other times, cancels, and takes it back."""
    world = fleet.world
    made = await fleet.reserve(world.bruno, "N12", SLOT)
    await fleet.reserve(world.awa, "N12", between(14, 18))
    here = f"/reservations/{made.id}"
    async with world.browser(world.bruno) as browser:
        _says(await browser.get(f"{here}/deplacement"), 200, 'value="08:00"')
        refused = await browser.post(f"{here}/deplacement", data={**WHEN, "start": "13:00", "end": "15:00"})
        _says(
            refused,
            409,
            "ce n’est plus libre",
            "Votre réservation reste comme elle était",
            'value="13:00"',
            "Déplacer ici",
        )
        wrong = await browser.post(f"{here}/deplacement", data={**WHEN, "day": "2027-02-30"})
        _says(wrong, 422, "Cette date n’existe pas", 'value="2027-02-30"')
        moved = await browser.post(f"{here}/deplacement", data={**WHEN, "end": "13:00"})
        assert moved.status_code == 303
        assert (await fleet.again(made)).ends_at == at(10, 13)
        assert (await browser.post(f"{here}/annulation")).status_code == 303
        _says(await browser.post(f"{here}/annulation"), 409, "a été annulée")
        _says(await browser.get(here), 200, "Rétablir la réservation", "état\u00a0: confirmée → annulée")
        await fleet.reserve(world.awa, "N12", between(8, 9))
        _says(await browser.post(f"{here}/retablissement"), 409, "La place a été prise")


async def test_the_owner_decides_on_the_page_of_the_request(fleet: Fleet) -> None:
    """Bruno asks; Camille reads it, refuses without a reason, then says why; Bruno reads it."""
    world = fleet.world
    async with world.house.database.writing() as db:
        await db.execute(text("UPDATE resource_type SET needs_approval = true WHERE slug = 'nacelle'"))
    async with world.browser(world.bruno) as bruno, world.browser(world.camille) as camille:
        made = await bruno.post("/reservations", data=_form(fleet))
        here = made.headers["location"]
        _says(await bruno.get(here), 200, "en attente d’accord", "La place est gardée jusqu’au")
        assert "Votre décision" not in (await bruno.get(here)).text
        assert (await bruno.post(f"{here}/approbation")).status_code == 403
        _says(await camille.get(here), 200, "Votre décision", "Bruno Chassagne")
        _says(await camille.post(f"{here}/refus", data={"why": ""}), 422, "Dites pourquoi")
        assert (await camille.post(f"{here}/refus", data={"why": "En réparation"})).status_code == 303
        _says(await bruno.get(here), 200, "refusée", "«\u00a0En réparation\u00a0»")
        _says(await camille.post(f"{here}/approbation"), 409, "a été refusée")


async def test_the_fleet_a_type_and_a_unit_say_what_they_are(fleet: Fleet) -> None:
    """The stage lists its parts; the unit says for which commune it is taken, not why."""
    await fleet.reserve(fleet.world.awa, "stage", SLOT)
    async with fleet.world.browser(fleet.world.bruno) as browser:
        _says(await browser.get("/reservations/parc"), 200, "9\u00a0unités", "Chaises CH2")
        _says(await browser.get("/reservations/types/nacelle"), 200, "Règles du prêt", "Nacelle N18")
        page = await browser.get(f"/reservations/unites/{fleet.units['SC1'].id}")
        _says(page, 200, "Ce qu’il comprend", "Plateau PL1", "Aubrac", "confirmée")
        assert (await browser.get("/reservations/types/licorne")).status_code == 404
        assert (await browser.get("/reservations/unites/00000000-0000-0000-0000-000000000000")).status_code == 404


async def test_today_says_what_to_take_out(fleet: Fleet) -> None:
    """Bruno has the nacelle in two days: his first page says so; Awa’s does not."""
    world = fleet.world
    await fleet.reserve(world.bruno, "N12", between(8, 12, after=2))
    async with world.browser(world.bruno) as bruno, world.browser(world.awa) as awa:
        _says(await bruno.get("/"), 200, "À prendre, à rendre", "Nacelle N12")
        _says(await awa.get("/"), 200, "Rien à prendre cette semaine")


async def test_a_series_is_decided_date_by_date_then_changed_from_here_on(fleet: Fleet) -> None:
    """Three mornings, one of them Awa’s: Bruno sees all three, skips the second, then gives back the last."""
    world = fleet.world
    await fleet.reserve(world.awa, "N12", between(9, 10, after=17))
    weekly = _form(fleet, repeat="FREQ=WEEKLY", times="3")
    async with world.browser(world.bruno) as browser:
        told = await browser.post("/reservations", data=weekly)
        _says(told, 409, "1\u00a0date n’est pas libre sur 3", "Chaque semaine, 3 fois", "Se passer de cette date")
        _says(told, 409, "Prendre une autre unité ce jour-là", "Élagage de la place")
        made = await browser.post("/reservations", data={**weekly, "date-2": "skip"})
        assert (made.status_code, made.headers["location"]) == (303, "/reservations/miennes")
        page = await browser.get("/reservations/miennes")
        _says(page, 200, "2\u00a0réservations")
        last = re.findall(r'href="(/reservations/[0-9a-f-]{36})"', page.text)[-1]
        _says(await browser.get(last), 200, "cette date et les suivantes")
        assert (await browser.post(f"{last}/annulation", data={"reach": "following"})).status_code == 303
        _says(await browser.post(f"{last}/annulation", data={"reach": "never"}), 422, "Choisissez dans la liste.")


@pytest.mark.parametrize(
    ("repeat", "times", "sentence"),
    [
        ("FREQ=DAILY", "10000", "Longueur d’une série\u00a0: 366 dates au plus, et celle-ci en compte 10\u202f000."),
        ("FREQ=DAILY", "", "Écrivez combien de fois"),
        ("FREQ=SECONDLY", "3", "Choisissez dans la liste."),
    ],
)
async def test_a_series_out_of_bounds_is_refused(fleet: Fleet, repeat: str, times: str, sentence: str) -> None:
    """Ten thousand dates, none at all, every second: said in French, with what was typed."""
    async with fleet.world.browser(fleet.world.bruno) as browser:
        answer = await browser.post("/reservations", data=_form(fleet, repeat=repeat, times=times))
    _says(answer, 422, sentence, "Élagage de la place", f'value="{times}"')
    assert await _count(fleet) == 0


async def test_a_block_is_moved_onto_another_unit_of_its_type(fleet: Fleet) -> None:
    """Bruno asks for the other nacelle at another hour, and has it; a minibus, two at once or nonsense is no choice."""
    world = fleet.world
    made = await fleet.reserve(world.bruno, "N12", SLOT)
    here = f"/reservations/{made.id}/deplacement"
    onto = {**WHEN, "start": "09:00", "unit": str(fleet.units["N18"].id)}
    async with world.browser(world.bruno) as browser:
        _says(await browser.get(here), 200, "Nacelle N18")
        for wrong in (str(fleet.units["MB1"].id), "rien"):
            _says(await browser.post(here, data={**onto, "unit": wrong}), 422, "choisissez-en une du même type")
        _says(await browser.post(here, data={**onto, "quantity": "2"}), 422, "en compte plusieurs")
        assert await fleet.holds(made) == ["N12"]
        assert (await browser.post(here, data=onto)).status_code == 303
    assert await fleet.holds(made) == ["N18"]


async def test_another_unit_that_is_taken_is_refused_by_its_name(fleet: Fleet) -> None:
    """Denise has the other nacelle: Bruno keeps his own, and reads when that one is free."""
    made = await fleet.reserve(fleet.world.bruno, "N12", SLOT)
    await fleet.reserve(fleet.world.denise, "N18", SLOT)
    onto = {**WHEN, "unit": str(fleet.units["N18"].id)}
    async with fleet.world.browser(fleet.world.bruno) as browser:
        refused = await browser.post(f"/reservations/{made.id}/deplacement", data=onto)
    _says(refused, 409, "Nacelle N18", "ce n’est plus libre", f'name="unit" value="{fleet.units["N18"].id}"')
    assert await fleet.holds(made) == ["N12"]
