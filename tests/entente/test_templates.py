"""What holds in every template."""

import re
from pathlib import Path

import pytest

TEMPLATES = Path(__file__).parents[2] / "templates"
JINJA = r"\{\{.*?\}\}|\{%.*?%\}"
FORM = re.compile(rf'<form\b(?:{JINJA}|"(?:{JINJA}|[^"])*"|[^>"])*>', re.DOTALL)
"""The tag that opens a form; what Jinja writes in it may hold any sign."""


@pytest.mark.parametrize("path", sorted(TEMPLATES.rglob("*.html")), ids=lambda path: str(path.relative_to(TEMPLATES)))
def test_the_errors_of_a_form_are_said_by_us(path: Path) -> None:
    """A browser never answers in our place, in its own words: every form is `novalidate`."""
    text = path.read_text()
    forms = FORM.findall(text)
    assert len(forms) == text.count("<form")
    assert [form for form in forms if " novalidate" not in form and 'method="dialog"' not in form] == []


def test_forms_are_found() -> None:
    """There are many, and the sign that ends a tag may stand in what Jinja writes in it."""
    assert sum(len(FORM.findall(path.read_text())) for path in TEMPLATES.rglob("*.html")) > 150
    assert FORM.findall('<form{% if a > "b" %} x="{{ "c" }}>"{% endif %}>…') == [
        '<form{% if a > "b" %} x="{{ "c" }}>"{% endif %}>'
    ]
