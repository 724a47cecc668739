"""Group purchases: who answers for which commune, until when, how much, and what all of it makes together."""

import asyncio
import csv
import io
import re
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from html.parser import HTMLParser
from uuid import UUID

import pytest
from openpyxl import load_workbook
from sqlalchemy import func
from sqlmodel import col, select

from buying import BAGS, SALT, answer, board_of, deadline_is, propose, typed
from entente.app import worker_of
from entente.clock import now
from entente.journal import Entry
from entente.people.models import AuditEntry, Function, FunctionKind, Membership, Organisation, OrganisationKind
from entente.rules import Conflict, Invalid, NotFound, Refused
from entente.work import Work
from forums import queries as threads
from forums import service as talking
from forums.kinds import opening
from forums.models import Kind, NewThread, Thread
from forums.moments import moment_in
from forums.purchase import feed, queries, rules, service
from forums.purchase.forms import Answered, Changes, TypedLot, lot_rows, read_new
from forums.purchase.models import Answer, Purchase, Stance, in_thousandths, in_units
from forums.purchase.service import Verb
from forums.purchase.words import in_french
from world import LONG_AGO, World

JOINED, INTERESTED, NOT_CONCERNED = Stance.JOINED, Stance.INTERESTED, Stance.NOT_CONCERNED
MOST = "C’est trop grand\u00a0: 10\u202f000\u202f000 au plus."
LEAST = "Une quantité ne peut pas être négative\u00a0: 0 au moins."
NO_NUMBER = "Écrivez un nombre, par exemple 12 ou 12,5."
NOON = datetime(2026, 11, 22, 11, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("", None),
        ("  ", None),
        ("0", Decimal(0)),
        ("12", Decimal(12)),
        ("12,5", Decimal("12.5")),
        ("0.125", Decimal("0.125")),
        ("1\u202f200", Decimal(1200)),
        ("1 200,5", Decimal("1200.5")),
        ("10000000", Decimal(10_000_000)),
        ("1e3", Decimal(1000)),
        ("-3", LEAST),
        ("-0,001", LEAST),
        ("1e9", MOST),
        ("10000000,001", MOST),
        ("9" * 60, MOST),
        ("1,2345", "C’est trop précis\u00a0: 3 décimales au plus."),
        ("1e-999", "C’est trop précis\u00a0: 3 décimales au plus."),
        ("douze", NO_NUMBER),
        ("12 t", NO_NUMBER),
        ("NaN", NO_NUMBER),
        ("Infinity", NO_NUMBER),
        ("1e99999", NO_NUMBER),
        ("١٢", NO_NUMBER),
        ("1,2,3", NO_NUMBER),
        ("0x10", NO_NUMBER),
    ],
)
def test_a_quantity_is_read_as_people_write_it(text: str, read: Decimal | str | None) -> None:
    """Commas, spaces and powers are understood; anything else is refused in French, with the bound."""
    if isinstance(read, str):
        with pytest.raises(ValueError, match=f"^{re.escape(read)}$"):
            rules.quantity(text)
    else:
        assert rules.quantity(text) == read


@pytest.mark.parametrize("thousandths", [1, 500, 12_500, 1_000, 10_000_000_000])
def test_a_quantity_survives_the_database(thousandths: int) -> None:
    """Half a ton stays half a ton."""
    assert in_thousandths(in_units(thousandths)) == thousandths


@pytest.mark.parametrize(
    ("quantity", "said"),
    [("12", "12"), ("12.5", "12,5"), ("1200.125", "1\u202f200,125"), ("0.10", "0,1"), ("1E+3", "1\u202f000")],
)
def test_a_quantity_is_said_in_french(quantity: str, said: str) -> None:
    """Thousands apart, a comma, no useless zero."""
    assert in_french(Decimal(quantity)) == said


