"""Who may do what in the register: plain functions."""

from collections.abc import Collection
from uuid import UUID

from entente.people.models import FunctionKind
from entente.people.who import Who

SPEAKS = frozenset({FunctionKind.MAIRE, FunctionKind.ELU, FunctionKind.DGS})
"""The functions that commit a commune."""


def may_look(who: Who) -> bool:
    """Every member of the EPCI reads the whole register."""
    return who.is_member


def may_keep(who: Who, cotechs: Collection[UUID]) -> bool:
    """The CoTech keeps the register, and the administrators; `cotechs` are the bodies of that kind."""
    return who.is_administrator or not who.bodies.isdisjoint(cotechs)


def may_speak_for(who: Who, commune_id: UUID, keeps: bool) -> bool:
    """A commune's mayor, elected officials and DGS say where it stands; whoever keeps the register writes it down."""
    return keeps or any(kind in SPEAKS and place == commune_id for kind, place in who.functions)


def reasons_to_look(who: Who) -> list[str]:
    """Every ground on which this person reads the register, in French."""
    return ["Le registre des pistes est ouvert à tous les membres."] if may_look(who) else []
