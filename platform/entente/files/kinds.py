"""What a file is, told from its bytes; what it is called only chooses among the names that its bytes allow."""

import re
from dataclasses import dataclass
from pathlib import PurePosixPath
from urllib.parse import quote

import puremagic

from entente.text import clean_name

HEAD = 8192
"""How many of its first bytes tell what a file is."""
LONGEST_NAME = 120
OCTETS = "application/octet-stream"

PROGRAM = "Les programmes ne peuvent pas être joints. Mettez un lien vers l’endroit où on le télécharge."
PICTURE = "Ce format d’image n’est pas accepté\u00a0: enregistrez-la en JPEG, PNG, WebP ou GIF, puis joignez-la."


@dataclass(frozen=True)
class Kind:
    """How a file is called on screen, and as what it is handed out."""

    label: str
    media_type: str = OCTETS
    refusal: str = ""
    """Why nobody may bring such a file, in French; empty when they may."""


_OOXML, _ODF = "application/vnd.openxmlformats-officedocument", "application/vnd.oasis.opendocument"
_KNOWN = {
    ".pdf": Kind("PDF", "application/pdf"),
    ".docx": Kind("Document Word", f"{_OOXML}.wordprocessingml.document"),
    ".xlsx": Kind("Classeur Excel", f"{_OOXML}.spreadsheetml.sheet"),
    ".pptx": Kind("Présentation PowerPoint", f"{_OOXML}.presentationml.presentation"),
    ".odt": Kind("Document OpenDocument", f"{_ODF}.text"),
    ".ods": Kind("Classeur OpenDocument", f"{_ODF}.spreadsheet"),
    ".odp": Kind("Présentation OpenDocument", f"{_ODF}.presentation"),
    ".doc": Kind("Document Word", "application/msword"),
    ".xls": Kind("Classeur Excel", "application/vnd.ms-excel"),
    ".ppt": Kind("Présentation PowerPoint", "application/vnd.ms-powerpoint"),
    ".zip": Kind("Archive ZIP", "application/zip"),
    ".7z": Kind("Archive 7z"),
    ".dwg": Kind("Plan DWG"),
    ".rtf": Kind("Texte mis en forme", "application/rtf"),
}
_TEXTS = {
    ".csv": Kind("Tableau CSV", "text/csv; charset=utf-8"),
    ".ics": Kind("Rendez-vous", "text/calendar; charset=utf-8"),
}
_ZIPPED = (".docx", ".xlsx", ".pptx", ".odt", ".ods", ".odp", ".zip")
_OFFICE = (".doc", ".xls", ".ppt")
_PICTURES = ("image/heic", "image/heif", "image/avif", "image/tiff", "image/bmp", "image/x-ms-bmp")

# What a system runs when it is opened, whatever it holds: here the name is what is dangerous.
_RUN = re.compile(
    r"\.(apk|app|appimage|bat|cmd|com|cpl|deb|dll|dmg|exe|hta|jar|jnlp|jse?|lnk|ms[cip]|msix|pif|psm?1|reg|rpm|scr|sh"
    r"|sys|url|vb[es]?|ws[fh])",
)
_PROGRAMS = (b"MZ", b"\x7fELF", b"\xca\xfe\xba\xbe", b"\xfe\xed\xfa\xce", b"\xfe\xed\xfa\xcf", b"\xcf\xfa\xed\xfe")
_MARKUP = (
    (re.compile(rb"<svg[\s>]", re.I), "Dessin SVG"),
    (re.compile(rb"<(?:!doctype html|html|head|body|script|iframe)[\s>]", re.I), "Page web"),
    (re.compile(rb"^\s*<\?xml|^\s*<[a-z!]", re.I), "Document XML"),
)


def kind_of(head: bytes, name: str) -> Kind:
    """What a file that is not one of our pictures is, from its first bytes."""
    extension = PurePosixPath(name.lower()).suffix
    is_text = _is_text(head)
    if head.startswith(b"#!" if is_text else _PROGRAMS) or _RUN.fullmatch(extension):
        return Kind("Programme", refusal=PROGRAM)
    told = _told(head)
    if any(media_type in _PICTURES for media_type in told.values()) or b"ftyphei" in head[:32]:
        return Kind("Image", refusal=PICTURE)
    if is_text:
        return _text(head, extension)
    # One wrapping for many kinds: here the name chooses, among those that the bytes allow.
    for family, otherwise in ((_ZIPPED, _KNOWN[".zip"]), (_OFFICE, Kind("Fichier"))):
        if told.keys() & set(family):
            return _KNOWN[extension] if extension in family else otherwise
    return next((_KNOWN[each] for each in told if each in _KNOWN), Kind("Fichier"))


def _told(head: bytes) -> dict[str, str]:
    """The endings that these bytes allow, each with its type."""
    try:
        return {each.extension: each.mime_type for each in puremagic.magic_string(head)}
    except (puremagic.PureError, ValueError):
        return {}


def _is_text(head: bytes) -> bool:
    return b"\0" not in head and not re.search(rb"[\x01-\x08\x0e-\x1a\x1c-\x1f]", head) and not head.startswith(b"%PDF")


def _text(head: bytes, extension: str) -> Kind:
    # Never shown by a browser: handed out as bytes to save, whatever its name says.
    for pattern, label in _MARKUP:
        if pattern.search(head.removeprefix(b"\xef\xbb\xbf")):
            return Kind(label)
    return _TEXTS.get(extension, Kind("Texte", "text/plain; charset=utf-8"))


def file_name(sent: str, extension: str = "") -> str:
    """A name that any system can save, on one line, without a path and without anything unseen."""
    last = re.split(r"[/\\]", sent)[-1]
    clean = re.sub(r'[<>:"|?*]', "_", clean_name(last)).strip(" .")
    stem, dot, ending = clean.rpartition(".")
    if not dot:
        stem, ending = clean, ""
    ending = extension.lstrip(".") or ending[:16]
    stem = stem[: LONGEST_NAME - len(ending) - 1].rstrip(" .") or "fichier"
    return f"{stem}.{ending}" if ending else stem


def disposition(name: str, is_inline: bool = False) -> str:
    """How a browser is told to save a file, for those that read UTF-8 (RFC 6266, 5987) and those that do not."""
    plain = re.sub(r'[^\x20-\x7e]|["\\%]', "_", name)
    return f"{'inline' if is_inline else 'attachment'}; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"
