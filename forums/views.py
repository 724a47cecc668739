"""Which door of the forums opens on what."""

from contextlib import suppress
from typing import Any
from uuid import UUID

from markupsafe import Markup
from sqlalchemy.exc import DBAPIError
from sqlmodel.ext.asyncio.session import AsyncSession
from starlette.background import BackgroundTask
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from entente import journal, links
from entente.ids import Ref
from entente.notices import service as notices
from entente.people.who import Who
from entente.rules import Conflict, Invalid, NotFound, require
from entente.web import forms, pages
from entente.web.requests import has_notices, house_of, id_of, is_htmx, reading_of, who_of, work_of
from entente.web.templates import kept, parcel, render, root
from forums import feed, queries, rules, service
from forums.addresses import HOME, ROOM, address_of, address_of_post, crumb
from forums.attachments import service as attaching
from forums.attachments import taking
from forums.attachments.taking import Taken
from forums.drafts import queries as drafts
from forums.drafts import service as drafting
from forums.drafts.models import About, Desk, Sheet
from forums.following import feed as following
from forums.following import queries as follows
from forums.kinds import filters, opening, panels
from forums.kinds import rules as kinds
from forums.mentions import service as mentioning
from forums.mentions.views import told as called_in_vain
from forums.models import EditedPost, NewPost, NewThread, Post, Reached, Thread
from forums.purchase.forms import asked_for_rows
from forums.queries import POSTS_PER_PAGE, Place, PostKey
from forums.reading.marks import marks_of
from forums.reading.models import Reach
from forums.reports import queries as reports
from forums.tags import queries as tagging
from forums.tags import rules as tag_rules
from forums.tags import service as sorting
from forums.tags.choosing import ticked
from forums.tags.models import ChosenTags
from forums.writing import desk as writing
from forums.writing.once import Known, SaidBefore, once
from forums.writing.rules import quoted

EDITED_SINCE = "Ce message a été modifié depuis votre brouillon."
STALE = "Ce formulaire est incomplet\u00a0: rouvrez le message pour le modifier."


async def forums(request: Request) -> Response:
    """The forums open to whoever asks."""
    async with reading_of(request) as db:
        cards = await queries.forums_of(db, who_of(request))
        begun = await drafts.count(db, who_of(request))
    return pages.page(request, "forums/forums.html", current=ROOM, crumbs=[HOME], cards=cards, drafts=begun)


async def forum(request: Request) -> Response:
    """The threads of a forum; its first page is live."""
    who, before = who_of(request), request.query_params.get("avant")
    asked, narrow = request.query_params.get("etiquette"), filters.sought(request.query_params)
    async with reading_of(request) as db:
        here, moderates = await queries.forum_for(db, who, request.path_params["slug"])
        marks = await tagging.tags_of(db, here.id)
        tag = await tagging.tag_in(db, here.id, asked) if asked else None
        waiting = await reports.count_open(db, here.id) if moderates else 0
        cursor = await journal.cursor(db, queries.stream_of_forum(here.id))
        tag_id = tag.id if tag else None
        found = await queries.threads_in(db, who, here, before, tag_id, narrow.of_kind, narrow.is_settled)
        level = await follows.level_for_forum(db, who.id, here.id)
    return pages.page(
        request,
        "forums/forum.html",
        current=ROOM,
        crumbs=[HOME, crumb(here)],
        streams=[] if before else [cursor],
        forum=here,
        kinds=filters.choices(f"/forums/{here.slug}", request.query_params),
        narrow=narrow,
        older=filters.onward(request.query_params, found.older) if found.older else None,
        tags=marks,
        tag=tag,
        moderates=moderates,
        waiting=waiting,
        list=found,
        threads=Markup("").join(root(feed.listed(thread)) for thread in found.threads),
        whole=before is None,
        follow=root(following.forum_menu(here, level)),
    )


async def new_thread(request: Request) -> Response:
    """The form that opens a thread."""
    return await _new_thread(request, {})


