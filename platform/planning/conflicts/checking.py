"""What stands in the way of the meeting that a form describes, as far as it is written."""

from collections.abc import Mapping
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, BeforeValidator, ValidationError
from sqlmodel.ext.asyncio.session import AsyncSession

from entente.people.who import Who
from entente.rules import Invalid, require
from planning import rules
from planning.conflicts.queries import conflicts_of
from planning.conflicts.rules import Conflicts
from planning.service import NOT_YOURS
from planning.typed import Day, Hour, MaybeId, moment_of, told_beside

NOT_YET = "Choisissez l’instance, le jour et les heures\u00a0: ce qui se tient déjà à ce moment-là s’affichera ici."
BACKWARDS = "La réunion se termine avant de commencer\u00a0: corrigez l’une des deux heures."


class When(BaseModel):
    """What of the form of a meeting matters to others."""

    body_id: Annotated[UUID, BeforeValidator(str)]
    day: Day
    start: Hour
    end: Hour
    hall_id: MaybeId = None
    but: MaybeId = None


async def checked(db: AsyncSession, who: Who, fields: Mapping[str, str]) -> tuple[Conflicts | None, str]:
    """The conflicts, or a sentence that says what is still to be written; raises Refused for another's body."""
    try:
        asked = When.model_validate(dict(fields))
        starts = told_beside("start", lambda: moment_of(asked.day, asked.start))
        ends = told_beside("end", lambda: moment_of(asked.day, asked.end))
    except (ValidationError, Invalid):
        return None, NOT_YET
    require(rules.may_write(who, asked.body_id), NOT_YOURS)
    if ends <= starts:
        return None, BACKWARDS
    return await conflicts_of(db, who, asked.body_id, starts, ends, asked.hall_id, asked.but), ""
