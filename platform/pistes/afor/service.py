"""Write an AFOR grid, or take it away."""

from uuid import UUID

from sqlalchemy.exc import IntegrityError

from entente.clock import now
from entente.rules import Conflict, Invalid
from entente.work import Work
from pistes.afor import queries
from pistes.afor.models import Grid, GridForm
from pistes.gates import require_keeper
from pistes.models import Piste
from pistes.stories import Verb, tell
from pistes.words import key_of

OVERWRITTEN = "Quelqu’un a enregistré cette grille entre-temps\u00a0: relisez-la avant d’enregistrer la vôtre."


async def write(work: Work, piste: Piste, form: GridForm, grid_id: UUID | None = None) -> Grid:
    """Save a grid, a new one unless it is named."""
    await require_keeper(work)
    if not any((form.strengths, form.weaknesses, form.opportunities, form.risks)):
        raise Invalid({"strengths": "Écrivez au moins un point dans la grille."})
    grid = (
        await queries.grid_of(work.db, piste.id, grid_id, is_locked=True)
        if grid_id
        else Grid(piste_id=piste.id, version=0)
    )
    if grid.version != form.version:
        raise Conflict(OVERWRITTEN)
    for name, words in form.model_dump(exclude={"version"}).items():
        setattr(grid, name, words)
    grid.key = key_of(form.activity) if form.activity else ""
    grid.version += 1
    grid.at, grid.person_id = now(), work.someone.id if work.someone else None
    try:
        async with work.db.begin_nested():
            work.db.add(grid)
    except IntegrityError:
        raise Invalid({"activity": "Une grille porte déjà sur cette activité."}) from None
    tell(work, piste.id, Verb.AFOR_WRITTEN, activity=grid.activity)
    return grid


async def take_away(work: Work, piste: Piste, grid_id: UUID) -> None:
    """Take a grid away; the story of the piste keeps that it was there."""
    await require_keeper(work)
    grid = await queries.grid_of(work.db, piste.id, grid_id, is_locked=True)
    await work.db.delete(grid)
    tell(work, piste.id, Verb.AFOR_WRITTEN, activity=grid.activity, away=True)
