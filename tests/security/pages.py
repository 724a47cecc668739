"""A page as a browser takes it apart: its elements, their attributes, and what may not be there."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from html.parser import HTMLParser

import httpx

Attributes = dict[str, str | None]


@dataclass
class Pieces(HTMLParser):
    """Every element of a page with its attributes, in order."""

    nonce: str
    elements: list[tuple[str, Attributes]] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Start to listen."""
        super().__init__()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Take note of an element."""
        self.elements.append((tag, dict(attrs)))

    def forbidden(self) -> Sequence[str]:
        """What a strict policy would refuse, or a browser run: no page of ours holds any."""
        return [f"<{tag} {attributes}>" for tag, attributes in self.elements if self._is_forbidden(tag, attributes)]

    def _is_forbidden(self, tag: str, attributes: Attributes) -> bool:
        if tag in ("iframe", "object", "embed", "base", "applet", "frame"):
            return True
        if "style" in attributes or any(name.startswith(("on", "hx-on")) for name in attributes):
            return True
        if any(
            (value or "").strip().lower().startswith(("javascript:", "data:", "vbscript:"))
            for value in (attributes.get(name) for name in ("href", "src", "action", "formaction", "hx-get", "hx-post"))
        ):
            return True
        if any((attributes.get(name) or "").startswith(("js:", "javascript:")) for name in ("hx-vals", "hx-headers")):
            return True
        if tag == "script":
            return not (attributes.get("src") or "").startswith("/static/") and attributes.get("nonce") != self.nonce
        return tag == "style" and attributes.get("nonce") != self.nonce


def pieces_of(answer: httpx.Response) -> Pieces:
    """The pieces of this answer."""
    return taken_apart(answer.text, answer.headers["content-security-policy"].partition("'nonce-")[2].partition("'")[0])


def taken_apart(html: str, nonce: str = "none") -> Pieces:
    """The pieces of a page, or of a piece of one."""
    made = Pieces(nonce)
    made.feed(html)
    made.close()
    return made
