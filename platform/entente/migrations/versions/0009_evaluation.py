"""Evaluation rounds of pistes, and rankings that nobody changes once they are frozen."""

import sqlalchemy as sa
from alembic import op

import entente.db
from entente.migrations.steps import append_only

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "piste_round",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("title", sa.String(length=120), nullable=False),
        sa.Column("body_id", sa.Uuid(), nullable=False),
        sa.Column("criteria_id", sa.Uuid(), nullable=False),
        sa.Column("voice_of", entente.db.Word(length=30), nullable=False),
        sa.Column("middle", entente.db.Word(length=30), nullable=False),
        sa.Column("after_id", sa.Uuid(), nullable=True),
        sa.Column("due_on", sa.Date(), nullable=True),
        sa.Column("opened_at", entente.db.Moment(timezone=True), nullable=False),
        sa.Column("opened_by", sa.Uuid(), nullable=True),
        sa.Column("closed_at", entente.db.Moment(timezone=True), nullable=True),
        sa.Column("closed_by", sa.Uuid(), nullable=True),
        sa.CheckConstraint("after_id IS NULL OR after_id <> id", name="piste_round_after"),
        sa.ForeignKeyConstraint(["after_id"], ["piste_round.id"]),
        sa.ForeignKeyConstraint(["body_id"], ["body.id"]),
        sa.ForeignKeyConstraint(["closed_by"], ["person.id"]),
        sa.ForeignKeyConstraint(["criteria_id"], ["piste_criteria.id"]),
        sa.ForeignKeyConstraint(["opened_by"], ["person.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("after_id"),
    )
    op.create_index("ix_piste_round_body_id", "piste_round", ["body_id"], unique=False)

    op.create_table(
        "piste_round_entry",
        sa.Column("round_id", sa.Uuid(), nullable=False),
        sa.Column("piste_id", sa.Uuid(), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["piste_id"], ["piste.id"]),
        sa.ForeignKeyConstraint(["round_id"], ["piste_round.id"]),
        sa.PrimaryKeyConstraint("round_id", "piste_id"),
    )
    op.create_index("ix_piste_round_entry_piste_id", "piste_round_entry", ["piste_id"], unique=False)

    op.create_table(
        "piste_round_voice",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("round_id", sa.Uuid(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=True),
        sa.Column("person_id", sa.Uuid(), nullable=True),
        sa.Column("done_at", entente.db.Moment(timezone=True), nullable=True),
        sa.Column("reminded_at", entente.db.Moment(timezone=True), nullable=True),
        sa.CheckConstraint("(organisation_id IS NULL) <> (person_id IS NULL)", name="piste_round_voice_one"),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisation.id"]),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"]),
        sa.ForeignKeyConstraint(["round_id"], ["piste_round.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("id", "round_id"),
    )
    op.create_index("piste_round_voice_commune", "piste_round_voice", ["round_id", "organisation_id"], unique=True)
    op.create_index("piste_round_voice_person", "piste_round_voice", ["round_id", "person_id"], unique=True)

    op.create_table(
        "piste_round_mark",
        sa.Column("round_id", sa.Uuid(), nullable=False),
        sa.Column("piste_id", sa.Uuid(), nullable=False),
        sa.Column("criterion", sa.String(length=40), nullable=False),
        sa.Column("voice_id", sa.Uuid(), nullable=False),
        sa.Column("level", sa.Integer(), nullable=False),
        sa.Column("at", entente.db.Moment(timezone=True), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=True),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"]),
        sa.ForeignKeyConstraint(["round_id", "piste_id"], ["piste_round_entry.round_id", "piste_round_entry.piste_id"]),
        sa.ForeignKeyConstraint(["voice_id", "round_id"], ["piste_round_voice.id", "piste_round_voice.round_id"]),
        sa.PrimaryKeyConstraint("round_id", "piste_id", "criterion", "voice_id"),
    )
    op.create_index("ix_piste_round_mark_voice_id", "piste_round_mark", ["voice_id"], unique=False)

    op.create_table(
        "piste_ranking",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("title", sa.String(length=120), nullable=False),
        sa.Column("at", entente.db.Moment(timezone=True), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=True),
        sa.Column("criteria_id", sa.Uuid(), nullable=False),
        sa.Column("is_varied", sa.Boolean(), nullable=False),
        sa.Column("row_count", sa.Integer(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["criteria_id"], ["piste_criteria.id"]),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_piste_ranking_at", "piste_ranking", ["at"], unique=False)
    append_only("piste_ranking")
