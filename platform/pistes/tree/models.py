"""The tree of annex 1: every row is a place in it."""

from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, text
from sqlmodel import Field, SQLModel

from entente.db import Word
from entente.ids import new_id


class NodeKind(StrEnum):
    """What stands at a place."""

    OBJECTIF = "objectif"
    DECLINAISON = "declinaison"
    PISTE = "piste"
    """A piste under a declinaison, a sous-piste under another piste."""


class Node(SQLModel, table=True):
    """A place in the tree; a piste that stands at several places has several."""

    __tablename__ = "piste_node"
    __table_args__ = (
        CheckConstraint("(kind = 'piste') = (piste_id IS NOT NULL)", name="piste_node_kind"),
        CheckConstraint("(kind = 'objectif') = (parent_id IS NULL)", name="piste_node_root"),
        CheckConstraint("parent_id IS NULL OR parent_id <> id", name="piste_node_self"),
        Index(
            "piste_node_once",
            "parent_id",
            "piste_id",
            unique=True,
            sqlite_where=text("piste_id IS NOT NULL"),
            postgresql_where=text("piste_id IS NOT NULL"),
        ),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    parent_id: UUID | None = Field(default=None, foreign_key="piste_node.id", index=True)
    kind: NodeKind = Field(sa_type=Word)
    label: str = Field(default="", max_length=200)
    """Of an objectif or a declinaison; a piste has its own title."""
    key: str = Field(default="", max_length=200)
    piste_id: UUID | None = Field(default=None, foreign_key="piste.id", index=True)
    place: int = 0
    """Order among the places under the same parent."""
    rank: int | None = None
    """Its row in the list that is ranked, in the order given by hand; none for what stands in the tree alone."""
    printed: str = Field(default="", max_length=400)
    """The declinaison as the file prints it, when that is not its label."""
    printed_title: str = Field(default="", max_length=200)
    """The title as the tree prints it, when that is not the title of the piste."""
    printed_mark: int | None = None
    """The figure printed in the tree beside it."""
    source_line: int | None = None
    note: str = Field(default="", max_length=500)


class Spelling(SQLModel, table=True):
    """Another way to write the label of a node: files that use it mean that node."""

    __tablename__ = "piste_spelling"

    key: str = Field(max_length=200, primary_key=True)
    node_id: UUID = Field(foreign_key="piste_node.id")
    label: str = Field(max_length=200)
