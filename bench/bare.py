"""The Python speed of this machine: requests answered by bare FastAPI and pydantic, per second of CPU.

Nothing of the service runs here, and no database. Decision 0070 says what the figure is used for.
"""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import UUID

from fastapi import FastAPI
from pydantic import BaseModel

from app.platform.settings import PROJECT
from bench.floor import CLIENTS, Reference
from bench.load import request, run
from bench.site import PATIENCE_SECONDS, POLL_SECONDS, free_port

#: A request took 72 µs of CPU on the reference machine, on which the required rates were set.
OF_REFERENCE = Reference(1e6 / 72)
WARM_UP_SECONDS = 0.5
TICKET = {"title": "Mail does not arrive", "description": "x" * 120, "priority": "P3"}

api = FastAPI()


class NewTicket(BaseModel):
    """The request's payload."""

    title: str
    description: str
    priority: str


class MadeTicket(BaseModel):
    """The answer, the same for every request."""

    id: UUID
    number: str
    version: int


@api.post("/tickets", status_code=201)
async def make_ticket(ticket: NewTicket) -> MadeTicket:
    """Answers without making a ticket."""
    return MadeTicket(id=UUID(int=1), number="INC-2026-000001", version=1)


async def per_second_of_cpu(seconds: float) -> float:
    """Measures how many such requests one process answers per second of its CPU time, under a load of CLIENTS
    clients for `seconds`.
    """
    asked, port = request("POST", "/tickets", "nobody", json.dumps(TICKET).encode()), free_port()
    with _served(port) as child:
        await until_it_listens(child, port)
        await run(port, CLIENTS, WARM_UP_SECONDS, lambda: asked, expect=b"201")
        before = _cpu_seconds(child.pid)
        measured, _ = await run(port, CLIENTS, seconds, lambda: asked, expect=b"201")
        return measured.answers / (_cpu_seconds(child.pid) - before)


@contextmanager
def _served(port: int) -> Iterator[subprocess.Popen[bytes]]:
    """Runs the bare API in a process of its own until the block ends."""
    command = [sys.executable, "-m", "uvicorn", "bench.bare:api", "--port", str(port), "--log-level", "error"]
    with subprocess.Popen(command, cwd=PROJECT, stdin=subprocess.DEVNULL) as child:  # noqa: S603  # ourselves
        try:
            yield child
        finally:
            child.kill()


async def until_it_listens(child: subprocess.Popen[bytes], port: int) -> None:
    """Waits until the process accepts connections. Raises RuntimeError if it has ended instead."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while True:
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
            except OSError:
                if child.poll() is not None:
                    raise RuntimeError(f"uvicorn ended with {child.returncode}") from None
                await asyncio.sleep(POLL_SECONDS)
            else:
                writer.close()
                return


def _cpu_seconds(pid: int) -> float:
    """Returns the CPU time that the process has used (proc(5): utime and stime, in ticks) in seconds."""
    behind_its_name = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return sum(map(int, behind_its_name[11:13])) / os.sysconf("SC_CLK_TCK")
