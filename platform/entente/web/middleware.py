"""What guards every door, in plain ASGI: nothing here buffers or waits on a stream."""

import re
import secrets
import time
from contextlib import suppress
from urllib.parse import urlencode, urlsplit

import structlog
from prometheus_client import Counter, Histogram
from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from entente.clock import now
from entente.house import House
from entente.notices.queries import bell_of
from entente.people import queries
from entente.rules import NotFound
from entente.web import errors
from entente.web.forms import typed_fields
from entente.web.requests import is_htmx

MAX_BODY = 16 * 1024 * 1024
"""Bytes that one request may bring; each form has its own, lower limits."""
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
PUBLIC = (
    *("/connexion", "/deconnexion", "/invitation/", "/desabonnement/", "/mentions-legales", "/accessibilite"),
    "/.well-known/security.txt",
    *("/static/", "/sante/", "/metriques", "/flux/", "/ical/", "/planning/reponse/"),
)
ONE_CLICK = "/desabonnement/"
"""The door of mail readers, which have neither cookie nor origin (RFC 8058): its address alone says what it does."""
PUBLIC_IN_DEMO = frozenset({"/courrier"})
COOKIE_SECONDS = 400 * 86_400
"""As long as browsers allow: the session, in the database, decides when it ends."""
LOOPBACK = ("127.0.0.1", "localhost", "[::1]")
FOR_PROBES = ("/sante/", "/metriques")
"""What watches over the house comes by the machine's own address; these doors judge by themselves who may read."""

log = structlog.get_logger()
ANSWERED = Counter("entente_http_requests_total", "Requests answered.", ["method", "status"])
DURATION = Histogram(
    "entente_http_request_seconds",
    "Time to answer, streams excepted.",
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
)


class Record:
    """Names each request, writes one line about it, and counts it."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, then say so."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        request_id = secrets.token_hex(8)
        scope.setdefault("state", {})["request_id"] = request_id
        structlog.contextvars.bind_contextvars(request_id=request_id)
        started, status = time.perf_counter(), 500

        async def noting(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                MutableHeaders(scope=message)["X-Request-ID"] = request_id
            await send(message)

        try:
            await self.app(scope, receive, noting)
        finally:
            seconds = time.perf_counter() - started
            ANSWERED.labels(scope["method"], status).inc()
            if not scope["path"].startswith("/live"):
                DURATION.observe(seconds)
            # The path, never the query: addresses may hold secrets there.
            path = _without_secrets(scope["path"])
            log.info("request", method=scope["method"], path=path, status=status, ms=round(seconds * 1000, 1))
            structlog.contextvars.unbind_contextvars("request_id")


class Guard:
    """Refuses foreign hosts and foreign writes, and says to browsers what a page may do."""

    def __init__(self, app: ASGIApp, base_url: str) -> None:
        self.app = app
        self.base = urlsplit(base_url)
        port = f":{self.base.port}" if self.base.port else ""
        loopback = self.base.hostname in ("127.0.0.1", "localhost", "::1")
        self.hosts = {self.base.netloc} | ({name + port for name in LOOPBACK} if loopback else set())

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let through what may go through."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        nonce = secrets.token_urlsafe(16)
        scope.setdefault("state", {})["nonce"] = nonce
        guarded = self._with_headers(send, nonce)
        headers = Headers(scope=scope)
        if headers.get("host", "") not in self.hosts and not scope["path"].startswith(FOR_PROBES):
            await _plain(400, "Cette adresse n’est pas celle de la maison.")(scope, receive, guarded)
        elif scope["method"] not in SAFE and not (scope["path"].startswith(ONE_CLICK) or self._is_ours(headers)):
            await _plain(403, "Cette demande vient d’un autre site : elle a été refusée.")(scope, receive, guarded)
        else:
            await self.app(scope, receive if scope["method"] in SAFE else _bounded(scope, receive), guarded)

    def _is_ours(self, headers: Headers) -> bool:
        # Fetch Metadata first (W3C), the Origin header (RFC 6454) for browsers that do not send it.
        site = headers.get("sec-fetch-site")
        if site is not None:
            return site == "same-origin"
        scheme, _, host = headers.get("origin", "").partition("://")
        return scheme == self.base.scheme and host in self.hosts

    def _with_headers(self, send: Send, nonce: str) -> Send:
        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers.setdefault("Content-Security-Policy", policy(nonce))
                headers["X-Content-Type-Options"] = "nosniff"
                headers["X-Frame-Options"] = "DENY"
                headers.setdefault("Referrer-Policy", "same-origin")
                headers["Cross-Origin-Opener-Policy"] = "same-origin"
                headers["Permissions-Policy"] = "camera=(), geolocation=(), microphone=()"
                if self.base.scheme == "https":
                    headers["Strict-Transport-Security"] = "max-age=63072000"
            await send(message)

        return guarded


def _bounded(scope: Scope, receive: Receive) -> Receive:
    """The body as it comes, until it is more than a form of ours may hold; one that takes files says its bound."""
    taken = 0

    async def counting() -> Message:
        nonlocal taken
        message = await receive()
        taken += len(message.get("body", b""))
        if taken > scope["state"].get("most_bytes", MAX_BODY):
            raise HTTPException(413)
        return message

    return counting


def policy(nonce: str) -> str:
    """What a page may load and do: itself, and nothing from elsewhere."""
    return (
        f"default-src 'none'; script-src 'self' 'nonce-{nonce}'; style-src 'self' 'nonce-{nonce}'; "
        "img-src 'self' data:; connect-src 'self'; form-action 'self'; manifest-src 'self'; "
        "base-uri 'none'; object-src 'none'; frame-ancestors 'none'"
    )


class Doorkeeper:
    """Knows who knocks; a private door stays shut for strangers."""

    def __init__(self, app: ASGIApp, house: House) -> None:
        self.app = app
        self.house = house

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Recognise whoever knocks, then open or show the way to the sign-in page."""
        if scope["type"] != "http" or scope["path"].startswith(("/static/", "/sante/")):
            await self.app(scope, receive, send)
            return
        if "\0" in scope["path"] or b"%00" in scope["query_string"]:
            raise NotFound  # PostgreSQL has no room for a zero in a text: no address of ours holds one
        request = Request(scope, receive)
        secret = request.cookies.get(cookie_name(self.house))
        known = await self._recognise(request, secret) if secret else None
        scope["state"]["who"] = known.who if known else None
        if known is None and not self._is_public(scope["path"]):
            await self._turned_away(request)(scope, receive, send)
            return
        if secret and known and known.is_stale and self._is_page(request):
            send = self._with_turned_cookie(secret, send)
        await self.app(scope, receive, send)

    def _is_public(self, path: str) -> bool:
        return path.startswith(PUBLIC) or (self.house.is_demo and path in PUBLIC_IN_DEMO)

    def _is_page(self, request: Request) -> bool:
        return request.method == "GET" and self._has_frame(request)

    def _has_frame(self, request: Request) -> bool:
        return not request.url.path.startswith(("/live", "/photos/", "/forums/fichiers/")) and not is_htmx(request)

    def _with_turned_cookie(self, secret: str, send: Send) -> Send:
        # Turned when the answer leaves, never before: a page that fails must not lose the only good cookie.
        async def turning(message: Message) -> None:
            if message["type"] == "http.response.start":
                async with self.house.database.writing() as db:
                    new = await queries.turn(db, secret)
                if new:
                    MutableHeaders(scope=message).append("Set-Cookie", session_cookie(self.house, new))
            await send(message)

        return turning

    async def _recognise(self, request: Request, secret: str) -> queries.SignedIn | None:
        async with self.house.database.reading() as db:
            known = await queries.signed_in(db, secret)
            if known and self._has_frame(request):
                # Before anything that the page shows: what is told meanwhile arrives live.
                request.state.bell = await bell_of(db, known.who.id)
        if known and now() - known.seen_at > queries.STALE_AFTER and known.who.session_id:
            async with self.house.database.writing() as db:
                await queries.touch(db, known.who.session_id, self.house.settings.session_days)
        return known

    def _turned_away(self, request: Request) -> ASGIApp:
        if request.url.path.startswith("/live"):
            return _plain(401, "Connectez-vous pour suivre cette page en direct.")
        if request.method in SAFE and not is_htmx(request):
            here = request.url.path + (f"?{request.url.query}" if request.url.query else "")
            return RedirectResponse(f"/connexion?{urlencode({'next': here})}", 303)
        return _Expired(request)


