"""The form by which a decision is written down: first the body and the day, then who sat and what was decided."""

from datetime import date
from typing import Any
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from entente.people.who import Who
from entente.rules import Invalid, NotFound, require
from entente.web import forms, pages, uploads
from entente.web.requests import house_of, reading_of, work_of
from pistes import queries as pistes
from pistes.addresses import HOME, ROOM
from pistes.decisions import documents, rules
from pistes.decisions.models import MOST_FILES, DecisionForm
from pistes.decisions.queries import PAGE
from pistes.decisions.views import CRUMB
from pistes.decisions.whole import Whole, whole
from pistes.deferral.service import today
from pistes.models import Phase, Piste
from pistes.protocol import service as protocol
from pistes.protocol.queries import Course, course_of
from pistes.ranking.views import looking
from pistes.seats import queries as seats
from pistes.words import OUTCOMES, PHASES

SEAT = "seat-"


async def blank(request: Request) -> Response:
    """The form, for the body and the day that the address asks for; first these two, when it names none."""
    return await _page(request, dict(request.query_params), {})


async def create(request: Request) -> Response:
    """Write a decision down; at a gate, the piste moves in the same transaction."""
    looking(request)
    house = house_of(request)
    received = await uploads.receive(request, documents.limits_of(house))
    try:
        fields = await forms.typed_fields(request)
        if heavy := documents.refused(received, house):
            raise Invalid({"files": heavy})
        form = await forms.read(request, DecisionForm)
        async with documents.kept(house, received.files) as kept, work_of(request) as work:
            made = await protocol.decide(work, form, _present(fields), _phase(fields.get("seen")), kept)
    except Invalid as error:
        again = {"files": documents.AGAIN} if received.files else {}
        return await _page(request, forms.typed_in(request), again | error.errors)
    finally:
        received.close()
    return pages.go(request, f"{PAGE}/{made.id}", f"La décision {made.code} est enregistrée.")


def _present(fields: dict[str, Any]) -> dict[UUID, UUID]:
    """Seat → whoever sat there; what is no id names nobody's seat."""
    chosen = {name[len(SEAT) :]: value for name, value in fields.items() if name.startswith(SEAT) and value}
    return {_id(seat): _id(person) for seat, person in chosen.items()}


def _id(text: object) -> UUID:
    try:
        return UUID(str(text))
    except ValueError:
        return UUID(int=0)


def _phase(text: object) -> Phase | None:
    return Phase(str(text)) if text in set(Phase) else None


async def _page(request: Request, typed: dict[str, str], errors: dict[str, str]) -> Response:
    who = looking(request)
    require(rules.may_record_some(who), rules.ONLY_SECRETARY)
    async with reading_of(request) as db:
        known = await _known(db, who, typed)
    wrong = {name: said for name, said in errors.items() if name not in known["fields"]}
    return pages.page(
        request,
        "pistes/record.html",
        current=ROOM,
        crumbs=[HOME, CRUMB, ("Enregistrer une décision", "")],
        status=422 if errors else 200,
        typed=typed,
        errors=errors,
        elsewhere=wrong,
        outcomes=[(str(outcome), words.capitalize()) for outcome, words in OUTCOMES.items()],
        phases=PHASES,
        today=today(),
        most=MOST_FILES,
        **known,
    )


async def _known(db: AsyncSession, who: Who, typed: dict[str, str]) -> dict[str, Any]:
    """What the form needs: the body and its seats on that day, the piste and its gate, the decision replaced."""
    former = await _former(db, who, typed.get("supersedes", ""))
    piste, course = await _piste(db, typed.get("piste", "") or (str(former.line.piste_id or "") if former else ""))
    mine = [each for each in await seats.bodies(db) if rules.may_record(who, each.id)]
    asked = typed.get("body") or (str(former.body_id) if former else "") or _decider(course)
    body = next((each for each in mine if str(each.id) == asked), None)
    day = _day(typed.get("decided_on", ""))
    is_gate = bool(piste and course and course.gate and typed.get("gate", ""))
    return {
        "fields": ("body", "decided_on", "title", "motive", "outcome", "review_on", "files", "present", "piste"),
        "bodies": [(str(each.id), each.name) for each in mine],
        "body": body,
        "day": day,
        "seats": await seats.seats_on(db, body.id, day) if body and day else [],
        "former": former,
        "piste": piste,
        "course": course,
        "gate": course.gate if course and is_gate else None,
        "title": _title(piste, course, is_gate),
    }


def _decider(course: Course | None) -> str:
    return str(course.deciders[0].id) if course and course.deciders else ""


def _title(piste: Piste | None, course: Course | None, is_gate: bool) -> str:
    if not (piste and course and course.gate and is_gate):
        return ""
    return f"{piste.title[:150]}\u00a0: passage en phase «\u00a0{PHASES[course.gate]}\u00a0»"


async def _former(db: AsyncSession, who: Who, asked: str) -> Whole | None:
    try:
        return await whole(db, who, UUID(asked))
    except (ValueError, NotFound):
        return None


async def _piste(db: AsyncSession, asked: str) -> tuple[Piste | None, Course | None]:
    found = (await pistes.pistes_of(db, [_id(asked)])).get(_id(asked)) if asked else None
    return found, await course_of(db, found) if found else None


def _day(asked: str) -> date | None:
    try:
        return date.fromisoformat(asked)
    except ValueError:
        return None


routes = [
    Route(f"{PAGE}/nouvelle", blank),
    Route(f"{PAGE}/nouvelle", create, methods=["POST"]),
]
