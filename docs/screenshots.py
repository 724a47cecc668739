"""Takes the picture of the README: a thread of the club des acheteurs, as Claire Sauzeau sees it."""

import io
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path
from urllib.error import URLError

from PIL import Image
from playwright.sync_api import Page, sync_playwright

HERE = Path(__file__).parent
PICTURE = HERE / "screenshot.png"
MOST = 250_000
"""Bytes."""
QUIET = ("--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-sync", "--no-first-run")


def main() -> None:
    """Open the demonstration, take the picture, leave nothing behind."""
    with tempfile.TemporaryDirectory() as folder:
        port = _free_port()
        base = f"http://127.0.0.1:{port}"
        entente = Path(sys.executable).with_name("entente")
        command = [str(entente), "demo", "--port", str(port), "--data", f"{folder}/demo"]
        demo = subprocess.Popen(command, cwd=HERE.parent, stdout=subprocess.DEVNULL)  # noqa: S603
        try:
            _wait(f"{base}/sante/pret")
            picture = _taken(base)
        finally:
            demo.send_signal(signal.SIGTERM)
            demo.wait()
    PICTURE.write_bytes(_light(picture))
    print(f"{PICTURE.relative_to(HERE.parent)}: {PICTURE.stat().st_size // 1000} kB")


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def _wait(address: str) -> None:
    for _ in range(600):
        try:
            urllib.request.urlopen(address, timeout=1).close()  # noqa: S310
            return
        except (URLError, OSError):
            time.sleep(0.1)
    raise TimeoutError(f"{address} does not answer")


def _taken(base: str) -> bytes:
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=QUIET)
        context = browser.new_context(base_url=base, viewport={"width": 1280, "height": 800}, locale="fr-FR")
        other = context.browser.new_context(base_url=base) if context.browser else context
        page = _thread(context.new_page(), "Claire Sauzeau")
        _thread(other.new_page(), "Ludivine Charrier")
        page.locator("#presence").wait_for(state="visible")
        page.mouse.move(640, 5)
        picture = page.screenshot()
        browser.close()
    return picture


def _thread(page: Page, name: str) -> Page:
    page.goto("/connexion")
    page.get_by_role("button", name=name).click()
    page.locator(".person-name").wait_for(state="attached")
    page.goto("/forums/club-des-acheteurs")
    page.get_by_role("link", name=re.compile("Sel de déneigement")).first.click()
    page.locator("#link-state[data-state=live]").wait_for()
    return page


def _light(picture: bytes) -> bytes:
    """The picture in 256 colours, which is all it needs."""
    made = io.BytesIO()
    full = Image.open(io.BytesIO(picture)).convert("RGB")
    full.quantize(256, dither=Image.Dither.NONE).save(made, "PNG", optimize=True)
    if made.tell() > MOST:
        raise ValueError(f"the picture weighs {made.tell()} bytes")
    return made.getvalue()


if __name__ == "__main__":
    main()
