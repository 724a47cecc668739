"""Fixtures: databases without a shape, where an archive is restored; and a bucket."""

import logging
from collections.abc import Iterator

import httpx
import pytest
from moto.server import ThreadedMotoServer

from entente.settings import Settings


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def target(request: pytest.FixtureRequest) -> Settings:
    """Settings over an empty database of each home: where an archive is restored."""
    settings: Settings = request.getfixturevalue(f"bare_{request.param}")
    return settings


@pytest.fixture(scope="module")
def s3() -> Iterator[str]:
    """A server that speaks S3, in a thread of its own, with a bucket."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    httpx.put(f"http://{host}:{port}/seau").raise_for_status()
    yield f"s3+http://cle:Sesame%40@{host}:{port}/seau/entente?region=fr-par"
    server.stop()
