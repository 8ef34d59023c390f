"""Applications behind a real socket, for clients that speak HTTP themselves."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator

from fastapi import FastAPI

from app.cli.server.serve import bind_listener, serving
from tests.waiting import until


@contextlib.asynccontextmanager
async def behind_a_socket(app: FastAPI) -> AsyncIterator[tuple[str, int]]:
    """The address of a server that answers for the application until the block ends."""
    server = serving(app)
    listener = bind_listener("127.0.0.1", 0)
    running = asyncio.create_task(server.serve(sockets=[listener]))

    async def started() -> bool:
        return server.started

    await until(started)
    try:
        yield listener.getsockname()
    finally:
        server.should_exit = True
        await running
