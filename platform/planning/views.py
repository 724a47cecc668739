"""Which door of a meeting opens on what."""

from collections.abc import Mapping
from uuid import UUID

from sqlmodel import col
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from entente import journal
from entente.clock import now, today
from entente.ids import Ref
from entente.notices import service as notices
from entente.rules import Conflict, Invalid, Refused
from entente.web import forms, pages
from entente.web.requests import has_notices, house_of, id_of, reading_of, work_of
from entente.web.templates import render, root
from entente.web.words import PARIS, plural
from entente.work import Work
from planning import meetings, queries, rules, service
from planning.agenda import queries as agenda
from planning.agenda import service as agenda_service
from planning.answers import feed
from planning.answers import queries as answers
from planning.conflicts.queries import conflicts_of
from planning.doors import HOME, MEETINGS, NEW, ROOM, address_of, keeping, looking
from planning.meetings import Trouble
from planning.models import Meeting, State
from planning.notice import service as notice
from planning.notice.queries import rule_on
from planning.notice.rules import Delay
from planning.series import rules as series_rules
from planning.series import service as series
from planning.series.rules import REACHES, Reach, SeriesForm
from planning.service import Meets, Outdated
from planning.shown import shown
from planning.typed import MeetingForm, fields_of, or_none
from planning.verbs import MEETING, stream_of

NO_BODY = "Choisissez l’instance qui se réunit."


async def new(request: Request) -> Response:
    """The form of a new meeting, empty or with what was done last time."""
    who = keeping(request)
    async with reading_of(request) as db:
        fields = await meetings.fresh(db, who, request.query_params)
    return await meetings.form(request, fields, Trouble())


async def create(request: Request) -> Response:
    """Plan a meeting, or a whole series; refused, the form comes back as it was typed."""
    keeping(request)
    fields = await _fields(request)
    if "check" in fields:
        return await meetings.form(request, fields, Trouble())
    try:
        wanted = (await forms.read(request, MeetingForm)).plan(_body_of(fields))
        rule = (await forms.read(request, SeriesForm)).rule(wanted.starts_at.astimezone(PARIS).date())
        async with work_of(request) as work:
            made = await series.plan(work, wanted, rule) if rule else [await service.plan(work, wanted)]
            source = or_none(fields.get("from"))
            if source and (known := await _source(work, str(source))):
                for each in made:
                    await agenda_service.copy(work, known, each)
    except (Invalid, Conflict) as error:
        return await meetings.form(request, fields, _trouble(error))
    said = (
        "La réunion est prévue."
        if len(made) == 1
        else f"{plural(len(made), 'réunion est prévue', 'réunions sont prévues')}."
    )
    return pages.go(request, address_of(made[0].id), said)


async def _source(work: Work, written: str) -> UUID | None:
    try:
        query = queries.readable_meetings(work.who).where(col(Meeting.id) == UUID(written))
    except ValueError:
        return None
    found = (await work.db.exec(query)).one_or_none()
    return found.id if found else None


async def _fields(request: Request) -> dict[str, str]:
    return {name: value for name, value in (await forms.typed_fields(request)).items() if isinstance(value, str)}


def _body_of(fields: Mapping[str, str]) -> UUID:
    try:
        return UUID(fields.get("body_id", ""))
    except ValueError:
        raise Invalid({"body_id": NO_BODY}) from None


def _trouble(error: Invalid | Conflict) -> Trouble:
    if isinstance(error, Invalid):
        return Trouble(error.errors, 422)
    return Trouble(status=409, conflict=error.reason, other=error.other_id if isinstance(error, Meets) else None)


async def delay(request: Request) -> Response:
    """What the notice asks of the body and the day that are being chosen: a piece of the form."""
    keeping(request)
    asked = dict(request.query_params)
    async with reading_of(request) as db:
        found = await meetings.delay_of(db, asked.get("body_id", ""), asked)
    return pages.piece(render("planning/_delay.html", {"delay": found}))


async def meeting(request: Request) -> Response:
    """A meeting: when, where, what about, who comes, and what one answers oneself."""
    return await meeting_page(request)


async def meeting_page(request: Request, errors: Mapping[str, str] | None = None, status: int = 200) -> Response:
    """The page of a meeting, with what was refused."""
    who, meeting_id = looking(request), id_of(request)
    if request.method == "GET" and has_notices(request):
        async with house_of(request).working(who) as work:
            await notices.read_about(work, who.id, Ref(MEETING, meeting_id))
    async with reading_of(request) as db:
        cursor = await journal.cursor(db, stream_of(meeting_id))
        found = await shown(db, who, meeting_id)
        row = found.meeting
        points = await agenda.agenda_of(db, row.id)
        seen = await answers.attendance(db, row) if await answers.may_follow(db, who, row) else None
        rule = await rule_on(db, row.body_id, answers.day_of(row)) if rules.may_write(who, row.body_id) else None
        is_ahead = rule is not None and rules.is_alive(row) and row.starts_at > now()
        period = row.starts_at, row.ends_at, row.hall_id, row.id
        conflicts = await conflicts_of(db, who, row.body_id, *period) if is_ahead else None
    mine = answers.seats_of(who, seen.members) if seen else []
    typed_ = forms.typed_in(request) if errors else {}
    return pages.page(
        request,
        "planning/meeting.html",
        current=ROOM,
        crumbs=[HOME, (row.title, "")],
        streams=[cursor] if seen else [],
        status=status,
        shown=found,
        here=address_of(row.id),
        rule_words=series_rules.in_words(found.rule) if found.rule else "",
        agenda=root(feed.agenda_shown(points)),
        points=len(points.points),
        attendance=root(feed.shown(seen)) if seen else None,
        seen=seen,
        mine=mine,
        bearers=seen.members if seen else [],
        may_answer=rules.answers_are_open(row, now()),
        may_write=rule is not None,
        is_alive=rules.is_alive(row),
        conflicts=conflicts,
        has_begun=row.starts_at <= now(),
        delay=Delay(answers.day_of(row), today(), rule)
        if rule and row.state in (State.PLANNED, State.OPTION)
        else None,
        reaches=REACHES,
        errors=errors or {},
        typed=typed_,
    )


