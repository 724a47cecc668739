"""What a meeting is to be, as its secretary wants it."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from planning.models import Meeting

FIELDS = ("title", "starts_at", "ends_at", "hall_id", "place", "link", "note", "is_confidential")


@dataclass(frozen=True)
class Plan:
    """A meeting, not yet written: when, where, and who may know."""

    body_id: UUID
    title: str
    starts_at: datetime
    ends_at: datetime
    key: str = ""
    hall_id: UUID | None = None
    place: str = ""
    link: str = ""
    note: str = ""
    is_confidential: bool = False
    is_option: bool = False
    """Whether the date is only kept, and not decided."""

    @classmethod
    def of(cls, meeting: Meeting) -> "Plan":
        """A meeting as it is."""
        return cls(body_id=meeting.body_id, **{name: getattr(meeting, name) for name in FIELDS})

    def write(self, meeting: Meeting) -> None:
        """Make a meeting what is wanted."""
        for name in FIELDS:
            setattr(meeting, name, getattr(self, name))
