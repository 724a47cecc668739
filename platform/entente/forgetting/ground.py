"""What becomes of the tables of the ground floor."""

from collections.abc import Iterable, Sequence
from uuid import UUID

from sqlalchemy import delete
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from entente.db import rows
from entente.forgetting.fates import CODE, THING, WRITTEN_ONCE, Fate, Forgets, why
from entente.forgetting.names import Names
from entente.mail import MAIL, KeptMail
from entente.outbox import Task
from entente.people.models import Body, Seat
from entente.people.queries import is_current
from entente.work import Work

ACTOR = "who did it stays a number, which leads to nobody any more"
FATES = {
    "attempt": Fate(kept=why(CODE, "key")),
    "audit": Fate(
        stays={"person_id": "the audit names people by their numbers alone"},
        kept=why(CODE, "act subject") | why(WRITTEN_ONCE, "detail"),
    ),
    "body": Fate(kept=why(THING, "name")),
    "circle": Fate(words="name"),
    "circle_member": Fate(gone="person_id"),
    "duty": Fate(kept=why(CODE, "name taken_by")),
    "emaildomain": Fate(kept=why(CODE, "domain")),
    "entry": Fate(stays={"person_id": ACTOR}, kept=why(CODE, "stream verb")),
    "function": Fate(gone="person_id", words="title"),
    "kept_mail": Fate(words="subject body", own="recipient"),
    "link": Fate(detached="person_id", kept=why(CODE, "one other")),
    "notice": Fate(
        gone="person_id", words="reason", stays={"by_id": ACTOR}, kept=why(CODE, "verb subject about")
    ),
    "organisation": Fate(kept=why(THING, "name short_name") | why(CODE, "code_insee siren postcodes")),
    "outside_event": Fate(
        gone="person_id",
        kept=why("a private agenda, kept elsewhere by whoever wrote it, and read again from there", "title uid")
        | why(CODE, "recurrence"),
    ),
    "outside_source": Fate(
        gone="person_id", words="title", kept=why(CODE, "address etag modified digest error skipped")
    ),
    "person": Fate(
        own="email given_name family_name password_hash time_zone notifications demo_pitch"
    ),
    "postbag": Fate(gone="person_id", kept=why(CODE, "key")),
    "seat": Fate(
        stays=why("who sits where is public, and past decisions refer to the seat", "holder_id substitute_id")
    ),
    "search_document": Fate(
        stays={"author_id": ACTOR},
        kept=why(CODE, "subject_kind") | why("terms: made again from the words themselves", "title_terms terms"),
    ),
    "search_state": Fate(kept=why(CODE, "subject_kind")),
    "service": Fate(kept=why(THING, "name")),
    "session": Fate(gone="person_id", kept=why(CODE, "hash previous_hash device address")),
    "silence": Fate(gone="person_id", kept=why(CODE, "about")),
    "stream": Fate(kept=why(CODE, "name epoch")),
    "subscription": Fate(gone="person_id", words="label", kept=why(CODE, "hash kind client")),
    "task": Fate(words="payload error", kept=why(CODE, "kind key")),
    "token": Fate(gone="person_id", kept=why(CODE, "hash email")),
}  # fmt: skip
"""`token.email`: the rows of the person go, and nobody else's token bears their address."""


async def obstacles(db: AsyncSession, person_id: UUID) -> Sequence[str]:
    """The seats that someone else must take first: a commune would be represented by nobody."""
    sits = (col(Seat.holder_id) == person_id) | (col(Seat.substitute_id) == person_id)
    query = rows(Body.name).distinct().join(Seat, col(Seat.body_id) == col(Body.id)).where(sits, is_current(Seat))
    return [
        f"Cette personne siège encore, ou supplée, dans «\u00a0{name}\u00a0»\u00a0: mettez fin à ce siège depuis la "
        "page de l’instance."
        for (name,) in await db.execute(query.order_by(col(Body.name)))
    ]


async def then(work: Work, _person_id: UUID, names: Names) -> Iterable[UUID]:
    """Mails to their address go, sent or not."""
    email = names.email
    waiting = select(Task).where(col(Task.kind) == MAIL, col(Task.done_at).is_(None))
    mine = [task.id for task in await work.db.exec(waiting) if str(task.payload.get("to", "")).lower() == email]
    await work.db.execute(delete(Task).where(col(Task.id).in_(mine)))
    await work.db.execute(delete(KeptMail).where(col(KeptMail.recipient) == email))
    return ()


ground = Forgets(FATES, obstacles, then)
