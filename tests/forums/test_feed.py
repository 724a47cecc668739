"""What live readers receive: applied to the page they have, it makes the page they would get."""

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import timedelta

import pytest
from sqlalchemy import update
from sqlmodel import SQLModel, col
from sqlmodel.ext.asyncio.session import AsyncSession

from buying import BAGS, answer, deadline_is
from entente import journal, links, live
from entente.clock import now, today
from entente.ids import Ref
from entente.journal import Verb as AnyVerb
from entente.live import Feed, Fragment
from entente.rights import faces_changed
from entente.web import templates
from entente.work import Work
from forums import feed, queries, service
from forums.kinds import service as kinds
from forums.kinds.models import Announcement
from forums.models import EditedPost, Forum, Kind, NewPost, NewThread, Post, Thread
from forums.moderation import service as moderation
from forums.moderation.models import NewHiding, NewPin, NewPlace
from forums.moderation.queries import hidden_post_for
from forums.purchase import service as purchases
from forums.purchase.forms import Changes
from forums.purchase.models import Lot, Purchase, Stance
from forums.reactions import service as reactions
from forums.reactions.models import Sign
from forums.service import Verb
from forums.tags import service as tagging
from forums.tags.models import NamedTag
from world import World


@dataclass
class Screen:
    """The living parts of a page, each root under its id: what `live.js` changes, in a few lines."""

    roots: dict[str, str] = field(default_factory=dict)

    def put(self, fragment: Fragment) -> None:
        """Put a parcel as it travels: delete by id, replace by id, or add."""
        found = re.fullmatch(r'<div data-put="(\w+)" data-to="(\S+)">(.*)</div>', templates.parcel(fragment), re.S)
        assert found is not None
        how, to, root = found.groups()
        if how == "delete":
            self.roots.pop(to, None)
        elif _id(root) in self.roots or how != "replace":
            self.roots[_id(root)] = root.strip()

    @property
    def lines(self) -> list[str]:
        """The roots in the order of the page."""
        return sorted(self.roots.values(), key=_order)


def _id(root: str) -> str:
    found = re.search(r' id="([^"]+)"', root)
    assert found is not None
    return found[1]


def _order(root: str) -> int:
    found = re.search(r' data-order="(-?\d+)"', root)
    return int(found[1]) if found else 0


def _screen(html: str) -> Screen:
    # What people write bears no class, so these words begin our own roots and nothing else.
    html = re.sub(r'<li class="unread-line".*?</li>', "", html)
    posts = re.search(r'<ol class="posts"[^>]*>(.*)</ol>\s*</div>', html, re.S)
    state = re.search(r'^  <div id="thread-state".*?^</div>', html, re.S | re.M)
    place = re.search(r'<p class="meta" id="thread-place".*?</p>', html, re.S)
    threads = re.search(r'<ul class="threads"[^>]*>(.*?)</ul>', html, re.S)
    panel = r'<div id="(?:resolution|announcement)".*?</div>|<section class="card purchase".*?</section>'
    roots = [found[0] for found in (state, place) if found] + re.findall(panel, html, re.S)
    for found in (posts, threads):
        roots += re.split(r'(?=<li class="(?:post|thread)\b)', found[1])[1:] if found else []
    return Screen({_id(root): root.strip() for root in roots})


async def _shown(world: World, address: str) -> Screen:
    async with world.browser(world.denise) as browser:
        return _screen((await browser.get(address)).text)


async def _arrived(world: World, of: Feed, stream: Ref, after: int) -> list[Fragment]:
    async with world.reading() as db:
        entries = await journal.since(db, str(stream), after, 100)
        found = [await of.fragment(db, entry) for entry in entries]
    return [fragment for fragment in found if fragment]


Act = Callable[[World], Awaitable[None]]


async def _open(world: World) -> None:
    await world.open(world.bruno, world.technique, "Une benne ?", "Pour *samedi*.")


async def _answer(world: World) -> None:
    await world.post(world.bruno, world.snow, "> 3 m ?\n\n1. oui\n2. non\n\n- peut-être")


async def _edit(world: World) -> None:
    said = await world.post(world.bruno, world.snow, "Vrai")
    async with world.working(world.bruno) as work:
        mine, place = await queries.post_for(work.db, world.bruno, said.id)
        await service.edit_post(work, place, mine, EditedPost(body="Faux", version=1))


async def _withdraw(world: World) -> None:
    said = await world.post(world.bruno, world.snow, "Une erreur")
    async with world.working(world.camille) as work:
        mine, place = await queries.post_for(work.db, world.camille, said.id)
        await service.delete_post(work, place, mine)


