"""Write the fiche of a piste."""

from sqlalchemy.exc import IntegrityError

from entente.clock import now
from entente.rules import Conflict
from entente.work import Work
from pistes.fiches import queries
from pistes.fiches.models import Fiche, FicheForm
from pistes.gates import require_keeper
from pistes.models import Piste
from pistes.stories import Verb, tell

OVERWRITTEN = "Quelqu’un a enregistré cette fiche entre-temps\u00a0: relisez-la avant d’enregistrer la vôtre."


async def write(work: Work, piste: Piste, form: FicheForm) -> Fiche:
    """Save the words of a fiche, unless somebody else just did."""
    await require_keeper(work)
    found = await queries.held(work.db, piste.id)
    if (found.version if found else 0) != form.version:
        raise Conflict(OVERWRITTEN)
    fiche = found or Fiche(piste_id=piste.id, title=form.title, version=0)
    for name, words in form.model_dump(exclude={"version"}).items():
        setattr(fiche, name, words)
    fiche.version += 1
    fiche.at, fiche.person_id = now(), work.someone.id if work.someone else None
    try:
        async with work.db.begin_nested():
            work.db.add(fiche)
    except IntegrityError:
        # Two who write the first fiche at once: its key decides.
        raise Conflict(OVERWRITTEN) from None
    tell(work, piste.id, Verb.FICHE_WRITTEN, first=found is None)
    return fiche
