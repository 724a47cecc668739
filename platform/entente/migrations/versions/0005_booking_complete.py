"""Booking, complete: what is asked of whoever borrows, what is inspected, when depots are shut."""

import sqlalchemy as sa
from alembic import op

import entente.db
from entente.migrations.steps import append_only

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _regulations()
    _inspections()
    _depots()
    _capacity()
    _approvals()
    _photos()
    _baskets()


def _regulations() -> None:
    op.create_table(
        "regulation",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("owner_id", sa.Uuid(), nullable=False),
        sa.Column("type_id", sa.Uuid(), nullable=False),
        sa.Column("unit_id", sa.Uuid(), nullable=True),
        sa.Column("current", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["owner_id"], ["organisation.id"]),
        sa.ForeignKeyConstraint(["type_id"], ["resource_type.id"]),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("unit_id"),
    )
    op.create_index("ix_regulation_type_id", "regulation", ["type_id"], unique=False)
    op.create_index(
        "regulation_of_type",
        "regulation",
        ["owner_id", "type_id"],
        unique=True,
        sqlite_where=sa.text("unit_id IS NULL"),
        postgresql_where=sa.text("unit_id IS NULL"),
    )
    op.create_table(
        "regulation_wording",
        sa.Column("regulation_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("body", sa.String(), nullable=False),
        sa.Column("news", sa.String(length=300), nullable=False),
        sa.Column("author_id", sa.Uuid(), nullable=False),
        sa.Column("at", entente.db.Moment(timezone=True), nullable=False),
        sa.CheckConstraint("number >= 1", name="regulation_wording_number"),
        sa.ForeignKeyConstraint(["author_id"], ["person.id"]),
        sa.ForeignKeyConstraint(["regulation_id"], ["regulation.id"]),
        sa.PrimaryKeyConstraint("regulation_id", "number"),
    )
    op.create_table(
        "regulation_acceptance",
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("regulation_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("at", entente.db.Moment(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"]),
        sa.ForeignKeyConstraint(
            ["regulation_id", "number"],
            ["regulation_wording.regulation_id", "regulation_wording.number"],
            name="acceptance_wording",
        ),
        sa.PrimaryKeyConstraint("person_id", "regulation_id", "number"),
    )
    op.create_index("ix_regulation_acceptance_regulation_id", "regulation_acceptance", ["regulation_id"], unique=False)
    append_only("regulation_wording")
    append_only("regulation_acceptance")


