"""Which door of answers opens on what."""

from collections.abc import Mapping
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, BeforeValidator
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from entente.clock import now
from entente.rules import Conflict, Invalid
from entente.web import forms, pages
from entente.web.requests import id_of, reading_of, safe_next, work_of
from planning import queries, rules
from planning.answers import queries as answers
from planning.answers import service
from planning.answers.rules import Said
from planning.doors import HOME, MEETINGS, ROOM, address_of, looking, writing
from planning.models import Channel, Stance
from planning.shown import shown
from planning.typed import MaybeId
from planning.views import meeting_page

STANCES = [
    (Stance.PRESENT, "Présent"),
    (Stance.EXCUSED, "Excusé"),
    (Stance.REPRESENTED, "Représenté par un pouvoir"),
    (Stance.SUBSTITUTED, "Remplacé par son suppléant"),
]


def _stance(written: object) -> object:
    return None if written == "none" else written


class AnswerForm(BaseModel):
    """What the form of an answer may send: for which seat, what, and who bears the pouvoir."""

    seat_id: UUID
    stance: Annotated[Stance | None, BeforeValidator(_stance)]
    bearer: MaybeId = None
    is_ill: bool = False

    @property
    def said(self) -> Said | None:
        """The answer; None to take it back. A bearer goes with a pouvoir and with nothing else."""
        if self.stance is None:
            return None
        return Said(self.stance, self.bearer if self.stance == Stance.REPRESENTED else None)


async def answer(request: Request) -> Response:
    """Answer for one's own seat, from the meeting or from the first page."""
    looking(request)
    fields = await forms.typed_fields(request)
    try:
        await _give(request, Channel.WEB)
    except (Invalid, Conflict) as error:
        return await meeting_page(request, *_wrong(error))
    back = safe_next(str(fields["next"])) if fields.get("next") else address_of(id_of(request))
    return pages.go(request, back, "Votre réponse est enregistrée.")


async def _give(request: Request, channel: Channel) -> str:
    form = await forms.read(request, AnswerForm)
    async with work_of(request) as work:
        row = await queries.meeting_for(work.db, work.who, id_of(request))
        member = await service.give(work, row, form.seat_id, form.said, channel, is_ill=form.is_ill)
    return member.name


def _wrong(error: Invalid | Conflict) -> tuple[Mapping[str, str], int]:
    if isinstance(error, Invalid):
        return error.errors, 422
    return {"": error.reason}, 409


async def telephone(request: Request) -> Response:
    """Everybody's answer, to be entered by the secretary who takes the call, and everything that was answered."""
    return await _telephone(request)


async def _telephone(request: Request, errors: Mapping[str, str] | None = None, status: int = 200) -> Response:
    who = looking(request)
    async with reading_of(request) as db:
        found = await shown(db, who, id_of(request))
        writing(request, found.meeting.body_id)
        seen = await answers.attendance(db, found.meeting)
        told = await answers.history(db, found.meeting)
    names = {each.seat_id: each.name for each in seen.members}
    return pages.page(
        request,
        "planning/answers.html",
        current=ROOM,
        crumbs=[HOME, (found.meeting.title, address_of(found.meeting.id)), ("Réponses", "")],
        status=status,
        shown=found,
        here=address_of(found.meeting.id),
        seen=seen,
        told=told,
        names=names,
        stances=STANCES,
        may_answer=rules.answers_are_open(found.meeting, now()),
        errors=errors or {},
        typed=forms.typed_in(request) if errors else {},
    )


async def take_call(request: Request) -> Response:
    """Enter what somebody answered by telephone."""
    looking(request)
    try:
        name = await _give(request, Channel.TELEPHONE)
    except (Invalid, Conflict) as error:
        return await _telephone(request, *_wrong(error))
    return pages.go(request, f"{address_of(id_of(request))}/reponses", f"La réponse de {name} est notée.")


routes = [
    Route(f"{MEETINGS}/{{id}}/reponse", answer, methods=["POST"]),
    Route(f"{MEETINGS}/{{id}}/reponses", telephone, methods=["GET"]),
    Route(f"{MEETINGS}/{{id}}/reponses", take_call, methods=["POST"]),
]
