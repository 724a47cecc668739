"""Opening a round, answering in it, reminding those who are missing, and closing it."""

from collections.abc import Collection, Mapping
from datetime import datetime, time, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Uuid, bindparam, delete, insert, update
from sqlalchemy.exc import IntegrityError
from sqlmodel import col, select

from entente.clock import now, today
from entente.db import inserting
from entente.notices.models import News
from entente.notices.service import notify
from entente.rules import Conflict, Invalid, require
from entente.web.words import PARIS
from entente.work import Work
from pistes import queries as register
from pistes.communes import queries as communes
from pistes.criteria.models import Criteria, CriteriaSet
from pistes.criteria.service import open_register
from pistes.gates import require_keeper
from pistes.marks import service as marks
from pistes.marks.models import Origin
from pistes.marks.service import outside
from pistes.rounds import closing, queries, rules
from pistes.rounds.models import Entry, Given, NewRound, RetainedForm, Round, Voice, VoiceOf
from pistes.rounds.parts import pistes_in
from pistes.rounds.stories import Verb, reminder_of, stream_of
from pistes.stories import REGISTER
from pistes.stories import Verb as RegisterVerb

TELL = "pistes.round_tell"
REMIND = "pistes.round_remind"
BEFORE = timedelta(days=2)
"""How long before the last day those who are missing are reminded by themselves."""
MORNING = time(8)
CLOSED = "Ce tour est clos\u00a0: plus aucune note n’y entre."


async def require_runner(work: Work, cotech: UUID | None = None) -> None:
    """Go on if this person runs rounds, of this committee if it is named; raise Refused otherwise."""
    known = [cotech] if cotech else await register.cotechs(work.db)
    allowed = rules.may_run(work.who, known)
    require(allowed, "Le secrétaire du comité technique ouvre et clôt les tours, ou un administrateur.")


async def open_round(work: Work, new: NewRound) -> Round:
    """Open a first round: its pistes, its criteria and its voices are settled now, and do not move."""
    await require_runner(work)
    await open_register(work)
    chosen = await work.db.get(CriteriaSet, new.criteria)
    if chosen is None:
        raise Invalid({"criteria": "Choisissez dans la liste."})
    if new.due_on and new.due_on <= today():
        raise Invalid({"due_on": "Choisissez un jour à venir."})
    pistes = await pistes_in(work.db, new, chosen)
    if not pistes:
        raise Invalid({"part": "Il n’y a aucune piste à évaluer dans ce choix."})
    committees = await queries.committees(work.db, work.who)
    if not committees:
        raise Invalid({"form": "Aucun comité technique n’est inscrit\u00a0: il évalue les pistes."})
    made = Round(
        title=new.title,
        body_id=committees[0][0],
        criteria_id=chosen.id,
        voice_of=new.voice_of,
        middle=new.middle,
        due_on=new.due_on,
        opened_by=work.who.id,
    )
    work.db.add(made)
    await work.db.flush()
    await _settle(work, made, pistes, await _voices(work, made))
    return made


async def _voices(work: Work, made: Round) -> list[Voice]:
    if made.voice_of == VoiceOf.PERSON:
        found = [Voice(round_id=made.id, person_id=each) for each in await queries.holders(work.db, made.body_id)]
    else:
        found = [Voice(round_id=made.id, organisation_id=each.id) for each in await communes.members(work.db)]
    if not found:
        raise Invalid({"voice_of": "Personne n’aurait de voix dans ce tour."})
    return found


async def _settle(work: Work, made: Round, pistes: Collection[UUID], voices: Collection[Voice]) -> None:
    entries = [{"round_id": made.id, "piste_id": piste, "place": place} for place, piste in enumerate(pistes)]
    await work.db.execute(insert(Entry), entries)
    work.db.add_all(voices)
    await work.db.flush()
    work.audit("pistes.round_opened", stream_of(made.id), title=made.title)
    _tell(work, made, Verb.ROUND_OPENED)
    work.later(TELL, {"round": str(made.id)})
    if made.due_on:
        due = datetime.combine(made.due_on - BEFORE, MORNING, PARIS)
        work.later(REMIND, {"round": str(made.id)}, max(due, now() + timedelta(hours=1)), f"{REMIND}/{made.id}")


