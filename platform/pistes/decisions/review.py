"""The day on which a decision is to be looked at again: its secretary is told, once."""

from typing import Any
from uuid import UUID

from sqlmodel import col

from entente.db import rows
from entente.notices.models import News
from entente.notices.service import notify
from entente.people.models import Function, FunctionKind
from entente.people.queries import is_current
from entente.work import Work
from pistes.decisions.models import Decision
from pistes.decisions.queries import heir_of
from pistes.decisions.stories import Verb, ref_of
from pistes.deferral.service import today
from pistes.seats import queries as seats


async def review_due(work: Work, payload: dict[str, Any]) -> None:
    """Tell the secretary of the body, or the administrators when it has none; nobody, once it was replaced."""
    found = await work.db.get(Decision, UUID(payload["decision"]))
    if found is None or await heir_of(work.db, found.id):
        return
    people = await seats.secretaries(work.db, found.body_id, today()) or await _administrators(work)
    reason = f"La décision {found.code} est à revoir aujourd’hui."
    about = ref_of(found.id)
    await notify(work, News(Verb.DECISION_DUE, about, about, None), dict.fromkeys(people, reason))


async def _administrators(work: Work) -> set[UUID]:
    query = rows(Function.person_id).where(
        col(Function.kind) == FunctionKind.ADMINISTRATEUR, is_current(Function, today())
    )
    return set((await work.db.execute(query)).scalars())
