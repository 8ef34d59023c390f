"""Jobs and imports end with the credential that requested them, and jobs count as what their person makes."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from http.cookies import SimpleCookie
from pathlib import Path
from uuid import UUID

import pytest

from app.api.commands.written_content import WriteQuotas
from app.common.people import Role
from app.exchange import import_jobs, load
from app.exchange.files import InMemoryFile
from app.exchange.jobs import worker
from app.exchange.readers.xes import Xes
from app.log.follow import FOLLOW_LIMITS
from app.platform.db import connect
from app.platform.settings import Settings
from tests.api.issuers import LocalIssuer, issuing
from tests.api.test_tokens import OURS, known, trusting
from tests.cases import each_case
from tests.client import Api, Client, Json, serving
from tests.conftest import DatabaseUrls
from tests.exchange.servicenow_files import NOW, a_mapping
from tests.exchange.test_bulk_jobs import asked_for, lines, on, reported, reporting, worked_off
from tests.exchange.test_import_jobs import LOG
from tests.exchange.test_import_jobs import asked_for as import_asked_for
from tests.waiting import until

#: How a credential ends, by the name of the test's case.
Ending = Callable[[Api, Client, Client], Awaitable[object]]


async def _revoke(api: Api, admin: Client, client: Client) -> None:
    await admin.post_ok(f"/v1/keys/{await _key(client)}/revoke")


async def _replace(api: Api, admin: Client, client: Client) -> None:
    await admin.post_ok(f"/v1/keys/{await _key(client)}/rotate", {"overlap_seconds": 0})


async def _deactivate(api: Api, admin: Client, client: Client) -> None:
    await admin.post_ok(f"/v1/persons/{client.id}/deactivate")


async def _key(client: Client) -> str:
    return str((await client.read("/v1/me"))["key_id"])


ENDINGS: dict[str, Ending] = {"revoked": _revoke, "replaced": _replace, "deactivated": _deactivate}


async def _ended(api: Api, admin: Client, client: Client, how: str) -> None:
    """End the client's credential, and wait until this process knows."""
    await ENDINGS[how](api, admin, client)

    async def is_refused() -> bool:
        return (await client.get("/v1/me")).status_code == 401

    await until(is_refused)


async def _step(
    place: DatabaseUrls, api: Api, writes: int, clock: Callable[[], datetime] = lambda: datetime.now(UTC)
) -> bool:
    """Whether a worker that makes so much of each account's content does anything, in one call."""
    settings = api.ledger.settings.model_copy(
        update={"person_writes": writes, "integration_writes": writes + 1}
    )
    connection = await connect(place.url, FOLLOW_LIMITS)
    try:
        return await worker.run_next_job(connection, api.ledger, clock, WriteQuotas.of_settings(settings))
    finally:
        await connection.close()


async def _state(api: Api, job: str) -> tuple[int, int, str | None, bool]:
    """How many lines of a job were done and refused, why it failed, and whether it is over."""
    row = await api.ledger.db.row(worker.SELECT_JOB, (job.rpartition("/")[2],))
    assert row is not None
    return row["lines"], row["refused"], row["failure"], row["finished_at"] is not None


@each_case("how", sorted(ENDINGS))
async def test_a_job_stops_between_lines_once_its_credential_ends(
    api: Api, place: DatabaseUrls, how: str
) -> None:
    agent, admin = await api.client("Agent", Role.agent), await api.client("Gao", Role.admin)
    job = await asked_for(agent, lines(*[reporting()] * 3))
    assert not await _step(place, api, 2), "the third has to wait"
    assert await _state(api, job) == (2, 0, None, False)
    await _ended(api, admin, agent, how)
    head = await api.head()
    assert await _step(place, api, 2)
    assert await _state(api, job) == (2, 0, "not_allowed", True)
    assert await api.head() == head


async def test_a_job_of_a_replaced_secret_goes_on_as_long_as_that_is_accepted(
    api: Api, place: DatabaseUrls
) -> None:
    agent, admin = await api.client("Agent", Role.agent), await api.client("Gao", Role.admin)
    job = await asked_for(agent, lines(*[reporting()] * 2))
    await admin.post_ok(f"/v1/keys/{await _key(agent)}/rotate", {"overlap_seconds": 3600})

    async def is_replaced() -> bool:
        return (await agent.read("/v1/me"))["expires_at"] is not None

    await until(is_replaced)
    assert not await _step(place, api, 1)
    assert await _state(api, job) == (1, 0, None, False)
    assert await _step(place, api, 1, lambda: datetime.now(UTC) + timedelta(seconds=3601))
    assert await _state(api, job) == (1, 0, "not_allowed", True)


