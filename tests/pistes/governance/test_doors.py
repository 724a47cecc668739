"""What one reads and does on the pages of decisions and of the protocol."""

import re
from typing import Any

import pytest

from entente.web import templates
from pistes import feed
from pistes.models import Phase
from pistes.sheet import sheet_of

NEW = "/pistes/decisions/nouvelle"


def _typed(council: Any, **said: str) -> dict[str, str]:
    sat = {f"seat-{seat}": str(person) for seat, person in council.sat().items()}
    given = {
        "body": str(council.world.copil.id),
        "decided_on": "2026-03-10",
        "title": "Passer en étude",
        "motive": "Deux communes la demandent.",
        "piste": str(council.forum.id),
        "gate": "etude",
        "seen": "initialisation",
        "outcome": "go",
    }
    return {**given, **sat, **said}


async def test_a_secretary_writes_a_decision_down_and_the_piste_passes(council: Any) -> None:
    """From the page of the piste to the page of the decision, with a document, in plain forms."""
    world = council.world
    async with world.browser(world.denise) as browser:
        page = (await browser.get(f"/pistes/{council.forum.id}")).text
        [way] = re.findall(r'href="(/pistes/decisions/nouvelle\?[^"]*)"', page)
        form = (await browser.get(way.replace("&amp;", "&") + "&decided_on=2026-03-10")).text
        assert form.count('<select id="seat-') == 2
        document = {"files": ("note.txt", b"Note de synthese", "text/plain")}
        answer = await browser.post(NEW, data=_typed(council), files=document)
        assert answer.status_code == 303, answer.text
        page = (await browser.get(answer.headers["location"])).text
        [file] = re.findall(r'href="(/pistes/decisions/[^"]*/documents/[^"]*)"', page)
        assert (await browser.get(file)).content == b"Note de synthese"
        piste = (await browser.get(f"/pistes/{council.forum.id}")).text
    assert await council.phase() is Phase.ETUDE
    for said in ("D-2026-001", "Deux communes la demandent.", "2 sur 2\u00a0sièges", "Sans mandat"):
        assert said in page
    assert "passage en phase «&nbsp;Projet&nbsp;»" in piste
    async with world.browser(world.gone) as browser:
        assert (await browser.get(file)).status_code == 404


@pytest.mark.parametrize(
    ("said", "status", "sentence"),
    [
        ({"motive": ""}, 422, "Écrivez le motif de la décision."),
        ({"outcome": ""}, 422, "Un jalon se décide par"),
        ({"decided_on": "2026-02-30"}, 422, "Cette date n’existe pas"),
        ({"review_on": "2020-01-01"}, 422, "La date de revue vient après la décision."),
        ({"seat-0197a000-0000-7000-8000-00000000dead": "x"}, 422, "n’avait pas de siège"),
        ({"seen": "projet"}, 409, "Ce jalon n’est plus à décider"),
        ({"gate": "projet"}, 409, "Ce jalon n’est plus à décider"),
    ],
    ids=["no motive", "no outcome", "no such day", "review before", "no seat", "late", "another gate"],
)
async def test_a_wrong_form_is_refused_in_french_and_nothing_is_done(
    council: Any, said: dict[str, str], status: int, sentence: str
) -> None:
    """What was typed comes back; neither decision, nor phase, nor document is left behind."""
    world = council.world
    async with world.browser(world.denise) as browser:
        document = {"files": ("note.txt", b"Note", "text/plain")}
        answer = await browser.post(NEW, data=_typed(council, **said), files=document)
        assert "Aucune décision" in (await browser.get("/pistes/decisions")).text
    assert (answer.status_code, sentence in answer.text) == (status, True), answer.text
    assert await council.phase() is Phase.INITIALISATION
    assert [name async for name, _ in world.house.files.names("decisions")] == []


