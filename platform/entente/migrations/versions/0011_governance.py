"""Governance of pistes: the register of decisions, protocols and their gates."""

import sqlalchemy as sa
from alembic import op

import entente.db
from entente.migrations.steps import append_only

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "piste_decision_year",
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("last", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("year"),
    )
    op.create_table(
        "piste_decision",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("body_id", sa.Uuid(), nullable=False),
        sa.Column("decided_on", sa.Date(), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("motive", sa.String(length=4000), nullable=False),
        sa.Column("piste_id", sa.Uuid(), nullable=True),
        sa.Column("gate", entente.db.Word(length=30), nullable=True),
        sa.Column("outcome", entente.db.Word(length=30), nullable=True),
        sa.Column("review_on", sa.Date(), nullable=True),
        sa.Column("supersedes_id", sa.Uuid(), nullable=True),
        sa.Column("seats", sa.Integer(), nullable=False),
        sa.Column("recorded_at", entente.db.Moment(timezone=True), nullable=False),
        sa.Column("recorded_by", sa.Uuid(), nullable=True),
        sa.CheckConstraint("(gate IS NULL) = (outcome IS NULL)", name="piste_decision_gate"),
        sa.CheckConstraint("gate IS NULL OR piste_id IS NOT NULL", name="piste_decision_about"),
        sa.CheckConstraint("review_on IS NULL OR review_on > decided_on", name="piste_decision_review"),
        sa.ForeignKeyConstraint(["body_id"], ["body.id"]),
        sa.ForeignKeyConstraint(["piste_id"], ["piste.id"]),
        sa.ForeignKeyConstraint(["recorded_by"], ["person.id"]),
        sa.ForeignKeyConstraint(["supersedes_id"], ["piste_decision.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("supersedes_id"),
        sa.UniqueConstraint("year", "number", name="piste_decision_number"),
    )
    op.create_index("ix_piste_decision_body_id", "piste_decision", ["body_id"], unique=False)
    op.create_index("ix_piste_decision_piste_id", "piste_decision", ["piste_id"], unique=False)
    op.create_table(
        "piste_attendance",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("decision_id", sa.Uuid(), nullable=False),
        sa.Column("seat_id", sa.Uuid(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("as_substitute", sa.Boolean(), nullable=False),
        sa.Column("mandate", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["decision_id"], ["piste_decision.id"]),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisation.id"]),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"]),
        sa.ForeignKeyConstraint(["seat_id"], ["seat.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("decision_id", "seat_id", name="piste_attendance_once"),
    )
    op.create_table(
        "piste_decision_file",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("decision_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("label", sa.String(length=60), nullable=False),
        sa.Column("media_type", sa.String(length=100), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("kept", sa.String(length=80), nullable=False),
        sa.Column("width", sa.Integer(), nullable=False),
        sa.Column("height", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["decision_id"], ["piste_decision.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("kept"),
    )
    op.create_index("ix_piste_decision_file_decision_id", "piste_decision_file", ["decision_id"], unique=False)
    op.create_table(
        "piste_protocol",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("document", sa.JSON(), nullable=False),
        sa.Column("at", entente.db.Moment(timezone=True), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=True),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("kind", "version", name="piste_protocol_version"),
    )
    op.create_table(
        "piste_kind",
        sa.Column("piste_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.ForeignKeyConstraint(["piste_id"], ["piste.id"]),
        sa.PrimaryKeyConstraint("piste_id"),
    )
    op.create_table(
        "piste_passage",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("piste_id", sa.Uuid(), nullable=False),
        sa.Column("before", entente.db.Word(length=30), nullable=False),
        sa.Column("after", entente.db.Word(length=30), nullable=False),
        sa.Column("decision_id", sa.Uuid(), nullable=True),
        sa.Column("protocol_id", sa.Uuid(), nullable=True),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.Column("at", entente.db.Moment(timezone=True), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=True),
        sa.ForeignKeyConstraint(["decision_id"], ["piste_decision.id"]),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"]),
        sa.ForeignKeyConstraint(["piste_id"], ["piste.id"]),
        sa.ForeignKeyConstraint(["protocol_id"], ["piste_protocol.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("decision_id"),
    )
    op.create_index("piste_passage_of", "piste_passage", ["piste_id", "at"], unique=False)
    for table in ("piste_decision", "piste_attendance", "piste_decision_file", "piste_protocol", "piste_passage"):
        append_only(table)
