"""What the service says of itself: whether it is ready, what it counts, what it is."""

from __future__ import annotations

import asyncio
import math
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest
from psycopg import sql

from app.api.service import readiness
from app.common.people import Role, rule_caller
from app.common.times.clocks import ClockEventType
from app.kpis.facts.consumer import FACTS
from app.kpis.reconciliations.lifecycle import MakeReconciliation
from app.log.follow import FOLLOW_LIMITS, catch_up
from app.platform.db import connect
from app.platform.settings import Settings
from app.registry import LIFECYCLES
from tests.api.test_outage import Cut
from tests.client import ADDRESS, Api, an_incident, serving
from tests.conftest import DatabaseUrls, Server
from tests.every_action.samples import SAMPLES
from tests.extent import in_test_all
from tests.people import act
from tests.waiting import until


async def figures(api: Api, key: str | None) -> httpx.Response:
    """What /metrics answers, which is no part of the contract."""
    headers = {} if key is None else {"Authorization": f"Bearer {key}"}
    transport = httpx.ASGITransport(api.app)
    async with httpx.AsyncClient(transport=transport, base_url=ADDRESS, headers=headers) as client:
        return await client.get("/metrics")


async def scraped(api: Api) -> dict[str, float]:
    """The samples of /metrics, each by its name and labels."""
    answer = await figures(api, (await api.client("Prometheus", Role.integration)).token)
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    lines = [line for line in answer.text.splitlines() if not line.startswith("#")]
    samples = [line.rpartition(" ") for line in lines]
    return {name: float(value) for name, _, value in samples}


async def test_requests_are_counted_by_operation_and_status_with_how_long_they_took(api: Api) -> None:
    zhao = await api.client("Zhao Min")
    path = f"/v1/incidents/{(await zhao.post_ok('/v1/incidents', an_incident()))['id']}"
    for _ in range(3):
        await zhao.get(path)
    await zhao.head(path)
    await zhao.get("/v1/incidents/nothing")
    await zhao.get("/v1/nowhere")
    await api.with_token(None).get(path)
    samples = await scraped(api)
    count = "ledgerdesk_http_request_seconds_count"
    assert samples[f'{count}{{operation="get_incident",status="200"}}'] == 4
    assert samples[f'{count}{{operation="get_incident",status="404"}}'] == 1
    assert samples[f'{count}{{operation="report_incident",status="201"}}'] == 1
    assert samples[f'{count}{{operation="none",status="404"}}'] == 1
    assert samples[f'{count}{{operation="none",status="401"}}'] == 1
    bucket = 'ledgerdesk_http_request_seconds_bucket{le="+Inf",operation="get_incident",status="200"}'
    assert samples[bucket] == 4
    assert not any(str(zhao.id) in name or "nowhere" in name for name in samples)


async def test_the_log_its_consumers_and_the_connections_are_measured_when_asked(
    api: Api, place: DatabaseUrls
) -> None:
    connection = await connect(place.url, FOLLOW_LIMITS)
    zhao = await api.client("Zhao Min")
    await catch_up(connection, FACTS)
    await connection.close()
    caught_up = await scraped(api)
    lag = 'ledgerdesk_consumer_lag_events{consumer="kpi"}'
    # The client that asks is made after the consumer has caught up: a person and a key.
    assert caught_up[lag] == 2
    await zhao.post_ok("/v1/incidents", an_incident())
    behind = await scraped(api)
    assert behind[lag] == 5
    assert behind['ledgerdesk_consumer_lag_seconds{consumer="kpi"}'] > 0
    assert behind["ledgerdesk_log_position"] == await api.head()
    assert behind["ledgerdesk_database_up"] == 1
    assert behind["ledgerdesk_timers_overdue"] == 0
    assert behind["ledgerdesk_writer_waiting"] == 0
    assert behind['ledgerdesk_database_connections{state="idle"}'] >= 1
    assert behind["process_resident_memory_bytes"] > 0


async def test_how_the_last_comparison_of_kpis_ended_is_measured_and_one_that_never_was_is_no_zero(
    api: Api,
) -> None:
    found, old = "ledgerdesk_reconciliation_differences", "ledgerdesk_reconciliation_age_seconds"
    never = await scraped(api)
    assert math.isnan(never[found])
    assert math.isnan(never[old])
    for hours, differences in ((5, 0), (2, 3)):
        fields = SAMPLES[MakeReconciliation]() | {"differences": differences}
        body = MakeReconciliation.model_validate(fields)
        now = datetime.now(UTC) - timedelta(hours=hours)
        await act(api.ledger, rule_caller("tests"), "reconciliation", "make", body=body, now=now)
    last = await scraped(api)
    assert last[found] == 3
    assert last[old] == pytest.approx(2 * 3600, abs=60)


async def test_figures_are_for_those_who_look_after_the_service(api: Api) -> None:
    assert (await figures(api, None)).status_code == 401
    for role, status in ((Role.requester, 403), (Role.agent, 403), (Role.admin, 200), (Role.auditor, 200)):
        answer = await figures(api, (await api.client("Somebody", role)).token)
        assert answer.status_code == status
        if status == 403:
            assert answer.json()["code"] == "forbidden"


