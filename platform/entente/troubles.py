"""What went wrong outside, in a few French words without an address: for the doctor, the logs and whoever keeps mails.

What a driver says may hold an address, and an address may hold a password: its own words are never repeated. Its
errors are known by the names of their kinds, so that nothing is imported to recognise them.
"""

import errno
import socket
import ssl
from collections.abc import Iterator

_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
_BY_NUMBER = {
    errno.EACCES: "accès refusé",
    errno.EPERM: "accès refusé",
    errno.EROFS: "disque en lecture seule",
    errno.ENOTDIR: "un fichier est à la place du dossier",
    errno.EEXIST: "un fichier est à la place du dossier",
    errno.ENOENT: "introuvable",
    errno.ECONNREFUSED: "connexion refusée",
    errno.ECONNRESET: "connexion coupée",
    errno.EPIPE: "connexion coupée",
    errno.EHOSTUNREACH: "machine injoignable",
    errno.ENETUNREACH: "machine injoignable",
    errno.ETIMEDOUT: "pas de réponse à temps",
}
_BY_CERTIFICATE = {
    9: "certificat pas encore valable\u00a0: voyez aussi l’horloge",
    10: "certificat expiré",
    18: "certificat signé par lui-même",
    19: "certificat d’une autorité inconnue",
    20: "certificat d’une autorité inconnue",
    62: "certificat d’un autre nom",
    64: "certificat d’un autre nom",
}
"""By the numbers of OpenSSL (X509_V_ERR_…)."""
_BY_STATE = {
    "28P01": "mot de passe refusé",
    "28000": "compte refusé",
    "3D000": "cette base n’existe pas",
    "42501": "droits insuffisants",
    "53100": "plus de place",
    "53300": "trop de connexions ouvertes",
    "57P03": "elle démarre ou s’arrête",
    "57P01": "elle s’arrête",
}
"""By PostgreSQL's own codes (SQLSTATE)."""
_BY_WORDS = {
    "disk is full": "plus de place",
    "no space left": "plus de place",
    "file too large": "plus de place",
    "name or service not known": "nom de machine introuvable",
    "connect call failed": "connexion refusée",
    "unable to open database file": "fichier impossible à ouvrir",
    "readonly database": "fichier en lecture seule pour ce compte",
    "database is locked": "fichier tenu par un autre programme",
    "malformed": "fichier abîmé",
    "not a database": "ce fichier n’est pas une base",
    "disk i/o error": "le disque ne répond pas bien",
}
_BY_KIND = {
    "NoMailServer": "ENTENTE_SMTP_URL n’est pas réglé",
    "SMTPAuthenticationError": "identifiants refusés",
    "SMTPSenderRefused": "expéditeur refusé",
    "SMTPRecipientRefused": "destinataire refusé",
    "SMTPRecipientsRefused": "destinataire refusé",
    "SMTPDataError": "message refusé",
    "SMTPHeloError": "serveur qui ne nous accepte pas",
    "SMTPConnectResponseError": "serveur qui ne nous accepte pas",
    "SMTPNotSupported": "ce serveur ne sait pas faire cela",
    "SMTPServerDisconnected": "connexion coupée",
    "Full": "plus de place",
    "SSLError": "échange chiffré impossible\u00a0: ce serveur parle-t-il TLS sur ce port\u00a0?",
}


def reason_of(error: BaseException) -> str:
    """Why something outside did not answer, in French, without its address; the bare kind of what nobody foresaw."""
    for each in _causes(error):
        said = _said(each)
        if said:
            return said
    return type(getattr(error, "orig", None) or error).__name__


def is_full(error: BaseException) -> bool:
    """Whether something failed for want of room on a disk, here or where the database lives."""
    return reason_of(error) == "plus de place"


def is_about_a_password(error: BaseException) -> bool:
    """Whether what answered asks for a password, or refuses the one it was given: no patience will change it."""
    return any("AuthenticationError" in _kinds(each) for each in _causes(error))


def _causes(error: BaseException) -> Iterator[BaseException]:
    """What failed first, then what failed because of it: the first is what one can act upon."""
    seen: list[BaseException] = []
    waiting: list[BaseException | None] = [error]
    while waiting:
        each = waiting.pop()
        if each is None or each in seen:
            continue
        seen.append(each)
        waiting += [getattr(each, "orig", None), each.__context__, each.__cause__]
    yield from reversed(seen)


def _said(error: BaseException) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return _BY_CERTIFICATE.get(error.verify_code, "certificat refusé")
    if isinstance(error, ssl.SSLError):
        return _BY_KIND["SSLError"]
    if isinstance(error, socket.gaierror):
        return "nom de machine introuvable"
    state = getattr(error, "sqlstate", None)
    if state in _BY_STATE:
        return _BY_STATE[state]
    kinds = _kinds(error)
    if "AuthenticationError" in kinds:
        return "mot de passe refusé" if "invalid" in str(error).lower() else "il demande un mot de passe"
    for kind in kinds:
        if kind in _BY_KIND:
            return _with_code(_BY_KIND[kind], error)
    if isinstance(error, OSError) and error.errno in (*_FULL, *_BY_NUMBER):
        return "plus de place" if error.errno in _FULL else _BY_NUMBER[error.errno]
    words = str(error).lower()
    for piece, said in _BY_WORDS.items():
        if piece in words:
            return said
    return "pas de réponse à temps" if isinstance(error, TimeoutError) or "TimeoutError" in kinds else ""


def _kinds(error: BaseException) -> list[str]:
    return [kind.__name__ for kind in type(error).__mro__]


def _with_code(said: str, error: BaseException) -> str:
    """What a mail server answered, by its number: 550 is said to whoever looks after it."""
    refused = getattr(error, "recipients", None)
    code = getattr(refused[0] if refused else error, "code", None)
    return f"{said} ({code})" if isinstance(code, int) else said