async def _new_thread(
    request: Request, errors: dict[str, str], desk: Desk | None = None, taken: Taken | None = None
) -> Response:
    who, asked = who_of(request), request.query_params.get("brouillon")
    async with reading_of(request) as db:
        here, moderates = await queries.forum_for(db, who, request.path_params["slug"])
        if (errors or taken) and desk is None:
            desk = drafts.desk_again(About.THREAD, here.id, forms.typed_in(request))
        is_given = desk is not None
        desk = desk or await drafts.desk(db, who, About.THREAD, here.id, asked)
        files = await taking.block(db, house_of(request), who, Ref("forums/forum", here.id), taken)
        boxes = {"tags": await tagging.tags_of(db, here.id), "most": tag_rules.MOST_ON_THREAD}
    require(rules.may_open_thread(who_of(request), here, moderates))
    form_of_kind = opening.form(who, here, moderates, forms.typed_in(request), errors)
    typed = forms.typed_in(request)
    known = {"slug": here.slug, "typed": typed, "desk": desk, "errors": errors, "files": files, "kind": form_of_kind}
    form = render("forums/_new_thread.html", {**known, **boxes, "chosen": await ticked(request)})
    status = 422 if errors else 200
    if is_htmx(request) and is_given:
        return pages.piece(form, status)
    crumbs = [HOME, crumb(here), ("Ouvrir un fil", "")]
    return pages.page(
        request, "forums/new.html", current=ROOM, crumbs=crumbs, status=status, forum=here, form=form, errors=errors
    )


async def create_thread(request: Request) -> Response:
    """Open a thread with its first post."""
    async with reading_of(request) as db:
        here, _ = await queries.forum_for(db, who_of(request), request.path_params["slug"])
    taken = await taking.take(request, Ref("forums/forum", here.id))
    if await writing.is_asked(request):
        return await _new_thread_asked(request)
    if taken.is_asked:
        return taken.said(request, await _new_thread(request, taken.errors, taken=taken))
    if asked_for_rows(forms.typed_in(request)):
        return await _new_thread(request, {}, taken=taken)
    more, wrong = opening.read_kind(forms.typed_in(request))
    try:
        new = await forms.read(request, NewThread)
        if wrong:
            raise Invalid(wrong)
        chosen = taken.checked()
        marks = await forms.read(request, ChosenTags)
        async with work_of(request) as work:
            here, moderates = await queries.forum_for(work.db, work.who, request.path_params["slug"])
            opened = await opening.open_thread(work, here, moderates, new, more)
            await sorting.bear(work, opened, marks.tags)
            first = await queries.first_post(work.db, opened.id)
            await once(work, forms.typed_in(request), first)
            unheard = await mentioning.unheard(work, here, first)
            await attaching.join(work, first, Ref("forums/forum", here.id), chosen)
    except SaidBefore as before:
        return pages.go(request, address_of(before.post.thread_id), "Votre fil est publié.")
    except Invalid as error:
        return taken.said(request, await _new_thread(request, {**error.errors, **wrong, **taken.errors}, taken=taken))
    said = " ".join(["Votre fil est publié.", *unheard])
    return pages.go(request, address_of(opened.id), said, "warning" if unheard else "success")


async def _new_thread_asked(request: Request) -> Response:
    async with reading_of(request) as db:
        here, _ = await queries.forum_for(db, who_of(request), request.path_params["slug"])
    asked = await writing.answered(request, About.THREAD, here.id)
    return await _new_thread(request, asked.errors, asked.desk)


async def thread(request: Request) -> Response:
    """A page of a thread; opening it is reading it."""
    return await _thread(request, {})


