"""The layout of the house, which tools outside depend on."""

import ast
import importlib
import importlib.util
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest

from entente import cli

ROOT = Path(__file__).parents[2]
SHELVES = ("platform", "realtime", "forums", "booking", "tests", "bench")
OURS = sorted(path for shelf in SHELVES for path in (ROOT / shelf).rglob("*.py"))


def test_the_shelf_is_not_a_package() -> None:
    """`platform/__init__.py` would hide Python's own `platform` from everything started here."""
    assert (ROOT / "platform" / "entente" / "__init__.py").is_file()
    assert not (ROOT / "platform" / "__init__.py").exists()
    where = "import platform; print(platform.__file__, platform.python_version())"
    said = subprocess.run([sys.executable, "-c", where], capture_output=True, text=True, check=True, cwd=ROOT).stdout
    assert str(ROOT / "platform") not in said
    assert said.split()[-1] == ".".join(map(str, sys.version_info[:3]))


@pytest.mark.parametrize(
    "path", [path for path in OURS if path.name == "__init__.py"], ids=lambda path: str(path.relative_to(ROOT))
)
def test_the_door_of_a_package_holds_one_sentence(path: Path) -> None:
    """An `__init__.py` is exactly one docstring: nothing runs because something was imported."""
    tree = ast.parse(path.read_text())
    assert len(tree.body) == 1
    assert ast.get_docstring(tree)


def test_our_realtime_is_the_one_that_is_imported() -> None:
    """A package of the same name is published elsewhere: it is neither installed nor locked."""
    for name in ("realtime", "forums", "entente"):
        spec = importlib.util.find_spec(name)
        assert spec is not None
        assert spec.origin is not None
        assert Path(spec.origin).is_relative_to(ROOT)
    for lock in ("requirements.lock", "requirements-dev.lock"):
        assert not re.search(r"^realtime\b", (ROOT / lock).read_text(), re.MULTILINE)


def test_tests_are_not_packages() -> None:
    """pytest imports them one by one, by their path."""
    assert not list((ROOT / "tests").rglob("__init__.py"))


def layers() -> Any:
    """The modules that the import contract names."""
    contract = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"][0]
    return {name.strip() for layer in contract["layers"] for name in re.split(r"[|:]", layer)}


def test_every_part_of_the_house_has_its_layer() -> None:
    """A new module is placed by name: what the contract does not know could import anything."""
    parts = {
        f"entente.{path.stem}"
        for path in (ROOT / "platform" / "entente").iterdir()
        if path.name != "__init__.py" and (path.suffix == ".py" or (path / "__init__.py").is_file())
    }
    rooms = {path.parent.name for shelf in (ROOT, ROOT / "platform") for path in shelf.glob("*/__init__.py")} - {
        "entente"
    }
    assert parts | rooms == layers()


def test_imports_only_go_down() -> None:
    """import-linter keeps the contract."""
    lint = Path(sys.executable).with_name("lint-imports")
    run = subprocess.run([lint], capture_output=True, text=True, cwd=ROOT, check=False)
    assert run.returncode == 0, run.stdout
    assert "1 kept, 0 broken" in run.stdout


def shell(name: str) -> Any:
    """The commands that a document tells its reader to type."""
    blocks = re.findall(r"```sh\n(.*?)```", (ROOT / name).read_text(), re.DOTALL)
    return [line.strip() for block in blocks for line in block.splitlines()]


def asked(name: str, tool: str) -> Any:
    """What is asked of a tool in a document: the words that follow it."""
    before = r"(?:^|sudo |bin/|exec entente )"
    said = (re.search(rf"{before}{tool}(?: -C \S+)?((?: +[a-z]+)+)", line) for line in shell(name))
    return [found.group(1).split() for found in said if found]


def known_commands() -> dict[str, Any]:
    """What `entente` knows how to do."""
    return {name: cli.command(name) for name in cli.COMMANDS}


def test_the_commands_of_the_readme_exist() -> None:
    """Each `make` target and each `entente` command that a reader may type."""
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    made = {words[0] for words in asked("README.md", "make")}
    assert {"demo", "test"} <= made <= targets
    assert {words[0] for words in asked("deploy/README.md", "make")} == {"install"}
    commands = known_commands()
    typed = [words for name in ("README.md", "deploy/README.md") for words in asked(name, "entente")]
    assert {"migrate", "doctor", "restore", "people"} <= {words[0] for words in typed}
    for first, *others in typed:
        assert first in commands, first
        inner = getattr(commands[first], "commands", None)
        assert inner is None or not others or others[0] in inner


@pytest.mark.parametrize(
    "name",
    ["demo", "serve", "worker", "migrate", "people", "organisations", "backup", "restore", "doctor"],
)
def test_every_promised_command_says_what_it_does(name: str) -> None:
    """In French, in its help."""
    assert known_commands()[name].help
