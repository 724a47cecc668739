"""How the register forgets someone: its words lose the name, its public decisions keep those who took them."""

from collections.abc import Iterable
from uuid import UUID

from sqlmodel import col, select

from entente.forgetting.fates import CODE, THING, WRITTEN_ONCE, Fate, Forgets, why
from entente.forgetting.names import Names
from entente.work import Work
from pistes.decisions.models import Attendance, Sitter

DONE = "who did it stays a number, which leads to nobody any more"
PUBLIC = "decisions are public administrative documents, which name those who took them (RGPD, art. 17, §3, b and d)"
TITLE = "a title of the plan, which is a public document, and the key under which the sources are read again"
FATES = {
    "piste": Fate(stays=why(DONE, "created_by"), words="summary", kept=why(TITLE, "title key") | why(CODE, "code")),
    "piste_afor": Fate(
        stays=why(DONE, "person_id"),
        words="strengths weaknesses opportunities risks",
        kept=why(TITLE, "activity key"),
    ),
    "piste_attendance": Fate(stays=why(PUBLIC, "person_id")),
    "piste_change": Fate(stays=why(DONE, "person_id"), words="detail", kept=why(CODE, "verb")),
    "piste_claim": Fate(words="words", kept=why(THING, "source") | why(CODE, "criterion")),
    "piste_criteria": Fate(
        stays=why(DONE, "person_id"),
        kept=why(CODE, "family") | why("marks and rankings refer to it as it was read that day", "document"),
    ),
    "piste_decision": Fate(stays=why(DONE, "recorded_by"), kept=why(PUBLIC, "title motive")),
    "piste_decision_file": Fate(kept=why(PUBLIC, "name") | why(CODE, "label media_type kept")),
    "piste_deferral": Fate(stays=why(DONE, "person_id ended_by"), words="reason"),
    "piste_fiche": Fate(
        stays=why(DONE, "person_id"),
        words="title objective description results envelope brakes gains keys",
    ),
    "piste_kind": Fate(kept=why(CODE, "kind")),
    "piste_mark": Fate(stays=why(DONE, "person_id"), words="reason", kept=why(CODE, "family criterion")),
    "piste_node": Fate(words="note", kept=why(TITLE, "label key printed printed_title")),
    "piste_passage": Fate(stays=why(WRITTEN_ONCE, "person_id"), kept=why(PUBLIC, "reason")),
    "piste_position": Fate(stays=why("the position is that of a commune", "person_id")),
    "piste_protocol": Fate(
        stays=why(WRITTEN_ONCE, "person_id"), kept=why(CODE, "kind") | why(WRITTEN_ONCE, "document")
    ),
    "piste_ranking": Fate(
        stays=why(WRITTEN_ONCE, "person_id"), kept=why(CODE, "digest") | why(WRITTEN_ONCE, "title content")
    ),
    "piste_register": Fate(words="tie_reason"),
    "piste_round": Fate(stays=why(DONE, "opened_by closed_by"), words="title"),
    "piste_round_mark": Fate(stays=why(DONE, "person_id"), kept=why(CODE, "criterion")),
    "piste_round_voice": Fate(stays=why(DONE, "person_id")),
    "piste_sitter": Fate(stays=why(PUBLIC, "person_id"), kept=why(PUBLIC, "name")),
    "piste_spelling": Fate(kept=why(TITLE, "key label")),
    "piste_unresolved": Fate(detached="resolved_by", words="note", kept=why(TITLE, "words")),
}


async def then(work: Work, person_id: UUID, names: Names) -> Iterable[UUID]:
    """Whoever sat when something was decided is still named there, and there alone."""
    sat = select(Attendance.id).where(col(Attendance.person_id) == person_id).limit(1)
    if (await work.db.exec(sat)).first() is not None:
        work.db.add(Sitter(person_id=person_id, name=f"{names.given} {names.family}"))
    return ()


forgets = Forgets(FATES, then=then, found={"piste": "id"})
