"""The register of pistes: tree, marks, criteria, positions of communes, deferrals."""

import sqlalchemy as sa
from alembic import op

import entente.db

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "piste_claim",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("words", sa.String(length=300), nullable=False),
        sa.Column("source", sa.String(length=200), nullable=False),
        sa.Column("criterion", sa.String(length=40), nullable=False),
        sa.Column("level", sa.Integer(), nullable=False),
        sa.Column("comparison", entente.db.Word(length=30), nullable=False),
        sa.Column("numerator", sa.Integer(), nullable=False),
        sa.Column("denominator", sa.Integer(), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.CheckConstraint("denominator > 0", name="piste_claim_bound"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "piste",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.String(length=12), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("key", sa.String(length=200), nullable=False),
        sa.Column("summary", sa.String(length=4000), nullable=False),
        sa.Column("phase", entente.db.Word(length=30), nullable=False),
        sa.Column("expressed_on", sa.Date(), nullable=True),
        sa.Column("created_at", entente.db.Moment(timezone=True), nullable=False),
        sa.Column("created_by", sa.Uuid(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["created_by"], ["person.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("code"),
        sa.UniqueConstraint("key"),
    )
    op.create_table(
        "piste_criteria",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("family", sa.String(length=60), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("document", sa.JSON(), nullable=False),
        sa.Column("at", entente.db.Moment(timezone=True), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=True),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("family", "version"),
    )
    op.create_table(
        "piste_change",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("piste_id", sa.Uuid(), nullable=False),
        sa.Column("verb", sa.String(length=40), nullable=False),
        sa.Column("at", entente.db.Moment(timezone=True), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=True),
        sa.Column("detail", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"]),
        sa.ForeignKeyConstraint(["piste_id"], ["piste.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("piste_change_of", "piste_change", ["piste_id", "at"], unique=False)

    op.create_table(
        "piste_deferral",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("piste_id", sa.Uuid(), nullable=False),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.Column("revisit_on", sa.Date(), nullable=False),
        sa.Column("at", entente.db.Moment(timezone=True), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=True),
        sa.Column("ended_at", entente.db.Moment(timezone=True), nullable=True),
        sa.Column("ended_by", sa.Uuid(), nullable=True),
        sa.ForeignKeyConstraint(["ended_by"], ["person.id"]),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"]),
        sa.ForeignKeyConstraint(["piste_id"], ["piste.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_piste_deferral_piste_id", "piste_deferral", ["piste_id"], unique=False)
    op.create_index(
        "piste_deferral_standing",
        "piste_deferral",
        ["piste_id"],
        unique=True,
        sqlite_where=sa.text("ended_at IS NULL"),
        postgresql_where=sa.text("ended_at IS NULL"),
    )

    op.create_table(
        "piste_mark",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("piste_id", sa.Uuid(), nullable=False),
        sa.Column("family", sa.String(length=60), nullable=False),
        sa.Column("criterion", sa.String(length=40), nullable=False),
        sa.Column("level", sa.Integer(), nullable=False),
        sa.Column("origin", entente.db.Word(length=30), nullable=False),
        sa.Column("is_override", sa.Boolean(), nullable=False),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.Column("criteria_id", sa.Uuid(), nullable=False),
        sa.Column("at", entente.db.Moment(timezone=True), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=True),
        sa.Column("replaced_at", entente.db.Moment(timezone=True), nullable=True),
        sa.CheckConstraint("NOT is_override OR reason <> ''", name="piste_mark_reason"),
        sa.CheckConstraint("is_override = (origin = 'overridden')", name="piste_mark_origin"),
        sa.ForeignKeyConstraint(["criteria_id"], ["piste_criteria.id"]),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"]),
        sa.ForeignKeyConstraint(["piste_id"], ["piste.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_piste_mark_piste_id", "piste_mark", ["piste_id"], unique=False)
    op.create_index(
        "piste_mark_standing",
        "piste_mark",
        ["piste_id", "family", "criterion", "is_override"],
        unique=True,
        sqlite_where=sa.text("replaced_at IS NULL"),
        postgresql_where=sa.text("replaced_at IS NULL"),
    )

    op.create_table(
        "piste_node",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("parent_id", sa.Uuid(), nullable=True),
        sa.Column("kind", entente.db.Word(length=30), nullable=False),
        sa.Column("label", sa.String(length=200), nullable=False),
        sa.Column("key", sa.String(length=200), nullable=False),
        sa.Column("piste_id", sa.Uuid(), nullable=True),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("rank", sa.Integer(), nullable=True),
        sa.Column("printed", sa.String(length=400), nullable=False),
        sa.Column("printed_title", sa.String(length=200), nullable=False),
        sa.Column("printed_mark", sa.Integer(), nullable=True),
        sa.Column("source_line", sa.Integer(), nullable=True),
        sa.Column("note", sa.String(length=500), nullable=False),
        sa.CheckConstraint("(kind = 'objectif') = (parent_id IS NULL)", name="piste_node_root"),
        sa.CheckConstraint("(kind = 'piste') = (piste_id IS NOT NULL)", name="piste_node_kind"),
        sa.CheckConstraint("parent_id IS NULL OR parent_id <> id", name="piste_node_self"),
        sa.ForeignKeyConstraint(["parent_id"], ["piste_node.id"]),
        sa.ForeignKeyConstraint(["piste_id"], ["piste.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_piste_node_parent_id", "piste_node", ["parent_id"], unique=False)
    op.create_index("ix_piste_node_piste_id", "piste_node", ["piste_id"], unique=False)
    op.create_index(
        "piste_node_once",
        "piste_node",
        ["parent_id", "piste_id"],
        unique=True,
        sqlite_where=sa.text("piste_id IS NOT NULL"),
        postgresql_where=sa.text("piste_id IS NOT NULL"),
    )

    op.create_table(
        "piste_position",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("piste_id", sa.Uuid(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("stance", entente.db.Word(length=30), nullable=False),
        sa.Column("since", sa.Date(), nullable=False),
        sa.Column("at", entente.db.Moment(timezone=True), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=True),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisation.id"]),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"]),
        sa.ForeignKeyConstraint(["piste_id"], ["piste.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_piste_position_organisation_id", "piste_position", ["organisation_id"], unique=False)
    op.create_index("piste_position_of", "piste_position", ["piste_id", "organisation_id", "since"], unique=False)

    op.create_table(
        "piste_register",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("criteria_id", sa.Uuid(), nullable=False),
        sa.Column("tie_rule", entente.db.Word(length=30), nullable=False),
        sa.Column("tie_reason", sa.String(length=300), nullable=False),
        sa.ForeignKeyConstraint(["criteria_id"], ["piste_criteria.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "piste_unresolved",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("piste_id", sa.Uuid(), nullable=False),
        sa.Column("words", sa.String(length=120), nullable=False),
        sa.Column("note", sa.String(length=500), nullable=False),
        sa.Column("at", entente.db.Moment(timezone=True), nullable=False),
        sa.Column("resolved_at", entente.db.Moment(timezone=True), nullable=True),
        sa.Column("resolved_by", sa.Uuid(), nullable=True),
        sa.Column("organisation_id", sa.Uuid(), nullable=True),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisation.id"]),
        sa.ForeignKeyConstraint(["piste_id"], ["piste.id"]),
        sa.ForeignKeyConstraint(["resolved_by"], ["person.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("piste_id", "words"),
    )
    op.create_table(
        "piste_spelling",
        sa.Column("key", sa.String(length=200), nullable=False),
        sa.Column("node_id", sa.Uuid(), nullable=False),
        sa.Column("label", sa.String(length=200), nullable=False),
        sa.ForeignKeyConstraint(["node_id"], ["piste_node.id"]),
        sa.PrimaryKeyConstraint("key"),
    )
