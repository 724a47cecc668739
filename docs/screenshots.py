"""Takes every picture of the guide, and that of the README, from one demonstration: `make screenshots`."""

import io
import re
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

from bench.demonstration import Demonstration, opened

HERE = Path(__file__).parent
README, GUIDE = HERE / "screenshot.png", HERE / "guide" / "images"
WIDTH, HEIGHT = 1240, 760
"""Pixels of a window."""
MOST_README, MOST = 250_000, 90_000
"""Bytes of one picture."""
QUALITY = 72
QUIET = (
    *("--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-sync", "--no-first-run"),
    "--lang=fr",
)
CLAIRE, LUDIVINE, SAMIR, THOMAS = "Claire Sauzeau", "Ludivine Charrier", "Samir Ouadah", "Thomas Ngoma"
HUBERT, ANNE_LAURE = "Hubert Desbordes", "Anne-Laure Gendreau"
CLUB = "/forums/club-des-acheteurs"


@dataclass(frozen=True)
class Shot:
    """A picture: who looks, where, what they do first, and how much of the window it keeps."""

    name: str
    who: str | None
    address: str
    do: Callable[[Page], None] = lambda page: None
    height: int = HEIGHT
    part: str = ""
    """What alone is kept, as a selector; nothing keeps the window."""
    width: int = WIDTH


# --- what people do ---------------------------------------------------------------------------------------


def _follow(title: str) -> Callable[[Page], None]:
    """Open what the link that bears this title leads to, from its top."""

    def do(page: Page) -> None:
        link = page.locator("#main").get_by_role("link", name=re.compile(title)).first
        page.goto((link.get_attribute("href") or "").split("?")[0].split("#")[0])

    return do


def _scroll(selector: str, above: int = 90) -> Callable[[Page], None]:
    """Bring something near the top of the window."""

    def do(page: Page) -> None:
        top = page.locator(selector).first.evaluate("element => element.getBoundingClientRect().top + scrollY")
        page.evaluate("top => scrollTo({top, behavior: 'instant'})", max(0, top - above))

    return do


def _then(*steps: Callable[[Page], None]) -> Callable[[Page], None]:
    def do(page: Page) -> None:
        for step in steps:
            step(page)

    return do


def _write_a_thread(page: Page) -> None:
    page.get_by_label("Titre du fil").fill("Papier recyclé : qui a comparé les prix cette année ?")
    page.get_by_label("Votre message").fill(
        "Bonjour à toutes et à tous,\n\nNous relançons notre marché de papier en janvier. "
        "Si vous avez des **prix récents au carton**, je prépare un tableau pour tout le monde."
    )
    page.get_by_label("Titre du fil").focus()


def _mention(page: Page) -> None:
    field = page.locator("#field-body")
    field.scroll_into_view_if_needed()
    field.click()
    field.press_sequentially("Merci ! Je passe le message à @clai", delay=20)
    page.locator("#suggestions [role=option]").first.wait_for()


def _purpose(page: Page) -> None:
    page.fill("#field-purpose", "Illuminations du centre-bourg")
    _scroll("#field-purpose", 260)(page)


def _reserve(page: Page) -> None:
    _purpose(page)
    for agreed in page.get_by_role("checkbox", name="règlement").all():
        agreed.check()
    page.get_by_role("button", name="Réserver «").click()
    page.get_by_text("C’est réservé.").wait_for()


def _to_the_form(page: Page) -> None:
    page.get_by_role("link", name="Réserver Nacelle").first.click()
    page.locator("#field-purpose").wait_for()


def _break_down(page: Page) -> None:
    page.fill("#field-why", "Flexible hydraulique percé : le réparateur passe jeudi")


def _subscribe(page: Page) -> None:
    page.get_by_label("Pour quel appareil ?").fill("Mon téléphone")
    page.get_by_role("button", name="Créer l’adresse").click()
    page.wait_for_load_state()


def _prepare(page: Page) -> None:
    page.select_option("#field-body_id", label="Comité technique de la mutualisation")
    page.fill("#field-title", "Comité technique : bilan du groupement de sel")
    page.fill("#field-day", f"{_weekday(24)}")
    page.fill("#field-start", "14:00")
    page.fill("#field-end", "16:00")
    page.locator("#field-title").focus()


