"""The verbs of the register, on both homes."""

from datetime import date, timedelta

import pytest
from sqlmodel import col, select

from entente import journal
from entente.app import worker_of
from entente.clock import now
from entente.outbox import Task
from entente.people.models import Membership, Organisation, OrganisationKind
from entente.rules import Conflict, Invalid, Refused
from pistes import queries, service
from pistes.communes import queries as communes
from pistes.communes import service as positions
from pistes.communes.models import Stance
from pistes.criteria import service as criteria
from pistes.criteria.models import Criteria
from pistes.deferral import queries as deferrals
from pistes.deferral import service as deferral
from pistes.deferral.models import DeferForm
from pistes.marks import queries as marks
from pistes.marks import service as marking
from pistes.marks.models import MarkForm, Origin
from pistes.models import EditedPiste, MovedPhase, NewPiste, Phase, TieRule
from pistes.ranking.queries import board
from pistes.stories import REGISTER, stream_of
from pistes.tree import queries as trees
from pistes.tree import service as tree
from registers import piste
from world import World


async def _override(world: World, level: str, reason: str = "Vu en séance") -> None:
    found = await piste(world, "Forum")
    async with world.working(world.camille) as work:
        await marking.override(work, found, MarkForm(criterion="potentiel", level=level, reason=reason))


async def test_an_override_stands_over_the_base_and_both_are_kept(register: World) -> None:
    """Fixed by hand with its reason, then let go: the imported mark never left."""
    found = await piste(register, "Forum")
    await _override(register, "1")
    async with register.reading() as db:
        mark = (await marks.retained(db, "rapport_2016", pistes=[found.id]))[found.id]["potentiel"]
    assert (mark.level, mark.origin, mark.reason) == (1, Origin.OVERRIDDEN, "Vu en séance")
    assert (mark.base, mark.base_origin) == (3, Origin.IMPORTED)
    await _override(register, "")
    async with register.reading() as db:
        mark = (await marks.retained(db, "rapport_2016", pistes=[found.id]))[found.id]["potentiel"]
        given = await marks.given(db, found.id)
    assert (mark.level, mark.origin) == (3, Origin.IMPORTED)
    assert len([each for each in given if each.criterion == "potentiel"]) == 2


@pytest.mark.parametrize(
    ("level", "reason", "field"), [("1", "", "reason"), ("7", "Vu", "level"), ("x", "Vu", "level")]
)
async def test_an_override_needs_a_level_of_the_scale_and_a_reason(
    register: World, level: str, reason: str, field: str
) -> None:
    """Anything else is said beside its field."""
    with pytest.raises(Invalid) as refused:
        await _override(register, level, reason)
    assert list(refused.value.errors) == [field]


async def test_past_marks_do_not_move(register: World) -> None:
    """The board of yesterday is the board of yesterday, whatever is marked today."""
    async with register.working(register.camille) as work:
        before = now()
        await marking.give(work, await piste(register, "Forum"), "potentiel", 1, Origin.COMPUTED)
    async with register.reading() as db:
        then, today = await board(db, before), await board(db)
    assert [line.levels.get("potentiel") for line in then.lines if line.piste.title == "Forum"] == [3]
    assert [line.levels["potentiel"] for line in today.lines if line.piste.title == "Forum"] == [1]


async def test_sixteen_communes_become_thirty_eight_and_the_past_stays(register: World) -> None:
    """On 1 January 2017 others come in: the members, positions and marks of 2016 are what they were."""
    forum, day = await piste(register, "Forum"), date(2017, 1, 1)
    async with register.working(register.camille) as work:
        await positions.stand(work, forum, register.brioude.id, Stance.TAKES_PART, date(2016, 6, 1))
        late = Organisation(kind=OrganisationKind.COMMUNE, name="Chaudes-Aigues", short_name="Chaudes")
        work.db.add(late)
        await work.db.flush()
        work.db.add(Membership(organisation_id=late.id, since=day))
        await work.db.flush()
        await positions.stand(work, forum, late.id, Stance.INTERESTED, day)
    async with register.reading() as db:
        assert [each.name for each in await communes.members(db, date(2016, 12, 31))] == ["Aubrac", "Brioude"]
        assert len(await communes.members(db, day)) == 3
        before = (await communes.positions(db, date(2016, 12, 31), [forum.id]))[forum.id]
        after = (await communes.positions(db, day, [forum.id]))[forum.id]
    assert [(each.commune.name, each.stance) for each in before] == [("Brioude", Stance.TAKES_PART)]
    assert [each.commune.name for each in after] == ["Brioude", "Chaudes-Aigues"]


async def test_a_commune_speaks_for_itself(register: World) -> None:
    """Denise, mayor of Brioude, says where Brioude stands, not Aubrac; Bruno, a technician, for nobody."""
    found = await piste(register, "Achats groupés")
    async with register.working(register.denise) as work:
        await positions.take_position(work, found, register.brioude.id, Stance.INTERESTED)
    for who, commune in ((register.denise, register.aubrac), (register.bruno, register.brioude)):
        with pytest.raises(Refused):
            async with register.working(who) as work:
                await positions.take_position(work, found, commune.id, Stance.TAKES_PART)
    async with register.reading() as db:
        stood = (await communes.positions(db, pistes=[found.id]))[found.id]
    assert {each.commune.name: each.stance for each in stood}["Brioude"] is Stance.INTERESTED


