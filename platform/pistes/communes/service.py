"""A commune takes a position; somebody names a carrier that the source cut short."""

from datetime import date
from uuid import UUID

from sqlmodel import col, select

from entente import clock
from entente.clock import now
from entente.people.models import Organisation, OrganisationKind
from entente.rules import Conflict, Invalid, require
from entente.work import Work
from pistes import queries, rules
from pistes.communes import queries as communes
from pistes.communes.models import Position, Stance, Unresolved
from pistes.gates import require_keeper
from pistes.models import Piste
from pistes.stories import Verb, tell


async def take_position(work: Work, piste: Piste, commune_id: UUID, stance: Stance) -> None:
    """A commune says where it stands from today; what it said before is kept."""
    keeps = await queries.keeps(work.db, work.who)
    allowed = rules.may_speak_for(work.who, commune_id, keeps)
    require(allowed, "Le maire, les élus et le DGS d’une commune disent où elle se situe.")
    if commune_id not in {each.id for each in await communes.members(work.db)}:
        raise Invalid({"commune": "Cette commune n’est pas membre aujourd’hui."})
    await stand(work, piste, commune_id, stance)


async def stand(work: Work, piste: Piste, commune_id: UUID, stance: Stance, since: date | None = None) -> None:
    """Write a position down, unless it already holds."""
    held = await queries.locked(work.db, piste.id)
    day = since or clock.today()
    now_stands = (await communes.positions(work.db, day, [held.id])).get(held.id, [])
    if any(each.commune.id == commune_id and each.stance is stance for each in now_stands):
        return
    place = await work.db.get(Organisation, commune_id)
    if place is None or place.kind != OrganisationKind.COMMUNE:
        raise Invalid({"commune": "Choisissez une commune dans la liste."})
    person_id = work.someone.id if work.someone else None
    work.db.add(Position(piste_id=held.id, organisation_id=commune_id, stance=stance, since=day, person_id=person_id))
    await work.db.flush()
    tell(work, held.id, Verb.POSITION_TAKEN, commune=place.name, stance=str(stance), since=day.isoformat())


async def resolve(work: Work, unresolved_id: UUID, commune_id: UUID | None) -> Unresolved:
    """Say which commune a cut name was, or that it was none; that commune then proposes the piste."""
    await require_keeper(work)
    query = select(Unresolved).where(col(Unresolved.id) == unresolved_id).with_for_update()
    found = (await work.db.exec(query)).one_or_none()
    if found is None or found.resolved_at:
        raise Conflict("Ce nom vient d’être résolu par quelqu’un d’autre.")
    found.resolved_at, found.resolved_by, found.organisation_id = now(), work.who.id, commune_id
    piste = await queries.locked(work.db, found.piste_id)
    if commune_id:
        await stand(work, piste, commune_id, Stance.PROPOSES)
    tell(work, piste.id, Verb.CARRIER_RESOLVED, words=found.words)
    return found