async def _thread(
    request: Request, errors: dict[str, str], desk: Desk | None = None, taken: Taken | None = None
) -> Response:
    who, thread_id = who_of(request), id_of(request)
    async with reading_of(request) as db:
        cursors = await queries.cursors_of(db, thread_id)
        place = await queries.thread_for(db, who, thread_id)
        mark = await queries.read_up_to(db, who, thread_id)
        after = queries.page_of(place.thread.last_number) if desk else _page_asked(request, place.thread, mark)
        keys = await queries.post_keys(db, thread_id, after)
        shown, whole = keys[:POSTS_PER_PAGE], len(keys) <= POSTS_PER_PAGE
        made = await _made(db, shown)
        head = await queries.placed(db, place.thread, place.forum)
        wish = await follows.wish_for_thread(db, who.id, place.thread)
        panel = await panels.panel(db, who, place)
        house = house_of(request)
        tied = await links.told(db, house.tellers, who, queries.stream_of(thread_id))
        may_take = house.takes is not None and await house.takes.may(db, who)
        if desk is None:
            left = await drafts.desk(db, who, About.ANSWER, thread_id, request.query_params.get("brouillon"))
            desk = left.adding(await _quoted(db, who, request.query_params.get("citer"), thread_id))
        files = await taking.block(db, house, who, queries.stream_of(thread_id), taken)
    last = shown[-1].number if shown else mark
    answer = pages.page(
        request,
        "forums/thread.html",
        current=ROOM,
        crumbs=[HOME, crumb(place.forum), (place.thread.title, "")],
        streams=cursors,
        status=422 if errors else 200,
        thread=place.thread,
        forum=place.forum,
        moderates=place.moderates,
        may_close=rules.may_close(who, place.thread, place.moderates),
        may_delete=rules.may_delete_thread(who, place.thread, place.moderates),
        here=address_of(thread_id),
        first=after + 1,
        before=max(after - POSTS_PER_PAGE, 0) if after else None,
        after=None if whole else last,
        whole=whole,
        last=last,
        state=root(feed.state(place.thread)),
        panel=panel,
        tied=tied,
        may_take=may_take,
        may_accept=kinds.may_accept(who, place.thread, place.moderates),
        standing=root(feed.place(head)),
        may_tag=tag_rules.may_tag(who, place.thread, place.moderates),
        follow=root(following.thread_menu(thread_id, wish)),
        composer=_composer(thread_id, whole, files, desk, errors),
        errors=errors,
        **_parted(shown, made, mark),
    )
    if last > mark or has_notices(request):
        answer.background = BackgroundTask(_remember, request, who, thread_id, Reach(last, opens=True))
    return answer


def _page_asked(request: Request, here: Thread, mark: int) -> int:
    """After which number the page begins: where the address says, at the first unread, or at the end."""
    match request.query_params.get("depuis"):
        case "non-lus":
            return queries.page_of(min(mark + 1, here.last_number))
        case "fin":
            return queries.page_of(here.last_number)
    asked = request.query_params.get("apres", "0")
    if not (asked.isascii() and asked.isdigit()):
        raise NotFound
    return min(int(asked[:12]), max(here.last_number - 1, 0))


async def _made(db: AsyncSession, keys: list[PostKey]) -> list[Markup]:
    """The posts of a page as they stand in it; only those never made before are asked for."""
    known = {key.id: kept(feed.POST, key.key) for key in keys}
    missing = [id_ for id_, made in known.items() if made is None]
    known |= {post.id: root(feed.shown(post)) for post in await queries.shown_posts(db, missing)}
    return [made for made in known.values() if made is not None]


def _parted(keys: list[PostKey], made: list[Markup], mark: int) -> dict[str, Markup]:
    """What was read and what is new; to someone who comes for the first time, nothing is new."""
    unread = sum(key.number > mark for key in keys) if mark else 0
    line = len(made) - unread
    return {"seen": Markup("").join(made[:line]), "news": Markup("").join(made[line:])}


async def _remember(request: Request, who: Who, thread_id: UUID, to: Reach) -> None:
    # The page has left: an incident here changes nothing for whoever reads it, and the next opening says it again.
    with suppress(DBAPIError, OSError):
        await marks_of(request.app).reach(who, thread_id, to)
        if has_notices(request):
            async with house_of(request).working(who) as work:
                await notices.read_about(work, who.id, queries.stream_of(thread_id))


def _composer(
    thread_id: UUID,
    live: bool,
    files: Markup,
    desk: Desk | None = None,
    errors: dict[str, str] | None = None,
    focus: bool = False,
) -> Markup:
    desk = desk or Desk(Sheet.fresh(About.ANSWER, thread_id))
    known = {"thread_id": thread_id, "live": live, "desk": desk, "errors": errors or {}, "focus": focus, "files": files}
    return render("forums/_composer.html", known)


async def _quoted(db: AsyncSession, who: Who, asked: str | None, thread_id: UUID) -> str:
    """The words of a post of this thread, as a quote; nothing for anything else."""
    try:
        post, place = await queries.post_for(db, who, UUID(asked or ""))
    except (ValueError, NotFound):
        return ""
    return await _quote(db, post) if place.thread.id == thread_id else ""


