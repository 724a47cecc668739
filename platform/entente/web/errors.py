"""What went wrong, said in French with the right status, and what was typed given back."""

import socket
import sqlite3

import structlog
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response

from entente.rules import Conflict, Invalid, NotFound, Refused
from entente.web.forms import typed_in
from entente.web.pages import page

log = structlog.get_logger()

KEPT = " Ce que vous aviez écrit est gardé ci-dessous."
UNSEEN = frozenset({"act", "attach", "context", "draft", "drop", "far", "file", "next", "number", "version"})
"""Fields that nobody typed."""
LEFT = 499
"""What nginx calls it too."""
HOME = ("Aller à l’accueil", "/")


def answer(request: Request, error: Exception) -> Response:
    """The page for what went wrong; only what nobody foresaw is logged as an error."""
    match error:
        case NotFound():
            return _not_found(request)
        case Refused(reason=reason):
            return page_for(request, 403, "C’est refusé", reason)
        case Conflict(reason=reason):
            return page_for(request, 409, "Cela a changé entre-temps", reason)
        case Invalid(errors=sentences):
            return page_for(request, 422, "Il manque quelque chose", " ".join(sentences.values()))
        case HTTPException(status_code=404):
            return _not_found(request)
        case HTTPException(status_code=status):
            return page_for(request, status, *_TITLES.get(status, _TITLES[400]))
    if isinstance(error, ClientDisconnect):
        # Whoever asked has hung up in the middle of a sentence: nothing failed here, and nobody reads the answer.
        log.info("visitor_left")
        return PlainTextResponse("", LEFT)
    if _is_full(error):
        log.error("disk_full", error=repr(error))
        return page_for(
            request,
            507,
            "Il n’y a plus de place",
            "Le serveur ne peut plus rien enregistrer : prévenez l’administrateur.",
        )
    if _is_away(error):
        log.error("database_away", error=repr(error))
        response = page_for(
            request, 503, "La base de données ne répond pas", "Rien n’a été enregistré. Réessayez dans un instant."
        )
        response.headers["Retry-After"] = "5"
        return response
    log.exception("unforeseen", error=repr(error))
    return page_for(request, 500, "Quelque chose s’est mal passé", "L’erreur est notée. Réessayez dans un instant.")


def page_for(request: Request, status: int, title: str, text: str, action: tuple[str, str] = HOME) -> Response:
    """An error page in its frame, with what was typed; a plain sentence if even the frame fails."""
    typed = {name: value for name, value in typed_in(request).items() if value.strip() and name not in UNSEEN}
    try:
        return page(
            request, "error.html", status=status, code=status, title=title, text=text, action=action, typed=typed
        )
    except Exception as error:
        log.exception("error_page_failed", error=repr(error))
        return PlainTextResponse(f"{title}. {text}", status)


def _not_found(request: Request) -> Response:
    # One body for what is missing and for what is hidden.
    return page_for(
        request, 404, "Cette page n’existe pas", "Elle a peut-être été déplacée, ou elle ne vous est pas ouverte."
    )


_TITLES = {
    400: ("La demande est illisible", "Revenez à la page précédente et réessayez."),
    405: ("Cela ne se fait pas ici", "Revenez à la page précédente et réessayez."),
    503: ("Les fichiers ne répondent pas", "L’endroit où ils sont gardés est injoignable. Réessayez dans un instant."),
    413: ("C’est trop lourd", "Envoyez moins de texte ou un fichier plus petit."),
}


def _is_full(error: Exception) -> bool:
    causes = (error, getattr(error, "orig", None), error.__cause__)
    words = " ".join(str(cause).lower() for cause in causes if cause is not None)
    return "disk is full" in words or "no space left" in words or "disk full" in words


def _is_away(error: Exception) -> bool:
    if isinstance(error, DBAPIError) and error.connection_invalidated:
        return True
    if _state_of(error).startswith(_AWAY_STATES):
        return True
    return isinstance(error, _AWAY)


_AWAY = (
    *(OperationalError, InterfaceError, PoolTimeout, sqlite3.OperationalError),
    *(ConnectionError, TimeoutError, socket.gaierror),
)
_AWAY_STATES = ("08", "53", "57", "55P03")
"""PostgreSQL's own words: no connection, no room for one more, stopping or starting, a lock that did not come."""


def _state_of(error: Exception) -> str:
    # While it starts or stops, asyncpg's errors come as they are; otherwise SQLAlchemy's hold them.
    states = (getattr(cause, "sqlstate", None) for cause in (error, getattr(error, "orig", None)))
    return next((state for state in states if state), "")
