"""What the form about a forum may send."""

from typing import Annotated, TypeVar
from uuid import UUID

from pydantic import AfterValidator, BaseModel, BeforeValidator, EmailStr, Field, TypeAdapter, ValidationError
from pydantic_core.core_schema import ValidationInfo

from entente.people.models import FunctionKind
from entente.text import clean_name
from forums.keeping.rules import slug_of
from forums.models import Reading

TO_FILL = "Donnez un titre à ce forum."
BODY_TO_CHOOSE = "Choisissez l’instance à laquelle ce forum est ouvert."
FUNCTION_TO_CHOOSE = "Choisissez la fonction à laquelle ce forum est ouvert."
GROUP_TO_CHOOSE = "Choisissez le groupe des personnes invitées."
MOST_MODERATORS = 50

_Choice = TypeVar("_Choice")

_EMAIL: TypeAdapter[str] = TypeAdapter(EmailStr)


def _title(value: str) -> str:
    title = clean_name(value)
    if not title:
        raise ValueError(TO_FILL)
    return title


def _at_most(limit: int) -> AfterValidator:
    # Measured once cleaned: what was typed may hold spaces and invisible letters.
    def short(value: str) -> str:
        if len(value) > limit:
            raise ValueError(f"C’est trop long\u00a0: {limit} caractères au plus.")
        return value

    return AfterValidator(short)


def _slug(value: str, known: ValidationInfo) -> str:
    """The address as it was typed, or as the title suggests it."""
    typed = clean_name(value) or known.data.get("title", "")
    # A title that is missing says so itself.
    return slug_of(typed) if typed or "title" in known.data else ""


def _or_none(value: object) -> object:
    return None if isinstance(value, str) and not value.strip() else value


def _body(value: UUID | None, known: ValidationInfo) -> UUID | None:
    return _chosen(value, known, Reading.BODY, BODY_TO_CHOOSE)


def _group(value: UUID | None, known: ValidationInfo) -> UUID | None:
    return _chosen(value, known, Reading.INVITED, GROUP_TO_CHOOSE)


def _function(value: FunctionKind | None, known: ValidationInfo) -> FunctionKind | None:
    return _chosen(value, known, Reading.FUNCTION, FUNCTION_TO_CHOOSE)


def _chosen(value: _Choice | None, known: ValidationInfo, reading: Reading, sentence: str) -> _Choice | None:
    """What goes with this way of being open; for another way, nothing."""
    if known.data.get("reading") != reading:
        return None
    if value is None:
        raise ValueError(sentence)
    return value


def _addresses(value: object) -> object:
    """The addresses typed one a line, each once."""
    if not isinstance(value, str):
        return value
    typed = dict.fromkeys(line for line in map(clean_name, value.split("\n")) if line)
    if len(typed) > MOST_MODERATORS:
        raise ValueError(f"C’est trop\u00a0: {MOST_MODERATORS} personnes au plus.")
    return tuple(dict.fromkeys(map(_email, typed)))


def _email(typed: str) -> str:
    try:
        return _EMAIL.validate_python(typed.lower()).lower()
    except ValidationError:
        raise ValueError(f"«\u00a0{typed[:80]}\u00a0» n’est pas une adresse e-mail.") from None


class KeptForum(BaseModel):
    """Everything that an administrator says of a forum."""

    title: Annotated[str, AfterValidator(_title), _at_most(120)]
    slug: Annotated[str, AfterValidator(_slug)] = Field(default="", validate_default=True)
    purpose: Annotated[str, AfterValidator(clean_name), _at_most(300)] = ""
    reading: Reading
    body_id: Annotated[UUID | None, AfterValidator(_body), BeforeValidator(_or_none)] = Field(
        default=None, validate_default=True
    )
    group_id: Annotated[UUID | None, AfterValidator(_group), BeforeValidator(_or_none)] = Field(
        default=None, validate_default=True
    )
    function: Annotated[FunctionKind | None, AfterValidator(_function), BeforeValidator(_or_none)] = Field(
        default=None, validate_default=True
    )
    moderators: Annotated[tuple[str, ...], BeforeValidator(_addresses)] = ()
