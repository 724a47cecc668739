"""Bringing people in from a file, and taking them out to one."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import update
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from entente import clock, invitations, rights
from entente.administration.imports import queries
from entente.administration.imports.rules import COLUMNS, Judged, Outcome, email_of, judge
from entente.administration.persons.queries import Sought
from entente.administration.persons.service import ref_of
from entente.administration.typed import settled
from entente.ids import Ref
from entente.people.models import Function, Person, Service, Session
from entente.rules import Invalid
from entente.web import sheets
from entente.work import Work

Services = dict[tuple[UUID, str], UUID]


async def examine(db: AsyncSession, text: str) -> list[Judged]:
    """What each line of the file would do."""
    try:
        lines = sheets.read(text, COLUMNS)
    except sheets.Unreadable as error:
        raise Invalid({"file": str(error)}) from None
    known = await queries.known_people(db, [email_of(line) for line in lines])
    return judge(lines, known, await queries.places(db))


async def bring_in(work: Work, text: str, invites: bool, base_url: str) -> list[Judged]:
    """Do what the good lines say, all together; what is already so stays so."""
    judged = await examine(work.db, text)
    good = [each for each in judged if each.outcome in (Outcome.NEW, Outcome.CHANGED)]
    services = await _services(work, good)
    made = await _people(work, [each for each in good if each.outcome == Outcome.NEW])
    await _functions(work, good, services, made)
    await _renames(work, [each for each in good if each.renames])
    if invites:
        await invitations.invite_all(work, list(made.values()), base_url)
    counts = {str(outcome): sum(each.outcome == outcome for each in judged) for outcome in Outcome}
    work.audit("people.imported", Ref("entente/person", work.who.id), **counts)
    return judged


async def _services(work: Work, good: Sequence[Judged]) -> Services:
    """The services that these lines name, those that are new made."""
    named = {
        (each.organisation_id, each.typed.service)
        for each in good
        if each.typed and each.typed.service and each.organisation_id and (each.adds or each.updates)
    }
    found = await queries.service_ids(work.db) if named else {}
    missing = sorted(named - found.keys(), key=str)
    new = [Service(organisation_id=organisation_id, name=name) for organisation_id, name in missing]
    async with settled(work.db, {"service": ("", "Un service vient d’être créé ailleurs\u00a0: recommencez.")}):
        work.db.add_all(new)
    return found | {(each.organisation_id, each.name): each.id for each in new}


async def _people(work: Work, lines: Sequence[Judged]) -> dict[str, Person]:
    """An account for each new address."""
    made: dict[str, Person] = {}
    for each in lines:
        if each.typed and each.typed.email not in made:
            made[each.typed.email] = Person(
                email=each.typed.email, given_name=each.typed.given_name, family_name=each.typed.family_name
            )
    sentence = "Une de ces adresses vient d’être ajoutée ailleurs\u00a0: vérifiez de nouveau."
    async with settled(work.db, {"email": ("", sentence)}):
        work.db.add_all(made.values())
    return made


async def _functions(work: Work, good: Sequence[Judged], services: Services, made: dict[str, Person]) -> None:
    """Functions that begin today, and those whose title or service changes; nobody follows a new account yet."""
    changed: dict[UUID, dict[str, object]] = {}
    gained: set[UUID] = set()
    shown: set[UUID] = set()
    for each in good:
        if each.typed is None or each.organisation_id is None or not (each.adds or each.updates):
            continue
        service_id = services.get((each.organisation_id, each.typed.service))
        person_id = each.person.id if each.person else made[each.typed.email].id
        if each.updates:
            changed[each.updates.id] = {"id": each.updates.id, "title": each.typed.title, "service_id": service_id}
            shown.add(person_id)
        elif each.typed.kind:
            function = Function(
                person_id=person_id,
                organisation_id=each.organisation_id,
                service_id=service_id,
                kind=each.typed.kind,
                title=each.typed.title,
                since=clock.today(),
            )
            work.db.add(function)
            detail = {"kind": str(function.kind), "organisation": str(function.organisation_id)}
            work.audit("function.added", ref_of(person_id), since=function.since.isoformat(), **detail)
            if each.person:
                gained.add(person_id)
    await work.db.flush()
    if changed:
        await work.db.execute(update(Function), list(changed.values()))
    await _seen_anew(work, shown - gained)
    await _rights_changed(work, gained)


async def _renames(work: Work, lines: Sequence[Judged]) -> None:
    named: dict[UUID, dict[str, object]] = {}
    for each in lines:
        if each.typed and each.person and each.person.id not in named:
            given, family = each.typed.given_name, each.typed.family_name
            named[each.person.id] = {"id": each.person.id, "given_name": given, "family_name": family}
            work.audit("person.corrected", ref_of(each.person.id), fields=["given_name", "family_name"])
    if named:
        await work.db.execute(update(Person), list(named.values()))
    await _seen_anew(work, set(named))
    for person_id in named:
        work.record(rights.stream_of_person(person_id), rights.Verb.FACE_CHANGED, person_id)


async def _seen_anew(work: Work, people: set[UUID]) -> None:
    """What `rights.faces_changed` does for one, for a whole batch."""
    for some in queries.batches(sorted(people)):
        await work.db.execute(update(Person).where(col(Person.id).in_(some)).values(version=Person.version + 1))


async def _rights_changed(work: Work, people: set[UUID]) -> None:
    """What `rights.rights_changed` does for one, for a whole batch."""
    await _seen_anew(work, people)
    for some in queries.batches(sorted(people)):
        await work.db.execute(update(Session).where(col(Session.person_id).in_(some)).values(is_stale=True))
    for person_id in people:
        work.record(rights.stream_of_person(person_id), rights.Verb.RIGHTS_CHANGED, person_id)


async def take_out(work: Work, sought: Sought) -> str:
    """People as a file that, brought in again, changes nothing."""
    lines = await queries.lines_of(work.db, sought)
    work.audit("people.exported", Ref("entente/person", work.who.id), lines=len(lines))
    return sheets.write(COLUMNS, lines)


def to_correct(judged: Sequence[Judged]) -> str:
    """The lines that could not be brought in, each with its reason, as a file to correct."""
    wrong = [each for each in judged if each.outcome == Outcome.WRONG]
    return sheets.write(
        [*COLUMNS, "ligne", "erreur"],
        ([*(each.line.cells[name] for name in COLUMNS), each.line.number, each.said] for each in wrong),
    )
