"""How purchases are said in French."""

from decimal import Decimal

from entente.web.words import number
from forums.purchase.models import Stance

STANCES = {
    Stance.JOINED: "Participe",
    Stance.INTERESTED: "Intéressée",
    Stance.NOT_CONCERNED: "Pas concernée",
}
HINTS = {
    Stance.JOINED: "La commune s’engage sur les quantités ci-dessous.",
    Stance.INTERESTED: "Elle pourrait se joindre\u00a0: ses quantités sont indicatives.",
    Stance.NOT_CONCERNED: "Elle n’achète pas cette fois-ci.",
}


def in_french(quantity: Decimal) -> str:
    """« 1 200,5 »: thousands apart, a comma, no useless zero."""
    whole, _, decimals = f"{quantity:f}".partition(".")
    decimals = decimals.rstrip("0")
    return number(int(whole)) + (f",{decimals}" if decimals else "")


def as_typed(quantity: Decimal | None) -> str:
    """The quantity as one would type it again: « 1200,5 »."""
    return "" if quantity is None else f"{quantity:f}".replace(".", ",")