async def _quote(db: AsyncSession, post: Post) -> str:
    shown = await queries.shown_post(db, post.id)
    return quoted(post.id, shown.author.name if shown else "", post.body)


async def quote_post(request: Request) -> Response:
    """The answer form with a post quoted under what was already typed."""
    fields = await forms.typed_fields(request)
    async with reading_of(request) as db:
        post, place = await queries.post_for(db, who_of(request), id_of(request))
        desk = drafts.desk_again(About.ANSWER, place.thread.id, fields).adding(await _quote(db, post))
        files = await taking.block(db, house_of(request), who_of(request), queries.stream_of(place.thread.id))
    # Far from the foot of the conversation, the answer would not show: that form leads to the page that has it.
    return pages.piece(_composer(place.thread.id, "far" not in fields, files, desk, focus=True))


async def create_post(request: Request) -> Response:
    """Answer in a thread, and show the answer to its author at once."""
    thread_id = id_of(request)
    taken = await taking.take(request, queries.stream_of(thread_id))
    if await writing.is_asked(request):
        asked = await writing.answered(request, About.ANSWER, thread_id)
        return await _post_again(request, thread_id, asked.errors, asked.desk, taken)
    if taken.is_asked:
        return taken.said(request, await _post_again(request, thread_id, taken.errors, taken=taken))
    said: Post | Known
    try:
        new = await forms.read(request, NewPost)
        chosen = taken.checked()
        async with work_of(request) as work:
            place = await queries.thread_for(work.db, work.who, thread_id)
            said = await service.post(work, place, new)
            await once(work, forms.typed_in(request), said)
            unheard = await mentioning.unheard(work, place.forum, said)
            await attaching.join(work, said, queries.stream_of(thread_id), chosen)
    except SaidBefore as before:
        said, unheard = before.post, []
    except Invalid as error:
        again = await _post_again(request, thread_id, {**error.errors, **taken.errors}, taken=taken)
        return taken.said(request, again)
    here = address_of_post(thread_id, said.number, said.id)
    if unheard and not is_htmx(request):
        return pages.go(request, here, " ".join(unheard), "warning")
    # Once it is saved: others wait for the thread's row until then.
    async with reading_of(request) as db:
        (shown,) = await queries.shown_posts(db, [said.id])
        files = await taking.block(db, house_of(request), who_of(request), queries.stream_of(thread_id))
    news = [feed.shown(shown), *called_in_vain(unheard)]
    return pages.done(request, *news, otherwise=here, form=_composer(thread_id, True, files))


async def _post_again(
    request: Request, thread_id: UUID, errors: dict[str, str], desk: Desk | None = None, taken: Taken | None = None
) -> Response:
    desk = desk or drafts.desk_again(About.ANSWER, thread_id, forms.typed_in(request))
    if not is_htmx(request):
        return await _thread(request, errors, desk, taken)
    async with reading_of(request) as db:
        await queries.thread_for(db, who_of(request), thread_id)
        files = await taking.block(db, house_of(request), who_of(request), queries.stream_of(thread_id), taken)
    live = "far" not in forms.typed_in(request)
    return pages.piece(_composer(thread_id, live, files, desk, errors, focus=True), 422 if errors else 200)


async def post(request: Request) -> Response:
    """The permanent address of a post: the post itself for a page that has it, the right page otherwise."""
    async with reading_of(request) as db:
        shown, _ = await _shown_for(db, request)
    if is_htmx(request):
        return pages.piece(root(feed.shown(shown)))
    return pages.go(request, address_of_post(shown.thread_id, shown.number, shown.id))


async def _shown_for(db: AsyncSession, request: Request) -> tuple[queries.ShownPost, Place]:
    """A post, withdrawn or not, in a thread that whoever asks may read."""
    shown = await queries.shown_post(db, id_of(request))
    if shown is None:
        raise NotFound
    return shown, await queries.thread_for(db, who_of(request), shown.thread_id)


