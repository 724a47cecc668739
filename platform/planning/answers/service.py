"""What can be answered to a meeting: one function per verb, whatever the way it came."""

from uuid import UUID

from sqlalchemy import delete
from sqlalchemy.exc import IntegrityError
from sqlmodel import col

from entente.clock import now
from entente.db import is_embedded, rows
from entente.ids import Ref
from entente.notices.models import News
from entente.notices.service import notify
from entente.people.models import Seat
from entente.rules import Conflict, Invalid, NotFound, require
from entente.web.words import date_time
from entente.work import Work
from planning import rules
from planning.answers import queries
from planning.answers.queries import Attendance, Member
from planning.answers.rules import Bearer, Said, Step, heard, is_worn_out, unfit_bearer
from planning.models import Answer, AnswerSaid, Channel, Meeting, Stance, State
from planning.verbs import MEETING, Verb, stream_of

SAID = "planning/answer"
NOT_YOURS = "Ce siège n’est pas le vôtre\u00a0: seul le secrétariat de l’instance répond pour quelqu’un d’autre."


async def give(
    work: Work,
    meeting: Meeting,
    seat_id: UUID,
    said: Said | None,
    channel: Channel = Channel.WEB,
    *,
    is_ill: bool = False,
) -> Member:
    """Answer for a seat, or take its answer back (None): the last word wins, and every word is kept.

    `is_ill`: the secretary has seen the proof of an illness, which alone lets a pouvoir serve a fourth sitting.
    Raises Conflict when answers are closed or the bearer has just been taken, Invalid for a pouvoir that cannot be.
    """
    await _lock(work, meeting)
    seen = await queries.attendance(work.db, meeting)
    member = next((each for each in seen.members if each.seat_id == seat_id), None)
    if member is None:
        raise NotFound
    is_own = work.who.id in (member.holder_id, member.substitute_id)
    is_asked = channel == Channel.TELEPHONE and rules.may_write(work.who, meeting.body_id)
    require(is_own or is_asked, NOT_YOURS)
    _require_open(meeting)
    if said is not None:
        _require_fit(seen, member, said)
        if not (is_ill and is_asked):
            await _require_fresh(work, meeting, seen, member, said)
    await _hear(work, meeting, seen, member, said, channel)
    return member


async def _lock(work: Work, meeting: Meeting) -> None:
    """Wait for one's turn to answer a meeting: what the others said must not change while it is looked at."""
    query = rows(Meeting.state, Meeting.starts_at).where(col(Meeting.id) == meeting.id)
    if not is_embedded(work.db):
        query = query.with_for_update(key_share=True)
    await work.db.execute(query)
    await work.db.refresh(meeting)


def _require_open(meeting: Meeting) -> None:
    if rules.answers_are_open(meeting, now()):
        return
    if meeting.state == State.CANCELLED:
        raise Conflict("Cette réunion est annulée\u00a0: il n’y a plus rien à répondre.")
    if meeting.state == State.OPTION:
        raise Conflict("Cette date n’est pas encore décidée\u00a0: on n’y répond pas.")
    raise Conflict(f"Les réponses sont closes depuis le début de la réunion, le {date_time(meeting.starts_at)}.")


def _require_fit(seen: Attendance, member: Member, said: Said) -> None:
    if said.stance == Stance.SUBSTITUTED:
        if not seen.allows_substitutes:
            raise Invalid({"stance": "Cette instance n’admet pas de suppléants."})
        if member.substitute_id is None:
            raise Invalid({"stance": "Ce siège n’a pas de suppléant."})
    if said.stance != Stance.REPRESENTED:
        return
    if not seen.allows_pouvoirs:
        raise Invalid({"stance": "Dans cette instance, on ne donne pas de pouvoir."})
    bearer = next((each for each in seen.members if each.seat_id == said.bearer), None)
    if bearer is None:
        raise Invalid({"bearer": "Choisissez dans la liste qui portera le pouvoir."})
    answers = {each.seat_id: each.said for each in seen.members if each.said}
    if refusal := unfit_bearer(answers, member.seat_id, Bearer(bearer.seat_id, bearer.name, bearer.is_away)):
        raise Invalid({"bearer": refusal})


