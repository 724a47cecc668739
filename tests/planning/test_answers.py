"""Who comes: answers, pouvoirs, and the quorum."""

import asyncio
from datetime import timedelta
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import update
from sqlmodel import col, select

from entente.clock import now, today
from entente.notices.models import Notice
from entente.people.who import Who
from entente.rules import Conflict, Invalid, NotFound, Refused
from planning import service as meetings
from planning.absences import service as absences
from planning.answers import queries, service
from planning.answers.rules import AWAY, Bearer, Said, count, heard, unfit_bearer
from planning.models import Answer, AnswerSaid, BodyRule, Channel, Meeting, Stance
from planning.notice import service as notice
from planning_world import Council, again, day

SEATS = [UUID(int=number) for number in range(1, 8)]
RULE = BodyRule(body_id=UUID(int=0), since=today())
PRESENT, EXCUSED = Said(Stance.PRESENT), Said(Stance.EXCUSED)


async def ready(council: Council) -> Meeting:
    """A meeting of a body with a quorum, pouvoirs and substitutes."""
    world = council.world
    async with world.working(world.camille) as work:
        rule = BodyRule(body_id=world.copil.id, since=day(0), allows_pouvoirs=True, allows_substitutes=True)
        await notice.write_rule(work, rule)
    return await council.meet()


async def say(
    council: Council,
    meeting: Meeting,
    name: str,
    said: Said | None,
    who: Who | None = None,
    channel: Channel = Channel.WEB,
) -> None:
    """Someone answers for a seat: its holder, unless said otherwise."""
    world = council.world
    async with world.working(who or world.people[name]) as work:
        await service.give(work, await again(work, meeting), council.seats[name].id, said, channel)


async def seen(council: Council, meeting: Meeting) -> queries.Attendance:
    """Where the meeting stands."""
    async with council.world.reading() as db:
        return await queries.attendance(db, meeting)


def to(council: Council, name: str) -> Said:
    """A pouvoir given to someone."""
    return Said(Stance.REPRESENTED, council.seats[name].id)


_moves = st.lists(
    st.tuples(
        st.sampled_from(SEATS),
        st.one_of(
            st.none(),
            st.sampled_from([PRESENT, EXCUSED, Said(Stance.SUBSTITUTED)]),
            st.sampled_from(SEATS).map(lambda seat: Said(Stance.REPRESENTED, seat)),
        ),
    ),
    max_size=30,
)


@given(_moves)
@settings(max_examples=50, deadline=None)
def test_no_seat_is_ever_counted_twice(moves: list[tuple[UUID, Said | None]]) -> None:
    """Whatever is answered in whatever order, each seat is in one column, and who is away bears no pouvoir."""
    answers: dict[UUID, Said] = {}
    for seat, said in moves:
        if said and said.bearer:
            is_taken = any(other.bearer == said.bearer for giver, other in answers.items() if giver != seat)
            if is_taken or unfit_bearer(answers, seat, Bearer(said.bearer, "Awa", False)):
                continue
        answers = heard(answers, seat, said).answers
    away = {seat for seat, said in answers.items() if said.stance in AWAY}
    assert not away & {said.bearer for said in answers.values()}
    counted = count([*SEATS, *SEATS], answers, RULE)
    columns = (counted.present, counted.substituted, counted.excused, counted.represented, counted.silent)

    assert sum(columns) == counted.in_office == len(SEATS)
    assert min(columns) >= 0
    assert counted.expected == sum(said.stance in (Stance.PRESENT, Stance.SUBSTITUTED) for said in answers.values())


@pytest.mark.parametrize(("in_office", "needed"), [(1, 1), (16, 9), (17, 9), (38, 20)])
def test_the_quorum_is_more_than_half(in_office: int, needed: int) -> None:
    """Nine of sixteen, and nine of seventeen (CGCT, art. L.2121-17)."""
    assert count([UUID(int=n) for n in range(in_office)], {}, RULE).needed == needed


