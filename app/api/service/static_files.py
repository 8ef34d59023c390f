"""Static files, read and compressed when the process starts, and kept in memory.

A request then costs no reading or compressing.
"""

from __future__ import annotations

import gzip
import re
from collections.abc import Iterable, Mapping
from functools import cache
from hashlib import blake2b
from pathlib import Path

import structlog
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from app.api.requests.accept import accepts_gzip
from app.api.requests.etag import matches

MEDIA_TYPES = {".css": "text/css", ".html": "text/html", ".js": "text/javascript"}
MEDIA_TYPES |= {".json": "application/json"}
#: Smaller files fit into one packet anyway.
WORTH_COMPRESSING = 1_000
# A higher level saves a tenth for twice the time, which every process spends when it starts.
GZIP_LEVEL = 5
#: Indentation of JSON: no text within it contains a line break.
INDENT = re.compile(rb"\n *")
#: The connection gets so much at a time, so that no whole file is buffered for a slow client.
CHUNK_BYTES = 65_536
logger = structlog.get_logger()


class StaticFile:
    """A file's bytes, plain and compressed (None: not worth it)."""

    def __init__(self, content: bytes, media_type: str, *, compress: bool = True) -> None:
        self.media_type = media_type
        self._content = content
        is_worth_it = compress and len(content) > WORTH_COMPRESSING
        packed = gzip.compress(content, GZIP_LEVEL, mtime=0) if is_worth_it else content
        self._packed = packed if len(packed) < len(content) else None
        self._tag = blake2b(content, digest_size=8).hexdigest()

    def answer(self, request: Request, headers: Mapping[str, str]) -> Response:
        """Return the file, compressed if the client accepts that; 304 if the client has it."""
        packed = self._packed if accepts_gzip(request.headers.get("accept-encoding")) else None
        # Both forms are the same file but not the same bytes, so the tag is weak (RFC 9110, 8.8.3).
        headers_sent = {"ETag": f'W/"{self._tag}"', "Vary": "Accept-Encoding", **headers}
        if matches(request.headers.get("if-none-match"), f'"{self._tag}"'):
            return Response(status_code=304, headers=headers_sent)
        if packed is None:
            return _ChunkedResponse(self._content, headers=headers_sent, media_type=self.media_type)
        return _ChunkedResponse(
            packed, headers={**headers_sent, "Content-Encoding": "gzip"}, media_type=self.media_type
        )


class _ChunkedResponse(Response):
    """A response that waits for the connection to take each piece before the next."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await send(
            {"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers},
        )
        for start in range(0, len(self.body), CHUNK_BYTES):
            piece = self.body[start : start + CHUNK_BYTES]
            more = start + CHUNK_BYTES < len(self.body)
            await send({"type": "http.response.body", "body": piece, "more_body": more})


@cache
def static_file(path: Path) -> StaticFile:
    """Return the file of that path, as it was when it was first read. Raises FileNotFoundError."""
    content = path.read_bytes()
    if path.suffix == ".json":
        content = INDENT.sub(b"", content)
    return StaticFile(content, MEDIA_TYPES[path.suffix])


def preload(paths: Iterable[Path]) -> None:
    """Read and compress all of these files, and log those that are missing."""
    for path in paths:
        try:
            static_file(path)
        except FileNotFoundError:
            logger.warning("a file of this installation is missing", path=str(path))
