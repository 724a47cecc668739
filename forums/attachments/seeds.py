"""What it looks like in real life: a plan and a specification, joined to two posts of the demonstration."""

from io import BytesIO

from PIL import Image, ImageDraw
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from entente.files.keeping import keep
from entente.files.store import Store
from entente.people.seeds import plant
from forums.attachments.models import Attachment
from forums.attachments.taking import ROOM
from forums.models import Post, Thread
from forums.queries import stream_of

THREAD = "Sel de déneigement%"
WORDS = "Plan de la cour\u00a0: l’atelier au nord, l’abri à sel à l’est, l’entrée des camions au sud."

_SHEET = """Lot;Désignation;Unité;Quantité estimée
1;Sel de déneigement en vrac, livré en benne;tonne;180
1;Sel de déneigement en sacs de 25 kg, sur palette;palette;24
2;Saumure à 23 %;m3;12
3;Lame de déneigement biaise de 3 m, attelage trois points;pièce;2
"""


async def join_some(db: AsyncSession, store: Store) -> None:
    """Join a list of lots and a plan to what was said of the salt."""
    said = select(Post).join(Thread, col(Thread.id) == col(Post.thread_id)).where(col(Thread.title).like(THREAD))
    posts = (await db.exec(said.order_by(col(Post.number)))).all()
    shelter = next(post for post in posts if "abri" in post.body)
    lots = next(post for post in posts if "cahier des charges" in post.body)
    plan = await _joined(store, shelter, "plan-de-la-cour.png", _drawn(), WORDS)
    sheet = await _joined(store, lots, "cahier-des-charges-lots.csv", _SHEET.encode("utf-8-sig"))
    await plant(db, [plan, sheet])


async def _joined(store: Store, post: Post, name: str, content: bytes, words: str = "") -> Attachment:
    file = await keep(store, ROOM, name, BytesIO(content), len(content))
    context = str(stream_of(post.thread_id))
    at = post.created_at
    return Attachment(
        owner_id=post.author_id, post_id=post.id, context=context, words=words, created_at=at, **file.columns()
    )


def _drawn() -> bytes:
    """A yard seen from above: a workshop, a shelter for salt, where lorries come in."""
    plan = Image.new("RGB", (960, 640), "#f3f1ea")
    pen = ImageDraw.Draw(plan)
    for at in range(0, 960, 40):
        pen.line([(at, 0), (at, 640)], fill="#e4e1d6")
        pen.line([(0, at), (960, at)], fill="#e4e1d6")
    pen.rectangle((60, 60, 900, 560), outline="#31505c", width=6)
    pen.rectangle((120, 100, 520, 260), fill="#bcd4dc", outline="#31505c", width=4)
    pen.rectangle((680, 220, 840, 400), fill="#e9d8a6", outline="#31505c", width=4)
    pen.rectangle((420, 548, 560, 572), fill="#f3f1ea")
    pen.line([(490, 620), (490, 420), (670, 310)], fill="#b5532c", width=6)
    pen.polygon([(670, 310), (640, 306), (654, 334)], fill="#b5532c")
    # Pillow's own letters bear no accent.
    for place, words in (((250, 165), "Atelier"), ((738, 295), "Sel"), ((510, 590), "Camions")):
        pen.text(place, words, fill="#1f2f36", font_size=28)
    written = BytesIO()
    plan.save(written, "PNG")
    return written.getvalue()
