"""What one reads and does on the pages of the register."""

import re

import pytest

from entente import links
from entente.app import worker_of
from entente.ids import Ref
from entente.live import Fragment
from entente.web import templates
from pistes import feed
from pistes.imports.service import bring_in
from pistes.sheet import sheet_of
from pistes.stories import stream_of
from registers import HEAD, LIST, piste
from world import World


async def _get(world: World, address: str, who: str = "denise") -> str:
    async with world.browser(world.people[who]) as browser:
        answer = await browser.get(address)
    assert answer.status_code == 200, address
    return answer.text


def _rows(page: str) -> list[str]:
    return re.findall(r'<th scope="row"><a href="[^"]*">([^<]*)</a>', page)


async def test_the_table_shows_equals_together_and_says_why_one_is_set_aside(register: World) -> None:
    """Two rows of one level are bracketed; the reason stands in the row."""
    page = await _get(register, "/pistes")
    assert _rows(page) == ["Achats groupés", "Achats groupés", "Forum"]
    assert page.count('<tbody class="tied">') == 1
    assert "Écartée&nbsp;: Potentiel Modéré et Faisabilité Complexe" in page
    assert "3\u00a0lignes" in page
    assert "2\u00a0pistes" in page


@pytest.mark.parametrize(
    ("asked", "titles"),
    [
        ("note=potentiel-3", ["Forum"]),
        ("phase=reportees", []),
        ("tri=titre", ["Achats groupés", "Achats groupés", "Forum"]),
        ("note=potentiel-1&phase=exprimee&tri=communes", ["Achats groupés", "Achats groupés"]),
        ("objectif=x&commune=y&tri=z", []),
    ],
)
async def test_filters_are_addresses(register: World, asked: str, titles: list[str]) -> None:
    """Fewer rows, each at the rank it has among all; nothing found says so."""
    page = await _get(register, f"/pistes?{asked}")
    assert _rows(page) == titles
    assert ("Aucune piste ne répond" in page) == (not titles)


async def test_an_empty_register_says_what_to_do(world: World) -> None:
    """An administrator is led to the import; others wait."""
    assert "/pistes/import" in await _get(world, "/pistes", "ines")
    assert "/pistes/import" not in await _get(world, "/pistes")


async def test_a_longer_list_costs_no_more_questions(register: World) -> None:
    """Three rows or forty-three, on the table, the tree and the first page."""
    costs = []
    for more in (0, 40):
        if more:
            lines = [f"{n},Piste {n},Économies,Réduire les coûts,1,1,1" for n in range(10, 10 + more)]
            async with register.working(register.camille) as work:
                await bring_in(work, "\n".join([HEAD, *lines]))
        async with register.browser(register.denise) as browser:
            await browser.get("/pistes")
            with register.counting() as seen:
                for address in ("/pistes", "/pistes/arbre", "/"):
                    assert (await browser.get(address)).status_code == 200
        costs.append(len(seen))
    assert costs[0] == costs[1]


async def test_the_fragment_is_what_the_page_shows(register: World) -> None:
    """What arrives after a change equals what a fresh page holds."""
    found = await piste(register, "Forum")
    page = await _get(register, f"/pistes/{found.id}")
    async with register.reading() as db:
        sheet = await sheet_of(db, found.id)
    assert sheet
    shown: Fragment = feed.shown(sheet)
    assert shown.to == f"piste-{found.id}"
    assert str(templates.root(shown)) in page


async def test_a_mayor_takes_position_and_may_not_mark(register: World) -> None:
    """The form is there for what one may do, and the server refuses the rest."""
    found = await piste(register, "Forum")
    async with register.browser(register.denise) as browser:
        page = (await browser.get(f"/pistes/{found.id}")).text
        assert "/position" in page
        assert "/note" not in page
        sent = {"commune": str(register.brioude.id), "stance": "takes_part"}
        assert (await browser.post(f"/pistes/{found.id}/position", data=sent)).status_code == 303
        marked = await browser.post(f"/pistes/{found.id}/note", data={"criterion": "potentiel", "level": "1"})
        assert marked.status_code == 403
        assert "Participe" in (await browser.get(f"/pistes/{found.id}")).text


