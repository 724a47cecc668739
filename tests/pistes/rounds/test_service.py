"""Opening, answering, reminding and closing, on both homes."""

import asyncio
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from sqlmodel import col, select

from entente.app import worker_of
from entente.notices.models import Notice
from entente.rules import Conflict, Invalid, NotFound, Refused
from entente.settings import Settings
from pistes.imports.service import bring_in
from pistes.marks import queries as marks
from pistes.marks import service as marking
from pistes.marks.models import Mark, MarkForm, Origin
from pistes.rounds import queries, service
from pistes.rounds.models import Given, Middle, RetainedForm, Round, Voice
from pistes.rounds.stories import CLOSINGS, reminder_of, stream_of
from pistes.stories import REGISTER
from registers import HEAD, piste
from rounds_world import Evaluation, key, opened
from world import World


async def _retained(world: World, title: str, family: str = "rapport_2016") -> dict[str, Any]:
    found = await piste(world, title)
    async with world.reading() as db:
        return (await marks.retained(db, family, pistes=[found.id])).get(found.id, {})


async def test_the_median_of_a_closed_round_becomes_the_mark(evaluation: Evaluation) -> None:
    """Aubrac says 1 and Brioude 3: the lower of the two in the middle, as declared; the imported mark is kept."""
    await evaluation.says(evaluation.world.camille, evaluation.all_of(1, 1, 1))
    await evaluation.says(evaluation.world.denise, evaluation.all_of(3, 2, 3))
    evaluation.world.rung.clear()
    await evaluation.close()
    found = await _retained(evaluation.world, "Forum")
    assert [(each.level, each.origin) for each in found.values()] == [(1, Origin.COMPUTED)] * 3
    # One entry for all the pistes of the round, however many: their pages follow it.
    streams = {str(REGISTER), str(CLOSINGS), str(stream_of(evaluation.round.id))}
    assert {each.stream for each in evaluation.world.rung} == streams
    async with evaluation.world.reading() as db:
        given = [each.level for each in await marks.given(db, evaluation.forum.id) if each.criterion == "potentiel"]
    assert given == [1, 3]


async def test_closing_a_larger_round_takes_no_more_statements(cotech: World) -> None:
    """Two pistes or forty-two: their marks, their stories and what is told of them are written at once."""
    costs = []
    for more in (0, 40):
        if more:
            lines = [f"{n},Piste {n},Économies,Réduire les coûts,1,1,1" for n in range(10, 10 + more)]
            async with cotech.working(cotech.camille) as work:
                await bring_in(work, "\n".join([HEAD, *lines]))
        made = await opened(cotech, title=f"Tour {more}")
        async with cotech.working(cotech.denise) as work:
            [voice] = await queries.voices_of(work.db, cotech.denise, made)
            said = {(each.id, "potentiel"): 2 for each in await queries.asked(work.db, made.id)}
            await service.answer(work, made, voice, said)
        with cotech.counting() as seen:
            async with cotech.working(cotech.camille) as work:
                await service.close(work, made)
        costs.append(len(seen))
    assert costs[0] == costs[1]


async def test_an_override_stays_over_what_a_round_computes(evaluation: Evaluation) -> None:
    """Fixed by hand before: both are kept. Fixed by hand after, from the round: the same, with its reason."""
    world = evaluation.world
    async with world.working(world.camille) as work:
        await marking.override(work, evaluation.forum, MarkForm(criterion="potentiel", level="2", reason="Vu"))
    await evaluation.says(world.denise, evaluation.all_of(1, 2, 1))
    await evaluation.close()
    found = (await _retained(world, "Forum"))["potentiel"]
    assert (found.level, found.base, found.base_origin) == (2, 1, Origin.COMPUTED)
    form = RetainedForm(piste=evaluation.orders.id, criterion="faisabilite", level=3, reason="Marché en cours")
    async with world.working(world.camille) as work:
        await service.retain(work, evaluation.round, form)
    after = (await _retained(world, "Achats groupés"))["faisabilite"]
    assert (after.level, after.reason, after.base) == (3, "Marché en cours", 1)


async def test_nothing_is_known_before_a_round_closes(evaluation: Evaluation) -> None:
    """Not even by whoever runs it; then counts, without names."""
    await evaluation.says(evaluation.world.denise, evaluation.all_of(1, 1, 1))
    async with evaluation.world.reading() as db:
        with pytest.raises(NotFound):
            await queries.counts(db, evaluation.round)
    await evaluation.close()
    async with evaluation.world.reading() as db:
        assert (await queries.counts(db, evaluation.round))[key(evaluation.forum)] == {1: 1}


