"""Keeping the sentences that quote shares."""

from sqlalchemy import func

from entente.db import rows
from entente.rules import Invalid
from entente.work import Work
from pistes import queries
from pistes.gates import require_keeper
from pistes.stories import REGISTER, Verb
from pistes.texts.forms import ClaimForm
from pistes.texts.models import Claim


async def write(work: Work, form: ClaimForm, claim: Claim | None = None) -> Claim:
    """Write a sentence, or another in its place; whether it is true changes nothing: it is said."""
    await require_keeper(work)
    key, _, level = form.mark.rpartition("-")
    criterion = (await queries.standing(work.db)).criteria.get(key)
    if criterion is None or criterion.level(int(level)) is None:
        raise Invalid({"mark": "Choisissez dans la liste."})
    if claim is None:
        last = (await work.db.execute(rows(func.max(Claim.place)))).scalar_one()
        claim = ClaimForm.blank()
        claim.place = 0 if last is None else last + 1
    work.db.add(form.fill(claim))
    await work.db.flush()
    _tell(work, "pistes.claim_written", claim)
    return claim


async def remove(work: Work, claim: Claim) -> None:
    """Take a sentence away."""
    await require_keeper(work)
    await work.db.delete(claim)
    _tell(work, "pistes.claim_removed", claim)


def _tell(work: Work, act: str, claim: Claim) -> None:
    work.audit(act, REGISTER, words=claim.words)
    work.record(REGISTER, Verb.REGISTER_CHANGED, REGISTER.id)
