"""Actions by the file: each line is carried out once, by whoever asked, and has its result."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from app.api.commands.written_content import WriteQuotas
from app.common.people import Role
from app.exchange.jobs import worker
from app.kernel import uploads
from app.kernel.consumers import polling as rounds
from app.log.follow import FOLLOW_LIMITS
from app.platform.db import connect
from tests.client import RESOLVED, Api, Client, Json, an_incident
from tests.conftest import DatabaseUrls
from tests.waiting import until

JOBS = "/v1/bulk_jobs"


def lines(*items: Any) -> bytes:
    return b"".join(
        (item if isinstance(item, bytes) else json.dumps(item).encode()) + b"\n" for item in items
    )


def on(record: str, action: str, body: Json | None = None, **more: Any) -> Json:
    return {"action": action, "id": record, "body": body or {}, **more}


def reporting(**changes: Any) -> Json:
    return {"action": "report", "body": an_incident(**changes)}


async def sent(client: Client, file: bytes) -> str:
    answer = await client.put(f"/v1/uploads/{uuid4()}", content=file)
    assert answer.status_code == 200, answer.text
    return str(answer.json()["id"])


async def asked_for(client: Client, file: bytes, records: str = "incidents") -> str:
    """The address of a new job."""
    answer = await client.post(JOBS, json={"upload": await sent(client, file), "records": records})
    assert answer.status_code == 202, answer.text
    assert answer.json()["state"] == "waiting"
    return str(answer.headers["location"])


def now() -> datetime:
    return datetime.now(UTC)


async def worked_off(place: DatabaseUrls, api: Api) -> int:
    """How many jobs a worker carries out until none waits."""
    connection = await connect(place.url, FOLLOW_LIMITS)
    quotas, done = WriteQuotas.of_settings(api.ledger.settings), 0
    try:
        while await worker.run_next_job(connection, api.ledger, now, quotas):
            done += 1
    finally:
        await connection.close()
    return done


async def results(client: Client, job: str, **parameters: Any) -> list[Json]:
    pages = await client.pages(f"{job}/results", limit=200, **parameters)
    return [item for page in pages for item in page]


@pytest.fixture
async def agent(api: Api) -> Client:
    return await api.client("Agent", Role.agent)


async def reported(client: Client, count: int = 1) -> list[str]:
    return [(await client.post_ok("/v1/incidents", an_incident()))["id"] for _ in range(count)]


async def test_a_byte_order_mark_is_no_part_of_the_first_line(
    api: Api, place: DatabaseUrls, agent: Client
) -> None:
    job = await asked_for(agent, b"\xef\xbb\xbf" + lines(reporting(title="First"), reporting(title="Second")))
    assert await worked_off(place, api) == 1
    assert [result["status"] for result in await results(agent, job)] == [201, 201]


async def test_each_line_has_its_result(api: Api, place: DatabaseUrls, agent: Client) -> None:
    (expected,) = await reported(agent)
    file = lines(
        reporting(title="First"),
        on(expected, "close"),
        b"",
        on(expected, "acknowledge"),
        b"{not json",
        b'\xff\xfe"',
        b"[]",
        {"action": "dance", "id": expected},
        {"action": "report", "body": {"title": "A test"}},
        {"action": "report", "body": {}, "Zhang\x00": 1},
        on(str(uuid4()), "acknowledge"),
    )
    job = await asked_for(agent, file.rstrip(b"\n"))
    assert await worked_off(place, api) == 1
    progress = await agent.read(job)
    assert (progress["state"], progress["lines"], progress["refused"], progress["done"]) == (
        "done",
        11,
        8,
        progress["size"],
    )
    result = await results(agent, job)
    assert [item["line"] for item in result] == [1, 2, 4, 5, 6, 7, 8, 9, 10, 11]
    assert [item["status"] for item in result] == [201, 409, 200, *[422] * 6, 404]
    assert result[0]["record"]["number"].startswith("INC-")
    assert result[1]["problem"]["code"] == "not_in_this_state"
    assert result[3]["problem"]["errors"] == [{"pointer": "", "code": "json_invalid"}]
    assert result[6]["problem"]["errors"] == [{"pointer": "/action", "code": "unknown_value"}]
    assert {"pointer": "/body/impact", "code": "missing"} in result[7]["problem"]["errors"]
    assert await results(agent, job, refused=True) == [item for item in result if item["problem"]]
    (event,) = await api.ledger.db.rows("select * from log.event where type = 'incident.acknowledged'")
    assert event["correlation_id"] == f"bulk-job-{job.rpartition('/')[2]}"
    assert event["credential"].startswith("key:")


async def test_lines_about_one_record_are_carried_out_in_their_order(
    api: Api, place: DatabaseUrls, agent: Client
) -> None:
    expected, other = await reported(agent, 2)
    number = (await agent.read(f"/v1/incidents/{expected}"))["number"]
    steps = [
        on(expected, "assign", {"person": "me"}),
        on(number, "start"),
        on(expected.upper(), "resolve", RESOLVED),
    ]
    job = await asked_for(agent, lines(*steps, on(other, "acknowledge"), on(number, "close")))
    await worked_off(place, api)
    assert [result["status"] for result in await results(agent, job)] == [200] * 5
    assert (await agent.read(f"/v1/incidents/{expected}"))["state"] == "closed"


async def test_what_a_killed_worker_has_done_is_not_done_again(
    api: Api, place: DatabaseUrls, agent: Client
) -> None:
    """It is killed after it has done a window, and before that is noted."""
    expected = await reported(agent, 3)
    job = await asked_for(
        agent, lines(*(on(item, "comment", {"text": "Seen."}) for item in expected), reporting())
    )
    killed = await connect(place.url, FOLLOW_LIMITS)
    job_id = job.rpartition("/")[2]
    assert await (await killed.execute(rounds.LOCK.encode(), ("bulk job", job_id))).fetchone() == (True,)
    await worked_off_without_noting(api, job_id)
    head = await api.head()
    assert await worked_off(place, api) == 0, "another worker has it"
    await uploads.purge_expired(api.ledger.db, now() + timedelta(days=3))
    await killed.close()
    assert await worked_off(place, api) == 1
    assert await api.head() == head
    result = await results(agent, job)
    assert [(item["status"], item["replayed"]) for item in result] == [*[(200, True)] * 3, (201, True)]


async def worked_off_without_noting(api: Api, job_id: str) -> None:
    row = await api.ledger.db.row(worker.SELECT_JOB, (job_id,))
    assert row is not None
    body = await uploads.read_all(api.ledger, row["upload_id"])
    await worker._run_lines(api.ledger, row, body, now, WriteQuotas.of_settings(api.ledger.settings))
    again = "update plumbing.bulk_job set done = 0, lines = 0, refused = 0 where id = %s returning id"
    await api.ledger.db.row("delete from plumbing.bulk_result where job_id = %s returning line", (job_id,))
    await api.ledger.db.row(again, (job_id,))


async def test_a_job_ends_with_the_rights_of_whoever_asked(
    api: Api, place: DatabaseUrls, agent: Client
) -> None:
    expected = await reported(agent)
    file = lines(on(expected[0], "acknowledge"))
    admin = await api.client("Gao", Role.admin)
    key = (await agent.read("/v1/me"))["key_id"]
    job = await asked_for(agent, file)
    await admin.post_ok(f"/v1/keys/{key}/revoke")
    await worked_off(place, api)
    row = await api.ledger.db.row(worker.SELECT_JOB, (job.rpartition("/")[2],))
    assert row is not None
    assert (row["failure"], row["lines"]) == ("not_allowed", 0)


async def test_a_job_is_for_whoever_asked_for_it(api: Api, place: DatabaseUrls, agent: Client) -> None:
    upload = await sent(agent, lines(reporting()))
    body = {"upload": upload, "records": "incidents"}
    stranger = await api.client("Wu", Role.agent)
    auditor = await api.client("Ada", Role.auditor)
    assert (await stranger.post(JOBS, json=body)).status_code == 422
    assert (await auditor.post(JOBS, json=body)).status_code == 403
    first, second = [await agent.post(JOBS, json=body) for _ in range(2)]
    assert first.json() == second.json()
    job = first.headers["location"]
    assert (await agent.post(JOBS, json={**body, "records": "requests"})).status_code == 409
    wrong = await agent.post(JOBS, json={**body, "records": "persons"})
    assert wrong.json()["errors"][0]["pointer"] == "/records"
    assert (await stranger.post(JOBS, json=body)).json()["code"] == "upload_taken"
    await worked_off(place, api)
    for path in (job, f"{job}/results"):
        assert (await stranger.get(path)).status_code == 404
        assert (await agent.get(path)).status_code == 200
    assert (await agent.read(JOBS))["items"][0]["id"] == upload
    assert (await stranger.read(JOBS))["items"] == []
    assert (await agent.post(JOBS, json=body)).json()["state"] == "done"


async def test_one_person_has_only_so_many_waiting(agent: Client) -> None:
    for _ in range(worker.MOST_WAITING):
        await asked_for(agent, lines(reporting()))
    answer = await agent.post(
        JOBS, json={"upload": await sent(agent, lines(reporting())), "records": "incidents"}
    )
    assert (answer.status_code, answer.json()["code"]) == (409, "too_many_jobs")
    pages = await agent.pages(JOBS, limit=7)
    assert [len(page) for page in pages] == [7, 7, 6]


async def test_whoever_is_deactivated_has_nothing_more_done(
    api: Api, place: DatabaseUrls, agent: Client
) -> None:
    job = (await asked_for(agent, lines(reporting()))).rpartition("/")[2]
    admin = await api.client("Gao", Role.admin)
    await admin.post_ok(f"/v1/persons/{agent.id}/deactivate")

    async def heard() -> bool:
        return (await agent.get("/v1/me")).status_code == 401

    await until(heard)
    await worked_off(place, api)
    row = await api.ledger.db.row(worker.SELECT_JOB, (job,))
    assert row is not None
    assert (row["failure"], row["lines"]) == ("not_allowed", 0)


async def _turn(place: DatabaseUrls, api: Api) -> bool:
    """One turn of a worker."""
    connection = await connect(place.url, FOLLOW_LIMITS)
    try:
        quotas = WriteQuotas.of_settings(api.ledger.settings)
        return await worker.run_next_job(connection, api.ledger, lambda: datetime.now(UTC), quotas)
    finally:
        await connection.close()


async def test_persons_take_turns(api: Api, place: DatabaseUrls, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of somebody's many and long files one window is done for each of the others', whoever came first."""
    monkeypatch.setattr(worker, "TURN_SECONDS", 0.0)
    monkeypatch.setattr(worker, "BATCH_LINES", 2)
    many, single = await api.client("Many", Role.agent), await api.client("Single", Role.agent)
    crowd = [await asked_for(many, lines(*[reporting()] * 4)) for _ in range(2)]
    job = await asked_for(single, lines(*[reporting()] * 4))
    done = []
    for _ in range(4):
        assert await _turn(place, api)
        done.append(
            [(await client.read(path))["lines"] for client, path in ((many, crowd[0]), (single, job))]
        )
    assert done == [[2, 0], [2, 2], [4, 2], [4, 4]]
    assert (await many.read(crowd[1]))["lines"] == 0
    assert await worked_off(place, api) > 0
    assert (await many.read(crowd[1]))["state"] == "done"


