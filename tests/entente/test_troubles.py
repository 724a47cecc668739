"""What went wrong outside is said in French, without the words of a driver, which may hold an address."""

import errno
import socket
import ssl

import aiosmtplib
import asyncpg
import pytest
import redis
from sqlalchemy.exc import DBAPIError, OperationalError

from entente import troubles


def _certificate(code: int) -> ssl.SSLCertVerificationError:
    error = ssl.SSLCertVerificationError("certificate verify failed at smtp://awa:Sesame@example")
    error.verify_code = code
    return error


def _caused(error: Exception, cause: Exception) -> Exception:
    error.__cause__ = cause
    return error


SAID = [
    (ConnectionRefusedError(errno.ECONNREFUSED, "Sesame"), "connexion refusée"),
    (socket.gaierror(-2, "Sesame"), "nom de machine introuvable"),
    (TimeoutError("Sesame"), "pas de réponse à temps"),
    (PermissionError(errno.EACCES, "Sesame"), "accès refusé"),
    (OSError(errno.ENOSPC, "Sesame"), "plus de place"),
    (OSError(errno.EDQUOT, "Sesame"), "plus de place"),
    (_certificate(10), "certificat expiré"),
    (_certificate(62), "certificat d’un autre nom"),
    (_certificate(99), "certificat refusé"),
    (asyncpg.InvalidPasswordError("Sesame"), "mot de passe refusé"),
    (asyncpg.InvalidCatalogNameError("Sesame"), "cette base n’existe pas"),
    (asyncpg.TooManyConnectionsError("Sesame"), "trop de connexions ouvertes"),
    (asyncpg.DiskFullError("Sesame"), "plus de place"),
    (OperationalError("SELECT", {}, Exception("database or disk is full")), "plus de place"),
    (DBAPIError("SELECT", {}, asyncpg.CannotConnectNowError("Sesame")), "elle démarre ou s’arrête"),
    (redis.AuthenticationError("invalid username-password pair: Sesame"), "mot de passe refusé"),
    (redis.AuthenticationError("Authentication required."), "il demande un mot de passe"),
    (redis.TimeoutError("Sesame"), "pas de réponse à temps"),
    (aiosmtplib.SMTPAuthenticationError(535, "Sesame"), "identifiants refusés (535)"),
    (aiosmtplib.SMTPSenderRefused(550, "Sesame", "awa"), "expéditeur refusé (550)"),
    (
        aiosmtplib.SMTPRecipientsRefused([aiosmtplib.SMTPRecipientRefused(551, "Sesame", "awa")]),
        "destinataire refusé (551)",
    ),
    (_caused(aiosmtplib.SMTPConnectError("Sesame"), _certificate(10)), "certificat expiré"),
    (ValueError("Sesame"), "ValueError"),
]


@pytest.mark.parametrize(("error", "words"), SAID)
def test_each_trouble_has_its_words(error: Exception, words: str) -> None:
    """The deepest cause speaks first; what nobody foresaw is named by its kind alone."""
    assert troubles.reason_of(error) == words


def test_only_a_password_is_not_waited_for() -> None:
    """Redis that refuses us will refuse us again; one that is away comes back."""
    assert troubles.is_about_a_password(redis.AuthenticationError("Authentication required."))
    assert not troubles.is_about_a_password(redis.ConnectionError("Error 111"))


def test_causes_that_lead_to_each_other_end() -> None:
    """An error raised while another was handled, and the other way round."""
    one, two = ValueError("one"), KeyError("two")
    one.__context__, two.__context__ = two, one
    assert troubles.reason_of(one) in ("ValueError", "KeyError")