async def test_the_last_word_wins_and_every_word_is_kept(council: Council) -> None:
    """Eva comes, then does not, then her secretary takes her call; the seat of the secretary does not count."""
    meeting = await ready(council)
    await say(council, meeting, "eva", PRESENT)
    await say(council, meeting, "eva", EXCUSED)
    await say(council, meeting, "eva", PRESENT, council.world.camille, channel=Channel.TELEPHONE)
    await say(council, meeting, "awa", PRESENT)

    quorum = (await seen(council, meeting)).quorum
    assert (quorum.in_office, quorum.expected, quorum.needed, quorum.silent) == (5, 2, 3, 3)
    assert quorum.words.replace("\u00a0", " ") == (
        "Le quorum n’est pas encore atteint : 2 membres attendus, il manque 1 présence."
    )
    async with council.world.reading() as db:
        told = [each for each in await queries.history(db, meeting) if each.name == "Eva Morel"]
    assert [(each.stance, each.channel) for each in told] == [
        (Stance.PRESENT, Channel.TELEPHONE),
        (Stance.EXCUSED, Channel.WEB),
        (Stance.PRESENT, Channel.WEB),
    ]


async def test_pouvoirs_and_substitutes_count_as_the_law_says(council: Council) -> None:
    """Hugo stands in for Eva and counts; Farid gives a pouvoir to Awa and does not."""
    meeting = await ready(council)
    await say(council, meeting, "eva", Said(Stance.SUBSTITUTED), council.world.hugo)
    await say(council, meeting, "farid", to(council, "awa"))

    quorum = (await seen(council, meeting)).quorum
    assert (quorum.expected, quorum.substituted, quorum.represented, quorum.silent) == (1, 1, 1, 3)


@pytest.mark.parametrize(
    ("before", "said", "words"),
    [
        ([], ("farid", "farid"), "soi-même"),
        ([("awa", "excused")], ("farid", "awa"), "ne viendra pas"),
        ([("awa", "denise")], ("farid", "awa"), "a déjà donné son propre pouvoir"),
        ([("gilles", "awa")], ("farid", "awa"), "porte déjà un pouvoir"),
        ([], ("farid", "camille"), "Choisissez dans la liste"),
    ],
)
async def test_a_pouvoir_that_cannot_be_is_refused_and_nothing_changes(
    council: Council, before: list[tuple[str, str]], said: tuple[str, str], words: str
) -> None:
    """To oneself, to someone away, to someone represented, to someone who bears one, to whoever has no vote."""
    meeting = await ready(council)
    for name, what in before:
        await say(council, meeting, name, EXCUSED if what == "excused" else to(council, what))
    kept = await seen(council, meeting)
    with pytest.raises((Invalid, Conflict)) as refused:
        await say(council, meeting, said[0], to(council, said[1]))

    error = refused.value
    assert words in (" ".join(error.errors.values()) if isinstance(error, Invalid) else str(error))
    assert await seen(council, meeting) == kept


async def test_whoever_announced_an_absence_bears_no_pouvoir(council: Council) -> None:
    """Awa is away the week of the meeting: Farid gives her nothing."""
    meeting = await ready(council)
    async with council.world.working(council.world.awa) as work:
        await absences.announce(work, day(28), day(32), "Congés")
    with pytest.raises(Invalid, match="bearer"):
        await say(council, meeting, "farid", to(council, "awa"))


async def test_the_pouvoir_falls_with_its_bearer(council: Council) -> None:
    """Awa bears Farid's pouvoir, then cannot come: he stays excused, is told, and may give it to Denise."""
    meeting = await ready(council)
    await say(council, meeting, "farid", to(council, "awa"))
    await say(council, meeting, "awa", EXCUSED)

    answers = {each.name: each.said for each in (await seen(council, meeting)).members}
    assert (answers["Farid Benali"], answers["Awa Diallo"]) == (EXCUSED, EXCUSED)
    async with council.world.reading() as db:
        told = await db.exec(select(Notice.reason).where(col(Notice.person_id) == council.world.farid.id))
        assert told.all() == ["vous aviez donné pouvoir"]
    await say(council, meeting, "farid", to(council, "denise"))
    assert (await seen(council, meeting)).quorum.represented == 1


async def test_a_pouvoir_can_be_taken_back(council: Council) -> None:
    """Farid takes back what he gave Awa; Gilles can give his instead."""
    meeting = await ready(council)
    await say(council, meeting, "farid", to(council, "awa"))
    await say(council, meeting, "farid", None)
    await say(council, meeting, "gilles", to(council, "awa"))

    quorum = (await seen(council, meeting)).quorum
    assert (quorum.represented, quorum.silent) == (1, 4)


