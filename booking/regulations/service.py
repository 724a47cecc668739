"""What can be done with a règlement: published in versions, and accepted one version at a time."""

from collections.abc import Mapping
from uuid import UUID

from sqlalchemy import insert, update
from sqlalchemy.exc import IntegrityError
from sqlmodel import col

from booking import rules
from booking.fleet.models import Unit
from booking.regulations import queries
from booking.regulations.models import MOST_NEWS, Acceptance, Regulation, Wording
from booking.service import NOT_KEPT
from entente.clock import now
from entente.ids import Ref
from entente.journal import Verb as AnyVerb
from entente.rules import Conflict, Invalid, require
from entente.text import TooLong, clean_name, to_html
from entente.work import Work

CHANGED = "Ce règlement a été modifié ailleurs pendant que vous l’écriviez\u00a0: relisez-le."
WITHDRAWN = "Règlement retiré"


class Verb(AnyVerb):
    """What can happen to a règlement, told on its own stream; that it was accepted is its own record."""

    REGULATION_PUBLISHED = "regulation.published"
    REGULATION_WITHDRAWN = "regulation.withdrawn"


def stream_of(regulation_id: UUID) -> Ref:
    """The story of a règlement."""
    return Ref("booking/regulation", regulation_id)


async def begin(work: Work, owner_id: UUID, type_id: UUID, unit: Unit | None, body: str) -> Regulation:
    """Publish the first version of a règlement: of one unit, or of all that an owner lends of a type."""
    require(rules.may_manage(work.who, owner_id), NOT_KEPT)
    _require_words(body, "")
    made = Regulation(owner_id=owner_id, type_id=type_id, unit_id=unit.id if unit else None)
    try:
        async with work.db.begin_nested():
            work.db.add(made)
            await work.db.flush()
    except IntegrityError:
        # Two managers begin at once: the constraint lets one of them through.
        raise Conflict("Ce règlement existe déjà\u00a0: publiez-en une nouvelle version.") from None
    await _add(work, made, 0, body, "", Verb.REGULATION_PUBLISHED)
    return made


async def publish(work: Work, regulation: Regulation, number: int, body: str, news: str) -> None:
    """Publish a new version over the one that was read: everybody is asked again."""
    require(rules.may_manage(work.who, regulation.owner_id), NOT_KEPT)
    _require_words(body, news)
    await _add(work, regulation, number, body, news, Verb.REGULATION_PUBLISHED)


async def withdraw(work: Work, regulation: Regulation) -> None:
    """Ask nothing any more; what was published and accepted stays."""
    require(rules.may_manage(work.who, regulation.owner_id), NOT_KEPT)
    if not (await queries.text_of(work.db, regulation.id)).body:
        raise Conflict("Ce règlement est déjà retiré.")
    await _add(work, regulation, regulation.current, "", WITHDRAWN, Verb.REGULATION_WITHDRAWN)


def _require_words(body: str, news: str) -> None:
    if not body.strip():
        raise Invalid({"body": "Écrivez le règlement que l’on accepte."})
    if len(news) > MOST_NEWS:
        raise Invalid({"news": f"C’est trop long\u00a0: {MOST_NEWS} caractères au plus."})
    try:
        to_html(body)
    except TooLong as error:
        raise Invalid({"body": str(error)}) from None


async def _add(work: Work, regulation: Regulation, number: int, body: str, news: str, verb: Verb) -> None:
    # One statement decides, when two managers publish over the same version.
    taken = (
        update(Regulation)
        .where(col(Regulation.id) == regulation.id, col(Regulation.current) == number)
        .values(current=number + 1)
        .returning(col(Regulation.id))
    )
    if (await work.db.execute(taken)).scalar_one_or_none() is None:
        raise Conflict(CHANGED)
    said = {"body": body.strip(), "news": clean_name(news), "author_id": work.who.id, "at": now()}
    await work.db.execute(insert(Wording).values(regulation_id=regulation.id, number=number + 1, **said))
    await work.db.refresh(regulation)
    work.record(stream_of(regulation.id), verb, regulation.id)


async def accept_ticked(work: Work, fields: Mapping[str, object]) -> None:
    """Keep what whoever asks has ticked; a version that is no longer the present one is asked again by the gate."""
    for name, value in fields.items():
        ticked, number = _ticked(name, value)
        if ticked:
            await _accept(work, ticked, number)


def _ticked(name: str, value: object) -> tuple[UUID | None, int]:
    written = name.removeprefix("accept-")
    if written == name or not (isinstance(value, str) and value.isascii() and value.isdigit()):
        return None, 0
    try:
        return UUID(written), int(value[:9])
    except ValueError:
        return None, 0


async def _accept(work: Work, regulation_id: UUID, number: int) -> None:
    regulation = await work.db.get(Regulation, regulation_id)
    if regulation is None or regulation.current != number:
        return
    try:
        async with work.db.begin_nested():
            await work.db.execute(
                insert(Acceptance).values(person_id=work.who.id, regulation_id=regulation_id, number=number, at=now())
            )
    except IntegrityError:
        return  # accepted before, or in another window: the first moment stays