@pytest.mark.parametrize(
    ("day", "hour", "read"),
    [
        ("2026-12-01", "18:00", datetime(2026, 12, 1, 17, 0, tzinfo=UTC)),
        ("2027-07-01", "18:00", datetime(2027, 7, 1, 16, 0, tzinfo=UTC)),
        ("2026-11-22", "12:00", {"end_day": "Ce moment est passé\u00a0: choisissez-en un à venir."}),
        ("2026-11-22", "12:01", datetime(2026, 11, 22, 11, 1, tzinfo=UTC)),
        ("", "", {"end_day": "Choisissez un jour.", "end_hour": "Choisissez une heure."}),
        ("hier", "12:00", {"end_day": "Cette date n’existe pas\u00a0; écrivez-la ainsi\u00a0: 2026-11-22."}),
        ("2026-12-01", "25:00", {"end_hour": "Cette heure n’existe pas\u00a0; écrivez-la ainsi\u00a0: 14:30."}),
        ("2027-03-28", "02:30", {"end_hour": "Cette heure n’existe pas ce jour-là\u00a0: on y passe à l’heure d’été."}),
        ("2035-01-01", "12:00", {"end_day": "C’est trop loin\u00a0: dans trois ans au plus."}),
        ("9999-12-31", "23:59", {"end_day": "C’est trop loin\u00a0: dans trois ans au plus."}),
        ("0001-01-01", "00:00", {"end_day": "Ce moment est passé\u00a0: choisissez-en un à venir."}),
    ],
)
def test_a_moment_is_typed_in_paris(day: str, hour: str, read: datetime | dict[str, str]) -> None:
    """A day and an hour in Paris, in winter and in summer, become a moment to come; or a sentence per field."""
    form = {"end_day": day, "end_hour": hour}
    if isinstance(read, dict):
        with pytest.raises(Invalid) as refused:
            moment_in(form, "end", NOON)
        assert refused.value.errors == read
    else:
        assert moment_in(form, "end", NOON) == read


@pytest.mark.parametrize(
    ("hours", "closed", "allowed"),
    [(1, False, False), (48, False, True), (24, False, False), (1, True, True), (-1, True, False)],
)
def test_a_deadline_is_put_off_and_never_brought_forward(hours: int, closed: bool, allowed: bool) -> None:
    """It ends in 24 hours: later is allowed, sooner only once it was closed."""
    purchase = Purchase(
        thread_id=UUID(int=1), need="Sel", deadline=NOON + timedelta(days=1), closed_at=NOON if closed else None
    )
    assert rules.may_end_at(purchase, NOON + timedelta(hours=hours), NOON) is allowed


def _form(**more: str) -> dict[str, str]:
    day = (now() + timedelta(days=7)).date().isoformat()
    return {
        "title": "Sel pour l’hiver",
        "body": "Vos tonnages ?",
        "kind": "purchase",
        "need": "Du sel.",
        "deadline_day": day,
        "deadline_hour": "18:00",
        "lots": "3",
        "lot_1_name": "Sel en vrac",
        "lot_1_unit": "tonnes",
        "lot_1_estimate": "80,5",
        "lot_3_name": "Sel en sacs",
        "lot_3_unit": "sacs",
        **more,
    }


def test_rows_left_empty_count_for_nothing() -> None:
    """Two lots out of three rows, in their order, with an estimate or without."""
    read = read_new(_form(), now())
    assert [tuple(lot) for lot in read.lots] == [
        (None, "Sel en vrac", "tonnes", Decimal("80.5")),
        (None, "Sel en sacs", "sacs", None),
    ]


@pytest.mark.parametrize(
    ("more", "wrong"),
    [
        ({"need": " "}, {"need"}),
        ({"need": "s" * 501}, {"need"}),
        ({"lot_1_unit": ""}, {"lot_1_unit"}),
        ({"lot_3_name": ""}, {"lot_3_name"}),
        ({"lot_1_estimate": "-3"}, {"lot_1_estimate"}),
        ({"lot_3_estimate": "1e9", "need": ""}, {"lot_3_estimate", "need"}),
        ({"lot_3_name": "SEL EN VRAC"}, {"lot_3_name"}),
        ({"lot_1_name": "s" * 121}, {"lot_1_name"}),
        ({"lots": "1", "lot_1_name": "", "lot_1_unit": "", "lot_1_estimate": ""}, {"lot_1_name"}),
        ({"deadline_day": "", "lot_1_unit": ""}, {"deadline_day", "lot_1_unit"}),
    ],
)
def test_everything_wrong_in_a_purchase_is_said_at_once(more: dict[str, str], wrong: set[str]) -> None:
    """A sentence beside each field that is wrong."""
    with pytest.raises(Invalid) as refused:
        read_new(_form(**more), now())
    assert set(refused.value.errors) == wrong


