"""Reservations that come in by the file: looked at first, then all of them or none."""

import io
import re
import zipfile
from datetime import datetime

import httpx
import pytest
from openpyxl import Workbook
from sqlalchemy import func
from sqlmodel import select

from booking.models import Reservation
from booking_world import Fleet, between, day
from entente.web import sheets, workbooks

PAGE = "/reservations/import"
DAY = f"{day(10)}"
GOOD = "\n".join(
    [
        "unite;debut;fin;payeur;nombre;motif",
        f"N12;{DAY} 08:00;{DAY} 12:00;Brioude;;Élagage",
        f"CH1;{DAY} 08:00;{DAY} 12:00;Aubrac;60;Fête",
    ]
)


def _says(answer: httpx.Response, status: int, *sentences: str) -> None:
    assert answer.status_code == status, answer.text[:500]
    page = answer.text.replace("&nbsp;", "\u00a0").replace("&#39;", "'")
    for sentence in sentences:
        assert sentence in page, f"{sentence!r} is not in the answer"


async def _count(fleet: Fleet) -> int:
    async with fleet.world.reading() as db:
        return int((await db.execute(select(func.count()).select_from(Reservation))).scalar_one())


def _book(*rows: tuple[object, ...]) -> bytes:
    book, written = Workbook(), io.BytesIO()
    sheet = book.active or book.create_sheet()
    for row in rows:
        sheet.append(row)
    book.save(written)
    return written.getvalue()


async def test_a_file_is_looked_at_then_taken_then_known(fleet: Fleet) -> None:
    """Camille reads what each line will do, takes them all, and finds the same file brought before."""
    async with fleet.world.browser(fleet.world.camille) as browser:
        _says(await browser.get(PAGE), 200, "unite;debut;fin;payeur")
        _says(await browser.post(PAGE, data={"text": GOOD}), 200, "Importer 2\u00a0réservations", "Élagage", "nouvelle")
        assert await _count(fleet) == 0
        done = await browser.post(f"{PAGE}/confirmation", data={"text": GOOD})
        assert (done.status_code, await _count(fleet)) == (303, 2)
        _says(await browser.post(PAGE, data={"text": GOOD}), 200, "déjà importée")
        await browser.post(f"{PAGE}/confirmation", data={"text": GOOD})
    assert await _count(fleet) == 2


async def test_a_workbook_is_read_like_a_file(fleet: Fleet) -> None:
    """Dates and numbers of a spreadsheet are what they are; the page shows them as text, ready to be taken."""
    first, last = (datetime.fromisoformat(f"{DAY} {hour}") for hour in ("08:00", "12:00"))
    sent = _book(("Unite", "Debut", "Fin", "Payeur", "Nombre"), ("CH1", first, last, "Brioude", 40.0), ())
    async with fleet.world.browser(fleet.world.camille) as browser:
        looked = await browser.post(PAGE, files={"file": ("a.xlsx", sent)})
        _says(looked, 200, "Importer 1\u00a0réservation")
        text = re.search(r"<textarea name=\"text\" hidden[^>]*>\n(.*?)</textarea>", looked.text, re.DOTALL)
        assert text
        assert (await browser.post(f"{PAGE}/confirmation", data={"text": text[1]})).status_code == 303
    assert await _count(fleet) == 1


async def test_each_line_says_what_is_wrong_and_none_is_taken(fleet: Fleet) -> None:
    """Taken by Awa, taken by a line above, unknown, upside down: each line its sentence, in one look; nothing saved."""
    await fleet.reserve(fleet.world.awa, "N18", between(8, 12))
    lines = [
        f"N18;{DAY} 08:00;{DAY} 12:00;Brioude;",
        f"CH1;{DAY} 08:00;{DAY} 12:00;Brioude;60",
        f"CH1;{DAY} 11:00;{DAY} 14:00;Brioude;41",
        f"X99;{DAY} 08:00;{DAY} 12:00;Brioude;",
        f"N12;{DAY} 08:00;{DAY} 12:00;Atlantide;",
        f"N12;{DAY} 12:00;{DAY} 08:00;Brioude;",
        f"N12;hier;{DAY} 08:00;Brioude;",
        f"MB1;{DAY} 08:00;{DAY} 12:00;Brioude;2",
        f"CH1;{DAY} 08:00;{DAY} 12:00;Brioude;60",
    ]
    text = "\n".join(["unite;debut;fin;payeur;nombre", *lines])
    async with fleet.world.browser(fleet.world.camille) as browser:
        with fleet.world.counting() as asked:
            looked = await browser.post(PAGE, data={"text": text})
        _says(
            looked,
            200,
            "8\u00a0lignes ne peuvent pas être prises",
            "c’est déjà pris à ces dates.",
            "vous ne gérez aucune unité «\u00a0X99\u00a0».",
            "l’organisation «\u00a0Atlantide\u00a0» est inconnue.",
            "la fin doit venir après le début.",
            "«\u00a0hier\u00a0» n’est pas une date",
            "le nombre doit être compris entre 1 et 1.",
            "elle répète la ligne 3.",
        )
        assert "confirmation" not in looked.text
        forced = await browser.post(f"{PAGE}/confirmation", data={"text": text})
        _says(forced, 422, "c’est déjà pris à ces dates.")
        with fleet.world.counting() as more:
            await browser.post(PAGE, data={"text": "\n".join([text, *lines * 5])})
    assert len(more) == len(asked)
    assert await _count(fleet) == 1


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "Choisissez un fichier, ou collez son contenu."),
        (b"un;deux\n1;2\n", "il manque"),
        (b"PK\x03\x04 et rien", workbooks._BROKEN),
        (b"\0" * 20, "texte"),
        (b"a" * (sheets.MAX_BYTES + 1), "2\u00a0Mo"),
    ],
    ids=["nothing", "columns", "broken", "binary", "heavy"],
)
async def test_a_file_that_cannot_be_read_says_why(fleet: Fleet, content: bytes, sentence: str) -> None:
    """In French, with what to do."""
    async with fleet.world.browser(fleet.world.camille) as browser:
        answer = await browser.post(PAGE, data={"text": ""}, files={"file": ("a.csv", content)} if content else None)
    _says(answer, 422, sentence)


def test_a_workbook_that_hides_gigabytes_is_not_opened() -> None:
    """A small archive of a very long nothing: refused by what it says of itself."""
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/worksheets/sheet1.xml", b"0" * (workbooks.MAX_UNPACKED + 1))
    with pytest.raises(sheets.Unreadable, match="trop grand"):
        workbooks.text_of(written.getvalue())


async def test_only_those_who_keep_equipment_import(fleet: Fleet) -> None:
    """To Bruno the page is not there."""
    async with fleet.world.browser(fleet.world.bruno) as browser:
        assert (await browser.get(PAGE)).status_code == 404
        for address in (PAGE, f"{PAGE}/confirmation"):
            assert (await browser.post(address, data={"text": GOOD})).status_code == 404
    assert await _count(fleet) == 0
