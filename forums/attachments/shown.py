"""Files as everybody sees them, with the posts they belong to."""

from collections.abc import Collection
from typing import Any, NamedTuple
from uuid import UUID

from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from entente.db import rows
from entente.files.pictures import SIDE
from entente.web.uploads import in_words
from forums.attachments.models import Attachment


class ShownFile(NamedTuple):
    """A file as everybody sees it."""

    id: UUID
    name: str
    label: str
    size: int
    width: int
    height: int
    words: str

    @property
    def weight(self) -> str:
        """How heavy it is, said aloud."""
        return in_words(self.size)

    @property
    def address(self) -> str:
        """Where it is handed out."""
        return f"/forums/fichiers/{self.id}"

    @property
    def is_picture(self) -> bool:
        """Whether it shows in the post."""
        return self.width > 0

    @property
    def thumbnail_width(self) -> int:
        """How wide its thumbnail is: the page keeps its place before it comes."""
        return round(self.width * self._scale)

    @property
    def thumbnail_height(self) -> int:
        """How high its thumbnail is."""
        return round(self.height * self._scale)

    @property
    def _scale(self) -> float:
        return min(1, SIDE / max(self.width, self.height, 1))


SHOWN: Any = (
    col(Attachment.id),
    Attachment.name,
    Attachment.label,
    Attachment.size,
    Attachment.width,
    Attachment.height,
    Attachment.words,
)


async def files_of(db: AsyncSession, post_ids: Collection[UUID]) -> dict[UUID, tuple[ShownFile, ...]]:
    """The files of these posts, in the order in which they came: one question for a whole page."""
    query = (
        rows(*SHOWN, Attachment.post_id)
        .where(col(Attachment.post_id).in_(post_ids), col(Attachment.removed_at).is_(None))
        .order_by(col(Attachment.id))
    )
    found: dict[UUID, tuple[ShownFile, ...]] = {}
    for *shown, post_id in await db.execute(query):
        found[post_id] = (*found.get(post_id, ()), ShownFile(*shown))
    return found
