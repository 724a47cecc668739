"""The shape of the database, of every room, and the way to it from any earlier shape."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, MetaData, text
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


def is_modelled(name: str | None, _kind: object = None, _above: object = None) -> bool:
    """Whether the models answer for a table, column or index; the others are written by hand, each on its own home."""
    return name is None or (name not in search.MADE_BY_HAND and not name.startswith("search_words_"))


def _config(connection: Connection | None = None) -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.attributes["connection"] = connection
    return config


async def upgrade(database: Database) -> None:
    """Bring the database to today's shape, from empty or from any earlier one; at once or not at all."""
    async with database.engine.execution_options(sqlite_begin="IMMEDIATE").begin() as connection:
        if not database.settings.is_embedded:
            # Two servers that start together: the second waits, then finds everything done.
            await connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": MIGRATING})
        await bring(connection, "head")


async def bring(connection: AsyncConnection, shape: str) -> None:
    """Bring the database to a shape, in the transaction that is open."""
    await connection.run_sync(lambda sync: command.upgrade(_config(sync), shape))


async def shape_of(connection: AsyncConnection) -> str | None:
    """The shape the database has; none when it has none yet."""
    return await connection.run_sync(lambda sync: MigrationContext.configure(sync).get_current_revision())


def known_shapes() -> list[str]:
    """Every shape the database can be given, today's first."""
    return [step.revision for step in ScriptDirectory.from_config(_config()).walk_revisions()]


async def is_current(database: Database) -> bool:
    """Whether the database has today's shape."""
    async with database.engine.connect() as connection:
        return await shape_of(connection) == known_shapes()[0]


async def write_step(database: Database, message: str) -> None:
    """Write the step from the database's shape to that of the models, for a developer to read and mend."""
    async with database.engine.begin() as connection:
        await connection.run_sync(lambda sync: command.revision(_config(sync), message, autogenerate=True))