async def test_figures_are_open_to_all_only_where_a_setting_says_so(
    place: DatabaseUrls, tmp_path: Path, settings: Settings
) -> None:
    changed = settings.model_copy(update={"open_metrics": True})
    async with serving(place.url, tmp_path / "secrets", changed) as api:
        assert (await figures(api, None)).status_code == 200


async def test_who_asks_what_this_is_learns_its_lifecycles_limits_and_languages(api: Api) -> None:
    client = await api.client("Zhao Min")
    answer = await client.read("/v1/meta")
    assert answer["position"] == await api.head()
    assert answer["languages"] == ["en", "zh"]
    assert answer["limits"] == {
        "body_bytes": 1_048_576,
        "page_size": 200,
        "requests": 1_000,
        "request_seconds": 10,
    }
    assert [lifecycle["kind"] for lifecycle in answer["lifecycles"]] == [
        expected.kind for expected in LIFECYCLES
    ]
    for lifecycle, expected in zip(answer["lifecycles"], LIFECYCLES, strict=True):
        assert [action["action"] for action in lifecycle["actions"]] == [row.name for row in expected.rows]
        assert [state["state"] for state in lifecycle["states"]] == [state.value for state in expected.states]
    chinese = (await client.get("/v1/meta", headers={"Accept-Language": "zh"})).json()
    labels = {lifecycle["kind"]: lifecycle["label"] for lifecycle in chinese["lifecycles"]}
    assert labels["incident"] == "事件"
    events = {clock_event["event"]: clock_event["label"] for clock_event in chinese["clock_events"]}
    assert events["clock.breached"] == "超时"
    assert events.keys() == set(ClockEventType)


async def ready(api: Api) -> tuple[int, list[str]]:
    answer = await api.with_token(None).get("/readyz")
    document = answer.json()
    assert document["ready"] == (answer.status_code == 200) == ("retry-after" not in answer.headers)
    return answer.status_code, document["missing"]


@pytest.fixture
def asking_each_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody is told what was so a moment ago."""
    monkeypatch.setattr(readiness, "FRESH_SECONDS", 0.0)


@pytest.fixture
async def owner(place: DatabaseUrls) -> AsyncIterator[psycopg.AsyncConnection[object]]:
    async with await psycopg.AsyncConnection.connect(place.owner_url, autocommit=True) as connection:
        yield connection


async def test_a_schema_that_is_too_old_is_missing_and_a_later_one_unless_it_only_adds(
    api: Api, owner: psycopg.AsyncConnection[object], asking_each_time: None
) -> None:
    assert await ready(api) == (200, [])
    await owner.execute("update plumbing.migration set version_num = '0000'")
    assert await ready(api) == (503, ["schema"])
    await owner.execute("update plumbing.migration set version_num = '9999'")
    assert await ready(api) == (503, ["schema"])
    await owner.execute("insert into plumbing.schema_change (revision, adds_only) values ('9999', true)")
    assert await ready(api) == (200, [])
    await owner.execute("drop table plumbing.migration")
    assert await ready(api) == (503, ["schema"])


async def test_a_database_that_is_read_only_is_not_ready_as_every_write_says(
    api: Api, server: Server, place: DatabaseUrls, asking_each_time: None
) -> None:
    client, cut = await api.client("Zhao Min"), Cut(server, place)
    assert await ready(api) == (200, [])
    for read_only, written, expected in (("on", 503, (503, ["writes"])), ("off", 201, (200, []))):
        async with await psycopg.AsyncConnection.connect(
            server.administrator, autocommit=True
        ) as administrator:
            statement = sql.SQL("alter database {} set default_transaction_read_only = {}")
            await administrator.execute(statement.format(sql.Identifier(cut.database), sql.SQL(read_only)))
            await cut.disconnect(administrator)

        async def is_answered(status: int = written) -> bool:
            return (await client.post("/v1/incidents", json=an_incident())).status_code == status

        async def is_told(answer: tuple[int, list[str]] = expected) -> bool:
            return await ready(api) == answer

        assert await until(is_answered)
        assert await until(is_told)


@in_test_all
async def test_the_row_is_written_once_a_second_however_many_ask(
    api: Api, owner: psycopg.AsyncConnection[Any]
) -> None:
    began = asyncio.get_running_loop().time()
    assert (await ready(api))[0] == 200
    answers = await asyncio.gather(*(ready(api) for _ in range(200)))
    assert {status for status, _ in answers} == {200}
    seconds = asyncio.get_running_loop().time() - began
    # A version of the row carries the transaction that wrote it; each version of it is a new place.
    row = await (await owner.execute("select ctid::text from plumbing.readiness")).fetchone()
    assert row is not None
    writes = int(row[0].strip("()").split(",")[1])
    assert 1 <= writes <= seconds + 1


async def test_a_writer_that_takes_no_more_commands_is_missing(api: Api) -> None:
    await api.ledger.writer.close()
    assert await ready(api) == (503, ["writer"])
