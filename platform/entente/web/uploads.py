"""Files as a form brings them: weighed as they come, never whole in memory, and the words always kept."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from math import inf
from typing import IO

from starlette.datastructures import FormData, UploadFile
from starlette.exceptions import HTTPException
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from entente.files.kinds import disposition
from entente.files.store import Away
from entente.web.forms import MOST_BYTES, MOST_FIELDS, typed_fields
from entente.web.requests import house_of

MEGA = 1_000_000


@dataclass(frozen=True)
class Limits:
    """How much one form may bring."""

    files: int
    each: int
    """Bytes of one file."""
    whole: int
    """Bytes of the form, everything counted."""


@dataclass
class Received:
    """What came: files ready to be read, and what was too much."""

    files: list[UploadFile] = field(default_factory=list)
    heavy: list[str] = field(default_factory=list)
    """Names of the files that were let go because each was too heavy."""
    refusal: str = ""
    """Why none of the files was taken, in French; the fields were."""

    def close(self) -> None:
        """Let go of the files."""
        for file in self.files:
            file.file.close()


class _Enough(Exception):
    """What follows is not read."""


class _Parser(MultiPartParser):
    """Starlette's own, which lets go of files that are too heavy, and stops when it is enough."""

    def __init__(self, request: Request, limits: Limits) -> None:
        self._limits = limits
        self._is_refused = _length(request) > limits.whole
        self._taken = 0
        self._weights: dict[int, int] = {}
        self.heavy: list[str] = []
        self.refusal = ""
        super().__init__(
            request.headers,
            self._weighed(request),  # type: ignore[arg-type]
            max_files=inf,
            max_fields=MOST_FIELDS,
            max_part_size=MOST_BYTES,
        )

    async def _weighed(self, request: Request) -> AsyncIterator[bytes]:
        async for chunk in request.stream():
            self._taken += len(chunk)
            if self._taken > self._limits.whole:
                self._stop_at_the_whole()
            yield chunk

    def _stop_at_the_whole(self) -> None:
        self.refusal = f"Cet envoi est trop lourd\u00a0: {in_words(self._limits.whole)} au plus, tous fichiers réunis."
        raise _Enough

    def on_headers_finished(self) -> None:
        """A part begins: if it is a file, there may be one too many."""
        super().on_headers_finished()
        if self._current_part.file is None:
            return
        if self._is_refused:
            # What was declared is too heavy; the fields came first, so nothing else is worth reading.
            self._stop_at_the_whole()
        if self._current_files > self._limits.files:
            self.refusal = f"C’est trop de fichiers à la fois\u00a0: {self._limits.files} au plus."
            raise _Enough

    def on_part_data(self, data: bytes, start: int, end: int) -> None:
        """Bytes of a part: those of a file that is too heavy are let go."""
        file = self._current_part.file
        if file is not None:
            weight = self._weights[id(file)] = self._weights.get(id(file), 0) + end - start
            if weight > self._limits.each:
                return
        super().on_part_data(data, start, end)

    def on_part_end(self) -> None:
        """A part is over: a file that is too heavy is named, not taken."""
        super().on_part_end()
        file = self._current_part.file
        if file is not None and self._weights.get(id(file), 0) > self._limits.each:
            self.items.pop()
            self.heavy.append(file.filename or "")


async def receive(request: Request, limits: Limits) -> Received:
    """Read a form that may bring files; its fields are there for `forms.read`, whatever happens to the files."""
    if not request.headers.get("content-type", "").startswith("multipart/form-data"):
        await typed_fields(request)
        return Received()
    # The guard's own bound is that of forms without files.
    request.state.most_bytes = limits.whole + MOST_BYTES
    parser = _Parser(request, limits)
    try:
        await parser.parse()
    except _Enough:
        parser.items = [item for item in parser.items if isinstance(item[1], str)]
    except MultiPartException as error:
        raise HTTPException(413 if "exceeded maximum size" in error.message else 400) from None
    request._form = FormData([item for item in parser.items if isinstance(item[1], str)])
    await typed_fields(request)
    files = [value for _, value in parser.items if isinstance(value, UploadFile) and (value.filename or value.size)]
    return Received(files, parser.heavy, parser.refusal)


def _length(request: Request) -> int:
    declared = request.headers.get("content-length", "0")
    return int(declared[:15]) if declared.isascii() and declared.isdigit() else 0


def source_of(file: UploadFile) -> IO[bytes]:
    """The bytes of a file that came, from their beginning."""
    file.file.seek(0)
    return file.file


async def handed(request: Request, kept: str, name: str, media_type: str, is_inline: bool) -> Response:
    """A kept file on its way out: nothing in it can run, whatever it holds; 503 while its store is away."""
    # Kept by the browser, and asked again each time: whoever may no longer have it gets nothing.
    headers = {"Cache-Control": "private, no-cache", "ETag": f'"{kept}"'}
    if request.headers.get("if-none-match") == headers["ETag"]:
        return Response(status_code=304, headers=headers)
    try:
        size, pieces = await house_of(request).files.read(kept)
    except Away:
        raise HTTPException(503) from None
    return StreamingResponse(
        pieces,
        media_type=media_type,
        headers={
            "Content-Length": str(size),
            "Content-Disposition": disposition(name, is_inline),
            "Content-Security-Policy": "default-src 'none'; sandbox",
            "X-Content-Type-Options": "nosniff",
            "Cross-Origin-Resource-Policy": "same-origin",
            # Already as small as it will be: the house does not compress it again.
            "Content-Encoding": "identity",
            **headers,
        },
    )


def in_words(size: int) -> str:
    """« 25 Mo », « 1,4 Mo », « 12 Ko »."""
    if size < MEGA:
        return f"{max(1, round(size / 1000))}\u00a0Ko"
    mega = round(size / MEGA, 1)
    return f"{mega:.0f}\u00a0Mo" if mega >= 10 or mega == int(mega) else f"{mega:.1f}".replace(".", ",") + "\u00a0Mo"
