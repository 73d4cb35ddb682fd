"""Style sheets, scripts and icons under names that change with their content, so that a browser can cache them."""

import gzip
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}


@dataclass(frozen=True)
class _Asset:
    media_type: str
    content: bytes
    compressed: bytes


class Assets:
    """Files in memory; `urls` maps a file's own name to its address below `prefix`."""

    def __init__(self, prefix: str, files: Iterable[Path]) -> None:
        self._prefix = prefix
        self._assets: dict[str, _Asset] = {}
        self.urls: Mapping[str, str] = {path.name: f"{prefix}/{self._add(path)}" for path in files}

    def _add(self, path: Path) -> str:
        content = path.read_bytes()
        name = f"{path.stem}-{sha256(content).hexdigest()[:12]}{path.suffix}"
        self._assets[name] = _Asset(_TYPES[path.suffix], content, gzip.compress(content, mtime=0))
        return name

    def router(self) -> APIRouter:
        router = APIRouter(include_in_schema=False)

        @router.get(self._prefix + "/{name}")
        async def asset(request: Request, name: str) -> Response:
            found = self._assets.get(name)
            if found is None:
                return Response(status_code=404)
            headers = {"Cache-Control": "public, max-age=31536000, immutable", "Vary": "Accept-Encoding"}
            if "gzip" in request.headers.get("accept-encoding", ""):
                headers["Content-Encoding"] = "gzip"
                return Response(found.compressed, media_type=found.media_type, headers=headers)
            return Response(found.content, media_type=found.media_type, headers=headers)

        return router
