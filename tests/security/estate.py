"""A world with one of everything in it, and words that only some may read."""

import re
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from io import BytesIO
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import text, update
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

import registers
from booking import service as booking
from booking.approvals.models import Absence
from booking.asks import Ask, Borrowing
from booking.basket import service as basket
from booking.fleet.models import Closure, Depot, ResourceType, Unit
from booking.fleet.models import Kind as Lent
from booking.inspections.models import Inspection
from booking.periods import Period
from booking.regulations.models import Regulation, Wording
from booking.showing.keeping import SHELF as UNITS
from booking.showing.models import UnitFile
from entente import clock, journal, mail
from entente.account import tokens
from entente.account.profile.photos import name_of
from entente.agendas.models import Subscription
from entente.centre import leaving
from entente.clock import now
from entente.files.keeping import Kept, keep, thumbnail_of
from entente.ids import Ref
from entente.notices.models import Notice, Postbag, Silence
from entente.outside.models import OutsideSource
from entente.people.models import (
    EmailDomain,
    Function,
    FunctionKind,
    Membership,
    Organisation,
    OrganisationKind,
    Person,
    PersonStatus,
    Purpose,
    Seat,
    Service,
    Session,
    Token,
)
from entente.people.queries import hash_of, who_is
from entente.people.who import Who
from entente.search import rebuild
from forums import queries, service
from forums.atom import service as feeds
from forums.atom.models import AtomAddress
from forums.attachments.models import Attachment
from forums.documents.models import Document, Version
from forums.drafts import service as drafts
from forums.drafts.models import About, Saved, Sheet
from forums.following.models import ForumFollow, Level, ThreadFollow
from forums.kinds import opening
from forums.kinds import service as announcements
from forums.models import EditedPost, Forum, Kind, NewThread, Post, Reading, Thread
from forums.moderation import service as peace
from forums.moderation.models import NewHiding
from forums.purchase.forms import NewPurchase, TypedLot
from forums.reports import service as reports
from forums.reports.models import Ground, NewReport, Report
from forums.search.findable import posts
from forums.tags import service as tagging
from forums.tags.models import NamedTag
from pistes.afor.models import Grid
from pistes.communes.models import Unresolved
from pistes.criteria.sets import BUILT_IN
from pistes.decisions import service as decisions
from pistes.decisions.documents import SHELF
from pistes.decisions.models import DecisionFile, DecisionForm
from pistes.fiches.models import Fiche
from pistes.imports.service import bring_in
from pistes.models import Piste
from pistes.rankings import service as rankings
from pistes.rankings.models import FreezeForm
from pistes.rankings.rules import Variation
from pistes.rounds.models import Entry, Round, Voice, VoiceOf
from pistes.texts.models import Claim, Comparison
from pistes.tree.models import Node, NodeKind
from planning import models as planning
from planning.finding import meetings
from samples import drawing
from world import LONG_AGO, World

SECRET_WORDS = {
    "title": "Ocelot",
    "post": "Zibeline",
    "answer": "Hermine",
    "forum": "Tamanoir",
    "purpose": "Pangolin",
    "tag": "Fennec",
    "revision": "Gerboise",
    "lot": "Caracal",
    "meeting": "Axolotl",
}
"""What may be read in the closed forum, in a confidential meeting of its body, and nowhere else."""

LOST_WORDS = {"withdrawn": "Fourmilier", "deleted title": "Wombat", "deleted post": "Numbat", "hidden": "Musaraigne"}
"""What was withdrawn: nobody reads it any more, not even its author."""

AUTHOR = "Vautour"
"""The family name of someone who speaks in the closed forum alone."""


@dataclass
class Estate:
    """A world, the names of its things, and how a closed forum would give itself away."""

    world: World
    things: dict[str, str] = field(default_factory=dict)
    cursors: dict[str, str] = field(default_factory=dict)
    forum: Forum = field(init=False)
    thread: Thread = field(init=False)
    quitterie: Who = field(init=False)

    def someone(self, name: str) -> Who | None:
        """One of the people of the matrix; nobody is a stranger."""
        return None if name == "anonymous" else self.world.people[name]

    async def bodies(self) -> set[str]:
        """The secret posts as they stand, for whoever checks that nothing changed."""
        async with self.world.reading() as db:
            found = await db.exec(select(Post).where(col(Post.thread_id) == self.thread.id))
            return {f"{post.id} {post.version} {post.body} {post.deleted_at}" for post in found}


