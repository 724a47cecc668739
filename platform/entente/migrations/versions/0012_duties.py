"""Duties: what is done now and then, by one process at a time."""

import sqlalchemy as sa
from alembic import op

import entente.db

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "duty",
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("due_at", entente.db.Moment(timezone=True), nullable=False),
        sa.Column("taken_by", sa.String(length=120), nullable=False),
        sa.Column("taken_at", entente.db.Moment(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("name"),
    )
