"""Writing a decision down: numbered by the database, whole or not at all, and never changed afterwards."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from sqlmodel import col, select

from entente.files.keeping import Kept
from entente.rules import Conflict, Invalid, NotFound, require
from entente.web.words import PARIS
from entente.work import Work
from pistes import queries
from pistes.decisions import rules
from pistes.decisions.models import Attendance, Decision, DecisionFile, DecisionForm
from pistes.decisions.rules import Present
from pistes.decisions.stories import DECISIONS, Verb, ref_of
from pistes.deferral.service import MORNING, today
from pistes.seats import queries as seats

REVIEW = "pistes.review"
REPLACED = "Cette décision vient d’être remplacée par une autre\u00a0: relisez-la avant d’en enregistrer une nouvelle."


async def record(work: Work, form: DecisionForm, present: Mapping[UUID, UUID], files: Sequence[Kept] = ()) -> Decision:
    """Write a decision down for a body that sat; `present` is seat → whoever sat there.

    A decision at a gate goes through `protocol.service.decide`, which moves the piste in the same transaction.
    """
    try:
        body = await seats.body_named(work.db, form.body)
    except NotFound:
        raise Invalid({"body": "Choisissez une instance dans la liste."}) from None
    require(rules.may_record(work.who, body.id), rules.ONLY_SECRETARY)
    sat = await seats.seats_on(work.db, body.id, form.decided_on)
    if errors := rules.wrong(form, sat, present, today()):
        raise Invalid(errors)
    if form.piste and form.piste not in await queries.pistes_of(work.db, [form.piste]):
        raise Invalid({"piste": "Choisissez une piste dans la liste."})
    if form.supersedes:
        await _may_be_replaced(work, form)
    made = drawn(form, len(sat), work.who.id)
    return await enter(work, made, rules.sitting(sat, present), files)


def drawn(form: DecisionForm, seats_held: int, by: UUID | None) -> Decision:
    """The decision as its form says it, without its number yet."""
    return Decision(
        year=form.decided_on.year,
        number=0,
        body_id=form.body,
        decided_on=form.decided_on,
        title=form.title,
        motive=form.motive,
        piste_id=form.piste,
        gate=form.gate,
        outcome=form.outcome,
        review_on=form.review_on,
        supersedes_id=form.supersedes,
        seats=seats_held,
        recorded_by=by,
    )


async def enter(work: Work, made: Decision, present: Sequence[Present], files: Sequence[Kept] = ()) -> Decision:
    """Give a decision its number and keep it with who sat and its documents; whoever calls has asked everything."""
    made.number = (await work.db.execute(_NUMBER, {"year": made.year})).scalar_one()
    await _save(work, made)
    work.db.add_all(_attendance(made, each) for each in present)
    work.db.add_all(DecisionFile(decision_id=made.id, **each.columns()) for each in files)
    if made.review_on:
        due = datetime.combine(made.review_on, MORNING, PARIS)
        work.later(REVIEW, {"decision": str(made.id)}, due, key=f"{REVIEW}/{made.id}")
    work.record(DECISIONS, Verb.DECISION_RECORDED, made.id)
    work.audit("decision.recorded", ref_of(made.id), code=made.code, body=str(made.body_id))
    return made


# The row of the year is held until the commit: whoever comes next waits, and a decision that fails gives its number
# back. The unique constraint would refuse a double, were the counter ever wrong.
_NUMBER = text(
    "INSERT INTO piste_decision_year (year, last) VALUES (:year, 1) "
    "ON CONFLICT (year) DO UPDATE SET last = piste_decision_year.last + 1 RETURNING last"
)


async def _save(work: Work, made: Decision) -> None:
    """The unique constraint decides between two that replace the same decision at once."""
    try:
        async with work.db.begin_nested():
            work.db.add(made)
    except IntegrityError:
        raise Conflict(REPLACED) from None


async def _may_be_replaced(work: Work, form: DecisionForm) -> None:
    former = (await work.db.exec(select(Decision).where(col(Decision.id) == form.supersedes))).one_or_none()
    if former is None:
        raise Invalid({"supersedes": "La décision à remplacer n’est pas dans le registre."})
    if former.body_id != form.body:
        raise Invalid({"supersedes": "Une décision est remplacée par l’instance qui l’a prise."})
    if former.decided_on > form.decided_on:
        raise Invalid({"decided_on": f"La décision remplacée, {former.code}, est plus récente que cette date."})
    heir = select(Decision.id).where(col(Decision.supersedes_id) == former.id)
    if (await work.db.exec(heir)).first():
        raise Conflict(REPLACED)


def _attendance(made: Decision, present: Present) -> Attendance:
    return Attendance(
        decision_id=made.id,
        seat_id=present.seat.id,
        organisation_id=present.seat.commune.id,
        person_id=present.person_id,
        as_substitute=present.as_substitute,
        mandate=present.seat.mandate,
    )
