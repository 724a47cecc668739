"""Photos: read from what they are, never from what they are called, and made anew.

What is kept is a square of 256 pixels that we drew ourselves: nothing of the original file remains, neither
where it was taken nor what it may have hidden.
"""

import asyncio
import warnings
from datetime import timedelta
from io import BytesIO
from pathlib import Path
from uuid import UUID, uuid4

from PIL import Image, ImageOps

from entente.clock import now
from entente.files.store import Away, Store
from entente.house import House
from entente.rules import Invalid, NotFound

SIDE = 256
MOST_PIXELS = 40_000_000
MOST_BYTES = 12 * 1024 * 1024
KINDS = ("JPEG", "PNG", "WEBP")
ROOM = FORMER_FOLDER = "photos"
ORPHAN = timedelta(days=1)

UNREADABLE = "Cette image est illisible\u00a0: choisissez une photo JPEG, PNG ou WebP."
TOO_LARGE = "Cette image est trop grande\u00a0: 40\u00a0millions de pixels au plus."
TOO_HEAVY = "Ce fichier est trop lourd\u00a0: 12\u00a0Mo au plus."
AWAY = "L’endroit où sont gardées les photos ne répond pas\u00a0: réessayez dans un instant."


def name_of(photo: UUID) -> str:
    """The name of a photo in the store; it is an id, so no one can choose it."""
    return f"{ROOM}/{photo}.webp"


async def keep(store: Store, sent: bytes) -> UUID:
    """Draw a photo again and write it under a new name; raises Invalid with the reason.

    It is written before anyone is told: should the change fail, the file is an orphan, purged later.
    """
    # Random, not in the order of time: its name says nothing of when it was made.
    photo = uuid4()
    drawn = await asyncio.to_thread(redrawn, sent)
    try:
        await store.put(name_of(photo), BytesIO(drawn), len(drawn))
    except Away:
        raise Invalid({"photo": AWAY}) from None
    return photo


async def read(house: House, photo: UUID) -> bytes:
    """A photo whole: a few kilobytes; NotFound when nobody has it."""
    try:
        _, pieces = await house.files.read(name_of(photo))
        return b"".join([piece async for piece in pieces])
    except NotFound:
        return await _read_former(former_place(house.settings.data_dir, photo))


async def remove(house: House, photo: UUID) -> None:
    """Forget a photo, wherever it lies; one that is gone is gone."""
    await house.files.remove([name_of(photo)])
    await asyncio.to_thread(former_place(house.settings.data_dir, photo).unlink, missing_ok=True)


def former_place(data_dir: Path, photo: UUID) -> Path:
    """Where a photo lay until 0.4: in a folder that one machine alone could read; see `former`."""
    return data_dir / FORMER_FOLDER / f"{photo}.webp"


async def _read_former(place: Path) -> bytes:
    try:
        return await asyncio.to_thread(place.read_bytes)
    except FileNotFoundError:
        raise NotFound from None


def redrawn(sent: bytes) -> bytes:
    """The same picture, square, small, upright, and without its past."""
    try:
        with warnings.catch_warnings(), Image.open(BytesIO(sent), formats=KINDS) as picture:
            # Pillow warns of bombs from 89 million pixels on; our own limit comes first.
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            # The header says the size: refused before a single pixel is decoded.
            if picture.width * picture.height > MOST_PIXELS:
                raise Invalid({"photo": TOO_LARGE})
            picture.draft("RGB", (SIDE * 2, SIDE * 2))
            upright = ImageOps.exif_transpose(picture)
            return _square(upright)
    except Image.DecompressionBombError:
        raise Invalid({"photo": TOO_LARGE}) from None
    except Invalid:
        raise
    except Exception:
        # A broken file breaks decoders in many ways (OSError, ValueError, SyntaxError, struct.error…).
        raise Invalid({"photo": UNREADABLE}) from None


def _square(picture: Image.Image) -> bytes:
    small = ImageOps.fit(picture.convert("RGBA"), (SIDE, SIDE))
    # A new canvas: what the file said of itself (EXIF, GPS, profiles, comments) stays behind.
    canvas = Image.new("RGB", (SIDE, SIDE), "white")
    canvas.paste(small, mask=small)
    drawn = BytesIO()
    canvas.save(drawn, "WEBP", quality=82)
    return drawn.getvalue()


async def purge(store: Store, kept: frozenset[UUID]) -> None:
    """Remove the files that nobody's profile names and that are a day old."""
    names = {name_of(photo) for photo in kept}
    await store.remove([name async for name, at in store.names(ROOM) if now() - at > ORPHAN and name not in names])
