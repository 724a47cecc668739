"""What signing in stores, and what its forms may send."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import AfterValidator, BaseModel, EmailStr, Field, StringConstraints
from sqlmodel import Field as Column
from sqlmodel import SQLModel

from entente.db import Moment
from entente.text import clean_name


class Newcomer(SQLModel, table=True):
    """Someone of a declared domain who asked for a link: nothing of theirs exists until they use it."""

    hash: str = Column(max_length=64, primary_key=True)
    email: str = Column(max_length=254)
    expires_at: datetime = Column(sa_type=Moment)
    used_at: datetime | None = Column(default=None, sa_type=Moment)


def _named(sentence: str) -> AfterValidator:
    def clean(value: str) -> str:
        name = clean_name(value)
        if not name:
            raise ValueError(sentence)
        return name

    return AfterValidator(clean)


GivenName = Annotated[str, Field(max_length=80), _named("Indiquez votre prénom.")]
FamilyName = Annotated[str, Field(max_length=80), _named("Indiquez votre nom.")]
Email = Annotated[EmailStr, Field(max_length=254), AfterValidator(str.lower)]
NextPage = Annotated[str, Field(max_length=2_000)]
Password = Annotated[str, StringConstraints(max_length=256)]


class LinkRequest(BaseModel):
    """Someone asks for a link at this address."""

    email: Email
    next: NextPage = ""


class PasswordSignIn(BaseModel):
    """Someone says who they are and proves it."""

    login: Email
    password: Annotated[Password, Field(min_length=1)]
    next: NextPage = ""


class DemoSignIn(BaseModel):
    """A visitor of the demonstration chooses whose place to take."""

    person_id: UUID


class Introduction(BaseModel):
    """How someone who arrives wants to be called."""

    given_name: GivenName
    family_name: FamilyName
    new_password: Password = ""
