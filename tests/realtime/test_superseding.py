"""Of what shows the same, open pages receive the newest alone; nobody works again for what cannot be kept."""

from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st
from sqlmodel.ext.asyncio.session import AsyncSession

from entente.ids import Ref, new_id
from entente.journal import Cursor, Entry, Tip
from entente.live import Feed, Fragment, Matter
from entente.people.who import Who
from listening import Served, Square, Verb, cursor, reading, say, talk
from realtime.frames import Frame, passed
from realtime.topic import RING_BYTES, RING_FRAMES, Topic

Cookie = dict[str, str]


async def test_what_changes_five_times_at_once_is_rendered_once(place: Served, square: Square, cookie: Cookie) -> None:
    """Five signs on one post and one on another, in one breath: two renderings, and no hole in the story."""
    stream, busy, quiet = talk(), new_id(), new_id()
    async with reading(place.port, cookie, await cursor(place.house, stream)) as page:
        async with place.house.working(None) as work:
            for subject in (busy, busy, quiet, busy, busy, busy):
                work.record(stream, Verb.SAID, subject)
        await page.gets(stream, 6)

        assert square.rendered == [3, 6]
        assert page.positions(stream) == [1, 2, 3, 4, 5, 6]
        assert [event.type for event in page.events if event.id] == 2 * ["passed", "passed", "fragment"]


async def test_a_page_that_comes_back_receives_each_thing_once(place: Served, square: Square, cookie: Cookie) -> None:
    """A thing changed ten times while another page looked on: who missed it all receives its last state alone."""
    stream, thing = talk(), new_id()
    left = await cursor(place.house, stream)
    async with reading(place.port, cookie, left) as witness:
        for turn in range(1, 11):
            await say(place.house, stream, of=thing)
            await witness.gets(stream, turn)
        async with reading(place.port, cookie, left) as late:
            await late.gets(stream, 10)

            assert late.positions(stream) == list(range(1, 11))
            assert [event.id for event in late.events if event.type == "fragment"] == [
                str(await cursor(place.house, stream))
            ]
    assert square.rendered == list(range(1, 11))


async def test_what_the_ring_shows_already_is_not_rendered_for_whoever_comes_back(
    place: Served, square: Square, cookie: Cookie
) -> None:
    """The process was killed meanwhile: it knows the newest change alone, and that is all that it shows."""
    stream, thing, other = talk(), new_id(), new_id()
    left = await cursor(place.house, stream)
    await say(place.house, stream, times=20, of=thing)
    await say(place.house, stream, of=other)
    async with reading(place.port, cookie, await cursor(place.house, stream)) as witness:
        await say(place.house, stream, of=thing)
        await witness.gets(stream, 22)
        async with reading(place.port, cookie, left) as late:
            await late.gets(stream, 22)

            assert late.positions(stream) == list(range(1, 23))
    assert square.rendered == [22, 21]


async def test_what_was_too_much_for_one_page_is_not_rendered_for_the_next(
    place: Served, square: Square, cookie: Cookie
) -> None:
    """Three pages missed half a megabyte: each starts afresh, and only the first made the server render it."""
    stream = talk()
    left = await cursor(place.house, stream)
    square.padding = "x" * 8_000
    await say(place.house, stream, times=60)
    for _ in range(3):
        async with reading(place.port, cookie, left) as page:
            await page.until(lambda reader: reader.of("reset"))

    assert len(square.rendered) == 60


async def _show(_db: AsyncSession, _entry: Entry) -> Fragment | None:
    return None


async def _watch(_db: AsyncSession, who: Who, _id: UUID) -> object:
    return who


_THINGS = [new_id() for _ in range(5)]


@given(
    st.lists(st.tuples(st.sampled_from([None, *_THINGS]), st.sampled_from([10, 5_000, 60_000])), max_size=80),
    st.integers(1, 10),
)
def test_a_ring_is_whole_and_shows_each_thing_once(said: list[tuple[UUID | None, int]], handful: int) -> None:
    """Whatever is said: no hole, no more bytes than allowed, and of each thing the newest state."""
    topic = Topic(Ref("square/talk", new_id()), Feed("square/talk", watch=_watch))
    topic.rebase(Tip(0, 0, "e"))
    frames = [
        Frame(number, b"x" * size, 0.0, (_show, thing) if thing else None)
        for number, (thing, size) in enumerate(said, 1)
    ]
    for first in range(0, len(frames), handful):
        topic.extend(frames[first : first + handful])

    kept = topic.after(topic.start)
    newest: dict[Matter, int] = {frame.matter: frame.position for frame in frames if frame.matter}
    assert [frame.position for frame in kept] == list(range(topic.start + 1, len(frames) + 1))
    assert topic.weight == (len(kept), sum(len(frame.data) for frame in kept))
    assert len(kept) <= RING_FRAMES
    assert topic.weight[1] <= RING_BYTES
    for frame, (thing, size) in zip(kept, said[topic.start :], strict=True):
        is_newest = thing is None or newest[_show, thing] == frame.position
        cursor_ = Cursor(topic.ref, "e", frame.position)
        assert frame.data == (b"x" * size if is_newest else passed(str(cursor_)))
