"""People who were forgotten: since when."""

import sqlalchemy as sa
from alembic import op

import entente.db

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("person", sa.Column("forgotten_at", entente.db.Moment(timezone=True), nullable=True))
