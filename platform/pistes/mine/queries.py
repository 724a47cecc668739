"""Where one commune stands on every piste, and where all communes stand on a day."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import date
from uuid import UUID

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from pistes.communes import queries as communes
from pistes.communes.models import Stance
from pistes.communes.queries import Commune
from pistes.models import Phase, Piste

STANDS = (Stance.PROPOSES, Stance.INTERESTED, Stance.TAKES_PART)
"""The stances of a commune that has a piste."""


@dataclass(frozen=True)
class Held:
    """A piste, with what a commune says of it since when."""

    piste: Piste
    stance: Stance | None = None
    since: date | None = None

    @property
    def phase(self) -> Phase:
        """How far it has come."""
        return Phase(self.piste.phase)


@dataclass(frozen=True)
class Share:
    """What a commune takes part in, by stance."""

    commune: Commune
    stances: Counter[Stance] = field(default_factory=Counter)

    @property
    def total(self) -> int:
        """How many pistes it stands for."""
        return sum(self.stances[stance] for stance in STANDS)


@dataclass(frozen=True)
class Participation:
    """Every member of a day, and every piste as seen from one of them."""

    day: date
    shares: list[Share]
    chosen: Commune | None
    held: dict[Stance, list[Held]]
    silent: list[Held]

    @property
    def without(self) -> list[Share]:
        """The communes without a piste."""
        return [share for share in self.shares if not share.total]

    @property
    def with_some(self) -> list[Share]:
        """Those that have one, from the most."""
        return sorted((share for share in self.shares if share.total), key=lambda share: -share.total)


async def participation(db: AsyncSession, day: date, chosen: UUID | None) -> Participation:
    """Who stands where on a day: three questions, whatever the number of pistes and communes."""
    members = await communes.members(db, day)
    stood = await communes.positions(db, day)
    pistes = (await db.exec(select(Piste).order_by(col(Piste.title), col(Piste.id)))).all()
    shares = {each.id: Share(each) for each in members}
    for found in stood.values():
        for one in found:
            if one.commune.id in shares:
                shares[one.commune.id].stances[one.stance] += 1
    commune = shares[chosen].commune if chosen in shares else None
    said = {
        piste_id: one for piste_id, found in stood.items() for one in found if commune and one.commune.id == commune.id
    }
    held: dict[Stance, list[Held]] = {stance: [] for stance in Stance}
    silent: list[Held] = []
    for piste in pistes:
        if mine := said.get(piste.id):
            held[mine.stance].append(Held(piste, mine.stance, mine.since))
        elif commune and piste.phase != Phase.ARRETEE:
            silent.append(Held(piste))
    return Participation(day, list(shares.values()), commune, held, silent)
