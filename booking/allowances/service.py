"""What can be done with quotas: one function per verb, kept for ever in the audit."""

from uuid import UUID

from booking.allowances import queries
from booking.allowances.rules import Typed, sentence
from booking.fleet.models import Quota
from entente.ids import Ref
from entente.journal import Verb as AnyVerb
from entente.rules import require
from entente.work import Work

NOT_YOURS = "Seuls les gestionnaires qui gardent ce type de matériel fixent ses quotas."


class Verb(AnyVerb):
    """What can happen to the quotas of a type, told on the stream of the type."""

    QUOTA_SET = "quota.set"
    QUOTA_REMOVED = "quota.removed"


async def add(work: Work, typed: Typed) -> Quota:
    """Limit how much of a type is taken from now on; what is reserved stays."""
    await _require(work, typed.type_id)
    quota = Quota.model_validate(typed._asdict())
    work.db.add(quota)
    _tell(work, Verb.QUOTA_SET, quota)
    return quota


async def change(work: Work, quota: Quota, typed: Typed) -> None:
    """Count otherwise from now on."""
    await _require(work, quota.type_id)
    await _require(work, typed.type_id)
    for name, value in typed._asdict().items():
        setattr(quota, name, value)
    work.db.add(quota)
    _tell(work, Verb.QUOTA_SET, quota)


async def remove(work: Work, quota: Quota) -> None:
    """Count no more."""
    await _require(work, quota.type_id)
    _tell(work, Verb.QUOTA_REMOVED, quota)
    await work.db.delete(quota)


async def _require(work: Work, type_id: UUID) -> None:
    kept = await queries.types_kept(work.db, work.who)
    require(any(each.id == type_id for each in kept), NOT_YOURS)


def _tell(work: Work, verb: Verb, quota: Quota) -> None:
    stream = Ref("booking/type", quota.type_id)
    work.audit(verb, stream, quota=str(quota.id), rule=sentence(quota))
    work.record(stream, verb, quota.id)
