"""Passwords: argon2id, slow on purpose, so never inside a transaction nor on the loop."""

import asyncio
import unicodedata
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

SHORTEST = 12

_HASHER = PasswordHasher()
# 64 MiB for each: two at a time, whatever the number of people who knock.
_STOVE = ThreadPoolExecutor(max_workers=2, thread_name_prefix="argon2")

NOBODY = "$argon2id$v=19$m=65536,t=3,p=4$QtyxXz77/LcX2HiBKGJKUg$wHz1TbPv4PeCSqdJ6hShqawkpyloviyjKMletdW8Dn0"
"""The hash of a password that nobody has: an unknown account takes as long as a known one."""

_RUNS = (
    "01234567890123456789",
    "azertyuiopqsdfghjklmwxcvbn",
    "qwertyuiopasdfghjklzxcvbnm",
    "abcdefghijklmnopqrstuvwxyz",
)
_COMMON = frozenset(
    {
        *("motdepasse", "monmotdepasse", "lemotdepasse", "password", "passwordpassword", "motdepassemotdepasse"),
        *("bonjour", "bonjourbonjour", "bienvenue", "soleil", "doudou", "chocolat", "loulou", "marseille"),
        *("jetaime", "jetaimejetaime", "administrateur", "administrator", "admin", "mairie", "commune"),
        *("intercommunalite", "communautedecommunes", "agglomeration", "collectivite", "entente"),
        *("azerty", "azertyazerty", "qwerty", "iloveyou", "letmein", "welcome", "changeme", "secret"),
    }
)


async def hashed(password: str) -> str:
    """What the database keeps of a password."""
    return await asyncio.get_running_loop().run_in_executor(_STOVE, _HASHER.hash, _composed(password))


async def matches(kept: str | None, password: str) -> bool:
    """Whether this is the password; with none kept, the same time goes by and the answer is no."""
    fits = await asyncio.get_running_loop().run_in_executor(_STOVE, _verify, kept or NOBODY, _composed(password))
    return fits and kept is not None


def is_dated(kept: str) -> bool:
    """Whether a hash was made with yesterday's costs."""
    return _HASHER.check_needs_rehash(kept)


def weakness(password: str, words: Iterable[str]) -> str | None:
    """Why this password would be guessed, in French; none when it may be used.

    Length and familiarity, never recipes of signs (NIST SP 800-63B). `words` are the person's own.
    """
    if len(_composed(password)) < SHORTEST:
        return f"C’est trop court\u00a0: {SHORTEST} caractères au moins. Une petite phrase convient très bien."
    bare = _bare(password)
    if bare in {_bare(word) for word in words}:
        return "C’est votre nom ou votre adresse\u00a0: choisissez autre chose."
    if _is_familiar(bare):
        return "Ce mot de passe est trop courant\u00a0: choisissez autre chose, une petite phrase par exemple."
    return None


def _is_familiar(bare: str) -> bool:
    core = bare.rstrip("0123456789") or bare
    monotonous = len(set(bare)) < 4
    in_a_row = any(core in run or core in run[::-1] for run in _RUNS)
    return monotonous or in_a_row or bare in _COMMON or core in _COMMON


def _bare(text: str) -> str:
    """Letters and figures alone, without case or accents."""
    plain = unicodedata.normalize("NFKD", text).casefold()
    return "".join(letter for letter in plain if letter.isalnum())


def _composed(password: str) -> str:
    # The same « é » typed on two keyboards may be two different texts.
    return unicodedata.normalize("NFKC", password)


def _verify(kept: str, password: str) -> bool:
    try:
        return _HASHER.verify(kept, password)
    except (VerificationError, InvalidHashError):
        return False
