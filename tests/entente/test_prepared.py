"""Questions built once: each person still asks for themselves, on the day on which they ask."""

from collections.abc import Collection
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlmodel import col

from entente import clock
from entente.db import rows
from entente.ids import new_id
from entente.people import queries
from entente.people.models import Function, FunctionKind, Person
from entente.people.who import Who
from entente.prepared import prepared
from forums.models import Forum
from forums.queries import is_readable
from world import World


def someone(*bodies: UUID, groups: Collection[UUID] = ()) -> Who:
    """A person who sits in these bodies, or is the guest of these groups."""
    return Who(uuid4(), "Quelqu’un", bodies=frozenset(bodies), groups=frozenset(groups))


def test_a_question_is_built_once_for_all_who_are_alike() -> None:
    """Two members ask one question with their own rights; a guest asks another."""
    built: list[str] = []

    @prepared
    def forums(who: Who) -> Any:
        built.append("member" if who.is_member else "guest")
        return rows(Forum.slug).where(is_readable(who))

    one, other = someone(uuid4()), someone(uuid4(), uuid4())
    (first, asked), (second, asked_too), (third, _) = forums(one), forums(other), forums(someone(groups=[uuid4()]))

    assert first is second is not third
    assert built == ["member", "guest"]
    assert (asked["who_id"], frozenset(asked["who_bodies"])) == (one.id, one.bodies)
    assert (asked_too["who_id"], frozenset(asked_too["who_bodies"])) == (other.id, other.bodies)


def test_what_is_left_out_is_told_apart_from_what_else_is() -> None:
    """No tag and a kind, or a tag and no kind: two questions, though each leaves one thing out."""

    @prepared
    def people(email: str | None, day: date | None, is_late: bool) -> Any:
        return (email is None, day is None, is_late)

    asked = [people("a", None, True), people(None, date(2026, 11, 22), True), people("a", None, False)]

    assert [question for question, _ in asked] == [(False, True, True), (True, False, True), (False, True, False)]
    assert [values for _, values in asked] == [{"email": "a"}, {"day": date(2026, 11, 22)}, {"email": "a"}]


def test_a_right_that_a_kept_question_cannot_hold_is_not_forgotten() -> None:
    """A rule that looks where nothing is kept fails at its first asking, for whoever it is."""

    @prepared
    def mine(who: Who) -> Any:
        return rows(Person.id).where(col(Person.given_name) == who.name)

    with pytest.raises(AttributeError):
        mine(someone(uuid4()))


async def test_each_person_finds_their_own(world: World) -> None:
    """Awa, Bruno and nobody ask the same kept question, which finds some of several, one, or none."""

    @prepared
    def named(person_id: UUID, among: Collection[UUID]) -> Any:
        return rows(Person.id).where(col(Person.id) == person_id, col(Person.id).in_(among))

    both = {world.awa.id, world.bruno.id}
    async with world.reading() as db:
        found = [
            (await db.execute(*named(who, among))).scalars().all()
            for who, among in ((world.awa.id, both), (world.bruno.id, [world.bruno.id]), (new_id(), both))
        ]
        nobody = (await db.execute(*named(world.awa.id, ()))).scalars().all()

    assert found == [[world.awa.id], [world.bruno.id], []]
    assert nobody == []


async def test_a_kept_question_lives_on_the_day_on_which_it_is_asked(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A function that begins tomorrow is not held today, and is tomorrow, by the question that was built today."""
    today = datetime(2026, 11, 22, 23, 59, tzinfo=clock.PARIS)
    async with world.house.working(world.awa) as work:
        work.db.add(
            Function(
                person_id=world.awa.id, organisation_id=world.aubrac.id, kind=FunctionKind.TECHNICIEN,
                title="Fontainier", since=today.date() + timedelta(days=1),
            )
        )  # fmt: skip

    @prepared
    def held(person_id: UUID) -> Any:
        return rows(Function.title).where(
            col(Function.person_id) == person_id, col(Function.title) == "Fontainier", queries.is_current(Function)
        )

    found = []
    async with world.reading() as db:
        for at in (today, today + timedelta(minutes=2)):
            monkeypatch.setattr(clock, "now", lambda at=at: at)
            found.append((await db.execute(*held(world.awa.id))).scalars().all())

    assert found == [[], ["Fontainier"]]
