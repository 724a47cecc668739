"""Scripts, styles and pictures: read once, compressed ahead of time, kept by browsers for ever."""

import gzip
import hashlib
import mimetypes
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response

FOLDER = Path(__file__).parents[2] / "static"
FOREVER = "public, max-age=31536000, immutable"


@dataclass(frozen=True)
class Asset:
    """A file as it travels."""

    body: bytes
    compressed: bytes | None
    media_type: str
    tag: str


def _asset(name: str, body: bytes) -> Asset:
    compressed = gzip.compress(body, 9, mtime=0)
    return Asset(
        body,
        compressed if len(compressed) < len(body) else None,
        mimetypes.guess_type(name)[0] or "application/octet-stream",
        hashlib.sha256(body).hexdigest()[:12],
    )


def _assets() -> dict[str, Asset]:
    htmx = files("django_htmx") / "static" / "django_htmx" / "htmx-2.min.js"
    found = {"htmx.js": _asset("htmx.js", htmx.read_bytes())}
    for path in sorted(FOLDER.rglob("*")):
        if path.is_file():
            name = path.relative_to(FOLDER).as_posix()
            found[name] = _asset(name, path.read_bytes())
    return found


ASSETS = _assets()


def address(name: str) -> str:
    """Where a file is served; its address changes with its content."""
    return f"/static/{name}?v={ASSETS[name].tag}"


async def serve(request: Request) -> Response:
    """Hand out a file, compressed for whoever accepts it."""
    asset = ASSETS.get(request.path_params["name"])
    if asset is None:
        return Response(status_code=404)
    headers = {
        "ETag": f'"{asset.tag}"',
        "Vary": "Accept-Encoding",
        "Cache-Control": FOREVER if request.query_params.get("v") == asset.tag else "no-cache",
    }
    if request.headers.get("if-none-match") == headers["ETag"]:
        return Response(status_code=304, headers=headers)
    if asset.compressed and "gzip" in request.headers.get("accept-encoding", ""):
        headers["Content-Encoding"] = "gzip"
        return Response(asset.compressed, headers=headers, media_type=asset.media_type)
    return Response(asset.body, headers=headers, media_type=asset.media_type)
