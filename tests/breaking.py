"""Ways to break an installation, for tests that see whether it is told: each is undone when its test ends."""

import os
import ssl
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID


@dataclass
class Postman:
    """A mail server that takes what it is brought, but for the step at which it refuses."""

    refuses: str = ""

    async def handle_MAIL(self, _server: Any, _session: Any, envelope: Any, address: str, options: Any) -> str:
        """Take the sender, or not."""
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "550 pas cet expediteur" if self.refuses == "sender" else "250 OK"

    async def handle_RCPT(self, _server: Any, _session: Any, envelope: Any, address: str, _options: Any) -> str:
        """Take the reader, or not."""
        if self.refuses == "recipient":
            return "550 pas de relais"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server: Any, _session: Any, _envelope: Any) -> str:
        """Take the letter."""
        return "250 OK"


@contextmanager
def postman(port: int, refuses: str = "", context: ssl.SSLContext | None = None) -> Iterator[str]:
    """The address of a mail server, perhaps over TLS, perhaps one that refuses."""
    controller = Controller(
        Postman(refuses),
        hostname="127.0.0.1",
        port=port,
        ssl_context=context,
        ready_timeout=60,
        auth_require_tls=False,
        authenticator=lambda *_: AuthResult(success=refuses != "password", handled=False),
    )
    controller.start()
    try:
        yield f"{'smtps' if context else 'smtp'}://{'awa:Sesame@' if refuses == 'password' else ''}127.0.0.1:{port}"
    finally:
        with suppress(Exception):
            controller.stop()


def certificate(folder: Path, expired: bool = True) -> Path:
    """A certificate of our own for this machine, with its key in the same file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    today = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(today - timedelta(days=90))
        .not_valid_after(today + timedelta(days=-1 if expired else 5))
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(
            x509.SubjectAlternativeName([x509.DNSName("localhost"), x509.IPAddress(ip_address("127.0.0.1"))]),
            critical=False,
        )
        .sign(key, hashes.SHA256())
    )
    file = folder / "certificate.pem"
    file.write_bytes(
        made.public_bytes(serialization.Encoding.PEM)
        + key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return file


def shown(file: Path) -> ssl.SSLContext:
    """What a server shows with this certificate."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    return context


@contextmanager
def tiny_disk(folder: Path, megabytes: int) -> Iterator[Path | None]:
    """A disk of so many megabytes; none where this account may not mount one."""
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", str(folder)]
    try:
        may = subprocess.run(mount, capture_output=True, check=False).returncode == 0
    except OSError:
        may = False
    try:
        yield folder if may else None
    finally:
        if may:
            subprocess.run(["umount", "-l", str(folder)], check=False)


def fill(folder: Path) -> Path:
    """Take every byte that is left there; the file to remove gives them back."""
    filler = folder / "filler"
    with filler.open("wb", buffering=0) as file:
        for size in (65536, 4096, 1):
            with suppress(OSError):
                while True:
                    file.write(b"\0" * size)
    return filler


def unprivileged() -> list[str]:
    """What to put before a command for root to be refused what is not root's, as any other account is."""
    if os.geteuid() != 0:
        return []
    shut = "-chown,-dac_override,-dac_read_search,-fowner"
    return ["setpriv", f"--bounding-set={shut}", "--"]