def test_rows_come_and_go_without_losing_a_word() -> None:
    """One more row at the end; one less in the middle, and the others keep what was typed in them."""
    assert [row.name for row in lot_rows(_form(more_lots="1"))] == ["Sel en vrac", "", "Sel en sacs", ""]
    assert [(row.number, row.name) for row in lot_rows(_form(less_lots="1"))] == [(1, ""), (2, "Sel en sacs")]
    assert len(lot_rows({"lots": "20", "more_lots": "1"})) == 20
    assert len(lot_rows({"lots": "9999999"})) == 3


async def test_communes_answer_and_the_totals_follow(world: World) -> None:
    """Aubrac joins, Brioude is interested: what is taken, what might be, and who has not answered."""
    salt = await propose(world, world.awa, world.technique)
    assert [commune.name for commune in (await board_of(world, salt)).silent] == ["Aubrac", "Brioude"]

    await answer(world, world.awa, salt, JOINED, "12.5", "40")
    await answer(world, world.bruno, salt, INTERESTED, "8")

    board = await board_of(world, salt)
    vrac, sacs = board.lots
    assert (board.joined(vrac), board.possible(vrac)) == (Decimal("12.5"), Decimal("20.5"))
    assert (board.joined(sacs), board.possible(sacs)) == (Decimal(40), Decimal(40))
    assert board.counts == {JOINED: 1, INTERESTED: 1}
    assert board.silent == []
    assert [line.by for line in board.lines] == ["Awa Diallo", "Bruno Chassagne"]


async def test_whoever_is_not_concerned_takes_nothing(world: World) -> None:
    """Aubrac joins, then turns out not to be concerned: its quantities go with its first answer."""
    salt = await propose(world, world.awa, world.technique)
    await answer(world, world.awa, salt, JOINED, "12", "40")
    await answer(world, world.awa, salt, NOT_CONCERNED, version=1)

    board = await board_of(world, salt)
    assert board.possible(board.lots[0]) == 0
    assert [dict(line.quantities) for line in board.lines] == [{}]


async def _rush(world: World, salt: Thread, count: int) -> Counter[str]:
    """So many people answer for Brioude at the same moment, each with a figure of their own."""

    async def one(number: int) -> str:
        try:
            await answer(world, world.bruno, salt, JOINED, str(number))
        except Conflict:
            return "beaten"
        return "written"

    return Counter(await asyncio.gather(*(one(number) for number in range(1, count + 1))))


async def test_a_hundred_writers_leave_one_line_for_a_commune(world: World) -> None:
    """The key holds one line: of a hundred who answer first, one does, and the others are told."""
    salt = await propose(world, world.awa, world.technique)
    assert await _rush(world, salt, 100) == {"written": 1, "beaten": 99}

    async with world.reading() as db:
        assert (await db.execute(select(func.count()).select_from(Answer))).scalar_one() == 1
    board = await board_of(world, salt)
    assert len(board.lines) == 1
    assert board.lines[0].version == 1
    assert len(board.lines[0].quantities) == 1


async def test_a_hundred_writers_change_one_line_one_after_the_other(world: World) -> None:
    """The version decides: whoever wrote over an older one reads again, and in the end everybody has written."""
    salt = await propose(world, world.awa, world.technique)

    async def one(number: int) -> int:
        tries = 0
        while True:
            tries += 1
            line = (await board_of(world, salt)).line_of(world.brioude.id)
            try:
                await answer(world, world.bruno, salt, JOINED, str(number), version=line.version if line else 0)
            except Conflict:
                continue
            return tries

    await asyncio.gather(*(one(number) for number in range(1, 11)))
    (line,) = (await board_of(world, salt)).lines
    assert line.version == 10


async def _towns(world: World, count: int) -> list[Organisation]:
    towns = [
        Organisation(kind=OrganisationKind.COMMUNE, name=f"Commune {number:03}", short_name=f"C{number:03}")
        for number in range(count)
    ]
    async with world.house.database.writing() as db:
        db.add_all(towns)
        await db.flush()
        db.add_all(Membership(organisation_id=town.id, since=LONG_AGO) for town in towns)
    return towns