async def test_a_pouvoir_serves_three_sittings_in_a_row(council: Council) -> None:
    """Farid may give Awa his pouvoir three times in a row, not four, unless the secretary has seen that he is ill."""
    world, sittings = council.world, [await ready(council)]
    sittings += [await council.meet(sittings[0].starts_at + timedelta(days=7 * week)) for week in (1, 2, 3, 4)]
    for number in (0, 1, 3):
        await say(council, sittings[number], "farid", to(council, "awa"))

    async def give_by(who: Who, is_ill: bool) -> None:
        channel = Channel.TELEPHONE if who is world.camille else Channel.WEB
        async with world.working(who) as work:
            row, said = await again(work, sittings[2]), to(council, "awa")
            await service.give(work, row, council.seats["farid"].id, said, channel, is_ill=is_ill)

    # The third one would join the first two to the fourth.
    for who, is_ill in ((world.farid, False), (world.farid, True), (world.camille, False)):
        with pytest.raises(Invalid) as refused:
            await give_by(who, is_ill)
        assert "trois séances de suite" in refused.value.errors["bearer"]
    await give_by(world.camille, True)
    assert (await seen(council, sittings[2])).quorum.represented == 1
    await say(council, sittings[4], "farid", to(council, "denise"))


async def test_of_two_pouvoirs_to_one_bearer_at_once_one_is_refused(council: Council) -> None:
    """Farid and Gilles give theirs to Awa in the same instant: one of them is told."""
    meeting = await ready(council)
    done = await asyncio.gather(
        *(say(council, meeting, name, to(council, "awa")) for name in ("farid", "gilles")), return_exceptions=True
    )

    assert sorted(type(each).__name__ for each in done) == ["Conflict", "NoneType"]
    assert (await seen(council, meeting)).quorum.represented == 1


async def test_nobody_answers_for_another_seat(council: Council) -> None:
    """Gilles answers neither for Farid nor, by telephone, for anybody; Bruno has no seat; another body's is missing."""
    meeting, world = await ready(council), council.world
    for who, channel in ((world.gilles, Channel.WEB), (world.gilles, Channel.TELEPHONE), (world.bruno, Channel.WEB)):
        with pytest.raises(Refused):
            await say(council, meeting, "farid", PRESENT, who, channel=channel)
    with pytest.raises(NotFound):
        await say(council, meeting, "camille", PRESENT)
    async with world.reading() as db:
        assert (await db.exec(select(AnswerSaid))).all() == []


async def test_answers_close_when_the_meeting_begins(council: Council) -> None:
    """A minute after, and once it is called off, everybody is told why nothing more is taken."""
    meeting, world = await ready(council), council.world
    cancelled = await council.meet(meeting.starts_at + timedelta(days=7))
    async with world.working(world.camille) as work:
        await meetings.cancel(work, await again(work, cancelled), "Neige", cancelled.version)
        begun = now() - timedelta(minutes=1)
        await work.db.execute(
            update(Meeting)
            .where(col(Meeting.id) == meeting.id)
            .values(starts_at=begun, ends_at=begun + timedelta(hours=2))
        )
    for each, words in ((meeting, "closes"), (cancelled, "annulée")):
        with pytest.raises(Conflict, match=words):
            await say(council, each, "awa", PRESENT)


@pytest.mark.parametrize("stance", AWAY)
async def test_a_body_without_pouvoirs_or_substitutes_takes_neither(council: Council, stance: Stance) -> None:
    """Where no rule is written, a CoPil has no pouvoirs; an excuse is always taken."""
    meeting = await council.meet()
    said = to(council, "awa") if stance == Stance.REPRESENTED else Said(stance)
    if stance == Stance.REPRESENTED:
        with pytest.raises(Invalid):
            await say(council, meeting, "farid", said)
    elif stance == Stance.SUBSTITUTED:
        with pytest.raises(Invalid, match="stance"):
            await say(council, meeting, "farid", said)
    else:
        await say(council, meeting, "farid", said)
    async with council.world.reading() as db:
        assert len((await db.exec(select(Answer))).all()) == (1 if stance == Stance.EXCUSED else 0)
