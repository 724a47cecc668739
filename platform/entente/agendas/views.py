"""The doors of subscriptions: the page where one makes and revokes them, and the address that applications read."""

import base64
from collections.abc import Mapping
from contextlib import suppress
from io import BytesIO
from typing import Any, cast
from urllib.parse import quote

import segno
from sqlalchemy.exc import DBAPIError
from starlette.background import BackgroundTask
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from entente.agendas import feed, queries, service
from entente.agendas.models import Detail, NewSubscription, Subscription
from entente.agendas.others.queries import may_keep
from entente.house import House
from entente.room import Calendar
from entente.rules import Invalid, NotFound
from entente.web import calendars, forms, pages
from entente.web.requests import house_of, id_of, reading_of, who_of, work_of

HOME = ("Mes agendas", "/agendas")
DETAILS = (
    (Detail.FULL, "Tout", "Titre, lieu, texte et lien."),
    (Detail.TITLE, "Le titre seulement", "Ni lieu, ni texte, ni lien."),
    (Detail.BUSY, "« Occupé » seulement", "Pour un agenda que d’autres regardent."),
)


def _calendars(request: Request) -> Mapping[str, Calendar]:
    return cast(Mapping[str, Calendar], request.app.state.calendars)


async def agendas(request: Request) -> Response:
    """The addresses one has made, and the form that makes another."""
    return await _agendas(request, {})


async def _agendas(request: Request, errors: dict[str, str]) -> Response:
    known = _calendars(request)
    async with reading_of(request) as db:
        mine = await queries.subscriptions_of(db, who_of(request))
        options = [
            (f"{calendar.kind}:{subject}" if subject else calendar.kind, title)
            for calendar in known.values()
            for subject, title in await calendar.choices(db, who_of(request))
        ]
    titles = dict(options)
    return pages.page(
        request,
        "agendas/agendas.html",
        crumbs=[HOME],
        status=422 if errors else 200,
        mine=[(each, titles.get(_option_of(each), "Cet agenda ne vous est plus ouvert")) for each in mine],
        options=options,
        details=DETAILS,
        keeps_others=may_keep(who_of(request)),
        # A page elsewhere may propose a calendar: it is chosen in the form, and nothing more.
        typed=forms.typed_in(request) or {"calendar": request.query_params.get("calendar", "")},
        errors=errors,
    )


def _option_of(found: Subscription) -> str:
    return f"{found.kind}:{found.subject_id}" if found.subject_id else found.kind


async def subscribe(request: Request) -> Response:
    """Make an address: shown now, and never again."""
    try:
        new = await forms.read(request, NewSubscription)
        async with work_of(request) as work:
            made, secret = await service.subscribe(work, _calendars(request), new)
    except Invalid as error:
        return await _agendas(request, error.errors)
    address = _address(request, secret)
    return pages.page(
        request, "agendas/made.html", crumbs=[HOME, ("Nouvelle adresse", "")], made=made, ways=_ways(address)
    )


def _address(request: Request, secret: str) -> str:
    return f"{house_of(request).settings.base_url}/ical/{secret}.ics"


def _ways(address: str) -> dict[str, Any]:
    """One address, as each application likes to receive it."""
    webcal = "webcal" + address.removeprefix("https").removeprefix("http")
    drawn = BytesIO()
    segno.make(webcal, micro=False).save(drawn, kind="svg", scale=5, border=2)
    return {
        "address": address,
        "webcal": webcal,
        "google": f"https://calendar.google.com/calendar/render?cid={quote(webcal, safe='')}",
        "outlook": f"https://outlook.live.com/calendar/0/addfromweb?url={quote(address, safe='')}&name=Entente",
        "qr": "data:image/svg+xml;base64," + base64.b64encode(drawn.getvalue()).decode(),
    }


async def revoke(request: Request) -> Response:
    """Make one of one's own addresses useless."""
    async with work_of(request) as work:
        found = await queries.subscription_for(work.db, work.who, id_of(request))
        await service.revoke(work, found)
    return pages.go(request, HOME[1], f"L’adresse «\u00a0{found.label}\u00a0» est révoquée.")


async def ical(request: Request) -> Response:
    """The calendar itself, for whoever holds its address: no cookie, no page, no error in HTML."""
    secret, house = request.path_params["secret"], house_of(request)
    try:
        answer = await calendars.answer(
            request, secret, lambda: feed.read(house, _calendars(request), secret, _address(request, secret))
        )
    except NotFound:
        return Response(status_code=404, headers=calendars.HEADERS)
    except feed.Gone:
        return Response(status_code=410, headers=calendars.HEADERS)
    answer.background = BackgroundTask(_note, house, secret, request.headers.get("user-agent", ""))
    return answer


async def _note(house: House, secret: str, user_agent: str) -> None:
    # The calendar has left: an incident here changes nothing for whoever reads it.
    with suppress(DBAPIError, OSError):
        async with house.working(None) as work:
            await service.note_fetch(work, secret, user_agent)


routes = [
    Route("/agendas", agendas, methods=["GET"]),
    Route("/agendas", subscribe, methods=["POST"]),
    Route("/agendas/{id}/revocation", revoke, methods=["POST"]),
    Route("/ical/{secret}.ics", ical),
]
