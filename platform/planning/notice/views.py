"""Which door of the rules of bodies opens on what."""

from collections.abc import Mapping
from datetime import date
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, Field
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from entente import clock
from entente.rules import Invalid
from entente.web import forms, pages
from entente.web.requests import id_of, reading_of, work_of
from planning import queries
from planning.doors import BODIES, HOME, ROOM, keeping, writing
from planning.models import BodyRule
from planning.notice import queries as notice
from planning.notice import service
from planning.notice.rules import days_words
from planning.typed import Day

FIELDS = (
    *("days", "is_clear", "urgency_days", "is_strict", "has_quorum"),
    *("quorum_of", "quorum_over", "allows_pouvoirs", "allows_substitutes"),
)


class RuleForm(BaseModel):
    """How a body is to meet, from a day on."""

    since: Day
    days: Annotated[int, Field(ge=0, le=60)]
    is_clear: bool = False
    urgency_days: Annotated[int, Field(ge=0, le=60)] = 0
    is_strict: bool = False
    has_quorum: bool = False
    quorum_of: Annotated[int, Field(ge=1, le=99)] = 1
    quorum_over: Annotated[int, Field(ge=1, le=100)] = 2
    allows_pouvoirs: bool = False
    allows_substitutes: bool = False

    def rule(self, body_id: UUID) -> BodyRule:
        """The rule; raises Invalid for one that no meeting could keep."""
        if self.urgency_days > self.days:
            raise Invalid({"urgency_days": "L’urgence raccourcit le délai\u00a0: elle ne peut pas l’allonger."})
        if self.quorum_of >= self.quorum_over:
            raise Invalid({"quorum_of": "Le quorum est une part des membres\u00a0: moins que le tout."})
        if self.since < service.first_day():
            raise Invalid({"since": "Une règle ne change pas ce qui est passé\u00a0: partez d’aujourd’hui ou d’après."})
        return BodyRule(body_id=body_id, **self.model_dump())


async def bodies(request: Request) -> Response:
    """The bodies whose meetings this person writes, each with its rule of today."""
    who, today = keeping(request), _today()
    async with reading_of(request) as db:
        found = await queries.bodies_to_plan(db, who)
        present = [(each, await notice.rule_on(db, each.id, today)) for each in found]
    return pages.page(
        request,
        "planning/bodies.html",
        current=ROOM,
        crumbs=[HOME, (BODIES[0], "")],
        bodies=[(each, rule, days_words(rule.days, rule.is_clear)) for each, rule in present],
    )


def _today() -> date:
    return clock.today()


async def rule(request: Request) -> Response:
    """How a body meets, and the form of the rule to come."""
    return await _rule(request)


async def _rule(request: Request, errors: Mapping[str, str] | None = None) -> Response:
    keeping(request)
    async with reading_of(request) as db:
        body = await queries.body_of(db, id_of(request))
        writing(request, body.id)
        present = await notice.rule_on(db, body.id, _today())
        written = await notice.rules_of(db, body.id)
    shown = {name: getattr(present, name) for name in FIELDS} | {"since": f"{_today():%Y-%m-%d}"}
    return pages.page(
        request,
        "planning/rule.html",
        current=ROOM,
        crumbs=[HOME, BODIES, (body.name, "")],
        status=422 if errors else 200,
        body=body,
        present=present,
        is_default=present not in written,
        written=[(each, days_words(each.days, each.is_clear)) for each in written],
        present_days=days_words(present.days, present.is_clear),
        urgency_words=days_words(present.urgency_days, present.is_clear),
        fields=forms.typed_in(request) if errors else shown,
        errors=errors or {},
    )


async def write(request: Request) -> Response:
    """Write how a body meets from a day on."""
    keeping(request)
    try:
        form = await forms.read(request, RuleForm)
        async with work_of(request) as work:
            body = await queries.body_of(work.db, id_of(request))
            await service.write_rule(work, form.rule(body.id))
    except Invalid as error:
        return await _rule(request, error.errors)
    return pages.go(request, f"{BODIES[1]}/{body.id}", "La règle est enregistrée.")


routes = [
    Route(BODIES[1], bodies),
    Route(f"{BODIES[1]}/{{id}}", rule, methods=["GET"]),
    Route(f"{BODIES[1]}/{{id}}", write, methods=["POST"]),
]
