"""Whether a sentence that quotes a share is true of the register as it stands."""

from collections.abc import Sequence
from fractions import Fraction
from typing import NamedTuple

from entente.web.words import plural
from pistes.criteria.rules import Marks
from pistes.texts.models import Claim, Comparison


class Checked(NamedTuple):
    """A sentence, with the figures it should rest on."""

    claim: Claim
    matching: int
    total: int

    @property
    def bound(self) -> Fraction:
        """What the sentence compares with."""
        return Fraction(self.claim.numerator, self.claim.denominator)

    @property
    def holds(self) -> bool:
        """Whether it is true; of nothing at all, nothing is."""
        if not self.total:
            return False
        share = Fraction(self.matching, self.total)
        return share > self.bound if self.claim.comparison == Comparison.MORE else share < self.bound

    @property
    def percentage(self) -> str:
        """« 7,5 % »."""
        return f"{percent(self.matching, self.total)}\u00a0%"

    @property
    def claimed(self) -> str:
        """« moins de 1 sur 15, soit 6,7 % »."""
        one, of = self.claim.numerator, self.claim.denominator
        than = "plus de" if self.claim.comparison == Comparison.MORE else "moins de"
        return f"{than} {one} sur {of}, soit {percent(one, of)}\u00a0%"

    @property
    def figures(self) -> str:
        """« 3 lignes sur 40, soit 7,5 % »."""
        if not self.total:
            return "aucune ligne n’est encore évaluée"
        return f"{plural(self.matching, 'ligne', 'lignes')} sur {self.total}, soit {self.percentage}"


def percent(count: int, total: int) -> str:
    """One decimal at most, with a comma."""
    said = f"{100 * count / total:.1f}" if total else "0"
    return said.removesuffix(".0").replace(".", ",")


def check(claim: Claim, rows: Sequence[Marks]) -> Checked:
    """Count again what the sentence claims, over the rows that are marked for its criterion."""
    marked = [marks[claim.criterion] for marks in rows if claim.criterion in marks]
    return Checked(claim, sum(level == claim.level for level in marked), len(marked))