def _invite(page: Page) -> None:
    page.get_by_label("Adresse e-mail").fill("jeanne.morel@soyaux.example")
    page.get_by_label("Prénom").fill("Jeanne")
    page.get_by_label("Nom", exact=True).fill("Morel")
    page.get_by_label("Organisation").select_option(label="Soyaux")
    page.get_by_label("Fonction").select_option(label="Acheteur")
    page.get_by_label("Intitulé").fill("Chargée des achats")
    _scroll("h1")(page)


def _ask_why(page: Page) -> None:
    page.get_by_label("Nom ou adresse e-mail").fill("Berthomé")
    page.get_by_role("button", name="Chercher la personne").click()
    page.wait_for_load_state()
    page.locator("#main").get_by_role("link", name=re.compile("Berthomé")).first.click()
    page.wait_for_load_state()
    page.locator("#main").get_by_role("link", name="Technique", exact=True).first.click()
    page.wait_for_load_state()


def _weekday(ahead: int) -> date:
    """A Thursday, so many days from now at least."""
    day = date.today() + timedelta(days=ahead)  # noqa: DTZ011
    return day + timedelta(days=(3 - day.weekday()) % 7)


FREE = f"/reservations?what=nacelle&quantity=1&day={_weekday(16)}&start=08:00&end=12:00"
MONDAY = date.today() + timedelta(days=7 - date.today().weekday())  # noqa: DTZ011
NEXT_MONTH = (date.today().replace(day=1) + timedelta(days=32)).replace(day=1)  # noqa: DTZ011
SALT = _follow("Sel de déneigement")
SHOTS = (
    Shot("connexion", None, "/connexion", part=".card, main form, main section"),
    Shot("aujourd-hui", LUDIVINE, "/"),
    Shot("appareils", LUDIVINE, "/profil/appareils", height=460),
    Shot("forums", LUDIVINE, "/forums"),
    Shot("fil", LUDIVINE, CLUB, SALT),
    Shot("ouvrir-un-fil", LUDIVINE, f"{CLUB}/nouveau", _write_a_thread),
    Shot("prevenir", LUDIVINE, CLUB, _then(SALT, _mention), height=480),
    Shot("achat-groupe", LUDIVINE, CLUB, _follow("Groupement de sel")),
    Shot("recherche", LUDIVINE, "/recherche?q=sel"),
    Shot("suivre", LUDIVINE, CLUB, lambda page: page.get_by_text("Suivi", exact=False).first.click(), height=520),
    Shot("planning-mois", HUBERT, f"/planning?vue=mois&du={NEXT_MONTH}&avec=moi&avec=absences"),
    Shot("reunion", HUBERT, "/planning?vue=liste", _follow("Conseil communautaire")),
    Shot("repondre", HUBERT, "/", _scroll("h2:has-text('réunions')", 110), height=460),
    Shot("absences", HUBERT, "/planning/absences", height=640),
    Shot("prevoir-une-reunion", CLAIRE, "/planning/reunions/nouvelle", _prepare),
    Shot("abonnement", HUBERT, "/agendas", _subscribe, height=720),
    Shot("reserver-1-chercher", LUDIVINE, FREE, height=620),
    Shot("reserver-2-choisir", LUDIVINE, FREE, _scroll("#results, h2"), height=420),
    Shot("reserver-3-confirmer", LUDIVINE, FREE, _then(_to_the_form, _purpose)),
    Shot("reserver-4-c-est-reserve", LUDIVINE, FREE, _then(_to_the_form, _reserve), height=560),
    Shot("planning-materiel", LUDIVINE, f"/reservations/planning?le={MONDAY}", _scroll(".plan", 130)),
    Shot("gerer", SAMIR, "/reservations/gerer"),
    Shot("a-approuver", SAMIR, "/reservations/a-approuver", height=460),
    Shot("immobiliser", SAMIR, "/reservations/gerer", _then(_follow("Immobiliser : Nacelle"), _break_down), height=640),
    Shot("controles", SAMIR, "/reservations/controles", height=560),
    Shot("chiffres", SAMIR, "/reservations/chiffres"),
    Shot("pistes", ANNE_LAURE, "/pistes", _scroll(".heading + *, h1", 80), height=900),
    Shot("piste", ANNE_LAURE, "/pistes", _follow("Achats groupés")),
    Shot("carte", ANNE_LAURE, "/pistes/carte?zoom=75", _scroll("#map-heading")),
    Shot(
        *("noter", ANNE_LAURE, "/pistes/evaluation"),
        _then(
            _follow("Réévaluation des pistes"),
            _follow("Donner les notes de Soyaux"),
            _scroll(".answers, fieldset", 140),
        ),
    ),
    Shot("decisions", ANNE_LAURE, "/pistes/decisions", height=860),
    Shot("personnes", THOMAS, "/administration/personnes"),
    Shot("inviter", THOMAS, "/administration/personnes/nouvelle", _invite),
    Shot("pourquoi", THOMAS, "/administration/droits", _ask_why),
)
"""In this order: what is reserved in one is reserved in the next."""


