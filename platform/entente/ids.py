"""Names: of rows before they are saved, and of things across rooms."""

from typing import NamedTuple, Self
from uuid import UUID

from uuid_utils.compat import uuid7


def new_id() -> UUID:
    """An id whose order is the order of birth (RFC 9562, version 7)."""
    return uuid7()


class Ref(NamedTuple):
    """A thing of any room, named `room/kind/id`; its story in the journal bears the same name."""

    kind: str
    id: UUID

    def __str__(self) -> str:
        return f"{self.kind}/{self.id}"

    @classmethod
    def parse(cls, name: str) -> Self:
        """Read `room/kind/id`; raises ValueError for anything else."""
        kind, _, id_ = name.rpartition("/")
        if kind.count("/") != 1:
            raise ValueError(f"not a reference: {name!r}")
        return cls(kind, UUID(id_))
