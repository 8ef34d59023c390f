"""A client of an application in this process that does with a request only what must be done.

For each of them httpx asks which event loop this is, how the caller is known and where it leads; the tests
send a hundred thousand.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from datetime import timedelta
from time import perf_counter
from typing import Any

import httpx
from fastapi import FastAPI

Message = MutableMapping[str, Any]


class DirectClient(httpx.AsyncClient):
    """Calls the application; `check` is shown every answer."""

    def __init__(self, app: FastAPI, check: Callable[[httpx.Response], Awaitable[None]], **more: Any) -> None:
        self.app = app
        self._check = check
        super().__init__(transport=httpx.ASGITransport(app), event_hooks={"response": [check]}, **more)

    async def send(self, request: httpx.Request, **more: Any) -> httpx.Response:
        """The answer; what is streamed or redirected is httpx's."""
        usual = not more.get("stream") and more.get("follow_redirects") is not True
        if not usual or not isinstance(request.stream, httpx.ByteStream):
            return await super().send(request, **more)
        began = perf_counter()
        answer = await _answer(self.app, request)
        answer.request = request
        answer.elapsed = timedelta(seconds=perf_counter() - began)
        if "set-cookie" in answer.headers:
            self.cookies.extract_cookies(answer)
        await self._check(answer)
        return answer


async def _answer(app: FastAPI, request: httpx.Request) -> httpx.Response:
    """What the application answers."""
    waiting, done = [request.content], asyncio.Event()
    start: Message = {}
    body: list[bytes] = []

    async def receive() -> Message:
        if waiting:
            return {"type": "http.request", "body": waiting.pop(), "more_body": False}
        await done.wait()
        return {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        if message["type"] == "http.response.start":
            assert not start
            start.update(message)
        elif message["type"] == "http.response.body":
            assert not done.is_set()
            body.append(message.get("body", b""))
            if not message.get("more_body", False):
                done.set()

    await app(_scope(request), receive, send)
    assert done.is_set()
    content = b"" if request.method == "HEAD" else b"".join(body)
    return httpx.Response(start["status"], headers=start["headers"], stream=httpx.ByteStream(content))


def _scope(request: httpx.Request) -> Message:
    url = request.url
    return {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": request.method,
        "headers": [(name.lower(), value) for name, value in request.headers.raw],
        "scheme": url.scheme,
        "path": url.path,
        "raw_path": url.raw_path.partition(b"?")[0],
        "query_string": url.query,
        "server": (url.host, url.port),
        "client": ("127.0.0.1", 123),
        "root_path": "",
    }
