"""Two small files of pistes, and what tests ask of a register."""

from sqlmodel import col, select

from pistes.models import Piste
from world import World

HEAD = "rang,intitule,objectif,declinaison,potentiel,enjeu_communautaire,faisabilite"
TREE_HEAD = "objectif,declinaison,piste,sous_piste,communes,priorite_imprimee,ligne_source,note"
TREE = f"""{TREE_HEAD}
Économies,Réduire les coûts,Achats groupés,,Aubrac|B...,1,12,liste coupée
Économies,Réduire les coûts,Achats groupés,Fournitures > papier,,2,13,
Esprit,Réseau,Forum,,Brioude,,14,
"""
LIST = f"""{HEAD}
1,Achats groupés,Économies,Réduire les coûts,1,1,2
2,Forum,Esprit,Réseau,3,2,3
3,Achats groupés,Esprit,Réseau,1,1,2
"""


async def piste(world: World, title: str) -> Piste:
    """The piste of that title."""
    async with world.reading() as db:
        return (await db.exec(select(Piste).where(col(Piste.title) == title))).one()
