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