async def furnish(world: World) -> Estate:
    """Put one of everything in the world; the closed forum belongs to the CoPil, where Awa sits."""
    estate = Estate(world)
    await _people(estate)
    await _talk(estate)
    await _files(estate)
    await _kinds(estate)
    await _peace(estate)
    await _things(estate)
    await _draft(estate)
    await _pistes(estate)
    await _evaluation(estate)
    await _notices(estate)
    async with world.house.database.writing() as db:
        await rebuild.fill(db, posts)
        await rebuild.fill(db, meetings)
    async with world.reading() as db:
        thread, forum = queries.stream_of(estate.thread.id), queries.stream_of_forum(estate.forum.id)
        for name, stream in (("thread", thread), ("forum", forum)):
            tip = await journal.cursor(db, stream)
            estate.cursors[name] = str(tip)
            estate.cursors[f"{name} from the start"] = f"{stream}@{tip.epoch}:0"
    world.rung.clear()
    return estate


async def _people(estate: Estate) -> None:
    """Quitterie sits in the CoPil; Denise sat there until yesterday, and has spoken there."""
    world = estate.world
    async with world.house.database.writing() as db:
        quitterie = Person(
            email="quitterie@aubrac.example", given_name="Quitterie", family_name=AUTHOR, status=PersonStatus.ACTIVE
        )
        db.add(quitterie)
        await db.flush()
        db.add(Function(person_id=quitterie.id, organisation_id=world.aubrac.id, kind=FunctionKind.ELU, since=LONG_AGO))
        db.add(Seat(body_id=world.copil.id, organisation_id=world.aubrac.id, holder_id=quitterie.id, since=LONG_AGO))
        db.add(
            Seat(body_id=world.copil.id, organisation_id=world.brioude.id, holder_id=world.denise.id, since=LONG_AGO)
        )
    async with world.reading() as db:
        for name, id_ in (("quitterie", quitterie.id), ("denise", world.denise.id)):
            found = await who_is(db, id_)
            assert found is not None
            world.people[name] = found
    estate.quitterie = world.quitterie


async def _talk(estate: Estate) -> None:
    world = estate.world
    async with world.house.database.writing() as db:
        estate.forum = Forum(
            slug="reserve",
            title=SECRET_WORDS["forum"],
            purpose=SECRET_WORDS["purpose"],
            reading=Reading.BODY,
            body_id=world.copil.id,
            place=3,
        )
        db.add(estate.forum)
    estate.thread = await world.open(world.awa, estate.forum, SECRET_WORDS["title"], SECRET_WORDS["post"])
    denises = await world.post(world.denise, estate.thread, "Je suis d’accord.")
    withdrawn = await world.post(estate.quitterie, estate.thread, LOST_WORDS["withdrawn"])
    answer = await world.post(estate.quitterie, estate.thread, SECRET_WORDS["answer"])
    gone = await world.open(world.awa, world.technique, LOST_WORDS["deleted title"], LOST_WORDS["deleted post"])
    async with world.working(estate.quitterie) as work:
        said, place = await queries.post_for(work.db, work.who, withdrawn.id)
        await service.delete_post(work, place, said)
    async with world.working(world.awa) as work:
        await service.delete_thread(work, await queries.thread_for(work.db, work.who, gone.id))
    async with world.reading() as db:
        first = (
            await db.exec(select(Post.id).where(col(Post.thread_id) == estate.thread.id, col(Post.number) == 1))
        ).one()
        gone_post = (await db.exec(select(Post.id).where(col(Post.thread_id) == gone.id))).one()
        open_post = (await db.exec(select(Post.id).where(col(Post.thread_id) == world.snow.id))).one()
    estate.things |= {
        "thread": str(estate.thread.id),
        "post": str(first),
        "answer": str(answer.id),
        "denise’s post": str(denises.id),
        "withdrawn post": str(withdrawn.id),
        "deleted thread": str(gone.id),
        "deleted post": str(gone_post),
        "open thread": str(world.snow.id),
        "open post": str(open_post),
        "forum": estate.forum.slug,
        "forum id": str(estate.forum.id),
        "thread stream": str(queries.stream_of(estate.thread.id)),
        "forum holding": str(queries.stream_of_forum(estate.forum.id)),
    }
    # Yesterday was the last day of Denise's seat.
    async with world.house.database.writing() as db:
        ended = update(Seat).where(col(Seat.holder_id) == world.denise.id)
        await db.execute(ended.values(until=_yesterday()))
    world.people["denise"] = await world.again(world.denise)


