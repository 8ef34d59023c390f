"""The shorter path answers as FastAPI does: the same operation is mounted on both, and asked the same."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Annotated, Any

import httpx
import pytest
import pytest_asyncio
from fastapi import FastAPI, Header, Path, Query, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import JSONResponse, Response

from app.api.direct import DirectRoute, Router, StrictRoute


class Filters(BaseModel):
    """What a list is narrowed by."""

    model_config = ConfigDict(extra="forbid")

    state: str | None = Field(default=None, max_length=8)
    limit: int = Field(default=50, ge=1, le=200)


class Note(BaseModel):
    """What is sent."""

    model_config = ConfigDict(extra="forbid")

    text: str = Field(min_length=1)
    minutes: int | None = None


async def find(
    request: Request,
    name: Annotated[str, Path(max_length=20)],
    filters: Annotated[Filters, Query()],
    if_none_match: Annotated[str | None, Header(max_length=10)] = None,
) -> Response:
    """What it was called with."""
    return JSONResponse([request.method, name, filters.model_dump(), if_none_match])


async def note(request: Request, name: str, body: Note) -> Response:
    """What it was called with."""
    return JSONResponse([request.method, name, body.model_dump()])


@pytest_asyncio.fixture
async def both() -> AsyncIterator[httpx.AsyncClient]:
    app = FastAPI()
    for prefix, kind in (("/direct", DirectRoute), ("/usual", StrictRoute)):
        router = Router(prefix=prefix, route_class=kind)
        router.add_api_route("/{name}", find, methods=["GET"])
        router.add_api_route("/{name}", note, methods=["POST"])
        app.router.routes.extend(router.routes)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://here") as client:
        yield client


JSON = {"content-type": "application/json"}
REQUESTS: list[tuple[str, str, dict[str, Any]]] = [
    ("GET", "/a", {}),
    ("GET", "/a?state=new&limit=3", {}),
    ("GET", "/%E4%B8%AD", {"headers": {"if-none-match": '"1"'}}),
    ("GET", "/a?limit=0", {}),
    ("GET", "/a?limit=many", {}),
    ("GET", "/a?state=far-too-long", {}),
    ("GET", "/a?unknown=1", {}),
    ("GET", f"/{'a' * 21}", {}),
    ("GET", "/a", {"headers": {"if-none-match": "x" * 11}}),
    ("POST", "/a", {"json": {"text": "Done"}}),
    ("POST", "/a", {"json": {"text": "Done", "minutes": 5}}),
    ("POST", "/a", {"json": {"text": ""}}),
    ("POST", "/a", {"json": {"minutes": "five"}}),
    ("POST", "/a", {"json": {"text": "Done", "more": 1}}),
    ("POST", "/a", {"json": ["Done"]}),
    ("POST", "/a", {"content": b"{", "headers": JSON}),
    ("POST", "/a", {"content": b"", "headers": JSON}),
    ("POST", "/a", {"content": b'{"text": "Done"}', "headers": {"content-type": "text/plain"}}),
    ("POST", "/a", {"content": b'{"text": "Done"}', "headers": {"content-type": "application/json; v=1"}}),
]


@pytest.mark.parametrize(("method", "path", "more"), REQUESTS)
async def test_the_shorter_path_answers_as_fastapi_does(
    both: httpx.AsyncClient, method: str, path: str, more: dict[str, Any]
) -> None:
    direct = await both.request(method, f"/direct{path}", **more)
    usual = await both.request(method, f"/usual{path}", **more)
    assert (direct.status_code, direct.content) == (usual.status_code, usual.content)
    assert direct.headers == usual.headers
