"""The pooled equipment, and the guard that lets no two reservations overlap."""

import sqlalchemy as sa
from alembic import op

import entente.db
from entente.migrations.steps import append_only

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "resource_type",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("slug", sa.String(length=60), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("kind", entente.db.Word(length=30), nullable=False),
        sa.Column("one", sa.String(length=40), nullable=False),
        sa.Column("many", sa.String(length=40), nullable=False),
        sa.Column("about", sa.String(length=500), nullable=False),
        sa.Column("before_minutes", sa.Integer(), nullable=False),
        sa.Column("after_minutes", sa.Integer(), nullable=False),
        sa.Column("lead_minutes", sa.Integer(), nullable=False),
        sa.Column("horizon_days", sa.Integer(), nullable=False),
        sa.Column("min_minutes", sa.Integer(), nullable=False),
        sa.Column("max_minutes", sa.Integer(), nullable=False),
        sa.Column("cancel_minutes", sa.Integer(), nullable=False),
        sa.Column("needs_approval", sa.Boolean(), nullable=False),
        sa.Column("hold_minutes", sa.Integer(), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.CheckConstraint("before_minutes >= 0 AND after_minutes >= 0", name="resource_type_buffers"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("id", "kind", name="resource_type_kind"),
        sa.UniqueConstraint("slug"),
    )
    op.create_table(
        "booking_quota",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("type_id", sa.Uuid(), nullable=False),
        sa.Column("scope", entente.db.Word(length=30), nullable=False),
        sa.Column("days", sa.Integer(), nullable=False),
        sa.Column("most_times", sa.Integer(), nullable=True),
        sa.Column("most_minutes", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["type_id"],
            ["resource_type.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("booking_quota", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_booking_quota_type_id"), ["type_id"], unique=False)

    op.create_table(
        "booking_series",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("rule", sa.String(length=300), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("key", sa.String(length=60), nullable=False),
        sa.Column("created_at", entente.db.Moment(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["person_id"],
            ["person.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("person_id", "key", name="booking_series_key"),
    )
    op.create_table(
        "depot",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("address", sa.String(length=200), nullable=False),
        sa.Column("is_open_on_holidays", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id"],
            ["organisation.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("organisation_id", "name"),
    )
    op.create_table(
        "trait",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("type_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("kind", entente.db.Word(length=30), nullable=False),
        sa.Column("measure", sa.String(length=20), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["type_id"],
            ["resource_type.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("type_id", "name"),
    )
    op.create_table(
        "closure",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("depot_id", sa.Uuid(), nullable=True),
        sa.Column("since", sa.Date(), nullable=False),
        sa.Column("until", sa.Date(), nullable=False),
        sa.Column("why", sa.String(length=120), nullable=False),
        sa.CheckConstraint("until > since", name="closure_dates"),
        sa.ForeignKeyConstraint(
            ["depot_id"],
            ["depot.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("closure", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_closure_depot_id"), ["depot_id"], unique=False)

    op.create_table(
        "hand_over",
        sa.Column("depot_id", sa.Uuid(), nullable=False),
        sa.Column("weekday", sa.Integer(), nullable=False),
        sa.Column("opens", sa.Integer(), nullable=False),
        sa.Column("closes", sa.Integer(), nullable=False),
        sa.CheckConstraint("opens >= 0 AND closes > opens AND closes <= 1440", name="hand_over_hours"),
        sa.CheckConstraint("weekday BETWEEN 0 AND 6", name="hand_over_weekday"),
        sa.ForeignKeyConstraint(
            ["depot_id"],
            ["depot.id"],
        ),
        sa.PrimaryKeyConstraint("depot_id", "weekday", "opens"),
    )
    op.create_table(
        "reservation",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("state", entente.db.Word(length=30), nullable=False),
        sa.Column("starts_at", entente.db.Moment(timezone=True), nullable=False),
        sa.Column("ends_at", entente.db.Moment(timezone=True), nullable=False),
        sa.Column("type_id", sa.Uuid(), nullable=False),
        sa.Column("quantity", sa.Integer(), nullable=False),
        sa.Column("wanted", sa.JSON(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("payer_id", sa.Uuid(), nullable=False),
        sa.Column("service_id", sa.Uuid(), nullable=True),
        sa.Column("on_behalf_of", sa.String(length=120), nullable=False),
        sa.Column("purpose", sa.String(length=300), nullable=False),
        sa.Column("held_until", entente.db.Moment(timezone=True), nullable=True),
        sa.Column("series_id", sa.Uuid(), nullable=True),
        sa.Column("occurrence", sa.Integer(), nullable=True),
        sa.Column("key", sa.String(length=60), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", entente.db.Moment(timezone=True), nullable=False),
        sa.CheckConstraint(
            "state IN ('requested', 'offered', 'confirmed', 'out', 'returned', 'waiting', 'refused', 'cancelled', "
            "'expired', 'blocked')",
            name="reservation_state",
        ),
        sa.CheckConstraint("ends_at > starts_at", name="reservation_period"),
        sa.CheckConstraint("quantity >= 1", name="reservation_quantity"),
        sa.ForeignKeyConstraint(
            ["payer_id"],
            ["organisation.id"],
        ),
        sa.ForeignKeyConstraint(
            ["person_id"],
            ["person.id"],
        ),
        sa.ForeignKeyConstraint(
            ["series_id"],
            ["booking_series.id"],
        ),
        sa.ForeignKeyConstraint(
            ["service_id"],
            ["service.id"],
        ),
        sa.ForeignKeyConstraint(
            ["type_id"],
            ["resource_type.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("id", "state", "starts_at", "ends_at", name="reservation_held"),
        sa.UniqueConstraint("person_id", "key", name="reservation_key"),
    )
    with op.batch_alter_table("reservation", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_reservation_series_id"), ["series_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_reservation_type_id"), ["type_id"], unique=False)
        batch_op.create_index("reservation_awaiting", ["state", "held_until"], unique=False)
        batch_op.create_index("reservation_of_payer", ["payer_id", "ends_at"], unique=False)
        batch_op.create_index("reservation_of_person", ["person_id", "ends_at"], unique=False)

    op.create_table(
        "unit",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("type_id", sa.Uuid(), nullable=False),
        sa.Column("kind", entente.db.Word(length=30), nullable=False),
        sa.Column("owner_id", sa.Uuid(), nullable=False),
        sa.Column("depot_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("code", sa.String(length=30), nullable=False),
        sa.Column("capacity", sa.Integer(), nullable=False),
        sa.Column("about", sa.String(length=1000), nullable=False),
        sa.Column("usable_until", sa.Date(), nullable=True),
        sa.Column("retired_at", entente.db.Moment(timezone=True), nullable=True),
        sa.CheckConstraint("capacity >= 1 AND (capacity = 1 OR kind IN ('places', 'stock'))", name="unit_capacity"),
        sa.ForeignKeyConstraint(
            ["depot_id"],
            ["depot.id"],
        ),
        sa.ForeignKeyConstraint(
            ["owner_id"],
            ["organisation.id"],
        ),
        sa.ForeignKeyConstraint(
            ["type_id", "kind"],
            ["resource_type.id", "resource_type.kind"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("code"),
        sa.UniqueConstraint("id", "kind", name="unit_kind"),
    )
    with op.batch_alter_table("unit", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_unit_depot_id"), ["depot_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_unit_owner_id"), ["owner_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_unit_type_id"), ["type_id"], unique=False)

    op.create_table(
        "allocation",
        sa.Column("reservation_id", sa.Uuid(), nullable=False),
        sa.Column("unit_id", sa.Uuid(), nullable=False),
        sa.Column("kind", entente.db.Word(length=30), nullable=False),
        sa.Column("state", entente.db.Word(length=30), nullable=False),
        sa.Column("starts_at", entente.db.Moment(timezone=True), nullable=False),
        sa.Column("ends_at", entente.db.Moment(timezone=True), nullable=False),
        sa.Column("quantity", sa.Integer(), nullable=False),
        sa.Column("before_minutes", sa.Integer(), nullable=False),
        sa.Column("after_minutes", sa.Integer(), nullable=False),
        sa.Column("held_from", entente.db.Moment(timezone=True), nullable=False),
        sa.Column("held_until", entente.db.Moment(timezone=True), nullable=False),
        sa.Column("part_of", sa.Uuid(), nullable=True),
        sa.CheckConstraint(
            "quantity >= 1 AND (quantity = 1 OR kind IN ('places', 'stock'))", name="allocation_quantity"
        ),
        sa.CheckConstraint("before_minutes >= 0 AND after_minutes >= 0", name="allocation_buffers"),
        sa.ForeignKeyConstraint(
            ["reservation_id", "part_of"],
            ["allocation.reservation_id", "allocation.unit_id"],
            name="allocation_part",
            ondelete="CASCADE",
            deferrable=True,
            initially="DEFERRED",
        ),
        sa.ForeignKeyConstraint(
            ["reservation_id", "state", "starts_at", "ends_at"],
            ["reservation.id", "reservation.state", "reservation.starts_at", "reservation.ends_at"],
            name="allocation_reservation",
            onupdate="CASCADE",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(["unit_id", "kind"], ["unit.id", "unit.kind"], name="allocation_unit"),
        sa.PrimaryKeyConstraint("reservation_id", "unit_id"),
    )
    with op.batch_alter_table("allocation", schema=None) as batch_op:
        batch_op.create_index("allocation_of_unit", ["unit_id", "held_until", "held_from"], unique=False)

    op.create_table(
        "kit_part",
        sa.Column("kit_id", sa.Uuid(), nullable=False),
        sa.Column("unit_id", sa.Uuid(), nullable=False),
        sa.Column("kit_kind", entente.db.Word(length=30), nullable=False),
        sa.Column("unit_kind", entente.db.Word(length=30), nullable=False),
        sa.Column("quantity", sa.Integer(), nullable=False),
        sa.CheckConstraint("kit_kind = 'kit' AND unit_kind <> 'kit'", name="kit_part_kinds"),
        sa.CheckConstraint("quantity >= 1", name="kit_part_quantity"),
        sa.ForeignKeyConstraint(["kit_id", "kit_kind"], ["unit.id", "unit.kind"], name="kit_part_kit"),
        sa.ForeignKeyConstraint(["unit_id", "unit_kind"], ["unit.id", "unit.kind"], name="kit_part_unit"),
        sa.PrimaryKeyConstraint("kit_id", "unit_id"),
    )
    with op.batch_alter_table("kit_part", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_kit_part_unit_id"), ["unit_id"], unique=False)

    op.create_table(
        "reservation_change",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("reservation_id", sa.Uuid(), nullable=False),
        sa.Column("at", entente.db.Moment(timezone=True), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=True),
        sa.Column("verb", sa.String(length=40), nullable=False),
        sa.Column("why", sa.String(length=300), nullable=False),
        sa.Column("before", sa.JSON(), nullable=False),
        sa.Column("after", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(
            ["person_id"],
            ["person.id"],
        ),
        sa.ForeignKeyConstraint(
            ["reservation_id"],
            ["reservation.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("reservation_change", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_reservation_change_reservation_id"), ["reservation_id"], unique=False)

    op.create_table(
        "unit_trait",
        sa.Column("unit_id", sa.Uuid(), nullable=False),
        sa.Column("trait_id", sa.Uuid(), nullable=False),
        sa.Column("amount", sa.Integer(), nullable=True),
        sa.Column("words", sa.String(length=120), nullable=False),
        sa.ForeignKeyConstraint(
            ["trait_id"],
            ["trait.id"],
        ),
        sa.ForeignKeyConstraint(
            ["unit_id"],
            ["unit.id"],
        ),
        sa.PrimaryKeyConstraint("unit_id", "trait_id"),
    )
    with op.batch_alter_table("unit_trait", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_unit_trait_trait_id"), ["trait_id"], unique=False)
    append_only("reservation_change")
    if op.get_bind().dialect.name == "sqlite":
        for trigger in SQLITE:
            op.execute(trigger)
        return
    # Only asked for when it is missing: a role that may not create it finds it made by whoever may.
    if op.get_bind().execute(sa.text("SELECT 1 FROM pg_extension WHERE extname = 'btree_gist'")).first() is None:
        op.execute("CREATE EXTENSION btree_gist")
    for statement in POSTGRESQL:
        op.execute(statement)


HOLDING = "('requested', 'offered', 'confirmed', 'out', 'blocked')"
ALONE = "('exclusive', 'kit')"

# What is held at most at once within a period: beginnings add, ends subtract, ends first where they meet.
PEAK = f"""
    SELECT max(held) FROM (
        SELECT sum(change) OVER (ORDER BY at, change) AS held FROM (
            SELECT held_from AS at, quantity AS change FROM allocation
            WHERE unit_id = NEW.unit_id AND state IN {HOLDING}
            AND held_from < NEW.held_until AND held_until > NEW.held_from
            UNION ALL
            SELECT held_until, -quantity FROM allocation
            WHERE unit_id = NEW.unit_id AND state IN {HOLDING}
            AND held_from < NEW.held_until AND held_until > NEW.held_from
        ) AS steps
    ) AS levels"""

# The lock on the unit's row orders those who want the same unit, and nobody else: whoever waited sees, in the next
# statement, what the first one took. Without it two inserts that meet in the exclusion constraint would each wait
# for the other, until the server kills one of them.
POSTGRESQL = [
    f"""
    CREATE FUNCTION allocation_prepared() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF TG_OP = 'INSERT' AND NEW.part_of IS NOT NULL AND EXISTS (
            SELECT 1 FROM allocation
            WHERE reservation_id = NEW.reservation_id AND unit_id = NEW.unit_id AND part_of = NEW.part_of
        ) THEN
            RETURN NULL;  -- the kit has brought it already: a backup is being restored
        END IF;
        NEW.held_from := NEW.starts_at - make_interval(mins => NEW.before_minutes);
        NEW.held_until := NEW.ends_at + make_interval(mins => NEW.after_minutes);
        IF NEW.state IN {HOLDING} THEN
            PERFORM 1 FROM unit WHERE id = NEW.unit_id FOR NO KEY UPDATE;
        END IF;
        RETURN NEW;
    END $$
    """,
    """
    CREATE TRIGGER allocation_prepared BEFORE INSERT OR UPDATE ON allocation
    FOR EACH ROW EXECUTE FUNCTION allocation_prepared()
    """,
    f"""
    ALTER TABLE allocation ADD CONSTRAINT allocation_alone
    EXCLUDE USING gist (unit_id WITH =, tstzrange(held_from, held_until) WITH &&)
    WHERE (kind IN {ALONE} AND state IN {HOLDING})
    """,
    f"""
    CREATE FUNCTION allocation_guarded() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF TG_OP = 'UPDATE' AND (
            NEW.part_of IS DISTINCT FROM OLD.part_of
            OR (NEW.unit_id <> OLD.unit_id AND (OLD.part_of IS NOT NULL OR OLD.kind = 'kit'))
            OR (NEW.quantity <> OLD.quantity AND OLD.part_of IS NOT NULL)
        ) THEN
            RAISE EXCEPTION 'allocation_kit: a kit and its parts go together';
        END IF;
        IF NEW.state IN {HOLDING} AND NEW.kind NOT IN {ALONE}
            AND ({PEAK}) > (SELECT capacity FROM unit WHERE id = NEW.unit_id)
        THEN
            RAISE EXCEPTION 'allocation_taken' USING ERRCODE = 'exclusion_violation';
        END IF;
        IF TG_OP = 'INSERT' AND NEW.kind = 'kit' THEN
            INSERT INTO allocation (reservation_id, unit_id, kind, state, starts_at, ends_at, quantity,
                before_minutes, after_minutes, held_from, held_until, part_of)
            SELECT NEW.reservation_id, part.unit_id, part.unit_kind, NEW.state, NEW.starts_at, NEW.ends_at,
                part.quantity, greatest(NEW.before_minutes, resource_type.before_minutes),
                greatest(NEW.after_minutes, resource_type.after_minutes), NEW.held_from, NEW.held_until, NEW.unit_id
            FROM kit_part AS part JOIN unit ON unit.id = part.unit_id
            JOIN resource_type ON resource_type.id = unit.type_id
            WHERE part.kit_id = NEW.unit_id ORDER BY part.unit_id
            ON CONFLICT (reservation_id, unit_id) DO NOTHING;
        END IF;
        RETURN NULL;
    END $$
    """,
    """
    CREATE TRIGGER allocation_guarded AFTER INSERT OR UPDATE ON allocation
    FOR EACH ROW EXECUTE FUNCTION allocation_guarded()
    """,
    """
    CREATE FUNCTION allocation_kept() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF OLD.part_of IS NOT NULL AND EXISTS (
            SELECT 1 FROM allocation WHERE reservation_id = OLD.reservation_id AND unit_id = OLD.part_of
        ) THEN
            RAISE EXCEPTION 'allocation_kit: a kit and its parts go together';
        END IF;
        RETURN OLD;
    END $$
    """,
    """
    CREATE TRIGGER allocation_kept BEFORE DELETE ON allocation FOR EACH ROW EXECUTE FUNCTION allocation_kept()
    """,
]


def _later(column: str, minutes: str) -> str:
    """A moment so many minutes later, written as SQLAlchemy writes moments."""
    return f"strftime('%Y-%m-%d %H:%M:%f000', {column}, {minutes} || ' minutes')"


HELD = f"""
    UPDATE allocation SET held_from = {_later("starts_at", "-before_minutes")},
        held_until = {_later("ends_at", "after_minutes")}
    WHERE reservation_id = NEW.reservation_id AND unit_id = NEW.unit_id"""

# SQLite has one writer at a time (BEGIN IMMEDIATE): what a trigger sees is all there is. Whatever moves an
# allocation writes its held period again, and only that is watched: one guard for every path.
SQLITE = [
    """
    CREATE TRIGGER allocation_brought BEFORE INSERT ON allocation
    WHEN NEW.part_of IS NOT NULL AND EXISTS (
        SELECT 1 FROM allocation
        WHERE reservation_id = NEW.reservation_id AND unit_id = NEW.unit_id AND part_of = NEW.part_of
    )
    BEGIN SELECT RAISE(IGNORE); END
    """,
    f"CREATE TRIGGER allocation_inserted AFTER INSERT ON allocation BEGIN {HELD}; END",
    f"""
    CREATE TRIGGER allocation_updated
    AFTER UPDATE OF unit_id, kind, state, starts_at, ends_at, quantity, before_minutes, after_minutes ON allocation
    BEGIN {HELD}; END
    """,
    f"""
    CREATE TRIGGER allocation_guarded AFTER UPDATE OF held_from, held_until ON allocation
    BEGIN
        SELECT RAISE(ABORT, 'allocation_held: the database computes what is held')
        WHERE NEW.held_from <> {_later("NEW.starts_at", "-NEW.before_minutes")}
        OR NEW.held_until <> {_later("NEW.ends_at", "NEW.after_minutes")};
        SELECT RAISE(ABORT, 'allocation_taken') FROM allocation AS other
        WHERE NEW.kind IN {ALONE} AND NEW.state IN {HOLDING} AND other.unit_id = NEW.unit_id
        AND other.reservation_id <> NEW.reservation_id AND other.state IN {HOLDING}
        AND other.held_from < NEW.held_until AND other.held_until > NEW.held_from;
        SELECT RAISE(ABORT, 'allocation_taken')
        WHERE NEW.kind NOT IN {ALONE} AND NEW.state IN {HOLDING}
        AND ({PEAK}) > (SELECT capacity FROM unit WHERE id = NEW.unit_id);
    END
    """,
    """
    CREATE TRIGGER allocation_kit AFTER INSERT ON allocation WHEN NEW.kind = 'kit'
    BEGIN
        INSERT INTO allocation (reservation_id, unit_id, kind, state, starts_at, ends_at, quantity,
            before_minutes, after_minutes, held_from, held_until, part_of)
        SELECT NEW.reservation_id, part.unit_id, part.unit_kind, NEW.state, NEW.starts_at, NEW.ends_at, part.quantity,
            max(NEW.before_minutes, resource_type.before_minutes), max(NEW.after_minutes, resource_type.after_minutes),
            NEW.held_from, NEW.held_until, NEW.unit_id
        FROM kit_part AS part JOIN unit ON unit.id = part.unit_id
        JOIN resource_type ON resource_type.id = unit.type_id
        WHERE part.kit_id = NEW.unit_id AND NOT EXISTS (
            SELECT 1 FROM allocation AS mine
            WHERE mine.reservation_id = NEW.reservation_id AND mine.unit_id = part.unit_id
        );
    END
    """,
    """
    CREATE TRIGGER allocation_whole BEFORE UPDATE OF unit_id, quantity, part_of ON allocation
    WHEN NEW.part_of IS NOT OLD.part_of
        OR (NEW.unit_id <> OLD.unit_id AND (OLD.part_of IS NOT NULL OR OLD.kind = 'kit'))
        OR (NEW.quantity <> OLD.quantity AND OLD.part_of IS NOT NULL)
    BEGIN SELECT RAISE(ABORT, 'allocation_kit: a kit and its parts go together'); END
    """,
    """
    CREATE TRIGGER allocation_kept BEFORE DELETE ON allocation
    WHEN OLD.part_of IS NOT NULL AND EXISTS (
        SELECT 1 FROM allocation WHERE reservation_id = OLD.reservation_id AND unit_id = OLD.part_of
    )
    BEGIN SELECT RAISE(ABORT, 'allocation_kit: a kit and its parts go together'); END
    """,
]
