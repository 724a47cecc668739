"""The tree as whoever keeps the register changes it, page by page."""

from uuid import UUID

import pytest

from entente.rules import Invalid
from pistes.imports.service import bring_in
from pistes.tree import queries as trees
from pistes.tree import service
from pistes.tree.models import NodeKind
from registers import TREE, piste
from world import World


async def _ways(world: World, title: str) -> list[str]:
    async with world.reading() as db:
        tree = await trees.tree(db)
    return sorted(" › ".join(step.title for step in each.way) for each in tree.walk() if each.title == title)


async def _node(world: World, title: str) -> UUID:
    async with world.reading() as db:
        return next(each.node.id for each in (await trees.tree(db)).walk() if each.title == title)


async def test_a_piste_gets_a_place_moves_and_leaves_one(register: World) -> None:
    """« papier » comes under « Forum » as well, then goes to « Réseau », then leaves it."""
    paper = await piste(register, "papier")
    forum, network = await _node(register, "Forum"), await _node(register, "Réseau")
    async with register.browser(register.camille) as browser:
        page = f"/pistes/{paper.id}/places"
        assert (await browser.post(page, data={"under": str(forum)})).status_code == 303
        assert "Esprit › Réseau › Forum › papier" in await _ways(register, "papier")
        async with register.reading() as db:
            [made] = [each for each in (await trees.tree(db)).places_of(paper.id) if each.node.parent_id == forum]
        place = f"/pistes/places/{made.node.id}"
        assert (await browser.post(f"{place}/deplacement", data={"under": str(network)})).status_code == 303
        assert "Esprit › Réseau › papier" in await _ways(register, "papier")
        assert (await browser.post(f"{place}/retrait")).status_code == 303
        assert len(await _ways(register, "papier")) == 1
        left = next(each.node.id for each in (await _tree(register)).places_of(paper.id))
        last = await browser.post(f"/pistes/places/{left}/retrait")
    assert last.status_code == 422
    assert "garde au moins une place" in last.text


async def _tree(world: World) -> trees.Tree:
    async with world.reading() as db:
        return await trees.tree(db)


@pytest.mark.parametrize(
    ("door", "under", "said"),
    [
        ("deplacement", "papier", service.CYCLE),
        ("places", "papier", service.CYCLE),
        ("places", "Réduire les coûts", service.TWICE),
        ("places", "Économies", "Choisissez une déclinaison ou une piste."),
    ],
)
async def test_a_place_that_cannot_be_is_said_beside_its_field(
    register: World, door: str, under: str, said: str
) -> None:
    """« Achats groupés » holds « papier »: neither by moving nor by adding does it come under it."""
    whole = await piste(register, "Achats groupés")
    node = next(each for each in (await _tree(register)).places_of(whole.id) if each.under)
    address = f"/pistes/{whole.id}/places" if door == "places" else f"/pistes/places/{node.node.id}/deplacement"
    async with register.browser(register.camille) as browser:
        answer = await browser.post(address, data={"under": str(await _node(register, under))})
    assert answer.status_code == 422
    assert said in answer.text
    assert 'id="error-under"' in answer.text


async def test_an_objectif_and_its_declinaison_are_made_and_renamed(register: World) -> None:
    """Two of one name under one objectif are one too many; a stranger to the committee has no door."""
    page = "/pistes/arbre/rubriques"
    async with register.browser(register.camille) as browser:
        assert (await browser.post(page, data={"label": "Partage"})).status_code == 303
        objectif = await _node(register, "Partage")
        for label in ("Prêter", "Donner"):
            assert (await browser.post(page, data={"label": label, "under": str(objectif)})).status_code == 303
        lent = f"{page}/{await _node(register, 'Prêter')}"
        refused = await browser.post(lent, data={"label": "DONNER"})
        assert refused.status_code == 422
        assert service.NAMED in refused.text
        assert (await browser.post(lent, data={"label": "Prêter le matériel"})).status_code == 303
        assert (await browser.post(f"{page}/{await _node(register, 'Forum')}", data={"label": "x"})).status_code == 404
    assert await _ways(register, "Prêter le matériel") == ["Partage › Prêter le matériel"]
    async with register.browser(register.bruno) as browser:
        assert (await browser.post(lent, data={"label": "Rien"})).status_code == 403


async def test_a_file_that_uses_the_former_name_changes_nothing(register: World) -> None:
    """« Réduire les coûts » is renamed, and back: the same file still means the same place, and none is added."""
    async with register.working(register.camille) as work:
        node = await _node(register, "Réduire les coûts")
        await service.rename(work, node, "Dépenser moins")
    before = sum(1 for _ in (await _tree(register)).walk())
    async with register.working(register.camille) as work:
        await bring_in(work, TREE)
    assert sum(1 for _ in (await _tree(register)).walk()) == before
    async with register.working(register.camille) as work:
        await service.rename(work, node, "Réduire les coûts")
        other = await service.label(work, NodeKind.DECLINAISON, "Autre", (await _tree(register)).roots[0].node.id)
        with pytest.raises(Invalid):
            await service.rename(work, other.id, "Dépenser moins")