async def test_a_hundred_communes_answer_at_once_and_none_is_lost(world: World) -> None:
    """A hundred lines, and a total that is their sum."""
    towns = await _towns(world, 100)
    many = replace(world.bruno, functions=frozenset((FunctionKind.AGENT, town.id) for town in towns))
    salt = await propose(world, world.awa, world.technique)

    await asyncio.gather(
        *(answer(world, many, salt, JOINED, f"{number}.5", commune=town.id) for number, town in enumerate(towns))
    )

    board = await board_of(world, salt)
    assert len(board.lines) == 100
    assert board.joined(board.lots[0]) == sum(range(100)) + 50


async def test_a_colleague_s_figures_are_never_written_over_unseen(world: World) -> None:
    """Denise changes the answer of Brioude; Bruno, who had it open, is told, and hers stand."""
    salt = await propose(world, world.awa, world.technique)
    await answer(world, world.bruno, salt, JOINED, "8")
    await answer(world, world.denise, salt, JOINED, "10", version=1)

    with pytest.raises(Conflict):
        await answer(world, world.bruno, salt, JOINED, "9", version=1)
    await answer(world, world.bruno, salt, JOINED, "10", version=1)  # a button pressed twice says what stands

    (line,) = (await board_of(world, salt)).lines
    assert (line.version, line.by) == (2, "Denise Astruc")


async def test_only_who_acts_for_a_commune_answers_for_it(world: World) -> None:
    """Awa acts for Aubrac: to her, the answer of Brioude is a door that is not there."""
    salt = await propose(world, world.awa, world.technique)
    with pytest.raises(NotFound):
        await answer(world, world.awa, salt, JOINED, "8", commune=world.brioude.id)
    async with world.working(world.awa) as work:
        place = await threads.thread_for(work.db, world.awa, salt.id)
        brioude = await queries.commune_for(work.db, world.bruno, world.brioude.id)
        with pytest.raises(Refused):
            await service.answer(work, place, brioude, Answered(NOT_CONCERNED, 0, {}))


async def test_after_the_deadline_the_statement_itself_refuses(world: World) -> None:
    """The server's clock decides, and the refusal gives the date."""
    salt = await propose(world, world.awa, world.technique)
    await deadline_is(world, salt, datetime(2026, 1, 31, 17, 0, tzinfo=UTC))

    with pytest.raises(Refused) as refused:
        await answer(world, world.bruno, salt, JOINED, "8")
    assert refused.value.reason == (
        "L’échéance est passée depuis le 31\u00a0janvier 2026, 18\u00a0h\u00a000\u00a0: on ne peut plus y répondre."
    )
    assert (await board_of(world, salt)).lines == []


async def test_a_closed_thread_ends_answers_too(world: World) -> None:
    """Awa closes the thread: nobody answers the purchase any more."""
    salt = await propose(world, world.awa, world.technique)
    async with world.working(world.awa) as work:
        await talking.close_thread(work, await threads.thread_for(work.db, world.awa, salt.id))
    with pytest.raises(Refused, match="Ce fil est fermé"):
        await answer(world, world.bruno, salt, JOINED, "8")


async def test_a_purchase_is_closed_then_extended_by_whoever_proposed_it(world: World) -> None:
    """Awa closes, Bruno is refused; she extends, he answers; both acts are in the audit."""
    salt = await propose(world, world.awa, world.technique)
    async with world.working(world.awa) as work:
        await service.close(work, await threads.thread_for(work.db, world.awa, salt.id))
    with pytest.raises(Refused, match="clos depuis le"):
        await answer(world, world.bruno, salt, JOINED, "8")

    async with world.working(world.awa) as work:
        place = await threads.thread_for(work.db, world.awa, salt.id)
        await service.extend(work, place, now() + timedelta(days=9))
    await answer(world, world.bruno, salt, JOINED, "8")

    async with world.reading() as db:
        acts = (await db.exec(select(AuditEntry.act).order_by(col(AuditEntry.at)))).all()
    assert acts == [Verb.PURCHASE_CLOSED, Verb.PURCHASE_EXTENDED]


async def test_nobody_else_closes_extends_or_changes_it(world: World) -> None:
    """Camille, who moderates, may; Bruno may not."""
    salt = await propose(world, world.awa, world.technique)
    async with world.working(world.camille) as work:
        await service.close(work, await threads.thread_for(work.db, world.camille, salt.id))
    verbs: list[Callable[[Work, threads.Place], Awaitable[None]]] = [
        service.close,
        lambda work, place: service.extend(work, place, now() + timedelta(days=9)),
        lambda work, place: service.change(work, place, Changes("Autre", [SALT])),
    ]
    for verb in verbs:
        async with world.working(world.bruno) as work:
            place = await threads.thread_for(work.db, world.bruno, salt.id)
            with pytest.raises(Refused):
                await verb(work, place)


