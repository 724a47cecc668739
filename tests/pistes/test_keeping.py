"""What is worked out once for all readers, and never says anything that is no longer so."""

import asyncio
import re
from collections.abc import Sequence
from random import Random

import pytest
from security.streams import following

import deeds
from deeds import One
from entente.rules import NotFound
from entente.web import templates
from pistes.ranking import filters, keeping
from pistes.ranking.filters import Chosen, Slice
from pistes.ranking.keeping import present
from pistes.ranking.queries import board
from pistes.rounds.feed import closings_feed
from pistes.rounds.stories import CLOSINGS
from rounds_world import Evaluation
from world import World

PAGES = ("/pistes", "/pistes/arbre", "/pistes/carte")


async def _seen(world: World) -> list[str]:
    """What the pages of the register say, their scripts' secrets aside."""
    found = []
    async with world.browser(world.camille) as browser:
        for address in PAGES:
            answer = await browser.get(address)
            assert answer.status_code == 200, address
            found.append(re.sub(r'nonce[-="]+[^"\'; ]+|data-streams="[^"]*"', "", answer.text))
    return found


def _forget() -> None:
    keeping._shelves.clear()
    templates._kept.clear()


async def test_what_is_kept_never_says_what_is_no_longer_so(cotech: World) -> None:
    """After each thing that may be done to a register, its pages are those of a house that has kept nothing."""
    draw = Random(6)

    def pick(options: Sequence[One]) -> One:
        return options[draw.randrange(len(options))]

    before, moved = await _seen(cotech), set()
    for deed in deeds.ALL:
        async with cotech.working(cotech.camille) as work:
            await deeds.done(deed, work, pick)
        kept = await _seen(cotech)
        _forget()
        assert kept == await _seen(cotech), deed.__name__
        if kept != before:
            moved.add(deed.__name__)
        before = kept
    assert len(moved) > len(deeds.ALL) * 3 // 4


async def test_the_register_is_worked_out_once_for_all_who_come_at_once(cotech: World) -> None:
    """Five readers, one reading of the tree; then two questions each, until something changes."""

    async def look() -> object:
        async with cotech.reading() as db:
            return await present(db)

    _forget()
    with cotech.counting() as seen:
        found = await asyncio.gather(*(look() for _ in range(5)))
    assert len(set(map(id, found))) == 1
    assert sum("FROM piste_node" in statement for statement in seen) == 1
    with cotech.counting() as seen:
        assert await look() is found[0]
    assert len(seen) == 2
    async with cotech.working(cotech.camille) as work:
        await deeds.rename(work, lambda options: options[0])
    assert await look() is not found[0]


async def test_what_is_not_saved_yet_is_shown_to_nobody(cotech: World) -> None:
    """Camille renames and thinks better of it: whoever looks meanwhile, or after, sees the former title."""

    async def think_better() -> None:
        async with cotech.working(cotech.camille) as work:
            await deeds.rename(work, lambda options: options[0])
            await work.db.flush()
            assert "bis" in str([line.piste.title for line in (await board(work.db)).lines])
            raise RuntimeError("after all")

    with pytest.raises(RuntimeError, match="after all"):
        await think_better()
    assert "bis" not in "".join(await _seen(cotech))


async def test_a_long_ranking_comes_page_by_page(register: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two rows to a page: each row once, at its rank, whatever the sort; the file holds them all."""
    monkeypatch.setattr(filters, "PER_PAGE", 2)
    async with register.browser(register.denise) as browser:
        first = (await browser.get("/pistes")).text
        second = (await browser.get("/pistes?page=2")).text
        beyond = (await browser.get("/pistes?page=99")).text
        narrow = (await browser.get("/pistes?tri=titre&page=2")).text
        whole = (await browser.get("/pistes/classement.csv")).text
    assert "3\u00a0lignes</b>, ici 1 à 2" in first
    assert [re.findall(r'number rank">(\d)', page) for page in (first, second, beyond)] == [["1", "2"], ["3"], ["3"]]
    assert 'rel="next" href="/pistes?page=2"' in first
    assert 'rel="prev" href="/pistes"' in second
    assert 'rel="prev" href="/pistes?tri=titre"' in narrow
    assert len(whole.splitlines()) == 4


@pytest.mark.parametrize(("asked", "number"), [("", 1), ("0", 1), ("-1", 1), ("²", 1), ("3", 3), ("999999", 1)])
def test_a_page_is_a_number(asked: str, number: int) -> None:
    """Anything else is the first page; a page of nothing is the first too."""
    assert Chosen.of({"page": asked}).page == number
    assert (Slice.of([], 7).number, Slice.of([], 7).count) == (1, 1)


async def test_a_closed_round_is_heard_on_the_pages_of_its_pistes(evaluation: Evaluation) -> None:
    """Bruno reads about « Forum »: his page starts afresh as the round closes, and then says what was computed."""
    world = evaluation.world
    await evaluation.says(world.denise, evaluation.all_of(1, 1, 1))
    world.app.middleware_stack = world.app.build_middleware_stack()
    async with world.app.router.lifespan_context(world.app), world.browser(world.bruno) as browser:
        here = f"/pistes/{evaluation.forum.id}"
        page = (await browser.get(here)).text
        assert f'id="piste-{evaluation.forum.id}" data-living' in page
        cursors = re.findall(r"pistes/[a-z]+/[0-9a-f-]+@\w+:\d+", page)
        async with following(world.app, await world.cookie(world.bruno), *cursors) as line:
            await evaluation.close()
            assert (await line.until("reset", 60)).data == str(CLOSINGS)
        assert "(calculée" not in page
        assert "(calculée" in (await browser.get(here)).text
    async with world.reading() as db:
        with pytest.raises(NotFound):
            await closings_feed.watch(db, world.gone, CLOSINGS.id)
