"""A piste as its page shows it: everything about it in a fixed number of questions."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from entente.people.queries import faces
from entente.web.words import long_date
from pistes import queries
from pistes.communes import queries as communes
from pistes.communes.models import Stance, Unresolved
from pistes.communes.queries import Stood
from pistes.criteria.models import Criterion, Level
from pistes.criteria.rules import Sieved, sieve
from pistes.decisions.models import Outcome
from pistes.deferral import queries as deferrals
from pistes.deferral.models import Deferral
from pistes.marks import queries as marks
from pistes.marks.queries import Retained
from pistes.models import Change, Phase, Piste
from pistes.protocol.queries import Course, course_of
from pistes.stories import Verb
from pistes.tree import queries as trees
from pistes.tree.queries import Branch
from pistes.words import OUTCOMES, PHASES, STANCES


class Marked(NamedTuple):
    """A criterion with the mark that is retained."""

    criterion: Criterion
    level: Level | None
    mark: Retained | None

    @property
    def base(self) -> str:
        """The mark under an override, in words."""
        if self.mark is None or self.mark.base is None:
            return ""
        level = self.criterion.level(self.mark.base)
        return level.words if level else str(self.mark.base)


class Told(NamedTuple):
    """One line of the story."""

    at: datetime
    by: str
    words: str


@dataclass(frozen=True)
class Sheet:
    """Everything that everybody reads about a piste."""

    piste: Piste
    marks: Sequence[Marked]
    sieved: Sieved
    places: Sequence[Branch]
    stood: Sequence[Stood]
    positions: Sequence[Stood]
    """Every position ever taken, the newest first."""
    cut: Sequence[Unresolved]
    deferral: Deferral | None
    story: Sequence[Told]
    course: Course

    @property
    def phase(self) -> Phase:
        """How far it has come."""
        return Phase(self.piste.phase)

    @property
    def carriers(self) -> list[Stood]:
        """The communes that stand for it, those that withdrew aside."""
        return [each for each in self.stood if each.stance is not Stance.WITHDRAWN]


async def sheet_of(db: AsyncSession, piste_id: UUID) -> Sheet | None:
    """The sheet of a piste; none when there is no such piste."""
    piste = (await queries.pistes_of(db, [piste_id])).get(piste_id)
    if piste is None:
        return None
    standing = await queries.standing(db)
    retained = (await marks.retained(db, standing.family, pistes=[piste_id])).get(piste_id, {})
    changes = await queries.story(db, piste_id)
    people = await faces(db, {each.person_id for each in changes if each.person_id})
    return Sheet(
        piste,
        [_marked(each, retained.get(each.key)) for each in standing.criteria.criteria],
        sieve({key: mark.level for key, mark in retained.items()}, standing.criteria),
        (await trees.seen(db)).places_of(piste_id),
        (await communes.positions(db, pistes=[piste_id])).get(piste_id, ()),
        await communes.history(db, piste_id),
        await communes.unresolved(db, [piste_id]),
        (await deferrals.standing(db, [piste_id])).get(piste_id),
        [
            Told(each.at, people[each.person_id].name if each.person_id in people else "", in_words(each))
            for each in changes
        ],
        await course_of(db, piste),
    )


def _marked(criterion: Criterion, mark: Retained | None) -> Marked:
    return Marked(criterion, criterion.level(mark.level) if mark else None, mark)


def in_words(change: Change) -> str:
    """One line of the story of a piste, in French."""
    said = change.detail
    match change.verb:
        case Verb.PISTE_CREATED:
            return "La piste est importée." if said.get("imported") else "La piste est proposée."
        case Verb.PISTE_EDITED:
            if before := said.get("before"):
                return f"L’intitulé change\u00a0; il était\u00a0: «\u00a0{before}\u00a0»."
            return "Un import complète la piste." if said.get("imported") else "La description change."
        case Verb.PISTE_MARKED:
            return _mark_words(said)
        case Verb.PISTE_PLACED:
            under, away = said.get("under"), said.get("away")
            return f"Elle est placée sous «\u00a0{under}\u00a0»." if under else f"Elle quitte «\u00a0{away}\u00a0»."
        case Verb.PHASE_MOVED:
            why = said.get("reason") or (f"décision {said['code']}" if said.get("code") else "")
            return f"{PHASES[Phase(said['before'])]} → {PHASES[Phase(said['after'])]}{f' ({why})' if why else ''}."
        case Verb.GATE_DECIDED:
            gate, outcome = PHASES[Phase(said["gate"])], OUTCOMES[Outcome(said["outcome"])]
            return f"Jalon vers «\u00a0{gate}\u00a0»\u00a0: {outcome} ({said['code']})."
        case Verb.KIND_CHOSEN:
            return f"Elle suit désormais le protocole «\u00a0{said['kind']}\u00a0»."
        case Verb.POSITION_TAKEN:
            return f"{said['commune']}\u00a0: {STANCES[Stance(said['stance'])].lower()}."
        case Verb.PISTE_DEFERRED:
            day = long_date(datetime.fromisoformat(said["until"]).date())
            return f"Reportée jusqu’au {day}\u00a0: {said['reason']}"
        case Verb.PISTE_RESUMED:
            return (
                "Elle revient à l’ordre du jour d’elle-même."
                if said.get("itself")
                else "Elle revient à l’ordre du jour."
            )
        case Verb.FICHE_WRITTEN:
            return "Sa fiche-action est rédigée." if said.get("first") else "Sa fiche-action est modifiée."
        case Verb.AFOR_WRITTEN:
            about = f" «\u00a0{said['activity']}\u00a0»" if said.get("activity") else ""
            return f"Une grille AFOR{about} est {'retirée' if said.get('away') else 'enregistrée'}."
        case Verb.CARRIER_RESOLVED:
            return f"Le nom coupé «\u00a0{said['words']}\u00a0» est résolu."
    return ""


def _mark_words(said: dict[str, object]) -> str:
    before, level = said.get("before"), said.get("level")
    if level is None:
        return f"{said['criterion']}\u00a0: la note fixée à la main est retirée."
    was = f"{before} → " if before is not None else ""
    reason = f" ({said['reason']})" if said.get("reason") else ""
    return f"{said['criterion']}\u00a0: {was}{level}{reason}."
