"""`entente organisations`: the EPCI and its communes, from a file."""

import asyncio
import csv
import io
import json
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Annotated, Any

import typer
from pydantic import AfterValidator, BaseModel, BeforeValidator, Field, ValidationError
from rich.console import Console
from rich.table import Table
from sqlalchemy.exc import IntegrityError
from sqlmodel import col, select

from entente.clock import today
from entente.commands.house import current, settled
from entente.ids import Ref
from entente.people.models import EmailDomain, Membership, Organisation, OrganisationKind
from entente.rules import Conflict
from entente.text import clean_name
from entente.web import sheets
from entente.work import Work

organisations = typer.Typer(help="Lister et importer les organisations.", no_args_is_help=True)

COLUMNS = {
    "nature": "kind",
    "nom": "name",
    "nom_court": "short_name",
    "code_insee": "code_insee",
    "siren": "siren",
    "codes_postaux": "postcodes",
    "population": "population",
    "membre_depuis": "member_since",
    "membre_jusqu_au": "member_until",
    "domaine": "domain",
}
GOLDEN = 137
"""An angle that keeps neighbours apart, however many they are."""


def _blank(value: object) -> object:
    return None if value == "" else value


def _joined(value: object) -> object:
    return " ".join(map(str, value)) if isinstance(value, list) else value


Optional = BeforeValidator(_blank)


class Line(BaseModel):
    """An organisation, as the file says it."""

    kind: OrganisationKind
    name: Annotated[str, AfterValidator(clean_name), Field(min_length=1, max_length=120)]
    short_name: Annotated[str, AfterValidator(clean_name), Field(max_length=20)] = ""
    code_insee: Annotated[Annotated[str, Field(pattern=r"^[0-9AB]{5}$")] | None, Optional] = None
    siren: Annotated[Annotated[str, Field(pattern=r"^[0-9]{9}$")] | None, Optional] = None
    postcodes: Annotated[str, BeforeValidator(_joined), Field(max_length=60)] = ""
    population: Annotated[Annotated[int, Field(ge=0)] | None, Optional] = None
    member_since: Annotated[date | None, Optional] = None
    member_until: Annotated[date | None, Optional] = None
    domain: Annotated[Annotated[str, Field(pattern=r"^[a-z0-9.-]+\.[a-z]{2,}$")] | None, Optional] = None


@organisations.command("list")
def list_() -> None:
    """Lister les organisations."""
    asyncio.run(_list())


async def _list() -> None:
    async with current(settled()) as house, house.database.reading() as db:
        found = (await db.exec(select(Organisation).order_by(col(Organisation.kind), col(Organisation.name)))).all()
    table = Table("Nature", "Nom", "Code Insee", "SIREN", "Population", box=None, pad_edge=False)
    for each in found:
        table.add_row(each.kind, each.name, each.code_insee or "", each.siren or "", str(each.population or ""))
    Console(highlight=False, markup=False).print(table)


@organisations.command("import")
def import_(
    file: Annotated[Path, typer.Argument(metavar="FICHIER", help="Fichier .csv ou .json.")],
) -> None:
    """Ajouter ou mettre à jour des organisations depuis un fichier CSV ou JSON.

    Colonnes du CSV\u00a0: nature (epci, commune, ccas, syndicat, association), nom, nom_court, code_insee, siren,
    codes_postaux, population, membre_depuis, membre_jusqu_au, domaine. Les dates s’écrivent 2016-01-31.
    """
    lines = _read(file)
    try:
        added, changed = asyncio.run(_bring_in(lines))
    except IntegrityError:
        raise Conflict(
            "Rien n’a été importé\u00a0: deux organisations ont le même code Insee ou SIREN, ou des dates se croisent."
        ) from None
    typer.echo(f"Organisations ajoutées\u00a0: {added}\u202f; mises à jour\u00a0: {changed}.")


def _read(file: Path) -> list[Line]:
    try:
        content = file.read_bytes()
    except OSError as error:
        raise Conflict(f"Le fichier {file} ne peut pas être lu\u00a0: {error.strerror}.") from None
    try:
        is_json = file.suffix.lower() == ".json"
        numbered = _from_json(content) if is_json else _from_csv(content)
    except (sheets.Unreadable, ValueError) as error:
        raise Conflict(f"Le fichier {file} ne peut pas être lu\u00a0: {error}") from None
    read, wrong = [], []
    for number, cells in numbered:
        try:
            read.append(Line.model_validate(cells))
        except ValidationError as error:
            names = ", ".join(sorted({str(item["loc"][0]) for item in error.errors()}))
            wrong.append(f"ligne {number}\u00a0: {names}")
    if wrong:
        raise Conflict("Rien n’a été importé. À corriger, " + "\u202f; ".join(wrong) + ".")
    return read


def _from_json(content: bytes) -> list[tuple[int, Any]]:
    found = json.loads(content)
    if not isinstance(found, list):
        raise ValueError("une liste est attendue.")
    return list(enumerate(found, start=1))


def _from_csv(content: bytes) -> list[tuple[int, Any]]:
    text = sheets.decode(content)
    separator = max(";,\t", key=text.partition("\n")[0].count)
    reader = csv.DictReader(io.StringIO(text, newline=""), delimiter=separator, restval="")
    missing = {"nature", "nom"} - set(reader.fieldnames or ())
    if missing:
        raise ValueError(f"la première ligne doit nommer les colonnes {', '.join(COLUMNS)}.")
    return [
        (reader.line_num, {COLUMNS[name]: cells[name].strip() for name in COLUMNS if name in cells}) for cells in reader
    ]


async def _bring_in(lines: Sequence[Line]) -> tuple[int, int]:
    added = 0
    async with current(settled()) as house, house.working(None) as work:
        known = {each.name.casefold(): each for each in (await work.db.exec(select(Organisation))).all()}
        for line in lines:
            organisation = known.get(line.name.casefold())
            if organisation is None:
                added += 1
                organisation = Organisation(
                    kind=line.kind, name=line.name, short_name="", hue=(len(known) * GOLDEN) % 360
                )
                known[line.name.casefold()] = organisation
            await _keep(work, organisation, line)
    return added, len(lines) - added


async def _keep(work: Work, organisation: Organisation, line: Line) -> None:
    organisation.kind = line.kind
    organisation.short_name = line.short_name or organisation.short_name or line.name[:20]
    organisation.code_insee = line.code_insee or organisation.code_insee
    organisation.siren = line.siren or organisation.siren
    organisation.postcodes = line.postcodes or organisation.postcodes
    organisation.population = line.population if line.population is not None else organisation.population
    work.db.add(organisation)
    await work.db.flush()
    if line.kind == OrganisationKind.COMMUNE:
        await _keep_membership(work, organisation, line)
    if line.domain and await work.db.get(EmailDomain, line.domain) is None:
        work.db.add(EmailDomain(domain=line.domain, organisation_id=organisation.id))
    work.audit("organisation.imported", Ref("entente/organisation", organisation.id), name=organisation.name)


async def _keep_membership(work: Work, organisation: Organisation, line: Line) -> None:
    query = select(Membership).where(col(Membership.organisation_id) == organisation.id)
    latest = (await work.db.exec(query.order_by(col(Membership.since).desc()))).first()
    if latest is None:
        latest = Membership(organisation_id=organisation.id, since=line.member_since or today())
    latest.until = line.member_until or latest.until
    work.db.add(latest)
