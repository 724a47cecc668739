"""Who may come in, and how far a setting of one's own goes."""

from collections.abc import Iterable

from entente.account import passwords
from entente.people.models import Person, PersonStatus
from entente.rules import Invalid


def may_enter(person: Person) -> bool:
    """An account opens by its links until it is suspended."""
    return person.status != PersonStatus.SUSPENDED


def may_be_tried(person: Person, is_demo: bool) -> bool:
    """One click is enough in the demonstration, and nowhere else, for those made for it."""
    return is_demo and person.demo_pitch is not None and person.status == PersonStatus.ACTIVE


def check_password(password: str, words: Iterable[str], field: str = "new_password") -> None:
    """Accept a password, or raise Invalid with the reason."""
    reason = passwords.weakness(password, words)
    if reason:
        raise Invalid({field: reason})


def words_of(given_name: str, family_name: str, email: str) -> list[str]:
    """What anyone would try first."""
    return [
        email,
        email.partition("@")[0],
        given_name,
        family_name,
        f"{given_name} {family_name}",
        f"{family_name} {given_name}",
    ]
