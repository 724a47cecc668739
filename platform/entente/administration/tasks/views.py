"""Doors to what was left for later."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from entente.administration import lists
from entente.administration.tasks import queries, service
from entente.administration.tasks.queries import STAGES, Stage
from entente.ids import Ref
from entente.web import pages, sheets
from entente.web.requests import house_of, id_of, reading_of, who_of, work_of
from entente.web.words import plural

KEY = "courrier"
PAGE = "/administration/courrier"
KINDS = {
    "mail": "Courrier",
    "notices.give": "Notifications",
    "notices.mail": "Courriel de nouvelles",
    "notices.round": "Tournée des nouvelles",
    "notices.sweep": "Ménage des notifications",
    "notices.review": "Notifications à revoir",
    "account.send_link": "Lien de connexion",
    "search.index": "Index de recherche",
    "outside.round": "Tournée des agendas extérieurs",
    "outside.fetch": "Lecture d’un agenda extérieur",
    "forums.tell": "Nouvelles d’un forum",
    "forums.take_back": "Nouvelle reprise",
    "forums.review": "Suivis d’un forum à revoir",
    "forums.announce": "Annonce à confirmer",
    "forums.remind": "Rappel d’une annonce",
    "forums.purchase.end": "Échéance d’un achat groupé",
    "forums.unpin": "Fin d’épinglage",
    "planning.grid": "Planning à redessiner",
    "planning.body_renamed": "Nom d’une instance",
    "planning.mail": "Courriel de réunion",
    "planning.remind": "Rappel de réunion",
    "account.remove_photo": "Photo à effacer",
    "forums.faces": "Noms à montrer de nouveau",
    "booking.expire": "Échéance d’une demande",
    "booking.timeline": "Planning du matériel à redessiner",
    "booking.offer": "Place à proposer",
    "booking.give_up": "Proposition sans réponse",
    "booking.basket.mail": "Courriel d’un panier",
    "booking.mail": "Courriel de réservation",
    "booking.remind": "Rappel de réservation",
    "booking.inspection": "Contrôle à faire",
    "pistes.resume": "Reprise d’une piste reportée",
    "pistes.round_tell": "Nouvelles d’un tour d’évaluation",
    "pistes.round_remind": "Rappel d’un tour d’évaluation",
    "pistes.review": "Décision à revoir",
}
HEADER = ("nature", "destinataire", "objet", "essais", "prochain essai", "faite", "abandonnée", "erreur")


def stage_in(request: Request) -> Stage:
    """The stage in the address; what waits, unless told."""
    return lists.word_in(request, "etat", Stage) or Stage.WAITING


async def tasks(request: Request) -> Response:
    """What waits, what failed, what was given up."""
    stage = stage_in(request)
    async with reading_of(request) as db:
        page = await queries.tasks(db, stage, lists.id_in(request, "apres"))
        counts = await queries.counts(db)
    return pages.page(
        request,
        "administration/tasks.html",
        current=KEY,
        crumbs=[("Courrier", "")],
        page=page,
        stage=stage,
        filters=[
            (label, lists.address(PAGE, etat=each), each == stage, counts[each]) for each, label in STAGES.items()
        ],
        to_retry=counts[Stage.FAILED] + counts[Stage.GIVEN_UP],
        kinds=KINDS,
        way=lists.way(request, page, etat=stage),
    )


async def export(request: Request) -> Response:
    """These tasks as a file, without what the mails say."""
    stage = stage_in(request)
    async with work_of(request) as work:
        found = (await work.db.execute(queries.tasks_sought(stage).order_by(*queries.KEYS))).all()
        work.audit("tasks.exported", Ref("entente/person", who_of(request).id), lines=len(found))
    lines = [
        (
            *(KINDS.get(row.kind, row.kind), row.recipient, row.subject, row.tries),
            *(row.due_at, row.done_at, row.given_up_at, row.error),
        )
        for row in found
    ]
    return sheets.file("courrier", sheets.write(HEADER, lines))


async def retry(request: Request) -> Response:
    """Try one task again."""
    async with work_of(request) as work:
        await service.retry(work, id_of(request))
    house_of(request).stir()
    return pages.go(request, PAGE, "La tâche est relancée.")


async def retry_all(request: Request) -> Response:
    """Try again all that failed."""
    async with work_of(request) as work:
        count = await service.retry_all(work)
    house_of(request).stir()
    return pages.go(request, PAGE, f"{plural(count, 'tâche relancée', 'tâches relancées')}.")


routes = [
    Route("/courrier", tasks),
    Route("/courrier.csv", export),
    Route("/courrier/relance", retry_all, methods=["POST"]),
    Route("/courrier/{id}/relance", retry, methods=["POST"]),
]
