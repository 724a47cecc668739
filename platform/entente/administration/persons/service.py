"""What can be done to people: one function per verb, all inside the caller's transaction."""

from datetime import date
from uuid import UUID

from sqlalchemy import delete, update
from sqlmodel import col, select

from entente import invitations, rights
from entente.administration.persons import queries, rules
from entente.administration.persons.models import Forgotten, Identity, NewFunction, NewPerson
from entente.administration.typed import chosen, ends_after, fresh, locked, settled
from entente.clock import now, today
from entente.forgetting.service import ALREADY, Forgetting, added
from entente.ids import Ref
from entente.people.models import (
    Function,
    FunctionKind,
    Organisation,
    Person,
    PersonStatus,
    Service,
    Session,
    Token,
)
from entente.rules import Conflict, Invalid, NotFound, Refused, require
from entente.work import Work

TAKEN = {"email": ("email", "Quelqu’un a déjà cette adresse e-mail.")}


def ref_of(person_id: UUID) -> Ref:
    """A person, as the audit names them."""
    return Ref("entente/person", person_id)


async def invite_new(work: Work, new: NewPerson, base_url: str) -> Person:
    """Prepare an account with its first function, and send the link that opens it."""
    organisation = await chosen(work.db, Organisation, new.organisation_id, "organisation_id")
    person = Person(email=new.email, given_name=new.given_name, family_name=new.family_name)
    # Two administrators may invite the same address at once: the constraint decides.
    async with settled(work.db, TAKEN):
        work.db.add(person)
    service = await service_named(work, organisation.id, new.service) if new.service else None
    function = Function(
        person_id=person.id,
        organisation_id=organisation.id,
        service_id=service.id if service else None,
        kind=new.kind,
        title=new.title,
        since=today(),
    )
    work.db.add(function)
    _audit_function(work, "function.added", function)
    await invitations.invite(work, person, base_url)
    await rights.rights_changed(work, person.id)
    return person


async def service_named(work: Work, organisation_id: UUID, name: str) -> Service:
    """The service of that name, made when there is none yet."""
    query = select(Service).where(col(Service.organisation_id) == organisation_id, col(Service.name) == name)
    found = (await work.db.exec(query)).one_or_none()
    if found is not None:
        return found
    service = Service(organisation_id=organisation_id, name=name)
    async with settled(work.db, {"service": ("service", "Ce service vient d’être créé\u00a0: réessayez.")}):
        work.db.add(service)
    work.audit("service.added", Ref("entente/organisation", organisation_id), name=name)
    return service


async def invite_again(work: Work, person_id: UUID, base_url: str) -> None:
    """Send a new link; the earlier ones no longer open anything."""
    await invitations.invite(work, await locked(work.db, Person, person_id), base_url)


async def correct(work: Work, person_id: UUID, identity: Identity) -> Person:
    """Correct someone's name or address; secret links sent to the former address stop working."""
    person = await fresh(work.db, Person, person_id, identity.mark)
    _still_someone(person)
    changed = [
        name for name in ("email", "given_name", "family_name") if getattr(person, name) != getattr(identity, name)
    ]
    if not changed:
        return person
    if "email" in changed:
        await _cancel_links(work, person.id)
    async with settled(work.db, TAKEN):
        person.email, person.given_name, person.family_name = identity.email, identity.given_name, identity.family_name
        work.db.add(person)
    work.audit("person.corrected", ref_of(person.id), fields=changed)
    if "email" in changed:
        await rights.rights_changed(work, person.id)
    if changed != ["email"]:
        await rights.faces_changed(work, person.id)
    return person


async def add_function(work: Work, person_id: UUID, new: NewFunction) -> Function:
    """Give someone a function in an organisation."""
    ends_after(new.since, new.until)
    person = await locked(work.db, Person, person_id)
    _still_someone(person)
    organisation = await chosen(work.db, Organisation, new.organisation_id, "organisation_id")
    if new.service_id:
        service = await chosen(work.db, Service, new.service_id, "service_id")
        if service.organisation_id != organisation.id:
            raise Invalid({"service_id": "Ce service est celui d’une autre organisation."})
    function = Function(person_id=person.id, **new.model_dump())
    work.db.add(function)
    _audit_function(work, "function.added", function)
    await rights.rights_changed(work, person.id)
    return function