async def _close(world: World) -> None:
    async with world.working(world.camille) as work:
        await service.close_thread(work, await queries.thread_for(work.db, world.camille, world.snow.id))


async def _reopen(world: World) -> None:
    await _close(world)
    async with world.working(world.awa) as work:
        await service.reopen_thread(work, await queries.thread_for(work.db, world.awa, world.snow.id))


async def _remove(world: World) -> None:
    async with world.working(world.camille) as work:
        await service.delete_thread(work, await queries.thread_for(work.db, world.camille, world.snow.id))


async def _as_question(world: World) -> None:
    await _of_kind(world, Kind.QUESTION)


async def _accept(world: World) -> None:
    await _choose(world, await world.post(world.bruno, world.snow, "La mienne"))


async def _accept_another(world: World) -> None:
    await _accept(world)
    await _choose(world, await world.post(world.denise, world.snow, "Ou la nôtre"))


async def _choose(world: World, said: Post, undo: bool = False) -> None:
    async with world.working(world.awa) as work:
        mine, place = await queries.post_for(work.db, world.awa, said.id)
        await (kinds.unaccept if undo else kinds.accept)(work, place, mine)


async def _accept_no_longer(world: World) -> None:
    said = await world.post(world.bruno, world.snow, "La mienne")
    await _choose(world, said)
    await _choose(world, said, undo=True)


async def _as_announcement(world: World) -> None:
    await _of_kind(world, Kind.ANNOUNCEMENT, Announcement(thread_id=world.snow.id, is_mandatory=True))


async def _take_note(world: World) -> None:
    async with world.working(world.bruno) as work:
        await kinds.acknowledge(work, await queries.thread_for(work.db, world.bruno, world.snow.id))


async def _as_purchase(world: World) -> None:
    await _of_kind(
        world,
        Kind.PURCHASE,
        Purchase(thread_id=world.snow.id, need="Du sel.", deadline=now() + timedelta(days=7)),
        Lot(purchase_id=world.snow.id, place=0, name="Sel", unit="tonnes", thousandths=80_000),
    )


async def _of_kind(world: World, kind: Kind, *rows: SQLModel) -> None:
    async with world.house.database.writing() as db:
        await db.execute(update(Thread).where(col(Thread.id) == world.snow.id).values(kind=kind))
        for row in rows:
            db.add(row)
            await db.flush()


async def _buy(world: World) -> None:
    await answer(world, world.bruno, world.snow, Stance.JOINED, "12.5")


async def _put_off(world: World) -> None:
    await _keep(world, lambda work, place: purchases.extend(work, place, now() + timedelta(days=9)))


async def _end_early(world: World) -> None:
    await _keep(world, purchases.close)


async def _change(world: World) -> None:
    await _keep(world, lambda work, place: purchases.change(work, place, Changes("Du gravier.", [BAGS])))


async def _keep(world: World, verb: Callable[[Work, queries.Place], Awaitable[None]]) -> None:
    async with world.working(world.awa) as work:
        await verb(work, await queries.thread_for(work.db, world.awa, world.snow.id))


async def _come_to_an_end(world: World) -> None:
    await deadline_is(world, world.snow, now() - timedelta(seconds=1))
    async with world.working(None) as work:
        await purchases.end(work, {"thread": str(world.snow.id)})


BEFORE: dict[str, Act] = {
    **dict.fromkeys(kinds.Verb, _as_question),
    kinds.Verb.ANNOUNCEMENT_ACKNOWLEDGED: _as_announcement,
    **dict.fromkeys(purchases.Verb, _as_purchase),
}
"""What the thread must be for some things to happen in it."""


async def _react(world: World) -> None:
    said = await world.post(world.bruno, world.snow, "Une idée")
    for who, sign in ((world.denise, Sign.AGREE), (world.awa, Sign.AGREE), (world.awa, Sign.THANKS)):
        async with world.working(who) as work:
            seen, place = await queries.post_for(work.db, who, said.id)
            await reactions.toggle(work, place, seen, sign)


async def _hide(world: World) -> None:
    said = await world.post(world.bruno, world.snow, "Une injure")
    async with world.working(world.camille) as work:
        mine, place = await queries.post_for(work.db, world.camille, said.id)
        await moderation.hide_post(work, place, mine, NewHiding(reason="Propos déplacés"))


