"""The person who asks, with what their rights come from."""

from dataclasses import dataclass, field
from uuid import UUID

from entente.people.models import FunctionKind


@dataclass(frozen=True)
class Who:
    """Someone signed in: a value, so that rules stay plain functions."""

    id: UUID
    name: str
    functions: frozenset[tuple[FunctionKind, UUID]] = frozenset()
    """Current functions, each with its organisation."""
    bodies: frozenset[UUID] = frozenset()
    """Bodies in which they hold or share a current seat."""
    secretary_of: frozenset[UUID] = frozenset()
    groups: frozenset[UUID] = frozenset()
    given_name: str = ""
    time_zone: str = "Europe/Paris"
    version: int = 1
    photo: UUID | None = None
    is_discreet: bool = False
    """Whether an organisation of theirs does not let others see that they are reading or writing."""
    session_id: UUID | None = field(default=None, compare=False)

    @property
    def is_administrator(self) -> bool:
        """Whether they keep the house."""
        return any(kind == FunctionKind.ADMINISTRATEUR for kind, _ in self.functions)

    @property
    def is_member(self) -> bool:
        """Whether they take part today: a function or a seat, and nothing from the past."""
        return bool(self.functions or self.bodies)

    @property
    def is_known(self) -> bool:
        """Whether anything may be open to them: members, and guests of a group."""
        return self.is_member or bool(self.groups)

    @property
    def organisations(self) -> frozenset[UUID]:
        """For whom they act."""
        return frozenset(organisation for _, organisation in self.functions)

    @property
    def function_kinds(self) -> frozenset[FunctionKind]:
        """What they are today, wherever it is."""
        return frozenset(kind for kind, _ in self.functions)

    @property
    def initials(self) -> str:
        """Two letters for an avatar without photo."""
        return "".join(part[0] for part in self.name.split()[:2]).upper()

    @property
    def hue(self) -> int:
        """A colour of their own, drawn from the id (0–359)."""
        return self.id.int % 360
