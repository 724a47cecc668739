"""What one reads and does on the pages of a round."""

import re

import pytest
from sqlalchemy import insert

from entente.people.models import Organisation, OrganisationKind
from pistes.imports.service import bring_in
from pistes.rounds.feed import shown
from pistes.rounds.models import Given, Voice
from pistes.rounds.queries import asked, progress
from pistes.rounds.stories import stream_of
from registers import HEAD
from rounds_world import Evaluation, key, opened
from world import World

PAGE = "/pistes/evaluation"


def _address(evaluation: Evaluation, rest: str = "") -> str:
    return f"{PAGE}/{evaluation.round.id}{rest}"


async def test_a_round_is_opened_answered_and_closed_without_scripts(cotech: World) -> None:
    """Plain forms from one end to the other; the median stands in the table."""
    async with cotech.browser(cotech.camille) as browser:
        chosen = re.search(
            r'<option value="([^"]+)"[^>]*>Critères du rapport', (await browser.get(f"{PAGE}/nouveau")).text
        )
        assert chosen
        sent = {"title": "Printemps", "criteria": chosen[1], "voice_of": "commune", "middle": "high"}
        made = await browser.post(f"{PAGE}/nouveau", data=sent)
        assert made.status_code == 303
        here = made.headers["location"]
    async with cotech.browser(cotech.denise) as browser:
        assert "Vos notes sont attendues" in (await browser.get("/")).text
        form = re.search(rf'href="({here}/notes/[^"]+)"', (await browser.get(here)).text)
        assert form
        cells = re.findall(r'<select id="[^"]+" name="([^"]+)"', (await browser.get(form[1])).text)
        assert len(cells) == 6
        assert (await browser.post(form[1], data=dict.fromkeys(cells, "2"))).status_code == 303
        page = (await browser.get(form[1])).text
        assert page.count('<option value="2" selected>') == 6
        assert "1 sur 2" in page
        assert "Vos notes sont attendues" not in (await browser.get("/")).text
    async with cotech.browser(cotech.camille) as browser:
        assert (await browser.post(f"{here}/relance")).status_code == 303
        assert (await browser.post(f"{here}/cloture")).status_code == 303
        page = (await browser.get(here)).text
    assert page.count("<b>2</b>") == 6
    assert "moyenne 2" not in page


async def test_no_surface_tells_a_mark_before_the_round_closes(evaluation: Evaluation) -> None:
    """Brioude gives marks, then others: pages, files, forms and fragments of everybody else are the same."""
    world = evaluation.world
    own = await evaluation.voice(world.camille)

    async def seen() -> list[str]:
        pages = []
        addresses = ["/pistes", PAGE, _address(evaluation), f"/pistes/{evaluation.forum.id}", "/recherche?q=forum"]
        for who in ("camille", "ines", "bruno"):
            async with world.browser(world.people[who]) as browser:
                pages += [(await browser.get(each)).text for each in addresses]
                for kind in ("csv", "xlsx"):
                    assert (await browser.get(_address(evaluation, f"/resultats.{kind}"))).status_code == 404
                voice = await evaluation.voice(world.denise)
                assert (await browser.get(_address(evaluation, f"/notes/{voice.id}"))).status_code == 404
        async with world.browser(world.camille) as browser:
            pages.append((await browser.get(_address(evaluation, f"/notes/{own.id}"))).text)
        async with world.reading() as db:
            known = shown((await progress(db, [evaluation.round]))[evaluation.round.id]).context["progress"]
        return [*(re.sub(r'nonce="[^"]*"', "", page) for page in pages), str(known.voices)]

    await evaluation.says(world.denise, evaluation.all_of(1, 1, 1))
    before = await seen()
    await evaluation.says(world.denise, evaluation.all_of(3, 2, 3))
    after = await seen()
    assert before == after


async def test_htmx_saves_as_one_goes(evaluation: Evaluation) -> None:
    """One cell changes: what comes back says how many marks are given, and nothing else."""
    voice = await evaluation.voice(evaluation.world.denise)
    piste, criterion = key(evaluation.forum)
    async with evaluation.world.browser(evaluation.world.denise, htmx=True) as browser:
        answer = await browser.post(_address(evaluation, f"/notes/{voice.id}"), data={f"{piste}.{criterion}": "1"})
    assert answer.status_code == 200
    assert 'id="saved"' in answer.text
    assert "1\u00a0note" in answer.text


