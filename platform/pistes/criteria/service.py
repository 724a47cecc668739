"""Keeping sets of criteria: an edited set is a new version, and one version is in force."""

import re
from collections.abc import Collection
from itertools import count

from pydantic import ValidationError
from sqlalchemy import Uuid, bindparam, text
from sqlmodel import col, select

from entente.clock import now
from entente.db import Moment
from entente.ids import new_id
from entente.rules import Invalid
from entente.work import Work
from pistes import queries
from pistes.criteria.models import Criteria, CriteriaSet
from pistes.criteria.sets import BUILT_IN, built_in
from pistes.gates import require_keeper
from pistes.models import Register, TieRule
from pistes.stories import REGISTER, Verb
from pistes.words import key_of

OVERWRITTEN = "Quelqu’un a enregistré une autre version entre-temps\u00a0: relisez-la avant d’en faire une nouvelle."


RESERVED = {"nouveau"}
"""What an address says instead of the name of a set."""


async def open_register(work: Work) -> Register:
    """The register, locked; made with the built-in sets the first time."""
    for family in BUILT_IN:
        document = built_in(family).model_dump_json()
        await work.db.execute(_SET, {"id": new_id(), "family": family, "document": document, "at": now()})
    first = select(CriteriaSet.id).where(col(CriteriaSet.family) == BUILT_IN[0], col(CriteriaSet.version) == 1)
    await work.db.execute(_REGISTER, {"criteria_id": (await work.db.exec(first)).one(), "tie": str(TieRule.TREE)})
    # Whoever changes the tree, the codes or the criteria comes here first: two of them wait for each other.
    return (await work.db.exec(select(Register).with_for_update())).one()


# Two first imports at once: the second finds what the first has made.
_SET = text(
    "INSERT INTO piste_criteria (id, family, version, document, at) VALUES (:id, :family, 1, :document, :at) "
    "ON CONFLICT (family, version) DO NOTHING"
).bindparams(bindparam("id", type_=Uuid()), bindparam("at", type_=Moment()))
_REGISTER = text(
    "INSERT INTO piste_register (id, criteria_id, tie_rule, tie_reason) VALUES (1, :criteria_id, :tie, '') "
    "ON CONFLICT (id) DO NOTHING"
).bindparams(bindparam("criteria_id", type_=Uuid()))


def free_name(words: str, taken: Collection[str]) -> str:
    """A short name made from words, which nothing else bears: letters, figures and underscores."""
    stem = re.sub(r"[^a-z0-9]+", "_", key_of(words)).strip("_0123456789")[:36] or "jeu"
    others = (f"{stem}_{number}" for number in count(2))
    return stem if stem not in taken else next(name for name in others if name not in taken)


def read_document(document: object) -> Criteria:
    """A set of criteria as it was typed or sent; raises Invalid with what is wrong."""
    try:
        return Criteria.model_validate(document)
    except ValidationError as error:
        first = error.errors()[0]
        said = (
            str(first.get("ctx", {}).get("error", "")) or f"Cette valeur ne convient pas\u00a0: {_where(first['loc'])}."
        )
        raise Invalid({"document": said}) from None


def _where(place: tuple[int | str, ...]) -> str:
    return " → ".join(str(each) for each in place)


async def keep(work: Work, family: str, criteria: Criteria, over: str = "") -> CriteriaSet:
    """Save a set as the next version of its family; the same document again is the same version.

    `over` is the version that its author had before their eyes, when there is one.
    """
    await require_keeper(work)
    await open_register(work)
    latest = await queries.latest_version(work.db, family)
    if over and latest and over != str(latest.version):
        raise Invalid({"": OVERWRITTEN})
    if latest and latest.criteria == criteria:
        return latest
    made = CriteriaSet(
        family=family,
        version=latest.version + 1 if latest else 1,
        document=criteria.model_dump(mode="json"),
        person_id=work.who.id,
    )
    work.db.add(made)
    await work.db.flush()
    work.audit("pistes.criteria_kept", REGISTER, family=family, version=made.version)
    return made


async def create(work: Work, criteria: Criteria) -> CriteriaSet:
    """Keep a set that is no version of another; its short name, to which marks will refer, is made from its title."""
    await require_keeper(work)
    # The lock of the register: of two who take the same name at once, one takes the next.
    await open_register(work)
    taken = {each.family for each in await queries.criteria_sets(work.db)} | RESERVED
    return await keep(work, free_name(criteria.title, taken), criteria)


async def put_in_force(work: Work, chosen: CriteriaSet) -> None:
    """Rank by this version from now on; marks stay, each under the version that it was given by."""
    await require_keeper(work)
    register = await open_register(work)
    register.criteria_id = chosen.id
    work.audit("pistes.criteria_in_force", REGISTER, family=chosen.family, version=chosen.version)
    work.record(REGISTER, Verb.REGISTER_CHANGED, REGISTER.id)


async def decide_ties(work: Work, rule: TieRule, reason: str) -> None:
    """Say what decides between equals; an order by hand is given its reason."""
    await require_keeper(work)
    if rule is TieRule.MANUAL and not reason.strip():
        raise Invalid({"reason": "Dites pourquoi l’ordre est fixé à la main."})
    register = await open_register(work)
    register.tie_rule = rule
    register.tie_reason = reason.strip()[:300] if rule is TieRule.MANUAL else ""
    work.audit("pistes.ties_decided", REGISTER, rule=str(rule), reason=register.tie_reason)
    work.record(REGISTER, Verb.REGISTER_CHANGED, REGISTER.id)
