"""Rendering of templates in a process of its own: the library counts the steps of an expression, and neither
its time nor its memory.
"""

from __future__ import annotations

import asyncio
from collections.abc import Hashable, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from typing import Any
from weakref import WeakValueDictionary

from app.common.files.bounded_process import BoundedProcess, LimitExceeded
from app.subscriptions.templates.parse import RequestTemplate, TemplateRefused, parse_template
from app.subscriptions.templates.render import (
    FAILED,
    LIMIT,
    RenderedRequest,
    TemplateFailed,
    is_success,
    render_request,
)

RENDER_SECONDS = 1.0
MOST_PARSED = 100


class BoundedRenderer:
    """Renders templates in a child process, one call at a time. Each `turn` (a subscription) has at most one
    waiting call, so that a slow template delays others by its own time only.
    """

    def __init__(self, *, seconds: float = RENDER_SECONDS) -> None:
        self._seconds = seconds
        self._process = BoundedProcess(__name__, "answer", seconds=seconds)
        self._thread = ThreadPoolExecutor(1, "templates")
        self._turns: WeakValueDictionary[Hashable, asyncio.Lock] = WeakValueDictionary()

    async def render(self, turn: Hashable, text: str, values: Mapping[str, Any]) -> RenderedRequest:
        """Return the request that the template in `text` makes of these values. Raises TemplateFailed."""
        rendered = await self._ask_process(turn, "request", text, dict(values))
        assert isinstance(rendered, RenderedRequest)
        return rendered

    async def is_success(self, turn: Hashable, text: str, status: int, body: bytes) -> bool:
        """Return whether the answer is a success, by the template. Raises TemplateFailed."""
        succeeded = await self._ask_process(turn, "answer", text, (status, body))
        assert isinstance(succeeded, bool)
        return succeeded

    def close(self) -> None:
        """End the child process."""
        self._process.close()

    async def _ask_process(self, turn: Hashable, *arguments: Any) -> Any:
        lock = self._turns.setdefault(turn, asyncio.Lock())
        async with lock:
            loop = asyncio.get_running_loop()
            try:
                outcome, content = await loop.run_in_executor(
                    self._thread, self._process.call_function, *arguments
                )
            except LimitExceeded as error:
                reason = f"it takes more than {self._seconds:g} s, or too much memory"
                raise TemplateFailed(LIMIT, "", reason) from error
        if outcome == "failed":
            raise TemplateFailed(*content)
        return content


def answer(question: str, text: str, values: Any) -> tuple[str, Any]:
    """Return the outcome, with what it gives or the arguments of the exception. This is what the child
    process does.
    """
    try:
        template = _parsed(text)
        if question == "request":
            return "rendered", render_request(template, values)
        return "judged", is_success(template, *values)
    except TemplateFailed as failed:
        return "failed", (failed.code, failed.key, failed.reason)
    except TemplateRefused as refused:
        # One that an earlier version took.
        return "failed", (FAILED, "", refused.why)
    except MemoryError:
        return "failed", (LIMIT, "", "it takes too much memory")


@lru_cache(MOST_PARSED)
def _parsed(text: str) -> RequestTemplate:
    return parse_template(text)
