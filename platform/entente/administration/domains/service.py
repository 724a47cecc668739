"""What can be done to domains."""

from entente.administration.domains.models import NewDomain
from entente.administration.typed import chosen, locked, settled
from entente.people.models import EmailDomain, Organisation
from entente.work import Work

TAKEN = {"emaildomain": ("domain", "Ce domaine est déjà déclaré.")}


async def declare(work: Work, new: NewDomain) -> None:
    """Let the addresses of a domain open an account for an organisation."""
    organisation = await chosen(work.db, Organisation, new.organisation_id, "organisation_id")
    async with settled(work.db, TAKEN):
        work.db.add(EmailDomain(domain=new.domain, organisation_id=organisation.id))
    work.audit("domain.declared", new.domain[:120], organisation=str(organisation.id))


async def withdraw(work: Work, domain: str) -> None:
    """No longer let the addresses of a domain open an account; accounts already open stay."""
    declared = await locked(work.db, EmailDomain, domain)
    await work.db.delete(declared)
    work.audit("domain.withdrawn", domain[:120], organisation=str(declared.organisation_id))
