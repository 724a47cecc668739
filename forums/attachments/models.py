"""Files joined to posts, and those that wait for theirs."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Index, text
from sqlmodel import Field, SQLModel

from entente.clock import now
from entente.db import Moment
from entente.ids import new_id

MOST_PER_POST = 20
LONGEST_WORDS = 300


class Attachment(SQLModel, table=True):
    """A file that someone brought: it waits in a context until a post takes it."""

    __table_args__ = (
        Index("attachment_of_post", "post_id"),
        Index("attachment_of_owner", "owner_id", "context"),
        # What tidying looks for: what waits, and what was taken off.
        Index(
            "attachment_to_tidy",
            "created_at",
            sqlite_where=text("post_id IS NULL OR removed_at IS NOT NULL"),
            postgresql_where=text("post_id IS NULL OR removed_at IS NOT NULL"),
        ),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    owner_id: UUID = Field(foreign_key="person.id")
    post_id: UUID | None = Field(default=None, foreign_key="post.id")
    context: str = Field(max_length=60)
    """Where it was brought: the thread, the forum of a thread to come, or the post that is being corrected."""
    name: str = Field(max_length=120)
    label: str = Field(max_length=40)
    """What it is, in French: told from its bytes."""
    media_type: str = Field(max_length=100)
    size: int
    kept: str = Field(max_length=60, unique=True)
    """The name of its bytes in the store; a picture's thumbnail lies beside it."""
    width: int = 0
    height: int = 0
    """Of a picture; nothing else has any."""
    words: str = Field(default="", max_length=LONGEST_WORDS)
    """What a picture shows, for whoever does not see it."""
    created_at: datetime = Field(default_factory=now, sa_type=Moment)
    removed_at: datetime | None = Field(default=None, sa_type=Moment)
    """Since when it shows nowhere; its bytes go a day later."""
