"""A form that brings files: they wait in its context before anything else is judged, so that nothing is lost."""

from dataclasses import dataclass, replace
from uuid import UUID

from markupsafe import Markup
from sqlmodel.ext.asyncio.session import AsyncSession
from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import Response

from entente.files import keeping, kinds
from entente.files.store import Away
from entente.house import House
from entente.ids import Ref
from entente.people.who import Who
from entente.rules import Invalid, NotFound, require
from entente.web import forms, uploads
from entente.web.requests import house_of, is_htmx, reading_of, who_of, work_of
from entente.web.templates import render
from entente.web.uploads import Received
from forums.attachments import queries, rules, service
from forums.attachments.models import LONGEST_WORDS, MOST_PER_POST, Attachment
from forums.attachments.service import Chosen
from forums.attachments.shown import files_of
from forums.service import CLOSED

ROOM = "forums"
WORDS = "alt-"


class TooHeavy(Invalid):
    """Something of what was sent weighs too much (413)."""


@dataclass(frozen=True)
class Taken:
    """What a form says of files, those it brought being kept."""

    chosen: Chosen
    problem: Invalid | None = None
    is_asked: bool = False
    """Whether the form was only sent to bring or to let go of a file: it comes back as it was typed."""

    @property
    def errors(self) -> dict[str, str]:
        """What is wrong with the files, for a form that comes back."""
        return self.problem.errors if self.problem else {}

    def checked(self) -> Chosen:
        """The files to join, if nothing is wrong with any; raises Invalid otherwise."""
        if self.problem:
            raise self.problem
        return self.chosen

    def said(self, request: Request, answer: Response) -> Response:
        """The form that comes back, with the status of what was too heavy; htmx swaps no 413."""
        if isinstance(self.problem, TooHeavy) and not is_htmx(request):
            answer.status_code = 413
        return answer


async def take(request: Request, context: Ref) -> Taken:
    """Receive a form; whatever becomes of its words, the files that it brings wait in their context."""
    async with reading_of(request) as db:
        is_allowed = await queries.allow(db, who_of(request), context)
    received = await uploads.receive(request, rules.limits_of(house_of(request).settings))
    try:
        fields = await forms.typed_fields(request)
        require(is_allowed, CLOSED)
        chosen = _chosen(fields)
        new, problems = await _keep_all(request, context, received)
    finally:
        received.close()
    if chosen.words:
        async with work_of(request) as work:
            await service.say_what_they_show(work, chosen.words)
    if "drop" in fields:
        await drop(request, _id(fields["drop"]))
    problem = _problem(received, problems)
    chosen = replace(chosen, ids=(*chosen.ids, *(file.id for file in new)))
    return Taken(chosen, problem, "attach" in fields or "drop" in fields)


def _problem(received: Received, problems: list[str]) -> Invalid | None:
    if not problems:
        return None
    is_heavy = bool(received.refusal or received.heavy)
    return (TooHeavy if is_heavy else Invalid)({"files": " ".join(problems)})


async def _keep_all(request: Request, context: Ref, received: Received) -> tuple[list[Attachment], list[str]]:
    house, who = house_of(request), who_of(request)
    names = [kinds.file_name(name) for name in received.heavy]
    problems = [received.refusal] * bool(received.refusal) + [rules.too_heavy(name, house.settings) for name in names]
    if not received.files:
        return [], problems
    async with reading_of(request) as db:
        there = len(await queries.waiting(db, who, context))
    if there + len(received.files) > MOST_PER_POST:
        return [], [*problems, rules.TOO_MANY]
    kept = []
    for file in received.files:
        try:
            kept.append(await keep(house, who, context, file))
        except Invalid as error:
            problems.append(f"«\u00a0{kinds.file_name(file.filename or '')}\u00a0»\u00a0: {error.errors['files']}")
    return kept, problems


async def keep(house: House, who: Who, context: Ref, sent: UploadFile) -> Attachment:
    """Write a file where it lies, then let it wait for its post; raises Invalid with the reason in `files`."""
    size = sent.size or 0
    async with house.database.reading() as db:
        used = await queries.used_by(db, who)
    if not rules.has_room(used, size, house.settings):
        raise Invalid({"files": rules.too_much(used, house.settings)})
    try:
        kept = await keeping.keep(house.files, ROOM, sent.filename or "", uploads.source_of(sent), size)
    except Away:
        raise Invalid({"files": rules.AWAY}) from None
    file = Attachment(owner_id=who.id, context=str(context), **kept.columns())
    try:
        async with house.working(who) as work:
            await service.bring(work, house.settings, file)
    except BaseException:
        await house.files.remove(keeping.names_of(file.kept, file.width))
        raise
    return file


async def drop(request: Request, id_: UUID) -> None:
    """Let go of one of one's own files that waits; one that is already gone is gone."""
    async with work_of(request) as work:
        try:
            await service.take_off(work, await queries.waiting_for(work.db, work.who, id_))
        except NotFound:
            return


def _chosen(fields: dict[str, object]) -> Chosen:
    words = {_id(name[len(WORDS) :]): text for name, text in fields.items() if name.startswith(WORDS)}
    said = {id_: text for id_, text in words.items() if isinstance(text, str)}
    return Chosen(_ids(fields.get("file")), _ids(fields.get("remove")), said)


def _ids(value: object) -> tuple[UUID, ...]:
    values = value if isinstance(value, list) else [value] if value else []
    return tuple(dict.fromkeys(_id(each) for each in values))


def _id(value: object) -> UUID:
    try:
        return UUID(str(value))
    except ValueError:
        raise NotFound from None


async def block(db: AsyncSession, house: House, who: Who, context: Ref, taken: Taken | None = None) -> Markup:
    """The part of a form that brings files: what waits, what the post already has, and how to bring more."""
    is_edit = context.kind == "forums/post"
    joined = (await files_of(db, [context.id])).get(context.id, ()) if is_edit else ()
    chosen = taken.chosen if taken else Chosen()
    known = {
        "context": str(context),
        "waiting": await queries.waiting(db, who, context),
        "joined": [file._replace(words=chosen.words.get(file.id, file.words)) for file in joined],
        "removed": chosen.removed,
        "error": " ".join(taken.errors.values()) if taken else "",
        "suffix": f"-{context.id}" if is_edit else "",
        "most": MOST_PER_POST,
        "each": house.settings.files_max_mb,
        "longest": LONGEST_WORDS,
    }
    return render("forums/_attachments.html", known)
