"""What `docs/security.md` promises is proved: each line of the contract is there, with tests that exist."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DOCUMENT = (ROOT / "docs" / "security.md").read_text()
SIZES = {"A": 5, "C": 5, "U": 3, "S": 4, "M": 3, "R": 1, "N": 2, "O": 2}
CONTRACT = [f"{letter}{number + 1}" for letter, size in SIZES.items() for number in range(size)]
LINES = {
    code: words.split("\n## ")[0]
    for code, words in re.findall(r"^### \[(\w\d)\] (.*?)(?=^### |\Z)", DOCUMENT, re.MULTILINE | re.DOTALL)
}
NAMED = re.compile(r"`(tests/[\w/]+\.py)`\s*:\s*((?:`test_\w+`,?\s*)+)")


def test_every_line_of_the_contract_is_answered_once() -> None:
    """None forgotten, none invented, in their order."""
    assert re.findall(r"^### \[(\w\d)\]", DOCUMENT, re.MULTILINE) == CONTRACT


@pytest.mark.parametrize("code", CONTRACT)
def test_each_line_is_proved_by_tests_that_exist(code: str) -> None:
    """A test that is renamed or removed is missed here."""
    named = {file: re.findall(r"test_\w+", names) for file, names in NAMED.findall(LINES[code])}
    assert named
    assert [name for file, names in named.items() for name in set(names) - _tests_in(ROOT / file)] == []


def test_every_test_that_is_named_is_read() -> None:
    """No proof is written in a way that the test above would pass over."""
    read = {
        name for words in LINES.values() for _, names in NAMED.findall(words) for name in re.findall(r"test_\w+", names)
    }
    written = {name for words in LINES.values() for name in re.findall(r"`(test_\w+)`", words)}
    assert read == written


def _tests_in(file: Path) -> set[str]:
    functions = (ast.FunctionDef, ast.AsyncFunctionDef)
    return {node.name for node in ast.parse(file.read_text()).body if isinstance(node, functions)}
