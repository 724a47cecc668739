"""Passing gates: one verb brings a piste to another phase, and asks for the decision that opens the way."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from sqlalchemy.exc import IntegrityError

from entente.files.keeping import Kept
from entente.letters import bare
from entente.people.words import BODIES
from entente.rules import Conflict, Invalid, NotFound, require
from entente.work import Work
from pistes import queries
from pistes.decisions import rules as recording
from pistes.decisions.models import Decision, DecisionForm, Outcome
from pistes.decisions.service import record
from pistes.deferral import service as deferral
from pistes.gates import require_keeper
from pistes.models import MovedPhase, Phase, Piste
from pistes.protocol import queries as protocols
from pistes.protocol.models import GENERAL, ChosenKind, KindForm, Passage, PisteKind, Protocol, ProtocolVersion
from pistes.protocol.queries import InForce
from pistes.protocol.rules import Way, next_gate, phase_after, way
from pistes.seats import queries as seats
from pistes.stories import REGISTER, Verb, tell
from pistes.words import OUTCOMES, PHASES, key_of

NO_JUMP = "Une piste avance d’une phase à la fois\u00a0; arrêtée, elle reprend à «\u00a0Exprimée\u00a0»."


async def move(work: Work, piste: Piste, moved: MovedPhase) -> Piste:
    """Bring a piste to another phase; the same phase again changes nothing.

    Through a gate only with its go; back or to a stop with a reason. The row of the piste is locked: of two who pass
    at once, the second sees where the first has left it.
    """
    held = await queries.locked(work.db, piste.id)
    before = Phase(held.phase)
    if moved.seen and moved.seen is not before:
        raise Conflict(_elsewhere(before))
    match way(before, moved.phase):
        case Way.GATE:
            await _pass(work, held, moved)
            return held
        case Way.CLOSED:
            await require_keeper(work)
            raise Invalid({"phase": NO_JUMP})
        case Way.BACK | Way.STOP if not moved.reason:
            await require_keeper(work)
            raise Invalid({"reason": "Dites pourquoi\u00a0: ce motif reste dans l’histoire de la piste."})
    await require_keeper(work)
    if before is not moved.phase:
        await _arrive(work, held, moved.phase, moved.reason)
    return held


async def _pass(work: Work, held: Piste, moved: MovedPhase) -> None:
    ready = await protocols.ready_for(work.db, held.id, moved.phase)
    if ready is None:
        await require_keeper(work)
        raise Invalid({"phase": await _missing(work, held, moved.phase)})
    if not recording.may_record(work.who, ready.body_id):
        await require_keeper(work)
    await _arrive(work, held, moved.phase, moved.reason, ready.id, ready.code)


def _elsewhere(phase: Phase) -> str:
    return f"Elle est maintenant en phase «\u00a0{PHASES[phase]}\u00a0»\u00a0: relisez-la avant de continuer."


async def _missing(work: Work, held: Piste, gate: Phase) -> str:
    course = await protocols.course_of(work.db, held)
    by = BODIES[course.decided_by] if course.decided_by else ""
    last = next((each for each in course.steps if each.after is gate and each.outcome), None)
    said = "Aucune ne l’est."
    if last and last.outcome:
        said = f"La dernière décision, {last.code}, est «\u00a0{OUTCOMES[last.outcome]}\u00a0»."
    return f"Passer en «\u00a0{PHASES[gate]}\u00a0» demande une décision «\u00a0go\u00a0» enregistrée ({by}). {said}"


async def decide(
    work: Work, form: DecisionForm, present: Mapping[UUID, UUID], seen: Phase | None = None, files: Sequence[Kept] = ()
) -> Decision:
    """Write a decision down, and let the gate it is about do what it says: both, or nothing.

    Go opens the gate (now, or later if it waits), no-go stops the piste, hold puts it off until the review date,
    rework leaves it where it is.
    """
    if form.gate is None or form.outcome is None or form.piste is None:
        return await record(work, form, present, files)
    require(recording.may_record(work.who, form.body), recording.ONLY_SECRETARY)
    try:
        held = await queries.locked(work.db, form.piste)
    except NotFound:
        raise Invalid({"piste": "Choisissez une piste dans la liste."}) from None
    before = Phase(held.phase)
    if next_gate(before) is not form.gate or (seen and seen is not before):
        raise Conflict(f"Ce jalon n’est plus à décider pour «\u00a0{held.title}\u00a0». {_elsewhere(before)}")
    await _is_for(work, held, form)
    made = await record(work, form, present, files)
    detail = {"code": made.code, "outcome": str(form.outcome), "gate": str(form.gate)}
    tell(work, held.id, Verb.GATE_DECIDED, **detail)
    await follow(work, held, made, form.outcome, form.waits)
    return made


async def follow(work: Work, held: Piste, made: Decision, outcome: Outcome, waits: bool = False) -> None:
    """What a decision at a gate does to its piste."""
    assert made.gate
    after = phase_after(Phase(held.phase), Phase(made.gate), outcome, waits)
    if after is not Phase(held.phase):
        await _arrive(work, held, after, "", made.id, made.code)
    elif outcome is Outcome.HOLD and made.review_on and made.review_on > deferral.today():
        await deferral.end(work, held, told=False)
        await deferral.put_off(work, held, made.motive[:500], made.review_on)


async def _is_for(work: Work, held: Piste, form: DecisionForm) -> None:
    force = await protocols.protocol_of(work.db, held.id)
    assert form.gate
    kind = force.protocol.gates[form.gate]
    body = await seats.body_named(work.db, form.body)
    if body.kind is not kind:
        raise Invalid({"body": f"Le protocole confie ce jalon à une autre instance\u00a0: {BODIES[kind].lower()}."})


async def _arrive(
    work: Work, held: Piste, after: Phase, reason: str, decision_id: UUID | None = None, code: str = ""
) -> None:
    before = Phase(held.phase)
    force = await protocols.protocol_of(work.db, held.id)
    held.phase = after
    work.db.add(
        Passage(
            piste_id=held.id,
            before=before,
            after=after,
            decision_id=decision_id,
            protocol_id=force.id,
            reason=reason,
            person_id=work.someone.id if work.someone else None,
        )
    )
    # What moves is no longer put off: deferred is not rejected, and a piste that stops must not come back by itself.
    await deferral.end(work, held, told=after is not Phase.ARRETEE)
    tell(work, held.id, Verb.PHASE_MOVED, before=str(before), after=str(after), reason=reason, code=code)


async def choose(work: Work, piste: Piste, chosen: ChosenKind) -> None:
    """Say of which kind a piste is: it follows the protocol of that kind from now on."""
    await require_keeper(work)
    held = await queries.locked(work.db, piste.id)
    known = await protocols.in_force(work.db)
    if chosen.kind not in known:
        raise Invalid({"kind": "Choisissez une nature dans la liste."})
    if (await protocols.protocol_of(work.db, held.id)).kind == chosen.kind:
        return
    await work.db.merge(PisteKind(piste_id=held.id, kind=chosen.kind))
    tell(work, held.id, Verb.KIND_CHOSEN, kind=known[chosen.kind].protocol.title)


async def add_kind(work: Work, form: KindForm) -> InForce:
    """Add a kind of piste, whose protocol begins as the general one stands."""
    await require_keeper(work)
    kind = "-".join(key_of(bare(form.title)).split())[:40]
    known = await protocols.in_force(work.db)
    if not kind or kind in known:
        raise Invalid({"title": "Une nature de piste porte déjà ce nom."})
    return await _keep(work, kind, 1, known[GENERAL].protocol.model_copy(update={"title": form.title}))


async def edit(work: Work, kind: str, seen: int, protocol: Protocol) -> InForce:
    """Save a protocol as its next version, unless somebody else just did; the same words make no new version."""
    await require_keeper(work)
    force = (await protocols.in_force(work.db)).get(kind)
    if force is None:
        raise NotFound
    if force.version != seen:
        raise Conflict("Quelqu’un a modifié ce protocole entre-temps\u00a0: relisez-le avant d’enregistrer.")
    return force if force.protocol == protocol else await _keep(work, kind, seen + 1, protocol)


async def _keep(work: Work, kind: str, version: int, protocol: Protocol) -> InForce:
    made = ProtocolVersion(
        kind=kind,
        version=version,
        document=protocol.model_dump(mode="json"),
        person_id=work.someone.id if work.someone else None,
    )
    try:
        async with work.db.begin_nested():
            work.db.add(made)
    except IntegrityError:
        raise Conflict("Quelqu’un vient d’enregistrer ce protocole\u00a0: relisez-le.") from None
    work.record(REGISTER, Verb.REGISTER_CHANGED, REGISTER.id)
    return InForce(kind, version, made.id, protocol, made.at)
