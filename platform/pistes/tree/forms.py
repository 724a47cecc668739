"""What the forms of the tree may send."""

from typing import Annotated
from uuid import UUID

from pydantic import AfterValidator, BaseModel
from pydantic import Field as FormField

from entente.text import clean_name
from pistes.models import MaybeId


def _label(value: str) -> str:
    label = clean_name(value)
    if not label:
        raise ValueError("Donnez un nom.")
    return label


class LabelForm(BaseModel):
    """The name of an objectif or of a declinaison."""

    label: Annotated[str, FormField(max_length=200), AfterValidator(_label)]


class NewLabel(LabelForm):
    """One that is not there yet: a declinaison under an objectif, or an objectif under nothing."""

    under: MaybeId = None


class UnderForm(BaseModel):
    """Where a place is taken to."""

    under: UUID


class NewPlace(UnderForm):
    """One more place, in the list that is ranked or in the tree alone."""

    is_ranked: bool = False
