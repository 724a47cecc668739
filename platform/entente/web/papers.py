"""Papers to print: PDF set from a template of ours, and the answers that carry them."""

import json
import re
from functools import cache
from typing import Any

import typst
from anyio import to_thread
from starlette.responses import Response

from entente.clock import now, today
from entente.web.templates import FOLDER

PDF = "application/pdf"
DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
SVG = "image/svg+xml"

# What no paper can carry, and what turns a line of text around.
_UNPRINTABLE = re.compile(
    r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]"
)


def printable(words: str) -> str:
    """The words without what a paper cannot carry."""
    return _UNPRINTABLE.sub("", words)


async def pdf(template: str, data: dict[str, Any]) -> bytes:
    """The template of that name (`pistes/fiche.typ`) set with data, as an accessible PDF (PDF/UA-1).

    What people wrote reaches the template as data: it is printed as it stands, and is never read as markup.
    """
    return await to_thread.run_sync(_set, template, json.dumps(_cleaned(data), ensure_ascii=False))


def _cleaned(value: Any) -> Any:
    match value:
        case str():
            return printable(value)
        case dict():
            return {key: _cleaned(each) for key, each in value.items()}
        case list() | tuple():
            return [_cleaned(each) for each in value]
    return value


def _set(template: str, data: str) -> bytes:
    # The root keeps the template from reading anything but templates.
    made = typst.compile(
        FOLDER / template,
        root=FOLDER,
        font_paths=_fonts(),
        sys_inputs={"data": data},
        pdf_standards=["ua-1"],
        timestamp=int(now().timestamp()),
    )
    assert isinstance(made, bytes)
    return made


@cache
def _fonts() -> typst.Fonts:
    """The fonts that come with the library: the same paper on every machine."""
    return typst.Fonts(include_system_fonts=False)


def file(name: str, kind: str, content: bytes | str, media_type: str) -> Response:
    """The paper as a file to save; `name` is ours, in ASCII."""
    headers = {
        "Content-Disposition": f'attachment; filename="{name}-{today().isoformat()}.{kind}"',
        "Cache-Control": "no-store",
    }
    return Response(content, media_type=media_type, headers=headers)
