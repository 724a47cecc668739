"""Reminds whoever keeps a unit of what falls due: each threshold once, and never of what was done meanwhile."""

from datetime import date
from typing import Any
from uuid import UUID

from booking.inspections import queries, rules
from booking.inspections.rules import Due
from booking.inspections.service import REMIND
from entente import mail
from entente.house import House
from entente.rules import NotFound
from entente.web import templates
from entente.web.words import NBSP


async def remind(house: House, payload: dict[str, Any]) -> None:
    """Write to whoever keeps the unit today, if it still falls due then."""
    async with house.working(None) as work:
        try:
            shown = await queries.shown(work.db, UUID(payload["inspection"]))
        except NotFound:
            return
        on = date.fromisoformat(payload["on"]) if payload["on"] else None
        if shown.due != Due(on, payload["hours"]):
            return
        link = f"{house.settings.base_url}/reservations/unites/{shown.unit_id}/controles"
        for keeper in await queries.keepers_of(work.db, shown.owner_id):
            context = {"name": keeper.given_name, "shown": shown, "sentence": sentence(shown, payload["level"])}
            body = str(templates.render("mail/inspection.txt", {**context, "link": link}))
            key = f"{REMIND}:{shown.id.hex}:{on}:{payload['hours']}:{payload['level']}:{keeper.id.hex}"
            mail.post(work, keeper.email, f"{_subject(payload['level'])}{NBSP}: {shown.unit}", body, key)


def _subject(level: str) -> str:
    return "Contrôle dépassé" if level in ("-1", "reached") else "Contrôle à faire"


def sentence(shown: queries.Shown, level: str) -> str:
    """What is to be known, with its figure."""
    what = f"«{NBSP}{shown.name}{NBSP}»"
    if level in ("-1", "reached"):
        return f"{what} était à faire {shown.words}. L’unité n’est plus prêtée tant qu’il n’est pas noté."
    if level == "near" and shown.meter:
        return f"{what} est à faire {shown.words}{NBSP}; le compteur marque {rules.hours_words(shown.meter.hours)}."
    return f"{what} est à faire {shown.words}. Le lendemain, l’unité n’est plus prêtée."