async def _change(world: World, salt: Thread, *lots: TypedLot) -> None:
    async with world.working(world.awa) as work:
        await service.change(
            work, await threads.thread_for(work.db, world.awa, salt.id), Changes("Du sel.", list(lots))
        )


async def test_a_lot_changes_while_nobody_has_answered_for_it(world: World) -> None:
    """Brioude takes salt: that lot stays as it is, the other may go, a third may come."""
    salt = await propose(world, world.awa, world.technique)
    await answer(world, world.bruno, salt, JOINED, "8")
    vrac, sacs = (await board_of(world, salt)).lots
    kept = SALT._replace(id=vrac.id)

    for lots in ((kept._replace(name="Sel gemme"),), (BAGS._replace(id=sacs.id),), (SALT._replace(id=UUID(int=1)),)):
        with pytest.raises(Conflict):
            await _change(world, salt, *lots)
    await _change(world, salt, kept, TypedLot(None, "Pelles", "pelles", Decimal(5)))

    board = await board_of(world, salt)
    assert [(lot.name, lot.estimate) for lot in board.lots] == [("Sel en vrac", Decimal(80)), ("Pelles", Decimal(5))]
    assert board.joined(board.lots[0]) == 8


async def test_pages_hear_of_the_end_when_it_comes_and_only_then(world: World) -> None:
    """The task that was left at the deadline speaks if it is over, and keeps silent if it was put off."""
    salt = await propose(world, world.awa, world.technique)
    for deadline, told in ((now() + timedelta(days=1), 0), (now() - timedelta(seconds=1), 1)):
        await deadline_is(world, salt, deadline)
        async with world.working(None) as work:
            work.later(service.END, {"thread": str(salt.id)})
        while await worker_of(world.house).work_once():
            pass
        async with world.reading() as db:
            ended = select(func.count()).select_from(Entry).where(col(Entry.verb) == Verb.PURCHASE_ENDED)
            assert (await db.execute(ended)).scalar_one() == told


async def test_a_purchase_costs_the_same_for_one_commune_and_for_thirty_eight(world: World) -> None:
    """A fixed number of questions for the page, whatever the number of communes."""
    salt = await propose(world, world.awa, world.technique)
    await answer(world, world.awa, salt, JOINED, "12", "40")

    async def asked() -> int:
        async with world.browser(world.denise) as browser:
            await browser.get(f"/forums/fils/{salt.id}")
            with world.counting() as seen:
                assert (await browser.get(f"/forums/fils/{salt.id}")).status_code == 200
            return len(seen)

    alone = await asked()
    towns = await _towns(world, 36)
    many = replace(world.bruno, functions=frozenset((FunctionKind.AGENT, town.id) for town in towns))
    for number, town in enumerate(towns):
        await answer(world, many, salt, JOINED, str(number + 1), "2", commune=town.id)
    assert await asked() == alone