async def test_a_job_ends_at_its_bounds_and_its_results_are_removed_in_time(
    api: Api, place: DatabaseUrls, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker, "MOST_LINES", 6)
    monkeypatch.setattr(worker, "MOST_REFUSED", 2)
    monkeypatch.setattr(worker, "BATCH_LINES", 1)
    agent = await api.client("Agent", Role.agent)
    long = await asked_for(agent, lines(*[reporting()] * 7))
    wrong = await asked_for(agent, lines(*[{"action": "report", "body": {}}] * 5))
    await worked_off(place, api)
    ended = [await agent.read(path) for path in (long, wrong)]
    assert [(each["state"], each["failure"], each["lines"]) for each in ended] == [
        ("failed", "too_many_lines", 0),
        ("failed", "too_many_refused", 3),
    ]
    assert not await worker.clear_old_jobs(api.ledger, datetime.now(UTC))
    assert await worker.clear_old_jobs(api.ledger, datetime.now(UTC) + worker.RESULTS_KEPT)
    assert (await agent.get(wrong)).status_code == 404
    assert await api.ledger.db.value("select count(*) from plumbing.bulk_result") == 0


async def test_results_keep_no_words_of_the_client(api: Api, place: DatabaseUrls) -> None:
    """Names of fields and positions are kept as places; whatever the client has invented is not."""
    agent = await api.client("Agent", Role.agent)
    word = "Zylberstein"
    file = lines(
        {"action": "report", "body": {word: 1}},
        {"action": "report", "body": {"impact": {word: {word: 1}}}},
        {"action": "report", "body": {"attributes": {word: 1, "4917012345678": 2}}},
        {"action": word, "body": {}},
        {"action": "comment", "id": word, "body": {"text": ""}},
        {word: word},
    )
    job = await asked_for(agent, file)
    await worked_off(place, api)
    assert (await agent.read(job))["refused"] == 6
    stored = await api.ledger.db.value("select string_agg(t::text, '') from plumbing.bulk_result t")
    assert word.lower() not in stored.lower()
    assert "4917012345678" not in stored
    assert "/body/impact" in stored, "places are kept"
