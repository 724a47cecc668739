"""What the form of a sentence may send."""

import re
from fractions import Fraction
from typing import Annotated

from pydantic import AfterValidator, BaseModel, BeforeValidator
from pydantic import Field as FormField

from entente.text import clean_name
from pistes.models import needed
from pistes.texts.models import Claim, Comparison

_FRACTION = re.compile(r"(\d{1,6})\s*(?:/|sur)\s*(\d{1,6})")
_PERCENT = re.compile(r"(\d{1,3}(?:[.,]\d{1,3})?)\s*%")
_MARK = re.compile(r"([a-z][a-z0-9_]{0,39})-(\d{1,2})")


def share_of(words: object) -> Fraction:
    """« 1/15 », « 1 sur 15 » or « 7,5 % »; raises ValueError for anything else, and for more than the whole."""
    said = str(words).strip()
    if found := _FRACTION.fullmatch(said):
        above, below = int(found[1]), int(found[2])
    elif found := _PERCENT.fullmatch(said):
        part = Fraction(found[1].replace(",", ".")) / 100
        above, below = part.numerator, part.denominator
    else:
        raise ValueError("Écrivez une part ainsi\u00a0: 1/15, ou 7,5\u00a0%.")
    if not below or above > below:
        raise ValueError("Une part va de 0 au tout.")
    return Fraction(above, below)


def _mark(value: str) -> str:
    if not _MARK.fullmatch(value):
        raise ValueError("Choisissez dans la liste.")
    return value


class ClaimForm(BaseModel):
    """A sentence, and the share that it claims."""

    words: needed("Écrivez la phrase.", 300)  # type: ignore[valid-type]
    source: Annotated[str, FormField(max_length=200), AfterValidator(clean_name)] = ""
    mark: Annotated[str, FormField(max_length=44), AfterValidator(_mark)]
    """A criterion and a level, as `potentiel-1`."""
    comparison: Comparison
    share: Annotated[Fraction, BeforeValidator(share_of)]

    def fill(self, claim: Claim) -> Claim:
        """Write all of it into a row."""
        key, _, level = self.mark.rpartition("-")
        claim.words, claim.source, claim.comparison = self.words, self.source, self.comparison
        claim.criterion, claim.level = key, int(level)
        claim.numerator, claim.denominator = self.share.numerator, self.share.denominator
        return claim

    @classmethod
    def blank(cls) -> Claim:
        """A row that says nothing yet."""
        return Claim(words="", criterion="", level=0, comparison=Comparison.MORE, numerator=0, denominator=1)


def typed_of(claim: Claim) -> dict[str, str]:
    """A sentence as its form shows it."""
    return {
        "words": claim.words,
        "source": claim.source,
        "mark": f"{claim.criterion}-{claim.level}",
        "comparison": str(claim.comparison),
        "share": f"{claim.numerator}/{claim.denominator}",
    }
