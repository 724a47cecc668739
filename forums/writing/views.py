"""Doors that help to write: what a text will look like, and the keys one may press."""

from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from entente.rules import Invalid
from entente.web import forms, pages
from entente.web.templates import render
from forums.drafts.models import sheet_in
from forums.writing.desk import previewed


async def preview(request: Request) -> Response:
    """What a text will look like once posted; nothing of it is kept."""
    typed = await forms.typed_fields(request)
    body, sheet = typed.get("body", ""), sheet_in(typed.get("draft"))
    try:
        html, error = await previewed(request, sheet, body if isinstance(body, str) else ""), ""
    except Invalid as invalid:
        html, error = Markup(), invalid.errors["body"]
    return pages.piece(render("forums/_preview.html", {"html": html, "error": error}), 422 if error else 200)


async def shortcuts(request: Request) -> Response:
    """The keys that one may press in the forums."""
    crumbs = [("Forums", "/forums"), ("Raccourcis clavier", "")]
    return pages.page(request, "forums/shortcuts.html", current="forums", crumbs=crumbs)


routes = [
    Route("/forums/apercu", preview, methods=["POST"]),
    Route("/forums/raccourcis", shortcuts),
]
