"""How the register says things in French, and how it recognises what is written otherwise."""

import re

from entente.letters import bare
from pistes.communes.models import Stance
from pistes.decisions.models import Outcome
from pistes.marks.models import Origin
from pistes.models import Phase, TieRule

PHASES = {
    Phase.EXPRIMEE: "Exprimée",
    Phase.INITIALISATION: "Initialisation",
    Phase.ETUDE: "Étude",
    Phase.PROJET: "Projet",
    Phase.MISE_EN_OEUVRE: "Mise en œuvre",
    Phase.ARRETEE: "Arrêtée",
}
STANCES = {
    Stance.PROPOSES: "Propose",
    Stance.INTERESTED: "Intéressée",
    Stance.TAKES_PART: "Participe",
    Stance.WITHDRAWN: "Retirée",
}
OUTCOMES = {
    Outcome.GO: "go",
    Outcome.NO_GO: "no-go",
    Outcome.HOLD: "mise en attente",
    Outcome.REWORK: "à retravailler",
}
ORIGINS = {Origin.IMPORTED: "importée", Origin.COMPUTED: "calculée", Origin.OVERRIDDEN: "fixée à la main"}
TIE_RULES = {
    TieRule.TREE: "l’ordre de l’arbre",
    TieRule.DATE: "la date d’expression",
    TieRule.MANUAL: "un ordre fixé à la main",
}

_BETWEEN = re.compile(r"[^a-z0-9]+")
_ARTICLES = frozenset({"le", "la", "les", "l"})


def key_of(title: str) -> str:
    """A title without accents, capitals, punctuation or articles: « avec le CCAS » and « avec CCAS » are one."""
    words = [word for word in _BETWEEN.split(bare(title)) if word]
    return " ".join(word for word in words if word not in _ARTICLES) or " ".join(words)
