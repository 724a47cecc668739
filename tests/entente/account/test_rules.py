"""Who may come in, as plain functions."""

import pytest

from entente.account import rules
from entente.people.models import Person, PersonStatus


def someone(status: PersonStatus, pitch: str | None = None) -> Person:
    return Person(email="awa@aubrac.example", given_name="Awa", family_name="Diallo", status=status, demo_pitch=pitch)


@pytest.mark.parametrize(
    ("status", "enters"),
    [(PersonStatus.INVITED, True), (PersonStatus.ACTIVE, True), (PersonStatus.SUSPENDED, False)],
)
def test_an_account_opens_until_it_is_suspended(status: PersonStatus, enters: bool) -> None:
    """Invited and active people enter by their links; whoever is suspended does not."""
    assert rules.may_enter(someone(status)) is enters


def test_one_click_is_for_the_demonstration_s_own_people() -> None:
    """Awa, active and with a pitch, can be tried in the demonstration; no other mix of the three will do."""
    awa = someone(PersonStatus.ACTIVE, "Awa achète pour Aubrac.")
    assert rules.may_be_tried(awa, is_demo=True)
    assert not rules.may_be_tried(awa, is_demo=False)
    assert not rules.may_be_tried(someone(PersonStatus.ACTIVE), is_demo=True)
    assert not rules.may_be_tried(someone(PersonStatus.SUSPENDED, "Awa"), is_demo=True)
