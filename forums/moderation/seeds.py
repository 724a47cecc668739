"""What it looks like in real life: tags, a thread on top, a post that was corrected, and a report that waits."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import update
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from entente.db import rows
from entente.people.seeds import Settled, plant
from forums.history.models import Revision
from forums.models import Forum, Post, Thread
from forums.moderation.models import FOREVER
from forums.reports.models import Ground, Report
from forums.tags.models import Tag, ThreadTag
from forums.tags.rules import name_of

PINNED = "Le club en dix lignes"
TALKED_OF = "Sel de déneigement"
TAGS: Mapping[str, Mapping[str, Sequence[str]]] = {
    "club-des-acheteurs": {
        "Énergie": ("Gaz et électricité", "Carburant"),
        "Fournitures": ("Fournitures de bureau", "Produits d’entretien", "EPI", "Copieurs"),
        "Hiver": (TALKED_OF,),
        "Prix": ("Observatoire des prix", "Fournitures de bureau", TALKED_OF),
        "Retours d’expérience": ("Retour d’expérience", "Téléphonie"),
    },
    "technique": {
        "Espaces verts": ("Zéro phyto", "Serres municipales"),
        "Hiver": ("Fil de l’hiver",),
        "Prêt de matériel": ("Nacelle partagée", "Illuminations"),
        "Voirie": ("Nids-de-poule", "Fil de l’hiver"),
    },
}
"""For each forum, its tags and how the titles of the threads that bear them begin."""
BEFORE = (
    "Au vu du fil de l’hiver dernier sur le forum Technique\u00a0: quatre communes ont acheté en catastrophe, au prix "
    "fort. Je propose une commande unique **avant la fin octobre**. Nos besoins\u00a0: 10 tonnes en vrac."
)
WORDS = "Le camion-grue passe sous le porche depuis les travaux de juillet\u00a0: ce n’est plus exact."


async def keep_the_peace(db: AsyncSession, settled: Settled) -> None:
    """Sort the threads, pin one, and let a moderator find something to do."""
    query = rows(col(Thread.id), Thread.title, Thread.forum_id, Forum.slug).join(
        Forum, col(Forum.id) == col(Thread.forum_id)
    )
    threads = (await db.execute(query)).all()
    await _sort(db, threads)
    pinned = next(thread for thread in threads if thread.title.startswith(PINNED))
    await db.execute(update(Thread).where(col(Thread.id) == pinned.id).values(pinned_until=FOREVER))
    talked_of = next(thread for thread in threads if thread.title.startswith(TALKED_OF))
    query = rows(Post).where(col(Post.thread_id) == talked_of.id, col(Post.number).in_((1, 3)))
    first, third = (await db.execute(query.order_by(col(Post.number)))).scalars().all()
    await _correct(db, first)
    about = {"post_id": third.id, "forum_id": talked_of.forum_id, "person_id": settled.people["benoit-hamelin"]}
    at = third.created_at + timedelta(hours=3)
    await plant(db, [Report(**about, ground=Ground.WRONG, words=WORDS, at=at)])


async def _sort(db: AsyncSession, threads: Sequence[Any]) -> None:
    tags, borne = [], []
    for slug, known in TAGS.items():
        here = [thread for thread in threads if thread.slug == slug]
        for typed, beginnings in known.items():
            name, address = name_of(typed)
            tag = Tag(forum_id=here[0].forum_id, slug=address, name=name)
            tags.append(tag)
            for thread in here:
                if thread.title.startswith(tuple(beginnings)):
                    borne.append(ThreadTag(thread_id=thread.id, tag_id=tag.id))
    await plant(db, tags)
    await plant(db, borne)


async def _correct(db: AsyncSession, said: Post) -> None:
    at = said.created_at + timedelta(minutes=20)
    about = {"post_id": said.id, "author_id": said.author_id}
    texts = [
        Revision(**about, version=1, body=BEFORE, at=said.created_at),
        Revision(**about, version=2, body=said.body, at=at),
    ]
    await plant(db, texts)
    await db.execute(update(Post).where(col(Post.id) == said.id).values(version=2, look=Post.look + 1, edited_at=at))