@pytest.mark.parametrize(
    ("door", "sent", "said"),
    [
        ("note", {"criterion": "potentiel", "level": "8", "reason": "Vu"}, "hors de l’échelle"),
        ("note", {"criterion": "potentiel", "level": "1"}, "Dites pourquoi vous fixez"),
        ("report", {"reason": "", "revisit_on": "2999-01-01"}, "Dites pourquoi cette piste est reportée."),
        ("report", {"reason": "Budget", "revisit_on": "2016-01-01"}, "Choisissez un jour à venir"),
        ("phase", {"phase": "lune"}, "Choisissez dans la liste."),
        ("fil", {"place": "x", "body": ""}, "Écrivez le premier message."),
    ],
)
async def test_what_is_wrong_is_said_on_the_page(register: World, door: str, sent: dict[str, str], said: str) -> None:
    """422, with the sentence, and the form that was refused is open."""
    found = await piste(register, "Forum")
    async with register.browser(register.camille) as browser:
        answer = await browser.post(f"/pistes/{found.id}/{door}", data=sent)
    assert answer.status_code == 422
    assert said in answer.text


async def test_a_thread_is_opened_about_a_piste_and_tied_to_it(register: World) -> None:
    """The forums and the register do not know each other: the tie is the house's, and only readers see it."""
    found = await piste(register, "Forum")
    async with register.browser(register.awa) as browser:
        for place, body in ((register.technique, "Qui en est ?"), (register.closed, "Entre nous.")):
            sent = {"place": str(place.id), "body": body}
            assert (await browser.post(f"/pistes/{found.id}/fil", data=sent)).status_code == 303
    async with register.reading() as db:
        tied = await links.of(db, stream_of(found.id))
    assert [ref.kind for ref in tied] == ["forums/thread"] * 2
    assert "CoPil" in await _get(register, f"/pistes/{found.id}", "awa")
    page = await _get(register, f"/pistes/{found.id}")
    assert [str(ref.id) in page for ref in tied].count(True) == 1
    assert "CoPil" not in page


async def test_a_piste_is_put_off_and_taken_back_on_its_page(register: World) -> None:
    """The reason stands on the page and in the table; a button brings it back."""
    found = await piste(register, "Forum")
    async with register.browser(register.camille) as browser:
        sent = {"reason": "Après le budget.", "revisit_on": "2999-01-01"}
        assert (await browser.post(f"/pistes/{found.id}/report", data=sent)).status_code == 303
        assert "Après le budget." in (await browser.get(f"/pistes/{found.id}")).text
        assert _rows((await browser.get("/pistes?phase=reportees")).text) == ["Forum"]
        assert (await browser.post(f"/pistes/{found.id}/reprise")).status_code == 303
        assert _rows((await browser.get("/pistes?phase=reportees")).text) == []


async def test_a_file_is_looked_at_before_it_is_confirmed(register: World) -> None:
    """Upload, every row in French, then all of it; a wrong line offers no confirmation."""
    good = LIST.replace("3,2,3", "2,2,3")
    async with register.browser(register.camille) as browser:
        seen = await browser.post("/pistes/import", files={"file": ("liste.csv", good.encode(), "text/csv")})
        assert "Potentiel\u00a0: 3 → 2." in seen.text
        assert "Importer 1\u00a0ligne" in seen.text
        wrong = await browser.post("/pistes/import", data={"text": LIST.replace("3,2,3", "9,2,3")})
        assert "hors de l’échelle" in wrong.text
        assert "/confirmation" not in wrong.text
        refused = await browser.post("/pistes/import/confirmation", data={"text": LIST.replace("3,2,3", "9,2,3")})
        assert refused.status_code == 422
        assert "Rien n’a été importé." in refused.text
        assert (await browser.post("/pistes/import/confirmation", data={"text": good})).status_code == 303
    assert _rows(await _get(register, "/pistes?note=potentiel-2")) == ["Forum"]


async def test_my_commune_is_told_what_awaits_it(register: World) -> None:
    """Brioude proposed « Forum » and said nothing of the other; Bruno does not speak for it."""
    page = await _get(register, "/")
    assert "Pistes qui attendent Brioude" in page
    assert "Achats groupés" in page
    assert "Pistes qui attendent" not in await _get(register, "/", "bruno")


async def test_a_piste_is_found_by_its_words(register: World) -> None:
    """The search of the house leads to it, for members alone."""
    worker = worker_of(register.house)
    while await worker.work_once():
        pass
    found = await piste(register, "Achats groupés")
    assert f"/pistes/{found.id}" in await _get(register, "/recherche?q=achats+groupés")


async def test_a_piste_is_named_elsewhere_for_members_alone(register: World) -> None:
    """What the house tells of it, and to whom."""
    found = await piste(register, "Forum")
    tell = register.house.tellers["pistes/piste"]
    async with register.reading() as db:
        told = await tell(db, register.denise, [found.id])
        assert await tell(db, register.gone, [found.id]) == {}
    assert told[found.id].address == f"/pistes/{found.id}"
    assert str(Ref("pistes/piste", found.id)) == str(stream_of(found.id))
