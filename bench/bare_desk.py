"""The least that a desk over HTTP needs: FastAPI and psycopg's pool, a row of a ticket and one of an event in
one transaction. No keys, no rules, no visibility, no answers that are checked.

It writes to the tables of the floor, beside the service and on the same PostgreSQL: what the service takes
longer is what it does.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

import orjson
from fastapi import FastAPI, HTTPException, Response
from psycopg.rows import dict_row
from psycopg_pool import AsyncConnectionPool
from pydantic import BaseModel

from app.platform.settings import PROJECT
from bench.site import free_port

URL = "BARE_DESK_DATABASE_URL"
CONNECTIONS = 10
OPEN = """
insert into floor.ticket (id, number, state, title, description, priority, requester_id, opened_at, version)
values (%(id)s, %(number)s, 'new', %(title)s, %(description)s, 'P3', %(requester)s, now(), 1)
returning id, number, state, version, opened_at"""
ACT = """
update floor.ticket set state = %(state)s, version = version + 1 where id = %(id)s and version = %(version)s
returning id, number, state, version, opened_at"""
READ = "select id, state, version from floor.ticket where id = %s"
TELL = """
insert into floor.event (id, stream, version, type, actor, occurred_at, recorded_at, data)
values (%s, %s, %s, %s, 'person:00000000-0000-7000-8000-000000000000', now(), now(), %s)"""
LIST = """
select id, number, state, title, description, priority, requester_id, team_id, opened_at, version
from floor.ticket order by id desc limit %s"""


class NewTicket(BaseModel):
    """The request's payload; what else it says is not read."""

    title: str
    description: str


class Ticket(BaseModel):
    """The answer to whoever writes."""

    id: UUID
    number: str
    state: str
    version: int
    opened_at: datetime


@asynccontextmanager
async def _with_pool(served: FastAPI) -> AsyncIterator[None]:
    async with AsyncConnectionPool(
        os.environ[URL], min_size=CONNECTIONS, max_size=CONNECTIONS, kwargs={"row_factory": dict_row}
    ) as pool:
        served.state.pool = pool
        yield


api = FastAPI(lifespan=_with_pool)


async def _tell(connection: Any, ticket: dict[str, Any], event: str, said: dict[str, Any]) -> None:
    stream = f"incident/{ticket['id']}"
    await connection.execute(TELL, (uuid4(), stream, ticket["version"], event, orjson.dumps(said)))


@api.post("/tickets", status_code=201)
async def open_ticket(new: NewTicket) -> Ticket:
    """Opens a ticket."""
    given = new.model_dump()
    ids = {"id": uuid4(), "number": f"INC-{uuid4()}", "requester": uuid4()}
    async with api.state.pool.connection() as connection:
        ticket = await (await connection.execute(OPEN, given | ids)).fetchone()
        await _tell(connection, ticket, "incident.reported", given)
    return Ticket(**ticket)


@api.post("/tickets/{ticket_id}/{action}")
async def act(ticket_id: UUID, action: str) -> Ticket:
    """Reads the ticket, and takes it to another state if nobody else has meanwhile."""
    async with api.state.pool.connection() as connection:
        before = await (await connection.execute(READ, (ticket_id,))).fetchone()
        if before is None:
            raise HTTPException(404)
        state = "on_hold" if action == "hold" else "in_progress"
        ticket = await (await connection.execute(ACT, before | {"state": state})).fetchone()
        if ticket is None:
            raise HTTPException(412)
        await _tell(connection, ticket, f"incident.{action}", {"state": state})
    return Ticket(**ticket)


@api.get("/tickets")
async def list_tickets(limit: int = 50) -> Response:
    """Lists tickets, whole."""
    async with api.state.pool.connection() as connection:
        rows = await (await connection.execute(LIST, (limit,))).fetchall()
    return Response(orjson.dumps({"items": rows}), media_type="application/json")


@contextmanager
def served(url: str) -> Iterator[tuple[int, subprocess.Popen[bytes]]]:
    """Runs the bare desk on that database in a process of its own until the block ends: its port, and it."""
    port = free_port()
    command = [sys.executable, "-m", "uvicorn", "bench.bare_desk:api", "--port", str(port)]
    command += ["--log-level", "error", "--no-access-log"]
    with subprocess.Popen(command, cwd=PROJECT, env=os.environ | {URL: url}) as child:  # noqa: S603  # ourselves
        try:
            yield port, child
        finally:
            child.kill()
