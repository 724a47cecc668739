"""« Aujourd’hui »: what every room has to say to one person."""

from zoneinfo import ZoneInfo

from starlette.requests import Request
from starlette.responses import Response

from entente.clock import now
from entente.room import Room
from entente.web import pages, words
from entente.web.requests import reading_of, who_of
from entente.web.templates import render


async def today(request: Request) -> Response:
    """The first page: one section per room that has something to say, in the order of the rail."""
    who = who_of(request)
    rooms: list[Room] = request.app.state.rooms
    async with reading_of(request) as db:
        said = [await room.today(db, who) for room in rooms if room.today]
    day = words.weekday_date(now().astimezone(ZoneInfo(who.time_zone)).date())
    sections = [render(section.template, section.context) for section in said if section]
    return pages.page(request, "home/today.html", current="today", day=day.capitalize(), sections=sections)
