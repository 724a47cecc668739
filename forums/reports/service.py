"""What is done with reports: made once per person and post, settled by an act or dismissed."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import update
from sqlmodel import col, select

from entente.clock import now
from entente.db import inserting
from entente.ids import Ref, new_id
from entente.journal import Verb as AnyVerb
from entente.notices import service as notices
from entente.notices.models import News
from entente.rules import require
from entente.work import Work
from forums.models import Moderator, Post
from forums.queries import Place, stream_of
from forums.reports import rules
from forums.reports.models import NewReport, Outcome, Report

OWN = "On ne signale pas son propre message\u00a0: vous pouvez le modifier ou le supprimer."


class Verb(AnyVerb):
    """What can happen to a report: told to moderators, and written in the audit."""

    POST_REPORTED = "post.reported"
    REPORT_DISMISSED = "report.dismissed"


def subject_of(report_id: UUID) -> Ref:
    """What the moderators are told of."""
    return Ref("forums/report", report_id)


async def report_post(work: Work, place: Place, said: Post, new: NewReport) -> bool:
    """Tell the moderators that a post needs them; returns whether it is the first time from this person.

    Its author is never told who reported it, and the audit holds no name but that of whoever settles.
    """
    require(rules.may_report(work.who, said), OWN)
    made = {
        "id": new_id(),
        "post_id": said.id,
        "forum_id": place.forum.id,
        "person_id": work.who.id,
        "ground": new.ground,
        "words": new.words,
        "at": now(),
    }
    once = inserting(work.db, Report).values(made).on_conflict_do_nothing(index_elements=["post_id", "person_id"])
    report_id = (await work.db.execute(once.returning(col(Report.id)))).scalar_one_or_none()
    if report_id is None:
        return False
    query = select(Moderator.person_id).where(col(Moderator.forum_id) == place.forum.id)
    # Not its author, even one who moderates: the notice says who acted.
    moderators = set((await work.db.exec(query)).all()) - {said.author_id}
    news = News(Verb.POST_REPORTED, subject_of(report_id), stream_of(place.thread.id), work.who.id)
    reason = f"Vous modérez le forum «\u00a0{place.forum.title}\u00a0»."
    await notices.notify(work, news, dict.fromkeys(moderators, reason))
    return True


async def dismiss(work: Work, report: Report, moderates: bool) -> None:
    """Say that a report needs nothing."""
    require(rules.may_settle(moderates))
    dismissed = (
        update(Report)
        .where(col(Report.id) == report.id, col(Report.settled_at).is_(None))
        .values(settled_at=now(), settled_by=work.who.id, outcome=Outcome.DISMISSED)
        .returning(col(Report.id))
    )
    if (await work.db.execute(dismissed)).scalar_one_or_none() is None:
        return
    work.audit(Verb.REPORT_DISMISSED, Ref("forums/post", report.post_id), report=str(report.id))
    await notices.withdraw(work, subjects=[subject_of(report.id)])


async def settle_by_act(work: Work, post_ids: Sequence[UUID]) -> None:
    """The posts were hidden or withdrawn: whoever reported them has been answered."""
    await _settle(work, col(Report.post_id).in_(post_ids))


async def settle_thread(work: Work, thread_id: UUID) -> None:
    """The whole thread is gone."""
    await _settle(work, col(Report.post_id).in_(select(Post.id).where(col(Post.thread_id) == thread_id)))


async def _settle(work: Work, which: object) -> None:
    settled = (
        update(Report)
        .where(which, col(Report.settled_at).is_(None))  # type: ignore[arg-type]
        .values(settled_at=now(), settled_by=work.who.id, outcome=Outcome.SETTLED)
        .returning(col(Report.id))
    )
    ids = (await work.db.execute(settled)).scalars().all()
    if ids:
        await notices.withdraw(work, subjects=[subject_of(id_) for id_ in ids])


async def carry(work: Work, thread_id: UUID, forum_id: UUID) -> None:
    """The thread has moved: the moderators of its new forum answer."""
    posts = select(Post.id).where(col(Post.thread_id) == thread_id)
    await work.db.execute(update(Report).where(col(Report.post_id).in_(posts)).values(forum_id=forum_id))
