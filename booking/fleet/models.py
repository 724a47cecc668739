"""What is lent: types of things, the units one takes away, and the depots that hand them over."""

from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, UniqueConstraint
from sqlmodel import Field, SQLModel

from entente.db import Moment, Word
from entente.ids import new_id


class Kind(StrEnum):
    """How a thing is shared."""

    EXCLUSIVE = "exclusive"
    """One borrower at a time: a nacelle, a minibus."""
    PLACES = "places"
    """So many places that are all alike, in one room: greenhouse tables, cold-room places."""
    STOCK = "stock"
    """So many pieces that one carries away: two hundred chairs."""
    KIT = "kit"
    """Several units that go together: a stage is its deck, its rails and its trailer."""

    @property
    def is_counted(self) -> bool:
        """Whether one asks for a number of it."""
        return self in (Kind.PLACES, Kind.STOCK)


class TraitKind(StrEnum):
    """What a characteristic holds."""

    AMOUNT = "amount"
    WORDS = "words"
    YES = "yes"


class Scope(StrEnum):
    """Whose reservations a quota counts together."""

    PERSON = "person"
    SERVICE = "service"
    ORGANISATION = "organisation"


class Depot(SQLModel, table=True):
    """Where things are handed over."""

    __table_args__ = (UniqueConstraint("organisation_id", "name"),)

    id: UUID = Field(default_factory=new_id, primary_key=True)
    organisation_id: UUID = Field(foreign_key="organisation.id")
    name: str = Field(max_length=120)
    address: str = Field(default="", max_length=200)
    is_open_on_holidays: bool = False
    school_zone: str | None = Field(default=None, sa_type=Word)
    """The zone of the school holidays that one sees beside its dates."""
    is_open_in_school_holidays: bool = True


class HandOver(SQLModel, table=True):
    """On that day of the week, a depot hands over and takes back between these minutes of the day."""

    __tablename__ = "hand_over"
    __table_args__ = (
        CheckConstraint("weekday BETWEEN 0 AND 6", name="hand_over_weekday"),
        CheckConstraint("opens >= 0 AND closes > opens AND closes <= 1440", name="hand_over_hours"),
    )

    depot_id: UUID = Field(foreign_key="depot.id", primary_key=True)
    weekday: int = Field(primary_key=True)
    """0 is Monday."""
    opens: int = Field(primary_key=True)
    closes: int


class Closure(SQLModel, table=True):
    """Days on which a depot, or every depot, stays shut; `until` is the first day open again."""

    __table_args__ = (CheckConstraint("until > since", name="closure_dates"),)

    id: UUID = Field(default_factory=new_id, primary_key=True)
    depot_id: UUID | None = Field(default=None, foreign_key="depot.id", index=True)
    since: date
    until: date
    why: str = Field(max_length=120)


