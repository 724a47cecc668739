"""Doors to reports: one for readers, two for moderators."""

from collections.abc import Mapping

from sqlmodel.ext.asyncio.session import AsyncSession
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from entente.rules import Invalid, NotFound, require
from entente.web import forms, pages
from entente.web.requests import id_of, reading_of, who_of, work_of
from forums import queries
from forums.addresses import HOME, ROOM, address_of, address_of_post, crumb
from forums.models import Forum
from forums.reports import queries as reports
from forums.reports import rules, service
from forums.reports.models import Ground, NewReport

GROUNDS = {
    Ground.OFF_TOPIC: "Hors sujet, ou au mauvais endroit",
    Ground.RUDE: "Propos déplacés ou agressifs",
    Ground.PERSONAL: "Données personnelles ou confidentielles",
    Ground.ADVERTISING: "Publicité",
    Ground.WRONG: "Information fausse ou dangereuse",
    Ground.OTHER: "Autre chose",
}
THANKS = "Merci\u00a0: les modérateurs du forum sont prévenus."
ALREADY = "Vous avez déjà signalé ce message\u00a0: les modérateurs du forum sont prévenus."


async def report_form(request: Request) -> Response:
    """What is wrong with a post, for its moderators."""
    return await _report_form(request, {})


async def _report_form(request: Request, errors: Mapping[str, str]) -> Response:
    who = who_of(request)
    async with reading_of(request) as db:
        said, place = await queries.post_for(db, who, id_of(request))
        (shown,) = await queries.shown_posts(db, [said.id])
        is_known = await reports.is_reported_by(db, who, said.id)
    require(rules.may_report(who, said), service.OWN)
    here = address_of_post(place.thread.id, said.number, said.id)
    if is_known:
        return pages.go(request, here, ALREADY, "info")
    return pages.page(
        request,
        "forums/report.html",
        current=ROOM,
        crumbs=[HOME, crumb(place.forum), (place.thread.title, address_of(place.thread.id)), ("Signaler", "")],
        status=422 if errors else 200,
        post=shown,
        back=here,
        grounds=list(GROUNDS.items()),
        typed=forms.typed_in(request),
        errors=errors,
    )


async def report_post(request: Request) -> Response:
    """Tell the moderators that a post needs them."""
    try:
        new = await forms.read(request, NewReport)
        async with work_of(request) as work:
            said, place = await queries.post_for(work.db, work.who, id_of(request))
            is_new = await service.report_post(work, place, said, new)
    except Invalid as error:
        return await _report_form(request, error.errors)
    here = address_of_post(place.thread.id, said.number, said.id)
    return pages.go(request, here, THANKS if is_new else ALREADY)


async def reported(request: Request) -> Response:
    """The reports that wait for the moderators of a forum."""
    who = who_of(request)
    async with reading_of(request) as db:
        here = await moderated_forum(db, request)
        count = await reports.count_open(db, here.id)
        found = await reports.open_reports(db, who, here.id)
    return pages.page(
        request,
        "forums/reports.html",
        current=ROOM,
        crumbs=[HOME, crumb(here), ("Signalements", "")],
        forum=here,
        count=count,
        reports=found,
        grounds=GROUNDS,
    )


async def moderated_forum(db: AsyncSession, request: Request) -> Forum:
    """The forum at this address, for those who moderate it; for anybody else there is nothing here."""
    here, moderates = await queries.forum_for(db, who_of(request), request.path_params["slug"])
    if not moderates:
        raise NotFound
    return here


async def dismiss(request: Request) -> Response:
    """Say that a report needs nothing."""
    async with work_of(request) as work:
        report, here = await reports.report_for(work.db, work.who, id_of(request))
        await service.dismiss(work, report, moderates=True)
    return pages.go(request, f"/forums/{here.slug}/signalements", "Le signalement est classé sans suite.")


routes = [
    Route("/forums/messages/{id}/signalement", report_form, methods=["GET"]),
    Route("/forums/messages/{id}/signalement", report_post, methods=["POST"]),
    Route("/forums/signalements/{id}/classement", dismiss, methods=["POST"]),
    Route("/forums/{slug}/signalements", reported),
]
