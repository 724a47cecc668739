"""Real files, made here: what people bring, and what someone might bring to do harm."""

import struct
import zipfile
import zlib
from io import BytesIO

from PIL import Image

SECRET_PLACE = "Chemin du secret"
LONG_AGO = (2016, 9, 6, 8, 35, 0)
"""The same bytes each time."""


def photo(side: int = 800, place: str = SECRET_PLACE) -> bytes:
    """A JPEG as a telephone makes it: turned on its side, with where and with what it was taken."""
    picture = Image.effect_mandelbrot((side, side // 2), (-3, -2.5, 2, 2.5), 20).convert("RGB")
    exif = Image.Exif()
    exif[0x0112] = 6
    exif[0x010F] = place
    gps = exif.get_ifd(0x8825)
    gps[1], gps[2], gps[3], gps[4] = "N", (45.0, 39.0, 0.0), "E", (0.0, 9.0, 0.0)
    written = BytesIO()
    picture.save(written, "JPEG", exif=exif, comment=place.encode())
    return written.getvalue()


def drawing(form: str = "PNG", size: tuple[int, int] = (1200, 900)) -> bytes:
    """A plain picture."""
    written = BytesIO()
    Image.new("RGB", size, "teal").save(written, form)
    return written.getvalue()


def moving(frames: int = 3, size: tuple[int, int] = (60, 40)) -> bytes:
    """An animation."""
    images = [Image.new("RGB", size, (number * 40 % 256, 90, number)) for number in range(frames)]
    written = BytesIO()
    images[0].save(written, "GIF", save_all=True, append_images=images[1:], duration=80, loop=0)
    return written.getvalue()


def png_bomb(side: int = 50_000) -> bytes:
    """A few bytes that say they are 2.5 thousand million pixels."""
    rows = zlib.compress(b"\0" * 10_000)
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        _chunk(kind, data)
        for kind, data in (
            (b"IHDR", struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)),
            (b"IDAT", rows),
            (b"IEND", b""),
        )
    )


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


SVG = b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"><script>alert(1)</script></svg>'
HTML = b"<!doctype html><html><script>alert(document.cookie)</script></html>"
XML = b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY y SYSTEM "file:///etc/passwd">]><x>&y;</x>'
PDF = b"%PDF-1.7\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"
CSV = "lot;quantité\nsel;40 t\n".encode()
PROGRAM = b"MZ\x90\0" + b"\0" * 200
SCRIPT = b"#!/bin/sh\nrm -rf /\n"
HEIC = b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + b"\0" * 64
GIF_AND_SCRIPT = b"GIF89a/*" + b"\0" * 20 + b"*/=1;alert(1)//"
OLD_OFFICE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 504


def gif_with_script_behind() -> bytes:
    """An animation that shows, followed by a script that a browser might be led to run."""
    return moving() + b"\n*/alert(1)//"


def archive(**files: str) -> bytes:
    """A ZIP."""
    written = BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as made:
        for name, text in (files or {"lisez-moi.txt": "bonjour"}).items():
            made.writestr(zipfile.ZipInfo(name, LONG_AGO), text)
    return written.getvalue()


def docx() -> bytes:
    """The least that Word opens."""
    return archive(**{"[Content_Types].xml": "<Types/>", "_rels/.rels": "<R/>", "word/document.xml": "<w:document/>"})


def odt() -> bytes:
    """The least that LibreOffice opens: its type comes first, uncompressed."""
    written = BytesIO()
    with zipfile.ZipFile(written, "w") as made:
        made.writestr(zipfile.ZipInfo("mimetype", LONG_AGO), "application/vnd.oasis.opendocument.text")
        made.writestr(zipfile.ZipInfo("content.xml", LONG_AGO), "<office:document-content/>")
    return written.getvalue()
