"""What it looks like in real life: pictures of the shared fleet, drawn here, with what goes out with each unit."""

from collections.abc import Callable, Mapping
from io import BytesIO
from typing import NamedTuple
from uuid import UUID

from PIL import Image, ImageDraw
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from booking.fleet.models import Unit
from booking.showing.keeping import SHELF
from booking.showing.models import Accessory, UnitFile
from entente.db import rows
from entente.files.keeping import keep
from entente.files.store import Store
from entente.people.models import Function, FunctionKind
from entente.people.seeds import plant

SIZE = (800, 600)
SKY, GROUND, INK, GLASS = "#dfeaf0", "#c9c4b4", "#2b3a42", "#a9cbd8"
Pen = ImageDraw.ImageDraw


class Look(NamedTuple):
    """How a unit is drawn, and what the drawing shows."""

    draw: Callable[[Pen], None]
    words: str


def _lorry(pen: Pen, colour: str, cab: int = 560) -> None:
    pen.rectangle((120, 360, cab, 440), fill=colour, outline=INK, width=4)
    pen.rectangle((cab, 280, cab + 130, 440), fill=colour, outline=INK, width=4)
    pen.rectangle((cab + 50, 300, cab + 115, 360), fill=GLASS, outline=INK, width=3)
    for x in (200, cab + 60):
        pen.ellipse((x - 45, 410, x + 45, 500), fill=INK)
        pen.ellipse((x - 18, 437, x + 18, 473), fill=GROUND)


def _lift(pen: Pen) -> None:
    _lorry(pen, "#e2b13c")
    pen.line([(220, 360), (430, 200), (300, 90)], fill=INK, width=18)
    pen.rectangle((240, 50, 330, 120), outline=INK, width=6, fill="#f4efe2")


def _bus(pen: Pen) -> None:
    pen.rounded_rectangle((110, 210, 690, 440), 40, fill="#f7f6f1", outline=INK, width=5)
    pen.rectangle((110, 350, 690, 375), fill="#3f7f6b")
    for x in (150, 280, 410, 540):
        pen.rounded_rectangle((x, 245, x + 105, 325), 12, fill=GLASS, outline=INK, width=3)
    for x in (230, 580):
        pen.ellipse((x - 48, 400, x + 48, 496), fill=INK)
        pen.ellipse((x - 18, 430, x + 18, 466), fill=GROUND)


def _stage(pen: Pen) -> None:
    pen.rectangle((90, 330, 710, 400), fill="#8a6d4b", outline=INK, width=5)
    for x in range(110, 711, 100):
        pen.line([(x, 400), (x, 500)], fill=INK, width=10)
        pen.line([(x, 220), (x, 330)], fill=INK, width=5)
    for y in (220, 275):
        pen.line([(90, y), (710, y)], fill=INK, width=5)


def _chairs(pen: Pen) -> None:
    for y in (170, 320):
        for x in range(110, 700, 150):
            pen.rectangle((x, y, x + 70, y + 60), fill="#5d7f99", outline=INK, width=4)
            pen.rectangle((x - 6, y + 70, x + 82, y + 92), fill="#5d7f99", outline=INK, width=4)
            for leg in (x, x + 74):
                pen.line([(leg, y + 92), (leg, y + 150)], fill=INK, width=6)


def _sweeper(pen: Pen) -> None:
    _lorry(pen, "#d9763d", 500)
    pen.rounded_rectangle((150, 230, 480, 370), 30, fill="#efe9da", outline=INK, width=5)
    pen.ellipse((360, 440, 480, 520), fill="#7a7f52", outline=INK, width=4)


LOOKS: Mapping[str, Look] = {
    "NAC-12": Look(_lift, "Dessin de la nacelle de 12 m\u00a0: un camion jaune, son bras plié et son panier."),
    "NAC-18": Look(_lift, "Dessin de la nacelle de 18 m\u00a0: un camion jaune, son bras plié et son panier."),
    "MIN-01": Look(_bus, "Dessin du minibus\u00a0: blanc, une bande verte, quatre rangées de vitres."),
    "SCE-01": Look(_stage, "Dessin de la scène montée\u00a0: un plateau sur pieds, des garde-corps sur trois côtés."),
    "CHA-R": Look(_chairs, "Dessin des chaises pliantes\u00a0: bleues, en deux rangs de quatre."),
    "BAL-01": Look(_sweeper, "Dessin de la balayeuse\u00a0: un châssis orange, une cuve claire, une brosse ronde."),
}
PIECES = {
    "NAC-12": (("Harnais antichute", 2), ("Casque", 2), ("Clé de secours", 1)),
    "NAC-18": (("Harnais antichute", 2), ("Casque", 2), ("Cales de stabilisateur", 4)),
    "MIN-01": (("Rehausseur", 3), ("Gilet de sécurité", 9), ("Carte de carburant", 1)),
    "SCE-01": (("Clé de montage", 2), ("Escalier", 1), ("Jupe de scène", 1)),
}
NOTICE = """Prise en main de la nacelle

1. Faire le tour du véhicule, noter tout défaut avant de partir.
2. Poser les stabilisateurs sur leurs cales, sol dur et horizontal.
3. Harnais attaché au panier avant de monter.
4. Vent de 45 km/h et plus : on ne monte pas.
5. Rendre le réservoir plein et le panier vide.
"""


async def show_some(db: AsyncSession, store: Store) -> None:
    """Photos of a few units, the notice of the nacelles, and what goes out with them."""
    wanted = sorted({*LOOKS, *PIECES})
    known = rows(Unit.code, col(Unit.id), Unit.owner_id).where(col(Unit.code).in_(wanted))
    units = {code: (unit_id, owner) for code, unit_id, owner in await db.execute(known)}
    keepers = rows(Function.organisation_id, Function.person_id).where(col(Function.kind) == FunctionKind.GESTIONNAIRE)
    authors = dict((await db.execute(keepers.order_by(col(Function.id)))).all())
    # Whoever keeps equipment may have described that of a neighbour who has no keeper yet.
    anyone = next(iter(authors.values()))
    files = [
        await _file(store, units[code][0], authors.get(units[code][1], anyone), name, content, words)
        for code, name, content, words in _told()
    ]
    pieces = [
        Accessory(unit_id=units[code][0], place=place, name=name, quantity=quantity)
        for code, listed in PIECES.items()
        for place, (name, quantity) in enumerate(listed)
    ]
    await plant(db, files)
    await plant(db, pieces)


def _told() -> list[tuple[str, str, bytes, str]]:
    told = [(code, f"{code.lower()}.png", _drawn(look.draw), look.words) for code, look in LOOKS.items()]
    notice = NOTICE.encode()
    return told + [(code, "prise-en-main.txt", notice, "Notice de prise en main") for code in ("NAC-12", "NAC-18")]


async def _file(store: Store, unit_id: UUID, author: UUID, name: str, content: bytes, words: str) -> UnitFile:
    kept = await keep(store, SHELF, name, BytesIO(content), len(content))
    return UnitFile.model_validate({"unit_id": unit_id, "author_id": author, "words": words, **kept.columns()})


def _drawn(draw: Callable[[Pen], None]) -> bytes:
    picture = Image.new("RGB", SIZE, SKY)
    pen = ImageDraw.Draw(picture)
    pen.rectangle((0, 480, *SIZE), fill=GROUND)
    draw(pen)
    written = BytesIO()
    picture.save(written, "PNG")
    return written.getvalue()
