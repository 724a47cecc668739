"""Mails: written with the change that causes them, sent after it, at least once, with one name each."""

import re
from collections.abc import Mapping
from datetime import datetime
from email.headerregistry import HeaderRegistry
from email.message import EmailMessage
from email.policy import SMTP, EmailPolicy, Policy
from email.utils import formatdate
from types import MappingProxyType
from typing import Any, NamedTuple
from urllib.parse import unquote, urlsplit
from uuid import UUID

import aiosmtplib
from sqlmodel import Field, SQLModel, col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from entente.clock import now
from entente.db import Moment
from entente.house import House
from entente.ids import new_id
from entente.settings import Settings
from entente.work import Work

MAIL = "mail"
"""Kind of the task that sends a mail."""

SMTP_SECONDS = 30
NOWHERE = "personne-partie.invalid"
"""Where the addresses of people who were forgotten lead: nowhere, for ever (RFC 2606)."""


class KeptMail(SQLModel, table=True):
    """A mail of the demonstration, kept instead of sent; its name keeps it single."""

    __tablename__ = "kept_mail"

    id: UUID = Field(primary_key=True)
    at: datetime = Field(default_factory=now, sa_type=Moment, index=True)
    recipient: str = Field(max_length=254)
    subject: str = Field(max_length=300)
    body: str


HEADERS = ("In-Reply-To", "References", "List-Id", "List-Unsubscribe", "List-Unsubscribe-Post")
"""What a mail may say of itself besides its sender, its reader and its subject."""


class Invitation(NamedTuple):
    """A calendar that travels in a mail (RFC 6047): its method, and its text."""

    method: str
    calendar: str


def post(
    work: Work,
    recipient: str,
    subject: str,
    body: str,
    key: str | None = None,
    *,
    html: str = "",
    invitation: Invitation | None = None,
    label: str = "",
    headers: Mapping[str, str] = MappingProxyType({}),
) -> None:
    """Leave a mail that goes once the change is saved; of two with the same key, one goes.

    The same words may also be given as HTML and as an invitation, and a few headers say in which conversation and
    how to leave it.
    With a label, whoever keeps the house reads that instead of a subject that is not for everybody.
    Nothing is written to whoever was forgotten.
    """
    if recipient.endswith(f"@{NOWHERE}"):
        return
    mail: dict[str, Any] = {"id": str(new_id()), "to": _line(recipient), "subject": _line(subject), "body": body}
    if html:
        mail["html"] = html
    if invitation:
        mail["invitation"] = list(invitation)
    if label:
        mail["label"] = label
    if headers:
        mail["headers"] = {_known(name): _line(value) for name, value in headers.items()}
    work.later(MAIL, mail, key=key)


def _known(header: str) -> str:
    if header not in HEADERS:
        raise ValueError(f"not a header of ours: {header!r}")
    return header


async def send(house: House, mail: dict[str, Any]) -> None:
    """Send one mail, or keep it in the demonstration; raises when the server refuses, to be tried again."""
    if house.is_demo:
        await _keep(house, mail)
    elif house.settings.smtp_url:
        await _deliver(house.settings, message(house.settings, mail))
    else:
        raise NoMailServer("ENTENTE_SMTP_URL n’est pas réglé : le courrier attend.")


class NoMailServer(Exception):
    """There is nowhere to send mails yet; they wait in the outbox."""


def message(settings: Settings, mail: dict[str, Any]) -> EmailMessage:
    """The mail as it travels; the same mail always bears the same Message-ID (RFC 5322)."""
    made = EmailMessage(policy=_POLICY)
    made["From"] = f"{_line(settings.name)} <{settings.mail_from}>" if settings.name.isascii() else settings.mail_from
    made["To"] = mail["to"]
    made["Subject"] = mail["subject"]
    made["Date"] = formatdate(localtime=False)
    made["Message-ID"] = name_of(settings, mail["id"])
    made["Auto-Submitted"] = "auto-generated"
    for header, value in mail.get("headers", {}).items():
        made[header] = value
    made.set_content(mail["body"])
    if mail.get("html"):
        made.add_alternative(mail["html"], subtype="html")
    if mail.get("invitation"):
        method, calendar = mail["invitation"]
        # Last, as RFC 2046 orders them: a reader that knows calendars shows this one. In base64, for no server to fold.
        made.add_alternative(calendar, subtype="calendar", params={"method": method}, cte="base64")
    return made


def name_of(settings: Settings, local: str) -> str:
    """What names a mail, or a conversation of mails, everywhere and for ever: `<…@our.host>`."""
    return f"<{local}@{urlsplit(settings.base_url).hostname}>"


class _Whole:
    """A header of addresses and names, which no mail reader finds again once it is folded or encoded."""

    max_count = 1

    @classmethod
    def parse(cls, value: str, known: dict[str, Any]) -> None:
        """Keep it as it is."""
        if not value.isascii() or len(value) > 900:
            raise ValueError("a header that travels whole is short, and ASCII")
        known.update(parse_tree=None, decoded=value)

    def fold(self, *, policy: Policy) -> str:
        """One line, whatever its length: an address is worth nothing in two parts."""
        return f"{self.name}: {self}{policy.linesep}"  # type: ignore[attr-defined]


def _policy() -> "EmailPolicy[EmailMessage]":
    registry = HeaderRegistry()
    for header in HEADERS:
        registry.map_to_type(header, _Whole)  # type: ignore[arg-type]
    return SMTP.clone(header_factory=registry)


_POLICY = _policy()


async def check(settings: Settings, recipient: str) -> None:
    """Reach the mail server, ask whether a mail to this reader may leave, and send none; raises what went wrong."""
    async with _client(settings) as client:
        await client.mail(settings.mail_from)
        await client.rcpt(recipient)
        await client.rset()


def _client(settings: Settings) -> aiosmtplib.SMTP:
    parts = urlsplit(settings.smtp_url or "")
    return aiosmtplib.SMTP(
        hostname=parts.hostname,
        port=parts.port,
        username=unquote(parts.username) if parts.username else None,
        password=unquote(parts.password) if parts.password else None,
        use_tls=parts.scheme == "smtps",
        start_tls=parts.scheme == "smtp+starttls",
        timeout=SMTP_SECONDS,
    )


async def _deliver(settings: Settings, made: EmailMessage) -> None:
    async with _client(settings) as client:
        await client.send_message(made)


async def _keep(house: House, mail: dict[str, Any]) -> None:
    async with house.database.writing() as db:
        if await db.get(KeptMail, UUID(mail["id"])) is None:
            db.add(KeptMail(id=UUID(mail["id"]), recipient=mail["to"], subject=mail["subject"], body=mail["body"]))


async def kept(db: AsyncSession, limit: int = 50) -> list[KeptMail]:
    """The latest mails of the demonstration."""
    return list((await db.exec(select(KeptMail).order_by(col(KeptMail.at).desc()).limit(limit))).all())


def _line(text: str) -> str:
    # A line break here would start a header of the sender's choosing.
    return re.sub(r"[\x00-\x1f\x7f]+", " ", text).strip()