async def _require_fresh(work: Work, meeting: Meeting, seen: Attendance, member: Member, said: Said) -> None:
    if said.bearer is None:
        return
    query = rows(Seat.id).where(col(Seat.id) == member.seat_id)
    if not is_embedded(work.db):
        # One seat at a time: two sittings answered at once would not see each other.
        query = query.with_for_update(key_share=True)
    await work.db.execute(query)
    if is_worn_out(await queries.in_a_row(work.db, meeting, member.seat_id, said.bearer)):
        name = next(each.name for each in seen.members if each.seat_id == said.bearer)
        raise Invalid(
            {
                "bearer": f"{name} porte déjà ce pouvoir à trois séances de suite, et la loi n’en permet pas une "
                "quatrième\u00a0: choisissez un autre membre. En cas de maladie, le secrétariat peut le noter, au vu "
                "d’un justificatif."
            }
        )


async def _hear(
    work: Work, meeting: Meeting, seen: Attendance, member: Member, said: Said | None, channel: Channel
) -> None:
    answers = {each.seat_id: each.said for each in seen.members if each.said}
    step = heard(answers, member.seat_id, said)
    bearer = next((each for each in seen.members if said and each.seat_id == said.bearer), None)
    try:
        async with work.db.begin_nested():
            fallen = await _fall(work, meeting, step, channel)
            told = await _write(work, meeting, member.seat_id, said, channel)
    except IntegrityError as error:
        # One pouvoir per bearer: of two given at once, the constraint lets one through.
        if bearer is None or "bearer" not in str(error.orig).split("\n", 1)[0]:
            raise
        raise Conflict(
            f"{bearer.name} porte déjà un pouvoir et ne peut en porter qu’un\u00a0: choisissez un autre membre."
        ) from None
    holders = {each.seat_id: each.holder_id for each in seen.members}
    if fallen is not None:
        await _notify(work, meeting, fallen, holders[fallen.seat_id], "vous aviez donné pouvoir")
    if bearer is not None:
        await _notify(work, meeting, told, bearer.holder_id, "un pouvoir vous est donné")
    verb = Verb.ANSWER_GIVEN if said else Verb.ANSWER_WITHDRAWN
    work.record(stream_of(meeting.id), verb, meeting.id)


async def _fall(work: Work, meeting: Meeting, step: Step, channel: Channel) -> AnswerSaid | None:
    if step.fallen is None:
        return None
    return await _write(work, meeting, step.fallen, step.answers[step.fallen], channel)


async def _notify(work: Work, meeting: Meeting, told: AnswerSaid, person_id: UUID, reason: str) -> None:
    news = News(Verb.ANSWER_GIVEN, Ref(SAID, told.id), Ref(MEETING, meeting.id), work.who.id)
    await notify(work, news, {person_id: reason})


async def _write(work: Work, meeting: Meeting, seat_id: UUID, said: Said | None, channel: Channel) -> AnswerSaid:
    await work.db.execute(
        delete(Answer).where(col(Answer.meeting_id) == meeting.id, col(Answer.seat_id) == seat_id),
        execution_options={"synchronize_session": "fetch"},
    )
    told = AnswerSaid(
        meeting_id=meeting.id,
        seat_id=seat_id,
        stance=said.stance if said else None,
        bearer_id=said.bearer if said else None,
        channel=channel,
        person_id=work.who.id,
    )
    work.db.add(told)
    if said:
        work.db.add(
            Answer(
                meeting_id=meeting.id,
                seat_id=seat_id,
                stance=said.stance,
                bearer_id=said.bearer,
                channel=channel,
                person_id=work.who.id,
                at=told.at,
            )
        )
    await work.db.flush()
    return told
