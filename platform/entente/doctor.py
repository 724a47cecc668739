"""Looks at everything the house stands on, and says in French what to do about what is wrong."""

import asyncio
import os
import pwd
import secrets
import shutil
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import col

from entente import mail, outbox, schema, starting, troubles
from entente.clock import now
from entente.db import Database
from entente.files.store import Store
from entente.journal import Entry, StreamRow
from entente.people.models import Function, FunctionKind, Person
from entente.people.queries import is_current
from entente.search import rebuild
from entente.search.findable import Findable
from entente.settings import Settings

if TYPE_CHECKING:
    from redis.asyncio import Redis

PATIENCE = 10
"""Seconds that one look may take."""
KNOCK_SECONDS = 3
"""Seconds that a door of the network may take to open."""
CLOCK_SECONDS = 2
CERTIFICATE_DAYS = 14
"""A certificate is renewed a month before its end: when so few days are left, nothing renews it."""
ROOM_MB = 500
WAITING = 20
"""Posts that may wait to be indexed: as many as a worker takes at once."""


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at, and what to do when it is wrong."""

    title: str
    advice: str = ""

    @property
    def is_well(self) -> bool:
        """Whether nothing is to be done."""
        return not self.advice


Look = Callable[[AsyncConnection], Awaitable[Finding]]


async def look(settings: Settings, database: Database) -> AsyncIterator[Finding]:
    """Every finding, in the order in which to act."""
    yield _address(settings)
    yield await _bounded("Certificat", _certificate(settings))
    yield _folder(settings.data_dir)
    async for finding in _base(database):
        yield finding
    yield await _bounded("Fichiers", _files(settings))
    yield await _bounded("Redis", _redis(settings))
    yield await _bounded("Serveur de messagerie", _mail(settings, await _someone(database)))


async def _base(database: Database) -> AsyncIterator[Finding]:
    try:
        async with asyncio.timeout(PATIENCE), database.engine.connect() as connection:
            shape = await schema.shape_of(connection)
    except Exception as error:
        yield Finding(
            "Base de données",
            f"elle ne répond pas ({troubles.reason_of(error)})\u00a0: vérifiez ENTENTE_DATABASE_URL et le serveur.",
        )
        return
    home = "SQLite" if database.settings.is_embedded else "PostgreSQL"
    yield Finding(f"Base de données {home}")
    if not database.settings.is_embedded:
        yield await _bounded("Extension btree_gist", _asked(database, _extension))
    standing = schema.standing_of(shape)
    if not standing.is_served:
        yield Finding("Tables de la base", f"la base est {schema.ADVICE[standing]}")
        return
    wider = " (élargies par une version plus récente, qui fait les sauvegardes)"
    yield Finding(f"Tables de la base{wider if standing is schema.Standing.WIDER else ''}")
    looks: list[tuple[str, Look]] = [
        *([("Intégrité de la base", _integrity)] if database.settings.is_embedded else []),
        ("Journal", _journal),
        ("Horloge", _clock),
    ]
    for title, ask in looks:
        yield await _bounded(title, _asked(database, ask))
    yield await _bounded("Travail différé", _outbox(database))
    yield await _bounded("Administration", _asked(database, _keepers))
    yield await _bounded("Recherche", _search(database, _findables()))


async def _asked(database: Database, ask: Look) -> Finding:
    async with database.engine.connect() as connection:
        return await ask(connection)


async def _bounded(title: str, finding: Awaitable[Finding]) -> Finding:
    try:
        async with asyncio.timeout(PATIENCE):
            return await finding
    except Exception as error:
        return Finding(title, f"sans réponse ({troubles.reason_of(error)}).")


def _address(settings: Settings) -> Finding:
    title = f"Adresse {settings.base_url}"
    if settings.is_https and not settings.trusted_proxies:
        return Finding(
            title,
            "aucun mandataire inverse n’est cru\u00a0: tout le monde semblera venir de son adresse, et un seul qui se "
            "trompe de mot de passe fera attendre les autres. Réglez ENTENTE_TRUSTED_PROXIES, par exemple sur "
            "127.0.0.1,::1.",
        )
    if settings.is_https or settings.base_url.startswith(("http://127.0.0.1", "http://localhost", "http://[::1]")):
        return Finding(title)
    return Finding(title, "elle est en http\u00a0: réglez ENTENTE_BASE_URL sur l’adresse https que les gens tapent.")


async def _certificate(settings: Settings) -> Finding:
    """The one that people's browsers are shown; an address where nobody answers yet has none to look at."""
    if not settings.is_https:
        return Finding("Certificat (sans objet\u00a0: l’adresse est en http)")
    parts = urlsplit(settings.base_url)
    try:
        until = await asyncio.to_thread(_shown_by, parts.hostname or "", parts.port or 443)
    except ssl.SSLError as error:
        reason = troubles.reason_of(error)
        if getattr(error, "verify_code", None) in OF_THEIR_OWN:
            return Finding(f"Certificat (pas jugé\u00a0: {reason}, de cette machine du moins)")
        return Finding("Certificat", f"{reason}\u00a0: {RENEW}")
    except OSError as error:
        return Finding(f"Certificat (pas vu\u00a0: {parts.hostname} ne répond pas d’ici, {troubles.reason_of(error)})")
    left = (until - now()).days
    if left >= CERTIFICATE_DAYS:
        return Finding("Certificat")
    return Finding("Certificat", f"il expire dans {max(0, left)} jours, et rien ne l’a renouvelé\u00a0: {RENEW}")