async def test_others_are_told_why_they_may_not(council: Any) -> None:
    """Bruno is no secretary; nobody edits a decision; a phase without its go is said beside the field."""
    world = council.world
    made = await council.decides(council.form())
    async with world.browser(world.bruno) as browser:
        refused = await browser.post(NEW, data=_typed(council))
        edited = await browser.post(f"/pistes/decisions/{made.id}", data={"motive": "Autre"})
    assert (refused.status_code, "Seuls le secrétaire" in refused.text) == (403, True)
    assert (edited.status_code, "ne se modifie pas" in edited.text) == (409, True)
    async with world.browser(world.camille) as browser:
        moved = await browser.post(f"/pistes/{council.forum.id}/phase", data={"phase": "etude"})
    assert (moved.status_code, "demande une décision" in moved.text) == (422, True)


@pytest.mark.parametrize(
    ("asked", "count"),
    [
        ("", 3),
        ("q=étude", 1),
        ("annee=2025", 1),
        ("issue=go", 1),
        ("etat=vigueur", 3),
        ("instance=x", 0),
        ("q=100%25", 0),
        ("page=9", 0),
    ],
)
async def test_filters_of_the_register_are_addresses(council: Any, asked: str, count: int) -> None:
    """The list and its file answer the same question."""
    await council.decides(council.form(decided_on="2025-12-09"))
    await council.decides(council.form())
    await council.decides(council.at_gate(title="Passer en étude"))
    async with council.world.browser(council.world.bruno) as browser:
        page = (await browser.get(f"/pistes/decisions?{asked}")).text
        file = (await browser.get(f"/pistes/decisions.csv?{asked}")).text
        assert (await browser.get(f"/pistes/decisions.xlsx?{asked}")).content[:2] == b"PK"
    assert len(re.findall(r'<th scope="row">', page)) == count
    if "page" not in asked:
        assert len(file.splitlines()) == count + 1


async def test_a_longer_register_costs_no_more_questions(council: Any) -> None:
    """One decision or eleven, on the list and on the page of the piste."""
    costs = []
    for more in (1, 10):
        for _ in range(more):
            await council.decides(council.at_gate("rework"))
        async with council.world.browser(council.world.denise) as browser:
            await browser.get("/pistes/decisions")
            with council.world.counting() as seen:
                for address in ("/pistes/decisions", f"/pistes/{council.forum.id}"):
                    assert (await browser.get(address)).status_code == 200
        costs.append(len(seen))
    assert costs[0] == costs[1]


async def test_a_gate_that_is_passed_shows_on_open_pages(council: Any) -> None:
    """The streams of the piste, of the register and of decisions move, and the fragment is the page's own."""
    world = council.world
    world.rung.clear()
    await council.decides(council.at_gate())
    assert {rung.stream.rpartition("/")[0] for rung in world.rung} == {
        "pistes/piste",
        "pistes/register",
        "pistes/decisions",
    }
    async with world.reading() as db:
        sheet = await sheet_of(db, council.forum.id)
    assert sheet
    fragment = str(templates.root(feed.shown(sheet)))
    async with world.browser(world.bruno) as browser:
        assert fragment in (await browser.get(f"/pistes/{council.forum.id}")).text
    assert "D-2026-001" in fragment


async def test_a_protocol_is_written_by_who_keeps_the_register(council: Any) -> None:
    """Empty with its notice; then version 1; whoever is late is told, others may not."""
    world = council.world
    form = {"kind": "generale", "version": "0", "title": "Base générale", "cell-etude-cotech": "Compare"}
    form |= {f"gate-{phase}": "copil" for phase in ("etude", "projet", "mise_en_oeuvre")}
    async with world.browser(world.camille) as browser:
        assert "est perdu" in (await browser.get("/pistes/protocole")).text
        wrong = await browser.post(
            "/pistes/protocole/modifier", data=form | {"title": " ", "cell-etude-copil": "x" * 601}
        )
        assert (wrong.status_code, wrong.text.count('class="error"')) == (422, 2)
        assert (await browser.post("/pistes/protocole/modifier", data=form)).status_code == 303
        page = (await browser.get("/pistes/protocole")).text
        assert (await browser.post("/pistes/protocole/modifier", data=form)).status_code == 409
    assert "Compare" in page
    assert "est perdu" not in page
    async with world.browser(world.bruno) as browser:
        assert (await browser.post("/pistes/protocole/modifier", data=form)).status_code == 403
