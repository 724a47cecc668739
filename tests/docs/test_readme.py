"""The README stays true: what it tells to type is run by a test or by CI, and every document can be reached from it."""

import ast
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()
CI = (ROOT / ".ci" / "run").read_text()
OPENED_BY_A_TEST = {"demo": "entente demo"}
"""What `make` runs is run by a test under its own name."""
BY_HAND = {"bench": "bench/__main__.py", "quality": "bench/quality/__main__.py", "screenshots": "docs/screenshots.py"}
"""What takes minutes and leaves figures or pictures: nothing of it is asked before a change is accepted."""
MOST = 2_000_000
"""Bytes of all documents and their pictures."""


def _typed() -> Iterator[str]:
    """Every command that the README tells to type, in its blocks and in its sentences."""
    for block in re.findall(r"```sh\n(.*?)```", README, re.DOTALL):
        yield from (line.strip() for line in block.splitlines())
    yield from re.findall(r"`((?:make|entente) [^`]+)`", README)


def _run_by_tests() -> set[str]:
    """The commands that tests run by the real executable: the words that lead each call."""
    tree = ast.parse((ROOT / "tests" / "entente" / "test_cli.py").read_text())
    calls = (node for node in ast.walk(tree) if isinstance(node, ast.Call) and isinstance(node.func, ast.Name))
    found = set()
    for call in calls:
        if isinstance(call.func, ast.Name) and call.func.id in ("entente", "running"):
            words = [str(word.value) for word in call.args[1:] if isinstance(word, ast.Constant)]
            found |= {f"entente {' '.join(words[:count])}" for count in range(1, len(words) + 1)}
    return found


def test_every_command_of_the_readme_is_run() -> None:
    """By `.ci/run`, or by a test through the real executable; measures and pictures are made by hand."""
    run = _run_by_tests() | set(re.findall(r"entente \w+", CI))
    assert {"entente migrate", "entente people invite"} <= run
    for line in _typed():
        tool, _, asked = re.sub(r"^.*bin/|--help|\bFILE\b", "", line).strip().partition(" ")
        word = asked.split()[0]
        if tool == "make":
            known = (
                f"make {word}" in CI or OPENED_BY_A_TEST.get(word) in run or (ROOT / BY_HAND.get(word, "-")).is_file()
            )
            assert known or word == "check", line
        else:
            assert f"entente {asked.strip()}" in run, line


def test_check_is_what_ci_asks() -> None:
    """`make check` is `make lint` and `make test`, which CI runs one after the other."""
    made = {name: _recipe(name) for name in ("check", "test", "lint")}
    assert made["check"] == made["lint"] + made["test"]
    assert re.findall(r"^make (\w+)$", CI, re.MULTILINE)[-2:] == ["lint", "test"]


def _recipe(target: str) -> list[str]:
    """What make would run, without what only prepares the environment."""
    command = ["make", "-n", "-o", ".venv/.installed", "-o", ".venv/.installed-dev", target]
    said = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return [line for line in said.splitlines() if line.startswith(".venv/bin/") and "uv" not in line.split("/")[-1]]


def test_the_demonstration_of_make_is_that_of_the_tests() -> None:
    """`make demo PORT=8080 RESET=1` asks the command for this port, anew."""
    command = ["make", "-n", "demo", "PORT=8080", "RESET=1"]
    said = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert ".venv/bin/entente demo --port 8080 --reset" in said


def test_every_document_can_be_reached() -> None:
    """From the README, link by link: a document that none leads to is read by nobody."""
    seen, waiting = set(), [ROOT / "README.md"]
    while waiting:
        document = waiting.pop()
        if document in seen or document.suffix != ".md" or not document.is_file():
            continue
        seen.add(document)
        links = [link for link in re.findall(r"\]\(([^)#\s]+)", document.read_text()) if "://" not in link]
        for place in ((document.parent / link).resolve() for link in links):
            waiting += sorted(place.glob("*.md")) if place.is_dir() else [place]
    assert {path for path in (ROOT / "docs").rglob("*.md") if path not in seen} == set()
    assert ROOT / "deploy" / "README.md" in seen


def test_documents_are_light() -> None:
    """All of them and their pictures weigh less than two megabytes."""
    assert 10_000 < sum(path.stat().st_size for path in (ROOT / "docs").rglob("*") if path.is_file()) < MOST
