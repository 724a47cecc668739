"""Bringing a file in, all of it or nothing, and taking the same file out."""

from collections import Counter
from datetime import date

from sqlmodel.ext.asyncio.session import AsyncSession

from entente import clock
from entente.clock import now
from entente.rules import Invalid
from entente.web.words import long_date
from entente.work import Work
from pistes.criteria.service import open_register
from pistes.gates import require_keeper
from pistes.imports import queries as registers
from pistes.imports.bringing import Bringing
from pistes.imports.readers import Kind, Read, read
from pistes.imports.rules import Judged, Known, Outcome, judge
from pistes.models import Register, TieRule
from pistes.stories import REGISTER, Verb

SHOWN = 8
"""How many wrong lines the answer names; the preview shows them all."""


async def examine(db: AsyncSession, text: str) -> tuple[Kind, list[Judged]]:
    """What each line of the file would do."""
    known = await registers.known(db)
    found = read(text, known.criteria.keys)
    return found.kind, judge(found, known)


async def bring_in(work: Work, text: str, since: date | None = None, reason: str = "") -> list[Judged]:
    """Do what every line says, or nothing at all: one wrong line refuses the file.

    `since` dates the marks and the positions (today); `reason` is why the order of the file holds between equals.
    """
    if work.someone is not None:
        await require_keeper(work)
    register = await open_register(work)
    known = await registers.known(work.db)
    found = read(text, known.criteria.keys)
    judged = judge(found, known)
    _refuse_wrong(judged)
    chosen = [each for each in judged if each.outcome in (Outcome.NEW, Outcome.CHANGED)]
    if chosen:
        _order_by_file(register, found, known, reason)
        await Bringing(work, known, found.kind, since or clock.today()).do(chosen, judged)
        work.record(REGISTER, Verb.REGISTER_CHANGED, REGISTER.id)
    counts = Counter(str(each.outcome) for each in judged)
    work.audit("pistes.imported", REGISTER, kind=str(found.kind), **counts)
    return judged


def _refuse_wrong(judged: list[Judged]) -> None:
    wrong = [each for each in judged if each.outcome is Outcome.WRONG]
    if wrong:
        said = [f"Ligne {each.line.number}\u00a0: {' '.join(each.said)}" for each in wrong[:SHOWN]]
        more = [f"… et {len(wrong) - SHOWN} autres."] if len(wrong) > SHOWN else []
        raise Invalid({"file": "\n".join(["Rien n’a été importé.", *said, *more])})


def _order_by_file(register: Register, found: Read, known: Known, reason: str) -> None:
    """The first list that comes in gives its order to equals; a later one does not change the rule."""
    is_first = not any(place.rank is not None for place in known.places.values())
    if found.kind is Kind.LIST and is_first:
        register.tie_rule = TieRule.MANUAL
        register.tie_reason = reason or f"Ordre du fichier importé le {long_date(now())}"
