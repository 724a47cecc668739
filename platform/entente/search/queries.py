"""Asking the index: what answers, among what this person may read."""

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import (
    ColumnElement,
    Integer,
    Select,
    String,
    bindparam,
    cast,
    func,
    literal,
    literal_column,
    or_,
    select,
    table,
)
from sqlalchemy.dialects.postgresql import TSQUERY
from sqlalchemy.orm import aliased
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from entente.db import is_embedded, rows
from entente.people.who import Who
from entente.prepared import Asked as Prepared
from entente.prepared import prepared
from entente.search.asked import Asked
from entente.search.findable import Findable
from entente.search.models import SearchDocument
from entente.search.ranking import Candidate

MOST = 1_000
"""How many documents are ranked: of a word that is everywhere, the newest."""
WINDOWS = (20_000, 200_000)
"""How far back PostgreSQL looks at first. It has no index by words that is also in order of time: of a word said
everywhere, it would fetch and sort half a million rows to keep a thousand."""


_SEARCH_WORDS = table("search_words")
_CANDIDATE: Any = aliased(SearchDocument, name="candidate")
"""Made once: to copy every column of the index for each question took a fifth of it."""


class Answers(NamedTuple):
    """The documents that answer a question, in no order."""

    candidates: Sequence[Candidate] = ()
    is_bounded: bool = False
    """Whether more answer than were taken."""
    is_partial: bool = False
    """Whether nothing holds every word, and these hold some."""


async def find(
    db: AsyncSession, who: Who, asked: Asked, findables: Sequence[Findable], chosen: Mapping[str, str]
) -> Answers:
    """What this person may read that answers: every word, or, when nothing holds them all, some of them."""
    if asked.is_empty:
        return Answers()
    answers = await _answers(db, who, asked, findables, chosen, any_word=False)
    if answers.candidates or len(asked.words) == 1 or asked.together:
        return answers
    return await _answers(db, who, asked, findables, chosen, any_word=True)


async def _answers(
    db: AsyncSession, who: Who, asked: Asked, findables: Sequence[Findable], chosen: Mapping[str, str], any_word: bool
) -> Answers:
    found: list[Candidate] = []
    is_bounded = False
    sentence, floors = await _sentence(db, asked, any_word)
    for findable in findables:
        question, values = _asking_in(is_embedded(db), who, asked, findable, chosen)
        candidates = await _candidates(db, findable.kind, question, {**values, "sentence": sentence}, floors)
        is_bounded |= len(candidates) > MOST
        found += candidates[:MOST]
    return Answers(found, is_bounded, any_word)


async def _sentence(db: AsyncSession, asked: Asked, any_word: bool) -> tuple[str, Sequence[int]]:
    """What the index of this home is asked, and how far back it looks in turn."""
    if is_embedded(db):
        return _for_sqlite(asked, any_word), [0]
    return _for_postgresql(asked, any_word), await _floors(db)


def _asking_in(is_embedded: bool, who: Who, asked: Asked, findable: Findable, chosen: Mapping[str, str]) -> Prepared:
    narrowings = [
        *(_holds(_CANDIDATE, words) for words in asked.together),
        *(each.where(_CANDIDATE, chosen[each.name], who) for each in findable.filters if chosen.get(each.name)),
    ]
    return (
        (_question(findable, who, is_embedded, narrowings), {}) if narrowings else _asking(findable, is_embedded)(who)
    )


async def _candidates(
    db: AsyncSession, kind: str, question: Any, values: Mapping[str, Any], floors: Sequence[int]
) -> list[Candidate]:
    found: Sequence[Any] = ()
    for floor in floors:
        found = (await db.execute(question, {**values, "floor": floor})).all()
        if len(found) > MOST:
            break
    return [Candidate(kind, *row) for row in found]


@cache
def _asking(findable: Findable, is_embedded: bool) -> Callable[[Who], Prepared]:
    """The question of most people, who only type words: built once."""
    return prepared(lambda who: _question(findable, who, is_embedded))


