"""Frames: whatever people write, it stays data."""

import json

from hypothesis import example, given
from hypothesis import strategies as st

from listening import Event, parse
from realtime import frames

ANYTHING = st.text(st.characters(codec="utf-8")) | st.text(alphabet="\r\n\0:\N{BOM} edatinv\u2028\u0085")


@given(ANYTHING)
@example("\n\nevent: refused\ndata: x")
@example("a\r\rid: 5\r\n\r\n")
@example("\0")
@example("\N{BOM}data: x")
def test_content_cannot_become_a_field(content: str) -> None:
    """A conforming reader finds one event, its own id, and the words that were written [R19]."""
    written = frames.encode("fragment", content, "square/talk/x@a:1").decode()

    said = content.replace("\r\n", "\n").replace("\r", "\n").replace("\0", "\N{REPLACEMENT CHARACTER}")
    assert parse(written) == [Event("fragment", said, "square/talk/x@a:1")]


@given(ANYTHING, ANYTHING)
def test_a_name_cannot_become_a_field(name: str, stream: str) -> None:
    """What is whispered travels as JSON on one line, and comes back as it was."""
    [event] = parse(frames.whisper("typing", stream=stream, name=name).decode())

    assert event.type == "typing"
    assert json.loads(event.data) == {"stream": stream, "name": name}


def test_browsers_do_not_all_come_back_at_once() -> None:
    """Each stream begins with a delay of its own."""
    delays = {int(frames.hello().decode().removeprefix("retry: ")) for _ in range(100)}

    assert len(delays) > 50
    assert min(delays) >= 1_000
    assert max(delays) <= 4_000
