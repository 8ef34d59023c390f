"""Applications behind a real socket, for clients that speak HTTP themselves."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator
from types import SimpleNamespace

import uvicorn.server
from fastapi import FastAPI

from app.cli.server.serve import bind_listener, serving
from tests.waiting import LOOK_SECONDS, until


async def _look_soon(seconds: float) -> None:
    await asyncio.sleep(min(seconds, LOOK_SECONDS))


# Uvicorn looks only every 0.1 s whether it is to end, and whether everybody has left: 0.2 s of each test.
vars(uvicorn.server)["asyncio"] = SimpleNamespace(**{**vars(asyncio), "sleep": _look_soon})


@contextlib.asynccontextmanager
async def behind_a_socket(app: FastAPI, send_buffer: int | None = None) -> AsyncIterator[tuple[str, int]]:
    """The address of a server that answers for the application until the block ends. `send_buffer`: so many
    bytes wait in the system for a client that does not take them.
    """
    server = serving(app)
    listener = bind_listener("127.0.0.1", 0)
    if send_buffer is not None:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, send_buffer)
    running = asyncio.create_task(server.serve(sockets=[listener]))

    async def started() -> bool:
        return server.started

    await until(started)
    try:
        yield listener.getsockname()
    finally:
        server.should_exit = True
        await running