async def edit_form(request: Request) -> Response:
    """One's own post, ready to be corrected."""
    async with reading_of(request) as db:
        said, place = await queries.post_for(db, who_of(request), id_of(request))
        asked = request.query_params.get("brouillon")
        desk = await drafts.desk(db, who_of(request), About.EDIT, said.id, asked, body=said.body)
        files = await _files_of(db, request, said)
    require(rules.may_edit(who_of(request), said, place.thread))
    if desk.saved_at and said.edited_at and said.edited_at > desk.saved_at:
        return _edit_page(request, said, place, desk, files, {"": EDITED_SINCE}, latest=said.body)
    return _edit_page(request, said, place, desk, files)


async def _files_of(db: AsyncSession, request: Request, said: Post, taken: Taken | None = None) -> Markup:
    return await taking.block(db, house_of(request), who_of(request), Ref("forums/post", said.id), taken)


def _edit_page(
    request: Request,
    said: Post,
    place: Place,
    desk: Desk,
    files: Markup,
    errors: dict[str, str] | None = None,
    latest: str | None = None,
    status: int = 200,
) -> Response:
    """The edit form; `latest` is what stands now when it was written over an older version."""
    errors = errors or {}
    known: dict[str, Any] = {"id": said.id, "number": said.number, "version": said.version, "desk": desk}
    form = render("forums/_edit.html", {**known, "errors": errors, "latest": latest, "files": files})
    if is_htmx(request):
        answer = pages.piece(form, status)
        if errors:
            answer.headers["HX-Retarget"] = f"#post-{said.id} .post-body"
        return answer
    crumbs = [HOME, crumb(place.forum), (place.thread.title, address_of(place.thread.id)), ("Modifier", "")]
    return pages.page(request, "forums/edit.html", current=ROOM, crumbs=crumbs, status=status, form=form, errors=errors)


async def edit_post(request: Request) -> Response:
    """Correct one's own post."""
    taken = await taking.take(request, Ref("forums/post", id_of(request)))
    if await writing.is_asked(request):
        return await _edit_asked(request, taken)
    if taken.is_asked:
        return taken.said(request, await _edit_again(request, Invalid(taken.errors), taken))
    try:
        edited = await forms.read(request, EditedPost)
        chosen = taken.checked()
        async with work_of(request) as work:
            said, place = await queries.post_for(work.db, work.who, id_of(request))
            await service.edit_post(work, place, said, edited)
            unheard = await mentioning.unheard(work, place.forum, said)
            await attaching.revise(work, said, chosen)
            await drafting.posted(work, forms.typed_in(request))
            (shown,) = await queries.shown_posts(work.db, [said.id])
    except (Invalid, Conflict) as error:
        return taken.said(request, await _edit_again(request, error, taken))
    if is_htmx(request):
        return pages.piece(Markup("").join([root(feed.shown(shown)), *map(parcel, called_in_vain(unheard))]))
    here = address_of_post(shown.thread_id, shown.number, shown.id)
    notice = " ".join(["Votre message est modifié.", *unheard])
    return pages.go(request, here, notice, "warning" if unheard else "success")


async def _edit_asked(request: Request, taken: Taken) -> Response:
    async with reading_of(request) as db:
        said, place = await queries.post_for(db, who_of(request), id_of(request))
        files = await _files_of(db, request, said, taken)
    require(rules.may_edit(who_of(request), said, place.thread))
    asked = await writing.answered(request, About.EDIT, said.id, afresh=said.body)
    return _edit_page(request, said, place, asked.desk, files, asked.errors, status=422 if asked.errors else 200)


async def _edit_again(request: Request, error: Invalid | Conflict, taken: Taken) -> Response:
    """The form as it was typed; over a newer version, with what stands now above it."""
    async with reading_of(request) as db:
        said, place = await queries.post_for(db, who_of(request), id_of(request))
        files = await _files_of(db, request, said, taken)
    require(rules.may_edit(who_of(request), said, place.thread))
    desk = drafts.desk_again(About.EDIT, said.id, forms.typed_in(request))
    if isinstance(error, Conflict):
        return _edit_page(request, said, place, desk, files, {"": error.reason}, latest=said.body, status=409)
    errors = {STALE if name == "version" else name: text for name, text in error.errors.items()}
    if STALE in errors:
        return _edit_page(request, said, place, desk, files, {"": STALE}, latest=said.body, status=422)
    errors |= {f"files-{said.id}": text for text in taken.errors.values()}
    errors.pop("files", None)
    return _edit_page(request, said, place, desk, files, errors, status=422 if errors else 200)


