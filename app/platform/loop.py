"""The event loop of our own processes: uvloop's, as that of the API.

With asyncio's own loop an import takes a thirtieth longer.
"""

from __future__ import annotations

from collections.abc import Coroutine
from typing import Any, TypeVar

import uvloop

T = TypeVar("T")


def run(main: Coroutine[Any, Any, T]) -> T:
    """Run the coroutine and return its result, or raise its exception. A Ctrl-C cancels it."""
    return uvloop.run(main)
