"""Freezing a ranking: the present one, or a variation of it."""

from entente.ids import Ref
from entente.rules import Conflict, Invalid, require
from entente.work import Work
from pistes.rankings import queries, rules
from pistes.rankings.content import frozen
from pistes.rankings.models import FreezeForm, FrozenRanking
from pistes.rankings.rules import Variation


async def freeze(work: Work, form: FreezeForm, variation: Variation) -> FrozenRanking:
    """Keep a ranking as it stands at this moment, with its hash; from then on the database refuses to change it."""
    allowed = rules.may_freeze(work.who, await queries.committees(work.db))
    require(
        allowed, "Le secrétaire du comité technique ou du comité de pilotage fige un classement, ou un administrateur."
    )
    now, shown = await queries.varied(work.db, variation)
    if not now.lines:
        raise Invalid({"title": "Le classement est vide\u00a0: il n’y a rien à figer."})
    if now.standing.criteria_id is None:
        raise Conflict("Aucun jeu de critères n’est encore en vigueur.")
    content = frozen(shown)
    made = FrozenRanking(
        title=form.title,
        person_id=work.who.id,
        criteria_id=now.standing.criteria_id,
        is_varied=content.digest != frozen(now).digest,
        row_count=len(shown.lines),
        digest=content.digest,
        content=content.text,
    )
    work.db.add(made)
    await work.db.flush()
    work.audit("pistes.ranking_frozen", Ref("pistes/ranking", made.id), title=made.title, digest=made.digest)
    return made