async def _files(estate: Estate) -> None:
    """A file and a picture joined to Quitterie's answer, and a file of Awa's that waits, each in the closed forum."""
    world, context = estate.world, str(queries.stream_of(estate.thread.id))
    answer = UUID(estate.things["answer"])
    brought = {
        "joined file": (estate.quitterie, answer, SECRET_WORDS["post"].encode(), 0),
        "joined picture": (estate.quitterie, answer, b"RIFF", 40),
        "waiting file": (world.awa, None, SECRET_WORDS["answer"].encode(), 0),
    }
    async with world.house.database.writing() as db:
        for name, (who, post_id, content, width) in brought.items():
            kept = await world.house.files.keep("forums", BytesIO(content), len(content))
            await world.house.files.put(thumbnail_of(kept), BytesIO(content), len(content))
            about = Kept(f"{SECRET_WORDS['title']}.txt", "Texte", "text/plain", len(content), kept, width)
            file = Attachment(owner_id=who.id, post_id=post_id, context=context, **about.columns())
            db.add(file)
            estate.things[name] = str(file.id)
        content = SECRET_WORDS["post"].encode()
        kept = await world.house.files.keep("documents", BytesIO(content), len(content))
        document = Document(forum_id=estate.forum.id, author_id=estate.quitterie.id, title=SECRET_WORDS["title"])
        db.add(document)
        await db.flush()
        about = Kept(f"{SECRET_WORDS['title']}.txt", "Texte", "text/plain", len(content), kept)
        version = Version(document_id=document.id, number=1, author_id=estate.quitterie.id, **about.columns())
        db.add(version)
        estate.things |= {"document": str(document.id), "version": str(version.id)}


async def _draft(estate: Estate) -> None:
    """What Awa has begun to answer in the closed forum."""
    sheet = Sheet.fresh(About.ANSWER, estate.thread.id)._replace(turn=1)
    async with estate.world.working(estate.world.awa) as work:
        await drafts.save(work, Saved.model_validate({"draft": str(sheet), "body": SECRET_WORDS["answer"]}))
    another = Sheet.fresh(About.ANSWER, estate.thread.id)._replace(turn=1)
    estate.things |= {"draft": str(sheet.id), "sheet": str(another)}


async def _kinds(estate: Estate) -> None:
    """A question that Quitterie answers, an announcement and a group purchase, all Awa's, in the closed forum."""
    world, title = estate.world, SECRET_WORDS["title"]
    lot = TypedLot(None, SECRET_WORDS["lot"], "sacs", None)
    asked = {
        Kind.QUESTION: None,
        Kind.ANNOUNCEMENT: opening.Asked(is_mandatory=True, due_at=None),
        Kind.PURCHASE: NewPurchase(f"Des {SECRET_WORDS['lot']}s.", [lot], _tomorrow()),
    }
    for kind, more in asked.items():
        async with world.working(world.awa) as work:
            new = NewThread(title=title, body=SECRET_WORDS["post"], kind=kind)
            opened = await opening.open_thread(work, estate.forum, True, new, more)
            estate.things[str(kind)] = str(opened.id)
            if kind is Kind.QUESTION:
                question = opened
            if kind is Kind.ANNOUNCEMENT:
                await announcements.acknowledge(work, await queries.thread_for(work.db, work.who, opened.id))
    answer = await world.post(estate.quitterie, question, SECRET_WORDS["answer"])
    estate.things["question’s answer"] = str(answer.id)


async def _first_post(db: AsyncSession, thread: Thread) -> UUID:
    return (await db.exec(select(Post.id).where(col(Post.thread_id) == thread.id, col(Post.number) == 1))).one()


