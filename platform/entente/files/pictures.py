"""Pictures: read from what they are, never from what they are called, and drawn anew.

What is kept is what we drew: neither where a photo was taken nor what a file may have hidden behind its pixels.
"""

import asyncio
import warnings
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from tempfile import SpooledTemporaryFile
from typing import IO

from PIL import Image, ImageOps, ImageSequence, UnidentifiedImageError

from entente.rules import Invalid

MOST_PIXELS = 40_000_000
MOST_MOVING_PIXELS = 100_000_000
"""Of all the images of an animation together."""
MOST_FRAMES = 300
SIDE = 640
SPOOL = 1024 * 1024

UNREADABLE = "Cette image est illisible\u00a0: ouvrez-la sur votre appareil, enregistrez-la de nouveau, et joignez-la."
TOO_LARGE = "Cette image est trop grande\u00a0: 40\u00a0millions de pixels au plus."
TOO_LONG = "Cette animation est trop longue\u00a0: 300\u00a0images et 100\u00a0millions de pixels en tout, au plus."

_FORMATS = {
    "JPEG": ("image/jpeg", ".jpg", {"quality": 88, "optimize": True}),
    "PNG": ("image/png", ".png", {}),
    "WEBP": ("image/webp", ".webp", {"quality": 85}),
    "GIF": ("image/gif", ".gif", {}),
}
EXTENSIONS = {media_type: extension for media_type, extension, _ in _FORMATS.values()}
_one_at_a_time = ThreadPoolExecutor(1, "pictures")
"""Decoded, a picture weighs up to 160 MB: a process holds one."""


@dataclass(frozen=True)
class Picture:
    """A picture as we drew it, and its thumbnail in WebP."""

    drawn: IO[bytes]
    size: int
    thumbnail: IO[bytes]
    thumbnail_size: int
    media_type: str
    width: int
    height: int

    def close(self) -> None:
        """Let go of what it holds."""
        self.drawn.close()
        self.thumbnail.close()


async def drawn_again(source: IO[bytes]) -> Picture | None:
    """The same picture without its past; none if this is no picture, Invalid if it cannot be read."""
    loop = asyncio.get_running_loop()
    return await loop.run_in_executor(_one_at_a_time, _draw, source)


def _draw(source: IO[bytes]) -> Picture | None:
    source.seek(0)
    with warnings.catch_warnings():
        # Pillow warns of bombs from 89 million pixels on, and refuses them at twice that: our own limit comes first.
        warnings.simplefilter("ignore", Image.DecompressionBombWarning)
        try:
            # Bounded by the header alone: not one pixel is decoded before its size is known.
            picture = Image.open(source, formats=tuple(_FORMATS))
        except UnidentifiedImageError:
            _require_no_picture(source)
            return None
        except Image.DecompressionBombError:
            raise Invalid({"files": TOO_LARGE}) from None
        except Exception:
            raise Invalid({"files": UNREADABLE}) from None
        try:
            with picture:
                return _again(picture)
        except Invalid:
            raise
        except Exception:
            # A broken file breaks decoders in many ways (OSError, ValueError, SyntaxError, struct.error…).
            raise Invalid({"files": UNREADABLE}) from None


def _require_no_picture(source: IO[bytes]) -> None:
    # What begins as a picture and is none is broken, or lies.
    source.seek(0)
    if source.read(12).startswith((b"GIF8", b"\x89PNG", b"\xff\xd8\xff")):
        raise Invalid({"files": UNREADABLE})


def _again(picture: Image.Image) -> Picture:
    if picture.width * picture.height > MOST_PIXELS:
        raise Invalid({"files": TOO_LARGE})
    # A telephone may put several pictures in one JPEG (MPO): the first one is the photo.
    form = "JPEG" if picture.format == "MPO" else picture.format or ""
    media_type, _, options = _FORMATS[form]
    frames = _frames(picture) if form != "JPEG" and getattr(picture, "is_animated", False) else [_clean(picture)]
    first, moves = frames[0], len(frames) > 1
    drawn = SpooledTemporaryFile(SPOOL)  # noqa: SIM115 - closed by whoever keeps it
    about = {**options, "save_all": True, "append_images": frames[1:], "loop": 0} if moves else options
    if moves:
        about = {**about, "duration": [frame.info["duration"] for frame in frames]}
    first.save(drawn, form, **about)
    size = drawn.tell()
    drawn.seek(0)
    small = first.convert("RGBA" if first.mode in ("RGBA", "LA", "P") else "RGB")
    small.thumbnail((SIDE, SIDE))
    thumbnail = SpooledTemporaryFile(SPOOL)  # noqa: SIM115
    small.save(thumbnail, "WEBP", quality=80)
    thumbnail_size = thumbnail.tell()
    thumbnail.seek(0)
    return Picture(drawn, size, thumbnail, thumbnail_size, media_type, first.width, first.height)


def _frames(picture: Image.Image) -> list[Image.Image]:
    """Every image of an animation, as long as they are not too many; each is counted before the next is decoded."""
    area = picture.width * picture.height
    frames: list[Image.Image] = []
    for frame in ImageSequence.Iterator(picture):
        if len(frames) == MOST_FRAMES or area * (len(frames) + 1) > MOST_MOVING_PIXELS:
            raise Invalid({"files": TOO_LONG})
        duration = frame.info.get("duration")
        clean = _clean(frame)
        clean.info["duration"] = int(duration) if isinstance(duration, int | float) and duration > 0 else 100
        frames.append(clean)
    return frames


def _clean(picture: Image.Image) -> Image.Image:
    """Its pixels, upright, and nothing that the file said of itself (EXIF, GPS, profiles, comments)."""
    upright = ImageOps.exif_transpose(picture)
    if picture.format in ("JPEG", "MPO") or upright.mode in ("1", "L"):
        mode = "L" if upright.mode in ("1", "L") else "RGB"
    else:
        mode = "RGBA" if upright.has_transparency_data else "RGB"
    clean = upright.convert(mode) if upright.mode != mode else upright.copy()
    clean.info = {}
    return clean
