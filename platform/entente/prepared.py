"""Questions that are built once: to build one costs as much as to ask it, and every page asks a dozen."""

from collections.abc import Callable, Collection, Hashable
from datetime import date, datetime
from inspect import Parameter, signature
from types import SimpleNamespace
from typing import Any, ParamSpec, get_origin
from uuid import UUID

from sqlalchemy import BindParameter, Date, Integer, Uuid, bindparam

from entente.db import Moment
from entente.people.who import Who

P = ParamSpec("P")
Asked = tuple[Any, dict[str, Any]]
"""A question and what it is asked with: `db.execute(*asked)`."""

_ONE = ("id",)
_MANY = ("bodies", "groups", "organisations", "function_kinds", "secretary_of")
_WHETHER = ("is_member", "is_known", "is_administrator")
_TYPES: dict[Any, Any] = {int: Integer(), datetime: Moment(), date: Date(), UUID: Uuid()}


def prepared(build: Callable[P, Any]) -> Callable[P, Asked]:
    """A question built at its first asking; then only what it is asked with changes.

    What the builder receives are places for values, not values: `col(Post.id) == post_id` and `.in_(ids)` take them,
    Python cannot look into them. Of a person, what rights come from is such a place too. A builder is called again for
    each way of being asked: another truth, another kind of person (member or not, administrator or not). Moments that
    it reads by itself (`now()`) would stay what they were: they are given to it, or come from `is_current`.
    """
    places = signature(build).parameters
    known: dict[Hashable, Any] = {}

    def ask(*given: P.args, **named: P.kwargs) -> Asked:
        asked: dict[str, Any] = dict(zip(places, given, strict=False)) | named
        way: list[Hashable] = []
        values: dict[str, Any] = {}
        for name, value in asked.items():
            if isinstance(value, Who):
                way += [(name, each, getattr(value, each)) for each in _WHETHER]
                values |= {f"{name}_{each}": getattr(value, each) for each in _ONE}
                values |= {f"{name}_{each}": list(getattr(value, each)) for each in _MANY}
            elif isinstance(value, bool) or value is None:
                way.append((name, value))
            else:
                values[name] = list(value) if _is_many(places[name]) else value
        key = tuple(way)
        if key not in known:
            known[key] = build(**{name: _place(places[name], value) for name, value in asked.items()})  # type: ignore[call-arg]
        return known[key], values

    return ask


def _place(place: Parameter, value: Any) -> Any:
    """Where a value will stand; what decides how the question is built is there already."""
    if isinstance(value, bool) or value is None:
        return value
    if isinstance(value, Who):
        return _anybody(place.name, value)
    return bindparam(place.name, type_=_TYPES.get(place.annotation), expanding=_is_many(place))


def _anybody(name: str, who: Who) -> SimpleNamespace:
    """Whoever is like this person; a rule that looks elsewhere for a right fails at once."""
    one: dict[str, BindParameter[Any]] = {each: bindparam(f"{name}_{each}") for each in _ONE}
    many: dict[str, BindParameter[Any]] = {each: bindparam(f"{name}_{each}", expanding=True) for each in _MANY}
    return SimpleNamespace(**one, **many, **{each: getattr(who, each) for each in _WHETHER})


def _is_many(place: Parameter) -> bool:
    kind = get_origin(place.annotation)
    return isinstance(kind, type) and issubclass(kind, Collection)
