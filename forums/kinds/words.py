"""How the kinds of threads are said in French."""

from forums.models import Kind

KINDS = {
    Kind.DISCUSSION: ("Discussion", "Un sujet à partager, une expérience à raconter, un avis à demander."),
    Kind.QUESTION: ("Question", "Vous attendez une réponse\u00a0: vous pourrez dire laquelle vous retenez."),
    Kind.ANNOUNCEMENT: (
        "Annonce",
        "Chacun dit qu’il en a pris connaissance\u00a0; vous voyez qui manque, commune par commune.",
    ),
    Kind.PURCHASE: (
        "Achat groupé",
        "Un besoin, des lots, une échéance\u00a0: chaque commune répond avec ses quantités.",
    ),
}
NO_RIGHT = "Vous n’avez pas le droit d’ouvrir ce fil ici."
REFUSED = {
    Kind.DISCUSSION: NO_RIGHT,
    Kind.QUESTION: NO_RIGHT,
    Kind.ANNOUNCEMENT: "Seuls les modérateurs du forum et le secrétariat de son instance y publient des annonces.",
    Kind.PURCHASE: "Il faut agir pour une commune ou un autre membre pour proposer un achat groupé.",
}
