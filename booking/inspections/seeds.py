"""What it looks like in real life: the inspections of the lifting and road equipment, near and far."""

from collections.abc import Sequence
from datetime import timedelta

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from booking.fleet.models import Unit
from booking.inspections import queries, rules
from booking.inspections.models import Inspection, MeterReading, Passed
from booking.inspections.rules import Due
from entente.people.seeds import Settled, plant

VGP = "Vérification générale périodique"
ASKED: Sequence[tuple[str, str, int, int | None, int | None, str]] = (
    ("NAC-12", VGP, 64, 6, None, "Rapport 2026-0412"),
    ("NAC-18", VGP, 83, 6, None, "Rapport 2026-0397"),
    ("TRP-01", VGP, 27, 12, None, "Rapport 2025-1120"),
    ("TRP-01", "Vidange et filtres", 160, 12, 2_500, ""),
    ("MIN-02", "Contrôle technique", 41, 24, None, "Procès-verbal 16-2214"),
    ("BAL-01", "Entretien du constructeur", 120, 12, 5_000, ""),
)
"""The unit, what it is to pass, in how many days, how often (months, tenths of an hour), and the last report."""
READ: Sequence[tuple[str, int, int]] = (("TRP-01", 40, 31_120), ("TRP-01", 6, 31_655), ("BAL-01", 12, 18_403))
"""The unit, how many days ago, and what its meter said."""


async def inspect_some(db: AsyncSession, settled: Settled) -> None:
    """Have units inspected; each may be used until the first of its due days."""
    units = {
        each.code: each for each in await db.exec(select(Unit).where(col(Unit.code).in_([row[0] for row in ASKED])))
    }
    today = queries.today()
    made = [
        Inspection(
            unit_id=units[code].id,
            name=name,
            due_on=today + timedelta(days=days),
            due_hours=_next(code, hours) if hours else None,
            every_months=months,
            every_hours=hours,
        )
        for code, name, days, months, hours, _ in ASKED
    ]
    await plant(db, made)
    await plant(
        db,
        [
            MeterReading(unit_id=units[code].id, read_on=today - timedelta(days=days), hours=hours)
            for code, days, hours in READ
        ],
    )
    await plant(
        db,
        [
            Passed(
                inspection_id=each.id,
                done_on=rules.months_later(each.due_on, -months) if each.due_on and months else today,
                next_on=each.due_on,
                reference=reference,
                person_id=settled.people["patrice-lonjon" if code in ("NAC-12", "BAL-01") else "samir-ouadah"],
            )
            for each, (code, _, _, months, _, reference) in zip(made, ASKED, strict=True)
            if reference
        ],
    )
    for unit in units.values():
        dues = [Due(each.due_on, None) for each in made if each.unit_id == unit.id]
        unit.usable_until = rules.usable_until(dues, ())
        db.add(unit)
    await db.flush()


def _next(code: str, every: int) -> int:
    """The next multiple of so many hours that its meter will reach."""
    return (max(hours for unit, _, hours in READ if unit == code) // every + 1) * every
