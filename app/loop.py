"""The event loop that our own processes run on: uvloop's, as that of the API.

With asyncio's own an import takes a thirtieth longer.
"""

from __future__ import annotations

from collections.abc import Coroutine
from typing import Any, TypeVar

import uvloop

T = TypeVar("T")


def run(main: Coroutine[Any, Any, T]) -> T:
    """What `main` gives; raises what it raises. A Ctrl-C cancels it."""
    return uvloop.run(main)
