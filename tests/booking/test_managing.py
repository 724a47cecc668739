"""The desk of whoever keeps equipment: what awaits them, and every page they need, in one place."""

from booking.blocks import service as blocks
from booking_world import Fleet, between
from entente.people.who import Who

PAGE = "/reservations/gerer"
PAGES = ("a-approuver", "controles", "depots", "reglements", "quotas", "etiquettes", "import", "absences", "chiffres")


async def _read(fleet: Fleet, who: Who) -> tuple[str, int]:
    world = fleet.world
    async with world.browser(who) as browser:
        with world.counting() as asked:
            answer = await browser.get(PAGE)
    assert answer.status_code == 200
    return answer.text.replace("&nbsp;", "\u00a0"), len(asked)


async def test_a_keeper_finds_every_page_and_what_is_kept_back(fleet: Fleet) -> None:
    """Camille reads her units, what is in repair and why, with a link to each page; one more costs no question."""
    world = fleet.world
    counts = set()
    for after in (10, 20):
        async with world.working(world.camille) as work:
            await blocks.block(work, fleet.units["N12"], between(8, 12, after=after), f"Vérin {after}")
        page, questions = await _read(fleet, world.camille)
        counts.add(questions)
    assert len(counts) == 1
    for words in (*(f'href="/reservations/{each}"' for each in PAGES), "Vérin 10", "Vérin 20"):
        assert words in page, words
    assert f"/reservations/unites/{fleet.units['N18'].id}/immobilisation" in page
    async with world.browser(world.camille) as browser:
        assert f'href="{PAGE}"' in (await browser.get("/reservations")).text


async def test_who_keeps_nothing_reads_nothing_of_it(fleet: Fleet) -> None:
    """Bruno finds no way to the desk, and there no unit, no repair and no rule."""
    world = fleet.world
    async with world.working(world.camille) as work:
        await blocks.block(work, fleet.units["N12"], between(8, 12), "Vérin percé")
    page, _ = await _read(fleet, world.bruno)
    assert "Vous ne gardez pas de matériel" in page
    assert "Vérin percé" not in page
    assert "Nacelle N12" not in page
    async with world.browser(world.bruno) as browser:
        assert PAGE not in (await browser.get("/reservations")).text
