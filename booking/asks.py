"""What someone asks for, and for whom: values that pass from the form to the service."""

from dataclasses import dataclass, field, replace
from typing import NamedTuple
from uuid import UUID

from booking.fleet.models import ResourceType
from booking.periods import Period


@dataclass(frozen=True)
class Ask:
    """What, how many, when and where; never which unit, unless someone wants that one."""

    type: ResourceType
    period: Period
    quantity: int = 1
    least: dict[UUID, int] = field(default_factory=dict)
    """For each trait, the least amount, in hundredths of its measure."""
    unit_id: UUID | None = None
    place_id: UUID | None = None
    """Only what this organisation owns."""

    def at(self, period: Period) -> "Ask":
        """The same at another time."""
        return replace(self, period=period)

    @property
    def wanted(self) -> dict[str, object]:
        """What is kept of the wishes, as JSON."""
        wishes: dict[str, object] = {"traits": {str(trait): amount for trait, amount in self.least.items()}}
        wishes |= {"unit": str(self.unit_id)} if self.unit_id else {}
        return wishes | ({"place": str(self.place_id)} if self.place_id else {})

    @classmethod
    def again(cls, type_: ResourceType, period: Period, quantity: int, wanted: dict[str, object]) -> "Ask":
        """What a reservation asked for, read back from its row."""
        traits = wanted.get("traits")
        least = {UUID(key): int(amount) for key, amount in traits.items()} if isinstance(traits, dict) else {}
        unit, place = wanted.get("unit"), wanted.get("place")
        return cls(
            type_, period, quantity, least, UUID(str(unit)) if unit else None, UUID(str(place)) if place else None
        )


class Borrowing(NamedTuple):
    """For whom, at whose expense and why; the key names this one request, however often it is sent."""

    payer_id: UUID
    key: str
    purpose: str = ""
    on_behalf_of: str = ""
    service_id: UUID | None = None
