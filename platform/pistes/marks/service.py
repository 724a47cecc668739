"""Giving marks: imported, computed from an evaluation, or overridden with a reason."""

from entente.clock import now
from entente.rules import Invalid
from entente.work import Work
from pistes import queries
from pistes.criteria.models import Criteria, CriteriaSet, Criterion
from pistes.criteria.service import open_register
from pistes.gates import require_keeper
from pistes.marks import queries as marks
from pistes.marks.models import Mark, MarkForm, Origin
from pistes.models import Piste
from pistes.stories import Verb, tell


def outside(criterion: Criterion, level: object) -> str:
    """What is said of a mark that is not on its scale."""
    return f"{criterion.name}\u00a0: «\u00a0{level}\u00a0» est hors de l’échelle, qui va de {criterion.scale}."


def criterion_of(criteria: Criteria, key: str) -> Criterion:
    """The criterion of that key; raises Invalid when the set in force has none."""
    criterion = criteria.get(key)
    if criterion is None:
        raise Invalid({"criterion": "Ce critère n’est pas dans le jeu de critères en vigueur."})
    return criterion


async def give(
    work: Work,
    piste: Piste,
    key: str,
    level: int,
    origin: Origin,
    reason: str = "",
    chosen: CriteriaSet | None = None,
) -> Mark:
    """Give a mark in the place of the one of its kind that stood; the same mark again changes nothing.

    An override stands over the base mark, which is kept. Whoever calls has asked whether this person may. The
    criteria are those in force, or others by which the piste was judged.
    """
    held = await queries.locked(work.db, piste.id)
    await _opened(work)
    standing = chosen or await queries.standing(work.db)
    criterion = criterion_of(standing.criteria, key)
    if criterion.level(level) is None:
        raise Invalid({"level": outside(criterion, level)})
    is_override = origin is Origin.OVERRIDDEN
    if is_override and not reason.strip():
        raise Invalid({"reason": "Dites pourquoi vous fixez cette note à la main."})
    before = await marks.standing_mark(work.db, held.id, standing.family, key, is_override)
    if before and (before.level, before.origin, before.reason) == (level, origin, reason.strip()):
        return before
    await _replace(work, before)
    criteria_id = standing.id if isinstance(standing, CriteriaSet) else standing.criteria_id
    assert criteria_id
    made = Mark(
        piste_id=held.id,
        family=standing.family,
        criterion=key,
        level=level,
        origin=origin,
        is_override=is_override,
        reason=reason.strip(),
        criteria_id=criteria_id,
        person_id=work.someone.id if work.someone else None,
    )
    work.db.add(made)
    said = {"criterion": criterion.name, "level": level, "origin": str(origin), "reason": made.reason}
    tell(work, held.id, Verb.PISTE_MARKED, before=before.level if before else None, **said)
    return made


async def override(work: Work, piste: Piste, form: MarkForm) -> None:
    """Fix a mark by hand with its reason; no level at all lets the base mark stand again."""
    await require_keeper(work)
    if form.level:
        if not form.level.isdecimal():
            raise Invalid({"level": "Choisissez un niveau de l’échelle."})
        await give(work, piste, form.criterion, int(form.level), Origin.OVERRIDDEN, form.reason)
        return
    held = await queries.locked(work.db, piste.id)
    standing = await queries.standing(work.db)
    criterion = criterion_of(standing.criteria, form.criterion)
    before = await marks.standing_mark(work.db, held.id, standing.family, form.criterion, True)
    if before:
        await _replace(work, before)
        tell(work, held.id, Verb.PISTE_MARKED, criterion=criterion.name, before=before.level, level=None, reason="")


async def _replace(work: Work, before: Mark | None) -> None:
    if before:
        before.replaced_at = now()
        # The new mark takes its place under the same constraint: the old one leaves first.
        await work.db.flush()


async def _opened(work: Work) -> None:
    if (await queries.standing(work.db)).criteria_id is None:
        await open_register(work)