def _inspections() -> None:
    op.create_table(
        "unit_inspection",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("unit_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("every_months", sa.Integer(), nullable=True),
        sa.Column("every_hours", sa.Integer(), nullable=True),
        sa.Column("due_on", sa.Date(), nullable=True),
        sa.Column("due_hours", sa.Integer(), nullable=True),
        sa.Column("ended_at", entente.db.Moment(timezone=True), nullable=True),
        sa.CheckConstraint("due_on IS NOT NULL OR due_hours IS NOT NULL", name="unit_inspection_due"),
        sa.CheckConstraint("every_months IS NULL OR every_months >= 1", name="unit_inspection_months"),
        sa.CheckConstraint("every_hours IS NULL OR every_hours >= 1", name="unit_inspection_hours"),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_unit_inspection_unit_id", "unit_inspection", ["unit_id"], unique=False)
    op.create_index("ix_unit_inspection_due_on", "unit_inspection", ["due_on"], unique=False)
    op.create_table(
        "unit_inspection_passed",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("inspection_id", sa.Uuid(), nullable=False),
        sa.Column("done_on", sa.Date(), nullable=False),
        sa.Column("hours", sa.Integer(), nullable=True),
        sa.Column("next_on", sa.Date(), nullable=True),
        sa.Column("next_hours", sa.Integer(), nullable=True),
        sa.Column("reference", sa.String(length=120), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=True),
        sa.Column("at", entente.db.Moment(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["inspection_id"], ["unit_inspection.id"]),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(
        "ix_unit_inspection_passed_inspection_id", "unit_inspection_passed", ["inspection_id"], unique=False
    )
    op.create_table(
        "meter_reading",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("unit_id", sa.Uuid(), nullable=False),
        sa.Column("read_on", sa.Date(), nullable=False),
        sa.Column("hours", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=True),
        sa.Column("at", entente.db.Moment(timezone=True), nullable=False),
        sa.CheckConstraint("hours >= 0", name="meter_reading_hours"),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"]),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_meter_reading_unit_id", "meter_reading", ["unit_id"], unique=False)
    append_only("unit_inspection_passed")


def _depots() -> None:
    op.create_table(
        "school_holiday",
        sa.Column("zone", entente.db.Word(length=30), nullable=False),
        sa.Column("since", sa.Date(), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("until", sa.Date(), nullable=False),
        sa.CheckConstraint("until > since", name="school_holiday_dates"),
        sa.PrimaryKeyConstraint("zone", "since", "name"),
    )
    op.add_column("depot", sa.Column("school_zone", entente.db.Word(length=30), nullable=True))
    op.add_column(
        "depot", sa.Column("is_open_in_school_holidays", sa.Boolean(), nullable=False, server_default=sa.true())
    )


# Holdings that are over cannot be taken back: only what is to come limits how small a unit may become.
LEVELS = """
    SELECT max(held) FROM (
        SELECT sum(change) OVER (ORDER BY at, change) AS held FROM (
            SELECT held_from AS at, quantity AS change FROM allocation
            WHERE unit_id = NEW.id AND held_until > {now}
            AND state IN ('requested', 'offered', 'confirmed', 'out', 'blocked')
            UNION ALL
            SELECT held_until, -quantity FROM allocation
            WHERE unit_id = NEW.id AND held_until > {now}
            AND state IN ('requested', 'offered', 'confirmed', 'out', 'blocked')
        ) AS steps
    ) AS levels"""


def _capacity() -> None:
    """Let the database itself refuse to make a unit smaller than what is held of it."""
    if op.get_bind().dialect.name == "sqlite":
        levels = LEVELS.format(now="strftime('%Y-%m-%d %H:%M:%f000', 'now')")
        op.execute(
            "CREATE TRIGGER unit_shrunk BEFORE UPDATE OF capacity ON unit WHEN NEW.capacity < OLD.capacity "
            f"BEGIN SELECT RAISE(ABORT, 'allocation_taken') WHERE ({levels}) > NEW.capacity; END"
        )
        return
    # The row that changes is the row that allocations lock: whoever takes a place waits, or was seen.
    op.execute(
        "CREATE FUNCTION unit_shrunk() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        f"IF ({LEVELS.format(now='now()')}) > NEW.capacity THEN "
        "RAISE EXCEPTION 'allocation_taken' USING ERRCODE = 'exclusion_violation'; END IF; RETURN NULL; END $$"
    )
    op.execute(
        "CREATE TRIGGER unit_shrunk AFTER UPDATE OF capacity ON unit FOR EACH ROW "
        "WHEN (NEW.capacity < OLD.capacity) EXECUTE FUNCTION unit_shrunk()"
    )


def _approvals() -> None:
    op.add_column("reservation_change", sa.Column("together", sa.Uuid(), nullable=True))
    op.create_index("ix_reservation_change_together", "reservation_change", ["together"], unique=False)
    op.create_table(
        "approval_level",
        sa.Column("type_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("function", entente.db.Word(length=30), nullable=True),
        sa.Column("person_id", sa.Uuid(), nullable=True),
        sa.Column("minutes", sa.Integer(), nullable=False),
        sa.Column("late_id", sa.Uuid(), nullable=True),
        sa.CheckConstraint("number BETWEEN 1 AND 2", name="approval_level_number"),
        sa.CheckConstraint("(function IS NULL) <> (person_id IS NULL)", name="approval_level_whom"),
        sa.CheckConstraint("minutes >= 60", name="approval_level_minutes"),
        sa.ForeignKeyConstraint(["late_id"], ["person.id"]),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"]),
        sa.ForeignKeyConstraint(["type_id"], ["resource_type.id"]),
        sa.PrimaryKeyConstraint("type_id", "number"),
    )
    op.create_table(
        "approval_step",
        sa.Column("reservation_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("level", sa.Integer(), nullable=False),
        sa.Column("function", entente.db.Word(length=30), nullable=True),
        sa.Column("person_id", sa.Uuid(), nullable=True),
        sa.Column("asked_at", entente.db.Moment(timezone=True), nullable=False),
        sa.Column("due_at", entente.db.Moment(timezone=True), nullable=False),
        sa.Column("said", entente.db.Word(length=30), nullable=True),
        sa.Column("answered_at", entente.db.Moment(timezone=True), nullable=True),
        sa.Column("answered_by", sa.Uuid(), nullable=True),
        sa.Column("instead_of", sa.Uuid(), nullable=True),
        sa.ForeignKeyConstraint(["answered_by"], ["person.id"]),
        sa.ForeignKeyConstraint(["instead_of"], ["person.id"]),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"]),
        sa.ForeignKeyConstraint(["reservation_id"], ["reservation.id"]),
        sa.PrimaryKeyConstraint("reservation_id", "number"),
    )
    op.create_index("ix_approval_step_person_id", "approval_step", ["person_id"], unique=False)
    op.create_index("ix_approval_step_answered_by", "approval_step", ["answered_by"], unique=False)
    op.create_index(
        "approval_open",
        "approval_step",
        ["reservation_id"],
        unique=True,
        sqlite_where=sa.text("said IS NULL"),
        postgresql_where=sa.text("said IS NULL"),
    )
    op.create_table(
        "approval_absence",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("stand_in_id", sa.Uuid(), nullable=False),
        sa.Column("since", sa.Date(), nullable=False),
        sa.Column("until", sa.Date(), nullable=False),
        sa.Column("created_at", entente.db.Moment(timezone=True), nullable=False),
        sa.Column("ended_at", entente.db.Moment(timezone=True), nullable=True),
        sa.CheckConstraint("until > since", name="approval_absence_dates"),
        sa.CheckConstraint("person_id <> stand_in_id", name="approval_absence_people"),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"]),
        sa.ForeignKeyConstraint(["stand_in_id"], ["person.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_approval_absence_person_id", "approval_absence", ["person_id"], unique=False)
    op.create_index("ix_approval_absence_stand_in_id", "approval_absence", ["stand_in_id"], unique=False)
    # What was asked before there were levels awaits the keeper, as it did, and may still be granted late.
    op.execute(
        "INSERT INTO approval_step (reservation_id, number, round, level, function, asked_at, due_at, said) "
        "SELECT id, 1, 1, 1, 'gestionnaire', created_at, COALESCE(held_until, starts_at), "
        "CASE WHEN state = 'expired' THEN 'late' END FROM reservation "
        "WHERE state = 'requested' OR (state = 'expired' AND EXISTS (SELECT 1 FROM reservation_change AS told "
        "WHERE told.reservation_id = reservation.id AND told.verb = 'reservation.requested'))"
    )


def _photos() -> None:
    op.create_table(
        "unit_file",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("unit_id", sa.Uuid(), nullable=False),
        sa.Column("author_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("label", sa.String(length=40), nullable=False),
        sa.Column("media_type", sa.String(length=100), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("kept", sa.String(length=60), nullable=False),
        sa.Column("width", sa.Integer(), nullable=False),
        sa.Column("height", sa.Integer(), nullable=False),
        sa.Column("words", sa.String(length=300), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("created_at", entente.db.Moment(timezone=True), nullable=False),
        sa.Column("removed_at", entente.db.Moment(timezone=True), nullable=True),
        sa.CheckConstraint("width = 0 OR words <> ''", name="unit_file_words"),
        sa.ForeignKeyConstraint(["author_id"], ["person.id"]),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("kept"),
    )
    op.create_index("ix_unit_file_unit_id", "unit_file", ["unit_id"], unique=False)
    op.create_index("ix_unit_file_author_id", "unit_file", ["author_id"], unique=False)
    op.create_table(
        "accessory",
        sa.Column("unit_id", sa.Uuid(), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("quantity", sa.Integer(), nullable=False),
        sa.CheckConstraint("quantity >= 1", name="accessory_quantity"),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"]),
        sa.PrimaryKeyConstraint("unit_id", "place"),
    )


def _baskets() -> None:
    op.create_table(
        "booking_basket",
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("key", sa.String(length=60), nullable=False),
        sa.Column("lines", sa.JSON(), nullable=False),
        sa.Column("fields", sa.JSON(), nullable=False),
        sa.Column("changed_at", entente.db.Moment(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"]),
        sa.PrimaryKeyConstraint("person_id"),
    )
    op.create_table(
        "booking_order",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("key", sa.String(length=60), nullable=False),
        sa.Column("created_at", entente.db.Moment(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("person_id", "key", name="booking_order_key"),
    )
    op.create_table(
        "booking_order_line",
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("reservation_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["order_id"], ["booking_order.id"]),
        sa.ForeignKeyConstraint(["reservation_id"], ["reservation.id"]),
        sa.PrimaryKeyConstraint("order_id", "number"),
        sa.UniqueConstraint("reservation_id"),
    )