async def edit(request: Request) -> Response:
    """The form of a meeting, as it is."""
    who = keeping(request)
    async with reading_of(request) as db:
        found = await shown(db, who, id_of(request))
    if not rules.may_write(who, found.meeting.body_id):
        raise Refused(service.NOT_YOURS)
    service.require_alive(found.meeting)
    return await meetings.form(request, fields_of(found.meeting), Trouble(), found)


async def change(request: Request) -> Response:
    """Write a meeting again; over an older version one is told, and nothing typed is lost."""
    who, fields = keeping(request), await _fields(request)
    async with reading_of(request) as db:
        found = await shown(db, who, id_of(request))
    if not rules.may_write(who, found.meeting.body_id):
        raise Refused(service.NOT_YOURS)
    if "check" in fields:
        return await meetings.form(request, fields, Trouble(), found)
    try:
        wanted = (await forms.read(request, MeetingForm)).plan(found.meeting.body_id)
        async with work_of(request) as work:
            row = await queries.meeting_for(work.db, work.who, found.meeting.id)
            count = await series.change(work, row, wanted, version_in(fields), reach_in(fields))
    except Outdated as error:
        # What is typed is shown over the new version: to send it again is to choose it.
        fields["version"] = str(found.meeting.version)
        return await meetings.form(request, fields, _trouble(error), found)
    except (Invalid, Conflict) as error:
        return await meetings.form(request, fields, _trouble(error), found)
    said = (
        "C’est enregistré."
        if count == 1
        else f"{plural(count, 'réunion est enregistrée', 'réunions sont enregistrées')}."
    )
    return pages.go(request, address_of(found.meeting.id), said)


def version_in(fields: Mapping[str, object]) -> int:
    """The version over which a form was written; one that cannot be read is none."""
    written = str(fields.get("version", ""))
    return int(written[:9]) if written.isascii() and written.isdigit() else 0


def reach_in(fields: Mapping[str, object]) -> Reach:
    """How much of a series a change reaches."""
    try:
        return Reach(str(fields.get("reach") or Reach.ONE))
    except ValueError:
        raise Invalid({"reach": "Choisissez dans la liste."}) from None


async def cancel(request: Request) -> Response:
    """Call a meeting off, and say why."""
    looking(request)
    fields = await _fields(request)
    try:
        async with work_of(request) as work:
            row = await queries.meeting_for(work.db, work.who, id_of(request))
            count = await series.cancel(work, row, fields.get("why", ""), version_in(fields), reach_in(fields))
    except Invalid as error:
        return await meeting_page(request, error.errors, 422)
    said = (
        "La réunion est annulée."
        if count == 1
        else f"{plural(count, 'réunion est annulée', 'réunions sont annulées')}."
    )
    return pages.go(request, address_of(row.id), said)


async def convene(request: Request) -> Response:
    """Note that the convocation was sent."""
    looking(request)
    fields = await _fields(request)
    try:
        async with work_of(request) as work:
            row = await queries.meeting_for(work.db, work.who, id_of(request))
            await notice.convene(work, row, version_in(fields), fields.get("urgency", ""))
    except Invalid as error:
        return await meeting_page(request, error.errors, 422)
    return pages.go(request, address_of(row.id), "La réunion est convoquée.")


async def hold(request: Request) -> Response:
    """Note that a meeting was held."""
    looking(request)
    fields = await _fields(request)
    async with work_of(request) as work:
        row = await queries.meeting_for(work.db, work.who, id_of(request))
        await service.hold(work, row, version_in(fields))
    return pages.go(request, address_of(row.id), "La réunion a eu lieu\u00a0: c’est noté.")


routes = [
    Route(NEW, new, methods=["GET"]),
    Route(NEW, create, methods=["POST"]),
    Route(f"{MEETINGS}/delai", delay),
    Route(f"{MEETINGS}/{{id}}", meeting, methods=["GET"]),
    Route(f"{MEETINGS}/{{id}}/modification", edit, methods=["GET"]),
    Route(f"{MEETINGS}/{{id}}/modification", change, methods=["POST"]),
    Route(f"{MEETINGS}/{{id}}/annulation", cancel, methods=["POST"]),
    Route(f"{MEETINGS}/{{id}}/convocation", convene, methods=["POST"]),
    Route(f"{MEETINGS}/{{id}}/tenue", hold, methods=["POST"]),
]
