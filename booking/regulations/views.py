"""The doors of the règlements."""

from uuid import UUID

from markupsafe import Markup
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from booking import rules, search
from booking.fleet.models import Unit
from booking.regulations import queries, service
from booking.regulations.models import Regulation
from booking.regulations.queries import Text
from booking.regulations.typed import Subject, subject_of
from booking.service import NOT_KEPT
from booking.views import HOME, ROOM, looking
from entente.people.who import Who
from entente.rules import Conflict, Invalid, NotFound, require
from entente.text import to_html
from entente.web import forms, pages, sheets
from entente.web.requests import id_of, reading_of, work_of

ALL = ("Règlements", "/reservations/reglements")
PUBLISHED = "Le règlement est publié\u00a0: il sera demandé à la prochaine réservation de chacun."


def address_of(regulation_id: UUID) -> str:
    """Where a règlement is read."""
    return f"{ALL[1]}/{regulation_id}"


def _html(body: str) -> Markup:
    return Markup(to_html(body))  # noqa: S704 - sanitised by the house's reader


async def all_of_them(request: Request) -> Response:
    """Every règlement; whoever keeps equipment begins one from here."""
    who = looking(request)
    async with reading_of(request) as db:
        found = await queries.all_of_them(db)
        choices = await _choices(db, who)
    return pages.page(
        request,
        "booking/regulations.html",
        current=ROOM,
        crumbs=[HOME, (ALL[0], "")],
        found=found,
        choices=choices,
        keeps=rules.managed_by(who),
    )


async def _choices(db: AsyncSession, who: Who) -> list[tuple[str, str]]:
    """What this person may write a règlement about: each type that they keep, then each unit."""
    managed = rules.managed_by(who)
    if not managed:
        return []
    kept = await search.sheets(db, col(Unit.owner_id).in_(managed), col(Unit.retired_at).is_(None))
    names = {(each.type.slug, each.owner.id): f"{each.type.name}, {each.owner.short_name}" for each in kept}
    of_types = [(f"type={slug}&owner={owner}", f"le type\u00a0: {words}") for (slug, owner), words in names.items()]
    return [*of_types, *((f"unit={each.unit.id}", f"une unité\u00a0: {each.unit.name}") for each in kept)]


async def regulation(request: Request) -> Response:
    """A règlement as it is now, with its earlier versions."""
    who = looking(request)
    async with reading_of(request) as db:
        text = await queries.text_of(db, id_of(request))
        versions = await queries.versions_of(db, text.id)
    return _read(request, who, text, versions[0], text.body, versions)


async def version(request: Request) -> Response:
    """A version as it was published."""
    who = looking(request)
    written = request.path_params["number"]
    if not (written.isascii() and written.isdigit()):
        raise NotFound
    async with reading_of(request) as db:
        text = await queries.text_of(db, id_of(request))
        wording = await queries.wording_of(db, text.id, int(written[:9]))
        versions = await queries.versions_of(db, text.id)
    shown = next(each for each in versions if each.number == wording.number)
    return _read(request, who, text, shown, wording.body, versions)


def _read(
    request: Request, who: Who, text: Text, shown: queries.Version, body: str, versions: list[queries.Version]
) -> Response:
    return pages.page(
        request,
        "booking/regulation.html",
        current=ROOM,
        crumbs=[HOME, ALL, (text.title, "")],
        text=text,
        shown=shown,
        body=_html(body),
        versions=versions,
        here=address_of(text.id),
        keeps=rules.may_manage(who, text.owner_id),
    )


async def new(request: Request) -> Response:
    """The first version of a règlement, to be written: one chooses about what, and may find one already there."""
    who = looking(request)
    asked = dict(request.query_params)
    if not asked:
        return RedirectResponse(ALL[1], 303)
    if "about" in asked:
        return RedirectResponse(f"{ALL[1]}/nouveau?{_chosen(asked['about'])}", 303)
    async with reading_of(request) as db:
        subject = await subject_of(db, asked)
        require(rules.may_manage(who, subject.owner_id), NOT_KEPT)
        known = await queries.about(db, subject.owner_id, subject.type_id, subject.unit.id if subject.unit else None)
    if known:
        return RedirectResponse(f"{address_of(known.id)}/edition", 303)
    return _editor(request, subject.title, f"{ALL[1]}/nouveau?{subject.query}", "", "", {}, is_new=True)


def _chosen(about: str) -> str:
    """What was chosen in the list; anything else leads nowhere."""
    return about if about.startswith(("type=", "unit=")) and about.isprintable() else ""


async def begin(request: Request) -> Response:
    """Publish the first version."""
    looking(request)
    fields = await forms.typed_fields(request)
    subject: Subject | None = None
    try:
        async with work_of(request) as work:
            subject = await subject_of(work.db, dict(request.query_params))
            body = str(fields.get("body", ""))
            made = await service.begin(work, subject.owner_id, subject.type_id, subject.unit, body)
    except (Invalid, Conflict) as error:
        assert subject
        return _refused(request, subject.title, f"{ALL[1]}/nouveau?{subject.query}", error, 0, is_new=True)
    return pages.go(request, address_of(made.id), PUBLISHED)


