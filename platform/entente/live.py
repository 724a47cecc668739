"""For this verb, this fragment: what live readers of a stream receive, whoever they are."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, Literal
from uuid import UUID

from sqlmodel.ext.asyncio.session import AsyncSession

from entente.journal import Entry
from entente.journal import Verb as AnyVerb
from entente.people.who import Who

Put = Literal["beforeend", "afterbegin", "replace", "delete"]


class Verb(AnyVerb):
    """What can happen to any stream."""

    FACES_CHANGED = "faces.changed"
    """Someone whom its pages show has no name any more: all of them start afresh."""


@dataclass(frozen=True)
class Fragment:
    """A piece of a page with one root, and where it goes.

    `to` is the id of an element. A root whose id is already on the page always replaces it, so applying a
    fragment twice changes nothing.
    """

    template: str
    put: Put
    to: str
    context: dict[str, Any] = field(default_factory=dict)
    version: str | None = None
    """Names these exact bytes when they may be kept (template and version name them); none forbids it."""


Watch = Callable[[AsyncSession, Who, UUID], Awaitable[object]]
"""Raises NotFound unless this person may read this stream; the page asks the same query."""

Show = Callable[[AsyncSession, Entry], Awaitable[Fragment | None]]
"""Shows the subject of an entry on its stream as it is now, whatever happened to it."""

Matter = tuple[Show, UUID]
"""What is shown, and of which subject."""


class Feed:
    """What the readers of one kind of stream receive."""

    def __init__(self, kind: str, watch: Watch, has_presence: bool = False) -> None:
        self.kind = kind
        self.watch = watch
        self.has_presence = has_presence
        """Whether readers see how many they are, and who is writing."""
        self._shows: dict[str, Show] = {}
        self._renewing: set[str] = {str(Verb.FACES_CHANGED)}

    def shows(self, *verbs: AnyVerb) -> Callable[[Show], Show]:
        """Declare what one or several verbs look like."""

        def declare(show: Show) -> Show:
            self._shows.update({str(verb): show for verb in verbs})
            return show

        return declare

    def renews(self, *verbs: AnyVerb) -> None:
        """Declare after which verbs a page starts afresh: what it follows is no longer what it would need to."""
        self._renewing.update(map(str, verbs))

    def is_renewed_by(self, entry: Entry) -> bool:
        """Whether open pages start afresh after this entry."""
        return entry.verb in self._renewing

    @property
    def verbs(self) -> frozenset[str]:
        """The verbs that readers see."""
        return frozenset(self._shows) | self._renewing

    def matter(self, entry: Entry) -> Matter | None:
        """What this entry shows: once a later one shows the same, nobody needs it any more."""
        show = self._shows.get(entry.verb)
        return (show, entry.subject_id) if show and not self.is_renewed_by(entry) else None

    async def fragment(self, db: AsyncSession, entry: Entry) -> Fragment | None:
        """What this entry changes on open pages, as things are now; none when nothing shows."""
        show = self._shows.get(entry.verb)
        return await show(db, entry) if show else None