async def test_a_commune_has_one_voice_and_may_think_again(evaluation: Evaluation) -> None:
    """Denise changes her mind, then takes a mark back: one row per cell, and Brioude is no longer done."""
    world, cell = evaluation.world, key(evaluation.forum)
    await evaluation.says(world.denise, evaluation.all_of(1, 1, 1))
    await evaluation.says(world.denise, {cell: 3})
    async with world.reading() as db:
        assert (await queries.progress(db, [evaluation.round]))[evaluation.round.id].done == 1
        assert (await queries.marks_of(db, (await evaluation.voice(world.denise)).id))[cell] == 3
    await evaluation.says(world.denise, {cell: None})
    async with world.reading() as db:
        seen = (await queries.progress(db, [evaluation.round]))[evaluation.round.id]
    assert [each.name for each in seen.missing] == ["Aubrac", "Brioude"]


async def test_the_database_itself_keeps_one_mark_per_voice(evaluation: Evaluation) -> None:
    """A second row for the same voice, piste and criterion has no room; nor has a voice of another round."""
    await evaluation.says(evaluation.world.denise, {key(evaluation.forum): 1})
    voice = await evaluation.voice(evaluation.world.denise)
    again = Given(
        round_id=evaluation.round.id, piste_id=evaluation.forum.id, criterion="potentiel", voice_id=voice.id, level=2
    )
    with pytest.raises(IntegrityError):
        async with evaluation.world.house.database.writing() as db:
            db.add(again)
    with pytest.raises(IntegrityError):
        async with evaluation.world.house.database.writing() as db:
            db.add(Voice(round_id=evaluation.round.id, organisation_id=evaluation.world.brioude.id))


@pytest.mark.parametrize("who", ["bruno", "ines", "camille"])
async def test_nobody_speaks_for_another_commune(evaluation: Evaluation, who: str) -> None:
    """A technician of Brioude, an administrator and the secretary do not give Brioude's marks."""
    voice = await evaluation.voice(evaluation.world.denise)
    with pytest.raises(Refused):
        async with evaluation.world.working(evaluation.world.people[who]) as work:
            await service.answer(work, evaluation.round, voice, {key(evaluation.forum): 1})


async def test_a_mark_outside_its_scale_is_refused(evaluation: Evaluation) -> None:
    """Said beside its cell; nothing of that form is saved."""
    with pytest.raises(Invalid) as refused:
        await evaluation.says(evaluation.world.denise, {key(evaluation.orders): 1, key(evaluation.forum): 7})
    assert list(refused.value.errors) == [f"{evaluation.forum.id}.potentiel"]
    with pytest.raises(Invalid):
        await evaluation.says(evaluation.world.denise, {key(evaluation.forum, "beauté"): 1})
    async with evaluation.world.reading() as db:
        assert await queries.how_many(db, (await evaluation.voice(evaluation.world.denise)).id) == 0


async def test_a_closed_round_takes_nothing_more(evaluation: Evaluation) -> None:
    """Neither an answer, nor a reminder, nor another closing."""
    await evaluation.close()
    with pytest.raises(Conflict):
        await evaluation.says(evaluation.world.denise, {key(evaluation.forum): 1})
    with pytest.raises(Conflict):
        await evaluation.close()
    with pytest.raises(Conflict):
        async with evaluation.world.working(evaluation.world.camille) as work:
            await service.remind(work, evaluation.round)


async def test_only_the_secretary_runs_a_round(evaluation: Evaluation) -> None:
    """Denise does not close, Inès may: she keeps the house."""
    with pytest.raises(Refused):
        async with evaluation.world.working(evaluation.world.denise) as work:
            await service.close(work, evaluation.round)
    async with evaluation.world.working(evaluation.world.ines) as work:
        await service.close(work, evaluation.round)


async def test_the_missing_are_reminded_once(evaluation: Evaluation) -> None:
    """Aubrac has answered: Brioude's mayor alone is reminded; asked again, nobody is."""
    await evaluation.says(evaluation.world.camille, evaluation.all_of(1, 1, 1))
    told = []
    for _ in range(2):
        async with evaluation.world.working(evaluation.world.camille) as work:
            told.append(await service.remind(work, evaluation.round))
    assert told == [1, 0]
    async with evaluation.world.reading() as db:
        query = select(Notice.person_id).where(col(Notice.subject) == str(reminder_of(evaluation.round.id)))
        assert (await db.exec(query)).all() == [evaluation.world.denise.id]


