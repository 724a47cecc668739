"""What can be done to organisations: one function per verb."""

from datetime import date
from uuid import UUID

from sqlalchemy import func, select, update
from sqlmodel import col

from entente.administration.organisations.models import EditedOrganisation, NewOrganisation, NewService, Period
from entente.administration.typed import ends_after, fresh, locked, settled
from entente.db import rows
from entente.ids import Ref
from entente.people.models import Function, Membership, Organisation, Person, Service
from entente.rights import ask_again
from entente.rules import Conflict, Invalid, NotFound
from entente.work import Work

TAKEN = {
    "siren": ("siren", "Une autre organisation a déjà ce numéro SIREN."),
    "code_insee": ("code_insee", "Une autre organisation a déjà ce code INSEE."),
    "organisation": ("name", "Une autre organisation porte déjà ce nom."),
}
"""The last word is in every constraint of the table: it stands for the name."""


def ref_of(organisation_id: UUID) -> Ref:
    """An organisation, as the audit names it."""
    return Ref("entente/organisation", organisation_id)


async def add(work: Work, new: NewOrganisation) -> Organisation:
    """Add an organisation, which belongs from a first day on."""
    organisation = Organisation(**new.model_dump(exclude={"since"}))
    async with settled(work.db, TAKEN):
        work.db.add(organisation)
    work.db.add(Membership(organisation_id=organisation.id, since=new.since))
    work.audit("organisation.added", ref_of(organisation.id), name=new.name, since=new.since.isoformat())
    return organisation


async def edit(work: Work, organisation_id: UUID, edited: EditedOrganisation) -> None:
    """Describe an organisation again; its short name and colour change beside everyone who acts for it."""
    organisation = await fresh(work.db, Organisation, organisation_id, edited.mark)
    typed = edited.model_dump(exclude={"mark"})
    changed = [name for name, value in typed.items() if getattr(organisation, name) != value]
    if not changed:
        return
    async with settled(work.db, TAKEN):
        organisation.sqlmodel_update(typed)
        work.db.add(organisation)
    work.audit("organisation.edited", ref_of(organisation_id), fields=changed)
    acting = select(col(Function.person_id)).where(col(Function.organisation_id) == organisation_id)
    if "hides_presence" in changed:
        ask_again(work, {row.person_id for row in await work.db.execute(acting)})
    if {"short_name", "hue"} & set(changed):
        await work.db.execute(update(Person).where(col(Person.id).in_(acting)).values(version=Person.version + 1))


async def add_period(work: Work, organisation_id: UUID, new: Period) -> None:
    """Say from when until when an organisation belongs."""
    ends_after(new.since, new.until)
    # Held, so that two periods added at once cannot overlap.
    await locked(work.db, Organisation, organisation_id)
    held = await work.db.execute(
        rows(Membership.since, Membership.until).where(col(Membership.organisation_id) == organisation_id)
    )
    if any(_overlap(new.since, new.until, row.since, row.until) for row in held):
        raise Invalid({"since": "L’organisation est déjà membre pendant une partie de cette période."})
    work.db.add(Membership(organisation_id=organisation_id, **new.model_dump()))
    work.audit("membership.added", ref_of(organisation_id), **_said(new.since, new.until))


async def end_period(work: Work, organisation_id: UUID, membership_id: UUID, until: date) -> None:
    """Say on which day an organisation leaves."""
    await locked(work.db, Organisation, organisation_id)
    period = await locked(work.db, Membership, membership_id)
    if period.organisation_id != organisation_id:
        raise NotFound
    if period.until is not None:
        raise Conflict("Cette période avait déjà une fin.")
    ends_after(period.since, until)
    later = select(func.min(Membership.since)).where(
        col(Membership.organisation_id) == organisation_id, col(Membership.since) > period.since
    )
    begins_again = (await work.db.execute(later)).scalar_one()
    if begins_again is not None and until > begins_again:
        raise Invalid({"until": "L’organisation est de nouveau membre avant ce jour."})
    period.until = until
    work.db.add(period)
    work.audit("membership.ended", ref_of(organisation_id), **_said(period.since, until))


async def add_service(work: Work, organisation_id: UUID, new: NewService) -> None:
    """Give an organisation a service."""
    await locked(work.db, Organisation, organisation_id)
    async with settled(work.db, {"service": ("name", "Ce service existe déjà.")}):
        work.db.add(Service(organisation_id=organisation_id, name=new.name))
    work.audit("service.added", ref_of(organisation_id), name=new.name)


async def remove_service(work: Work, organisation_id: UUID, service_id: UUID) -> None:
    """Remove a service that nobody has ever been in."""
    service = await locked(work.db, Service, service_id)
    if service.organisation_id != organisation_id:
        raise NotFound
    used = select(func.count()).where(col(Function.service_id) == service_id)
    if (await work.db.execute(used)).scalar_one():
        raise Conflict("Ce service figure dans des fonctions, présentes ou passées\u00a0: il ne peut pas être retiré.")
    await work.db.delete(service)
    work.audit("service.removed", ref_of(organisation_id), name=service.name)


def _overlap(since: date, until: date | None, other_since: date, other_until: date | None) -> bool:
    return (other_until is None or since < other_until) and (until is None or other_since < until)


def _said(since: date, until: date | None) -> dict[str, str | None]:
    return {"since": since.isoformat(), "until": until.isoformat() if until else None}
