"""Which domains may open accounts: those of the members, never those where anybody may have an address."""

import re

PUBLIC = frozenset(
    {
        *("gmail.com", "googlemail.com", "outlook.com", "outlook.fr", "hotmail.com", "hotmail.fr", "live.com"),
        *("live.fr", "msn.com", "yahoo.com", "yahoo.fr", "ymail.com", "icloud.com", "me.com", "mac.com"),
        *("aol.com", "aol.fr", "gmx.com", "gmx.fr", "gmx.net", "mail.com", "mail.ru", "yandex.com", "proton.me"),
        *("protonmail.com", "pm.me", "tutanota.com", "tuta.io", "zoho.com", "mailo.com", "netcourrier.com"),
        *("laposte.net", "orange.fr", "wanadoo.fr", "free.fr", "aliceadsl.fr", "alice.fr", "sfr.fr", "neuf.fr"),
        *("cegetel.net", "club-internet.fr", "9online.fr", "noos.fr", "numericable.fr", "bbox.fr"),
        *("bouygtel.fr", "voila.fr", "caramail.com", "caramail.fr", "tiscali.fr", "infonie.fr", "libertysurf.fr"),
        *("worldonline.fr", "nordnet.fr", "ovh.fr", "dbmail.com", "hey.com", "fastmail.com", "hushmail.com"),
        *("yopmail.com", "mailinator.com", "guerrillamail.com", "10minutemail.com", "ik.me"),
    }
)

_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_DOMAIN = re.compile(rf"(?:{_LABEL}\.)+[a-z][a-z0-9-]{{0,61}}[a-z0-9]")


def domain_of(typed: str) -> str:
    """The domain as addresses write it; raises ValueError with a French sentence."""
    domain = typed.strip().lower().rpartition("@")[2].rstrip(".")
    try:
        domain = domain.encode("idna").decode() if domain else ""
    except UnicodeError:
        domain = ""
    if len(domain) > 253 or not _DOMAIN.fullmatch(domain):
        raise ValueError("Écrivez un nom de domaine, par exemple mairie-soyaux.fr.")
    if domain in PUBLIC or any(domain.endswith(f".{each}") for each in PUBLIC):
        raise ValueError(
            f"N’importe qui peut avoir une adresse en {domain}\u00a0: invitez plutôt chaque personne par son adresse."
        )
    return domain
