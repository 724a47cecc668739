"""Every page there is, as each kind of reader meets it: accessible, narrow, enlarged, in the dark."""

import re
from collections.abc import AsyncIterator, Iterator
from typing import Any
from uuid import UUID

import pytest
import pytest_asyncio
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, Page
from sqlalchemy import text
from starlette.routing import BaseRoute, Mount, Route

from e2e.windows import KEEPER, LUDIVINE, SAMIR, Demo, Windows
from entente import app, health
from entente.people.models import Group

NOT_PAGES = re.compile(
    r"^/flux/|^/\.well-known/|^/ical/|\.(csv|xlsx|svg|pdf|docx)$|^/live$|^/photos/|^/forums/(fichiers|documents)/|^/forums/mentions$|^/sante/"
    r"|^/metriques$|^/administration/$|^/forums/messages/\{id\}$|^/reservations/((r|fichiers)/|criteres$)"
    r"|^/planning/(pieces/|reunions/delai$)|^/forums/messages/\{id\}/suite$"
    r"|^/pistes/evaluation/\{id\}/notes/|^/pistes/.*\.\{kind\}$|^/pistes/decisions/\{id\}/documents/"
)
"""Files, streams, pictures, figures, pieces of a page, and addresses that lead to another page."""
IDS = {
    "/planning/reunions/": (
        "SELECT meeting.id FROM meeting JOIN body ON body.id = body_id "
        "WHERE kind = 'conseil_communautaire' AND state = 'planned' ORDER BY starts_at"
    ),
    "/planning/points/": (
        "SELECT meeting_item.id FROM meeting_item JOIN meeting ON meeting.id = meeting_id "
        "WHERE state = 'planned' ORDER BY starts_at"
    ),
    "/planning/salles/": "SELECT id FROM planning_hall",
    "/planning/instances/": "SELECT id FROM body WHERE kind = 'copil'",
    "/agendas/exterieurs/": (
        "SELECT outside_source.id FROM outside_source JOIN person ON person.id = person_id "
        "WHERE family_name = :family_name"
    ),
    "/pistes/places/": "SELECT id FROM piste_node WHERE piste_id IS NOT NULL ORDER BY source_line",
    "/pistes/arbre/rubriques/": "SELECT id FROM piste_node WHERE kind = 'declinaison'",
    "/pistes/textes/": "SELECT id FROM piste_claim ORDER BY place DESC",
    "/pistes/decisions/": "SELECT id FROM piste_decision WHERE supersedes_id IS NOT NULL",
    "/pistes/evaluation/": "SELECT id FROM piste_round WHERE closed_at IS NOT NULL",
    "/pistes/classements/": "SELECT id FROM piste_ranking",
    "/pistes/": "SELECT id FROM piste WHERE title = 'Achats groupés'",
    "/forums/fils/{id}/achat/gestion": "SELECT thread_id FROM purchase",
    "/forums/fils/{id}/achat/{organisation}": "SELECT thread_id FROM purchase",
    "/forums/fils/{id}/connaissance": "SELECT thread_id FROM announcement",
    "/forums/fils/": "SELECT id FROM thread WHERE title LIKE 'Sel de déneigement%'",
    "/forums/messages/{id}/signalement": (
        "SELECT post.id FROM post JOIN thread ON thread.id = thread_id JOIN person ON person.id = post.author_id "
        "WHERE family_name <> :family_name AND title LIKE 'Sel de déneigement%'"
    ),
    "/forums/messages/{id}/historique": "SELECT post_id FROM post_revision",
    "/forums/messages/{id}/masquage": (
        "SELECT post.id FROM post JOIN thread ON thread.id = thread_id WHERE title LIKE 'Sel de déneigement%'"
    ),
    "/forums/messages/": (
        "SELECT post.id FROM post JOIN thread ON thread.id = thread_id JOIN person ON person.id = post.author_id "
        "WHERE family_name = :family_name AND post.deleted_at IS NULL AND closed_at IS NULL"
    ),
    "/reservations/bloc/": (
        "SELECT reservation.id FROM reservation JOIN person ON person.id = person_id "
        "WHERE family_name <> :family_name AND state = 'blocked'"
    ),
    "/reservations/etiquettes/": "SELECT id FROM depot WHERE name LIKE 'Magasin des fêtes%'",
    "/reservations/{id}/unites": (
        "SELECT reservation_id FROM allocation JOIN unit ON unit.id = unit_id "
        "WHERE code = 'MIN-02' AND state = 'confirmed'"
    ),
    "/reservations/demandes/": (
        "SELECT booking_order.id FROM booking_order JOIN person ON person.id = person_id "
        "WHERE family_name = :family_name"
    ),
    "/reservations/unites/{id}/description": "SELECT id FROM unit WHERE code = 'NAC-18'",
    "/reservations/immobilisations/": "SELECT id FROM reservation WHERE state = 'blocked' AND purpose LIKE 'Vérif%'",
    "/reservations/unites/{id}/immobilisation": "SELECT id FROM unit WHERE code = 'NAC-18'",
    "/reservations/unites/{id}/contenance": "SELECT id FROM unit WHERE code = 'NAC-18'",
    "/reservations/unites/{id}/controles": "SELECT id FROM unit WHERE code = 'NAC-18'",
    "/reservations/depots/": "SELECT id FROM depot WHERE name LIKE 'Ateliers municipaux%'",
    "/reservations/controles/{id}/fait": (
        "SELECT unit_inspection.id FROM unit_inspection JOIN unit ON unit.id = unit_id WHERE code = 'NAC-18'"
    ),
    "/reservations/reglements/": (
        "SELECT regulation.id FROM regulation JOIN function ON organisation_id = owner_id AND kind = 'gestionnaire' "
        "JOIN person ON person.id = person_id WHERE family_name = 'Ouadah'"
    ),
    "/reservations/unites/": "SELECT id FROM unit WHERE code = 'SCE-01'",
    "/reservations/": (
        "SELECT reservation.id FROM reservation JOIN person ON person.id = person_id "
        "WHERE family_name = :family_name AND state = 'confirmed' ORDER BY starts_at DESC"
    ),
    "/annuaire/instances/": "SELECT id FROM body WHERE name LIKE 'Conférence des maires%'",
    "/annuaire/": "SELECT id FROM person WHERE family_name = 'Sauzeau'",
    "/administration/personnes/": "SELECT person_id FROM function WHERE until IS NULL ORDER BY person_id",
    "/administration/organisations/": "SELECT organisation_id FROM membership ORDER BY organisation_id",
    "/administration/instances/": "SELECT body_id FROM seat WHERE until IS NULL ORDER BY body_id",
    "/administration/groupes/": "SELECT id FROM circle",
}
QUERIES = {
    "/reservations/nouvelle": "?what=nacelle&day=2026-02-30&start=8",
    "/reservations/attente": "?what=nacelle&day=2026-02-30&start=8",
}
"""What is asked of a page that shows nothing to whoever asks nothing."""
PARTS = {
    "grid": "SELECT id FROM piste_afor WHERE piste_id = :id",
    "function": "SELECT id FROM function WHERE person_id = :id AND until IS NULL",
    "period": "SELECT id FROM membership WHERE organisation_id = :id",
    "organisation": "SELECT id FROM organisation WHERE name = 'Gond-Pontouvre'",
    "seat": "SELECT id FROM seat WHERE body_id = :id AND until IS NULL",
}
SECRETS = {
    "/connexion/lien/{secret}": "un-lien-qui-a-servi",
    "/connexion/lien/adresse/{secret}": "un-lien-qui-a-servi",
    "/invitation/{secret}": "une-invitation-expiree",
    "/desabonnement/{secret}": "un-lien-que-personne-n-a-signe",
    "/planning/reponse/{secret}": "un-lien-que-personne-n-a-recu",
}