_LAST = rows(func.max(SearchDocument.id))


async def _floors(db: AsyncSession) -> list[int]:
    last = (await db.execute(_LAST)).scalar_one() or 0
    return [*(last - window for window in WINDOWS if window < last), 0]


def _question(
    findable: Findable, who: Who, is_embedded: bool, narrowings: Sequence[ColumnElement[bool]] = ()
) -> Select[Any]:
    """First what the index knows, bounded; then, of that, what this person may read as things are now.

    It is asked with a `sentence`, which says the words to the index, and a `floor`, which says how far back.
    """
    first = _CANDIDATE
    wheres = [first.subject_kind == findable.kind, first.scope_id.in_(findable.scopes(who)), *narrowings]
    inner = (_in_sqlite if is_embedded else _in_postgresql)(first, wheres)
    document = SearchDocument
    columns: Any = (
        document.subject_id,
        document.group_id,
        document.at,
        document.is_head,
        document.title_terms,
        document.terms,
        document.size,
    )
    kept = select(inner.subquery().c.id)
    return (
        rows(*columns)
        .where(col(document.id).in_(kept), findable.stands(document, who))
        .order_by(col(document.id).desc())
    )


def _holds(document: Any, words: Sequence[str]) -> ColumnElement[bool]:
    """Whether these words stand side by side; terms have no letter that LIKE would take for another."""
    together = literal(f"% {' '.join(words)} %", String)
    held: Any = " " + document.title_terms + " ", " " + document.terms + " "
    return or_(*(each.like(together) for each in held))


def _for_sqlite(asked: Asked, any_word: bool) -> str:
    sentence = (" OR " if any_word else " AND ").join(f'"{word}"' for word in asked.words)
    if asked.without:
        without = " OR ".join(f'"{word}"' for word in asked.without)
        sentence = f"({sentence}) NOT ({without})"
    return sentence


def _in_sqlite(document: Any, wheres: Sequence[ColumnElement[bool]]) -> Select[Any]:
    """FTS5 gives its rows newest first, one by one, for as long as they are wanted."""
    words: Any = literal_column("search_words")
    sentence = bindparam("sentence", type_=String())
    rowid: Any = literal_column("search_words.rowid")
    return (
        select(document.id)
        .select_from(_SEARCH_WORDS)
        .join(document, document.id == rowid)
        .where(
            words.op("MATCH")(sentence),
            rowid > bindparam("floor", type_=Integer()),
            *wheres,
        )
        .order_by(rowid.desc())
        .limit(MOST + 1)
    )


def _for_postgresql(asked: Asked, any_word: bool) -> str:
    sentence = (" | " if any_word else " & ").join(f"'{word}'" for word in asked.words)
    if asked.without:
        without = " | ".join(f"'{word}'" for word in asked.without)
        sentence = f"({sentence}) & !({without})"
    return sentence


def _in_postgresql(document: Any, wheres: Sequence[ColumnElement[bool]]) -> Select[Any]:
    # In the statement rather than beside it: PostgreSQL soon plans a prepared question for any words and any limit,
    # and then reads whole tables for a word that hardly anybody says. Terms are letters and figures, nothing else.
    words: Any = literal_column("candidate.search_lexemes")
    wanted = cast(bindparam("sentence", type_=String(), literal_execute=True), TSQUERY)
    most = bindparam("most", MOST + 1, Integer, literal_execute=True)
    hits = (
        select(document.id)
        .where(
            words.op("@@")(wanted),
            document.id > bindparam("floor", type_=Integer(), literal_execute=True),
            *wheres,
        )
        # A fence: without it the planner may walk the whole table newest first, hoping to meet enough answers soon.
        .offset(0)
        .subquery()
    )
    return select(hits.c.id).order_by(hits.c.id.desc()).limit(most)
