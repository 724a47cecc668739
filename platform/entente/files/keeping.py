"""A file that someone brings: looked at, drawn again if it is a picture, written where files lie."""

from dataclasses import asdict, dataclass
from typing import IO, Any

from entente.files import kinds, pictures
from entente.files.pictures import Picture
from entente.files.store import Store
from entente.rules import Invalid

EMPTY = "Ce fichier est vide."


@dataclass(frozen=True)
class Kept:
    """What a room remembers of a file whose bytes are written."""

    name: str
    label: str
    """What it is, in French."""
    media_type: str
    size: int
    kept: str
    """The name of its bytes in the store."""
    width: int = 0
    height: int = 0
    """Of a picture; nothing else has any."""

    def columns(self) -> dict[str, Any]:
        """The columns of a row that names it."""
        return asdict(self)


def thumbnail_of(kept: str) -> str:
    """The name of the thumbnail that lies beside a picture."""
    return f"{kept}.webp"


def names_of(kept: str, width: int) -> list[str]:
    """Every name of the bytes of a file in the store."""
    return [kept, thumbnail_of(kept)] if width else [kept]


async def keep(store: Store, room: str, sent_name: str, source: IO[bytes], size: int) -> Kept:
    """Write a file under a new name; raises Invalid with the reason in `files` when nobody may bring such a file."""
    if not size:
        raise Invalid({"files": EMPTY})
    name = kinds.file_name(sent_name)
    picture = await pictures.drawn_again(source)
    if picture:
        return await _picture(store, room, name, picture)
    source.seek(0)
    kind = kinds.kind_of(source.read(kinds.HEAD), name)
    if kind.refusal:
        raise Invalid({"files": kind.refusal})
    source.seek(0)
    return Kept(name, kind.label, kind.media_type, size, await store.keep(room, source, size))


async def _picture(store: Store, room: str, name: str, picture: Picture) -> Kept:
    try:
        kept = await store.keep(room, picture.drawn, picture.size)
        await store.put(thumbnail_of(kept), picture.thumbnail, picture.thumbnail_size)
    finally:
        picture.close()
    true_name = kinds.file_name(name, pictures.EXTENSIONS[picture.media_type])
    return Kept(true_name, "Image", picture.media_type, picture.size, kept, picture.width, picture.height)
