"""Templates: pages, and the fragments they are made of."""

from collections import OrderedDict
from functools import cache
from pathlib import Path
from typing import Any

from heroicons.jinja import heroicon_outline
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from entente.live import Fragment
from entente.web import static, words

FOLDER = Path(__file__).parents[3] / "templates"
KEPT_FRAGMENTS = 20_000


@cache
def icon(name: str, size: int = 20, label: str | None = None) -> Markup:
    """A drawing beside its word, or with a name of its own when it stands alone."""
    spoken = {"role": "img", "aria-label": label} if label else {"aria-hidden": "true"}
    return Markup(heroicon_outline(name, size=size, focusable="false", **{"class": "icon"}, **spoken))  # noqa: S704


def _environment() -> Environment:
    made = Environment(
        loader=FileSystemLoader(FOLDER),
        autoescape=True,
        undefined=StrictUndefined,
        # A page reads a dozen files: none of them changes while the house is open.
        auto_reload=False,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.globals.update(icon=icon, static=static.address)
    made.filters.update(
        moment=words.moment,
        long_date=words.long_date,
        weekday_date=words.weekday_date,
        date_time=words.date_time,
        clock=words.clock,
        plural=words.plural,
        number=words.number,
    )
    return made


ENVIRONMENT = _environment()
_kept: OrderedDict[tuple[str, str], Markup] = OrderedDict()


def render(template: str, context: dict[str, Any]) -> Markup:
    """A template with what it reads, and nothing else."""
    return Markup(ENVIRONMENT.get_template(template).render(context))  # noqa: S704


def root(fragment: Fragment) -> Markup:
    """The fragment itself, as it stands in a page; made once per version."""
    if fragment.version is None:
        return render(fragment.template, fragment.context)
    found = kept(fragment.template, fragment.version)
    if found is not None:
        return found
    made = render(fragment.template, fragment.context)
    _kept[(fragment.template, fragment.version)] = made
    if len(_kept) > KEPT_FRAGMENTS:
        _kept.popitem(last=False)
    return made


def kept(template: str, version: str) -> Markup | None:
    """A fragment that was made before, for whoever knows its version and not yet its content."""
    found = _kept.get((template, version))
    if found is not None:
        _kept.move_to_end((template, version))
    return found


def parcel(fragment: Fragment) -> Markup:
    """The fragment as it travels, with the place where `live.js` puts it."""
    content = Markup("") if fragment.put == "delete" else root(fragment)
    return Markup('<div data-put="{}" data-to="{}">{}</div>').format(fragment.put, fragment.to, content)
