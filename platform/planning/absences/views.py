"""Which door of absences opens on what."""

from collections.abc import Mapping
from datetime import datetime, time, timedelta

from pydantic import BaseModel
from sqlmodel.ext.asyncio.session import AsyncSession
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from entente import clock
from entente.clock import now
from entente.people.who import Who
from entente.rules import Invalid
from entente.web import forms, pages
from entente.web.requests import id_of, reading_of, work_of
from entente.web.words import PARIS, plural
from planning.absences import queries, service
from planning.answers import queries as answers
from planning.answers.queries import Awaited
from planning.doors import ABSENCES, HOME, ROOM, looking
from planning.models import Absence
from planning.typed import Day, Line, MaybeDay

MOST = 200


class AbsenceForm(BaseModel):
    """What the form of an absence may send; without last day, it lasts one."""

    since: Day
    last: MaybeDay = None
    note: Line = ""


async def absences(request: Request) -> Response:
    """One's own absences, each with the meetings in it: one click excuses from each."""
    return await _absences(request)


async def _absences(request: Request, errors: Mapping[str, str] | None = None) -> Response:
    who, today = looking(request), clock.today()
    async with reading_of(request) as db:
        found = await queries.absences_of(db, who, today)
        meetings = await _meetings(db, who, found)
    return pages.page(
        request,
        "planning/absences.html",
        current=ROOM,
        crumbs=[HOME, (ABSENCES[0], "")],
        status=422 if errors else 200,
        absences=[(each, each.until - timedelta(days=1), _within(each, meetings)) for each in found],
        errors=errors or {},
        fields=forms.typed_in(request) if errors else {},
    )


async def _meetings(db: AsyncSession, who: Who, found: list[Absence]) -> list[Awaited]:
    if not found:
        return []
    last = datetime.combine(max(each.until for each in found), time(), PARIS)
    coming = await answers.awaited(db, who, now(), MOST, last)
    return [each for each in coming if each.holder_id == who.id and each.starts_at > now()]


def _within(absence: Absence, meetings: list[Awaited]) -> list[Awaited]:
    days = [(each, each.starts_at.astimezone(PARIS).date()) for each in meetings]
    return [each for each, day in days if absence.since <= day < absence.until]


async def announce(request: Request) -> Response:
    """Say that one will be away."""
    who = looking(request)
    try:
        form = await forms.read(request, AbsenceForm)
        async with work_of(request) as work:
            made = await service.announce(work, form.since, form.last or form.since, form.note)
            meetings = _within(made, await _meetings(work.db, who, [made]))
    except Invalid as error:
        return await _absences(request, error.errors)
    waiting = [each for each in meetings if each.stance != "excused"]
    told = f" {plural(len(waiting), 'réunion tombe', 'réunions tombent')} dedans\u00a0: excusez-vous ci-dessous."
    return pages.go(request, ABSENCES[1], "Votre absence est notée." + (told if waiting else ""))


async def forget(request: Request) -> Response:
    """Take back an absence."""
    who = looking(request)
    async with work_of(request) as work:
        found = await queries.absence_for(work.db, who, id_of(request))
        await service.forget(work, found)
    return pages.go(
        request, ABSENCES[1], "Cette absence est retirée\u00a0; vos réponses restent comme vous les avez données."
    )


routes = [
    Route(ABSENCES[1], absences, methods=["GET"]),
    Route(ABSENCES[1], announce, methods=["POST"]),
    Route(f"{ABSENCES[1]}/{{id}}/retrait", forget, methods=["POST"]),
]
