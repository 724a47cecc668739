"""Doors to what was done."""

import json
from collections.abc import AsyncIterator
from typing import Any

from pydantic import BaseModel, ValidationError
from sqlmodel import col
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from entente.administration import lists
from entente.administration.trail import queries
from entente.administration.trail.queries import Sought
from entente.administration.trail.words import ACTS, said
from entente.administration.typed import NO_SUCH_DAY, MaybeDay
from entente.clock import today
from entente.house import House
from entente.ids import Ref
from entente.people.models import AuditEntry, Person
from entente.rules import Invalid
from entente.web import pages, sheets
from entente.web.requests import house_of, reading_of, who_of, work_of

KEY = "audit"
PAGE = "/administration/audit"
HEADER = ("date", "personne", "acte", "sujet", "détail")
BATCH = 1_000


class Days(BaseModel):
    """The days between which to look."""

    du: MaybeDay = None
    au: MaybeDay = None


def sought_in(request: Request) -> tuple[Sought, dict[str, str]]:
    """The filters of the address, and what is wrong with its days."""
    typed = {name: request.query_params.get(name, "") for name in ("du", "au")}
    errors: dict[str, str] = {}
    try:
        days = Days.model_validate(typed)
    except ValidationError as error:
        errors = {str(item["loc"][0]): NO_SUCH_DAY for item in error.errors()}
        days = Days()
    if days.du and days.au and days.au < days.du:
        errors["au"] = "La fin vient avant le début."
    person, act = lists.id_in(request, "personne"), lists.text_in(request, "acte")
    return Sought(person, act, lists.text_in(request, "sujet"), days.du, days.au), errors


def filters_of(sought: Sought) -> dict[str, object]:
    """The filters as the address says them."""
    return {
        "personne": sought.person,
        "acte": sought.act,
        "sujet": sought.subject,
        "du": sought.since,
        "au": sought.until,
    }


async def entries(request: Request) -> Response:
    """What was done, the newest first."""
    sought, errors = sought_in(request)
    async with reading_of(request) as db:
        page = await queries.entries(db, sought, lists.id_in(request, "apres"))
        acts = await queries.acts(db)
        person = await db.get(Person, sought.person) if sought.person else None
        titles = await queries.titles(db, page.rows)
    return pages.page(
        request,
        "administration/audit.html",
        current=KEY,
        crumbs=[("Audit", "")],
        status=422 if errors else 200,
        page=page,
        sought=sought,
        errors=errors,
        days={name: request.query_params.get(name, "") for name in ("du", "au")},
        acts=[(act, ACTS.get(act, act)) for act in acts],
        words=ACTS,
        titles=titles,
        said=lambda row: list(said(row.detail or {}, titles)),
        person=person,
        way=lists.way(request, page, **filters_of(sought)),
        link=lists.address,
    )


async def export(request: Request) -> Response:
    """What was done, as a file; that it was taken out is the first thing done after."""
    sought, errors = sought_in(request)
    if errors:
        raise Invalid(errors)
    async with work_of(request) as work:
        kept = {name: str(value) for name, value in filters_of(sought).items() if value}
        work.audit("audit.exported", Ref("entente/person", who_of(request).id), **kept)
    name = f"audit-{today().isoformat()}.csv"
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    return StreamingResponse(_written(house_of(request), sought), media_type="text/csv; charset=utf-8", headers=headers)


async def _written(house: House, sought: Sought) -> AsyncIterator[str]:
    """The file, a batch at a time: it may be long."""
    yield "\ufeff" + sheets.write(HEADER, [])
    query = queries.entries_sought(sought).order_by(col(AuditEntry.id).desc()).limit(BATCH)
    last = None
    while True:
        async with house.database.reading() as db:
            found = (await db.execute(query if last is None else query.where(col(AuditEntry.id) < last))).all()
        yield sheets.write_more([_line(row) for row in found])
        if len(found) < BATCH:
            return
        last = found[-1].id


def _line(row: Any) -> tuple[object, ...]:
    detail = json.dumps(row.detail, ensure_ascii=False, sort_keys=True) if row.detail else ""
    return row.at, row.name, row.act, row.subject, detail


routes = [Route("/audit", entries), Route("/audit.csv", export)]
