"""What it looks like in real life: a question that was settled, and an announcement half of the communes have read."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from entente import journal
from entente.clock import now
from entente.journal import Record
from entente.people.seeds import Settled, plant
from entente.text import to_html
from entente.web.words import PARIS
from forums.kinds.models import AcceptedAnswer, Acknowledgement, Announcement
from forums.kinds.service import Verb as KindVerb
from forums.models import Forum, Kind, Post, Thread
from forums.queries import stream_of, stream_of_forum
from forums.service import Verb

Said = tuple[str, int, int, str]
"""Who said it, how many days ago, at which hour, and what."""

CLUB, TECHNIQUE = "club-des-acheteurs", "technique"


async def kinds(db: AsyncSession, settled: Settled) -> None:
    """Ask, answer and accept; announce, and let every other reader take note."""
    await _question(db, settled)
    await _announcement(db, settled)


async def _question(db: AsyncSession, settled: Settled) -> None:
    thread, posts = await converse(
        db,
        settled,
        TECHNIQUE,
        "Balayeuse\u00a0: qui sait régler la hauteur des balais latéraux\u00a0?",
        Kind.QUESTION,
        [
            (
                "kevin-berthome",
                5,
                9,
                "Depuis le retour de révision, le balai droit laisse une bande de vingt centimètres le long de la "
                "bordure. La notice renvoie à un réglage «\u00a0atelier\u00a0». Quelqu’un l’a-t-il déjà fait\u00a0?",
            ),
            (
                "regis-fougerat",
                5,
                11,
                "Même souci l’an dernier à Saint-Michel. On a changé le balai, pour rien.",
            ),
            (
                "patrice-lonjon",
                5,
                14,
                "Ce n’est pas le balai, c’est la butée. Moteur coupé, roues calées\u00a0:\n\n"
                "1. desserrer le contre-écrou sous le bras droit\u00a0;\n"
                "2. descendre le balai jusqu’à une trace au sol de **6 à 8 cm**\u00a0;\n"
                "3. resserrer, puis refaire un essai à 5 km/h.\n\nCinq minutes, une clé de 24.",
            ),
            ("kevin-berthome", 4, 9, "C’était ça. Bordure propre ce matin, merci Patrice\u00a0!"),
        ],
    )
    answer = posts[2]
    asker = settled.people["kevin-berthome"]
    await plant(db, [AcceptedAnswer(thread_id=thread.id, post_id=answer.id, person_id=asker, at=posts[3].created_at)])
    here = stream_of(thread.id)
    told = [
        Record(here, KindVerb.POST_ACCEPTED, answer.id),
        Record(here, KindVerb.QUESTION_RESOLVED, thread.id),
        Record(stream_of_forum(thread.forum_id), KindVerb.QUESTION_RESOLVED, thread.id),
    ]
    await journal.append(db, told, asker)


async def _announcement(db: AsyncSession, settled: Settled) -> None:
    thread, _ = await converse(
        db,
        settled,
        CLUB,
        "Règles du club\u00a0: la version à relire avant le prochain groupement",
        Kind.ANNOUNCEMENT,
        [
            (
                "claire-sauzeau",
                3,
                10,
                "La réunion de rentrée a ajouté deux lignes à nos règles.\n\n"
                "- **Chaque commune nomme une personne qui chiffre ses besoins**, et un remplaçant.\n"
                "- **Une quantité donnée engage**\u00a0: elle part telle quelle dans le cahier des charges.\n\n"
                "Merci de dire que vous en avez pris connaissance\u00a0: je relancerai les communes qui manquent, "
                "avant de lancer la consultation.",
            )
        ],
    )
    await plant(db, [Announcement(thread_id=thread.id, is_mandatory=True, due_at=evening(9))])
    readers = sorted(settled.sitting[CLUB] - {"claire-sauzeau", *settled.demo})
    noted = [settled.people[key] for key in readers[::2]]
    at = now()
    await plant(
        db,
        [
            Acknowledgement(thread_id=thread.id, person_id=person, at=at - timedelta(hours=6 + 5 * number))
            for number, person in enumerate(noted)
        ],
    )
    for person in noted:
        await journal.append(db, [Record(stream_of(thread.id), KindVerb.ANNOUNCEMENT_ACKNOWLEDGED, thread.id)], person)


def evening(days: int) -> datetime:
    """The end of a working day, so many days from now."""
    return _hour(now() + timedelta(days=days), 18)


def _at(said: Said) -> datetime:
    _, days, hour, body = said
    return _hour(now() - timedelta(days=days), hour) + timedelta(minutes=len(body) % 60)


def _hour(day: datetime, hour: int) -> datetime:
    return day.astimezone(PARIS).replace(hour=hour, minute=0, second=0, microsecond=0)


async def converse(
    db: AsyncSession, settled: Settled, slug: str, title: str, kind: Kind, said: Sequence[Said]
) -> tuple[Thread, list[Post]]:
    """Open a thread some days ago and say everything that was said in it, its story included."""
    forum_id: UUID = (await db.exec(select(Forum.id).where(col(Forum.slug) == slug))).one()
    first, last = said[0], said[-1]
    thread = Thread(
        forum_id=forum_id,
        author_id=settled.people[first[0]],
        title=title,
        kind=kind,
        created_at=_at(first),
        last_post_at=_at(last),
        last_author_id=settled.people[last[0]],
        post_count=len(said),
        last_number=len(said),
    )
    posts = [
        Post(
            thread_id=thread.id,
            number=number,
            author_id=settled.people[each[0]],
            body=each[3],
            html=to_html(each[3]),
            created_at=_at(each),
        )
        for number, each in enumerate(said, start=1)
    ]
    await plant(db, [thread])
    await plant(db, posts)
    for post in posts:
        verb = Verb.THREAD_OPENED if post.number == 1 else Verb.THREAD_ANSWERED
        told = [
            Record(stream_of(thread.id), Verb.POST_POSTED, post.id),
            Record(stream_of_forum(forum_id), verb, thread.id),
        ]
        await journal.append(db, told, post.author_id)
    return thread, posts