OF_THEIR_OWN = (18, 19, 20)
"""An authority that people's browsers may know and this machine does not (X509_V_ERR_… of OpenSSL)."""
RENEW = "voyez le mandataire inverse et ce qui renouvelle le certificat (certbot renew, ou le journal de Caddy)."


def _shown_by(host: str, port: int) -> datetime:
    """Until when the certificate of this address is good; raises what a browser would complain of."""
    with (
        socket.create_connection((host, port), timeout=KNOCK_SECONDS) as plain,
        ssl.create_default_context().wrap_socket(plain, server_hostname=host) as secured,
    ):
        shown: Any = secured.getpeercert()
    return datetime.fromtimestamp(ssl.cert_time_to_seconds(shown["notAfter"]), UTC)


def _folder(folder: Path) -> Finding:
    title = f"Dossier {folder}"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _write_in(folder)
        free = shutil.disk_usage(folder).free // 1_000_000
    except OSError as error:
        if troubles.is_full(error):
            return Finding(title, f"il n’y a plus de place\u00a0: libérez-en, {ROOM_MB}\u00a0Mo au moins.")
        return Finding(
            title,
            f"on ne peut pas y écrire ({troubles.reason_of(error)}){_belonging(folder)}\u00a0: "
            "donnez-le au compte du service, avec tout ce qu’il contient (chown -R).",
        )
    stranger = _not_ours(folder)
    if stranger:
        return Finding(title, stranger)
    if free < ROOM_MB:
        return Finding(title, f"il ne reste que {free}\u00a0Mo\u00a0: libérez de la place, {ROOM_MB}\u00a0Mo au moins.")
    return Finding(title)


def _write_in(folder: Path) -> None:
    trial = folder / f".essai-{os.getpid()}-{secrets.token_hex(4)}"
    try:
        trial.write_bytes(b"essai")
    finally:
        trial.unlink(missing_ok=True)


def _not_ours(folder: Path) -> str:
    """What is wrong when root looks into the folder of someone else, or the service into what root has left there."""
    owner = folder.stat().st_uid
    if os.geteuid() == 0 and owner != 0:
        return (
            f"il appartient à «\u00a0{_name_of(owner)}\u00a0» et vous êtes root\u00a0: lancez les commandes d’Entente "
            "sous ce compte (runuser), sinon des fichiers lui échapperont."
        )
    shut = [each for each in sorted(folder.glob("*")) if not os.access(each, os.R_OK | os.W_OK)]
    if not shut:
        return ""
    return (
        f"«\u00a0{shut[0].name}\u00a0» y est fermé à ce compte{_belonging(shut[0])}\u00a0: "
        "donnez-le au compte du service (chown)."
    )


def _belonging(place: Path) -> str:
    try:
        owner = place.stat().st_uid
    except OSError:
        return ""
    return f", il appartient à «\u00a0{_name_of(owner)}\u00a0»" if owner != os.geteuid() else ""


def _name_of(account: int) -> str:
    try:
        return pwd.getpwuid(account).pw_name
    except KeyError:
        return str(account)


