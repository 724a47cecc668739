"""Whom each post calls, and who is told."""

from enum import StrEnum
from uuid import UUID

from sqlmodel import Field, SQLModel

from entente.db import Word


class Called(StrEnum):
    """What a handle may name."""

    PERSON = "person"
    ORGANISATION = "organisation"
    BODY = "body"


class Call(SQLModel, table=True):
    """A handle written in a post, and what it named when it was first read: a namesake never takes it over."""

    __tablename__ = "mention_handle"

    post_id: UUID = Field(foreign_key="post.id", primary_key=True)
    handle: str = Field(max_length=160, primary_key=True)
    kind: Called = Field(sa_type=Word)
    called_id: UUID


class Mention(SQLModel, table=True):
    """A person is called by a post, once, by name or with others."""

    __tablename__ = "mention"

    post_id: UUID = Field(foreign_key="post.id", primary_key=True)
    person_id: UUID = Field(foreign_key="person.id", primary_key=True, index=True)
    kind: Called = Field(sa_type=Word)
    called_id: UUID
    """The person, or the organisation or body with which they are called."""