class ResourceType(SQLModel, table=True):
    """A sort of thing that one asks for, and the rules under which it is lent."""

    __tablename__ = "resource_type"
    __table_args__ = (
        UniqueConstraint("id", "kind", name="resource_type_kind"),
        CheckConstraint("before_minutes >= 0 AND after_minutes >= 0", name="resource_type_buffers"),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    slug: str = Field(max_length=60, unique=True)
    name: str = Field(max_length=80)
    """« Nacelle »."""
    kind: Kind = Field(sa_type=Word)
    one: str = Field(default="", max_length=40)
    """What is counted: « table », « place », « chaise »."""
    many: str = Field(default="", max_length=40)
    about: str = Field(default="", max_length=500)
    before_minutes: int = 0
    """How long it is prepared before each use: held, and not lent."""
    after_minutes: int = 0
    lead_minutes: int = 0
    """How long before its beginning a reservation must be made."""
    horizon_days: int = 365
    min_minutes: int = 30
    max_minutes: int = 14 * 1440
    cancel_minutes: int = 0
    """Until how long before its beginning its borrower may cancel or move it."""
    needs_approval: bool = False
    """Whether the owner approves requests of other communes."""
    hold_minutes: int = 3 * 1440
    """How long a request that awaits approval holds its slot."""
    place: int = 0
    """Order in the list."""

    @property
    def is_counted(self) -> bool:
        """Whether one asks for a number of it; the database gives back plain words."""
        return Kind(self.kind).is_counted


class Quota(SQLModel, table=True):
    """How much of a type one may take within so many days."""

    __tablename__ = "booking_quota"

    id: UUID = Field(default_factory=new_id, primary_key=True)
    type_id: UUID = Field(foreign_key="resource_type.id", index=True)
    scope: Scope = Field(sa_type=Word)
    days: int
    """Length of the window, which rolls with the beginning of each reservation."""
    most_times: int | None = None
    most_minutes: int | None = None


class Trait(SQLModel, table=True):
    """A characteristic that units of a type have: « hauteur de travail », in metres."""

    __table_args__ = (UniqueConstraint("type_id", "name"),)

    id: UUID = Field(default_factory=new_id, primary_key=True)
    type_id: UUID = Field(foreign_key="resource_type.id")
    name: str = Field(max_length=80)
    kind: TraitKind = Field(sa_type=Word)
    measure: str = Field(default="", max_length=20)
    place: int = 0


class Unit(SQLModel, table=True):
    """A thing one takes away, or a room whose places one takes."""

    __table_args__ = (
        # What an allocation says of its unit cannot be a lie: these pairs are what it points to.
        UniqueConstraint("id", "kind", name="unit_kind"),
        ForeignKeyConstraint(["type_id", "kind"], ["resource_type.id", "resource_type.kind"]),
        CheckConstraint("capacity >= 1 AND (capacity = 1 OR kind IN ('places', 'stock'))", name="unit_capacity"),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    type_id: UUID = Field(index=True)
    kind: Kind = Field(sa_type=Word)
    owner_id: UUID = Field(foreign_key="organisation.id", index=True)
    depot_id: UUID = Field(foreign_key="depot.id", index=True)
    name: str = Field(max_length=120)
    code: str = Field(max_length=30, unique=True)
    """What is written on it: its inventory number."""
    capacity: int = 1
    """How many places or pieces it holds."""
    about: str = Field(default="", max_length=1000)
    usable_until: date | None = None
    """The last day it may be used (a periodic inspection falls due); none while nothing limits it."""
    retired_at: datetime | None = Field(default=None, sa_type=Moment)


class UnitTrait(SQLModel, table=True):
    """What a unit is like in one respect."""

    __tablename__ = "unit_trait"

    unit_id: UUID = Field(foreign_key="unit.id", primary_key=True)
    trait_id: UUID = Field(foreign_key="trait.id", primary_key=True, index=True)
    amount: int | None = None
    """In hundredths of the measure: 12,50 m is 1250; 1 and 0 for yes and no."""
    words: str = Field(default="", max_length=120)


class KitPart(SQLModel, table=True):
    """A kit takes so many of another unit with it."""

    __tablename__ = "kit_part"
    __table_args__ = (
        ForeignKeyConstraint(["kit_id", "kit_kind"], ["unit.id", "unit.kind"], name="kit_part_kit"),
        ForeignKeyConstraint(["unit_id", "unit_kind"], ["unit.id", "unit.kind"], name="kit_part_unit"),
        # A kit within a kit would have the guard follow it for ever.
        CheckConstraint("kit_kind = 'kit' AND unit_kind <> 'kit'", name="kit_part_kinds"),
        CheckConstraint("quantity >= 1", name="kit_part_quantity"),
    )

    kit_id: UUID = Field(primary_key=True)
    unit_id: UUID = Field(primary_key=True, index=True)
    kit_kind: Kind = Field(default=Kind.KIT, sa_type=Word)
    unit_kind: Kind = Field(sa_type=Word)
    quantity: int = 1