async def withdraw_form(request: Request) -> Response:
    """The question asked before a post is withdrawn."""
    async with reading_of(request) as db:
        said, place = await queries.post_for(db, who_of(request), id_of(request), even_hidden=True)
        (shown,) = await queries.shown_posts(db, [said.id])
    require(rules.may_delete(who_of(request), said, place.moderates))
    form = render("forums/_withdraw.html", {"id": said.id})
    if is_htmx(request):
        return pages.piece(form)
    crumbs = [HOME, crumb(place.forum), (place.thread.title, address_of(place.thread.id)), ("Supprimer", "")]
    return pages.page(request, "forums/withdraw.html", current=ROOM, crumbs=crumbs, post=shown, form=form)


async def withdraw_post(request: Request) -> Response:
    """Withdraw a post: its place stays, its words go."""
    async with work_of(request) as work:
        said, place = await queries.post_for(work.db, work.who, id_of(request), even_hidden=True)
        await service.delete_post(work, place, said)
        (shown,) = await queries.shown_posts(work.db, [said.id])
    if is_htmx(request):
        return pages.piece(root(feed.shown(shown)))
    return pages.go(request, address_of_post(shown.thread_id, shown.number, shown.id), "Le message est supprimé.")


async def close_thread(request: Request) -> Response:
    """Say that a conversation is over."""
    async with work_of(request) as work:
        place = await queries.thread_for(work.db, work.who, id_of(request))
        await service.close_thread(work, place)
    return _turned(request, place.thread, "Le fil est fermé.")


async def reopen_thread(request: Request) -> Response:
    """Let a conversation go on."""
    async with work_of(request) as work:
        place = await queries.thread_for(work.db, work.who, id_of(request))
        await service.reopen_thread(work, place)
    return _turned(request, place.thread, "Le fil est rouvert.")


def _turned(request: Request, here: Thread, sentence: str) -> Response:
    if is_htmx(request):
        return pages.done(request, feed.state(here), otherwise=address_of(here.id))
    return pages.go(request, address_of(here.id), sentence)


async def delete_thread(request: Request) -> Response:
    """Remove a whole conversation from sight."""
    async with work_of(request) as work:
        place = await queries.thread_for(work.db, work.who, id_of(request))
        await service.delete_thread(work, place)
    title, here = place.thread.title, f"/forums/{place.forum.slug}"
    return pages.go(request, here, f"Le fil «\u00a0{title}\u00a0» est supprimé.")


async def read_thread(request: Request) -> Response:
    """Move the read mark: what arrived live was seen."""
    reached = await forms.read(request, Reached)
    who, thread_id = who_of(request), id_of(request)
    async with reading_of(request) as db:
        place = await queries.thread_for(db, who, thread_id)
        mark = await queries.read_up_to(db, who, thread_id)
    # A mark beyond the last post would hide those to come.
    number = min(reached.number, place.thread.last_number)
    if number > mark or has_notices(request):
        await _remember(request, who, thread_id, Reach(number))
    return Response(status_code=204)


routes = [
    Route("/forums", forums),
    Route("/forums/fils/{id}", thread),
    Route("/forums/fils/{id}/messages", create_post, methods=["POST"]),
    Route("/forums/fils/{id}/fermeture", close_thread, methods=["POST"]),
    Route("/forums/fils/{id}/fermeture/levee", reopen_thread, methods=["POST"]),
    Route("/forums/fils/{id}/suppression", delete_thread, methods=["POST"]),
    Route("/forums/fils/{id}/lecture", read_thread, methods=["POST"]),
    Route("/forums/messages/{id}", post),
    Route("/forums/messages/{id}/citation", quote_post, methods=["POST"]),
    Route("/forums/messages/{id}/modifier", edit_form, methods=["GET"]),
    Route("/forums/messages/{id}/modifier", edit_post, methods=["POST"]),
    Route("/forums/messages/{id}/suppression", withdraw_form, methods=["GET"]),
    Route("/forums/messages/{id}/suppression", withdraw_post, methods=["POST"]),
    Route("/forums/{slug}", forum, methods=["GET"]),
    Route("/forums/{slug}", create_thread, methods=["POST"]),
    Route("/forums/{slug}/nouveau", new_thread),
]
