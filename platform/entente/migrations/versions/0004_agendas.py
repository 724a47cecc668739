"""Subscriptions to calendars."""

import sqlalchemy as sa
from alembic import op

import entente.db

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "subscription",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("subject_id", sa.Uuid(), nullable=True),
        sa.Column("detail", entente.db.Word(length=30), nullable=False),
        sa.Column("label", sa.String(length=80), nullable=False),
        sa.Column("created_at", entente.db.Moment(timezone=True), nullable=False),
        sa.Column("fetched_at", entente.db.Moment(timezone=True), nullable=True),
        sa.Column("client", sa.String(length=80), nullable=False),
        sa.Column("revoked_at", entente.db.Moment(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("hash"),
    )
    op.create_index("ix_subscription_person_id", "subscription", ["person_id"], unique=False)
