"""What one changes of one's own account."""

from uuid import UUID

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm.attributes import flag_modified

from entente.account import mails, tokens
from entente.account.profile.models import Profile
from entente.account.service import end_devices
from entente.clock import now
from entente.ids import Ref
from entente.notices import rounds
from entente.people.models import Person, Purpose
from entente.people.queries import person_by_email
from entente.rights import faces_changed
from entente.rules import Conflict
from entente.settings import Settings
from entente.work import Work


async def change_profile(work: Work, person: Person, profile: Profile) -> None:
    """Be called otherwise, live in another time, or want mail at another rhythm."""
    names = (profile.given_name, profile.family_name)
    is_renamed = names != (person.given_name, person.family_name)
    person.given_name, person.family_name = names
    person.time_zone = profile.time_zone
    person.notifications["mail"] = str(profile.mail)
    person.notifications["quiet"] = [profile.quiet_since, profile.quiet_until]
    flag_modified(person, "notifications")
    # What waited for another rhythm may have to go now.
    rounds.call(work, now())
    if is_renamed:
        await work.db.flush()
        await faces_changed(work, person.id)


async def show_photo(work: Work, person: Person, photo: UUID | None) -> None:
    """Be seen with this photo, or with none; the one before stops being served."""
    person.photo = photo
    await work.db.flush()
    await faces_changed(work, person.id)


async def change_password(work: Work, person: Person, password_hash: str, house: str) -> int:
    """Take another password; links are void and other devices signed out. Returns how many devices."""
    person.password_hash = password_hash
    await tokens.cancel(work.db, person.id)
    mails.post_password_changed(work, person, house)
    work.audit("password.changed", _ref(person))
    return await end_devices(work, person.id, but=work.who.session_id)


async def ask_new_address(work: Work, settings: Settings, person: Person, email: str) -> None:
    """Ask the new address whether it agrees; someone else's is told, and the answer is the same."""
    if await person_by_email(work.db, email):
        mails.post_address_is_taken(work, email, settings.name)
        return
    secret = tokens.issue(work.db, Purpose.EMAIL_CHANGE, person, email)
    link = f"{settings.base_url}/connexion/lien/adresse/{secret}"
    mails.post_new_address_link(work, person, email, settings.name, link)


async def take_new_address(work: Work, settings: Settings, secret: str) -> Person:
    """Make the new address the person's own; every other link of theirs is void, and the old one is told."""
    person, email = await tokens.use(work.db, Purpose.EMAIL_CHANGE, secret)
    old, person.email = person.email, email
    try:
        await work.db.flush()
    except IntegrityError:
        raise Conflict("Cette adresse vient d’être prise par un autre compte\u00a0: rien n’a changé.") from None
    await tokens.cancel(work.db, person.id)
    mails.post_address_changed(work, person, old, settings.name)
    work.audit("email.changed", _ref(person))
    return person


def _ref(person: Person) -> Ref:
    return Ref("entente/person", person.id)
