"""`entente people`: who is here, for the day when nobody can sign in to say so."""

import asyncio
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID

import typer
from rich.console import Console
from rich.table import Table
from sqlalchemy import and_, delete
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from entente import clock, holdings, invitations, rights
from entente.commands.house import current, settled
from entente.db import rows
from entente.forgetting.service import added, namesakes
from entente.ids import Ref
from entente.people.models import (
    Function,
    FunctionKind,
    Organisation,
    Person,
    PersonStatus,
    Session,
)
from entente.people.queries import is_current, person_by_email
from entente.rules import Conflict, Invalid
from entente.text import clean_name
from entente.work import Work

people = typer.Typer(help="Lister, inviter et suspendre les personnes.", no_args_is_help=True)

STATES = {PersonStatus.INVITED: "invité", PersonStatus.ACTIVE: "actif", PersonStatus.SUSPENDED: "suspendu"}
Email = Annotated[str, typer.Argument(metavar="E-MAIL", help="Adresse e-mail de la personne.")]


@people.command("list")
def list_() -> None:
    """Lister les personnes, leurs fonctions et l’état de leur compte."""
    asyncio.run(_list())


async def _list() -> None:
    query = (
        rows(Person.given_name, Person.family_name, Person.email, Person.status, Function.kind, Organisation.short_name)
        .select_from(Person)
        .outerjoin(Function, and_(col(Function.person_id) == col(Person.id), is_current(Function)))
        .outerjoin(Organisation, col(Organisation.id) == col(Function.organisation_id))
        .where(col(Person.forgotten_at).is_(None))
        .order_by(col(Person.family_name), col(Person.given_name), col(Person.id), col(Function.id))
    )
    async with current(settled()) as house, house.database.reading() as db:
        found = (await db.execute(query)).all()
    shown: dict[str, list[str]] = {}
    for row in found:
        line = shown.setdefault(
            row.email, [f"{row.family_name} {row.given_name}", row.email, STATES[PersonStatus(row.status)], ""]
        )
        if row.kind:
            line[3] += f"{', ' if line[3] else ''}{row.kind} ({row.short_name})"
    table = Table("Nom", "E-mail", "Compte", "Fonctions", box=None, pad_edge=False)
    for line in shown.values():
        table.add_row(*line)
    Console(highlight=False, markup=False).print(table)


@people.command()
def invite(
    email: Email,
    given_name: Annotated[str, typer.Argument(metavar="PRÉNOM")],
    family_name: Annotated[str, typer.Argument(metavar="NOM")],
    organisation: Annotated[str, typer.Option(help="Nom, code Insee ou SIREN de l’organisation.")],
    function: Annotated[FunctionKind, typer.Option(help="Fonction dans cette organisation.")] = FunctionKind.AGENT,
    title: Annotated[str, typer.Option(help="Intitulé de la fonction.")] = "",
) -> None:
    """Inviter une personne et afficher son lien\u202f; la toute première administre la plateforme."""
    asyncio.run(_invite(email.strip().lower(), (given_name, family_name), organisation, function, clean_name(title)))


async def _invite(email: str, name: tuple[str, str], organisation: str, function: FunctionKind, title: str) -> None:
    settings = settled()
    async with current(settings) as house, house.working(None) as work:
        where = await _organisation(work.db, organisation)
        person = await _invited(work, email, name)
        kinds = {function} if await _has_keeper(work.db) else {function, FunctionKind.ADMINISTRATEUR}
        for kind in sorted(kinds, key=lambda kind: kind == FunctionKind.ADMINISTRATEUR):
            await _give(work, person.id, where.id, kind, title)
        link = await invitations.invite(work, person, settings.base_url)
    typer.echo(f"{person.name} est invitée ou invité. Son lien, valable {invitations.DAYS}\u00a0jours\u00a0:\n{link}")
    if FunctionKind.ADMINISTRATEUR in kinds:
        typer.echo("Cette personne administre la plateforme.")


async def _invited(work: Work, email: str, name: tuple[str, str]) -> Person:
    known = await person_by_email(work.db, email)
    if known is not None:
        return known
    if "@" not in email or any(letter.isspace() for letter in email):
        raise Conflict(f"«\u00a0{email}\u00a0» n’est pas une adresse e-mail.")
    person = Person(email=email, given_name=clean_name(name[0]), family_name=clean_name(name[1]))
    work.db.add(person)
    await work.db.flush()
    return person


@people.command()
def suspend(email: Email) -> None:
    """Fermer le compte d’une personne\u00a0: ses appareils sont déconnectés aussitôt."""
    asyncio.run(_suspend(email))


async def _suspend(email: str) -> None:
    async with current(settled()) as house, house.working(None) as work:
        person = await _person(work.db, email)
        person.status = PersonStatus.SUSPENDED
        work.db.add(person)
        await invitations.cancel(work, [person.id])
        ended = delete(Session).where(col(Session.person_id) == person.id).returning(col(Session.id))
        for session_id in (await work.db.execute(ended)).scalars().all():
            work.record(rights.stream_of_person(person.id), rights.Verb.SESSION_ENDED, session_id)
        work.audit("person.suspended", Ref("entente/person", person.id))
        await rights.rights_changed(work, person.id)
    typer.echo(f"Le compte de {person.name} est suspendu.")


