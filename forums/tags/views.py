"""Doors to tags: those of a thread, and those that a forum keeps."""

from collections.abc import Mapping
from dataclasses import dataclass

from sqlmodel.ext.asyncio.session import AsyncSession
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from entente.rules import Invalid, NotFound, require
from entente.web import forms, pages
from entente.web.requests import id_of, reading_of, who_of, work_of
from forums import queries
from forums.addresses import HOME, ROOM, address_of, crumb
from forums.keeping import queries as keeping
from forums.models import Forum
from forums.tags import queries as tags
from forums.tags import rules, service
from forums.tags.choosing import ticked
from forums.tags.models import ChosenTags, NamedTag


async def choosing(request: Request) -> Response:
    """The tags of a thread, to be ticked."""
    return await _choosing(request, {})


async def _choosing(request: Request, errors: Mapping[str, str]) -> Response:
    who = who_of(request)
    async with reading_of(request) as db:
        place = await queries.thread_for(db, who, id_of(request))
        known = await tags.tags_of(db, place.forum.id)
        borne = (await tags.tags_on(db, [place.thread.id])).get(place.thread.id, [])
    require(rules.may_tag(who, place.thread, place.moderates))
    chosen = await ticked(request) if errors else {str(tag.id) for tag in borne}
    return pages.page(
        request,
        "forums/tags.html",
        current=ROOM,
        crumbs=[HOME, crumb(place.forum), (place.thread.title, address_of(place.thread.id)), ("Étiquettes", "")],
        status=422 if errors else 200,
        thread=place.thread,
        here=address_of(place.thread.id),
        tags=known,
        chosen=chosen,
        most=rules.MOST_ON_THREAD,
        errors=errors,
    )


async def choose(request: Request) -> Response:
    """Say by tags what a thread is about."""
    try:
        new = await forms.read(request, ChosenTags)
        async with work_of(request) as work:
            place = await queries.thread_for(work.db, work.who, id_of(request))
            await service.tag_thread(work, place, new.tags)
    except Invalid as error:
        return await _choosing(request, error.errors)
    return pages.go(request, address_of(place.thread.id), "Les étiquettes du fil sont enregistrées.")


@dataclass(frozen=True)
class Keeping:
    """The same page twice: for the moderators inside the forum, and for administrators who may not read it."""

    root: str
    key: str
    is_inside: bool

    async def forum(self, db: AsyncSession, request: Request) -> tuple[Forum, bool]:
        """The forum at this address for whoever keeps it; for anybody else there is nothing here."""
        who, slug = who_of(request), request.path_params["slug"]
        if self.is_inside:
            here, moderates = await queries.forum_for(db, who, slug)
        else:
            if not who.is_administrator:
                raise NotFound
            here, moderates = await keeping.forum_at(db, slug), False
        if not rules.may_keep(who, moderates):
            raise NotFound
        return here, moderates

    def address(self, here: Forum) -> str:
        """Where the tags of a forum are kept."""
        return f"{self.root}/{here.slug}/etiquettes"

    async def page(self, request: Request, errors: Mapping[str, str] | None = None, wrong: str = "") -> Response:
        """Every tag of a forum; `wrong` names the one whose new name was refused."""
        async with reading_of(request) as db:
            here, _ = await self.forum(db, request)
            found = await tags.used_tags_of(db, here.id)
        home = HOME if self.is_inside else ("Gérer les forums", self.root)
        return pages.page(
            request,
            "forums/kept_tags.html",
            current=self.key,
            crumbs=[home, (here.title, f"{self.root}/{here.slug}"), ("Étiquettes", "")],
            status=422 if errors else 200,
            forum=here,
            tags=found,
            address=self.address(here),
            most=rules.MOST_ON_THREAD,
            longest=rules.LONGEST,
            errors=errors or {},
            wrong=wrong,
            typed=forms.typed_in(request),
        )

    async def show(self, request: Request) -> Response:
        """The tags of a forum."""
        return await self.page(request)

    async def add(self, request: Request) -> Response:
        """Give a forum one more tag."""
        try:
            new = await forms.read(request, NamedTag)
            async with work_of(request) as work:
                here, moderates = await self.forum(work.db, request)
                tag = await service.add_tag(work, here, moderates, new)
        except Invalid as error:
            return await self.page(request, error.errors)
        return pages.go(request, self.address(here), f"L’étiquette «\u00a0{tag.name}\u00a0» est ajoutée.")

    async def rename(self, request: Request) -> Response:
        """Call a tag otherwise."""
        try:
            new = await forms.read(request, NamedTag)
            async with work_of(request) as work:
                here, moderates = await self.forum(work.db, request)
                tag = await tags.kept_tag(work.db, here.id, id_of(request, "tag"))
                await service.rename_tag(work, here, moderates, tag, new)
        except Invalid as error:
            name = f"name-{id_of(request, 'tag')}"
            return await self.page(request, {name: error.errors.get("name", "")}, wrong=name)
        return pages.go(request, self.address(here), f"L’étiquette s’appelle «\u00a0{tag.name}\u00a0».")

    async def remove(self, request: Request) -> Response:
        """Take a tag away."""
        async with work_of(request) as work:
            here, moderates = await self.forum(work.db, request)
            tag = await tags.kept_tag(work.db, here.id, id_of(request, "tag"))
            await service.remove_tag(work, here, moderates, tag)
        return pages.go(request, self.address(here), f"L’étiquette «\u00a0{tag.name}\u00a0» est supprimée.")

    @property
    def routes(self) -> list[Route]:
        """The doors of this page."""
        path = f"{self.root}/{{slug}}/etiquettes"
        return [
            Route(path, self.show, methods=["GET"]),
            Route(path, self.add, methods=["POST"]),
            Route(f"{path}/{{tag}}", self.rename, methods=["POST"]),
            Route(f"{path}/{{tag}}/retrait", self.remove, methods=["POST"]),
        ]


inside = Keeping("/forums", ROOM, is_inside=True)
outside = Keeping("/forums-gestion", "forums-gestion", is_inside=False)
routes = [
    # Before the pages of the forum that would be called « fils ».
    Route("/forums/fils/{id}/etiquettes", choosing, methods=["GET"]),
    Route("/forums/fils/{id}/etiquettes", choose, methods=["POST"]),
    *inside.routes,
    *outside.routes,
]
