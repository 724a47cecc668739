"""Opens the demonstration, asks Lighthouse about its main pages, writes the figures in `docs/quality.md`."""

import json
import os
import platform
import re
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from bench.demonstration import ROOT, Demonstration, opened

HERE = Path(__file__).parent
REPORT = ROOT / "docs" / "quality.md"
FIGURES = re.compile(r"(<!-- figures -->\n).*(<!-- end of figures -->)", re.DOTALL)
DEVICES = ("mobile", "desktop")
CATEGORIES = ("accessibility", "best-practices", "performance")
TRIES = 3
READER, KEEPER = "Anne-Laure Gendreau", "Samir Ouadah"
PAGES = {
    "sign-in": ("", "/connexion"),
    "home": (READER, "/"),
    "forum list": (READER, "/forums"),
    "thread": (READER, "/forums/technique → /forums/fils/"),
    "planning, a month": (READER, "/planning?vue=mois&avec=tout"),
    "timeline": (KEEPER, "/reservations/planning"),
    "register": (READER, "/pistes"),
    "board": (READER, "/pistes/phases"),
    "map": (READER, "/pistes/carte"),
    "account": (READER, "/profil"),
}
"""Who opens what; after an arrow, the first such link of the page."""

Told = dict[str, Any]


def main(*asked: str) -> None:
    """Measure every page, or those that are named (which writes nothing)."""
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None or shutil.which("node") is None:
        sys.exit("quality: Chromium and Node.js are needed")
    load, told = os.getloadavg()[0], []
    with opened() as house:
        for device in DEVICES:
            for page in asked or PAGES:
                told.append(_ask(chromium, _job(house, page, device)))
                if not asked:
                    _write(_figures(told, load))
    print(_figures(told, load))


def _write(figures: str) -> None:
    """Kept as they come: whoever stops halfway has what was measured."""
    REPORT.write_text(FIGURES.sub(lambda found: f"{found[1]}{figures}\n{found[2]}", REPORT.read_text()))


def _job(house: Demonstration, page: str, device: str) -> dict[str, str]:
    who, path = PAGES[page]
    first, _, link = path.partition(" → ")
    if link:
        with house.someone(who) as client:
            found = re.search(rf'href="({re.escape(link)}[^"?#]+)', client.get(first).text)
        if not found:
            raise LookupError(f"{first} has no link to {link}")
        first = found[1]
    # Signed in anew each time: a session changes its secret as it is used.
    cookie = f"entente={house.cookie_of(who)}" if who else ""
    return {"page": page, "device": device, "url": house.base + first, "cookie": cookie}


def _ask(chromium: str, job: dict[str, str]) -> Told:
    """What Lighthouse says of one page on one device; a browser that painted nothing in time is asked again."""
    for _ in range(TRIES):
        told = _asked(chromium, job)
        if None not in told["scores"].values():
            break
        print(f"quality: {job['page']}, once more: {told['error']}", file=sys.stderr, flush=True)
    else:
        sys.exit(f"quality: {job['url']} was not measured in {TRIES} tries")
    print(_row(told), file=sys.stderr, flush=True)
    for each in told["findings"]:
        print("   ", each["category"], each["id"], each["said"], *each["nodes"][:2], file=sys.stderr)
    return told


def _asked(chromium: str, job: dict[str, str]) -> Told:
    """One answer, of a browser of its own."""
    command, environment = ["node", str(HERE / "lighthouse.mjs")], os.environ | {"CHROME_PATH": chromium}
    said = subprocess.run(
        command, input=json.dumps([job]), stdout=subprocess.PIPE, env=environment, text=True, check=True
    )
    told: Told = json.loads(said.stdout)
    if told["shown"] != job["url"]:
        sys.exit(f"quality: {job['url']} led to {told['shown']}")
    return told


def _figures(told: Sequence[Told], load: float) -> str:
    about = (
        f"Measured on {datetime.now().astimezone():%-d %B %Y}, Lighthouse {told[0]['lighthouse']}, "
        f"{os.cpu_count()} cores ({platform.machine()}), Python {platform.python_version()}, "
        f"load {load:.1f} when it began."
    )
    head = "| page | device | accessibility | best practices | performance | LCP | blocked | moved | sent |\n"
    rows = "\n".join(map(_row, told))
    return f"{about}\n\n{head}|---|---|---|---|---|---|---|---|---|\n{rows}\n\n{_held_against(told)}"


def _row(told: Told) -> str:
    scores = " | ".join(f"{round(told['scores'][name] * 100)}" for name in CATEGORIES)
    figures = f"{told['lcp'] / 1000:.1f} s | {told['tbt']:.0f} ms | {told['cls']:.3f} | {told['bytes'] / 1000:.0f} kB"
    return f"| {told['page']} | {told['device']} | {scores} | {figures} |"


def _held_against(told: Sequence[Told]) -> str:
    """What cost points, then what is only told, and on how many of the pages."""
    found = Counter((each["weight"] > 0, each["id"]) for page in told for each in page["findings"])
    costly, told_of = (_counted(found, is_costly, len(told)) for is_costly in (True, False))
    return f"Points were lost to: {costly}.\n\nTold, without losing points: {told_of}."


def _counted(found: Mapping[tuple[bool, str], int], is_costly: bool, pages: int) -> str:
    named = [f"`{audit}` ({count} of {pages})" for (costs, audit), count in sorted(found.items()) if costs == is_costly]
    return ", ".join(named) or "nothing"


if __name__ == "__main__":
    main(*sys.argv[1:])
