"""What the form about domains may send."""

from typing import Annotated
from uuid import UUID

from pydantic import AfterValidator, BaseModel

from entente.administration.domains.rules import domain_of


class NewDomain(BaseModel):
    """A domain and the organisation for which its addresses open an account."""

    domain: Annotated[str, AfterValidator(domain_of)]
    organisation_id: UUID
