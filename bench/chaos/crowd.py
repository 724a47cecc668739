"""The crowd: people who read, post, react, borrow, evaluate and answer, and remember what they were told."""

import asyncio
import random
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID
from xml.etree import ElementTree

import httpx
from icalendar import Calendar

from bench.chaos.following import Follower, cursors_in
from bench.chaos.ledger import Ledger, Reserved, Said, Sign
from bench.chaos.town import CHAIRS, SLOTS, WANTED, Neighbour, Town
from entente.clock import now

ADDRESSES = 20
"""From so many addresses the crowd comes, as from as many town halls."""
PATIENCE = 20.0
LINKS = 2
"""How many sign-in links one person asks for at most: five an hour are sent."""
MARK = re.compile(r"marque-([0-9a-f]{16})")
_POSTS = re.compile(r'id="post-([0-9a-f-]{36})"')
PAGES = (
    *("/", "/forums", "/forums/technique", "/planning", "/reservations", "/reservations/parc", "/reservations/miennes"),
    *("/pistes", "/pistes/evaluation", "/notifications"),
)
STANCES = ("present", "excused", "none")


class Unanswered(Exception):
    """Nobody knows what became of this request."""


@dataclass
class Crowd:
    """Everybody, on the same town."""

    base: str
    town: Town
    ledger: Ledger
    draw: random.Random
    rate: float
    """Acts a second, all together."""
    followers: list[Follower] = field(default_factory=list)
    _clients: list[httpx.AsyncClient] = field(default_factory=list)
    _tasks: list[asyncio.Task[None]] = field(default_factory=list)
    _is_over: bool = False

    async def come(self) -> None:
        """Open the doors: each begins to act and to follow a page."""
        for number in range(ADDRESSES):
            wire = httpx.AsyncHTTPTransport(
                verify=False,
                local_address=f"127.0.1.{number + 1}",
                limits=httpx.Limits(max_connections=None, max_keepalive_connections=40),
            )
            origin = {"Origin": self.base, "Sec-Fetch-Site": "same-origin"}
            self._clients.append(
                httpx.AsyncClient(base_url=self.base, transport=wire, headers=origin, timeout=PATIENCE, trust_env=False)
            )
        for each in self.town.people:
            visitor = Visitor(self, each, self._clients[each.number % ADDRESSES])
            self._tasks += [asyncio.create_task(visitor.act()), asyncio.create_task(visitor.follow())]

    async def rest(self) -> None:
        """Nobody begins anything any more; what was begun ends."""
        self._is_over = True
        acting = self._tasks[::2]
        await asyncio.wait(acting, timeout=2 * PATIENCE)

    async def go(self) -> None:
        """Everybody leaves."""
        for task in self._tasks:
            task.cancel()
        await asyncio.wait(self._tasks)
        for client in self._clients:
            await client.aclose()

    def failures(self) -> list[str]:
        """What stopped someone of the crowd, and should not have."""
        ended = [task for task in self._tasks if task.done() and not task.cancelled()]
        return [repr(error) for task in ended if (error := task.exception())]

    @property
    def is_over(self) -> bool:
        """Whether it is time to rest."""
        return self._is_over

    async def pause(self) -> None:
        """Between two acts of one person."""
        mean = len(self.town.people) / self.rate
        await asyncio.sleep(min(self.draw.expovariate(1 / mean), 4 * mean))


