"""How this room shows its forms: one column, what was typed given back, one button that says what will happen."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from entente.web import forms, pages

Crumb = tuple[str, str]


@dataclass(frozen=True)
class Field:
    """A field of a form; `options` make it a list to choose from."""

    name: str
    label: str
    value: Any = ""
    type: str = "text"
    help: str = ""
    required: bool = True
    options: Sequence[tuple[Any, str]] | None = None
    blank: str | None = None
    suggestions: Sequence[tuple[str, str]] = ()
    attributes: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Screen:
    """A form on a page of its own."""

    title: str
    action: str
    """What the button says."""
    address: str
    back: str
    fields: Sequence[Field]
    lead: str = ""
    kind: str = "main"


def words_of(words: Mapping[Any, str]) -> list[tuple[str, str]]:
    """A closed list, to choose from."""
    return [(str(word), label) for word, label in words.items()]


def form_page(
    request: Request, screen: Screen, current: str, crumbs: Sequence[Crumb], errors: Mapping[str, str] | None = None
) -> Response:
    """The form as it is to be filled, or as it was typed with what is wrong in it."""
    typed = forms.typed_in(request) if errors else {}
    return pages.page(
        request,
        "administration/form.html",
        current=current,
        crumbs=[*crumbs, (screen.title, "")],
        status=422 if errors else 200,
        screen=screen,
        errors=errors or {},
        values={each.name: typed.get(each.name, _untyped(each, typed)) for each in screen.fields},
    )


def _untyped(each: Field, typed: Mapping[str, str]) -> Any:
    # A box that is not ticked is not sent: in a form that comes back, that is what was typed.
    return "" if typed and each.type == "checkbox" else each.value
