"""A thread of any kind, opened with what its kind asks."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from markupsafe import Markup

from entente.clock import now
from entente.people.who import Who
from entente.rules import Invalid, require
from entente.web.templates import render
from entente.work import Work
from forums import service
from forums.kinds import rules
from forums.kinds import service as announcements
from forums.kinds.words import KINDS, REFUSED
from forums.models import Forum, Kind, NewThread, Thread
from forums.moments import moment_in
from forums.purchase import service as purchases
from forums.purchase.forms import NewPurchase, asked_for_rows, lot_rows, read_new
from forums.purchase.models import MOST_LOTS


@dataclass(frozen=True)
class Asked:
    """What an announcement asks of its readers."""

    is_mandatory: bool
    due_at: datetime | None


def kind_in(typed: Mapping[str, str]) -> Kind:
    """The kind that is asked; a form that says nothing opens a discussion."""
    try:
        return Kind(typed.get("kind") or Kind.DISCUSSION)
    except ValueError:
        raise Invalid({"kind": "Choisissez dans la liste."}) from None


def read_kind(typed: Mapping[str, str]) -> tuple[NewPurchase | Asked | None, dict[str, str]]:
    """What the kind of the thread asks, and what is wrong in it: said together with what is wrong elsewhere."""
    try:
        return _read(kind_in(typed), typed, now()), {}
    except Invalid as error:
        return None, error.errors


def _read(kind: Kind, typed: Mapping[str, str], at: datetime) -> NewPurchase | Asked | None:
    match kind:
        case Kind.PURCHASE:
            return read_new(typed, at)
        case Kind.ANNOUNCEMENT:
            has_date = any(typed.get(name, "").strip() for name in ("due_day", "due_hour"))
            return Asked("mandatory" in typed, moment_in(typed, "due", at) if has_date else None)
        case _:
            return None


async def open_thread(
    work: Work, forum: Forum, moderates: bool, new: NewThread, more: NewPurchase | Asked | None
) -> Thread:
    """Start a conversation of some kind, with what it asks of its readers."""
    require(rules.may_open(new.kind, work.who, forum, moderates), REFUSED[new.kind])
    thread = await service.open_thread(work, forum, moderates, new)
    if isinstance(more, NewPurchase):
        await purchases.propose(work, thread, more)
    if isinstance(more, Asked):
        await announcements.announce(work, thread, more.is_mandatory, more.due_at)
    return thread


def form(who: Who, forum: Forum, moderates: bool, typed: Mapping[str, str], errors: Mapping[str, str]) -> Markup:
    """The part of the form that asks what the thread is for, with the kinds this person may open here."""
    allowed = [kind for kind in Kind if rules.may_open(kind, who, forum, moderates)]
    known = {
        "kinds": [(str(kind), *KINDS[kind]) for kind in allowed],
        "announces": Kind.ANNOUNCEMENT in allowed,
        "buys": Kind.PURCHASE in allowed,
        "rows": lot_rows(typed),
        "most": MOST_LOTS,
        "focus_lot": asked_for_rows(typed),
    }
    return render("forums/kinds/_opening.html", {"opening": known, "typed": typed, "errors": errors})
