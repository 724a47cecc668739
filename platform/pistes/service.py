"""What can be done with a piste itself: one function per verb."""

from sqlalchemy.exc import IntegrityError

from entente.rules import Conflict, Invalid
from entente.work import Work
from pistes import queries
from pistes.communes import service as communes
from pistes.communes.models import Stance
from pistes.criteria.service import open_register
from pistes.gates import require_keeper
from pistes.models import EditedPiste, MovedPhase, NewPiste, Piste
from pistes.protocol import service as protocol
from pistes.stories import Verb, tell
from pistes.tree import service as tree
from pistes.words import key_of

TAKEN = "Une piste porte déjà cet intitulé."
OVERWRITTEN = "Quelqu’un a modifié cette piste entre-temps\u00a0: relisez-la avant d’enregistrer."


async def create(work: Work, new: NewPiste) -> Piste:
    """Add a piste under a declinaison; it comes last by hand, and is ranked once it is marked."""
    await require_keeper(work)
    await open_register(work)
    number = await queries.last_code(work.db) + 1
    piste = Piste(
        code=code_of(number),
        title=new.title,
        key=key_of(new.title),
        summary=new.summary,
        expressed_on=new.expressed_on,
        created_by=work.who.id,
    )
    await _save(work, piste)
    await tree.stand(work, piste, new.declinaison, is_ranked=True, told=False)
    tell(work, piste.id, Verb.PISTE_CREATED)
    if new.commune:
        await communes.stand(work, piste, new.commune, Stance.PROPOSES)
    return piste


def code_of(number: int) -> str:
    """« P-007 »."""
    return f"P-{number:03}"


async def edit(work: Work, piste: Piste, edited: EditedPiste) -> Piste:
    """Change the words of a piste, unless somebody else just did."""
    await require_keeper(work)
    held = await queries.locked(work.db, piste.id)
    if held.version != edited.version:
        raise Conflict(OVERWRITTEN)
    before = held.title
    held.title, held.key = edited.title, key_of(edited.title)
    held.summary, held.expressed_on = edited.summary, edited.expressed_on
    held.version += 1
    await _save(work, held)
    tell(work, held.id, Verb.PISTE_EDITED, **({"before": before} if before != held.title else {}))
    return held


async def _save(work: Work, piste: Piste) -> None:
    """The unique title decides when two people write the same one."""
    try:
        async with work.db.begin_nested():
            work.db.add(piste)
    except IntegrityError:
        raise Invalid({"title": TAKEN}) from None


async def move_phase(work: Work, piste: Piste, moved: MovedPhase) -> Piste:
    """Bring a piste to another phase, through its gate if there is one: see `protocol.service.move`."""
    return await protocol.move(work, piste, moved)
