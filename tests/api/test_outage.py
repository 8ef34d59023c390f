"""When the database is gone: 503 with a time to try again, nothing half written, and then it goes on."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import psycopg
import pytest
from psycopg import sql
from structlog.testing import capture_logs

from app.api.service import own_disk, readiness
from app.api.service.own_disk import OwnDisk
from app.common.people import Role
from app.kernel.ledger import Ledger
from app.platform import db
from app.platform.settings import Settings
from tests.client import ADDRESS, Api, Client, Json, an_incident, serving
from tests.conftest import DatabaseUrls, Server
from tests.extent import in_test_all
from tests.lossy_proxy import LossyProxy
from tests.waiting import PATIENCE_SECONDS, until

pytestmark = pytest.mark.usefixtures("connections_anew")
SOON = 0.3


class Cut:
    """A database that takes no connections, and has lost those that it had."""

    def __init__(self, server: Server, place: DatabaseUrls) -> None:
        self.administrator = server.administrator
        self.database = urlsplit(place.url).path.removeprefix("/")

    async def allow(self, allowed: bool) -> None:
        async with await psycopg.AsyncConnection.connect(self.administrator, autocommit=True) as connection:
            statement = sql.SQL("alter database {} allow_connections {}")
            await connection.execute(statement.format(sql.Identifier(self.database), sql.Literal(allowed)))
            if not allowed:
                await self.disconnect(connection)

    async def disconnect(self, connection: psycopg.AsyncConnection[object]) -> None:
        await connection.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity where datname = %s", (self.database,)
        )


@in_test_all
async def test_every_answer_says_when_to_try_again_and_then_the_service_goes_on_by_itself(
    api: Api, server: Server, place: DatabaseUrls
) -> None:
    zhao = await api.client("Zhao Min")
    record = await zhao.post_ok("/v1/incidents", an_incident())
    path = f"/v1/incidents/{record['id']}"
    cut = Cut(server, place)
    await cut.allow(False)
    answers = await asyncio.gather(
        zhao.get(path),
        zhao.get("/v1/incidents", headers={"Accept-Language": "zh"}),
        zhao.get(f"{path}/events"),
        zhao.get("/v1/meta"),
        zhao.post("/v1/incidents", json=an_incident()),
        zhao.post(f"{path}/comment", json={"text": "x"}, headers={"Idempotency-Key": "k"}),
        api.with_token("ldk_" + "0" * 32 + "_x").get("/v1/meta"),
    )
    for answer in answers:
        assert (answer.status_code, answer.json()["code"]) == (503, "database_gone")
        assert int(answer.headers["retry-after"]) > 0
    assert answers[1].json()["title"] == "数据库没有响应"
    anonymous = api.with_token(None)
    ready, alive = await asyncio.gather(anonymous.get("/readyz"), anonymous.get("/livez"))
    assert (ready.status_code, ready.json()) == (503, {"ready": False, "missing": ["database"]})
    assert alive.status_code == 200

    await cut.allow(True)

    async def answered() -> Json | None:
        answer = await zhao.get(path)
        return answer.json() if answer.status_code == 200 else None

    assert await until(answered) == record
    events = (await zhao.read(f"{path}/events"))["items"]
    assert [event["type"] for event in events] == ["incident.reported"], "nothing of it was written"

    async def written() -> bool:
        answer = await zhao.post(f"{path}/comment", json={"text": "x"}, headers={"Idempotency-Key": "k"})
        return answer.status_code == 200

    assert await until(written)
    assert await until(lambda: _is_ready(anonymous))


async def test_a_command_whose_connection_is_cut_is_answered_503_and_done_once_when_it_is_repeated(
    api: Api, server: Server, place: DatabaseUrls
) -> None:
    agent = await api.client("Lin", Role.agent)
    path = f"/v1/incidents/{(await agent.post_ok('/v1/incidents', an_incident()))['id']}"
    key = {"Idempotency-Key": "k"}
    cut = Cut(server, place)
    connect = psycopg.AsyncConnection.connect
    async with await connect(server.administrator, autocommit=True) as administrator:  # noqa: SIM117  # it outlives the holder
        async with await connect(place.owner_url) as holder:
            await holder.execute("select * from log.head for update")
            command = asyncio.create_task(agent.post(f"{path}/acknowledge", json={}, headers=key))

            async def waits() -> bool:
                cursor = await administrator.execute(
                    "select 1 from pg_stat_activity where datname = %s and wait_event_type = 'Lock'",
                    (cut.database,),
                )
                return await cursor.fetchone() is not None

            await until(waits)
            await administrator.execute(
                "select pg_terminate_backend(pid) from pg_stat_activity "
                "where datname = %s and wait_event_type = 'Lock'",
                (cut.database,),
            )
            assert (await command).status_code == 503
    for _ in range(2):
        again = await agent.post(f"{path}/acknowledge", json={}, headers=key)
        assert (again.status_code, again.json()["state"]) == (200, "acknowledged")
    events = (await agent.read(f"{path}/events"))["items"]
    assert [event["type"] for event in events] == ["incident.reported", "incident.acknowledged"]


async def test_a_network_that_is_silent_is_an_outage_too_and_what_was_sent_is_done_once(
    place: DatabaseUrls, tmp_path: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(db, "POOL_WAIT_SECONDS", SOON)
    monkeypatch.setattr(readiness, "READY_SECONDS", SOON)
    async with (
        LossyProxy(place.url, lambda: False) as road,
        serving(road.url, tmp_path / "secrets", settings) as api,
    ):
        zhao = await api.client("Zhao Min")
        path = f"/v1/incidents/{(await zhao.post_ok('/v1/incidents', an_incident()))['id']}"
        anonymous, key = api.with_token(None), {"Idempotency-Key": "k"}
        road.flows.clear()
        monkeypatch.setattr(db, "ANSWER_SECONDS", PATIENCE_SECONDS * 10)  # for the rest one would wait longer
        async with asyncio.timeout(PATIENCE_SECONDS):
            ready = await anonymous.get("/readyz")
        assert (ready.status_code, ready.json()) == (503, {"ready": False, "missing": ["database"]})
        with monkeypatch.context() as patched:
            patched.setattr(db, "ANSWER_SECONDS", SOON)
            answers = await asyncio.gather(
                zhao.get(path),
                zhao.get("/v1/incidents"),
                zhao.post(f"{path}/comment", json={"text": "x"}, headers=key),
                api.with_token("ldk_" + "0" * 32 + "_x").get("/v1/meta"),
            )
        for answer in answers:
            assert (answer.status_code, answer.json()["code"]) == (503, "database_gone")
            assert int(answer.headers["retry-after"]) > 0
        road.flows.set()

        async def written() -> bool:
            return (await zhao.post(f"{path}/comment", json={"text": "x"}, headers=key)).status_code == 200

        assert await until(written)
        events = (await zhao.read(f"{path}/events"))["items"]
        assert [event["type"] for event in events] == ["incident.reported", "incident.commented"]
        assert await until(lambda: _is_ready(anonymous))


async def _is_ready(client: Client) -> bool:
    return (await client.get("/readyz")).status_code == 200


SERVING = """
select pid, coalesce(wait_event = 'ClientRead', false) from pg_stat_activity
where datname = %s and backend_type = 'client backend'
"""


@contextlib.asynccontextmanager
async def stopped(server: Server, place: DatabaseUrls) -> AsyncIterator[None]:
    """All processes of PostgreSQL that serve this database stand still, until the block ends.

    They are stopped while they wait for us: one that holds a lock of shared memory would stop all others.
    """
    database = urlsplit(place.url).path.removeprefix("/")
    async with await psycopg.AsyncConnection.connect(server.administrator, autocommit=True) as administrator:

        async def stop() -> list[int] | None:
            rows = await (await administrator.execute(SERVING, (database,))).fetchall()
            pids = [pid for pid, waits in rows if waits]
            if len(pids) < len(rows):
                return None
            _signal(pids, signal.SIGSTOP)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(1):
                    now = await (await administrator.execute(SERVING, (database,))).fetchall()
                    if all(waits for _, waits in now):
                        return pids
            _signal(pids, signal.SIGCONT)
            return None

        pids = await until(stop)
    try:
        yield
    finally:
        _signal(pids, signal.SIGCONT)


def _signal(pids: list[int], number: signal.Signals) -> None:
    for pid in pids:
        os.kill(pid, number)


@in_test_all
async def test_processes_of_the_database_that_stand_still_are_left_for_others_that_work(
    api: Api, server: Server, place: DatabaseUrls, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(readiness, "READY_SECONDS", SOON)
    zhao = await api.client("Zhao Min")
    path = f"/v1/incidents/{(await zhao.post_ok('/v1/incidents', an_incident()))['id']}"
    anonymous, key = api.with_token(None), {"Idempotency-Key": "k"}

    async def written() -> bool:
        return (await zhao.post(f"{path}/comment", json={"text": "x"}, headers=key)).status_code == 200

    async with stopped(server, place):
        with monkeypatch.context() as patched:
            patched.setattr(db, "ANSWER_SECONDS", PATIENCE_SECONDS * 10)
            async with asyncio.timeout(PATIENCE_SECONDS):
                assert not await _is_ready(anonymous)
        monkeypatch.setattr(db, "ANSWER_SECONDS", SOON)
        assert not await written()
        assert await until(written)
        assert await until(lambda: _is_ready(anonymous))
    events = (await zhao.read(f"{path}/events"))["items"]
    assert [event["type"] for event in events] == ["incident.reported", "incident.commented"]


@pytest.mark.parametrize(
    ("idle", "stalled", "first"),
    [(0.0, 60.0, 200), (60.0, SOON, 503)],
    ids=["nobody has used it for a moment", "it is in use"],
)
async def test_a_connection_that_stands_still_costs_nobody_more_than_a_moment(
    api: Api,
    server: Server,
    place: DatabaseUrls,
    monkeypatch: pytest.MonkeyPatch,
    idle: float,
    stalled: float,
    first: int,
) -> None:
    zhao = await api.client("Zhao Min")
    path = f"/v1/incidents/{(await zhao.post_ok('/v1/incidents', an_incident()))['id']}"
    await zhao.read(path)
    monkeypatch.setattr(db, "IDLE_SECONDS", idle)
    monkeypatch.setattr(db, "STALLED_SECONDS", stalled)
    monkeypatch.setattr(db, "PING_SECONDS", SOON / 2)

    async def read() -> bool:
        return (await zhao.get(path)).status_code == 200

    async with stopped(server, place):
        with monkeypatch.context() as patched:
            patched.setattr(db, "ANSWER_SECONDS", PATIENCE_SECONDS * 10)
            async with asyncio.timeout(PATIENCE_SECONDS):
                assert (await zhao.get(path)).status_code == first
        assert await until(read)


async def test_a_statement_that_the_database_is_at_may_take_its_time(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(db, "STALLED_SECONDS", 0.1)
    assert await ledger.db.value("select pg_sleep(0.4) is null") is False


async def test_a_database_that_has_become_read_only_is_read_and_the_log_says_why_nothing_is_written(
    api: Api, server: Server, place: DatabaseUrls
) -> None:
    zhao = await api.client("Zhao Min")
    path = f"/v1/incidents/{(await zhao.post_ok('/v1/incidents', an_incident()))['id']}"
    cut = Cut(server, place)
    statement = sql.SQL("alter database {} set default_transaction_read_only = {}")
    async with await psycopg.AsyncConnection.connect(server.administrator, autocommit=True) as administrator:
        await administrator.execute(statement.format(sql.Identifier(cut.database), True))
        await cut.disconnect(administrator)

        async def reads() -> bool:
            return (await zhao.get(path)).status_code == 200

        assert await until(reads)
        # The first only learns that the writer's connection was cut.
        for why in ("", "25006"):
            with capture_logs() as lines:
                answer = await zhao.post(f"{path}/comment", json={"text": "x"})
            assert (answer.status_code, answer.json()["code"]) == (503, "database_gone")
            assert int(answer.headers["retry-after"]) > 0
            assert lines[-1]["request_id"] == answer.json()["request_id"]
            assert why in lines[-1]["why"]
        await administrator.execute(statement.format(sql.Identifier(cut.database), False))

    async def written() -> bool:
        return (await zhao.post(f"{path}/comment", json={"text": "x"})).status_code == 200

    assert await until(written)


async def test_a_failure_of_ours_is_told_without_its_details_and_with_the_id_to_ask_about(
    api: Api, place: DatabaseUrls
) -> None:
    zhao = await api.client("Zhao Min")
    path = f"/v1/incidents/{(await zhao.post_ok('/v1/incidents', an_incident()))['id']}"
    async with await psycopg.AsyncConnection.connect(place.owner_url, autocommit=True) as owner:
        await owner.execute("alter table fold.incident rename to hidden")
    # A server logs the error and goes on; this transport would raise it.
    transport = httpx.ASGITransport(api.app, raise_app_exceptions=False)
    headers = {"Authorization": f"Bearer {zhao.token}", "Accept-Language": "zh", "X-Request-Id": "portal-7"}
    async with httpx.AsyncClient(transport=transport, base_url=ADDRESS, headers=headers) as client:
        for answer in (
            await client.get(path),
            await client.post(f"{path}/cancel", json={"reason": "Twice."}),
        ):
            document = answer.json()
            assert (answer.status_code, document["code"], document["title"]) == (
                500,
                "failed",
                "内部错误",
            )
            assert answer.headers["x-request-id"] == document["request_id"] == "portal-7"
            assert "hidden" not in answer.text
            assert "fold" not in answer.text


FULL = """
create function fold.full_disk() returns trigger language plpgsql as
  $$ begin raise exception 'could not extend file: No space left on device' using errcode = '53100'; end $$;
