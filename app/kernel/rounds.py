"""Work that no event of the log asks for at once: whoever does it goes round again and again."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from app.db import Connection, connect
from app.log.follow import RETRY_SECONDS


async def run(
    name: str,
    url: str,
    options: str,
    work: Callable[[Connection], Awaitable[bool]],
    *,
    every: float,
    failed: Callable[[str, Exception], None],
) -> None:
    """Does the work for ever: at once again while there was some, else after so many seconds.

    `options` are those of its connection. `failed` is told of each failure; it is tried again.
    """
    while True:
        try:
            connection = await connect(url, options)
            try:
                while True:
                    if not await work(connection):
                        await asyncio.sleep(every)
            finally:
                await connection.close()
        except Exception as error:  # whatever it is: what comes next is to be done
            failed(name, error)
            await asyncio.sleep(RETRY_SECONDS)
