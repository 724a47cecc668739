"""Atom documents (RFC 4287), made element by element: whatever people write, the document stays well-formed."""

from collections.abc import Sequence
from datetime import UTC, datetime
from uuid import UUID
from xml.etree.ElementTree import Element, SubElement, register_namespace, tostring

from forums.addresses import permanent
from forums.atom.queries import Said

ATOM = "http://www.w3.org/2005/Atom"
_BASE = "{http://www.w3.org/XML/1998/namespace}base"
_LANG = "{http://www.w3.org/XML/1998/namespace}lang"
register_namespace("", ATOM)


def document(
    *, id_: UUID, title: str, here: str, page: str, base: str, since: datetime, entries: Sequence[Said]
) -> bytes:
    """A whole feed; `here` is its own address and `page` where people read the same."""
    feed = Element(_name("feed"), {_LANG: "fr"})
    _text(feed, "id", id_.urn)
    _text(feed, "title", title)
    _text(feed, "updated", _moment(max((_changed(said) for said in entries), default=since)))
    SubElement(feed, _name("link"), rel="self", type="application/atom+xml", href=here)
    SubElement(feed, _name("link"), rel="alternate", type="text/html", href=page)
    for said in entries:
        _entry(feed, said, base)
    written: bytes = tostring(feed, encoding="utf-8", xml_declaration=True)
    return written


def _entry(feed: Element, said: Said, base: str) -> None:
    entry = SubElement(feed, _name("entry"))
    _text(entry, "id", said.id.urn)
    _text(entry, "title", said.title if said.number == 1 else f"Re\u00a0: {said.title}")
    _text(entry, "updated", _moment(_changed(said)))
    _text(entry, "published", _moment(said.created_at))
    author = SubElement(entry, _name("author"))
    name = f"{said.author.name}, {said.author.commune}" if said.author.commune else said.author.name
    _text(author, "name", name)
    SubElement(entry, _name("link"), rel="alternate", type="text/html", href=base + permanent(said.id))
    SubElement(entry, _name("category"), term=said.forum)
    for tag in said.tags:
        SubElement(entry, _name("category"), term=tag.slug, label=tag.name)
    # Addresses of the house are written without its name: the base says which house.
    content = SubElement(entry, _name("content"), {"type": "html", _BASE: f"{base}/"})
    content.text = said.html


def _name(name: str) -> str:
    return f"{{{ATOM}}}{name}"


def _text(parent: Element, name: str, text: str) -> None:
    SubElement(parent, _name(name)).text = text


def _changed(said: Said) -> datetime:
    return said.edited_at or said.created_at


def _moment(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