def _paths(routes: list[BaseRoute], before: str = "") -> Iterator[str]:
    for route in routes:
        if isinstance(route, Mount):
            yield from _paths(route.routes, before + route.path)
        elif isinstance(route, Route) and "GET" in (route.methods or ()):
            yield before + route.path


PAGES = sorted(
    {path for room in app.rooms() for path in _paths(list(room.routes)) if not NOT_PAGES.search(path)}
    | {path for path in _paths(list(health.routes)) if not NOT_PAGES.search(path)}
)
SIDEWAYS = """() => [...document.querySelectorAll("main .table-wrap")]
    .filter((wrap) => wrap.scrollWidth > wrap.clientWidth).map((wrap) => wrap.innerText.slice(0, 60))"""
"""The tables that one must push to read, on a narrow screen."""
FOR_ALL = ("/connexion", "/invitation/", "/desabonnement/", "/mentions-legales", "/accessibilite", "/courrier")
KEPT = re.compile(
    r"^/reservations/(unites/\{id\}/(description|immobilisation|controles|contenance)|import|quotas|\{id\}/unites"
    r"|reglements/.*(edition|acceptations)|controles/.*|immobilisations/.*|depots/.+)$"
)
"""Pages of whoever keeps equipment, as Samir does."""
KEEPS_MORE = re.compile(
    r"^/reservations/(parc|chiffres|depots|controles|absences|reglements(/nouveau)?|unites/\{id\}|types/\{slug\})$"
)
"""Pages that show more to whoever keeps equipment than to others."""
LEVELS = "/reservations/types/{slug}/accords"
SECRETARIES = (
    *("/planning/reunions/nouvelle", "/planning/reunions/{id}/", "/planning/points/", "/planning/instances"),
    *("/planning/salles/", "/planning/conflits"),
)
"""Pages of those who write the meetings of a body."""
EDITORS = (
    "/pistes/evaluation/nouveau",
    *("/pistes/nouvelle", "/pistes/import", "/pistes/{id}/modifier", "/pistes/{id}/places"),
    *("/pistes/places/", "/pistes/arbre/rubriques", "/pistes/textes/"),
    *("/pistes/criteres/{family}/modifier", "/pistes/criteres/nouveau"),
    *("/pistes/{id}/fiche/modifier", "/pistes/{id}/afor/"),
    *("/pistes/decisions/nouvelle", "/pistes/protocole/modifier"),
)
"""Pages of those who keep the register of pistes."""
OTHERS = "/agendas/autres"
HOUSE = (
    "/administration",
    "/annuaire",
    OTHERS,
    "/forums-gestion",
    LEVELS,
    "/planning/reunions/{id}",
    *SECRETARIES,
    "/pistes",
)
NOT_FOR_LUDIVINE = (
    OTHERS,
    "/administration",
    "/forums-gestion",
    "/connexion",
    "/invitation",
    LEVELS,
    *SECRETARIES,
    *EDITORS,
)
MET = [
    *((None, path) for path in PAGES if path.startswith(FOR_ALL)),
    *((LUDIVINE, path) for path in PAGES if not (path.startswith(NOT_FOR_LUDIVINE) or KEPT.search(path))),
    *((KEEPER, path) for path in PAGES if path.startswith(HOUSE)),
    *((SAMIR, path) for path in ("/", "/reservations/a-approuver", "/reservations/gerer")),
    *((SAMIR, path) for path in PAGES if KEPT.search(path) or KEEPS_MORE.search(path)),
]
"""Who opens which page; pages for all look the same to every member."""