async def edit(request: Request) -> Response:
    """The next version, to be written over the present one."""
    who = looking(request)
    async with reading_of(request) as db:
        text = await queries.text_of(db, id_of(request))
    require(rules.may_manage(who, text.owner_id), NOT_KEPT)
    here = f"{address_of(text.id)}/edition"
    return _editor(request, text.title, here, text.body, "", {}, number=text.number)


async def publish(request: Request) -> Response:
    """Publish the next version."""
    looking(request)
    fields = await forms.typed_fields(request)
    number, text = _number(fields.get("number")), None
    try:
        async with work_of(request) as work:
            text = await queries.text_of(work.db, id_of(request))
            row = await work.db.get_one(Regulation, text.id)
            await service.publish(work, row, number, str(fields.get("body", "")), str(fields.get("news", "")))
    except (Invalid, Conflict) as error:
        assert text
        # Typed over an older version: what was typed stays, and is published over the present one if sent again.
        return _refused(request, text.title, f"{address_of(text.id)}/edition", error, text.number)
    return pages.go(request, address_of(text.id), PUBLISHED)


def _number(written: object) -> int:
    return int(written[:9]) if isinstance(written, str) and written.isascii() and written.isdigit() else 0


async def withdraw(request: Request) -> Response:
    """Ask nothing any more."""
    looking(request)
    try:
        async with work_of(request) as work:
            text = await queries.text_of(work.db, id_of(request))
            await service.withdraw(work, await work.db.get_one(Regulation, text.id))
    except Conflict as conflict:
        return pages.go(request, address_of(id_of(request)), conflict.reason, "warning")
    return pages.go(request, address_of(text.id), "Le règlement est retiré\u00a0: il n’est plus demandé.")


def _refused(
    request: Request, title: str, here: str, error: Invalid | Conflict, number: int, is_new: bool = False
) -> Response:
    typed = forms.typed_in(request)
    errors = error.errors if isinstance(error, Invalid) else {"form": error.reason}
    status = 422 if isinstance(error, Invalid) else 409
    body, news = typed.get("body", ""), typed.get("news", "")
    return _editor(request, title, here, body, news, errors, status, number, is_new)


def _editor(
    request: Request,
    title: str,
    here: str,
    body: str,
    news: str,
    errors: dict[str, str],
    status: int = 200,
    number: int = 0,
    is_new: bool = False,
) -> Response:
    return pages.page(
        request,
        "booking/regulation_form.html",
        current=ROOM,
        crumbs=[HOME, ALL, (title, "")],
        status=status,
        title=title,
        here=here,
        body=body,
        news=news,
        errors=errors,
        number=number,
        is_new=is_new,
    )


async def acceptances(request: Request) -> Response:
    """Who has accepted which version."""
    text, found = await _accepted(request, queries.MOST)
    return pages.page(
        request,
        "booking/regulation_acceptances.html",
        current=ROOM,
        crumbs=[HOME, ALL, (text.title, address_of(text.id)), ("Acceptations", "")],
        text=text,
        found=found,
        most=queries.MOST,
        here=address_of(text.id),
    )


async def acceptances_file(request: Request) -> Response:
    """The same, as a file, whole."""
    text, found = await _accepted(request, None)
    lines = [
        (text.title, each.number, each.at.isoformat(timespec="seconds"), each.person, each.organisation)
        for each in found
    ]
    return sheets.file("acceptations", sheets.write(["reglement", "version", "date", "nom", "organisation"], lines))


async def _accepted(request: Request, limit: int | None) -> tuple[Text, list[queries.Accepted]]:
    who = looking(request)
    async with reading_of(request) as db:
        text = await queries.text_of(db, id_of(request))
        require(rules.may_manage(who, text.owner_id), NOT_KEPT)
        return text, await queries.acceptances_of(db, text.id, limit)


routes = [
    Route(ALL[1], all_of_them),
    Route(f"{ALL[1]}/nouveau", new),
    Route(f"{ALL[1]}/nouveau", begin, methods=["POST"]),
    Route(f"{ALL[1]}/{{id}}", regulation),
    Route(f"{ALL[1]}/{{id}}/versions/{{number}}", version),
    Route(f"{ALL[1]}/{{id}}/edition", edit),
    Route(f"{ALL[1]}/{{id}}/edition", publish, methods=["POST"]),
    Route(f"{ALL[1]}/{{id}}/retrait", withdraw, methods=["POST"]),
    Route(f"{ALL[1]}/{{id}}/acceptations", acceptances),
    Route(f"{ALL[1]}/{{id}}/acceptations.csv", acceptances_file),
]
