"""The board: every row of the register at its place, for the screen, the exports and the command line alike."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from hashlib import blake2b
from uuid import UUID

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from entente.clock import PARIS
from pistes.communes import queries as communes
from pistes.communes.models import Stance
from pistes.communes.queries import Stood
from pistes.criteria.rules import Sieved, sieve
from pistes.deferral import queries as deferrals
from pistes.deferral.models import Deferral
from pistes.marks import queries as marks
from pistes.marks.queries import Retained
from pistes.models import Phase, Piste, TieRule
from pistes.queries import Standing, standing
from pistes.ranking.rules import Entrant, Placed, displaced, ranked
from pistes.texts.models import Claim
from pistes.texts.rules import Checked, check
from pistes.tree.queries import Branch, Tree, seen


@dataclass(frozen=True)
class Line:
    """One row: a piste at one of its places."""

    branch: Branch
    piste: Piste
    placed: Placed
    marks: dict[str, Retained]
    sieved: Sieved
    stood: Sequence[Stood] = ()
    deferral: Deferral | None = None

    @property
    def levels(self) -> dict[str, int]:
        """The retained level of each criterion."""
        return {key: mark.level for key, mark in self.marks.items()}

    @property
    def phase(self) -> Phase:
        """How far it has come."""
        return Phase(self.piste.phase)

    @property
    def carriers(self) -> list[Stood]:
        """The communes that stand for it, those that withdrew aside."""
        return [each for each in self.stood if each.stance is not Stance.WITHDRAWN]

    @property
    def declinaison(self) -> str:
        """As the file prints it here, or the label."""
        return self.branch.node.printed or self.branch.declinaison

    @cached_property
    def version(self) -> str:
        """Names what its row shows, its rank aside: as long as nothing of it changes, it need not be drawn again."""
        put_off = (self.deferral.revisit_on,) if self.deferral else ()
        said = (self.piste.title, self.phase, self.declinaison, self.marks, self.sieved, self.carriers, put_off)
        return f"{self.piste.id}:{blake2b(repr(said).encode(), digest_size=16).hexdigest()}"


@dataclass(frozen=True)
class Board:
    """The register at a moment."""

    standing: Standing
    tree: Tree
    lines: list[Line]
    """The rows that are ranked, in their order."""
    claims: list[Checked] = field(default_factory=list)
    marks: Mapping[UUID, dict[str, Retained]] = field(default_factory=dict)
    """Of every piste, ranked or not."""
    stood: Mapping[UUID, Sequence[Stood]] = field(default_factory=dict)
    """Where communes stand on every piste, ranked or not."""

    @cached_property
    def scales(self) -> str:
        """Names the criteria by which its rows are shown."""
        return blake2b(self.standing.criteria.model_dump_json().encode(), digest_size=16).hexdigest()

    @cached_property
    def pistes(self) -> int:
        """How many pistes the rows are about: one that stands twice counts once."""
        return len({line.piste.id for line in self.lines})

    @cached_property
    def levels(self) -> int:
        """How many different levels the rows have."""
        return len({line.placed.level for line in self.lines if line.placed.level})

    @cached_property
    def set_aside(self) -> list[Line]:
        """The rows that the sieve does not let through."""
        return [line for line in self.lines if not line.sieved.passes]

    def displaced_by(self, tie: TieRule) -> list[int]:
        """The places that another tie rule would give to others."""
        criteria = self.standing.criteria
        other = [each.name for each, _ in ranked(entrants(self.lines), criteria, tie)]
        return displaced([line.branch.node.id for line in self.lines], other)


def entrants(lines: Sequence[Line]) -> list[Entrant[UUID]]:
    """What the ranking needs of rows, whose order in the tree is found again from their branches."""
    order = {id(each): number for number, each in enumerate(_in_order(lines))}
    return [
        Entrant(
            line.branch.node.id,
            line.levels,
            order[id(line.branch)],
            line.piste.expressed_on,
            line.branch.node.rank,
        )
        for line in lines
    ]


def _in_order(lines: Sequence[Line]) -> list[Branch]:
    return sorted(
        (line.branch for line in lines), key=lambda branch: [(each.node.place, each.node.id) for each in branch.way]
    )


async def board(
    db: AsyncSession, at: datetime | None = None, tie: TieRule | None = None, chosen: Standing | None = None
) -> Board:
    """The rows of the ranked list, as they stand or as they stood at a moment: as many questions for 40 as for 400."""
    stands = chosen or await standing(db)
    whole = await seen(db)
    retained = await marks.retained(db, stands.family, at)
    stood = await communes.positions(db, at.astimezone(PARIS).date() if at else None)
    put_off = await deferrals.standing(db)
    found = [each for each in whole.walk() if each.piste and each.node.rank is not None]
    runners = [
        Entrant(
            each,
            {key: mark.level for key, mark in retained.get(each.piste.id, {}).items()} if each.piste else {},
            number,
            each.piste.expressed_on if each.piste else None,
            each.node.rank,
        )
        for number, each in enumerate(found)
    ]
    lines = [
        Line(
            runner.name,
            piste,
            placed,
            retained.get(piste.id, {}),
            sieve(runner.marks, stands.criteria),
            stood.get(piste.id, ()),
            put_off.get(piste.id),
        )
        for runner, placed in ranked(runners, stands.criteria, tie or stands.tie_rule)
        if (piste := runner.name.piste)
    ]
    claims = [check(claim, [line.levels for line in lines]) for claim in await claims_of(db)]
    return Board(stands, whole, lines, claims, retained, stood)


async def claims_of(db: AsyncSession) -> Sequence[Claim]:
    """The sentences that quote shares."""
    return (await db.exec(select(Claim).order_by(col(Claim.place), col(Claim.id)))).all()