async def _things(estate: Estate) -> None:
    world = estate.world
    async with world.house.database.writing() as db:
        elsewhere = Organisation(kind=OrganisationKind.COMMUNE, name="Chaudes-Aigues", short_name="Chaudes", hue=10)
        streets = Service(organisation_id=world.aubrac.id, name="Voirie")
        invited = Person(email="nouvel@aubrac.example", given_name="Noé", family_name="Vel")
        photo = uuid4()
        db.add_all([elsewhere, streets, invited])
        await db.flush()
        period = Membership(organisation_id=elsewhere.id, since=LONG_AGO)
        # Both have ended: Gaspard stays gone and Camille sits nowhere, but each can be named.
        function = Function(
            person_id=world.gone.id,
            organisation_id=elsewhere.id,
            kind=FunctionKind.AGENT,
            since=LONG_AGO,
            until=_yesterday(),
        )
        seat = Seat(
            body_id=world.copil.id,
            organisation_id=elsewhere.id,
            holder_id=world.camille.id,
            since=LONG_AGO,
            until=_yesterday(),
        )
        device = Session(hash=hash_of("ailleurs"), person_id=world.awa.id, device="Ailleurs", expires_at=_tomorrow())
        domain = EmailDomain(domain="aubrac.example", organisation_id=world.aubrac.id)
        agenda = Subscription(hash=hash_of("agenda"), person_id=world.awa.id, kind="nowhere/none", label="Mon mobile")
        outside = OutsideSource(person_id=world.awa.id, title="Travail", address="https://agenda.example/prive.ics")
        db.add_all([period, function, seat, device, domain, agenda, outside])
        await db.execute(update(Person).where(col(Person.id) == world.awa.id).values(photo=photo))
        link = tokens.issue(db, Purpose.SIGN_IN, await db.get_one(Person, world.awa.id))
        new_address = tokens.issue(db, Purpose.EMAIL_CHANGE, await db.get_one(Person, world.awa.id), "awa@neuf.example")
        invitation = "invitation-" + "a" * 32
        db.add(_token(invitation, invited))
    estate.things |= await _lent(world)
    estate.things |= await _met(world)
    await world.house.files.put(name_of(photo), BytesIO(b"RIFF"), 4)
    async with world.working(world.awa) as work:
        mail.post(work, "awa@aubrac.example", "Objet", "Corps")
        mail.post(work, "awa@aubrac.example", "Un lien", f"{world.house.settings.base_url}/connexion/lien/{link}")
    async with world.reading() as db:
        task = (await db.execute(text("SELECT id FROM task ORDER BY due_at LIMIT 1"))).scalar_one()
    estate.things |= {
        "organisation": str(elsewhere.id),
        "period": str(period.id),
        "service": str(streets.id),
        "aubrac": str(world.aubrac.id),
        "person": str(world.gone.id),
        "invited": str(invited.id),
        "function": str(function.id),
        "body": str(world.copil.id),
        "seat": str(seat.id),
        "group": str(world.guests.id),
        "guest": str(world.bruno.id),
        "domain": "aubrac.example",
        "device": str(device.id),
        "photo": str(photo),
        "subscription": str(agenda.id),
        "outside agenda": str(outside.id),
        "link": link,
        "new address": new_address,
        "invitation": invitation,
        "task": str(UUID(str(task))),
        "awa": str(world.awa.id),
        "file": "entente.css",
    }


async def _met(world: World) -> dict[str, str]:
    """A confidential meeting of the CoPil, with a point, a document and a hall; and an absence of Awa's."""
    content = SECRET_WORDS["meeting"].encode()
    kept = await world.house.files.keep("planning", BytesIO(content), len(content))
    about = Kept(f"{SECRET_WORDS['meeting']}.txt", "Texte", "text/plain", len(content), kept)
    starts = (now() + timedelta(days=30)).replace(hour=9, minute=0, second=0, microsecond=0)
    async with world.house.database.writing() as db:
        hall = planning.Hall(name="Salle des fêtes")
        meeting = planning.Meeting(
            body_id=world.copil.id,
            title=SECRET_WORDS["meeting"],
            starts_at=starts,
            ends_at=starts + timedelta(hours=2),
            is_confidential=True,
            person_id=world.ines.id,
            key="secret",
        )
        absence = planning.Absence(person_id=world.awa.id, since=starts.date(), until=_after(starts.date()))
        db.add_all([hall, meeting, absence])
        await db.flush()
        item = planning.Item(meeting_id=meeting.id, position=1, title=SECRET_WORDS["meeting"])
        db.add(item)
        await db.flush()
        document = planning.Document(meeting_id=meeting.id, item_id=item.id, person_id=world.ines.id, **about.columns())
        db.add(document)
    return {
        "meeting": str(meeting.id),
        "point": str(item.id),
        "meeting document": str(document.id),
        "hall": str(hall.id),
        "absence": str(absence.id),
    }


def _after(day: date) -> date:
    return day + timedelta(days=1)


