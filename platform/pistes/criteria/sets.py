"""The sets of criteria that come with the house."""

from functools import cache
from pathlib import Path

from pistes.criteria.models import Criteria

BUILT_IN = ("rapport_2016", "groupes_2014")
"""The first is in force until another is chosen."""


@cache
def built_in(family: str) -> Criteria:
    """A set that comes with the house."""
    return Criteria.model_validate_json((Path(__file__).parent / f"{family}.json").read_text("utf-8"))