async def test_deferred_is_not_rejected(register: World) -> None:
    """It stays in the ranking with its reason, and comes back by itself on the day: once."""
    found = await piste(register, "Forum")
    form = DeferForm(reason="Après le budget.", revisit_on=deferral.today() + timedelta(days=40))
    async with register.working(register.camille) as work:
        made = await deferral.defer(work, found, form)
    with pytest.raises(Conflict):
        async with register.working(register.camille) as work:
            await deferral.defer(work, found, form)
    async with register.house.database.writing() as db:
        [task] = (await db.exec(select(Task).where(col(Task.kind) == deferral.RESUME))).all()
        assert task.due_at.date() == made.revisit_on
        assert [line.deferral is not None for line in (await board(db)).lines if line.piste.id == found.id] == [True]
        task.due_at = now() - timedelta(minutes=1)
    worker = worker_of(register.house)
    while await worker.work_once():
        pass
    async with register.reading() as db:
        assert await deferrals.standing(db, [found.id]) == {}
        assert (await queries.story(db, found.id))[0].detail == {"itself": True}


async def test_a_day_that_is_past_is_no_day_to_come_back(register: World) -> None:
    """Today is too late as well."""
    found = await piste(register, "Forum")
    form = DeferForm(reason="Plus tard.", revisit_on=deferral.today())
    with pytest.raises(Invalid):
        async with register.working(register.camille) as work:
            await deferral.defer(work, found, form)


async def test_the_tree_never_closes_on_itself(register: World) -> None:
    """« papier » stands under « Achats groupés »: the other way round is refused, and a free place is not."""
    paper, whole = await piste(register, "papier"), await piste(register, "Achats groupés")
    async with register.reading() as db:
        found = await trees.tree(db)
    [leaf] = found.places_of(paper.id)
    with pytest.raises(Invalid):
        async with register.working(register.camille) as work:
            await tree.stand(work, whole, leaf.node.id, is_ranked=False)
    first = found.places_of(whole.id)[0].node.id
    with pytest.raises(Invalid):
        async with register.working(register.camille) as work:
            await tree.move(work, first, leaf.node.id)
    network = found.places_of((await piste(register, "Forum")).id)[0]
    assert network.above
    async with register.working(register.camille) as work:
        await tree.move(work, leaf.node.id, network.above.node.id)
    async with register.reading() as db:
        assert [each.declinaison for each in (await trees.tree(db)).places_of(paper.id)] == ["Réseau"]


async def test_an_edited_set_of_criteria_is_a_new_version(register: World) -> None:
    """Somebody names a level: version 2, which ranks the same marks; the same again is no version 3."""
    async with register.reading() as db:
        before = await queries.standing(db)
    document = before.criteria.model_dump(mode="json")
    document["criteria"][0]["levels"][3]["label"] = "Faible"
    named = Criteria.model_validate(document)
    async with register.working(register.camille) as work:
        made = await criteria.keep(work, before.family, named)
        assert (await criteria.keep(work, before.family, named)).id == made.id
        await criteria.put_in_force(work, made)
    async with register.reading() as db:
        after, found = await queries.standing(db), await board(db)
    assert (before.version, after.version, after.criteria.criteria[0].levels[3].label) == (1, 2, "Faible")
    assert [line.placed.level for line in found.lines] == [1, 1, 2]


async def test_a_new_piste_comes_last_and_two_of_one_title_are_one_too_many(register: World) -> None:
    """« FORUM » is « Forum »; a piste that nobody has marked has no level yet."""
    async with register.reading() as db:
        under = next(each.node.id for each in (await trees.tree(db)).walk() if each.title == "Réseau")
    async with register.working(register.camille) as work:
        made = await service.create(work, NewPiste(title="Serres", declinaison=under, commune=register.aubrac.id))
    assert made.code == "P-005"
    with pytest.raises(Invalid) as refused:
        async with register.working(register.camille) as work:
            await service.create(work, NewPiste(title="Le FORUM", declinaison=under))
    assert refused.value.errors == {"title": service.TAKEN}
    async with register.reading() as db:
        last = (await board(db)).lines[-1]
    assert (last.piste.title, last.placed.level, [each.commune.name for each in last.carriers]) == (
        "Serres",
        None,
        ["Aubrac"],
    )


async def test_whoever_writes_over_a_newer_text_is_told(register: World) -> None:
    """The second of two editors keeps nothing and hears why."""
    found = await piste(register, "Forum")
    async with register.working(register.camille) as work:
        await service.edit(work, found, EditedPiste(title="Forum", summary="Un", version=1))
    with pytest.raises(Conflict):
        async with register.working(register.ines) as work:
            await service.edit(work, found, EditedPiste(title="Forum", summary="Deux", version=1))


async def test_whatever_changes_is_told_on_both_streams(register: World) -> None:
    """The piste's own stream says what; the register's says that its table is another."""
    found = await piste(register, "Forum")
    register.rung.clear()
    async with register.working(register.camille) as work:
        await service.move_phase(work, found, MovedPhase(phase=Phase.INITIALISATION))
    assert {rung.stream for rung in register.rung} == {str(REGISTER), str(stream_of(found.id))}
    async with register.reading() as db:
        assert (await journal.since(db, str(stream_of(found.id)), 0, 50))[-1].verb == "phase.moved"
    register.rung.clear()
    async with register.working(register.camille) as work:
        await service.move_phase(work, found, MovedPhase(phase=Phase.INITIALISATION))
    assert register.rung == []


async def test_an_order_by_hand_has_a_reason(register: World) -> None:
    """The first file that came in gave its own."""
    async with register.reading() as db:
        assert (await queries.standing(db)).tie_reason == "Comme imprimé"
    with pytest.raises(Invalid):
        async with register.working(register.camille) as work:
            await criteria.decide_ties(work, TieRule.MANUAL, " ")
    async with register.working(register.camille) as work:
        await criteria.decide_ties(work, TieRule.TREE, "")
    async with register.reading() as db:
        assert (await queries.standing(db)).tie_rule is TieRule.TREE
