"""What can be done to instances and their seats: one function per verb."""

from datetime import date
from uuid import UUID

from sqlalchemy import or_
from sqlmodel import col, select

from entente import rights
from entente.administration.bodies.models import BodyForm, EditedBody, NewSeat, SeatForm
from entente.administration.typed import chosen, ends_after, fresh, locked, person_named, settled
from entente.ids import Ref
from entente.people.models import Body, Organisation, Seat, SeatRole
from entente.rules import Conflict, Invalid, NotFound
from entente.work import Work

TAKEN = {"body": ("name", "Une autre instance porte déjà ce nom.")}
CHAIRED = "Cette instance a déjà une présidence à ces dates\u00a0: mettez d’abord fin à ce siège, ou remplacez-le."
SEATED = {
    "seat_once": ("holder", "Cette personne siège déjà dans cette instance pour cette organisation."),
    "seat_one_chair": ("role", CHAIRED),
    # SQLite names the columns of a partial index, not the index.
    "seat.organisation_id": ("holder", "Cette personne siège déjà dans cette instance pour cette organisation."),
    "seat.body_id": ("role", CHAIRED),
}


def ref_of(body_id: UUID) -> Ref:
    """An instance, as the audit names it."""
    return Ref("entente/body", body_id)


async def add(work: Work, new: BodyForm) -> Body:
    """Add an instance."""
    if new.organisation_id:
        await chosen(work.db, Organisation, new.organisation_id, "organisation_id")
    body = Body(**new.model_dump())
    async with settled(work.db, TAKEN):
        work.db.add(body)
    work.audit("body.added", ref_of(body.id), name=new.name, kind=str(new.kind))
    return body


async def edit(work: Work, body_id: UUID, edited: EditedBody) -> None:
    """Describe an instance again."""
    body = await fresh(work.db, Body, body_id, edited.mark)
    if edited.organisation_id:
        await chosen(work.db, Organisation, edited.organisation_id, "organisation_id")
    is_renamed = body.name != edited.name
    async with settled(work.db, TAKEN):
        body.sqlmodel_update(edited.model_dump(exclude={"mark"}))
        work.db.add(body)
    if is_renamed:
        work.record(ref_of(body_id), rights.Verb.BODY_RENAMED, body_id)
    work.audit("body.edited", ref_of(body_id), name=edited.name, kind=str(edited.kind))


async def add_seat(work: Work, body_id: UUID, new: NewSeat) -> Seat:
    """Give a seat to someone who sits for an organisation."""
    ends_after(new.since, new.until)
    body = await locked(work.db, Body, body_id)
    organisation = await chosen(work.db, Organisation, new.organisation_id, "organisation_id")
    return await _seat(work, body.id, organisation.id, new, new.until)


async def end_seat(work: Work, body_id: UUID, seat_id: UUID, until: date) -> Seat:
    """Say from which day on a seat is no longer held."""
    seat = await locked(work.db, Seat, seat_id)
    if seat.body_id != body_id:
        raise NotFound
    if seat.until is not None:
        raise Conflict("Ce siège avait déjà une fin.")
    ends_after(seat.since, until)
    seat.until = until
    work.db.add(seat)
    work.audit("seat.ended", ref_of(body_id), holder=str(seat.holder_id), until=until.isoformat())
    await _rights_changed(work, seat)
    return seat


async def replace_seat(work: Work, body_id: UUID, seat_id: UUID, new: SeatForm) -> Seat:
    """Give someone else the same seat: the former holder's ends the day the new one's begins."""
    former = await locked(work.db, Seat, seat_id)
    if former.since >= new.since:
        raise Invalid({"since": "Le remplacement doit venir après le début du siège actuel."})
    await end_seat(work, body_id, seat_id, new.since)
    # The end is saved first: the constraint lets one person sit once.
    await work.db.flush()
    return await _seat(work, body_id, former.organisation_id, new, None)


async def _seat(work: Work, body_id: UUID, organisation_id: UUID, new: SeatForm, until: date | None) -> Seat:
    holder = await person_named(work.db, new.holder, "holder")
    substitute = await person_named(work.db, new.substitute, "substitute") if new.substitute else None
    if substitute is not None and substitute.id == holder.id:
        raise Invalid({"substitute": "On ne se supplée pas soi-même."})
    if new.role == SeatRole.CHAIR:
        await _require_no_chair(work, body_id, new.since, until)
    seat = Seat(
        body_id=body_id,
        organisation_id=organisation_id,
        holder_id=holder.id,
        substitute_id=substitute.id if substitute else None,
        role=new.role,
        mandate=new.mandate,
        since=new.since,
        until=until,
    )
    async with settled(work.db, SEATED):
        work.db.add(seat)
    work.audit(
        "seat.added",
        ref_of(body_id),
        holder=str(seat.holder_id),
        substitute=str(seat.substitute_id) if seat.substitute_id else None,
        organisation=str(organisation_id),
        role=str(seat.role),
        mandate=seat.mandate,
        since=seat.since.isoformat(),
    )
    await _rights_changed(work, seat)
    return seat


async def _require_no_chair(work: Work, body_id: UUID, since: date, until: date | None) -> None:
    """One chair at a time; of two given at once without an end, the constraint `seat_one_chair` decides."""
    await locked(work.db, Body, body_id)
    query = select(Seat.id).where(
        col(Seat.body_id) == body_id,
        col(Seat.role) == SeatRole.CHAIR,
        or_(col(Seat.until).is_(None), col(Seat.until) > since),
    )
    if until is not None:
        query = query.where(col(Seat.since) < until)
    if (await work.db.exec(query.limit(1))).first():
        raise Invalid({"role": CHAIRED})


async def _rights_changed(work: Work, seat: Seat) -> None:
    await rights.rights_changed(work, seat.holder_id)
    if seat.substitute_id:
        await rights.rights_changed(work, seat.substitute_id)
