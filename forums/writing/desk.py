"""What a form may ask of its text besides posting it: to be shown, kept, or thrown away."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from uuid import UUID

from markupsafe import Markup
from starlette.requests import Request

from entente.rules import Conflict, Invalid
from entente.text import TooLong, to_html
from entente.web import forms
from entente.web.requests import reading_of, who_of, work_of
from forums.drafts import queries, service
from forums.drafts.models import About, Desk, Saved, Sheet
from forums.mentions.preview import called_in, said_of

NOTHING_YET = "Écrivez quelque chose pour en voir l’aperçu."
KEPT = "Votre brouillon est gardé."
GONE = "Votre brouillon est effacé."


@dataclass(frozen=True)
class Asked:
    """The form to give back: nothing was posted."""

    desk: Desk
    errors: dict[str, str] = field(default_factory=dict)


async def previewed(request: Request, sheet: Sheet | None, body: str) -> Markup:
    """What a text will look like, and whom it calls; raises Invalid when it cannot be posted as it is."""
    if not body.strip():
        raise Invalid({"body": NOTHING_YET})
    async with reading_of(request) as db:
        calls = await called_in(db, who_of(request), sheet, body)
    try:
        html = Markup(to_html(body, calls.links))  # noqa: S704
    except TooLong as error:
        raise Invalid({"body": str(error)}) from None
    return html + Markup("").join(Markup("<p><em>{}</em></p>").format(said) for said in said_of(calls))


async def is_asked(request: Request) -> bool:
    """Whether the form came back to be shown, kept or thrown away: nothing is to be posted."""
    return (await forms.typed_fields(request)).get("act") in ACTS


async def answered(request: Request, about: About, place_id: UUID, afresh: str = "") -> Asked:
    """The form as it is to be given back; `afresh` is what it began with, for whoever starts again."""
    typed = forms.typed_in(request)
    desk = queries.desk_again(about, place_id, typed)
    try:
        return Asked(await ACTS[typed["act"]](request, desk, afresh))
    except Invalid as error:
        return Asked(desk, error.errors)
    except Conflict as error:
        return Asked(desk, {"body": error.reason})


async def _shown(request: Request, desk: Desk, _afresh: str) -> Desk:
    return replace(desk, preview=await previewed(request, desk.sheet, desk.body))


async def _effaced(request: Request, desk: Desk, afresh: str) -> Desk:
    async with work_of(request) as work:
        await service.start_again(work, desk.sheet)
    return Desk(Sheet.fresh(desk.sheet.about, desk.sheet.place_id), body=afresh, note=GONE)


async def _kept(request: Request, desk: Desk, _afresh: str) -> Desk:
    saved = await forms.read(request, Saved, draft=str(desk.sheet), title=desk.title, body=desk.body)
    async with work_of(request) as work:
        sheet = await service.keep(work, saved)
    return replace(desk, sheet=sheet, note=KEPT)


ACTS: dict[str, Callable[[Request, Desk, str], Awaitable[Desk]]] = {
    "apercu": _shown,
    "garder": _kept,
    "effacer": _effaced,
}
