"""The shape of the database, of every room, and the way to it from any earlier shape."""

from enum import Enum, auto
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection, MetaData, inspect, text
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import SQLModel

from booking import models as booking
from booking.approvals import models as approvals
from booking.basket import models as basket
from booking.depots import models as depots
from booking.fleet import models as fleet
from booking.inspections import models as inspections
from booking.regulations import models as regulations
from booking.showing import models as showing
from entente import journal, links, mail, outbox, tidying
from entente.account import models as account
from entente.agendas import models as agendas
from entente.db import Database
from entente.notices import models as notices
from entente.outside import models as outside
from entente.people import models as people
from entente.search import models as search
from forums import models as forums
from forums.atom import models as atom
from forums.attachments import models as attachments
from forums.documents import models as documents
from forums.drafts import models as drafts
from forums.following import models as following
from forums.history import models as history
from forums.kinds import models as kinds
from forums.mentions import models as mentions
from forums.moderation import models as moderation
from forums.purchase import models as purchase
from forums.reactions import models as reactions
from forums.reports import models as reports
from forums.tags import models as tags
from pistes import models as pistes
from pistes.afor import models as piste_afor
from pistes.communes import models as piste_communes
from pistes.criteria import models as piste_criteria
from pistes.decisions import models as piste_decisions
from pistes.deferral import models as piste_deferral
from pistes.fiches import models as piste_fiches
from pistes.marks import models as piste_marks
from pistes.protocol import models as piste_protocol
from pistes.rankings import models as piste_rankings
from pistes.rounds import models as piste_rounds
from pistes.texts import models as piste_texts
from pistes.tree import models as piste_tree
from planning import models as planning

if TYPE_CHECKING:
    from alembic.config import Config

DECLARED_IN = (
    account,
    agendas,
    approvals,
    atom,
    attachments,
    basket,
    booking,
    depots,
    documents,
    drafts,
    fleet,
    following,
    forums,
    history,
    inspections,
    journal,
    kinds,
    links,
    mail,
    mentions,
    moderation,
    notices,
    outbox,
    outside,
    people,
    planning,
    piste_afor,
    piste_communes,
    piste_criteria,
    piste_decisions,
    piste_deferral,
    piste_fiches,
    piste_marks,
    piste_rankings,
    piste_rounds,
    piste_protocol,
    piste_texts,
    piste_tree,
    pistes,
    purchase,
    reactions,
    regulations,
    reports,
    search,
    showing,
    tags,
    tidying,
)
"""Every module that declares tables: naming them here is what makes the metadata whole."""

METADATA: MetaData = SQLModel.metadata
MIGRATING = 0x656E74
STEPS = Path(__file__).parent / "migrations"


class Tangled(Exception):
    """The database bears several shapes at once, as this version of the house never leaves it."""


def is_modelled(name: str | None, _kind: object = None, _above: object = None) -> bool:
    """Whether the models answer for a table, column or index; the others are written by hand, each on its own home."""
    return name is None or (name not in search.MADE_BY_HAND and not name.startswith("search_words_"))


# Alembic is read only where a step is taken or written: a house that opens has most often none to take.
def _config(connection: Connection | None = None) -> "Config":
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(STEPS))
    config.attributes["connection"] = connection
    return config


async def upgrade(database: Database) -> None:
    """Bring the database to today's shape, from empty or from any earlier one; at once or not at all."""
    async with database.engine.execution_options(sqlite_begin="IMMEDIATE").begin() as connection:
        if not database.settings.is_embedded:
            # Two servers that start together: the second waits, then finds everything done.
            await connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": MIGRATING})
        if not standing_of(await shape_of(connection)).is_served:
            await bring(connection, "head")


async def bring(connection: AsyncConnection, shape: str) -> None:
    """Bring the database to a shape, in the transaction that is open."""
    from alembic import command

    await connection.run_sync(lambda sync: command.upgrade(_config(sync), shape))


async def shape_of(connection: AsyncConnection) -> str | None:
    """The shape the database has; none when it has none yet. Raises Tangled when it has several."""
    if not await connection.run_sync(lambda sync: inspect(sync).has_table("alembic_version")):
        return None
    shapes = (await connection.execute(text("SELECT version_num FROM alembic_version"))).scalars().all()
    if len(shapes) > 1:
        raise Tangled
    return str(shapes[0]) if shapes else None


def known_shapes() -> list[str]:
    """Every shape the database can be given, today's first."""
    return sorted((step.name.partition("_")[0] for step in (STEPS / "versions").glob("[0-9]*.py")), reverse=True)


def served_from(shape: str) -> str:
    """The oldest shape whose house can serve a base of this one: what a step's name says after its dot, or itself.

    A base « 0017.0015 » has been widened since 0015 and nothing else: a house that knows 0015 or 0016 misses nothing.
    """
    number, _, oldest = shape.partition(".")
    return oldest or number


class Standing(Enum):
    """Where a database stands beside this version of the house."""

    EMPTY = auto()
    BEHIND = auto()
    CURRENT = auto()
    WIDER = auto()
    """A later version of the house has added to it, and taken nothing away that this one uses."""
    AHEAD = auto()
    """A later version of the house has given it a shape that this one cannot serve."""

    @property
    def is_served(self) -> bool:
        """Whether this version of the house can work with it as it stands."""
        return self in (Standing.CURRENT, Standing.WIDER)


def standing_of(shape: str | None) -> Standing:
    """Where a database of this shape stands."""
    known = known_shapes()
    if shape is None:
        return Standing.EMPTY
    if shape not in known:
        return Standing.WIDER if served_from(shape) <= known[0] < shape else Standing.AHEAD
    return Standing.CURRENT if shape == known[0] else Standing.BEHIND


ADVICE = {
    Standing.EMPTY: "vide\u00a0: lancez d’abord «\u00a0entente migrate\u00a0».",
    Standing.BEHIND: "plus ancienne que cette version d’Entente\u00a0: lancez d’abord «\u00a0entente migrate\u00a0».",
    Standing.WIDER: "élargie par une version plus récente d’Entente\u00a0: celle-ci peut servir, et les "
    "sauvegardes se font avec la plus récente.",
    Standing.AHEAD: "plus récente que cette version d’Entente\u00a0: réinstallez la version qui l’a mise à jour, "
    "ou restaurez la sauvegarde faite avant cette mise à jour.",
}
"""What is said of a database that cannot be used as it stands, after « elle est »."""


async def standing(database: Database) -> Standing:
    """Where this database stands."""
    async with database.engine.connect() as connection:
        return standing_of(await shape_of(connection))


async def is_current(database: Database) -> bool:
    """Whether the database has today's shape."""
    return await standing(database) is Standing.CURRENT


async def write_step(database: Database, message: str) -> None:
    """Write the step from the database's shape to that of the models, for a developer to read and mend."""
    from alembic import command

    async with database.engine.begin() as connection:
        await connection.run_sync(lambda sync: command.revision(_config(sync), message, autogenerate=True))
