"""Answers as CSV tables.

A long table is streamed. If it breaks off, for example because the database is gone, its last HTTP chunk is
missing, so that clients do not take it for the whole.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Iterable, Mapping, Sequence
from contextlib import aclosing

from fastapi import Request
from starlette.requests import ClientDisconnect
from starlette.responses import Response, StreamingResponse
from starlette.types import Message, Receive, Scope, Send

from app.api.requests.accept import negotiate
from app.common.files.csv_text import Cell, dump_csv, dump_rows

MEDIA_TYPE = "text/csv"
OFFERED = ("application/json", MEDIA_TYPE)
#: A client that takes nothing of a streamed table for so long is taken to have gone.
STALLED_SECONDS = 60.0

#: The names of the columns, and the rows.
Table = tuple[Sequence[str], Iterable[Sequence[Cell]]]
#: The parts of a long table, one after the other; all have the same columns.
TableParts = AsyncGenerator[Table, None]


def prefers_csv(request: Request) -> bool:
    """Return whether the client prefers CSV to JSON."""
    return negotiate(request.headers.get("accept"), OFFERED) == MEDIA_TYPE


def csv_response(
    columns: Sequence[str], rows: Iterable[Sequence[Cell]], headers: Mapping[str, str]
) -> Response:
    """Return the table as a CSV response."""
    return Response(dump_csv(columns, rows), headers={**headers, **_CONTENT_TYPE})


async def csv_stream(parts: TableParts, headers: Mapping[str, str]) -> Response:
    """Return the table as a CSV response that is sent part by part, each made when the client has taken the
    one before. Exceptions of the first part are raised here, and become a problem. `parts` is closed with the
    response, however that ends.
    """
    first = await anext(parts)
    return _StreamedTable(_pieces(first, parts), headers={**headers, **_CONTENT_TYPE})


_CONTENT_TYPE = {"Content-Type": f"{MEDIA_TYPE}; charset=utf-8; header=present"}


async def _pieces(first: Table, parts: TableParts) -> AsyncGenerator[bytes, None]:
    async with aclosing(parts):
        yield dump_csv(*first).encode()
        async for _, rows in parts:
            yield dump_rows(rows).encode()


class _StreamedTable(StreamingResponse):
    """A response that ends when the client has gone, or takes nothing for STALLED_SECONDS."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_in_time(message: Message) -> None:
            try:
                async with asyncio.timeout(STALLED_SECONDS):
                    await send(message)
            except TimeoutError as error:
                raise ClientDisconnect from error

        assert isinstance(self.body_iterator, AsyncGenerator)
        async with aclosing(self.body_iterator):
            await super().__call__(scope, receive, send_in_time)
