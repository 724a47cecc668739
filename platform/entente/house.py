"""The house: what every door needs to open, held in one place."""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from entente.db import Database
from entente.files.store import Store
from entente.journal import Rung
from entente.people.who import Who
from entente.settings import Settings
from entente.talks import Takes, Talks
from entente.telling import Tellers
from entente.work import Announce, Followers, Work, working


def _silence(_rungs: Sequence[Rung]) -> None:
    """Nobody listens: the heartbeat will find what happened."""


def _sleep_on() -> None:
    """Nobody works here: another process will find the task."""


@dataclass
class House:
    """Settings, database, bell; `is_demo` is decided by the demo command alone, never by a setting."""

    settings: Settings
    database: Database
    is_demo: bool = False
    announce: Announce = field(default=_silence)
    stir: Callable[[], None] = field(default=_sleep_on)
    hears_the_bell: Callable[[], bool] = field(default=lambda: True)
    followers: Followers = field(default_factory=dict)
    """Who reads which verbs of the journal: the roof (`entente.app.furnish`) fills it from the rooms."""
    tellers: Tellers = field(default_factory=dict)
    """How each room tells what it holds to one person: filled by the roof too."""
    talks: Talks | None = None
    """How a conversation is opened about anything: filled by the roof, from the room that holds them."""
    takes: Takes | None = None
    """How a thing is made of what was said in one: filled by the roof, from the room that makes it."""
    files: Store = field(init=False)
    """Where the bytes of people's files lie; opened when the first one comes or goes."""

    def __post_init__(self) -> None:
        """The files lie where the settings say."""
        self.files = Store(self.settings)

    @classmethod
    def build(cls, settings: Settings, is_demo: bool = False) -> "House":
        """A house over its database; nothing is opened yet."""
        return cls(settings, Database(settings), is_demo)

    @asynccontextmanager
    async def working(self, who: Who | None) -> AsyncIterator[Work]:
        """One change by this person, saved and announced on the way out."""
        async with working(self.database, who, self.announce, self.stir, self.followers) as work:
            yield work
