"""How a place is named after « de »."""

from entente.letters import bare

_CONTRACTED = {"le ": "du ", "les ": "des "}


def of_place(name: str) -> str:
    """« de Brioude », « d’Aubrac », « de La Couronne », « du Lardin »."""
    for article, instead in _CONTRACTED.items():
        if name.lower().startswith(article):
            return instead + name[len(article) :]
    return f"d’{name}" if bare(name)[:1] in "aeiouyh" else f"de {name}"