async def _extension(connection: AsyncConnection) -> Finding:
    """Reservations stand on it: the migration creates it, if the role may."""
    title = "Extension btree_gist"
    sentence = (
        "SELECT EXISTS (SELECT 1 FROM pg_extension WHERE extname = 'btree_gist') "
        "OR (EXISTS (SELECT 1 FROM pg_available_extensions WHERE name = 'btree_gist') "
        "AND has_database_privilege(current_database(), 'CREATE'))"
    )
    if (await connection.execute(text(sentence))).scalar_one():
        return Finding(title)
    return Finding(
        title,
        "elle manque, et ce compte ne peut pas la créer\u00a0: installez postgresql-contrib s’il le faut, puis faites "
        "lancer «\u00a0CREATE EXTENSION btree_gist\u00a0» dans cette base par un administrateur de PostgreSQL.",
    )


async def _integrity(connection: AsyncConnection) -> Finding:
    title = "Intégrité de la base"
    found = (await connection.execute(text("PRAGMA quick_check(1)"))).scalar_one()
    orphans = (await connection.execute(text("PRAGMA foreign_key_check"))).first()
    if found == "ok" and orphans is None:
        return Finding(title)
    return Finding(title, "elle est abîmée\u00a0: arrêtez le serveur et restaurez la dernière sauvegarde.")


async def _journal(connection: AsyncConnection) -> Finding:
    kept = (
        select(col(Entry.stream), func.count().label("count"), func.max(Entry.position).label("last"))
        .group_by(Entry.stream)
        .subquery()
    )
    count, last = func.coalesce(kept.c.count, 0), func.coalesce(kept.c.last, StreamRow.floor)
    wrong = (
        select(func.count())
        .select_from(StreamRow)
        .outerjoin(kept, kept.c.stream == col(StreamRow.name))
        .where((count != StreamRow.position - StreamRow.floor) | (last != StreamRow.position))
    )
    streams = (await connection.execute(wrong)).scalar_one()
    orphans = select(func.count(func.distinct(col(Entry.stream)))).where(
        col(Entry.stream).not_in(select(col(StreamRow.name)))
    )
    streams += (await connection.execute(orphans)).scalar_one()
    if streams == 0:
        return Finding("Journal")
    return Finding(
        "Journal",
        f"{streams} flux ont des trous\u00a0: restaurez la dernière sauvegarde, et signalez-le.",
    )


async def _clock(connection: AsyncConnection) -> Finding:
    ahead = await starting.seconds_ahead(connection)
    if abs(ahead) > CLOCK_SECONDS:
        return Finding("Horloge", starting.clock_advice(ahead))
    # The embedded database has no clock but this machine's: what was written in the future tells on it.
    latest = (await connection.execute(select(func.max(col(Entry.at))))).scalar_one()
    if latest is None or (latest - now()).total_seconds() <= CLOCK_SECONDS:
        return Finding("Horloge")
    return Finding(
        "Horloge",
        f"le journal va jusqu’à {(latest - now()).total_seconds():.0f}\u00a0s dans l’avenir\u00a0: l’horloge a reculé, "
        "ou avançait. Réglez-la avec NTP (timedatectl).",
    )


async def _outbox(database: Database) -> Finding:
    async with database.reading() as db:
        stands = await outbox.standing(db)
    advice = [
        f"{_tasks(stands.given_up, 'abandonnée')}\u00a0: voyez Administration, Tâches." if stands.given_up else "",
        f"{_tasks(stands.late)} en retard\u00a0: démarrez «\u00a0entente worker\u00a0» ou réglez ENTENTE_WORKER=inside."
        if stands.late
        else "",
        f"{_tasks(stands.failing, 'à refaire après un échec', 'à refaire après un échec')}." if stands.failing else "",
    ]
    return Finding("Travail différé", " ".join(filter(None, advice)))


def _tasks(count: int, one: str = "", many: str = "") -> str:
    """So many tasks, in the plural when they are."""
    words = ["tâche", one] if count == 1 else ["tâches", many or (one and f"{one}s")]
    return " ".join(filter(None, [str(count), *words]))


def _findables() -> Sequence[Findable]:
    # Only here are the rooms needed; importing them all takes a second, which is not the database's.
    from entente.app import findables, rooms

    return findables(rooms())


