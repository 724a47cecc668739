"""What the crowd was told by the house: everything that was acknowledged, and what nobody can be sure of."""

import time
from collections import Counter
from dataclasses import dataclass, field
from uuid import UUID


@dataclass
class Said:
    """One thing that is written over and over: the last word that was acknowledged, and those nobody answered."""

    sure: str = ""
    """The last word that was acknowledged; nothing when none was."""
    unsure: set[str] = field(default_factory=set)
    """Words whose answer never came: a request that was given up may still be written, even later."""

    def may_be(self, word: str) -> bool:
        """Whether this word may stand in the house."""
        return word == self.sure or word in self.unsure


@dataclass
class Sign:
    """A sign that is made and taken back by the same button: what may be, given what was answered."""

    may_be: set[bool] = field(default_factory=lambda: {False})

    def toggled(self, is_sure: bool) -> None:
        """The button was pressed, and the house answered or not."""
        turned = {not each for each in self.may_be}
        self.may_be = turned if is_sure else turned | self.may_be


@dataclass
class Reserved:
    """A reservation that somebody asked for, under a key of its own."""

    person: UUID
    asked: bool = False
    """Whether the house acknowledged it."""
    cancelled: bool = False
    """Whether the house acknowledged that it is cancelled."""
    unsure: bool = False
    """Whether it was cancelled without an answer."""


@dataclass
class Ledger:
    """Everything that the crowd remembers."""

    posts: set[str] = field(default_factory=set)
    """The marks of posts that were acknowledged."""
    lost_posts: set[str] = field(default_factory=set)
    """The marks of posts whose answer never came."""
    signs: dict[tuple[UUID, UUID], Sign] = field(default_factory=dict)
    """Post and person."""
    reservations: dict[str, Reserved] = field(default_factory=dict)
    marks: dict[tuple[UUID, str], Said] = field(default_factory=dict)
    """Voice and « piste.criterion »."""
    answers: dict[tuple[UUID, UUID], Said] = field(default_factory=dict)
    """Meeting and seat."""
    links: Counter[str] = field(default_factory=Counter)
    """How many sign-in links were acknowledged, for each address."""
    feeds: Counter[str] = field(default_factory=Counter)
    """How many feeds were read whole, of each kind."""
    wrong_feeds: list[str] = field(default_factory=list)
    acts: Counter[tuple[str, str]] = field(default_factory=Counter)
    """What was done, and how it ended: done, refused, unanswered."""
    kills: list[tuple[float, str]] = field(default_factory=list)
    oddities: Counter[str] = field(default_factory=Counter)
    """Answers that nobody foresaw."""
    slowest: float = 0.0
    """Seconds that the slowest answer took."""
    silence: float = 0.0
    """The longest time, in seconds, during which nobody received any answer."""
    answered_at: float = 0.0
    failures: int = 0
    """Answers of 500: something that the house did not foresee, and that its log explains."""

    def note(self, act: str, outcome: str) -> None:
        """Count one act."""
        self.acts[act, outcome] += 1

    def answered(self, began: float, at: float) -> None:
        """Somebody received an answer; both are seconds of one clock."""
        self.slowest = max(self.slowest, at - began)
        if self.answered_at:
            self.silence = max(self.silence, at - self.answered_at)
        self.answered_at = at

    def kill(self, what: str) -> None:
        """Something was killed just now."""
        self.kills.append((time.time(), what))