def _tell(work: Work, found: Round, verb: Verb) -> None:
    work.record(stream_of(found.id), verb, found.id)
    # The lists of rounds and the table of the register are not what they were.
    if verb in (Verb.ROUND_OPENED, Verb.ROUND_CLOSED):
        work.record(REGISTER, RegisterVerb.REGISTER_CHANGED, REGISTER.id)


async def open_second(work: Work, first: Round) -> Round:
    """Open the round that follows the spread of a closed one: same pistes, same criteria, same voices."""
    await require_runner(work, first.body_id)
    if first.is_open:
        raise Conflict("Le premier tour est encore ouvert\u00a0: la dispersion se voit après sa clôture.")
    made = Round(
        title=first.title,
        body_id=first.body_id,
        criteria_id=first.criteria_id,
        voice_of=first.voice_of,
        middle=first.middle,
        after_id=first.id,
        opened_by=work.who.id,
    )
    try:
        async with work.db.begin_nested():
            work.db.add(made)
    except IntegrityError:
        raise Conflict("Un nouveau tour suit déjà celui-ci.") from None
    heard = (await work.db.exec(select(Voice).where(col(Voice.round_id) == first.id))).all()
    voices = [Voice(round_id=made.id, organisation_id=each.organisation_id, person_id=each.person_id) for each in heard]
    await _settle(work, made, [each.id for each in await queries.asked(work.db, first.id)], voices)
    return made


Marks = Mapping[tuple[UUID, str], int | None]
"""What a form says: for a piste and a criterion a level, or none to take it back."""


async def answer(work: Work, found: Round, voice: Voice, said: Marks) -> None:
    """Give marks for one voice, as often as one likes until the round closes."""
    held = await queries.locked(work.db, found.id)
    # Judged under the lock of the round: the closing waits for this answer, or this answer finds it closed.
    if not held.is_open:
        raise Conflict(CLOSED)
    mine = {each.id for each in await queries.voices_of(work.db, work.who, held)}
    require(voice.id in mine, "Cette voix n’est pas la vôtre dans ce tour.")
    # Two people of one commune take turns.
    lock = select(Voice).where(col(Voice.id) == voice.id).with_for_update().execution_options(populate_existing=True)
    own = (await work.db.exec(lock)).one()
    asked = await queries.among(work.db, held.id, {piste for piste, _ in said})
    criteria = (await queries.criteria_of(work.db, held)).criteria
    _check(said, criteria, asked)
    await _write(work, held, own, said)
    asked_in_all = await queries.count(work.db, held.id) * len(criteria.criteria)
    is_done = await queries.how_many(work.db, own.id) == asked_in_all
    if is_done != (own.done_at is not None):
        own.done_at = now() if is_done else None
        _tell(work, held, Verb.ROUND_ANSWERED)


def _check(said: Marks, criteria: Criteria, asked: Collection[UUID]) -> None:
    errors: dict[str, str] = {}
    for (piste, key), level in said.items():
        criterion = criteria.get(key)
        if criterion is None or piste not in asked:
            raise Invalid({"form": "Ce tour ne pose pas cette question."})
        if level is not None and criterion.level(level) is None:
            errors[f"{piste}.{key}"] = outside(criterion, level)
    if errors:
        raise Invalid(errors)


async def _write(work: Work, held: Round, voice: Voice, said: Marks) -> None:
    at = now()
    known = {"round_id": held.id, "voice_id": voice.id, "person_id": work.who.id, "at": at}
    given = [
        {"piste_id": piste, "criterion": key, "level": level, **known}
        for (piste, key), level in said.items()
        if level is not None
    ]
    taken = [{"of_piste": piste, "of_criterion": key} for (piste, key), level in said.items() if level is None]
    if given:
        writing = inserting(work.db, Given)
        same = {name: writing.excluded[name] for name in ("level", "at", "person_id")}
        key = ["round_id", "piste_id", "criterion", "voice_id"]
        # One mark per voice, piste and criterion: the key decides, and the last word stands.
        await work.db.execute(writing.on_conflict_do_update(index_elements=key, set_=same), given)
    if taken:
        mark = Given.__table__.c  # type: ignore[attr-defined]
        which = (mark.voice_id == voice.id, mark.piste_id == bindparam("of_piste", type_=Uuid()))
        gone = delete(Given.__table__).where(*which, mark.criterion == bindparam("of_criterion"))  # type: ignore[attr-defined]
        await work.db.execute(gone, taken)