async def _lent(world: World) -> dict[str, str]:
    """A pair of secateurs that Brioude lends, and that Awa has reserved for Aubrac."""
    async with world.house.database.writing() as db:
        lent = ResourceType(slug="secateur", name="Sécateur", kind=Lent.EXCLUSIVE)
        depot = Depot(organisation_id=world.brioude.id, name="Remise", is_open_on_holidays=True)
        db.add_all([lent, depot])
        await db.flush()
        unit = Unit(
            type_id=lent.id,
            kind=lent.kind,
            owner_id=world.brioude.id,
            depot_id=depot.id,
            name="Sécateur électrique",
            code="SEC-1",
        )
        db.add(unit)
        today, tomorrow = clock.today(), clock.today() + timedelta(days=1)
        absence = Absence(person_id=world.awa.id, stand_in_id=world.camille.id, since=today, until=tomorrow)
        db.add(absence)
    starts = now() + timedelta(days=3)
    async with world.working(world.awa) as work:
        ask = Ask(lent, Period(starts, starts + timedelta(hours=4)))
        made = await booking.reserve(work, ask, Borrowing(world.aubrac.id, "estate"))
    sent = drawing()
    kept = await keep(world.house.files, UNITS, "secateur.png", BytesIO(sent), len(sent))
    about = {"unit_id": unit.id, "author_id": world.bruno.id, "words": "Un sécateur", **kept.columns()}
    async with world.working(world.awa) as work:
        ask = Ask(lent, Period(starts + timedelta(days=1), starts + timedelta(days=1, hours=4)))
        order = await basket.place(work, [ask], Borrowing(world.aubrac.id, "estate together"))
    async with world.house.database.writing() as db:
        photo = UnitFile.model_validate(about)
        db.add(photo)
        regulation = Regulation(owner_id=unit.owner_id, type_id=lent.id, current=1)
        db.add(regulation)
        await db.flush()
        inspection = Inspection(unit_id=unit.id, name="VGP", due_on=clock.today() + timedelta(days=99))
        closure = Closure(
            depot_id=depot.id, since=clock.today(), until=clock.today() + timedelta(days=1), why="Inventaire"
        )
        db.add_all([inspection, closure])
        db.add(Wording(regulation_id=regulation.id, number=1, body="Gants.", author_id=world.denise.id))
    return {
        "unit photo": str(photo.id),
        "order": str(order.id),
        "type": lent.slug,
        "stand-in": str(absence.id),
        "unit": str(unit.id),
        "depot": str(depot.id),
        "reservation": str(made.id),
        "regulation": str(regulation.id),
        "inspection": str(inspection.id),
        "closure": str(closure.id),
        "unit code": "SEC-1",
        "a day": "261201",
    }


async def _peace(estate: Estate) -> None:
    """In the closed forum a tag, a post that was corrected, one that is hidden and one that Awa reports."""
    world = estate.world
    quitterie, thread = estate.quitterie, estate.thread
    edited = await world.post(quitterie, thread, SECRET_WORDS["revision"])
    hidden = await world.post(quitterie, thread, LOST_WORDS["hidden"])
    async with world.working(quitterie) as work:
        said, place = await queries.post_for(work.db, work.who, edited.id)
        await service.edit_post(work, place, said, EditedPost(body="Autre chose.", version=1))
        tag = await tagging.add_tag(work, estate.forum, True, NamedTag(name=SECRET_WORDS["tag"]))
        await tagging.tag_thread(work, place._replace(moderates=True), [tag.id])
        said, place = await queries.post_for(work.db, work.who, hidden.id)
        await peace.hide_post(work, place._replace(moderates=True), said, NewHiding(reason="Hors sujet"))
    async with world.working(world.awa) as work:
        said, place = await queries.post_for(work.db, work.who, UUID(estate.things["answer"]))
        await reports.report_post(work, place, said, NewReport(ground=Ground.OTHER, words=SECRET_WORDS["answer"]))
        await feeds.give_address(work, None)
        report = (await work.db.exec(select(Report.id))).one()
        address = (await work.db.exec(select(AtomAddress.id))).one()
    estate.things |= {
        "edited post": str(edited.id),
        "hidden post": str(hidden.id),
        "tag": str(tag.id),
        "tag slug": tag.slug,
        "report": str(report),
        "feed": str(address),
    }


