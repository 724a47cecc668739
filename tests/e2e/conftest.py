"""Fixtures: one browser for all, the demonstration, and windows that may not complain."""

import inspect
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, async_playwright

from conftest import missing
from e2e.windows import CLAIRE, Demo, Voice, Windows, free_port

HERE = Path(__file__).parent
QUIET = (
    *("--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"),
    *("--disable-sync", "--no-first-run"),
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """One browser for all: its tests share one loop."""
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.browser)
            # A browser, a server and a test share two cores: one may be late. Thrice is a fault; `-ra` names each.
            item.add_marker(pytest.mark.flaky(reruns=2, reruns_delay=1))
            if inspect.iscoroutinefunction(getattr(item, "function", None)):
                item.add_marker(pytest.mark.asyncio(loop_scope="session"), append=False)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def demo(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Demo]:
    """One demonstration that the tests share, each in a thread of its own."""
    house = Demo(tmp_path_factory.mktemp("demo") / "data", free_port())
    await house.open()
    yield house
    await house.end()


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def chromium() -> AsyncIterator[Browser]:
    """Debian's Chromium, opened once."""
    found = shutil.which("chromium") or shutil.which("chromium-browser")
    if found is None:
        missing("Chromium is not installed")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=found, args=QUIET)
        yield browser
        await browser.close()


@pytest_asyncio.fixture(loop_scope="session")
async def windows(request: pytest.FixtureRequest, chromium: Browser, demo: Demo) -> AsyncIterator[Windows]:
    """Windows on the shared demonstration; none may complain. A second try does not find what the first left."""
    if getattr(request.node, "execution_count", 1) > 1:
        await demo.anew()
    opened = Windows(chromium, demo)
    yield opened
    assert await opened.close() == []


@pytest_asyncio.fixture(loop_scope="session")
async def claire(windows: Windows) -> AsyncIterator[Voice]:
    """Claire, who speaks from elsewhere."""
    async with windows.house.someone(CLAIRE) as client:
        yield Voice(client)
