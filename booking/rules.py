"""Who may do what with a reservation, and which rule of a type a request breaks: plain functions."""

from collections.abc import Collection, Iterable
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from booking.fleet.models import Quota, ResourceType, Scope
from booking.models import Reservation, State
from booking.periods import Period, length
from entente.people.models import FunctionKind
from entente.people.who import Who
from entente.rules import Conflict, Invalid
from entente.web.words import NBSP, date_time, number, plural

MOST_QUANTITY = 100_000
LONGEST_BLOCK = 3 * 366 * 1440


class Broken(NamedTuple):
    """A rule that a request breaks: its name, where it shows in the form, and the sentence with its figure."""

    rule: str
    field: str
    sentence: str


class Unfit(Invalid):
    """The request breaks rules of what it asks for (422)."""

    def __init__(self, broken: Collection[Broken]) -> None:
        super().__init__({each.field: f"{each.rule}{NBSP}: {each.sentence}" for each in reversed(list(broken))})
        self.broken = list(broken)


class Unmet(Invalid):
    """Whoever asks has something to do first; no other date and no other unit would spare it (422)."""


class Taken(Conflict):
    """Somebody else has it, or has just taken it (409): here are the next free periods."""

    def __init__(self, reason: str, free: Collection[Period] = ()) -> None:
        super().__init__(reason)
        self.free = list(free)


def may_look(who: Who) -> bool:
    """Whoever takes part today sees the fleet and when it is free."""
    return who.is_member


def may_manage(who: Who, owner_id: UUID) -> bool:
    """Whether this person keeps the equipment of that organisation."""
    return (FunctionKind.GESTIONNAIRE, owner_id) in who.functions


def managed_by(who: Who) -> frozenset[UUID]:
    """The organisations whose equipment this person keeps."""
    return frozenset(place for kind, place in who.functions if kind == FunctionKind.GESTIONNAIRE)


def may_pay_for(who: Who, payer_id: UUID) -> bool:
    """One takes things at the expense of an organisation for which one acts; a manager writes down for anyone."""
    return payer_id in who.organisations or bool(managed_by(who))


def may_decide(who: Who, owners: Collection[UUID]) -> bool:
    """A request is approved, refused or moved to another unit by whoever keeps all that it takes."""
    return bool(owners) and all(may_manage(who, owner) for owner in owners)


def may_change(who: Who, reservation: Reservation, owners: Collection[UUID]) -> bool:
    """One changes one's own reservations; the manager of the equipment, those of everybody."""
    if reservation.state == State.BLOCKED:
        return may_decide(who, owners)
    return reservation.person_id == who.id or may_decide(who, owners)


def is_alive(reservation: Reservation) -> bool:
    """Whether it may still be moved or cancelled."""
    return reservation.state in (State.REQUESTED, State.OFFERED, State.CONFIRMED, State.WAITING, State.BLOCKED)


def first_state(who: Who, type_: ResourceType, payer_id: UUID, owners: Collection[UUID]) -> State:
    """What a new reservation is: the owner's own people do not ask themselves."""
    own = all(owner == payer_id for owner in owners) or may_decide(who, owners)
    return State.REQUESTED if type_.needs_approval and not own else State.CONFIRMED


def broken_by(type_: ResourceType, period: Period, quantity: int, at: datetime) -> list[Broken]:
    """Every rule of the type that these dates and this number break, in the order in which to mend them."""
    if period.ends <= period.starts:
        return [Broken("Fin de la réservation", "ends", "la fin doit venir après le début.")]
    return [each for each in _broken(type_, period, quantity, at) if each]


def _broken(type_: ResourceType, period: Period, quantity: int, at: datetime) -> Iterable[Broken | None]:
    if period.starts < at:
        yield Broken("Début de la réservation", "starts", f"il est passé ({date_time(period.starts)}).")
    else:
        yield _too_soon(type_, period, at)
        yield _too_far(type_, period, at)
    yield _too_short(type_, period)
    yield _too_long(type_, period)
    yield _too_many(type_, quantity)


def _too_soon(type_: ResourceType, period: Period, at: datetime) -> Broken | None:
    earliest = at + timedelta(minutes=type_.lead_minutes)
    if period.starts >= earliest:
        return None
    figure = length(type_.lead_minutes)
    return Broken("Délai de prévenance", "starts", f"réservez au moins {figure} avant, dès le {date_time(earliest)}.")


def _too_far(type_: ResourceType, period: Period, at: datetime) -> Broken | None:
    if period.starts <= at + timedelta(days=type_.horizon_days):
        return None
    figure = plural(type_.horizon_days, "jour", "jours")
    return Broken("Ouverture du calendrier", "starts", f"on réserve jusqu’à {figure} à l’avance.")


def _too_short(type_: ResourceType, period: Period) -> Broken | None:
    if period.minutes >= type_.min_minutes:
        return None
    return Broken("Durée minimale", "ends", f"{length(type_.min_minutes)}, et vous demandez {length(period.minutes)}.")


def _too_long(type_: ResourceType, period: Period) -> Broken | None:
    if period.minutes <= type_.max_minutes:
        return None
    return Broken("Durée maximale", "ends", f"{length(type_.max_minutes)}, et vous demandez {length(period.minutes)}.")


def _too_many(type_: ResourceType, quantity: int) -> Broken | None:
    if quantity < 1:
        return Broken("Nombre demandé", "quantity", "1 au moins.")
    most = MOST_QUANTITY if type_.is_counted else 20
    if quantity <= most:
        return None
    return Broken(
        "Nombre demandé", "quantity", f"{number(most)} au plus en une fois, et vous en demandez {number(quantity)}."
    )


def too_late_to_change(type_: ResourceType, period: Period, at: datetime) -> Broken | None:
    """Whether the deadline to cancel or move it has passed."""
    last = period.starts - timedelta(minutes=type_.cancel_minutes)
    if at < last:
        return None
    if at >= period.starts:
        return Broken("Délai d’annulation", "", f"cette réservation a commencé le {date_time(period.starts)}.")
    figure = length(type_.cancel_minutes)
    return Broken("Délai d’annulation", "", f"{figure} avant le début, soit jusqu’au {date_time(last)}.")


_WHOSE = {Scope.PERSON: "vous", Scope.SERVICE: "votre service", Scope.ORGANISATION: "votre organisation"}


def over_quota(quota: Quota, times: int, minutes: int) -> Broken | None:
    """Whether a quota is passed by this many uses, or this long, the new one counted."""
    window = plural(quota.days, "jour", "jours")
    whose = _WHOSE[quota.scope]
    if quota.most_times is not None and times > quota.most_times:
        figure = plural(quota.most_times, "réservation", "réservations")
        return Broken("Quota", "starts", f"{figure} au plus sur {window} pour {whose}{NBSP}; ce serait la {times}ᵉ.")
    if quota.most_minutes is not None and minutes > quota.most_minutes:
        figure = length(quota.most_minutes)
        return Broken(
            "Quota", "ends", f"{figure} au plus sur {window} pour {whose}{NBSP}; ce serait {length(minutes)}."
        )
    return None