@pytest.mark.parametrize("value", ["7", "x", "-1"])
async def test_a_wrong_cell_comes_back_with_its_sentence(evaluation: Evaluation, value: str) -> None:
    """422, and nothing is saved."""
    voice = await evaluation.voice(evaluation.world.denise)
    piste, criterion = key(evaluation.forum)
    async with evaluation.world.browser(evaluation.world.denise) as browser:
        answer = await browser.post(_address(evaluation, f"/notes/{voice.id}"), data={f"{piste}.{criterion}": value})
    assert answer.status_code == 422
    assert "échelle" in answer.text


async def test_a_second_round_shows_the_spread_of_the_first(evaluation: Evaluation) -> None:
    """The form recalls median, quartiles and what one had said; the mean shows for whoever asks."""
    world = evaluation.world
    await evaluation.says(world.denise, evaluation.all_of(1, 1, 1))
    await evaluation.says(world.camille, evaluation.all_of(3, 1, 1))
    await evaluation.close()
    async with world.browser(world.camille) as browser:
        assert "moyenne 2,00" in (await browser.get(_address(evaluation, "?moyenne=oui"))).text
        assert "avis dispersés" in (await browser.get(_address(evaluation))).text
        lines = (await browser.get(_address(evaluation, "/resultats.csv"))).text
        assert "Forum;Potentiel;2;1;1;1;3;3;1;" in lines
        second = (await browser.post(_address(evaluation, "/second"))).headers["location"]
        form = re.search(rf'href="({second}/notes/[^"]+)"', (await browser.get(second)).text)
        assert form
        page = (await browser.get(form[1])).text
    assert "médiane 1, quartiles 1–3, vous 3" in page


async def test_forty_voices_cost_what_two_do(cotech: World) -> None:
    """The page of a round, its form and the list ask as many questions for forty voices and forty pistes."""
    costs = []
    for more in (0, 38):
        if more:
            lines = [f"{n},Piste {n},Économies,Réduire les coûts,1,1,1" for n in range(10, 10 + more)]
            async with cotech.working(cotech.camille) as work:
                await bring_in(work, "\n".join([HEAD, *lines]))
        made = await opened(cotech, title=f"Tour {more}")
        async with cotech.house.database.writing() as db:
            for n in range(more):
                place = Organisation(kind=OrganisationKind.COMMUNE, name=f"Commune {n}", short_name=f"C{n}")
                voice = Voice(round_id=made.id, organisation_id=place.id)
                db.add(place)
                await db.flush()
                db.add(voice)
                await db.flush()
                known = {"round_id": made.id, "voice_id": voice.id, "criterion": "potentiel", "at": made.opened_at}
                given = [{"piste_id": each.id, "level": n % 3 + 1, **known} for each in await asked(db, made.id)]
                await db.execute(insert(Given), given)
        here = f"{PAGE}/{made.id}"
        async with cotech.browser(cotech.camille) as browser:
            await browser.get(here)
            form = re.search(rf'href="({here}/notes/[^"]+)"', (await browser.get(here)).text)
            assert form
            with cotech.counting() as seen:
                for address in (PAGE, here, form[1]):
                    assert (await browser.get(address)).status_code == 200
            open_cost = len(seen)
            await browser.post(f"{here}/cloture")
            await browser.get(here)
            with cotech.counting() as seen:
                assert (await browser.get(here)).status_code == 200
        costs.append((open_cost, len(seen)))
    assert costs[0] == costs[1]


async def test_a_round_is_named_in_notices(evaluation: Evaluation) -> None:
    """Its title and address for a member, nothing for someone who has left."""
    tell = evaluation.world.house.tellers[stream_of(evaluation.round.id).kind]
    async with evaluation.world.reading() as db:
        told = await tell(db, evaluation.world.denise, [evaluation.round.id])
        assert await tell(db, evaluation.world.gone, [evaluation.round.id]) == {}
    assert told[evaluation.round.id].address == _address(evaluation)
