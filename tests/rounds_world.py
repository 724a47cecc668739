"""A round among Aubrac and Brioude: Camille is secretary of the CoTech, Denise is mayor of Brioude."""

from dataclasses import dataclass
from uuid import UUID

import pytest_asyncio
from sqlalchemy import update
from sqlmodel import col, select

from entente.people.models import Seat, SeatRole
from entente.people.who import Who
from pistes.criteria.models import CriteriaSet
from pistes.models import Piste
from pistes.rounds import queries, service
from pistes.rounds.models import Middle, NewRound, Round, Voice, VoiceOf
from registers import piste
from world import World


@dataclass
class Evaluation:
    """A register in which a round is open, and its two ranked pistes."""

    world: World
    round: Round
    forum: Piste
    orders: Piste

    async def voice(self, who: Who, round_: Round | None = None) -> Voice:
        """The voice that someone gives."""
        async with self.world.reading() as db:
            return (await queries.voices_of(db, who, round_ or self.round))[0]

    async def says(self, who: Who, marks: service.Marks) -> None:
        """Someone answers for their voice."""
        voice = await self.voice(who)
        async with self.world.working(who) as work:
            await service.answer(work, await queries.round_for(work.db, who, self.round.id), voice, marks)

    def all_of(self, *levels: int) -> service.Marks:
        """The same three marks for both pistes."""
        keys = ("potentiel", "enjeu_communautaire", "faisabilite")
        return {
            (each.id, key): level for each in (self.forum, self.orders) for key, level in zip(keys, levels, strict=True)
        }

    async def close(self, round_: Round | None = None) -> None:
        """Camille closes the round."""
        async with self.world.working(self.world.camille) as work:
            await service.close(work, round_ or self.round)
        async with self.world.reading() as db:
            self.round = await queries.round_for(db, self.world.camille, self.round.id)


async def opened(world: World, **more: object) -> Round:
    """Camille opens a round."""
    family = more.pop("family", "rapport_2016")
    async with world.working(world.camille) as work:
        chosen = (await work.db.exec(select(CriteriaSet).where(col(CriteriaSet.family) == family))).one()
        asked = {"title": "Premier tour", "criteria": chosen.id, "voice_of": VoiceOf.COMMUNE, "middle": Middle.LOW}
        return await service.open_round(work, NewRound.model_validate(asked | more))


@pytest_asyncio.fixture
async def cotech(register: World) -> World:
    """The same register; Camille writes for the CoTech."""
    async with register.house.database.writing() as db:
        mine = update(Seat).where(col(Seat.holder_id) == register.camille.id)
        await db.execute(mine.values(role=SeatRole.SECRETARY))
    register.people["camille"] = await register.again(register.camille)
    return register


@pytest_asyncio.fixture
async def evaluation(cotech: World) -> Evaluation:
    """An open round on both ranked pistes."""
    made = await opened(cotech)
    return Evaluation(cotech, made, await piste(cotech, "Forum"), await piste(cotech, "Achats groupés"))


def key(each: Piste, criterion: str = "potentiel") -> tuple[UUID, str]:
    """A cell of the form."""
    return each.id, criterion
