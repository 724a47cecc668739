"""Everything that may be done to a register after it was read, each deed as a few picks among what is there."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import date, timedelta
from typing import Any, Protocol, TypeVar

from sqlmodel import col, select

from entente.clock import today
from entente.people.models import Membership, Organisation, OrganisationKind
from entente.rules import Conflict, Invalid
from entente.work import Work
from pistes import queries, service
from pistes.communes import service as communes
from pistes.communes.models import Stance, Unresolved
from pistes.criteria import service as criteria
from pistes.criteria.models import Criteria, CriteriaSet
from pistes.deferral import service as deferral
from pistes.deferral.models import DeferForm, Deferral
from pistes.imports.service import bring_in
from pistes.marks import service as marking
from pistes.marks.models import MarkForm, Origin
from pistes.models import EditedPiste, MovedPhase, NewPiste, Phase, Piste, TieRule
from pistes.rounds import queries as round_queries
from pistes.rounds import service as rounds
from pistes.rounds.models import NewRound
from pistes.texts import service as texts
from pistes.texts.forms import ClaimForm
from pistes.texts.models import Claim
from pistes.tree import service as trees
from pistes.tree.models import Node, NodeKind
from registers import HEAD

One = TypeVar("One")


class Pick(Protocol):
    """Chooses one of several."""

    def __call__(self, options: Sequence[One]) -> One: ...


Deed = Callable[[Work, Pick], Awaitable[None]]


async def _piste(work: Work, pick: Pick) -> Piste:
    return pick((await work.db.exec(select(Piste).order_by(col(Piste.code)))).all())


async def _communes(work: Work) -> Sequence[Organisation]:
    query = select(Organisation).where(col(Organisation.kind) == OrganisationKind.COMMUNE)
    return (await work.db.exec(query.order_by(col(Organisation.id)))).all()


async def _declinaisons(work: Work) -> Sequence[Node]:
    query = select(Node).where(col(Node.kind) == NodeKind.DECLINAISON)
    return (await work.db.exec(query.order_by(col(Node.id)))).all()


async def mark(work: Work, pick: Pick) -> None:
    """A mark is imported again, otherwise."""
    found = await _piste(work, pick)
    key = pick((await queries.standing(work.db)).criteria.keys)
    await marking.give(work, found, key, pick([1, 2, 3]), Origin.IMPORTED)


async def mark_by_hand(work: Work, pick: Pick) -> None:
    """A mark is fixed by hand, or no longer."""
    form = MarkForm(criterion="potentiel", level=pick(["4", "1", ""]), reason="Vu")
    await marking.override(work, await _piste(work, pick), form)


async def other_criteria(work: Work, pick: Pick) -> None:
    """The set in force gets a version with another order, another name and another threshold."""
    standing = await queries.standing(work.db)
    document: dict[str, Any] = standing.criteria.model_dump(mode="json")
    first = document["criteria"].pop(pick([-1, 1]))
    first["name"] = pick(["Intérêt", "Utilité"])
    first["levels"][pick([1, 2])]["retained"] = pick([True, False])
    document["criteria"].insert(0, first)
    await criteria.put_in_force(work, await criteria.keep(work, standing.family, Criteria.model_validate(document)))


async def other_set(work: Work, pick: Pick) -> None:
    """Another set altogether is put in force."""
    sets = (await work.db.exec(select(CriteriaSet).order_by(col(CriteriaSet.family), col(CriteriaSet.version)))).all()
    await criteria.put_in_force(work, pick(sets))


async def other_ties(work: Work, pick: Pick) -> None:
    """Something else decides between equals."""
    await criteria.decide_ties(work, pick(list(TieRule)), "Comme convenu")


async def rename(work: Work, pick: Pick) -> None:
    """A piste gets another title, and another day."""
    found = await _piste(work, pick)
    words = {"title": f"{found.title[:40]} bis", "expressed_on": pick([None, date(2015, 1, 1)])}
    await service.edit(work, found, EditedPiste.model_validate({**words, "version": found.version}))


async def create(work: Work, pick: Pick) -> None:
    """A piste is proposed."""
    under = await _declinaisons(work)
    count = await queries.count(work.db)
    await service.create(work, NewPiste(title=f"Idée {count}", declinaison=pick(under).id))


async def stop(work: Work, pick: Pick) -> None:
    """A piste is stopped."""
    await service.move_phase(work, await _piste(work, pick), MovedPhase(phase=Phase.ARRETEE, reason="Essai"))


async def begin(work: Work, pick: Pick) -> None:
    """A piste enters its protocol."""
    await service.move_phase(work, await _piste(work, pick), MovedPhase(phase=Phase.INITIALISATION))


async def put_off(work: Work, pick: Pick) -> None:
    """A piste is put off."""
    form = DeferForm(reason="Budget", revisit_on=today() + timedelta(days=30))
    going = select(Piste).where(col(Piste.phase) != Phase.ARRETEE).order_by(col(Piste.code))
    await deferral.defer(work, pick((await work.db.exec(going)).all()), form)


async def take_back(work: Work, pick: Pick) -> None:
    """A piste is back on the agenda."""
    found = (
        select(Piste).join(Deferral, col(Deferral.piste_id) == col(Piste.id)).where(col(Deferral.ended_at).is_(None))
    )
    if waiting := (await work.db.exec(found.order_by(col(Piste.code)))).all():
        await deferral.resume(work, pick(waiting))


async def take_position(work: Work, pick: Pick) -> None:
    """A commune takes part, or withdraws."""
    member = pick((await work.db.exec(select(Membership).order_by(col(Membership.id)))).all())
    await communes.stand(work, await _piste(work, pick), member.organisation_id, pick(list(Stance)))


async def resolve(work: Work, pick: Pick) -> None:
    """A cut name is resolved."""
    found = (await work.db.exec(select(Unresolved).where(col(Unresolved.resolved_at).is_(None)))).all()
    places = await _communes(work)
    if found:
        await communes.resolve(work, pick(found).id, pick([None, *(each.id for each in places)]))


async def call_otherwise(work: Work, pick: Pick) -> None:
    """A commune gets another name: nothing of that is told on the streams of the register."""
    place = pick(await _communes(work))
    place.name, place.short_name = f"{place.name[:30]} la Neuve", f"{place.short_name[:8]} Neuve"


async def relabel(work: Work, pick: Pick) -> None:
    """An objectif or a declinaison gets another label."""
    found = (await work.db.exec(select(Node).where(col(Node.piste_id).is_(None)).order_by(col(Node.id)))).all()
    node = pick(found)
    await trees.rename(work, node.id, f"{node.label[:40]} bis")


async def place(work: Work, pick: Pick) -> None:
    """A piste gets one more place."""
    under = await _declinaisons(work)
    await trees.stand(work, await _piste(work, pick), pick(under).id, is_ranked=pick([True, False]))


async def move(work: Work, pick: Pick) -> None:
    """A place is taken elsewhere in the tree."""
    under = await _declinaisons(work)
    places = (await work.db.exec(select(Node).where(col(Node.piste_id).is_not(None)).order_by(col(Node.id)))).all()
    await trees.move(work, pick(places).id, pick(under).id)


async def leave(work: Work, pick: Pick) -> None:
    """A piste leaves one of its places."""
    places = (await work.db.exec(select(Node).where(col(Node.piste_id).is_not(None)).order_by(col(Node.id)))).all()
    again = [each for each in places if [one.piste_id for one in places].count(each.piste_id) > 1]
    await trees.leave(work, pick(again or places).id)


async def claim(work: Work, pick: Pick) -> None:
    """A sentence that quotes a share is written."""
    key = (await queries.standing(work.db)).criteria.keys[0]
    said = {"words": "Plus d’un tiers", "mark": f"{key}-{pick([1, 2])}", "comparison": "more", "share": "1/3"}
    await texts.write(work, ClaimForm.model_validate(said))


async def unclaim(work: Work, pick: Pick) -> None:
    """A sentence is taken away."""
    found = (await work.db.exec(select(Claim).order_by(col(Claim.id)))).all()
    if found:
        await texts.remove(work, pick(found))


async def bring(work: Work, pick: Pick) -> None:
    """A file comes in: a piste that is there, with other marks, and one that is not."""
    keys = (await queries.standing(work.db)).criteria.keys
    head = ",".join([*HEAD.split(",")[:4], *keys])
    levels = ",".join(str(pick([1, 2])) for _ in keys)
    number = await queries.count(work.db)
    await bring_in(work, f"{head}\n{number + 20},Piste {number},Économies {number},Réduire {number},{levels}\n")


async def evaluate(work: Work, pick: Pick) -> None:
    """A round is opened, answered by one commune and closed."""
    standing = await queries.standing(work.db)
    made = await rounds.open_round(work, NewRound.model_validate({"title": "Tour", "criteria": standing.criteria_id}))
    voice = pick(await round_queries.voices_of(work.db, work.who, made))
    asked = await round_queries.asked(work.db, made.id)
    levels = [level.value for level in standing.criteria.criteria[0].levels]
    said = {(each.id, standing.criteria.keys[0]): pick(levels) for each in asked}
    await rounds.answer(work, made, voice, said)
    await rounds.close(work, made)


ALL: tuple[Deed, ...] = (
    *(mark, mark_by_hand, other_criteria, other_ties, rename, create, stop, begin, put_off, take_back),
    *(take_position, resolve, call_otherwise, relabel, place, move, leave, claim, unclaim, bring, evaluate, other_set),
)


async def done(deed: Deed, work: Work, pick: Pick) -> bool:
    """Do it, or nothing at all when the register refuses; returns whether it was done."""
    try:
        async with work.db.begin_nested():
            await deed(work, pick)
    except (Conflict, Invalid):
        return False
    return True
