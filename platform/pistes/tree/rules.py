"""What a tree of pistes may not be: plain functions."""

from collections.abc import Hashable, Iterable, Mapping
from typing import TypeVar

Name = TypeVar("Name", bound=Hashable)


def cycle_in(edges: Iterable[tuple[Name, Name]]) -> list[Name]:
    """A way that comes back to where it began, from above to below; empty when there is none."""
    below: dict[Name, list[Name]] = {}
    for above, under in edges:
        below.setdefault(above, []).append(under)
    done: set[Name] = set()
    for start in below:
        if start not in done and (found := _walk(start, below, done)):
            return found
    return []


def _walk(start: Name, below: Mapping[Name, list[Name]], done: set[Name]) -> list[Name]:
    # By hand, not by recursion: a file can be deeper than Python's stack.
    way: list[Name] = [start]
    left = [iter(below.get(start, ()))]
    while way:
        under = next(left[-1], None)
        if under is None:
            done.add(way.pop())
            left.pop()
        elif under in way:
            return [*way[way.index(under) :], under]
        elif under not in done:
            way.append(under)
            left.append(iter(below.get(under, ())))
    return []
