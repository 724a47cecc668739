"""What it looks like in real life: a specification in two versions, shared by the club des acheteurs."""

from datetime import datetime
from io import BytesIO
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from entente.files.keeping import keep
from entente.files.store import Store
from entente.people.seeds import plant
from forums.documents.models import Document, Version
from forums.documents.views import SHELF
from forums.models import Forum, Moderator

SLUG = "club-des-acheteurs"
_FIRST = """Demande de devis, sel de déneigement

1. Sel en vrac, norme NF P98-180, livré en benne, franco de port.
2. Sacs de 25 kg, sur palette filmée.
3. Délai de livraison en jours ouvrés, à indiquer.
"""
_SECOND = _FIRST + "4. Livraison possible en petit camion : porche de 2,80 m à Saint-Michel.\n"
_TOLD = (
    (_FIRST, "demande-de-devis-sel.txt", "", datetime(2016, 9, 8, 9, 30, tzinfo=ZoneInfo("Europe/Paris"))),
    (
        _SECOND,
        "demande-de-devis-sel-v2.txt",
        "Ajout du petit camion pour Saint-Michel.",
        datetime(2016, 9, 12, 14, 5, tzinfo=ZoneInfo("Europe/Paris")),
    ),
)


async def share_some(db: AsyncSession, store: Store) -> None:
    """Share one document in two versions, brought by someone who keeps the peace in the club."""
    forum = (await db.exec(select(Forum).where(col(Forum.slug) == SLUG))).one()
    keepers = select(Moderator.person_id).where(col(Moderator.forum_id) == forum.id)
    author = (await db.exec(keepers.order_by(col(Moderator.person_id)))).all()[0]
    at = _TOLD[-1][-1]
    document = Document(
        forum_id=forum.id, author_id=author, title="Demande de devis : sel de déneigement", changed_at=at
    )
    await plant(db, [document])
    await plant(db, [await _version(store, document, author, number) for number in range(1, len(_TOLD) + 1)])


async def _version(store: Store, document: Document, author: UUID, number: int) -> Version:
    text, name, changes, at = _TOLD[number - 1]
    content = text.encode()
    kept = (await keep(store, SHELF, name, BytesIO(content), len(content))).columns()
    about = {"document_id": document.id, "number": number, "author_id": author, "changes": changes, "created_at": at}
    return Version.model_validate({**about, **kept})