async def end_function(work: Work, person_id: UUID, function_id: UUID, until: date) -> None:
    """Say from which day on a function no longer holds; one that ends the day it begins was a mistake, and goes."""
    held = await queries.keepers(work.db)
    _still_keeper(work, held)
    function = await locked(work.db, Function, function_id)
    if function.person_id != person_id:
        raise NotFound
    if function.until is not None and function.until <= today():
        raise Conflict("Cette fonction avait déjà pris fin.")
    is_mistake = until == function.since >= today()
    if not is_mistake:
        ends_after(function.since, until)
    if function.kind == FunctionKind.ADMINISTRATEUR:
        _refuse(rules.may_end(held, work.who.id, function_id))
    _audit_function(work, "function.ended", function, until)
    if is_mistake:
        await work.db.delete(function)
    else:
        function.until = until
        work.db.add(function)
    await rights.rights_changed(work, person_id)


async def suspend(work: Work, person_id: UUID) -> None:
    """Close an account at once: every device is signed out, every secret link is void."""
    held = await queries.keepers(work.db)
    _still_keeper(work, held)
    person = await locked(work.db, Person, person_id)
    _refuse(rules.may_suspend(held, work.who.id, person_id))
    if person.status == PersonStatus.SUSPENDED:
        raise Conflict("Ce compte était déjà suspendu.")
    person.status = PersonStatus.SUSPENDED
    work.db.add(person)
    await _cancel_links(work, person_id)
    ended = await work.db.execute(delete(Session).where(col(Session.person_id) == person_id).returning(col(Session.id)))
    for session_id in ended.scalars().all():
        work.record(rights.stream_of_person(person_id), rights.Verb.SESSION_ENDED, session_id)
    work.audit("person.suspended", ref_of(person_id))
    await rights.rights_changed(work, person_id)


async def forget(work: Work, forgetting: Forgetting, person_id: UUID, forgotten: Forgotten) -> None:
    """Take the names of someone out of the house, for ever."""
    held = await queries.keepers(work.db)
    _still_keeper(work, held)
    require(person_id != work.who.id, rules.NOT_FORGET_YOURSELF)
    also = added(forgotten.also)
    await locked(work.db, Person, person_id)
    if not forgotten.agreed:
        raise Invalid({"agreed": "Cochez cette case\u00a0: une anonymisation ne s’annule pas."})
    await forgetting.forget(work, person_id, also)


async def reactivate(work: Work, person_id: UUID) -> None:
    """Open a suspended account again; sessions and links that were ended stay so."""
    person = await locked(work.db, Person, person_id)
    if person.status != PersonStatus.SUSPENDED:
        raise Conflict("Ce compte n’était pas suspendu.")
    _still_someone(person)
    person.status = PersonStatus.ACTIVE
    work.db.add(person)
    work.audit("person.reactivated", ref_of(person_id))
    await rights.rights_changed(work, person_id)


def _still_keeper(work: Work, held: list[rules.Keeper]) -> None:
    # Whoever was removed while waiting for the lock removes nobody in return.
    require(any(keeper.person_id == work.who.id for keeper in held), "Vous n’êtes plus administrateur.")


def _still_someone(person: Person) -> None:
    if person.forgotten_at is not None:
        raise Conflict(ALREADY)


def _refuse(reason: str | None) -> None:
    if reason:
        raise Refused(reason)


async def _cancel_links(work: Work, person_id: UUID) -> None:
    await work.db.execute(
        update(Token).where(col(Token.person_id) == person_id, col(Token.used_at).is_(None)).values(used_at=now())
    )


def _audit_function(work: Work, act: str, function: Function, until: date | None = None) -> None:
    end = until or function.until
    work.audit(
        act,
        ref_of(function.person_id),
        kind=str(function.kind),
        organisation=str(function.organisation_id),
        since=function.since.isoformat(),
        until=end.isoformat() if end else None,
    )
