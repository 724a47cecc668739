"""Where the bytes of files lie: a folder beside the data, or a bucket that speaks S3.

A file is written under a random name before the row that names it is saved, and never changes. Should the change
fail, nobody names it: its room removes it after a day.
"""

import asyncio
import os
import secrets
from collections.abc import AsyncIterator, Collection, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import IO, TYPE_CHECKING
from urllib.parse import parse_qs, unquote, urlsplit
from uuid import uuid4

import obstore
from obstore.exceptions import BaseError, NotFoundError
from obstore.store import LocalStore, S3Store

from entente import troubles
from entente.rules import NotFound
from entente.settings import Settings

if TYPE_CHECKING:
    from obstore import GetResult

FOLDER = "files"
PIECE = 1024 * 1024
"""Bytes held at once while a file goes out."""
PART = 5 * 1024 * 1024
"""Bytes of one part of a sending to S3, which accepts no less."""
AT_ONCE = 2


class Away(Exception):
    """The place where files lie does not answer; what it said is never repeated, for it may hold an address."""


class Full(Exception):
    """There is no room left where files lie: what was being written is not kept, and whoever asked must be told."""


class Store:
    """Keeps bytes under random names, and streams them in and out."""

    def __init__(self, settings: Settings) -> None:
        self._url = settings.files_url
        self._folder = settings.data_dir / FOLDER

    @property
    def is_local(self) -> bool:
        """Whether files lie in the data folder."""
        return self._url is None

    @cached_property
    def _inner(self) -> LocalStore | S3Store:
        return LocalStore(self._folder, mkdir=True) if self._url is None else _bucket(self._url)

    async def keep(self, room: str, source: IO[bytes], size: int) -> str:
        """Write what is read from here under a new name of this room, and return the name."""
        # Random, not in the order of time: a name says nothing of when or by whom.
        name = f"{room}/{uuid4().hex}"
        await self.put(name, source, size)
        return name

    async def put(self, name: str, source: IO[bytes], size: int) -> None:
        """Write what is read from here under this name; whole, or not at all."""
        with _spoken():
            await obstore.put_async(
                self._inner, name, source, use_multipart=size > PART, chunk_size=PART, max_concurrency=AT_ONCE
            )
        if self.is_local:
            # The row that will name it is saved for good: so must its bytes be.
            await asyncio.to_thread(_settle, self._folder / name)

    async def read(self, name: str) -> tuple[int, AsyncIterator[bytes]]:
        """How heavy a file is, and its bytes piece by piece; NotFound when nobody has it."""
        with _spoken():
            found = await obstore.get_async(self._inner, name)
        return found.meta["size"], _pieces(found)

    async def remove(self, names: Collection[str]) -> None:
        """Forget these; one that is already gone is gone."""
        for name in names:
            with suppress(NotFound), _spoken():
                await obstore.delete_async(self._inner, name)

    async def names(self, room: str = "") -> AsyncIterator[tuple[str, datetime]]:
        """Everything that a room keeps (or all), with when it came."""
        with _spoken():
            async for batch in obstore.list(self._inner, room or None):
                for each in batch:
                    if "#" not in each["path"]:  # a file that is still being written
                        yield each["path"], each["last_modified"]

    async def trial(self) -> None:
        """Write a word, read it, forget it: raises Away when one of these fails."""
        name, word = f"essai/{secrets.token_hex(8)}", b"essai"
        with _spoken():
            await obstore.put_async(self._inner, name, word, use_multipart=False)
            read = bytes(await (await obstore.get_async(self._inner, name)).bytes_async())
            await obstore.delete_async(self._inner, name)
        if read != word:
            raise Away("ce qui est lu n’est pas ce qui est écrit")


@contextmanager
def _spoken() -> Iterator[None]:
    """What a store complains of, in words that hold no secret."""
    try:
        yield
    except (NotFoundError, FileNotFoundError):
        raise NotFound from None
    except (BaseError, OSError) as error:
        if troubles.is_full(error):
            raise Full from None
        raise Away(type(error).__name__) from None


async def _pieces(found: "GetResult") -> AsyncIterator[bytes]:
    async for piece in found.stream(min_chunk_size=PIECE):
        yield bytes(piece)


def _bucket(url: str) -> S3Store:
    parts = urlsplit(url)
    bucket, _, prefix = parts.path.strip("/").partition("/")
    scheme = "http" if parts.scheme == "s3+http" else "https"
    port = f":{parts.port}" if parts.port else ""
    config = {
        "endpoint": f"{scheme}://{parts.hostname}{port}",
        "region": parse_qs(parts.query).get("region", ["us-east-1"])[0],
        "access_key_id": unquote(parts.username or ""),
        "secret_access_key": unquote(parts.password or ""),
    }
    return S3Store(
        bucket,
        prefix=prefix or None,
        config=config,  # type: ignore[arg-type]
        client_options={"allow_http": scheme == "http", "connect_timeout": "5s", "timeout": "60s"},
        retry_config={"max_retries": 2, "retry_timeout": timedelta(seconds=20)},
    )


def _settle(path: Path) -> None:
    for place in (path, path.parent):
        handle = os.open(place, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