class Visitor:
    """One person of the crowd, on one device."""

    def __init__(self, crowd: Crowd, me: Neighbour, client: httpx.AsyncClient) -> None:
        self.crowd = crowd
        self.me = me
        self.client = client
        self.ledger = crowd.ledger
        self.draw = random.Random(crowd.draw.getrandbits(64))
        self.thread = crowd.town.threads[me.number % len(crowd.town.threads)]
        self.posts: list[str] = []
        self.mine: dict[str, str] = {}
        """My reservations that stand: key → address."""
        acts: list[tuple[int, Callable[[], Awaitable[None]]]] = [
            (12, self.look), (10, self.read), (22, self.post), (14, self.react), (14, self.reserve), (6, self.cancel),
            (12, self.answer), (6, self.ical), (4, self.atom), (5, self.link),
        ]  # fmt: skip
        if me.voice:
            acts.append((30, self.evaluate))
        self.weights, self.acts = zip(*acts, strict=True)

    async def act(self) -> None:
        """One thing after the other."""
        await self.crowd.pause()
        while not self.crowd.is_over:
            [do] = self.draw.choices(self.acts, self.weights)
            try:
                await do()
            except Unanswered:
                self.ledger.note(do.__name__, "unanswered")
            await self.crowd.pause()

    async def follow(self) -> None:
        """Keep a page open."""
        town = self.crowd.town
        pages = [f"/forums/fils/{self.thread}", f"/planning/reunions/{self.draw.choice(town.meetings)}",
                 f"/pistes/evaluation/{town.round}", "/reservations"]  # fmt: skip
        [page] = self.draw.choices(pages, (6, 2, 2, 1))
        follower = Follower(self.client, self.me.cookie, self.draw)
        self.crowd.followers.append(follower)
        cursors: list[str] = []
        while not cursors:
            await asyncio.sleep(self.draw.uniform(0, 3))
            try:
                answer = await self._ask("GET", page)
            except Unanswered:
                continue
            cursors = cursors_in(answer.text) if answer.status_code == 200 else []
        follower.begin(cursors)
        await follower.follow()

    # --- asking -----------------------------------------------------------------------------------------------

    async def _ask(self, method: str, path: str, form: dict[str, str] | None = None) -> httpx.Response:
        """A request and its whole answer; raises Unanswered when none came, or one that says that something broke."""
        began = asyncio.get_running_loop().time()
        try:
            answer = await self.client.request(method, path, data=form, headers={"Cookie": f"entente={self.me.cookie}"})
        except httpx.HTTPError:
            raise Unanswered from None
        if answer.status_code >= 500:
            self.ledger.failures += answer.status_code == 500
            raise Unanswered
        self.ledger.answered(began, asyncio.get_running_loop().time())
        return answer

    async def _send(self, act: str, path: str, form: dict[str, str], refusals: tuple[int, ...] = ()) -> str:
        """Send a form: where it leads once the house has acknowledged it, nothing when it was refused."""
        answer = await self._ask("POST", path, form)
        if answer.status_code == 303:
            self.ledger.note(act, "done")
            return answer.headers["location"]
        self.ledger.note(act, "refused")
        if answer.status_code not in refusals:
            self.ledger.oddities[f"{act}: {answer.status_code}"] += 1
        return ""

    async def _get(self, act: str, path: str) -> httpx.Response | None:
        answer = await self._ask("GET", path)
        self.ledger.note(act, "done" if answer.status_code == 200 else "refused")
        if answer.status_code != 200:
            self.ledger.oddities[f"GET {path.split('/')[1]}: {answer.status_code}"] += 1
            return None
        return answer

    # --- acts -------------------------------------------------------------------------------------------------

    async def look(self) -> None:
        """Open a page of some room."""
        await self._get("look", self.draw.choice(PAGES))

    async def read(self) -> None:
        """Read the end of the thread."""
        answer = await self._get("read", f"/forums/fils/{self.thread}?depuis=fin")
        if answer:
            self.posts = _POSTS.findall(answer.text)

    async def post(self) -> None:
        """Say something that can be found again."""
        mark = f"{self.draw.getrandbits(64):016x}"
        try:
            done = await self._send(
                "post", f"/forums/fils/{self.thread}/messages", {"body": f"Bonjour, marque-{mark}."}
            )
        except Unanswered:
            self.ledger.lost_posts.add(mark)
            raise
        if done:
            self.ledger.posts.add(mark)

    async def react(self) -> None:
        """Make a sign to a post, or take it back."""
        if not self.posts:
            await self.read()
            return
        post = self.draw.choice(self.posts)
        sign = self.ledger.signs.setdefault((UUID(post), self.me.id), Sign())
        try:
            if await self._send("react", f"/forums/messages/{post}/reactions", {"sign": "agree"}):
                sign.toggled(is_sure=True)
        except Unanswered:
            sign.toggled(is_sure=False)
            raise

    async def reserve(self) -> None:
        """Ask for what everybody wants, at an hour when everybody wants it; unanswered, ask again in the same words."""
        day, hour = self.draw.choice(SLOTS)
        when = (now() + timedelta(days=day)).date().isoformat()
        key = f"{self.draw.getrandbits(64):016x}"
        what, most = self.draw.choice([(WANTED, 1), (CHAIRS, 12)])
        form = {"what": what, "quantity": str(self.draw.randint(1, most)), "day": when, "start": f"{hour:02}:00",
                "last_day": when, "end": f"{hour + 2:02}:00", "payer_id": str(self.crowd.town.payer), "key": key,
                "purpose": "Tempête"}  # fmt: skip
        known = self.ledger.reservations[key] = Reserved(self.me.id)
        for is_last in (False, True):
            try:
                address = await self._send("reserve", "/reservations", form, refusals=(409, 422))
            except Unanswered:
                if is_last:
                    raise
                self.ledger.note("reserve", "asked again")
                await asyncio.sleep(2)
                continue
            if address:
                known.asked = True
                self.mine[key] = address
            return

    async def cancel(self) -> None:
        """Give back what was taken, so that others may have it."""
        if not self.mine:
            return
        key = self.draw.choice(sorted(self.mine))
        address = self.mine.pop(key)
        known = self.ledger.reservations[key]
        known.unsure = True
        # Refused with 409, it is cancelled already: an earlier try went through.
        if await self._send("cancel", f"{address}/annulation", {"why": "Tempête"}, refusals=(409,)):
            known.cancelled, known.unsure = True, False

    async def evaluate(self) -> None:
        """Give one mark, for the first time or another."""
        assert self.me.voice
        cell, levels = self.draw.choice(self.crowd.town.cells)
        word = str(self.draw.choice(levels))
        said = self.ledger.marks.setdefault((self.me.voice, cell), Said())
        address = f"/pistes/evaluation/{self.crowd.town.round}/notes/{self.me.voice}"
        await self._say("evaluate", said, word, address, {cell: word})

    async def answer(self) -> None:
        """Answer for one's seat, or take the answer back."""
        meeting, word = self.draw.choice(self.crowd.town.meetings), self.draw.choice(STANCES)
        said = self.ledger.answers.setdefault((meeting, self.me.seat), Said("none"))
        form = {"seat_id": str(self.me.seat), "stance": word}
        await self._say("answer", said, word, f"/planning/reunions/{meeting}/reponse", form)

    async def _say(self, act: str, said: Said, word: str, address: str, form: dict[str, str]) -> None:
        try:
            if await self._send(act, address, form):
                said.sure = word
        except Unanswered:
            said.unsure.add(word)
            raise

    async def ical(self) -> None:
        """One's calendar, as an application reads it."""
        answer = await self._get("ical", f"/ical/{self.me.ical}.ics")
        if answer:
            self._judge("ical", lambda: Calendar.from_ical(answer.content))

    async def atom(self) -> None:
        """One's feed, as a reader reads it."""
        answer = await self._get("atom", f"/flux/{self.me.atom}")
        if answer:
            self._judge("atom", lambda: ElementTree.fromstring(answer.content))

    def _judge(self, kind: str, read: Callable[[], Any]) -> None:
        try:
            read()
        except (ValueError, ElementTree.ParseError) as error:
            self.ledger.wrong_feeds.append(f"{kind}: {error}")
        else:
            self.ledger.feeds[kind] += 1

    async def link(self) -> None:
        """Ask for a link, as from a device that knows nobody."""
        if self.ledger.links[self.me.email] >= LINKS:
            return
        try:
            answer = await self.client.post("/connexion", data={"email": self.me.email, "next": ""})
        except httpx.HTTPError:
            raise Unanswered from None
        if answer.status_code == 303 and answer.headers["location"].startswith("/connexion/envoi"):
            self.ledger.note("link", "done")
            self.ledger.links[self.me.email] += 1
