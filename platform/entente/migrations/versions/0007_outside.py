"""Agendas from elsewhere."""

import sqlalchemy as sa
from alembic import op

import entente.db

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "outside_source",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("title", sa.String(length=80), nullable=False),
        sa.Column("hue", sa.Integer(), nullable=False),
        sa.Column("address", sa.String(length=2000), nullable=False),
        sa.Column("created_at", entente.db.Moment(timezone=True), nullable=False),
        sa.Column("due_at", entente.db.Moment(timezone=True), nullable=True),
        sa.Column("is_awaited", sa.Boolean(), nullable=False),
        sa.Column("succeeded_at", entente.db.Moment(timezone=True), nullable=True),
        sa.Column("read_at", entente.db.Moment(timezone=True), nullable=True),
        sa.Column("etag", sa.String(length=200), nullable=False),
        sa.Column("modified", sa.String(length=200), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("error", sa.String(length=300), nullable=False),
        sa.Column("kept", sa.Integer(), nullable=False),
        sa.Column("skipped", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_outside_source_person_id", "outside_source", ["person_id"], unique=False)
    op.create_index("ix_outside_source_due_at", "outside_source", ["due_at"], unique=False)
    op.create_table(
        "outside_event",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("source_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("uid", sa.String(length=255), nullable=False),
        sa.Column("recurrence", sa.String(length=20), nullable=False),
        sa.Column("begins", entente.db.Moment(timezone=True), nullable=False),
        sa.Column("ends", entente.db.Moment(timezone=True), nullable=False),
        sa.Column("all_day", sa.Boolean(), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("is_busy", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"]),
        sa.ForeignKeyConstraint(["source_id"], ["outside_source.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_outside_event_source_id", "outside_event", ["source_id"], unique=False)
    op.create_index("outside_event_when", "outside_event", ["person_id", "begins"], unique=False)