async def _search(database: Database, findables: Sequence[Findable]) -> Finding:
    async with database.reading() as db:
        behind = sum([await rebuild.behind(db, findable) for findable in findables])
    if behind <= WAITING:
        return Finding("Recherche")
    return Finding(
        "Recherche",
        f"l’index ne dit pas la même chose que {behind} messages\u00a0: lancez «\u00a0entente search reindex\u00a0».",
    )


async def _keepers(connection: AsyncConnection) -> Finding:
    query = select(func.count()).where(col(Function.kind) == FunctionKind.ADMINISTRATEUR, is_current(Function))
    if (await connection.execute(query)).scalar_one():
        return Finding("Administration")
    return Finding(
        "Administration", "personne n’administre la plateforme\u00a0: lancez «\u00a0entente people invite\u00a0»."
    )


async def _files(settings: Settings) -> Finding:
    title = "Fichiers (dossier des données)" if settings.files_url is None else "Fichiers (seau S3)"
    way_out = (
        "donnez-le au compte du service" if settings.files_url is None else "vérifiez ENTENTE_FILES_URL et ses droits"
    )
    try:
        await Store(settings).trial()
    except Exception as error:
        return Finding(title, f"on ne peut pas y écrire et y relire ({troubles.reason_of(error)})\u00a0: {way_out}.")
    return Finding(title)


async def _redis(settings: Settings) -> Finding:
    if settings.redis_url is None:
        return Finding("Redis (sans objet\u00a0: un seul processus)")
    # Only a house with several processes pays for these imports.
    from redis.asyncio import Redis

    client = Redis.from_url(settings.redis_url, socket_connect_timeout=KNOCK_SECONDS, socket_timeout=KNOCK_SECONDS)
    try:
        await client.ping()
        if await _is_heard(client):
            return Finding("Redis")
        return Finding("Redis", "il répond mais ne transmet rien\u00a0: redémarrez-le.")
    except Exception as error:
        return Finding(
            "Redis",
            f"{troubles.reason_of(error)}\u00a0: {starting.LET_US_IN}"
            if troubles.is_about_a_password(error)
            else f"il ne répond pas ({troubles.reason_of(error)})\u00a0: vérifiez ENTENTE_REDIS_URL et que le serveur "
            "est démarré.",
        )
    finally:
        with suppress(Exception):
            await client.aclose()


async def _is_heard(client: "Redis") -> bool:
    word, channel = secrets.token_hex(8), f"entente-doctor-{secrets.token_hex(8)}"
    async with client.pubsub() as ear:
        await ear.subscribe(channel)
        await ear.get_message(timeout=3)
        await client.publish(channel, word)
        heard = await ear.get_message(ignore_subscribe_messages=True, timeout=3)
        await ear.unsubscribe(channel)
    return heard is not None and heard["data"] == word.encode()


async def _someone(database: Database) -> str | None:
    """An address that mails really go to; none while the database cannot say."""
    query = (
        select(col(Person.email))
        .join(Function, col(Function.person_id) == col(Person.id))
        .where(col(Function.kind) == FunctionKind.ADMINISTRATEUR, is_current(Function))
        .limit(1)
    )
    try:
        async with asyncio.timeout(PATIENCE), database.engine.connect() as connection:
            return (await connection.execute(query)).scalar_one_or_none()
    except Exception:
        return None


async def _mail(settings: Settings, someone: str | None) -> Finding:
    title = "Serveur de messagerie"
    if settings.smtp_url is None:
        return Finding(title, "ENTENTE_SMTP_URL n’est pas réglé\u00a0: les messages attendent dans la boîte d’envoi.")
    try:
        await mail.check(settings, someone or settings.mail_from)
    except Exception as error:
        return Finding(
            title,
            f"il ne prend pas nos messages ({troubles.reason_of(error)})\u00a0: vérifiez {_mail_setting(error)}. "
            "Rien n’est perdu, ils attendent.",
        )
    return Finding(title)


def _mail_setting(error: BaseException) -> str:
    """Which setting to look at: the address of the server, or that of the sender."""
    kinds = {kind.__name__ for kind in type(error).__mro__}
    if "SMTPSenderRefused" in kinds:
        return "ENTENTE_MAIL_FROM, que ce serveur doit avoir le droit d’envoyer"
    if kinds & {"SMTPRecipientRefused", "SMTPRecipientsRefused"}:
        return "que ce serveur relaie nos messages vers l’extérieur (compte dans ENTENTE_SMTP_URL, droits de relais)"
    return "ENTENTE_SMTP_URL"
