"""What the forms about groups may send."""

from pydantic import BaseModel

from entente.administration.typed import Address, Name


class GroupForm(BaseModel):
    """A group by its name."""

    name: Name


class NewMember(BaseModel):
    """Someone to gather, by their address."""

    email: Address