async def _unhide(world: World) -> None:
    await _hide(world)
    async with world.working(world.camille) as work:
        place = await queries.thread_for(work.db, world.camille, world.snow.id)
        (post_id,) = [key.id for key in await queries.post_keys(work.db, place.thread.id, 1)]
        await moderation.unhide_post(work, await hidden_post_for(work.db, world.camille, post_id))


async def _pin(world: World) -> None:
    async with world.working(world.camille) as work:
        place = await queries.thread_for(work.db, world.camille, world.snow.id)
        await moderation.pin_thread(work, place, NewPin(until=today() + timedelta(days=2)))


async def _unpin(world: World) -> None:
    await _pin(world)
    async with world.working(world.camille) as work:
        await moderation.unpin_thread(work, await queries.thread_for(work.db, world.camille, world.snow.id))


async def _tag(world: World) -> None:
    async with world.working(world.camille) as work:
        tag = await tagging.add_tag(work, world.technique, True, NamedTag(name="Déneigement"))
        place = await queries.thread_for(work.db, world.camille, world.snow.id)
        await tagging.tag_thread(work, place, [tag.id])


async def _move(world: World) -> None:
    async with world.house.database.writing() as db:
        db.add(Forum(slug="ateliers", title="Ateliers", place=9))
    async with world.working(world.camille) as work:
        place = await queries.thread_for(work.db, world.camille, world.snow.id)
        await moderation.move_thread(work, place, NewPlace(forum="ateliers"))


ACTS: dict[AnyVerb, Act] = {
    kinds.Verb.POST_ACCEPTED: _accept,
    kinds.Verb.POST_UNACCEPTED: _accept_another,
    kinds.Verb.QUESTION_RESOLVED: _accept,
    kinds.Verb.QUESTION_REOPENED: _accept_no_longer,
    kinds.Verb.ANNOUNCEMENT_ACKNOWLEDGED: _take_note,
    purchases.Verb.PURCHASE_ANSWERED: _buy,
    purchases.Verb.PURCHASE_EXTENDED: _put_off,
    purchases.Verb.PURCHASE_CLOSED: _end_early,
    purchases.Verb.PURCHASE_CHANGED: _change,
    purchases.Verb.PURCHASE_ENDED: _come_to_an_end,
    Verb.THREAD_OPENED: _open,
    Verb.THREAD_ANSWERED: _answer,
    Verb.THREAD_SHORTENED: _withdraw,
    Verb.THREAD_CLOSED: _close,
    Verb.THREAD_REOPENED: _reopen,
    Verb.THREAD_DELETED: _remove,
    Verb.POST_POSTED: _answer,
    Verb.POST_EDITED: _edit,
    Verb.POST_DELETED: _withdraw,
    Verb.POST_REACTED: _react,
    Verb.POST_HIDDEN: _hide,
    Verb.POST_UNHIDDEN: _unhide,
    Verb.THREAD_PINNED: _pin,
    Verb.THREAD_UNPINNED: _unpin,
    Verb.THREAD_TAGGED: _tag,
    Verb.THREAD_MOVED: _move,
}


async def test_every_verb_is_shown_and_tried() -> None:
    """No verb of the forums is silent on open pages, and each one is tried below."""
    verbs = {str(verb) for verbs in (Verb, kinds.Verb, purchases.Verb) for verb in verbs}
    # What another room ties to a thread, and who is forgotten, is said elsewhere: see their own tests.
    assert feed.thread_feed.verbs | feed.forum_feed.verbs == verbs | set(links.Verb) | set(live.Verb)
    assert verbs == {str(v) for v in ACTS}


@pytest.mark.parametrize("verb", ACTS)
async def test_a_page_kept_open_becomes_the_page_one_would_get(world: World, verb: AnyVerb) -> None:
    """Denise leaves the list and a thread open; what arrives makes them what she would get, even twice."""
    second = await world.open(world.awa, world.technique, "Sel", "Combien ?")
    thread, forum = f"/forums/fils/{world.snow.id}", "/forums/technique"
    if verb in BEFORE:
        await BEFORE[verb](world)
    list_, page = await _shown(world, forum), await _shown(world, thread)
    async with world.reading() as db:
        at_list = await journal.cursor(db, queries.stream_of_forum(world.technique.id))
        at_page, _ = await queries.cursors_of(db, world.snow.id)
    before = (list_.lines, page.lines)
    assert f"thread-{second.id}" in list_.roots
    assert {"thread-state", "thread-place"} <= page.roots.keys()

    await ACTS[verb](world)
    for _ in range(2):
        for fragment in await _arrived(world, feed.forum_feed, at_list.stream, at_list.position):
            list_.put(fragment)
        for fragment in await _arrived(world, feed.thread_feed, at_page.stream, at_page.position):
            page.put(fragment)
        assert list_.lines == (await _shown(world, forum)).lines
        # A thread that moves makes its pages start afresh: what travels is that, and no fragment.
        if verb not in (Verb.THREAD_DELETED, Verb.THREAD_MOVED):
            assert page.lines == (await _shown(world, thread)).lines

    assert (list_.lines, page.lines) != before or verb in (Verb.THREAD_REOPENED, Verb.THREAD_UNPINNED)
    if verb is Verb.THREAD_DELETED:
        assert "data-closed" in page.roots["thread-state"]


