"""No secret lies in the tree: keys, tokens and passwords of addresses are looked for by their shapes."""

import re
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from detect_secrets.core.plugins.util import get_mapping_from_secret_type_to_class
from detect_secrets.plugins.base import RegexBasedDetector

ROOT = Path(__file__).parents[2]
TOO_LOOSE = {"IPPublicDetector", "KeywordDetector", "SoftlayerDetector", "CloudantDetector", "IbmCosHmacDetector"}
"""Detectors that hold everyday words or addresses for secrets."""
KINDS: Mapping[str, Any] = get_mapping_from_secret_type_to_class()
SHAPES: list[tuple[str, re.Pattern[str]]] = [
    (name, shape)
    for name, kind in sorted(KINDS.items())
    if issubclass(kind, RegexBasedDetector) and kind.__name__ not in TOO_LOOSE
    for shape in kind.denylist
]
PASSED_OVER = re.compile(r"\.(lock|png|webp|ico|woff2|ics|rng)$|package-lock\.json$|/samples/")
NO_SECRET = re.compile(r"(mot-de-passe|secret|Sesame|password|faux|[{$…<]|^(p|x|cle|key)$)", re.I)
"""What our documents and tests write where a password would stand."""


def found_in(text: str) -> Iterator[tuple[int, str]]:
    """The line and the kind of everything that has the shape of a secret."""
    for name, shape in SHAPES:
        for each in shape.finditer(text):
            value = next((group for group in reversed(each.groups()) if group), each.group())
            if not NO_SECRET.search(value):
                yield text.count("\n", 0, each.start()) + 1, name


def test_no_secret_lies_in_the_tree() -> None:
    """Every file that git keeps is read; what is found is said with its line, never with its value."""
    listed = subprocess.run(
        ["git", "-c", f"safe.directory={ROOT}", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.split("\n")
    files = [name for name in listed if name and not PASSED_OVER.search(name) and (ROOT / name).is_file()]
    assert len(files) > 500
    found = {name: list(found_in((ROOT / name).read_text(errors="replace"))) for name in files}
    assert {name: lines for name, lines in found.items() if lines} == {}


@pytest.mark.parametrize(
    "pieces",
    [
        ("AKIA", "QJ7RTX2LM4PW6ZVN"),
        ("-----BEGIN RSA PRIVATE ", "KEY-----"),
        ("postgresql://entente:", "v3rt-galant@10.0.0.4/entente"),
        ("ghp_", "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8"),
    ],
)
def test_what_has_the_shape_of_a_secret_is_found(pieces: tuple[str, str]) -> None:
    """The test above would see one; here each is in two pieces, for it not to."""
    assert [line for line, _ in found_in("first\n" + "".join(pieces))][:1] == [2]