async def test_whoever_has_a_voice_is_told_that_a_round_is_open(evaluation: Evaluation) -> None:
    """Denise and Inès, Camille's substitute; Camille opened it, Bruno has no voice."""
    worker = worker_of(evaluation.world.house)
    while await worker.work_once():
        pass
    async with evaluation.world.reading() as db:
        told = set((await db.exec(select(Notice.person_id).where(col(Notice.verb) == "round.opened"))).all())
    assert told == {evaluation.world.denise.id, evaluation.world.ines.id}


async def test_a_second_round_follows_a_closed_one_once(evaluation: Evaluation) -> None:
    """Same pistes and voices; not before the first closes, and not twice."""
    with pytest.raises(Conflict):
        async with evaluation.world.working(evaluation.world.camille) as work:
            await service.open_second(work, evaluation.round)
    await evaluation.says(evaluation.world.denise, evaluation.all_of(2, 1, 1))
    await evaluation.close()
    async with evaluation.world.working(evaluation.world.camille) as work:
        second = await service.open_second(work, evaluation.round)
    with pytest.raises(Conflict):
        async with evaluation.world.working(evaluation.world.camille) as work:
            await service.open_second(work, evaluation.round)
    async with evaluation.world.reading() as db:
        assert await queries.asked(db, second.id) == await queries.asked(db, evaluation.round.id)
        before = await queries.voice_before(db, second, await evaluation.voice(evaluation.world.denise, second))
        assert before
        assert (await queries.marks_of(db, before.id))[key(evaluation.forum)] == 2


async def test_a_round_by_the_criteria_of_the_working_groups(cotech: World) -> None:
    """More is better and 4+ is a level: the higher median is kept under that set, the other set does not move."""
    made = await opened(cotech, family="groupes_2014", middle=Middle.HIGH)
    both = Evaluation(cotech, made, await piste(cotech, "Forum"), await piste(cotech, "Achats groupés"))
    cell = key(both.forum, "faisabilite")
    await both.says(cotech.camille, {cell: 0})
    await both.says(cotech.denise, {cell: 4})
    await both.close()
    assert (await _retained(cotech, "Forum", "groupes_2014"))["faisabilite"].level == 4
    assert (await _retained(cotech, "Forum"))["faisabilite"].level == 3


@pytest.mark.parametrize(
    ("asked", "field"),
    [({"due_on": "2016-01-01"}, "due_on"), ({"part": "nowhere"}, "part"), ({"part": "missing"}, "part")],
    ids=["a day that is past", "no such part", "nothing lacks a mark"],
)
async def test_a_round_that_cannot_be(cotech: World, asked: dict[str, str], field: str) -> None:
    """Said beside its field."""
    with pytest.raises(Invalid) as refused:
        await opened(cotech, **asked)
    assert list(refused.value.errors) == [field]


async def test_later_members_do_not_move_a_round(evaluation: Evaluation) -> None:
    """Brioude leaves tomorrow: its voice stays in the round that it was called to."""
    await evaluation.world.end_functions(evaluation.world.denise)
    async with evaluation.world.house.database.writing() as db:
        await db.execute(text("DELETE FROM membership"))
    async with evaluation.world.reading() as db:
        seen = (await queries.progress(db, [evaluation.round]))[evaluation.round.id]
    assert [each.name for each in seen.voices] == ["Aubrac", "Brioude"]


class TestRace:
    """Answers and the closing arrive together."""

    @pytest.fixture
    def settings(self, settings: Settings) -> Settings:
        """As many connections as clients: they really race."""
        return settings.model_copy(update={"database_pool": 12})

    async def test_an_answer_counts_whole_or_is_refused(self, evaluation: Evaluation) -> None:
        """Two communes answer while Camille closes: whatever was accepted is in the median, nothing came after."""
        world = evaluation.world

        async def tries(who: str, level: int) -> int | None:
            try:
                await evaluation.says(world.people[who], evaluation.all_of(level, level, level))
            except Conflict:
                return None
            return level

        first = await tries("denise", 1)
        asked = [tries(who, 1 + number % 2) for number in range(5) for who in ("denise", "camille")]
        asked.insert(4, evaluation.close())
        said = await asyncio.gather(*asked)
        assert first == 1
        assert None in said
        async with world.reading() as db:
            closed = (await db.exec(select(Round.closed_at))).one()
            late = (await db.exec(select(Given).where(col(Given.at) > closed))).all()
            counts = await queries.counts(db, evaluation.round)
            base = (await db.exec(select(Mark.level).where(col(Mark.origin) == Origin.COMPUTED))).all()
        assert late == []
        assert {min(each) for each in counts.values()} == set(base)
