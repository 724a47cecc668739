"""The board: each piste once in the column of its phase, and a form on its card."""

import re

from registers import piste
from world import World


async def _columns(register: World, who: str = "denise") -> dict[str, list[str]]:
    async with register.browser(register.people[who]) as browser:
        page = (await browser.get("/pistes/phases")).text
    sections = re.findall(r'<h2 id="phase-(\w+)">.*?<span class="count">(\d+)</span>(.*?)</section>', page, re.DOTALL)
    found = {phase: re.findall(r"<h3><a [^>]*>([^<]*)</a>", cards) for phase, _, cards in sections}
    assert all(len(found[phase]) == int(count) for phase, count, _ in sections)
    return found


async def test_a_piste_is_moved_from_its_card(register: World) -> None:
    """It leaves one column for the other; a piste that stands twice has one card."""
    assert (await _columns(register))["exprimee"] == ["Achats groupés", "Forum"]
    forum = await piste(register, "Forum")
    async with register.browser(register.camille) as browser:
        assert "Déplacer" in (await browser.get("/pistes/phases")).text
        sent = {"phase": "initialisation", "seen": "exprimee"}
        answer = await browser.post(f"/pistes/phases/{forum.id}", data=sent)
        refused = await browser.post(f"/pistes/phases/{forum.id}", data={"phase": "etude", "seen": "initialisation"})
        late = await browser.post(f"/pistes/phases/{forum.id}", data=sent)
    assert answer.headers["location"] == f"/pistes/phases#piste-{forum.id}"
    assert (refused.status_code, late.status_code) == (422, 409)
    assert "demande une décision «\u00a0go\u00a0» enregistrée" in refused.text
    assert "Jalon suivant&nbsp;: étude, décision&nbsp;: comité de pilotage" in refused.text
    columns = await _columns(register)
    assert columns["initialisation"] == ["Forum"]
    assert columns["exprimee"] == ["Achats groupés"]


async def test_who_does_not_keep_the_register_moves_nothing(register: World) -> None:
    """No form on the card, and a refusal for whoever sends one; an unknown phase is told."""
    forum = await piste(register, "Forum")
    async with register.browser(register.denise) as browser:
        assert "Déplacer" not in (await browser.get("/pistes/phases")).text
        sent = await browser.post(f"/pistes/phases/{forum.id}", data={"phase": "initialisation"})
        assert sent.status_code == 403
    async with register.browser(register.camille) as browser:
        wrong = await browser.post(f"/pistes/phases/{forum.id}", data={"phase": "ailleurs"})
    assert wrong.status_code == 422
    assert "Choisissez dans la liste." in wrong.text
    assert "<details open>" in wrong.text
    assert (await _columns(register))["exprimee"] == ["Achats groupés", "Forum"]