create trigger full_disk before insert on fold.incident execute function fold.full_disk()"""


async def test_a_full_disk_is_said_as_such_and_once_there_is_room_the_service_goes_on(
    api: Api, place: DatabaseUrls
) -> None:
    zhao = await api.client("Zhao Min")
    with psycopg.connect(place.owner_url, autocommit=True) as owner:
        owner.execute(FULL)
        with capture_logs() as lines:
            refused = await zhao.post("/v1/incidents", json=an_incident())
        assert (refused.status_code, refused.json()["code"]) == (503, "disk_full")
        assert int(refused.headers["retry-after"]) > 0
        (line,) = [line for line in lines if line["event"] == "the disk is full"]
        assert line["request_id"] == refused.json()["request_id"]
        assert "No space left on device" in line["why"]
        owner.execute("drop trigger full_disk on fold.incident")
    assert (await zhao.post("/v1/incidents", json=an_incident())).status_code == 201


@in_test_all
async def test_when_the_database_beside_us_has_ended_its_disk_is_looked_at(
    api: Api, server: Server, place: DatabaseUrls, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    zhao = await api.client("Zhao Min")
    cut = Cut(server, place)
    await cut.allow(False)
    api.app.state.disk = OwnDisk(tmp_path)
    assert (await zhao.get("/v1/incidents")).json()["code"] == "database_gone"
    monkeypatch.setattr(own_disk, "LEAST_FREE_BYTES", 2**62)
    assert (await zhao.get("/v1/incidents")).json()["code"] == "disk_full"
    await cut.allow(True)
