"""Meetings, their agendas and answers, the rules of bodies, and absences."""

import sqlalchemy as sa
from alembic import op

import entente.db

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "planning_hall",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("address", sa.String(length=200), nullable=False),
        sa.Column("seats", sa.Integer(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("name"),
    )
    op.create_table(
        "planning_series",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("rule", sa.String(length=300), nullable=False),
        sa.Column("created_at", entente.db.Moment(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "planning_absence",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("since", sa.Date(), nullable=False),
        sa.Column("until", sa.Date(), nullable=False),
        sa.Column("note", sa.String(length=200), nullable=False),
        sa.CheckConstraint("until > since", name="planning_absence_dates"),
        sa.ForeignKeyConstraint(
            ["person_id"],
            ["person.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("planning_absence", schema=None) as batch_op:
        batch_op.create_index("planning_absence_of", ["person_id", "until"], unique=False)

    op.create_table(
        "meeting",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("body_id", sa.Uuid(), nullable=False),
        sa.Column("title", sa.String(length=160), nullable=False),
        sa.Column("state", entente.db.Word(length=30), nullable=False),
        sa.Column("starts_at", entente.db.Moment(timezone=True), nullable=False),
        sa.Column("ends_at", entente.db.Moment(timezone=True), nullable=False),
        sa.Column("hall_id", sa.Uuid(), nullable=True),
        sa.Column("place", sa.String(length=200), nullable=False),
        sa.Column("link", sa.String(length=500), nullable=False),
        sa.Column("note", sa.String(length=10000), nullable=False),
        sa.Column("is_confidential", sa.Boolean(), nullable=False),
        sa.Column("series_id", sa.Uuid(), nullable=True),
        sa.Column("occurs_at", entente.db.Moment(timezone=True), nullable=True),
        sa.Column("convened_at", entente.db.Moment(timezone=True), nullable=True),
        sa.Column("urgency", sa.String(length=500), nullable=False),
        sa.Column("cancelled_for", sa.String(length=500), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("key", sa.String(length=60), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", entente.db.Moment(timezone=True), nullable=False),
        sa.Column("changed_at", entente.db.Moment(timezone=True), nullable=False),
        sa.CheckConstraint("ends_at > starts_at", name="meeting_period"),
        sa.ForeignKeyConstraint(
            ["body_id"],
            ["body.id"],
        ),
        sa.ForeignKeyConstraint(
            ["hall_id"],
            ["planning_hall.id"],
        ),
        sa.ForeignKeyConstraint(
            ["person_id"],
            ["person.id"],
        ),
        sa.ForeignKeyConstraint(
            ["series_id"],
            ["planning_series.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("person_id", "key", name="meeting_key"),
    )
    with op.batch_alter_table("meeting", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_meeting_series_id"), ["series_id"], unique=False)
        batch_op.create_index("meeting_in_hall", ["hall_id", "starts_at"], unique=False)
        batch_op.create_index("meeting_of_body", ["body_id", "starts_at"], unique=False)
        batch_op.create_index("meeting_when", ["starts_at", "ends_at"], unique=False)

    op.create_table(
        "planning_rule",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("body_id", sa.Uuid(), nullable=False),
        sa.Column("since", sa.Date(), nullable=False),
        sa.Column("until", sa.Date(), nullable=True),
        sa.Column("days", sa.Integer(), nullable=False),
        sa.Column("is_clear", sa.Boolean(), nullable=False),
        sa.Column("urgency_days", sa.Integer(), nullable=False),
        sa.Column("is_strict", sa.Boolean(), nullable=False),
        sa.Column("has_quorum", sa.Boolean(), nullable=False),
        sa.Column("quorum_of", sa.Integer(), nullable=False),
        sa.Column("quorum_over", sa.Integer(), nullable=False),
        sa.Column("allows_pouvoirs", sa.Boolean(), nullable=False),
        sa.Column("allows_substitutes", sa.Boolean(), nullable=False),
        sa.CheckConstraint("days >= 0 AND urgency_days >= 0 AND urgency_days <= days", name="planning_rule_days"),
        sa.CheckConstraint("quorum_over >= 1 AND quorum_of >= 1", name="planning_rule_quorum"),
        sa.CheckConstraint("until IS NULL OR until > since", name="planning_rule_dates"),
        sa.ForeignKeyConstraint(
            ["body_id"],
            ["body.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("planning_rule", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_planning_rule_body_id"), ["body_id"], unique=False)

    op.create_table(
        "meeting_answer",
        sa.Column("meeting_id", sa.Uuid(), nullable=False),
        sa.Column("seat_id", sa.Uuid(), nullable=False),
        sa.Column("stance", entente.db.Word(length=30), nullable=False),
        sa.Column("bearer_id", sa.Uuid(), nullable=True),
        sa.Column("channel", entente.db.Word(length=30), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("at", entente.db.Moment(timezone=True), nullable=False),
        sa.CheckConstraint("(bearer_id IS NULL) = (stance <> 'represented')", name="meeting_answer_pouvoir"),
        sa.CheckConstraint("bearer_id IS NULL OR bearer_id <> seat_id", name="meeting_answer_not_oneself"),
        sa.ForeignKeyConstraint(
            ["bearer_id"],
            ["seat.id"],
        ),
        sa.ForeignKeyConstraint(
            ["meeting_id"],
            ["meeting.id"],
        ),
        sa.ForeignKeyConstraint(
            ["person_id"],
            ["person.id"],
        ),
        sa.ForeignKeyConstraint(
            ["seat_id"],
            ["seat.id"],
        ),
        sa.PrimaryKeyConstraint("meeting_id", "seat_id"),
        sa.UniqueConstraint("meeting_id", "bearer_id", name="meeting_answer_bearer"),
    )
    with op.batch_alter_table("meeting_answer", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_meeting_answer_bearer_id"), ["bearer_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_meeting_answer_seat_id"), ["seat_id"], unique=False)

    op.create_table(
        "meeting_answer_link",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.Column("meeting_id", sa.Uuid(), nullable=False),
        sa.Column("seat_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("expires_at", entente.db.Moment(timezone=True), nullable=False),
        sa.Column("used_at", entente.db.Moment(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["meeting_id"],
            ["meeting.id"],
        ),
        sa.ForeignKeyConstraint(
            ["person_id"],
            ["person.id"],
        ),
        sa.ForeignKeyConstraint(
            ["seat_id"],
            ["seat.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("hash", name="meeting_answer_link_hash"),
    )
    with op.batch_alter_table("meeting_answer_link", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_meeting_answer_link_meeting_id"), ["meeting_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_meeting_answer_link_person_id"), ["person_id"], unique=False)

    op.create_table(
        "meeting_answer_said",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("meeting_id", sa.Uuid(), nullable=False),
        sa.Column("seat_id", sa.Uuid(), nullable=False),
        sa.Column("stance", entente.db.Word(length=30), nullable=True),
        sa.Column("bearer_id", sa.Uuid(), nullable=True),
        sa.Column("channel", entente.db.Word(length=30), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("at", entente.db.Moment(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["bearer_id"],
            ["seat.id"],
        ),
        sa.ForeignKeyConstraint(
            ["meeting_id"],
            ["meeting.id"],
        ),
        sa.ForeignKeyConstraint(
            ["person_id"],
            ["person.id"],
        ),
        sa.ForeignKeyConstraint(
            ["seat_id"],
            ["seat.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("meeting_answer_said", schema=None) as batch_op:
        batch_op.create_index("meeting_answer_said_of", ["meeting_id", "seat_id", "at"], unique=False)

    op.create_table(
        "meeting_invitation",
        sa.Column("meeting_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("told", sa.String(length=64), nullable=False),
        sa.Column("is_cancelled", sa.Boolean(), nullable=False),
        sa.Column("sent_at", entente.db.Moment(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["meeting_id"],
            ["meeting.id"],
        ),
        sa.ForeignKeyConstraint(
            ["person_id"],
            ["person.id"],
        ),
        sa.PrimaryKeyConstraint("meeting_id", "person_id"),
    )
    with op.batch_alter_table("meeting_invitation", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_meeting_invitation_person_id"), ["person_id"], unique=False)

    op.create_table(
        "meeting_item",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("meeting_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("note", sa.String(length=4000), nullable=False),
        sa.Column("rapporteur", sa.String(length=120), nullable=False),
        sa.Column("minutes", sa.Integer(), nullable=True),
        sa.Column("is_deliberation", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["meeting_id"],
            ["meeting.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("meeting_id", "position", name="meeting_item_position"),
    )

    op.create_table(
        "meeting_document",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("meeting_id", sa.Uuid(), nullable=False),
        sa.Column("item_id", sa.Uuid(), nullable=True),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("label", sa.String(length=40), nullable=False),
        sa.Column("media_type", sa.String(length=100), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("kept", sa.String(length=60), nullable=False),
        sa.Column("width", sa.Integer(), nullable=False),
        sa.Column("height", sa.Integer(), nullable=False),
        sa.Column("created_at", entente.db.Moment(timezone=True), nullable=False),
        sa.Column("removed_at", entente.db.Moment(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["item_id"],
            ["meeting_item.id"],
        ),
        sa.ForeignKeyConstraint(
            ["meeting_id"],
            ["meeting.id"],
        ),
        sa.ForeignKeyConstraint(
            ["person_id"],
            ["person.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("kept"),
    )
    with op.batch_alter_table("meeting_document", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_meeting_document_item_id"), ["item_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_meeting_document_meeting_id"), ["meeting_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_meeting_document_person_id"), ["person_id"], unique=False)

    # Of two chairs of one body, the first stays: the index below would refuse the database otherwise.
    op.execute(
        "UPDATE seat SET role = 'member' WHERE role = 'chair' AND until IS NULL AND EXISTS ("
        "SELECT 1 FROM seat AS other WHERE other.body_id = seat.body_id AND other.role = 'chair' "
        "AND other.until IS NULL "
        "AND (other.since < seat.since OR (other.since = seat.since AND other.id < seat.id)))"
    )
    op.create_index(
        "seat_one_chair",
        "seat",
        ["body_id"],
        unique=True,
        sqlite_where=sa.text("until IS NULL AND role = 'chair'"),
        postgresql_where=sa.text("until IS NULL AND role = 'chair'"),
    )
