"""What the forms of this room have in common: names, days, choices, and whether they are still fresh."""

import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import date
from hashlib import sha256
from typing import Annotated, Any, TypeVar
from uuid import UUID

from pydantic import AfterValidator, BeforeValidator, EmailStr, TypeAdapter, ValidationError
from sqlalchemy.exc import IntegrityError
from sqlmodel import SQLModel, col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from entente.people.models import Person
from entente.people.queries import person_by_email
from entente.rules import Conflict, Invalid, NotFound
from entente.text import clean_name

NO_SUCH_DAY = "Cette date n’existe pas\u00a0; écrivez-la ainsi\u00a0: 2026-11-22."
NOT_AN_ADDRESS = "Cette adresse e-mail ne semble pas valable."
TO_FILL = "Ce champ est à remplir."
TO_CHOOSE = "Choisissez dans la liste."
STALE = "Quelqu’un a modifié cette fiche pendant que vous l’aviez sous les yeux."

_EMAIL: TypeAdapter[str] = TypeAdapter(EmailStr)
_DAY = re.compile(r"(\d{4})-(\d{2})-(\d{2})")
_FRENCH_DAY = re.compile(r"(\d{1,2})/(\d{1,2})/(\d{4})")


def _filled(value: str) -> str:
    name = clean_name(value)
    if not name:
        raise ValueError(TO_FILL)
    return name


def _at_most(limit: int) -> AfterValidator:
    # Measured once cleaned: what was typed may hold spaces and invisible letters.
    def short(value: str) -> str:
        if len(value) > limit:
            raise ValueError(f"C’est trop long\u00a0: {limit} caractères au plus.")
        return value

    return AfterValidator(short)


def _email(value: object) -> str:
    try:
        address = _EMAIL.validate_python(clean_name(str(value)).lower()).lower()
    except ValidationError:
        raise ValueError(NOT_AN_ADDRESS) from None
    if len(address) > 254:
        raise ValueError(NOT_AN_ADDRESS)
    return address


def _day(value: object) -> object:
    if isinstance(value, date) or value is None:
        return value
    typed = str(value).strip()
    if not typed:
        raise ValueError(TO_FILL)
    french = _FRENCH_DAY.fullmatch(typed)
    parts = french.groups()[::-1] if french else (_DAY.fullmatch(typed) or _Nothing).groups()
    try:
        day = date(*map(int, parts))
    except (TypeError, ValueError):
        raise ValueError(NO_SUCH_DAY) from None
    if not 1900 <= day.year <= 2200:
        raise ValueError(NO_SUCH_DAY)
    return day


class _Nothing:
    @staticmethod
    def groups() -> tuple[str, ...]:
        """No year, no month, no day."""
        return ()


def _or_none(value: object) -> object:
    return None if isinstance(value, str) and not value.strip() else value


Name = Annotated[str, AfterValidator(_filled), _at_most(120)]
PersonName = Annotated[str, AfterValidator(_filled), _at_most(80)]
ShortName = Annotated[str, AfterValidator(_filled), _at_most(20)]
Label = Annotated[str, AfterValidator(clean_name), _at_most(120)]
"""A name that may be empty."""
Address = Annotated[str, BeforeValidator(_email)]
Day = Annotated[date, BeforeValidator(_day)]
MaybeDay = Annotated[date | None, BeforeValidator(_day), BeforeValidator(_or_none)]
MaybeId = Annotated[UUID | None, BeforeValidator(_or_none)]
MaybeNumber = Annotated[int | None, BeforeValidator(_or_none)]

Row = TypeVar("Row", bound=SQLModel)


_QUIET = frozenset({"version", "photo", "notifications", "time_zone", "password_hash", "demo_pitch"})
"""What changes without the forms of this room having shown it."""


def mark_of(row: SQLModel) -> str:
    """What a form carries to say which state of a row it was filled over."""
    state = sorted((name, str(getattr(row, name))) for name in type(row).model_fields if name not in _QUIET)
    return sha256(repr(state).encode()).hexdigest()[:16]


async def locked(db: AsyncSession, model: type[Row], id_: Any) -> Row:
    """The row, held until the change is saved, or NotFound."""
    row = await db.get(model, id_, with_for_update=True, populate_existing=True)
    if row is None:
        raise NotFound
    return row


async def fresh(db: AsyncSession, model: type[Row], id_: Any, mark: str) -> Row:
    """The row, held, if it is still what the form was filled over."""
    row = await locked(db, model, id_)
    if mark_of(row) != mark:
        raise Conflict(STALE)
    return row


async def chosen(db: AsyncSession, model: type[Row], id_: UUID, field: str) -> Row:
    """What was chosen in a list; Invalid when it is not there."""
    row = await db.get(model, id_)
    if row is None:
        raise Invalid({field: TO_CHOOSE})
    return row


async def person_named(db: AsyncSession, email: str, field: str) -> Person:
    """The person with this address; Invalid when there is none."""
    person = await person_by_email(db, email)
    if person is None:
        raise Invalid({field: "Personne n’a cette adresse\u00a0: invitez d’abord cette personne."})
    return person


@asynccontextmanager
async def settled(db: AsyncSession, sentences: Mapping[str, tuple[str, str]]) -> AsyncIterator[None]:
    """Save now: of two who save the same thing at once, the constraint decides, and one reads a sentence.

    `sentences` maps a word of the constraint to a field and its sentence.
    """
    try:
        yield
        await db.flush()
    except IntegrityError as error:
        # The first line names the constraint; what follows repeats what was typed.
        broken = str(error.orig).split("\n", 1)[0]
        for word, (field, sentence) in sentences.items():
            if word in broken:
                raise Invalid({field: sentence}) from None
        raise


def ends_after(since: date, until: date | None, field: str = "until") -> None:
    """Refuse an end that does not come after the beginning."""
    if until is not None and until <= since:
        raise Invalid({field: "La fin doit venir après le début."})


async def options(db: AsyncSession, model: Any) -> list[tuple[UUID, str]]:
    """Every row of a short table, by name, for a list to choose from."""
    found = await db.exec(select(model.id, model.name).order_by(col(model.name)))
    return [(id_, name) for id_, name in found]
