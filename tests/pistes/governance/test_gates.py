"""Gates between phases: a go opens one, once; a stop needs none."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from entente.rules import Conflict, Invalid, Refused
from pistes.decisions import queries as decisions
from pistes.decisions.queries import Chosen
from pistes.deferral import queries as deferrals
from pistes.deferral import service as deferral
from pistes.deferral.models import DeferForm
from pistes.models import Phase
from pistes.protocol import queries, service
from pistes.protocol.models import ChosenKind, KindForm
from pistes.protocol.rules import Way, next_gate, reachable, way
from registers import piste


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (Phase.EXPRIMEE, Phase.INITIALISATION, Way.ENTER),
        (Phase.EXPRIMEE, Phase.ETUDE, Way.CLOSED),
        (Phase.INITIALISATION, Phase.ETUDE, Way.GATE),
        (Phase.ETUDE, Phase.MISE_EN_OEUVRE, Way.CLOSED),
        (Phase.PROJET, Phase.MISE_EN_OEUVRE, Way.GATE),
        (Phase.PROJET, Phase.ETUDE, Way.BACK),
        (Phase.MISE_EN_OEUVRE, Phase.ARRETEE, Way.STOP),
        (Phase.EXPRIMEE, Phase.ARRETEE, Way.STOP),
        (Phase.ARRETEE, Phase.PROJET, Way.CLOSED),
        (Phase.ARRETEE, Phase.EXPRIMEE, Way.BACK),
        (Phase.ETUDE, Phase.ETUDE, Way.STAY),
    ],
)
def test_the_way_from_one_phase_to_another(before: Phase, after: Phase, expected: Way) -> None:
    """One phase at a time, a stop from anywhere, and from a stop only back to the beginning."""
    assert way(before, after) is expected
    assert (after in reachable(before)) == (expected not in (Way.STAY, Way.CLOSED))


def test_the_next_gate_leads_to_the_next_phase() -> None:
    """None before the protocol, at its end, and for what is stopped."""
    assert [next_gate(phase) for phase in Phase] == [
        None,
        Phase.ETUDE,
        Phase.PROJET,
        Phase.MISE_EN_OEUVRE,
        None,
        None,
    ]


async def test_nothing_moves_on_without_a_go(council: Any) -> None:
    """Not without a decision, not on a hold, not on a go that came before a rework; each time it says why."""
    for outcome, said in ((None, "Aucune ne l’est."), ("hold", "mise en attente"), ("rework", "à retravailler")):
        if outcome:
            await council.decides(council.at_gate("go", waits=True))
            await council.decides(council.at_gate(outcome))
        with pytest.raises(Invalid) as refused:
            await council.moves(Phase.ETUDE)
        assert said in refused.value.errors["phase"]
    assert await council.phase() is Phase.INITIALISATION


async def test_a_go_opens_its_gate_at_once_or_later_and_once(council: Any) -> None:
    """Kept for later, it lets the column of the board change; once back, it opens nothing any more."""
    await council.decides(council.at_gate(waits=True))
    assert await council.phase() is Phase.INITIALISATION
    await council.moves(Phase.ETUDE)
    await council.moves(Phase.INITIALISATION, "L’étude n’avait pas de pilote.")
    with pytest.raises(Invalid):
        await council.moves(Phase.ETUDE)
    await council.decides(council.at_gate())
    assert await council.phase() is Phase.ETUDE


async def test_a_go_that_was_replaced_opens_nothing(council: Any) -> None:
    """The heir says something else than a gate: the way is closed again."""
    made = await council.decides(council.at_gate(waits=True))
    await council.decides(council.form(supersedes=made.id))
    with pytest.raises(Invalid):
        await council.moves(Phase.ETUDE)


async def test_a_stop_is_possible_at_any_time_with_its_reason(council: Any) -> None:
    """No decision is asked, words are; then every gate is to be passed anew."""
    with pytest.raises(Invalid) as refused:
        await council.moves(Phase.ARRETEE)
    assert list(refused.value.errors) == ["reason"]
    await council.moves(Phase.ARRETEE, "Plus personne ne la porte.")
    with pytest.raises(Invalid):
        await council.moves(Phase.INITIALISATION)
    await council.moves(Phase.EXPRIMEE, "Une commune la reprend.")
    assert await council.phase() is Phase.EXPRIMEE


async def test_a_no_go_stops_the_piste(council: Any) -> None:
    """The history says by which decision."""
    made = await council.decides(council.at_gate("no_go"))
    assert await council.phase() is Phase.ARRETEE
    async with council.world.reading() as db:
        course = await queries.course_of(db, await piste(council.world, "Forum"))
    assert [(each.code, each.after) for each in course.steps if each.outcome] == [(made.code, Phase.ETUDE)]
    assert course.gate is None


async def test_of_two_who_pass_a_gate_at_once_one_wins(council: Any) -> None:
    """The other reads where the piste stands now, and its decision is not written: no number is lost."""
    done = await asyncio.gather(*(council.decides(council.at_gate()) for _ in range(2)), return_exceptions=True)
    [lost] = [each for each in done if isinstance(each, Conflict)]
    assert "maintenant en phase «\u00a0Étude\u00a0»" in lost.reason
    async with council.world.reading() as db:
        lines, count = await decisions.decisions(db, Chosen())
    assert ([each.code for each in lines], count) == (["D-2026-001"], 1)
    with pytest.raises(Conflict):
        await council.moves(Phase.ARRETEE, "Trop tard", seen=Phase.INITIALISATION)


async def test_deferred_is_not_rejected_at_a_gate(council: Any) -> None:
    """A hold puts the piste off until its review, a go brings it back, a stop lets nothing come back by itself."""

    async def lasting() -> bool:
        async with council.world.reading() as db:
            return bool(await deferrals.standing(db, [council.forum.id]))

    later = deferral.today() + timedelta(days=30)
    await council.decides(council.at_gate("hold", review_on=later))
    assert await lasting()
    assert await council.phase() is Phase.INITIALISATION
    await council.decides(council.at_gate("hold", review_on=later + timedelta(days=1)))
    await council.decides(council.at_gate("go"))
    assert not await lasting()
    async with council.world.working(council.world.camille) as work:
        await deferral.defer(work, council.forum, DeferForm(reason="Budget", revisit_on=later))
    await council.moves(Phase.ARRETEE, "Abandon.")
    assert not await lasting()
    with pytest.raises(Conflict):
        async with council.world.working(council.world.camille) as work:
            await deferral.defer(work, council.forum, DeferForm(reason="Budget", revisit_on=later))


async def test_the_protocol_says_which_body_decides(council: Any) -> None:
    """Once the CoTech decides, the CoPil may not; the general protocol is left as it was."""
    world = council.world
    async with world.working(world.camille) as work:
        made = await service.add_kind(work, KindForm(title="Observatoire"))
        gates = {**made.protocol.gates, Phase.ETUDE: "cotech"}
        changed = made.protocol.model_validate({**made.protocol.model_dump(), "gates": gates})
        assert (await service.edit(work, made.kind, 1, changed)).version == 2
        assert (await service.edit(work, made.kind, 2, changed)).version == 2
        await service.choose(work, council.forum, ChosenKind(kind="observatoire"))
    with pytest.raises(Invalid) as refused:
        await council.decides(council.at_gate())
    assert refused.value.errors["body"].endswith("comité technique.")
    with pytest.raises(Conflict):
        async with world.working(world.ines) as work:
            await service.edit(work, made.kind, 1, made.protocol)
    async with world.reading() as db:
        assert [each.version for each in (await queries.in_force(db)).values()] == [0, 2]


async def test_who_may_move_a_piste(council: Any) -> None:
    """Bruno may not, whatever is recorded; Denise, who wrote the go down, may pass it and nothing else."""
    for phase in (Phase.ETUDE, Phase.ARRETEE, Phase.PROJET):
        for who in (council.world.bruno, council.world.denise):
            with pytest.raises(Refused):
                await council.moves(phase, who=who)
    await council.decides(council.at_gate(waits=True))
    with pytest.raises(Refused):
        await council.moves(Phase.ETUDE, who=council.world.bruno)
    await council.moves(Phase.ETUDE, who=council.world.denise)