class _Expired:
    """The session ended while someone was writing: their words come back, ready to be copied."""

    def __init__(self, request: Request) -> None:
        self.request = request

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        if request.method not in SAFE:
            with suppress(HTTPException):
                await typed_fields(request)
        answer = errors.page_for(
            request,
            401,
            "Votre session a pris fin",
            "Connectez-vous de nouveau, puis renvoyez votre texte : il est gardé ci-dessous.",
            ("Se connecter", f"/connexion?{urlencode({'next': _path_of(request.headers.get('referer', ''))})}"),
        )
        await answer(scope, receive, send)


def _path_of(address: str) -> str:
    try:
        return urlsplit(address).path or "/"
    except ValueError:
        return "/"


class Calm:
    """Whatever happens behind this door, the answer is a page that says so in French."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer for what could not be answered."""
        started = heard = False

        async def hearing() -> Message:
            nonlocal heard
            heard = True
            return await receive()

        async def noting(message: Message) -> None:
            nonlocal started
            started = started or message["type"] == "http.response.start"
            await send(message)

        try:
            await self.app(scope, hearing, noting)
        except Exception as error:
            if scope["type"] != "http" or started:
                raise
            request = Request(scope, receive)
            if not heard and request.method not in SAFE:
                # It failed before anyone listened (the database is away): what was typed can still be given back.
                with suppress(HTTPException):
                    await typed_fields(request)
            await errors.answer(request, error)(scope, receive, send)


def cookie_name(house: House) -> str:
    """Over TLS the browser itself guards the name: no other host, no plain connection may set it."""
    return "__Host-entente" if house.settings.is_https else "entente"


def session_cookie(house: House, secret: str) -> str:
    """The header that hands a device its secret: out of reach of scripts and of other sites."""
    carrier = Response()
    carrier.set_cookie(
        cookie_name(house),
        secret,
        max_age=COOKIE_SECONDS,
        path="/",
        secure=house.settings.is_https,
        httponly=True,
        samesite="lax",
    )
    return carrier.headers["set-cookie"]


def _plain(status: int, sentence: str) -> Response:
    return PlainTextResponse(sentence, status)


def _without_secrets(path: str) -> str:
    # Everything after it: some mail readers add a slash, and the link still serves.
    return _SECRET_PATH.sub(r"\1…", path)


_SECRET_PATH = re.compile(
    r"(/(?:connexion/lien(?:/adresse)?|invitation|desabonnement|flux|ical|planning/reponse)/+).+", re.DOTALL
)
