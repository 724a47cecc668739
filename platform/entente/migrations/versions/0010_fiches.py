"""Papers of pistes: fiches-actions and AFOR grids."""

import sqlalchemy as sa
from alembic import op

import entente.db

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "piste_fiche",
        sa.Column("piste_id", sa.Uuid(), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("objective", sa.String(length=300), nullable=False),
        sa.Column("description", sa.String(length=1200), nullable=False),
        sa.Column("results", sa.String(length=1200), nullable=False),
        sa.Column("envelope", sa.String(length=500), nullable=False),
        sa.Column("brakes", sa.String(length=500), nullable=False),
        sa.Column("gains", sa.String(length=500), nullable=False),
        sa.Column("keys", sa.String(length=500), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("at", entente.db.Moment(timezone=True), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=True),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"]),
        sa.ForeignKeyConstraint(["piste_id"], ["piste.id"]),
        sa.PrimaryKeyConstraint("piste_id"),
    )
    op.create_table(
        "piste_afor",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("piste_id", sa.Uuid(), nullable=False),
        sa.Column("activity", sa.String(length=120), nullable=False),
        sa.Column("key", sa.String(length=120), nullable=False),
        sa.Column("strengths", sa.String(length=1500), nullable=False),
        sa.Column("weaknesses", sa.String(length=1500), nullable=False),
        sa.Column("opportunities", sa.String(length=1500), nullable=False),
        sa.Column("risks", sa.String(length=1500), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("at", entente.db.Moment(timezone=True), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=True),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"]),
        sa.ForeignKeyConstraint(["piste_id"], ["piste.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("piste_id", "key", name="piste_afor_once"),
    )
