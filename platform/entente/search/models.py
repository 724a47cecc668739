"""The index: what can be found, as terms. Derived from what rooms hold, it can be made again at any time."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import UniqueConstraint
from sqlmodel import Field, SQLModel

from entente.db import Moment

MADE_BY_HAND = frozenset({"search_lexemes", "search_document_lexemes", "search_words"})
"""What migrations write by hand beside these tables, each on its own home: PostgreSQL's column of lexemes and its
index, SQLite's FTS5 table. The models do not know them."""


class SearchDocument(SQLModel, table=True):
    """One thing that can be found, under its terms; its words stay where they were written."""

    __tablename__ = "search_document"
    # The id first: SQLite must begin with the words, not with everything of one kind.
    __table_args__ = (UniqueConstraint("subject_id", "subject_kind", name="search_document_subject"),)

    id: int | None = Field(default=None, primary_key=True)
    subject_id: UUID
    subject_kind: str = Field(max_length=40)
    scope_id: UUID
    """What decides who may read it: for a post, its forum."""
    group_id: UUID
    """What it is shown with: for a post, its thread."""
    author_id: UUID | None = None
    at: datetime = Field(sa_type=Moment)
    is_head: bool = False
    """Whether the title is its own, rather than that of the conversation it belongs to."""
    title_terms: str = ""
    terms: str = ""
    size: int = 0
    """How many terms it holds."""


class SearchState(SQLModel, table=True):
    """How far the making of the index has come, for one kind of thing."""

    __tablename__ = "search_state"

    subject_kind: str = Field(max_length=40, primary_key=True)
    analysis: int
    """Which understanding of French made it."""
    reached: UUID | None = None
    """The last thing that an interrupted making had reached."""
    done_at: datetime | None = Field(default=None, sa_type=Moment)
