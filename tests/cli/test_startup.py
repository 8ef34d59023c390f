"""A process that starts while PostgreSQL recovers from a crash waits for it and says so, and not for ever."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import socket
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Awaitable, Callable
from itertools import product
from pathlib import Path

import httpx
import psycopg
import pytest
from fastapi import FastAPI
from structlog.testing import capture_logs

from app.cli.exits import TERMINATED
from app.cli.server import serve
from app.cli.server.serve import bind_listener, serving
from app.cli.server.serve import run as run_server
from app.platform import loop, schema, startup
from app.platform.db import DatabaseGone
from app.platform.installation import Installation
from app.platform.settings import PROJECT, Settings
from tests.cli.conftest import Run, environment
from tests.cli.test_work import Log
from tests.conftest import DatabaseUrls
from tests.extent import first_of, in_test_all
from tests.forked import Forking
from tests.lossy_proxy import LossyProxy
from tests.waiting import until

#: What a client asks for before it says who it is: to have the line encrypted, by one means or the other.
ENCRYPTED = (80877103, 80877104)
PATIENCE_SECONDS = 55.0
STARTING_UP = "SFATAL\0VFATAL\0C57P03\0M数据库系统正在启动\0\0".encode()


class Recovering(LossyProxy):
    """A road to PostgreSQL that answers as one does which recovers from a crash, until it has `recovered`."""

    def __init__(self, url: str) -> None:
        super().__init__(url, lambda: False)
        self.recovered = False

    async def _carry(self, from_client: asyncio.StreamReader, to_client: asyncio.StreamWriter) -> None:
        if self.recovered:
            await super()._carry(from_client, to_client)
            return
        try:
            while True:
                head = await from_client.readexactly(8)
                if int.from_bytes(head[4:]) not in ENCRYPTED:
                    break
                to_client.write(b"N")
            to_client.write(b"E" + (len(STARTING_UP) + 4).to_bytes(4) + STARTING_UP)
            await to_client.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            to_client.close()


def patient(place: DatabaseUrls, url: str, tmp_path: Path) -> dict[str, str]:
    """What a command sees that has a minute to wait for that database."""
    return environment(
        database_url=url,
        owner_url=place.owner_url,
        secrets_dir=str(tmp_path / "secrets"),
        database_wait_seconds="60",
    )


async def started(place: DatabaseUrls, url: str, tmp_path: Path, *command: str) -> Process:
    """The command, with a minute to wait."""
    variables = patient(place, url, tmp_path)
    return await asyncio.create_subprocess_exec(
        sys.executable, "-m", "app.cli", *command, cwd=PROJECT, env=variables, stdout=PIPE, stderr=PIPE
    )


async def test_a_service_waits_until_the_database_has_recovered(
    place: DatabaseUrls, forking: Forking, tmp_path: Path
) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    async with (
        waiting(place, forking, tmp_path, "serve", "--port", str(port)) as until_it,
        httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as client,
    ):

        async def is_ready() -> bool:
            try:
                return (await client.get("/readyz")).status_code == 200
            except httpx.TransportError:
                return False

        assert await until_it(is_ready)


@in_test_all
async def test_a_worker_waits_until_the_database_has_recovered(
    place: DatabaseUrls, run: Run, forking: Forking, tmp_path: Path
) -> None:
    log = Log(place, run)
    log.grow()
    async with waiting(place, forking, tmp_path, "work") as until_it:
        assert await until_it(log.is_followed)


@contextlib.asynccontextmanager
async def waiting(
    place: DatabaseUrls, forking: Forking, folder: Path, *command: str
) -> AsyncIterator[Callable[[Callable[[], Awaitable[bool]]], Awaitable[bool]]]:
    """The command has waited for the database, which has recovered now; it goes on until the block ends. The
    block gets an `until` that fails at once if the command ends.
    """
    road, log = Recovering(place.url), folder / "said"
    async with road:
        process = forking.start(*command, environment=patient(place, road.url, folder), log=log)

        async def until_it(look: Callable[[], Awaitable[bool]]) -> bool:
            async def look_while_it_runs() -> bool:
                assert process.poll() is None, log.read_text("utf-8")
                return await look()

            return await until(look_while_it_runs)

        async def waits() -> bool:
            return "waiting for PostgreSQL" in log.read_text("utf-8")

        try:
            assert await until_it(waits)
            road.recovered = True
            yield until_it
            assert process.poll() is None
        finally:
            process.terminate()

            async def ended() -> bool:
                return process.poll() is not None

            await until(ended)


#: What a command waits for before it works, while somebody has it.
HELD = ("plumbing.migration", "vault.master")
LOCK_IS_AWAITED = """
select count(*) from pg_locks l join pg_database d on d.oid = l.database
where d.datname = current_database() and not l.granted and l.relation = %s::regclass"""


@pytest.mark.parametrize(
    ("command", "table"), first_of([*product(("serve", "work"), HELD), ("migrate", HELD[0])], 1)
)
@in_test_all
async def test_whoever_waits_for_a_lock_ends_when_told_to(
    place: DatabaseUrls, tmp_path: Path, command: str, table: str
) -> None:
    async with await psycopg.AsyncConnection.connect(place.owner_url) as holder:
        await holder.execute(f"lock table {table}".encode())
        process = await started(place, place.url, tmp_path, command)

        async def waits() -> bool:
            async with await psycopg.AsyncConnection.connect(place.owner_url) as eyes:
                row = await (await eyes.execute(LOCK_IS_AWAITED, (table,))).fetchone()
            return row is not None and row[0] > 0

        try:
            assert await until(waits)
            process.send_signal(signal.SIGTERM)
            async with asyncio.timeout(PATIENCE_SECONDS):  # whoever does not end at all fails here
                _, output = await process.communicate()
        finally:
            if process.returncode is None:
                process.kill()
                await process.communicate()
    assert process.returncode == TERMINATED
    assert "Traceback" not in output.decode()


async def test_a_server_that_waits_for_its_application_ends_when_told_to() -> None:
    begun, never = asyncio.Event(), asyncio.Event()

    @contextlib.asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        begun.set()
        await never.wait()
        yield

    server = serving(FastAPI(lifespan=lifespan))
    running = asyncio.create_task(server.serve())
    await begun.wait()
    server.should_exit = True  # as a signal would have it
    await running
    assert not server.started


async def test_a_server_ends_when_told_to_though_its_application_loses_a_cancellation(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """As `asyncio.wait_for` does before Python 3.12, by which a pool waits for its first connection."""
    monkeypatch.setattr(serve, "CANCEL_AGAIN_SECONDS", 0.05)
    begun, never = asyncio.Event(), asyncio.Event()

    @contextlib.asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        begun.set()
        with contextlib.suppress(asyncio.CancelledError):
            await never.wait()
        yield

    earlier = asyncio.all_tasks()
    server = serving(FastAPI(lifespan=lifespan))
    running = asyncio.create_task(server.serve())
    await begun.wait()
    server.should_exit = True
    await running
    left = asyncio.all_tasks() - earlier
    await loop.end(left, again_seconds=0.05)
    assert not left


async def test_it_is_waited_for_so_long_and_then_told_what_was_wrong() -> None:
    with capture_logs() as logged, pytest.raises(psycopg.OperationalError, match="refused"):
        startup.retry_step(
            lambda: psycopg.connect("postgresql://x@127.0.0.1:1/x"), "postgresql://127.0.0.1:1", 0.2
        )
    assert [line["why"] for line in logged] == ["it does not answer"]


def test_a_refusal_that_lasts_is_told_before_the_wait_is_over(
    place: DatabaseUrls, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(startup, "EVERY_SECONDS", 0.01)
    monkeypatch.setattr(startup, "REFUSAL_SECONDS", 0.1)
    tried = []

    def step() -> None:
        tried.append(1)
        psycopg.connect(f"{place.url}&options=-c%20nothing%3Don")

    with pytest.raises(psycopg.Error):
        startup.retry_step(step, place.url, 60)
    assert len(tried) > 1


def test_a_server_that_crashes_again_and_again_is_waited_for(
    place: DatabaseUrls, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each time it is back before it is asked whether it is there."""
    monkeypatch.setattr(startup, "EVERY_SECONDS", 0.01)
    tried = []

    def step() -> str:
        tried.append(1)
        if len(tried) <= 20:
            raise psycopg.OperationalError("server closed the connection unexpectedly")
        return "ready"

    assert startup.retry_step(step, place.url, 60) == "ready"


async def test_a_server_whose_application_does_not_start_ends_and_says_so() -> None:
    @contextlib.asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        raise DatabaseGone("It has gone.")
        yield

    server = serving(FastAPI(lifespan=lifespan))
    await server.serve()
    assert server.has_failed
    assert not server.started


@in_test_all
def test_a_server_whose_database_goes_while_it_starts_ends_as_if_it_had_been_gone_before(
    tmp_path: Path,
) -> None:
    address = "postgresql://x@127.0.0.1:1/x?connect_timeout=1"
    unreachable = Installation(address, None, tmp_path, data_dir=None)
    with bind_listener("127.0.0.1", 0) as listener, pytest.raises(DatabaseGone):
        run_server(unreachable, Settings(database_wait_seconds=0), listener)


def test_what_is_only_for_the_log_ends_no_start() -> None:
    assert schema.current_if_available("postgresql://x@127.0.0.1:1/x?connect_timeout=1") is None
