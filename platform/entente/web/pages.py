"""Answers: a page in its frame, a piece of one, or the way to another."""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from entente.journal import Cursor
from entente.live import Fragment
from entente.notices.feed import bell
from entente.people.who import Who
from entente.web import templates
from entente.web.requests import bell_of, house_of, is_htmx, visitor_of

NOTICE = "notice"
LOST = frozenset({401, 403, 404, 410, 500, 503, 507})
"""Statuses of pages that stand for another."""
NoticeKind = Literal["info", "success", "warning", "danger"]


@dataclass(frozen=True)
class NavItem:
    """A room's place in the rail; `icon` is a heroicons name."""

    title: str
    icon: str
    address: str
    key: str


@dataclass(frozen=True)
class Notice:
    """A sentence shown once on top of the next page."""

    kind: NoticeKind
    text: str


@dataclass(frozen=True)
class Me:
    """The signed-in person as the frame shows them."""

    id: str
    name: str
    given_name: str
    initials: str
    hue: int
    photo: str | None
    is_administrator: bool


@dataclass(frozen=True)
class Frame:
    """What surrounds every page."""

    name: str
    demo: bool
    me: Me | None
    nav: Sequence[NavItem]
    admin_nav: Sequence[NavItem]
    current: str
    crumbs: Sequence[tuple[str, str]]
    nonce: str
    notice: Notice | None
    streams: Sequence[str]
    bell: Markup | None
    search: bool


def page(
    request: Request,
    template: str,
    /,
    *,
    current: str = "",
    crumbs: Sequence[tuple[str, str]] = (),
    streams: Sequence[Cursor] = (),
    status: int = 200,
    **context: Any,
) -> Response:
    """A whole page; `streams` are what it follows, each read before the content it goes with.

    It follows the stream of whoever opens it too, which moves the bell; a page that refuses follows nothing, so
    that one refreshed from it is known to be lost.
    """
    frame = _frame(request, current, crumbs, streams, is_lost=status in LOST)
    response = HTMLResponse(templates.render(template, {"frame": frame, **context}), status)
    response.headers["Cache-Control"] = "no-store"
    if frame.notice:
        response.delete_cookie(NOTICE)
    return response


def piece(content: Markup, status: int = 200) -> Response:
    """A piece of a page, for htmx."""
    return HTMLResponse(content, status, headers={"Cache-Control": "no-store"})


def done(request: Request, *fragments: Fragment, otherwise: str, form: Markup | None = None) -> Response:
    """What htmx swaps in at once, or the page where a plain form goes on."""
    if not is_htmx(request):
        return RedirectResponse(otherwise, 303)
    return piece(Markup("").join([form or Markup(""), *(templates.parcel(each) for each in fragments)]))


def go(request: Request, address: str, notice: str = "", kind: NoticeKind = "success") -> Response:
    """On to another page, with a sentence to read there."""
    response: Response
    if is_htmx(request):
        response = Response(status_code=204, headers={"HX-Redirect": address})
    else:
        response = RedirectResponse(address, 303)
    if notice:
        packed = urlsafe_b64encode(json.dumps([kind, notice[:300]]).encode()).decode()
        secure = house_of(request).settings.is_https
        response.set_cookie(NOTICE, packed, max_age=60, httponly=True, samesite="lax", secure=secure)
    return response


def _frame(
    request: Request, current: str, crumbs: Sequence[tuple[str, str]], streams: Sequence[Cursor], is_lost: bool
) -> Frame:
    house, who, rung = house_of(request), visitor_of(request), bell_of(request)
    own = [rung.cursor] if rung and not is_lost else []
    return Frame(
        name=house.settings.name,
        demo=house.is_demo,
        me=_me(who) if who else None,
        nav=request.app.state.nav if who else (),
        admin_nav=request.app.state.admin_nav if who and who.is_administrator else (),
        current=current,
        crumbs=crumbs,
        nonce=request.state.nonce,
        notice=_notice(request),
        streams=[str(cursor) for cursor in [*streams, *own]],
        bell=templates.root(bell(rung.unread)) if rung else None,
        search=who is not None,
    )


def _me(who: Who) -> Me:
    photo = f"/photos/{who.photo}" if who.photo else None
    return Me(str(who.id), who.name, who.given_name, who.initials, who.hue, photo, who.is_administrator)


def _notice(request: Request) -> Notice | None:
    try:
        kind, text = json.loads(urlsafe_b64decode(request.cookies.get(NOTICE, "")))
    except (ValueError, TypeError):
        return None
    known: dict[str, NoticeKind] = {"info": "info", "success": "success", "warning": "warning", "danger": "danger"}
    is_ours = isinstance(kind, str) and kind in known and isinstance(text, str)
    return Notice(known[kind], text) if is_ours else None
