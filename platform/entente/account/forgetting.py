"""How accounts forget someone: their photo goes, and so does an address that was never confirmed."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from sqlalchemy import delete
from sqlmodel import col

from entente.account.models import Newcomer
from entente.account.profile import photos
from entente.forgetting.fates import CODE, Fate, Forgets, why
from entente.forgetting.names import Names
from entente.house import House
from entente.people.models import Person
from entente.work import Work

REMOVE_PHOTO = "account.remove_photo"


async def then(work: Work, person_id: UUID, names: Names) -> Iterable[UUID]:
    """The photo's file goes after the commit: it would not come back if the rest failed."""
    await work.db.execute(delete(Newcomer).where(col(Newcomer.email) == names.email))
    person = await work.db.get_one(Person, person_id)
    if person.photo:
        work.later(REMOVE_PHOTO, {"photo": str(person.photo)})
    return ()


async def remove_photo(house: House, payload: dict[str, Any]) -> None:
    """Remove the file of a photo that nobody's profile names any more; one that is gone is gone."""
    await photos.remove(house, UUID(payload["photo"]))


forgets = Forgets({"newcomer": Fate(own="email", kept=why(CODE, "hash"))}, then=then)