async def test_what_is_pushed_is_what_the_page_holds(world: World) -> None:
    """The fragment that travels is in the page, byte for byte."""
    said = await world.post(world.bruno, world.snow, "Une **lame** <b>ici</b>\n\n| a | b |\n|--|--|\n| 1 | 2 |")
    async with world.reading() as db:
        shown = await queries.shown_post(db, said.id)
        row = await queries.thread_row(db, world.snow.id)
    assert shown is not None
    assert row is not None

    async with world.browser(world.denise) as browser:
        thread = (await browser.get(f"/forums/fils/{world.snow.id}")).text
        list_ = (await browser.get("/forums/technique")).text
    assert templates.root(feed.shown(shown)) in thread
    assert templates.root(feed.listed(row)) in list_


async def test_a_fragment_never_asks_who_reads(world: World) -> None:
    """Posts, rows and states are made without frame or reader, for whoever wrote, answered, closed or withdrew."""
    for verb in (Verb.POST_EDITED, Verb.THREAD_CLOSED):
        await ACTS[verb](world)
    fragments = await _arrived(world, feed.thread_feed, queries.stream_of(world.snow.id), 0)
    fragments += await _arrived(world, feed.forum_feed, queries.stream_of_forum(world.technique.id), 0)

    made = [templates.render(each.template, each.context) for each in fragments]
    assert len(made) == 7
    assert all(f' id="{each.to}"' in html for each, html in zip(fragments, made, strict=True) if each.put == "replace")


async def test_a_version_names_one_content(world: World) -> None:
    """Each change of a post or of its author's face changes the name under which its bytes are kept."""
    said = await world.post(world.bruno, world.snow, "Un")

    async def key(db: AsyncSession) -> str:
        shown = await queries.shown_post(db, said.id)
        (named,) = [each.key for each in await queries.post_keys(db, world.snow.id, 1)]
        assert shown is not None
        assert shown.key == named
        return named

    async with world.reading() as db:
        keys = [await key(db)]
    async with world.working(world.bruno) as work:
        mine, place = await queries.post_for(work.db, world.bruno, said.id)
        await service.edit_post(work, place, mine, EditedPost(body="Deux", version=1))
        keys.append(await key(work.db))
    async with world.working(None) as work:
        await faces_changed(work, world.bruno.id)
        keys.append(await key(work.db))
    async with world.working(world.bruno) as work:
        mine, place = await queries.post_for(work.db, world.bruno, said.id)
        await service.delete_post(work, place, mine)
        keys.append(await key(work.db))

    assert len(set(keys)) == 4


async def test_news_of_a_post_withdrawn_since_shows_no_word_of_it(world: World) -> None:
    """A reader who was away receives « posted » after the words were withdrawn: only their place is shown."""
    await _withdraw(world)
    arrived = await _arrived(world, feed.thread_feed, queries.stream_of(world.snow.id), 1)

    assert [templates.root(each).count("Message supprimé") for each in arrived] == [1, 1]
    assert all("Une erreur" not in templates.root(each) for each in arrived)


async def test_a_thread_opened_and_removed_since_shows_nowhere(world: World) -> None:
    """The list receives nothing of a thread that is gone, but its going."""
    async with world.working(world.bruno) as work:
        opened = await service.open_thread(work, world.technique, False, NewThread(title="Zut", body="zut"))
    async with world.working(world.bruno) as work:
        await service.post(work, await queries.thread_for(work.db, world.bruno, opened.id), NewPost(body="encore"))
    async with world.working(world.camille) as work:
        await service.delete_thread(work, await queries.thread_for(work.db, world.camille, opened.id))

    arrived = await _arrived(world, feed.forum_feed, queries.stream_of_forum(world.technique.id), 1)
    assert [(each.put, each.to) for each in arrived] == [("delete", f"thread-{opened.id}")]
