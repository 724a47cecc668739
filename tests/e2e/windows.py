"""The demonstration in a process of its own, the windows that look at it, and voices from elsewhere."""

import asyncio
import re
import shutil
import signal
import socket
import sys
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
from playwright.async_api import Browser, BrowserContext, Locator, Page, expect

from entente.demo import folder
from entente.house import House

ROOT = Path(__file__).parents[2]
ENTENTE = Path(sys.executable).with_name("entente")
CLAIRE, LUDIVINE, SAMIR = "Claire Sauzeau", "Ludivine Charrier", "Samir Ouadah"
KEEPER = "Thomas Ngoma"
"""He keeps the house: an administrator."""
CLUB, OPEN_TO_ALL = "/forums/club-des-acheteurs", "/forums/technique"
SOON = 2_000
"""How long, in milliseconds, a change may take to reach another window."""


@dataclass
class Demo:
    """The demonstration as a process that can die and come back at the same address."""

    folder: Path
    port: int
    process: asyncio.subprocess.Process | None = field(default=None, init=False)

    @property
    def base(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def open(self) -> None:
        """Start it, and return once it answers."""
        options = ("--port", str(self.port), "--data", str(self.folder))
        self.process = await asyncio.create_subprocess_exec(
            str(ENTENTE), "demo", *options, cwd=ROOT, stdout=asyncio.subprocess.DEVNULL
        )
        async with httpx.AsyncClient() as client:
            for _ in range(600):
                assert self.process.returncode is None, "the demonstration did not open"
                try:
                    if (await client.get(f"{self.base}/sante/pret")).status_code == 200:
                        return
                except httpx.TransportError:
                    await asyncio.sleep(0.05)
        raise TimeoutError("the demonstration does not answer")

    async def end(self, how: signal.Signals = signal.SIGTERM) -> None:
        """End it, kindly or not."""
        if self.process and self.process.returncode is None:
            self.process.send_signal(how)
            await self.process.wait()

    async def anew(self) -> None:
        """Forget all that was done in it, and open it again at the same address."""
        await self.end()
        shutil.rmtree(self.folder, ignore_errors=True)
        await self.open()

    @asynccontextmanager
    async def someone(self, name: str) -> AsyncIterator[httpx.AsyncClient]:
        """Someone of the demonstration, signed in without a browser."""
        async with httpx.AsyncClient(base_url=self.base, headers={"Origin": self.base}) as client:
            door = (await client.get("/connexion")).text
            found = re.search(rf'name="person_id" value="([^"]+)">(?:(?!</form>).)*<b>{name}</b>', door, re.DOTALL)
            assert found, f"{name} is not in the demonstration"
            await client.post("/connexion/demo", data={"person_id": found[1]})
            yield client

    @asynccontextmanager
    async def house(self) -> AsyncIterator[House]:
        """Its data, changed by another process than the server."""
        house = House.build(folder.settings(self.folder, "127.0.0.1", self.port), is_demo=True)
        yield house
        await house.database.close()

    async def figure(self, name: str) -> float:
        """One of its metrics."""
        async with httpx.AsyncClient() as client:
            told = (await client.get(f"{self.base}/metriques")).text
        found = re.search(rf"^{name} (\S+)$", told, re.MULTILINE)
        assert found, f"no metric {name}"
        return float(found[1])

    async def until(self, name: str, value: float) -> None:
        """Wait until one of its metrics has this value."""
        async with asyncio.timeout(30):
            while await self.figure(name) != value:
                await asyncio.sleep(0.05)


def free_port() -> int:
    """A port that nobody holds."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


class Windows:
    """The windows of a test; what goes wrong in any of them is written down."""

    def __init__(self, chromium: Browser, house: Demo) -> None:
        self.chromium = chromium
        self.house = house
        self.wrong: list[str] = []
        self.expected: list[str] = []
        self._contexts: list[BrowserContext] = []

    def expect_wrong(self, *patterns: str) -> None:
        """Say which complaints of the browser this test causes on purpose."""
        self.expected += patterns

    async def device(self, **options: Any) -> BrowserContext:
        """A browser that knows nobody yet."""
        options = {"viewport": {"width": 1100, "height": 800}, "locale": "fr-FR", **options}
        context = await self.chromium.new_context(base_url=self.house.base, reduced_motion="reduce", **options)
        context.set_default_timeout(10_000)
        context.on("console", lambda said: self._note(said.text) if said.type == "error" else None)
        context.on("weberror", lambda error: self._note(str(error.error)))
        self._contexts.append(context)
        return context

    async def of(self, name: str, address: str = "/", **options: Any) -> Page:
        """A window in which someone of the demonstration is signed in, at an address."""
        device = await self.device(**options)
        page = await device.new_page()
        async with self.house.someone(name) as client:
            secrets = [{"name": key, "value": value, "url": self.house.base} for key, value in client.cookies.items()]
        await device.add_cookies(secrets)  # type: ignore[arg-type]
        await page.goto(address)
        return page

    async def close(self) -> list[str]:
        """Shut every window; returns what went wrong unexpectedly."""
        for context in self._contexts:
            await context.close()
        return [said for said in self.wrong if not any(re.search(each, said) for each in self.expected)]

    def _note(self, said: str) -> None:
        self.wrong.append(said)


@dataclass
class Voice:
    """Someone elsewhere, who speaks without a window."""

    client: httpx.AsyncClient

    async def opens(self, title: str, body: str = "Bonjour à toutes et à tous.", forum: str = CLUB, **more: str) -> str:
        """Open a thread, with what its kind asks; returns its address."""
        return await self._sends(forum, {"title": title, "body": body, **more})

    async def says(self, thread: str, *bodies: str) -> None:
        """Answer in a thread, once or many times."""
        for body in bodies:
            await self._sends(f"{thread}/messages", {"body": body})

    async def closes(self, thread: str) -> None:
        """Close a thread, as a moderator may."""
        await self._sends(f"{thread}/fermeture", {})

    async def _sends(self, address: str, form: dict[str, str]) -> str:
        answer = await self.client.post(address, data=form)
        assert answer.status_code == 303, answer.text
        return answer.headers["location"].split("?")[0]


async def live(*pages: Page) -> None:
    """Wait until these pages follow what happens."""
    for page in pages:
        await expect(page.locator("#link-state")).to_have_attribute("aria-label", "en direct")


def lines(count: int, what: str = "Ligne") -> Iterable[str]:
    """So many short messages."""
    return (f"{what} {number}, pour faire de la place." for number in range(1, count + 1))


def posts(page: Page, text: str = "") -> Locator:
    """The messages of a thread that hold these words."""
    return page.locator("#posts > li.post", has_text=text)


async def top_of(place: Locator) -> float:
    """How far from the top of the window something stands."""
    top: float = await place.evaluate("(element) => element.getBoundingClientRect().top")
    return top


async def more(post: Locator, act: str) -> None:
    """Open the menu of a message, and choose what is rarely done."""
    await post.locator(".more > summary").first.click()
    await post.locator(".more").get_by_role("link", name=act).first.click()
