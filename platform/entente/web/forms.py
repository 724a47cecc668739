"""Forms: read once, validated by their model, and given back as they were typed."""

from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from starlette.datastructures import FormData
from starlette.exceptions import HTTPException
from starlette.requests import Request

from entente.rules import Invalid

Form = TypeVar("Form", bound=BaseModel)

MOST_FIELDS = 200
MOST_BYTES = 2 * 1024 * 1024
"""Of one field; a file is weighed by the form that takes it."""
SECRET = frozenset({"password", "new_password", "current_password", "token"})

_SENTENCES = {
    "missing": "Ce champ est à remplir.",
    "string_too_short": "Ce champ est à remplir.",
    "string_too_long": "C’est trop long\u00a0: {max_length} caractères au plus.",
    "date_from_datetime_parsing": "Cette date n’existe pas\u00a0; écrivez-la ainsi\u00a0: 2026-11-22.",
    "date_parsing": "Cette date n’existe pas\u00a0; écrivez-la ainsi\u00a0: 2026-11-22.",
    "int_parsing": "Écrivez un nombre entier.",
    "uuid_parsing": "Choisissez dans la liste.",
    "enum": "Choisissez dans la liste.",
    "literal_error": "Choisissez dans la liste.",
    "greater_than_equal": "C’est trop petit\u00a0: {ge} au moins.",
    "less_than_equal": "C’est trop grand\u00a0: {le} au plus.",
}


async def read(request: Request, model: type[Form], **known: Any) -> Form:
    """The form as its model wants it; raises Invalid with a sentence per field.

    What was typed stays in `typed_in(request)`, so that whatever happens next it can be given back.
    """
    form = await typed_fields(request)
    try:
        return model.model_validate({**form, **known})
    except ValidationError as error:
        raise Invalid(_sentences(error)) from None


async def typed_fields(request: Request) -> dict[str, Any]:
    """The fields of the form, remembered for the case of an error; a repeated name makes a list."""
    fields = _fields(await _form(request))
    request.state.typed = {
        name: value for name, value in fields.items() if isinstance(value, str) and name not in SECRET
    }
    return fields


async def _form(request: Request) -> FormData:
    try:
        return await request.form(max_fields=MOST_FIELDS, max_part_size=MOST_BYTES)
    except HTTPException as error:
        # Starlette says 400 whatever is wrong: only its words tell a text that is too long.
        raise HTTPException(413 if "exceeded maximum size" in error.detail else error.status_code) from None


def typed_in(request: Request) -> dict[str, str]:
    """What was typed in the form that was read, without secrets."""
    typed: dict[str, str] = getattr(request.state, "typed", {})
    return typed


def _fields(form: FormData) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    for name in form:
        values = form.getlist(name)
        clean = [_clean(value) if isinstance(value, str) else value for value in values]
        fields[name] = clean if len(clean) > 1 else clean[0]
    return fields


def _clean(value: str) -> str:
    # A browser sends CRLF; what is stored has one way of ending lines. PostgreSQL has no room for a zero.
    return value.replace("\r\n", "\n").replace("\0", "")


def _sentences(error: ValidationError) -> dict[str, str]:
    return {
        str(item["loc"][0]) if item["loc"] else "": _sentence(item["type"], item["msg"], item.get("ctx", {}))
        for item in error.errors()
    }


def _sentence(kind: str, message: str, context: dict[str, Any]) -> str:
    if kind == "value_error":
        inner = str(context.get("error", message))
        return "Cette adresse e-mail ne semble pas valable." if "email address" in message else inner
    if kind == "string_too_short" and context.get("min_length", 1) > 1:
        return f"C’est trop court\u00a0: {context['min_length']} caractères au moins."
    return _SENTENCES.get(kind, "Cette valeur ne convient pas.").format(**context)