async def _pistes(estate: Estate) -> None:
    """A register of two pistes, one of which has a carrier cut short."""
    async with estate.world.working(None) as work:
        await bring_in(work, registers.TREE)
        await bring_in(work, registers.LIST)
        piste = (await work.db.exec(select(Piste).where(col(Piste.title) == "Forum"))).one()
        place = (await work.db.exec(select(Node).where(col(Node.kind) == NodeKind.DECLINAISON))).first()
        standing = (await work.db.exec(select(Node).where(col(Node.piste_id) == piste.id))).first()
        cut = (await work.db.exec(select(Unresolved))).one()
        assert place
        claim = Claim(
            words="Un tiers", criterion="potentiel", level=1, comparison=Comparison.MORE, numerator=1, denominator=3
        )
        work.db.add(claim)
        grid = Grid(piste_id=piste.id, strengths="Un avantage")
        work.db.add_all([grid, Fiche(piste_id=piste.id, title="Une fiche")])
        assert standing
        written = DecisionForm(body=estate.world.copil.id, decided_on=date(2026, 3, 10), title="Oui", motive="Vu.")
        kept = await keep(estate.world.house.files, SHELF, "note.txt", BytesIO(b"Note"), 4)
        decision = await decisions.enter(work, decisions.drawn(written, 1, None), [], [kept])
        await work.db.flush()
        document = (await work.db.exec(select(DecisionFile.id))).one()
    estate.things |= {
        "decision": str(decision.id),
        "decision file": str(document),
        "criteria": BUILT_IN[0],
        "claim": str(claim.id),
        "place": str(standing.id),
        "piste": str(piste.id),
        "declinaison": str(place.id),
        "cut name": str(cut.id),
        "grid": str(grid.id),
        "closed forum": str(estate.forum.id),
    }


async def _evaluation(estate: Estate) -> None:
    """A round in which Awa has a voice of her own, and a ranking that Inès froze."""
    async with estate.world.working(estate.world.ines) as work:
        frozen = await rankings.freeze(work, FreezeForm(title="Avril"), Variation())
        made = Round(
            title="Un tour", body_id=estate.world.copil.id, criteria_id=frozen.criteria_id, voice_of=VoiceOf.PERSON
        )
        work.db.add(made)
        await work.db.flush()
        over = Round(
            title="Un tour clos",
            body_id=estate.world.copil.id,
            criteria_id=frozen.criteria_id,
            voice_of=VoiceOf.PERSON,
            closed_at=now(),
        )
        work.db.add(over)
        voice = Voice(round_id=made.id, person_id=estate.world.awa.id)
        work.db.add_all([voice, Entry(round_id=made.id, piste_id=UUID(estate.things["piste"]), place=0)])
    estate.things |= {
        "round": str(made.id),
        "closed round": str(over.id),
        "voice": str(voice.id),
        "frozen ranking": str(frozen.id),
    }


async def _notices(estate: Estate) -> None:
    """Everybody was told of Quitterie's answer and followed its thread when they could; Awa may leave its mails."""
    world, about = estate.world, str(queries.stream_of(estate.thread.id))
    answer = str(Ref("forums/post", UUID(estate.things["answer"])))
    known: dict[str, Any] = {
        "verb": "post.posted",
        "subject": answer,
        "about": about,
        "by_id": estate.quitterie.id,
        "reason": "Suivi.",
    }
    told = [Notice(person_id=who.id, **known) for who in world.people.values() if who != estate.quitterie]
    key = "clef-" + "a" * 32
    async with world.house.database.writing() as db:
        db.add_all(told)
        db.add_all(Silence(person_id=notice.person_id, about=about) for notice in told)
        for notice in told:
            db.add(ThreadFollow(person_id=notice.person_id, thread_id=estate.thread.id, level=Level.WATCHING))
            db.add(ForumFollow(person_id=notice.person_id, forum_id=estate.forum.id, level=Level.WATCHING))
        db.add(Postbag(person_id=world.awa.id, key=key))
        awa = await db.get_one(Person, world.awa.id)
    link = leaving.link("", key, awa, about)
    notice = next(each for each in told if each.person_id == world.awa.id)
    estate.things |= {"notice": str(notice.id), "leaving": link.removeprefix(leaving.DOOR)}


def _yesterday() -> date:
    return clock.today() - timedelta(days=1)


def _tomorrow() -> datetime:
    return now() + timedelta(days=1)


def _token(secret: str, person: Person) -> Token:
    return Token(
        hash=hash_of(secret),
        purpose=Purpose.INVITATION,
        person_id=person.id,
        email=person.email,
        expires_at=_tomorrow(),
    )


_ID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_NONCE = re.compile(r'nonce="[^"]*"')


def same(body: str) -> str:
    """A page without what changes each time: nonces, and the ids that its address named."""
    return _ID.sub("ID", _NONCE.sub("nonce", body))
