"""The doors of a commune's pistes."""

from collections.abc import Sequence
from datetime import date
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from entente import clock, journal
from entente.people.who import Who
from entente.rules import Invalid
from entente.web import forms, pages
from entente.web.requests import id_of, reading_of, work_of
from pistes import queries, rules
from pistes.addresses import HOME, MINE, ROOM
from pistes.communes import queries as communes
from pistes.communes import service as positions
from pistes.communes.models import PositionForm, Stance
from pistes.communes.queries import Commune
from pistes.mine.queries import participation
from pistes.mine.words import of_place
from pistes.ranking.views import looking
from pistes.stories import REGISTER
from pistes.words import PHASES

SAYS = {
    Stance.PROPOSES: "propose",
    Stance.TAKES_PART: "participe à",
    Stance.INTERESTED: "s’intéresse à",
    Stance.WITHDRAWN: "s’est retirée de",
}
"""What a commune does with its pistes, in the order in which they are shown."""
ACTS = {
    Stance.PROPOSES: "Proposer",
    Stance.TAKES_PART: "Participer",
    Stance.INTERESTED: "S’intéresser",
    Stance.WITHDRAWN: "Se retirer",
}


async def show(request: Request) -> Response:
    """The pistes of a commune, mine first, and the part that each takes on a day."""
    return await _show(request, {})


async def _show(request: Request, errors: dict[str, str]) -> Response:
    who = looking(request)
    today = clock.today()
    day = day_of(request.query_params.get("jour", ""), today)
    async with reading_of(request) as db:
        cursor = await journal.cursor(db, REGISTER)
        keeps = await queries.keeps(db, who)
        members = await communes.members(db, day)
        asked = request.query_params.get("commune", "") or forms.typed_in(request).get("commune", "")
        found = await participation(db, day, chosen_of(asked, who, members))
    speaks = found.chosen is not None and day == today and rules.may_speak_for(who, found.chosen.id, keeps)
    return pages.page(
        request,
        "pistes/mine.html",
        current=ROOM,
        crumbs=[HOME, (MINE[0], "")],
        streams=[cursor],
        status=422 if errors else 200,
        found=found,
        named=of_place(found.chosen.name) if found.chosen else "",
        members=[(str(each.id), each.name) for each in members],
        is_today=day == today,
        speaks=speaks,
        says=SAYS,
        acts=ACTS,
        phases=PHASES,
        errors=errors,
    )


def day_of(asked: str, today: date) -> date:
    """The day that the address asks for; today for anything else, for tomorrow is not known."""
    try:
        return min(date.fromisoformat(asked), today)
    except ValueError:
        return today


def chosen_of(asked: str, who: Who, members: Sequence[Commune]) -> UUID | None:
    """The commune that the address asks for, or that of whoever looks."""
    named = next((each.id for each in members if str(each.id) == asked), None)
    return named or next((each.id for each in members if each.id in who.organisations), None)


async def take(request: Request) -> Response:
    """A commune changes its position with one button."""
    looking(request)
    try:
        form = await forms.read(request, PositionForm)
        async with work_of(request) as work:
            piste = await queries.piste_for(work.db, work.who, id_of(request))
            await positions.take_position(work, piste, form.commune, form.stance)
    except Invalid as error:
        return await _show(request, error.errors)
    address = f"{MINE[1]}?commune={form.commune}#piste-{piste.id}"
    return pages.go(request, address, f"C’est noté pour «\u00a0{piste.title}\u00a0».")


routes = [
    Route(MINE[1], show),
    Route(f"{MINE[1]}/{{id}}", take, methods=["POST"]),
]