# --- the pictures -----------------------------------------------------------------------------------------


def main(*asked: str) -> None:
    """Open the demonstration, take the pictures (or those that are named), leave nothing behind."""
    GUIDE.mkdir(parents=True, exist_ok=True)
    with opened() as house, _chromium() as browser:
        if not asked:
            _keep(README, _of_two_readers(browser, house), "PNG", MOST_README)
        for shot in SHOTS:
            if not asked or shot.name in asked:
                _keep(GUIDE / f"{shot.name}.webp", _taken(browser, house, shot), "WEBP", MOST)


@contextmanager
def _chromium() -> Iterator[Browser]:
    found = shutil.which("chromium") or shutil.which("chromium-browser")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=found, args=QUIET, env={"LANGUAGE": "fr", "LANG": "C.UTF-8"}
        )
        yield browser
        browser.close()


def _window(browser: Browser, house: Demonstration, who: str | None, width: int = WIDTH, height: int = HEIGHT) -> Page:
    context = browser.new_context(
        base_url=house.base,
        viewport={"width": width, "height": height},
        locale="fr-FR",
        timezone_id="Europe/Paris",
        color_scheme="light",
        reduced_motion="reduce",
    )
    context.set_default_timeout(20_000)
    if who:
        context.add_cookies([{"name": "entente", "value": house.cookie_of(who), "url": house.base}])
    return context.new_page()


def _taken(browser: Browser, house: Demonstration, shot: Shot) -> bytes:
    page = _window(browser, house, shot.who, shot.width, shot.height)
    page.goto(shot.address)
    shot.do(page)
    _settle(page)
    page.mouse.move(shot.width - 4, 4)
    taken = page.locator(shot.part).first.screenshot() if shot.part else page.screenshot()
    page.context.close()
    return taken


def _settle(page: Page) -> None:
    """What is shown is all there, and follows what happens."""
    page.evaluate("document.fonts.ready")
    if page.locator("#link-state").count():
        page.locator("#link-state[data-state=live]").wait_for()


def _of_two_readers(browser: Browser, house: Demonstration) -> bytes:
    """A thread as Claire sees it while Ludivine reads it too."""
    page, other = (_window(browser, house, who, 1280, 800) for who in (CLAIRE, LUDIVINE))
    for each in (page, other):
        each.goto(CLUB)
        SALT(each)
        _settle(each)
    page.locator("#presence").wait_for(state="visible")
    page.mouse.move(640, 5)
    return page.screenshot()


def _keep(place: Path, picture: bytes, kind: str, most: int) -> None:
    """The picture, as light as it can be read."""
    made, full = io.BytesIO(), Image.open(io.BytesIO(picture)).convert("RGB")
    if kind == "PNG":
        full.quantize(256, dither=Image.Dither.NONE).save(made, kind, optimize=True)
    else:
        full.save(made, kind, quality=QUALITY, method=6)
    if made.tell() > most:
        raise ValueError(f"{place.name} weighs {made.tell()} bytes")
    place.write_bytes(made.getvalue())
    print(f"{place.relative_to(HERE.parent)}: {made.tell() // 1000} kB")


if __name__ == "__main__":
    main(*sys.argv[1:])
