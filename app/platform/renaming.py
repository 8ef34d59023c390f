"""Connections that replace names of tables and views, so that a rebuild writes next to the tables in use."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache, partial
from typing import Any

import psycopg
import psycopg.sql


class Renaming:
    """Tables and views of other schemas in statements: with the suffix `_next`, `kpi_next.agent_day` where
    `kpi.agent_day` is said.
    """

    def __init__(self, names: Iterable[str], suffix: str) -> None:
        self._suffix = suffix
        among = "|".join(re.escape(name).replace(r"\.", r'\."?') for name in names)
        self._pattern = re.compile(rf"(?<![\w.'])(?=(?:{among})(?!\w))(\w+)\.")
        self._renamed = lru_cache(maxsize=256)(partial(self._pattern.sub, rf"\g<1>{suffix}."))

    def name_of(self, name: str) -> str:
        """Return the other name of a table or view."""
        schema, _, table = name.partition(".")
        return f"{schema}{self._suffix}.{table}"

    def renamed(self, query: str) -> str:
        """Return the statement with the other names."""
        return self._renamed(query)


class RenamingConnection(psycopg.AsyncConnection[Any]):
    """A connection that replaces names in every statement."""

    renaming: Renaming


def _renamed(connection: psycopg.AsyncConnection[Any], query: Any) -> bytes:
    assert isinstance(connection, RenamingConnection)
    if not isinstance(query, str | bytes):
        query = psycopg.sql.as_bytes(query, connection)
    text = query if isinstance(query, str) else query.decode()
    return connection.renaming.renamed(text).encode()


class RenamingCursor(psycopg.AsyncCursor[Any]):
    """A cursor of a renaming connection."""

    async def execute(self, query: Any, params: Any = None, **options: Any) -> Any:
        """Execute the statement with the other names."""
        return await super().execute(_renamed(self._conn, query), params, **options)


class RenamingRawCursor(psycopg.AsyncRawCursor[Any]):
    """A raw cursor of a renaming connection."""

    async def execute(self, query: Any, params: Any = None, **options: Any) -> Any:
        """Execute the statement with the other names."""
        return await super().execute(_renamed(self._conn, query), params, **options)
