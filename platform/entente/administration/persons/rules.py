"""Who may be taken out of what: the house always keeps someone who keeps it."""

from collections.abc import Iterable, Sequence
from datetime import date
from typing import NamedTuple
from uuid import UUID

LAST_ONE = (
    "Il ne resterait aucun administrateur sans date de fin\u00a0: donnez d’abord cette fonction à quelqu’un d’autre."
)
YOURSELF = "C’est votre dernière fonction d’administrateur\u00a0: demandez à un autre administrateur de la retirer."
NOT_YOURSELF = "On ne suspend pas son propre compte\u00a0: demandez à un autre administrateur."

NOT_FORGET_YOURSELF = "On n’anonymise pas son propre compte\u00a0: demandez à un autre administrateur."


class Keeper(NamedTuple):
    """An administrator's function that holds today, of an account that may be used."""

    function_id: UUID
    person_id: UUID
    until: date | None


def may_end(keepers: Sequence[Keeper], who_id: UUID, function_id: UUID) -> str | None:
    """Why this function may not end, or nothing."""
    ending = next((keeper for keeper in keepers if keeper.function_id == function_id), None)
    if ending is None:
        return None
    left = _lasting(keeper for keeper in keepers if keeper.function_id != function_id)
    if ending.person_id == who_id and not any(keeper.person_id == who_id for keeper in left):
        return YOURSELF
    return None if left else LAST_ONE


def may_suspend(keepers: Sequence[Keeper], who_id: UUID, person_id: UUID) -> str | None:
    """Why this account may not be suspended, or nothing."""
    if person_id == who_id:
        return NOT_YOURSELF
    if not any(keeper.person_id == person_id for keeper in keepers):
        return None
    return None if _lasting(keeper for keeper in keepers if keeper.person_id != person_id) else LAST_ONE


def _lasting(keepers: Iterable[Keeper]) -> list[Keeper]:
    # Whoever is due to leave cannot be counted on: the house would be without anyone that day.
    return [keeper for keeper in keepers if keeper.until is None]
