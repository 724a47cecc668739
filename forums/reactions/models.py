"""The few signs with which one answers a post."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from pydantic import BaseModel
from sqlmodel import Field, SQLModel

from entente.clock import now
from entente.db import Moment, Word


class Sign(StrEnum):
    """What can be said to a post without a word."""

    AGREE = "agree"
    THANKS = "thanks"
    BRAVO = "bravo"
    SMILE = "smile"
    WONDER = "wonder"
    SEEN = "seen"


class Reaction(SQLModel, table=True):
    """Someone made a sign to a post; each sign once, by the key."""

    post_id: UUID = Field(foreign_key="post.id", primary_key=True)
    sign: Sign = Field(sa_type=Word, primary_key=True)
    person_id: UUID = Field(foreign_key="person.id", primary_key=True, index=True)
    at: datetime = Field(default_factory=now, sa_type=Moment)


class Reacted(BaseModel):
    """What a reaction button sends."""

    sign: Sign
