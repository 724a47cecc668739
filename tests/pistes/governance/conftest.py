"""A CoPil of two seats: Denise writes down and decides for Brioude, Awa sits for Aubrac without a mandate."""

from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

import pytest_asyncio
from sqlmodel import col, select

from entente.people.models import Seat, SeatRole
from entente.people.who import Who
from pistes import service
from pistes.decisions.models import Decision, DecisionForm
from pistes.models import MovedPhase, Phase, Piste
from pistes.protocol.service import decide
from registers import piste
from world import LONG_AGO, World

DAY = date(2026, 3, 10)


@dataclass
class Council:
    """A register whose CoPil may decide."""

    world: World
    forum: Piste
    seats: dict[UUID, UUID]
    """Whoever holds a seat → the seat."""

    def sat(self, *people: Who) -> dict[UUID, UUID]:
        """Who sat, seat by seat."""
        return {self.seats[who.id]: who.id for who in people or (self.world.awa, self.world.denise)}

    def form(self, **said: Any) -> DecisionForm:
        """A decision of the CoPil."""
        given = {"body": self.world.copil.id, "decided_on": DAY, "title": "Calendrier", "motive": "Vu en séance."}
        return DecisionForm.model_validate({**given, **said})

    def at_gate(self, outcome: str = "go", gate: Phase = Phase.ETUDE, **said: Any) -> DecisionForm:
        """A decision of the CoPil at a gate of the forum."""
        return self.form(piste=self.forum.id, gate=gate, outcome=outcome, **said)

    async def decides(self, form: DecisionForm, who: Who | None = None, **more: Any) -> Decision:
        """Denise (or someone) writes it down."""
        async with self.world.working(who or self.world.denise) as work:
            return await decide(work, form, more.pop("sat", self.sat()), **more)

    async def moves(self, phase: Phase, reason: str = "", who: Who | None = None, seen: Phase | None = None) -> Piste:
        """Camille (or someone) moves the forum, as a board or a form does."""
        async with self.world.working(who or self.world.camille) as work:
            return await service.move_phase(work, self.forum, MovedPhase(phase=phase, reason=reason, seen=seen))

    async def phase(self) -> Phase:
        """Where the forum stands."""
        return Phase((await piste(self.world, "Forum")).phase)


@pytest_asyncio.fixture
async def council(register: World) -> Council:
    """The small register, its CoPil, and the forum of exchanges in « Initialisation »."""
    async with register.house.database.writing() as db:
        db.add(
            Seat(
                body_id=register.copil.id,
                organisation_id=register.brioude.id,
                holder_id=register.denise.id,
                role=SeatRole.SECRETARY,
                mandate=True,
                since=LONG_AGO,
            )
        )
        await db.flush()
        found = await db.exec(select(Seat).where(col(Seat.body_id) == register.copil.id))
        seats = {seat.holder_id: seat.id for seat in found}
    register.people["denise"] = await register.again(register.denise)
    made = Council(register, await piste(register, "Forum"), seats)
    await made.moves(Phase.INITIALISATION)
    return made
