"""The mails of the door: each says what happened, what its link does, and what to do if it was not you."""

from typing import Any

from entente import mail
from entente.people.models import Person
from entente.web import templates
from entente.work import Work


def post_sign_in_link(work: Work, recipient: str, house: str, link: str) -> None:
    """The link that signs someone in."""
    _post(work, recipient, f"Votre lien de connexion à {house}", "sign_in", house=house, link=link)


def post_new_address_link(work: Work, person: Person, new: str, house: str, link: str) -> None:
    """The link, sent to the new address, that makes it the person's own."""
    _post(
        work,
        new,
        f"Confirmez votre nouvelle adresse sur {house}",
        "new_address",
        name=person.name,
        house=house,
        link=link,
    )


def post_address_is_taken(work: Work, recipient: str, house: str) -> None:
    """Tell the owner of an account that someone wanted to use their address."""
    _post(work, recipient, f"Votre adresse sur {house}", "address_taken", house=house)


def post_address_changed(work: Work, person: Person, old: str, house: str) -> None:
    """Tell the old address that it no longer opens the account."""
    _post(work, old, f"Votre adresse a changé sur {house}", "address_changed", name=person.name, house=house)


def post_password_changed(work: Work, person: Person, house: str) -> None:
    """Tell someone that their password is another one."""
    _post(
        work,
        person.email,
        f"Votre mot de passe a changé sur {house}",
        "password_changed",
        name=person.name,
        house=house,
    )


def _post(work: Work, recipient: str, subject: str, template: str, **context: Any) -> None:
    mail.post(work, recipient, subject, str(templates.render(f"mail/{template}.txt", context)))
