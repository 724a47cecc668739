"""What can be done with halls: one function per verb."""

from typing import Annotated

from pydantic import BaseModel, BeforeValidator, Field
from sqlalchemy import and_, update
from sqlalchemy.exc import IntegrityError
from sqlmodel import col, select

from entente.clock import now
from entente.ids import Ref
from entente.rules import Invalid, require
from entente.work import Work
from planning import rules
from planning.calendars.service import say_again
from planning.models import Hall, Meeting
from planning.rules import OVER
from planning.service import Outdated, tell, touch
from planning.typed import Line, Name, or_none
from planning.verbs import Verb

NOT_KEPT = "Les salles sont tenues par les secrétariats des instances et par l’administration."


class HallForm(BaseModel):
    """What the form of a hall may send."""

    name: Name
    address: Line = ""
    seats: Annotated[Annotated[int, Field(ge=1, le=10_000)] | None, BeforeValidator(or_none)] = None


async def add(work: Work, written: HallForm) -> Hall:
    """Add a hall to the list."""
    require(rules.may_plan(work.who), NOT_KEPT)
    hall = Hall(**written.model_dump())
    await _save(work, hall)
    work.audit("hall.added", Ref("planning/hall", hall.id), name=hall.name)
    return hall


async def edit(work: Work, hall: Hall, written: HallForm, version: int) -> None:
    """Describe a hall again: the calendars of the meetings that are to be held there say so."""
    require(rules.may_plan(work.who), NOT_KEPT)
    # One statement decides when two people write it at once.
    held = update(Hall).where(col(Hall.id) == hall.id, col(Hall.version) == version).values(version=version + 1)
    if (await work.db.execute(held.returning(col(Hall.id)))).scalar_one_or_none() is None:
        raise Outdated
    await work.db.refresh(hall)
    hall.sqlmodel_update(written.model_dump())
    await _save(work, hall)
    is_to_come = and_(col(Meeting.ends_at) > now(), col(Meeting.state).not_in(OVER))
    here = select(Meeting).where(col(Meeting.hall_id) == hall.id, is_to_come)
    for meeting in (await work.db.exec(here.order_by(col(Meeting.id)).with_for_update())).all():
        touch(work, meeting)
        tell(work, meeting, Verb.MEETING_CHANGED)
    # Nobody is told of what is over, but calendars show it by its new name.
    await say_again(work, and_(col(Meeting.hall_id) == hall.id, ~is_to_come))
    work.audit("hall.edited", Ref("planning/hall", hall.id), name=hall.name)


async def _save(work: Work, hall: Hall) -> None:
    try:
        async with work.db.begin_nested():
            work.db.add(hall)
            await work.db.flush()
    except IntegrityError:
        # Of two who add the same name at once, the constraint lets one through.
        raise Invalid({"name": "Une autre salle porte déjà ce nom."}) from None
