"""Counting the statements that are sent to the database."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

import pytest

from app.platform.db import Database

READ_EVENTS, READ_HEAD = "from log.event e cross join", "select position from log.head"


@dataclass
class Statements:
    """The statements that are sent, as they are sent, and how many reads of the feed there were at once."""

    sent: list[str] = field(default_factory=list)
    reading: int = 0
    most_reading: int = 0

    def with_text(self, text: str) -> int:
        """How many have that text in them."""
        return sum(text in statement for statement in self.sent)


def counted(monkeypatch: pytest.MonkeyPatch) -> Statements:
    """Those that any reader sends from now on."""
    statements = Statements()

    def counting(method: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
        async def count(db: Database, query: str, *arguments: Any, **more: Any) -> Any:
            statements.sent.append(query)
            statements.reading += READ_EVENTS in query
            statements.most_reading = max(statements.most_reading, statements.reading)
            try:
                return await method(db, query, *arguments, **more)
            finally:
                statements.reading -= READ_EVENTS in query

        return count

    for name in ("rows", "tuples", "row", "value"):
        monkeypatch.setattr(Database, name, counting(getattr(Database, name)))
    return statements
