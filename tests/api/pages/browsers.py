"""Browsers that ask the application for pages, and pages that exist in tests only."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import httpx
from fastapi import FastAPI, Request
from starlette.responses import Response
from starlette.routing import request_response
from starlette.types import Receive, Scope, Send

from tests.client import ADDRESS, Client

OURS = {"Sec-Fetch-Site": "same-origin"}
ELSEWHERE = {"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example.org"}
Page = Callable[[Request], Awaitable[Response]]


def browser_at(app: FastAPI, holder: Client | None = None, **headers: str) -> httpx.AsyncClient:
    """A browser, which follows no redirect by itself; `holder`: with this client's key."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    if holder is not None:
        named["Authorization"] = f"Bearer {holder.token}"
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    return httpx.AsyncClient(transport=transport, base_url=ADDRESS, headers={**OURS, **named})


def with_pages(app: FastAPI, pages: dict[str, Page]) -> FastAPI:
    """The application with further pages, by their paths."""
    inner: Any = app.router.middleware_stack
    answers = {path: request_response(page) for path, page in pages.items()}

    async def routed(scope: Scope, receive: Receive, send: Send) -> None:
        await answers.get(scope.get("path", ""), inner)(scope, receive, send)

    app.router.middleware_stack = routed
    return app


def is_html(answer: httpx.Response) -> bool:
    """Whether it is a page, with the headers of one."""
    policy = answer.headers.get("content-security-policy", "")
    return answer.headers["content-type"] == "text/html; charset=utf-8" and "default-src 'none'" in policy