async def test_a_job_of_a_login_is_carried_out_and_stops_when_the_login_is_taken_away(
    place: DatabaseUrls, tmp_path: Path, settings: Settings
) -> None:
    async with (
        issuing(LocalIssuer()) as issuer,
        serving(place.url, tmp_path / "secrets", trusting(settings, issuer)) as api,
    ):
        admin = await known(api, "lin", Role.agent)
        token = api.with_token(issuer.token())
        opened = await token.post("/v1/sessions")
        cookie = SimpleCookie(opened.headers["set-cookie"])["ledgerdesk_session"].value
        browser = api.with_token(None, headers={"Cookie": f"ledgerdesk_session={cookie}", **OURS})
        for client in (token, browser):
            job = await asked_for(client, lines(*[reporting()] * 2))
            assert await worked_off(place, api) == 1
            assert await _state(api, job) == (2, 0, None, True)
        job = await asked_for(browser, lines(reporting()))
        path = f"/v1/persons/{admin.headers['X-Person']}"
        (await admin.patch(path, json={"login": "other"}, headers={"If-Match": "*"})).raise_for_status()

        async def is_refused() -> bool:
            return (await browser.get("/v1/me")).status_code == 401

        await until(is_refused)
        await worked_off(place, api)
        assert await _state(api, job) == (0, 0, "not_allowed", True)


async def test_what_a_job_makes_counts_as_its_persons_and_keeps_no_other_job_waiting(
    api: Api, place: DatabaseUrls
) -> None:
    agent, other = await api.client("Agent", Role.agent), await api.client("Wu", Role.agent)
    ticket, *_ = await reported(agent)
    file = lines(reporting(), on(ticket, "comment", {"text": "x"}), on(ticket, "acknowledge"), reporting())
    crowd, single = await asked_for(agent, file), await asked_for(other, lines(reporting()))
    assert await _step(place, api, 2), "the other person's job is done meanwhile"
    assert await _state(api, crowd) == (3, 0, None, False), "the lines that make nothing count nothing"
    assert (await agent.read(crowd))["state"] == "running"
    assert await _state(api, single) == (1, 0, None, True)
    assert await _step(place, api, 2), "ten minutes later"
    assert await _state(api, crowd) == (4, 0, None, True)


@each_case("how", sorted(ENDINGS))
async def test_an_import_does_not_begin_once_its_credential_has_ended(
    api: Api, place: DatabaseUrls, how: str
) -> None:
    ada, gao = await api.client("Ada", Role.admin), await api.client("Gao", Role.admin)
    job = await import_asked_for(ada, LOG.encode())
    await _ended(api, gao, ada, how)
    record = await _imported(place, api, gao, job)
    assert (record["state"], record["failure"], record["cases"]) == ("failed", import_jobs.NOT_ALLOWED, 0)


async def test_an_import_does_not_begin_once_its_person_is_no_administrator(
    api: Api, place: DatabaseUrls
) -> None:
    ada, gao = await api.client("Ada", Role.admin), await api.client("Gao", Role.admin)
    job = await import_asked_for(ada, LOG.encode())
    await gao.post_ok(f"/v1/persons/{ada.id}/revoke_role", {"role": "admin"})

    async def is_refused() -> bool:
        return (await ada.get("/v1/imports")).status_code == 403

    await until(is_refused)
    record = await _imported(place, api, gao, job)
    assert (record["state"], record["failure"]) == ("failed", import_jobs.NOT_ALLOWED)


async def _imported(place: DatabaseUrls, api: Api, reader: Client, job: Json) -> Json:
    connection = await connect(place.url, FOLLOW_LIMITS)
    try:
        assert await import_jobs.import_next(connection, api.ledger, lambda: datetime.now(UTC))
        assert not await import_jobs.import_next(connection, api.ledger, lambda: datetime.now(UTC))
    finally:
        await connection.close()
    return await reader.read(f"/v1/imports/{job['id']}")


async def test_an_import_stops_before_the_next_chunk(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    """Rows before that stay, and the same import continues after them."""
    monkeypatch.setattr(load, "FIRST_ROWS", 4)
    chunks = 0

    async def permit() -> None:
        nonlocal chunks
        chunks += 1
        if chunks == 2:
            raise load.ImportStopped("It stops here.")

    file, reader = InMemoryFile("file", LOG.encode()), Xes(a_mapping("vinst_incidents"), NOW)
    requested = load.RequestedRun(UUID(int=1), permit)
    with pytest.raises(load.ImportStopped):
        await load.load(api.ledger, file, reader, source="vinst", now=NOW, requested=requested)
    rows = await api.ledger.db.value(
        "select rows_applied from plumbing.import_run where id = %s", [requested.id]
    )
    assert rows == 4
    file, reader = InMemoryFile("file", LOG.encode()), Xes(a_mapping("vinst_incidents"), NOW)
    report = await load.load(api.ledger, file, reader, source="vinst", now=NOW)
    assert (report.repeated, report.applied) == (4, 8)