class _Table(HTMLParser):
    """The rows of the first table of a page, as one reads them."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.rows: list[list[str]] = []
        self._in_cell = False
        self.feed(re.search(r"<table.*?</table>", html, re.S)[0])  # type: ignore[index]

    def handle_starttag(self, tag: str, _attrs: object) -> None:
        if tag == "tr":
            self.rows.append([])
        if tag in ("td", "th"):
            self.rows[-1].append("")
            self._in_cell = True

    def handle_endtag(self, tag: str) -> None:
        self._in_cell = self._in_cell and tag not in ("td", "th")

    def handle_data(self, data: str) -> None:
        if self._in_cell:
            self.rows[-1][-1] += data.strip()


async def test_the_screen_csv_and_xlsx_say_the_same(world: World) -> None:
    """Communes by the row, lots by the column, totals below: one table three times."""
    salt = await propose(world, world.awa, world.technique, (SALT, BAGS, TypedLot(None, "=1+1", "@m", None)))
    await answer(world, world.awa, salt, JOINED, "1200.5", "40", "3")
    async with world.browser(world.denise) as browser:
        screen = _Table((await browser.get(f"/forums/fils/{salt.id}")).text).rows
        text = (await browser.get(f"/forums/fils/{salt.id}/achat.csv")).content.decode("utf-8-sig")
        book = (await browser.get(f"/forums/fils/{salt.id}/achat.xlsx")).content

    assert screen == [
        ["Commune", "Réponse", "Sel en vrac (tonnes)", "Sel en sacs (sacs de 25 kg)", "=1+1 (@m)"],
        ["Aubrac", "Participe", "1\u202f200,5", "40", "3"],
        ["Total des communes qui participent", "1\u202f200,5", "40", "3"],
        ["Avec celles qui sont intéressées", "1\u202f200,5", "40", "3"],
        ["Estimation de départ", "80", "", ""],
    ]
    lines = list(csv.reader(io.StringIO(text), delimiter=";"))
    assert [line[:5] for line in lines] == [
        ["Commune", "Réponse", "Sel en vrac (tonnes)", "Sel en sacs (sacs de 25 kg)", "'=1+1 (@m)"],
        ["Aubrac", "Participe", "1200,5", "40", "3"],
        ["Brioude", "Sans réponse", "", "", ""],
        ["Total des communes qui participent", "", "1200,5", "40", "3"],
        ["Avec celles qui sont intéressées", "", "1200,5", "40", "3"],
        ["Estimation de départ", "", "80", "", ""],
    ]
    sheet = load_workbook(io.BytesIO(book)).active
    assert sheet is not None
    cells = [list(row)[:5] for row in sheet.iter_rows(values_only=True)]
    assert cells[0] == ["Commune", "Réponse", "Sel en vrac (tonnes)", "Sel en sacs (sacs de 25 kg)", "=1+1 (@m)"]
    assert cells[1] == ["Aubrac", "Participe", 1200.5, 40, 3]
    assert [row[0] for row in cells] == [line[0] for line in lines]
    assert [[str(cell or "").replace(".", ",") for cell in row[2:]] for row in cells[1:]] == [
        line[2:5] for line in lines[1:]
    ]
    assert sheet["E1"].data_type == "s"


async def test_the_plot_holds_shapes_and_words_and_nothing_to_trust(world: World) -> None:
    """No style, no script, no name of its own; what people wrote is text."""
    salt = await propose(world, world.awa, world.technique, (TypedLot(None, "<b>Sel</b>", 't"><script>', None),))
    await answer(world, world.awa, salt, JOINED, "3")
    drawn = str(feed.panel(await board_of(world, salt)).context["drawing"])

    assert not re.search(r"<style|<script|\sstyle=|\sid=|\son\w+=|xmlns", drawn)
    assert "&lt;b&gt;Sel&lt;/b&gt;" in drawn
    assert 'aria-hidden="true"' in drawn
    assert ">3</text>" in drawn

    await answer(world, world.awa, salt, JOINED, "4", version=1)
    again = str(feed.panel(await board_of(world, salt)).context["drawing"])
    assert ">4</text>" in again
    assert ">3</text>" not in again


async def test_a_purchase_is_opened_by_its_form(world: World) -> None:
    """Awa asks for one more row, sends nonsense, then the whole: the purchase is there with its lots."""
    async with world.browser(world.awa) as browser:
        more = await browser.post("/forums/technique", data=_form(more_lots="1"))
        assert more.status_code == 200
        assert 'name="lot_4_name"' in more.text
        assert 'value="Sel en sacs"' in more.text

        wrong = await browser.post("/forums/technique", data=_form(lot_1_estimate="-3", title=""))
        assert wrong.status_code == 422
        assert LEAST in wrong.text
        assert "Donnez un titre à ce fil." in wrong.text
        assert 'value="80' not in wrong.text
        assert 'value="-3"' in wrong.text
        assert 'value="Du sel."' in wrong.text

        opened = await browser.post("/forums/technique", data=_form())
        assert opened.status_code == 303
        page = (await browser.get(opened.headers["location"])).text
    assert "Sel en vrac (tonnes)" in page
    assert "Ouvert aux réponses" in page


async def test_who_acts_for_nobody_proposes_no_purchase(world: World) -> None:
    """A member by a seat alone is not offered the kind, and is refused if they send it."""
    alone = replace(world.awa, functions=frozenset())
    async with world.working(alone) as work:
        with pytest.raises(Refused):
            await opening.open_thread(
                work,
                world.closed,
                False,
                NewThread(title="Sel", body="Sel", kind=Kind.PURCHASE),
                read_new(_form(), now()),
            )


@pytest.mark.parametrize(
    ("much", "sentence"), [("-3", LEAST), ("1e9", MOST), ("beaucoup", NO_NUMBER), ("9" * 60, MOST)]
)
@pytest.mark.parametrize("htmx", [False, True], ids=["plain", "htmx"])
async def test_a_quantity_that_is_not_one_comes_back_as_it_was_typed(
    world: World, htmx: bool, much: str, sentence: str
) -> None:
    """422, the French sentence with the bound, and everything that was typed."""
    salt = await propose(world, world.awa, world.technique)
    board = await board_of(world, salt)
    async with world.browser(world.bruno, htmx=htmx) as browser:
        refused = await browser.post(
            f"/forums/fils/{salt.id}/achat/{world.brioude.id}", data=typed(board, "joined", much, "7")
        )
    assert refused.status_code == 422
    assert sentence in refused.text
    assert f'value="{much}"' in refused.text
    assert 'value="7"' in refused.text
    assert (await board_of(world, salt)).lines == []


@pytest.mark.parametrize("htmx", [False, True], ids=["plain", "htmx"])
async def test_answering_changes_the_totals_at_once(world: World, htmx: bool) -> None:
    """A plain form leads back to the thread; htmx receives the panel itself."""
    salt = await propose(world, world.awa, world.technique)
    board = await board_of(world, salt)
    here = f"/forums/fils/{salt.id}/achat/{world.brioude.id}"
    async with world.browser(world.bruno, htmx=htmx) as browser:
        assert "Répondre pour Brioude" in (await browser.get(here)).text
        answered = await browser.post(here, data=typed(board, "joined", "8,25", ""))
        if htmx:
            assert 'data-put="replace" data-to="purchase"' in answered.text
            assert "Modifier la réponse de Brioude" in answered.text
            assert "8,25" in answered.text
        else:
            assert answered.status_code == 303
            assert answered.headers["location"] == f"/forums/fils/{salt.id}#purchase"
        again = (await browser.get(here)).text
    assert 'value="8,25"' in again
    assert 'name="version" value="1"' in again


async def test_joining_with_nothing_is_asked_again(world: World) -> None:
    """Whoever joins takes something; whoever is interested need not say how much."""
    salt = await propose(world, world.awa, world.technique)
    board = await board_of(world, salt)
    here = f"/forums/fils/{salt.id}/achat/{world.brioude.id}"
    async with world.browser(world.bruno) as browser:
        refused = await browser.post(here, data=typed(board, "joined", "0", ""))
        assert refused.status_code == 422
        assert "Donnez au moins une quantité" in refused.text
        assert (await browser.post(here, data=typed(board, "perhaps", "3"))).status_code == 422
        assert (await browser.post(here, data={"stance": "joined"})).status_code == 422
        assert (await browser.post(here, data=typed(board, "interested"))).status_code == 303


@pytest.mark.parametrize("htmx", [False, True], ids=["plain", "htmx"])
async def test_over_newer_figures_both_are_shown(world: World, htmx: bool) -> None:
    """409: what Denise wrote stands above, what Bruno typed is kept, and sending again replaces knowingly."""
    salt = await propose(world, world.awa, world.technique)
    board = await board_of(world, salt)
    await answer(world, world.denise, salt, JOINED, "10", "4")
    here = f"/forums/fils/{salt.id}/achat/{world.brioude.id}"
    async with world.browser(world.bruno, htmx=htmx) as browser:
        beaten = await browser.post(here, data=typed(board, "joined", "9", "4"))
        assert beaten.status_code == 409
        assert beaten.headers.get("HX-Retarget") == (f"#answer-{world.brioude.id}" if htmx else None)
        assert "par Denise Astruc" in beaten.text
        assert "10 tonnes" in beaten.text
        assert 'value="9"' in beaten.text
        assert 'name="version" value="1"' in beaten.text
        await browser.post(here, data=typed(board, "joined", "9", "4", version=1))
    (line,) = (await board_of(world, salt)).lines
    assert line.by == "Bruno Chassagne"


@pytest.mark.parametrize("htmx", [False, True], ids=["plain", "htmx"])
async def test_after_the_deadline_the_form_is_kept(world: World, htmx: bool) -> None:
    """403 with the date of the end; what was typed is still there to be copied."""
    salt = await propose(world, world.awa, world.technique)
    board = await board_of(world, salt)
    await deadline_is(world, salt, datetime(2026, 1, 31, 17, 0, tzinfo=UTC))
    async with world.browser(world.bruno, htmx=htmx) as browser:
        late = await browser.post(
            f"/forums/fils/{salt.id}/achat/{world.brioude.id}", data=typed(board, "joined", "9", "4")
        )
    assert late.status_code == 403
    assert "L’échéance est passée depuis le 31\u00a0janvier 2026, 18\u00a0h\u00a000" in late.text
    assert 'value="9"' in late.text
    assert "Enregistrer la réponse" not in late.text


async def test_lots_that_changed_meanwhile_take_nothing_with_them(world: World) -> None:
    """Bruno has typed a figure for a lot that Awa removes: he is told, and his figures stay on the screen."""
    salt = await propose(world, world.awa, world.technique)
    board = await board_of(world, salt)
    await _change(world, salt, SALT._replace(id=board.lots[0].id))
    async with world.browser(world.bruno) as browser:
        told = await browser.post(
            f"/forums/fils/{salt.id}/achat/{world.brioude.id}", data=typed(board, "joined", "9", "4")
        )
    assert told.status_code == 409
    assert "Les lots de cet achat ont changé" in told.text
    assert 'value="9"' in told.text


async def test_whoever_acts_for_two_communes_says_for_which(world: World) -> None:
    """Two ways to answer, one for each; no form that would leave the choice to chance."""
    async with world.house.database.writing() as db:
        db.add(
            Function(
                person_id=world.bruno.id,
                organisation_id=world.aubrac.id,
                kind=FunctionKind.TECHNICIEN,
                since=LONG_AGO,
            )
        )
    salt = await propose(world, world.awa, world.technique)
    both = await world.again(world.bruno)
    async with world.browser(both) as browser:
        page = (await browser.get(f"/forums/fils/{salt.id}")).text
    assert "Répondre pour Aubrac" in page
    assert "Répondre pour Brioude" in page
    assert 'name="stance"' not in page


async def test_the_purchase_is_managed_by_plain_forms(world: World) -> None:
    """Awa extends, adds a row, renames a lot, closes; Bruno does not come in."""
    salt = await propose(world, world.awa, world.technique)
    here = f"/forums/fils/{salt.id}/achat"
    async with world.browser(world.bruno) as browser:
        assert (await browser.get(f"{here}/gestion")).status_code == 403
    vrac = (await board_of(world, salt)).lots[0]
    lots = {"need": "Du sel.", "lots": "1", "lot_1_id": str(vrac.id), "lot_1_name": "Sel gemme", "lot_1_unit": "t"}
    async with world.browser(world.awa) as browser:
        assert 'value="Sel en vrac"' in (await browser.get(f"{here}/gestion")).text
        sooner = await browser.post(f"{here}/echeance", data={"deadline_day": "2020-01-01", "deadline_hour": "10:00"})
        assert sooner.status_code == 422
        assert 'value="2020-01-01"' in sooner.text
        later = (now() + timedelta(days=30)).date().isoformat()
        put_off = await browser.post(f"{here}/echeance", data={"deadline_day": later, "deadline_hour": "10:00"})
        assert put_off.status_code == 303
        assert 'name="lot_2_name"' in (await browser.post(f"{here}/lots", data={**lots, "more_lots": "1"})).text
        assert (await browser.post(f"{here}/lots", data={**lots, "lot_1_unit": ""})).status_code == 422
        assert (await browser.post(f"{here}/lots", data=lots)).status_code == 303
        assert (await browser.post(f"{here}/cloture")).status_code == 303
        page = (await browser.get(f"/forums/fils/{salt.id}")).text
    assert "Sel gemme (t)" in page
    assert "Terminé" in page


async def test_a_thread_that_is_no_purchase_has_no_such_doors(world: World) -> None:
    """404 for each of them, whoever asks."""
    async with world.browser(world.awa) as browser:
        for door in ("achat.csv", "achat.xlsx", "achat/gestion", f"achat/{world.aubrac.id}"):
            assert (await browser.get(f"/forums/fils/{world.snow.id}/{door}")).status_code == 404