TARGETS_TOO = {"rules": {"target-size": {"enabled": True}}}
"""What axe does not ask unless told: places to press are 24 px wide and high, or stand apart (WCAG 2.2, 2.5.8)."""


LAID_OUT = "() => document.querySelectorAll('.branch li').forEach((each) => each.style.contentVisibility = 'visible')"
"""What is out of sight has no size of its own until someone scrolls there: axe would measure a guess."""


class Gallery:
    """One window per kind of reader, kept open from page to page."""

    def __init__(self, windows: Windows) -> None:
        self.windows = windows
        self.pages: dict[str | None, Page] = {}
        self.axe = Axe()

    async def open(self, name: str | None, path: str) -> Page:
        """The page at this address, as this reader meets it."""
        if name not in self.pages:
            device = self.windows.of(name) if name else (await self.windows.device()).new_page()
            self.pages[name] = await device
        page = self.pages[name]
        await page.emulate_media(color_scheme="light", reduced_motion="reduce")
        await page.set_viewport_size({"width": 1280, "height": 800})
        answer = await page.goto(await self._filled(name, path))
        assert answer
        assert answer.status in ({200, 410} if "{secret}" in path else {200}), f"{path}: {answer.status}"
        return page

    async def faults(self, page: Page) -> list[str]:
        """What axe holds against the page as it stands, in words short enough to read."""
        await page.evaluate(LAID_OUT)
        found = (await self.axe.run(page, options=TARGETS_TOO)).response["violations"]
        return [f"{each['id']}: {node['html'][:160]}" for each in found for node in each["nodes"]]

    async def _filled(self, name: str | None, path: str) -> str:
        if path in SECRETS:
            return path.replace("{secret}", SECRETS[path])
        if "{slug}" in path:
            return path.replace("{slug}", "nacelle" if path.startswith("/reservations") else "club-des-acheteurs")
        if "{family}" in path:
            return path.replace("{family}", "rapport_2016")
        if "{" not in path:
            return path + QUERIES.get(path, "")
        asked = IDS.get(path) or IDS[path.split("{")[0]]
        id_ = await self._one(asked, family_name=(name or "").split()[-1])
        filled = path.replace("{id}", str(UUID(id_))).replace("{number}", "1")
        for part in re.findall(r"{(\w+)}", filled):
            filled = filled.replace(f"{{{part}}}", str(UUID(await self._one(PARTS[part], id=id_))))
        return filled

    async def _one(self, query: str, **known: Any) -> str:
        async with self.windows.house.house() as house, house.database.reading() as db:
            asked = text(query + " LIMIT 1").bindparams(**{k: v for k, v in known.items() if f":{k}" in query})
            return str((await db.execute(asked)).scalar_one())


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def gallery(chromium: Browser, demo: Demo) -> AsyncIterator[Gallery]:
    """The windows in which every page is looked at; none may complain."""
    windows = Windows(chromium, demo)
    windows.expect_wrong("410")
    async with demo.house() as house, house.working(None) as work:
        work.db.add(Group(name="Invités du marché de Noël"))
    yield Gallery(windows)
    assert await windows.close() == []


@pytest.mark.parametrize(("name", "path"), MET)
async def test_a_page_is_for_everybody(gallery: Gallery, name: str | None, path: str) -> None:
    """Light and wide, dark and narrow: axe finds nothing, and nothing sticks out at 320 pixels or at 200 %."""
    page = await gallery.open(name, path)
    assert await gallery.faults(page) == []

    await page.emulate_media(color_scheme="dark", reduced_motion="reduce")
    for width in (640, 320):
        await page.set_viewport_size({"width": width, "height": 640})
        assert await page.evaluate("() => document.documentElement.scrollWidth") <= width
    assert await page.evaluate(SIDEWAYS) == [] or not path.startswith("/reservations/")
    assert await gallery.faults(page) == []


def test_no_page_is_forgotten() -> None:
    """Every address that answers with a page is looked at by someone."""
    assert {path for _, path in MET} == set(PAGES)
