"""What the house writes about itself on the standard error: one shape for every voice, and no secret."""

import logging
import re
import sys
from collections.abc import MutableMapping
from typing import Any, Literal

import structlog

_SECRET = re.compile(r"password|passwd|passphrase|token|secret|cookie|authorization|api_?key|mot_de_passe", re.I)
# Everything up to the last « @ » before the path: a password may itself hold one.
_USER_INFO = re.compile(r"(?<=://)[^\s/?#]*@")
_LOUD = ("aiosmtplib", "aiosqlite", "alembic", "asyncio", "markdown_it", "PIL", "uvicorn")


def configure(form: Literal["text", "json"] = "text", level: int = logging.INFO) -> None:
    """Send structlog and the standard library through one renderer."""
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.ExtraAdder(allow=[]),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.processors.StackInfoRenderer(),
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(structlog.stdlib.ProcessorFormatter(foreign_pre_chain=shared, processors=_rendering(form)))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for name in _LOUD:
        logging.getLogger(name).setLevel(max(level, logging.WARNING))


def _rendering(form: Literal["text", "json"]) -> list[structlog.typing.Processor]:
    last: list[structlog.typing.Processor] = (
        [structlog.processors.JSONRenderer(ensure_ascii=False, default=str)]
        if form == "json"
        else [structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty(), pad_event_to=0)]
    )
    return [
        structlog.stdlib.ProcessorFormatter.remove_processors_meta,
        structlog.processors.format_exc_info,
        without_secrets,
        *last,
    ]


def without_secrets(_logger: object, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """The same words, without what opens doors."""
    return {key: "…" if _SECRET.search(key) else _masked(value) for key, value in event.items()}


def _masked(value: Any) -> Any:
    if isinstance(value, str):
        return _USER_INFO.sub("…@", value)
    if isinstance(value, dict):
        return {key: "…" if _SECRET.search(str(key)) else _masked(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [_masked(inner) for inner in value]
    if isinstance(value, BaseException) or not isinstance(value, (int, float, bool, type(None))):
        return _USER_INFO.sub("…@", str(value))
    return value