async def remind(work: Work, found: Round) -> int:
    """Tell those who are missing that their marks are awaited, once per round; returns how many voices were told."""
    await require_runner(work, found.body_id)
    held = await queries.locked(work.db, found.id)
    if not held.is_open:
        raise Conflict("Ce tour est clos\u00a0: il n’y a plus rien à attendre.")
    return await _remind(work, held)


async def remind_due(work: Work, payload: dict[str, Any]) -> None:
    """The last day comes near: the same, by itself."""
    held = await queries.locked(work.db, UUID(payload["round"]))
    if held.is_open:
        await _remind(work, held)


async def _remind(work: Work, held: Round) -> int:
    # The statement decides: of two reminders at once, one finds nobody left to remind.
    silent = (col(Voice.round_id) == held.id, col(Voice.done_at).is_(None), col(Voice.reminded_at).is_(None))
    marked = update(Voice).where(*silent).values(reminded_at=now()).returning(col(Voice.id))
    voices = (await work.db.execute(marked)).scalars().all()
    if voices:
        people = await queries.people_of(work.db, held, voices)
        news = News(Verb.ROUND_REMINDED, reminder_of(held.id), stream_of(held.id), None)
        await notify(
            work,
            news,
            dict.fromkeys(people, f"Rappel\u00a0: vos notes sont attendues pour «\u00a0{held.title}\u00a0»."),
        )
        _tell(work, held, Verb.ROUND_REMINDED)
    return len(voices)


async def tell(work: Work, payload: dict[str, Any]) -> None:
    """Tell everyone who has a voice that a round is open."""
    held = await queries.locked(work.db, UUID(payload["round"]))
    voices = [each.id for each in (await queries.progress(work.db, [held]))[held.id].missing]
    people = await queries.people_of(work.db, held, voices)
    news = News(Verb.ROUND_OPENED, stream_of(held.id), stream_of(held.id), held.opened_by)
    reason = f"Un tour d’évaluation est ouvert\u00a0: «\u00a0{held.title}\u00a0». Vos notes y sont attendues."
    await notify(work, news, dict.fromkeys(people, reason))


async def close(work: Work, found: Round) -> None:
    """Close a round: nobody answers any more, and each median becomes the computed mark of its piste."""
    await require_runner(work, found.body_id)
    # Whoever is still saving an answer holds the lock shared: their marks count, and none comes after.
    held = await queries.locked(work.db, found.id, to_close=True)
    if not held.is_open:
        raise Conflict("Ce tour est déjà clos.")
    held.closed_at, held.closed_by = now(), work.who.id
    await work.db.flush()
    adopted = await closing.adopt(work, held)
    work.audit("pistes.round_closed", stream_of(held.id), title=held.title, adopted=adopted)
    _tell(work, held, Verb.ROUND_CLOSED)


async def retain(work: Work, found: Round, form: RetainedForm) -> None:
    """Retain another level than the one a closed round computed, with the reason; both are kept."""
    await require_keeper(work)
    if found.is_open:
        raise Conflict("Ce tour est encore ouvert.")
    piste = (await register.pistes_of(work.db, [form.piste])).get(form.piste)
    if piste is None or not await queries.among(work.db, found.id, [piste.id]):
        raise Invalid({"piste": "Choisissez dans la liste."})
    chosen = await queries.criteria_of(work.db, found)
    await marks.give(work, piste, form.criterion, form.level, Origin.OVERRIDDEN, form.reason, chosen)


TASKS = {TELL: tell, REMIND: remind_due}