@people.command()
def anonymise(
    who: Annotated[str, typer.Argument(metavar="E-MAIL", help="Adresse e-mail de la personne, ou son numéro.")],
    also: Annotated[
        list[str] | None,
        typer.Option(metavar="MOTS", help="Autres mots qui la désignent\u00a0: téléphone, nom de naissance…"),
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Ne pas demander de confirmation.")] = False,
) -> None:
    """Retirer de partout le nom d’une personne partie (RGPD)\u202f; son compte doit être suspendu. Sans retour."""
    asyncio.run(_anonymise(who, also or [], yes))


async def _anonymise(named: str, also: list[str], yes: bool) -> None:
    from entente.app import forgetting, rooms

    known = forgetting(rooms())
    words = _added(also)
    async with current(settled()) as house:
        async with house.database.reading() as db:
            person = await _numbered(db, named) or await _person(db, named)
            obstacles = await known.obstacles(db, person)
            alike = await namesakes(db, person)
        if obstacles:
            raise Conflict("\n".join(obstacles))
        if not yes:
            _confirm(person)
        async with house.working(None) as work:
            await known.forget(work, person.id, words)
    typer.echo(
        "C’est fait\u00a0: cette personne s’appelle désormais «\u00a0Personne partie\u00a0». Les sauvegardes d’avant "
        "la nomment encore, jusqu’à ce qu’elles expirent.\n"
        f"À noter, pour recommencer si l’une d’elles est restaurée\u00a0: entente people anonymise {person.id}"
    )
    if alike.whole:
        typer.echo("Une autre personne porte le même nom\u00a0: relisez les textes qui le citent.")


async def _numbered(db: AsyncSession, named: str) -> Person | None:
    """The person of that number: it is kept of whoever was forgotten, for the day when a backup brings them back."""
    try:
        return await db.get(Person, UUID(named))
    except ValueError:
        return None


def _added(also: list[str]) -> list[str]:
    try:
        return added("\n".join(also))
    except Invalid as invalid:
        raise Conflict(" ".join(invalid.errors.values())) from None


def _confirm(person: Person) -> None:
    typer.echo(
        f"{person.name}\u00a0: son nom, ses mentions et ce qui n’était qu’à elle disparaîtront pour toujours\u00a0; "
        "ses messages restent, sans son nom.\n"
        f"Pour lui remettre ses données, d’abord\u00a0: entente people export {person.email} donnees.zip"
    )
    if typer.prompt("Écrivez «\u00a0oui\u00a0» pour continuer", default="non").strip().lower() != "oui":
        raise Conflict("Rien n’a été fait.")


@people.command("export")
def export_(
    email: Email, file: Annotated[Path, typer.Argument(metavar="FICHIER.zip", help="Archive à écrire.")]
) -> None:
    """Écrire tout ce que la plateforme garde d’une personne, et ses fichiers, à lui remettre (RGPD)."""
    asyncio.run(_export(email, file))


async def _export(email: str, file: Path) -> None:
    async with current(settled()) as house:
        async with house.database.reading() as db:
            person = await _person(db, email)
        taken = await holdings.take(house, person, file)
        async with house.working(None) as work:
            work.audit("person.exported", Ref("entente/person", person.id))
    typer.echo(f"{person.name}\u00a0: {taken.rows} lignes et {taken.files} fichiers dans {file}.")


@people.command()
def administrator(email: Email) -> None:
    """Confier l’administration de la plateforme à une personne."""
    asyncio.run(_administrator(email))


async def _administrator(email: str) -> None:
    async with current(settled()) as house, house.working(None) as work:
        person = await _person(work.db, email)
        held = select(Function).where(col(Function.person_id) == person.id, is_current(Function))
        functions = (await work.db.exec(held.order_by(col(Function.id)))).all()
        if not functions:
            raise Conflict(
                f"{person.name} n’a de fonction nulle part\u00a0: donnez-lui-en une depuis l’administration."
            )
        await _give(work, person.id, functions[0].organisation_id, FunctionKind.ADMINISTRATEUR, functions[0].title)
    typer.echo(f"{person.name} administre la plateforme.")


async def _give(work: Work, person_id: UUID, organisation_id: UUID, kind: FunctionKind, title: str) -> None:
    """Give someone a function from today on; giving it again changes nothing."""
    query = select(Function.id).where(
        col(Function.person_id) == person_id,
        col(Function.organisation_id) == organisation_id,
        col(Function.kind) == kind,
        is_current(Function),
    )
    if (await work.db.exec(query)).first() is not None:
        return
    since = clock.today()
    given = Function(person_id=person_id, organisation_id=organisation_id, kind=kind, title=title, since=since)
    work.db.add(given)
    detail: dict[str, Any] = {"kind": str(kind), "organisation": str(organisation_id), "since": since.isoformat()}
    work.audit("function.added", Ref("entente/person", person_id), **detail)
    await work.db.flush()
    await rights.rights_changed(work, person_id)


async def _has_keeper(db: AsyncSession) -> bool:
    query = select(Function.id).where(col(Function.kind) == FunctionKind.ADMINISTRATEUR, is_current(Function))
    return (await db.exec(query)).first() is not None


async def _person(db: AsyncSession, email: str) -> Person:
    person = await person_by_email(db, email)
    if person is None:
        raise Conflict(f"Personne n’a l’adresse {email}.")
    return person


async def _organisation(db: AsyncSession, named: str) -> Organisation:
    wanted = clean_name(named).casefold()
    everyone = (await db.exec(select(Organisation))).all()
    found = [
        each
        for each in everyone
        if wanted in (each.name.casefold(), each.short_name.casefold(), each.code_insee, each.siren)
    ]
    if len(found) != 1:
        names = (
            ", ".join(sorted(each.name for each in everyone))
            or "aucune\u00a0: «\u00a0entente organisations import\u00a0»"
        )
        raise Conflict(f"L’organisation «\u00a0{named}\u00a0» n’est pas connue. Organisations\u00a0: {names}.")
    return found[0]
