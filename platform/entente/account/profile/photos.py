"""Photos: read from what they are, never from what they are called, and made anew.

What is kept is a square of 256 pixels that we drew ourselves: nothing of the original file remains, neither
where it was taken nor what it may have hidden.
"""

import asyncio
import time
import warnings
from io import BytesIO
from pathlib import Path
from uuid import UUID, uuid4

from PIL import Image, ImageOps

from entente.rules import Invalid

SIDE = 256
MOST_PIXELS = 40_000_000
MOST_BYTES = 12 * 1024 * 1024
KINDS = ("JPEG", "PNG", "WEBP")
ORPHAN_SECONDS = 24 * 3600

UNREADABLE = "Cette image est illisible\u00a0: choisissez une photo JPEG, PNG ou WebP."
TOO_LARGE = "Cette image est trop grande\u00a0: 40\u00a0millions de pixels au plus."
TOO_HEAVY = "Ce fichier est trop lourd\u00a0: 12\u00a0Mo au plus."


def folder_of(data_dir: Path) -> Path:
    """Where photos are kept."""
    return data_dir / "photos"


def path_of(data_dir: Path, photo: UUID) -> Path:
    """The file of a photo; its name is an id, so no one can choose it."""
    return folder_of(data_dir) / f"{photo}.webp"


async def keep(data_dir: Path, sent: bytes) -> UUID:
    """Draw a photo again and write it under a new name; raises Invalid with the reason.

    It is written before anyone is told: should the change fail, the file is an orphan, purged later.
    """
    return await asyncio.to_thread(_keep, data_dir, sent)


def _keep(data_dir: Path, sent: bytes) -> UUID:
    # Random, not in the order of time: its name says nothing of when it was made.
    photo = uuid4()
    drawn = redrawn(sent)
    folder_of(data_dir).mkdir(parents=True, exist_ok=True)
    place = path_of(data_dir, photo)
    half = place.with_suffix(".part")
    half.write_bytes(drawn)
    half.replace(place)
    return photo


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


def purge(data_dir: Path, kept: frozenset[UUID]) -> int:
    """Remove the files that nobody's profile names and that are a day old; returns how many."""
    folder = folder_of(data_dir)
    names = {str(photo) for photo in kept}
    gone = 0
    for file in folder.iterdir() if folder.is_dir() else ():
        is_old = time.time() - file.stat().st_mtime > ORPHAN_SECONDS
        if is_old and file.stem not in names:
            file.unlink(missing_ok=True)
            gone += 1
    return gone
