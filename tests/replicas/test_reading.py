"""Reads go to the replica, and whoever has written sees what they wrote."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from time import monotonic

import pytest

from app.api.replica_reads import COOKIE, HEADER
from app.common.people import Role
from app.kernel import replicas
from app.kernel.replicas import ReadReason
from app.kpis.facts.tables import TABLES
from app.platform.db import DatabaseGone
from tests.client import Api, Client, Json, an_incident
from tests.extent import WHOLE, in_test_all
from tests.replicas.conftest import ReadingApi, Serve
from tests.replicas.streaming import ReplicatedServer, StreamingReplica
from tests.waiting import until

KPI = "/v1/kpis/incident_resolution_seconds"
#: What shows that the replica has locked a table, and that somebody waits there for it.
LOCKED = (
    "select count(*) > 0 from pg_locks l join pg_database d on d.oid = l.database "
    "where d.datname = current_database() and l.mode = 'AccessExclusiveLock' and l.granted"
)
WAITING = (
    "select count(*) > 0 from pg_stat_activity "
    "where wait_event_type = 'Lock' and backend_type = 'client backend'"
)
#: What a request may take on a busy machine that waits for no replica.
SOON_SECONDS = 20.0


async def numbers(client: Client, headers: dict[str, str] | None = None) -> list[str]:
    """The numbers of the newest incidents."""
    answer = await client.get("/v1/incidents", headers=headers)
    assert answer.status_code == 200, answer.text
    return [item["number"] for item in answer.json()["items"]]


async def metrics(api: ReadingApi) -> str:
    """The metrics of the service."""
    text: bytes = await api.app.state.metrics.text(api.ledger, None, datetime.now(UTC))
    return text.decode()


async def write(client: Client) -> tuple[str, dict[str, str]]:
    """The number of a new incident, and the header by which it is seen."""
    answer = await client.post("/v1/incidents", json=an_incident())
    assert answer.status_code == 201, answer.text
    return answer.json()["number"], {HEADER: answer.headers[HEADER]}


async def test_lists_kpis_the_feed_and_searches_are_read_from_the_replica(reading: ReadingApi) -> None:
    lead = await reading.client("Lea", Role.agent, Role.auditor)
    _, position = await write(lead)
    async with reading.expecting(reached=6):
        for path in ("/v1/incidents", "/v1/kpis", KPI, f"{KPI}/chart.svg", "/v1/events", "/v1/search?q=mail"):
            answer = await lead.get(path, headers=position)
            assert answer.status_code == 200, answer.text
            assert int(answer.headers[HEADER]) >= int(position[HEADER])
    async with reading.expecting():
        await lead.read(f"/v1/incidents/{(await numbers_of_one(lead))}")
        await lead.read("/v1/me")
    choice = await reading.replica.choose()
    assert choice.db is not None
    with pytest.raises(DatabaseGone, match="read-only"):
        await choice.db.rows("update log.head set position = position")


async def numbers_of_one(client: Client) -> str:
    """The number of an incident, which the client has just opened."""
    return str((await client.post_ok("/v1/incidents", an_incident()))["number"])


async def test_the_past_and_streamed_tables_are_read_from_the_primary(reading: ReadingApi) -> None:
    lead = await reading.client("Lea", Role.agent, Role.auditor)
    await write(lead)
    head = await reading.head()
    async with reading.expecting(unsuited=3):
        await lead.read(KPI, as_of=head)
        await lead.read("/v1/kpis/behaviours", keep=True)
        assert (await lead.get(KPI, headers={"Accept": "text/csv"})).status_code == 200


async def test_whoever_writes_finds_it_in_the_list_at_once(reading: ReadingApi) -> None:
    agent = await reading.client("Ann", Role.agent)
    for _ in range(20 if WHOLE else 8):
        number, position = await write(agent)
        assert number in await numbers(agent, position)
    assert reading.reads()["reached"] > 0


async def test_a_read_waits_a_moment_for_what_its_client_has_written(
    reading: ReadingApi, streaming: StreamingReplica, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(replicas, "WAIT_SECONDS", SOON_SECONDS)
    monkeypatch.setattr(replicas, "HOPELESS_SECONDS", SOON_SECONDS)
    agent = await reading.client("Ann", Role.agent)
    async with reading.expecting(reached=1), streaming.lagging():
        number, position = await write(agent)
        asking = asyncio.create_task(numbers(agent, position))

        async def waits() -> bool:
            return reading.replica.waiting == 1

        await until(waits)
        streaming.resume()
        assert number in await asking


async def test_a_replica_that_lags_is_not_read_by_whoever_has_written_nor_by_others_for_long(
    serve: Serve, streaming: StreamingReplica
) -> None:
    async with serve(streaming.url(), read_staleness_seconds=2) as api:
        agent, other = await api.client("Ann", Role.agent), await api.client("Ben", Role.agent)
        await api.chooses(ReadReason.reached)
        async with streaming.lagging():
            began = monotonic()
            number, position = await write(agent)
            async with api.expecting(behind=1):
                assert number in await numbers(agent, position)
            assert monotonic() - began < SOON_SECONDS

            async def sees_it() -> bool:
                return number in await numbers(other)

            await until(sees_it)
            assert api.reads()["stale"] == 1, "it was read until it was too old"
        await api.chooses(ReadReason.reached)
        assert number in await numbers(other)


async def test_others_read_a_state_that_is_not_too_old(
    reading: ReadingApi, streaming: StreamingReplica
) -> None:
    agent, other = await reading.client("Ann", Role.agent), await reading.client("Ben", Role.agent)
    _, before = await write(other)
    assert await numbers(other, before)
    async with streaming.lagging():
        number, _ = await write(agent)
        async with reading.expecting(reached=1):
            assert number not in await numbers(other)


@in_test_all
async def test_a_replica_that_is_killed_is_done_without_and_read_again_when_it_is_back(
    reading: ReadingApi, streaming: StreamingReplica
) -> None:
    agent = await reading.client("Ann", Role.agent)
    number, position = await write(agent)
    under_way = [asyncio.create_task(numbers(agent, position)) for _ in range(20)]
    await asyncio.sleep(0)
    streaming.kill()
    assert all(number in newest for newest in await asyncio.gather(*under_way))
    await reading.chooses(ReadReason.away)
    began = monotonic()
    async with reading.expecting(away=20):
        for _ in range(20):
            assert number in await numbers(agent, position)
    assert monotonic() - began < SOON_SECONDS, "nobody waits for it"
    assert (await agent.get("/readyz")).status_code == 200
    assert "ledgerdesk_replica_up 0.0" in await metrics(reading)
    streaming.revive()
    await reading.chooses(ReadReason.reached)
    async with reading.expecting(reached=1):
        assert number in await numbers(agent, position)
    assert "ledgerdesk_replica_up 1.0\n" in await metrics(reading)
    assert "ledgerdesk_replica_lag_events 0.0\n" in await metrics(reading)


@in_test_all
async def test_a_replica_that_was_promoted_is_never_read(serve: Serve, replicated: ReplicatedServer) -> None:
    with replicated.replica("promoted") as promoted:
        async with serve(promoted.url()) as api:
            agent = await api.client("Ann", Role.agent)
            await api.chooses(ReadReason.reached)
            assert promoted.execute("select pg_promote()")
            await api.chooses(ReadReason.promoted)
            promoted.execute("update fold.incident set state = 'cancelled'")
            number, _ = await write(agent)
            async with api.expecting(promoted=2):
                assert number in await numbers(agent)
                states = (await agent.read("/v1/incidents"))["items"]
            assert {item["state"] for item in states} == {"new"}
            await asyncio.sleep(replicas.AGAIN_SECONDS)
            assert (await api.replica.choose()).reason is ReadReason.promoted


@in_test_all
async def test_a_replica_of_another_log_is_never_read(
    serve: Serve, replicated: ReplicatedServer, streaming: StreamingReplica
) -> None:
    replicated.make_database("elsewhere")
    async with serve(streaming.url("elsewhere"), database="elsewhere") as other:
        await other.client("Olga", Role.agent)
    async with serve(streaming.url("elsewhere")) as api:
        await api.chooses(ReadReason.foreign)


async def test_a_read_that_the_replica_cancels_to_go_on_is_answered_by_the_primary(
    reading: ReadingApi, streaming: StreamingReplica, replicated: ReplicatedServer
) -> None:
    lead = await reading.client("Lea", Role.agent, Role.auditor)
    await write(lead)
    await reading.chooses(ReadReason.reached)
    streaming.set_longest_delay("0")
    first, *_, last = TABLES.split(", ")
    async with reading.expecting(failed=1):
        with replicated.transaction(f"lock table {last} in access exclusive mode") as rollback:
            await streaming.shows(LOCKED)
            asking = asyncio.create_task(lead.read(KPI))
            await streaming.shows(WAITING)
            # The read holds a lock that the replica needs, to go on.
            with replicated.transaction(f"lock table {first} in access exclusive mode"):
                pass
            rollback()
        assert (await asking)["key"] == "incident_resolution_seconds"
    streaming.set_longest_delay("30s")


async def test_a_feed_that_waits_leaves_out_no_event_that_the_replica_does_not_have_yet(
    reading: ReadingApi, streaming: StreamingReplica
) -> None:
    auditor, agent = await reading.client("Amy", Role.auditor), await reading.client("Ann", Role.agent)
    after = await reading.head()
    first = await auditor.read("/v1/events", after=after)
    async with streaming.lagging():
        asking = asyncio.create_task(
            auditor.read("/v1/events", after=after, cursor=first["resume_cursor"], wait=30)
        )

        async def waits() -> bool:
            assert not asking.done(), asking.result()
            return reading.ledger.new_events.waiting == 1

        await until(waits)
        number, _ = await write(agent)
        page: Json = await asking
        assert [item["type"] for item in page["items"]] == ["incident.reported"]
        backward = await auditor.read("/v1/events", order="backward", limit=1)
        newer = await auditor.get(
            "/v1/events",
            params={"order": "backward", "limit": 1},
            headers={HEADER: str(reading.ledger.known_position)},
        )
        (newest,) = newer.json()["items"]
        assert newest["position"] > backward["items"][0]["position"], number
        cursor = newer.json()["next_cursor"]
        following = await auditor.read("/v1/events", order="backward", limit=1, cursor=cursor)
        assert following["items"][0]["position"] == newest["position"] - 1


async def test_a_saved_view_is_there_at_once_though_it_is_no_event(
    reading: ReadingApi, streaming: StreamingReplica
) -> None:
    agent = await reading.client("Ann", Role.agent)
    await reading.chooses(ReadReason.reached)
    view = "01a1f97c-30c5-7000-97ee-b8f8b8f618f2"
    async with streaming.lagging():
        body = {"name": "New ones", "kind": "incident", "query": "state=new"}
        assert (await agent.put(f"/v1/views/{view}", json=body)).status_code in (200, 201)
        async with reading.expecting(reached=1):
            await agent.read("/v1/incidents", view=view)


async def test_a_browser_sends_the_position_back_by_a_cookie(
    reading: ReadingApi, streaming: StreamingReplica
) -> None:
    agent = await reading.client("Ann", Role.agent)
    browser = reading.with_token(None, headers={"Sec-Fetch-Site": "same-origin"})
    opened = await browser.post("/v1/sessions", headers={"Authorization": f"Bearer {agent.token}"})
    assert opened.status_code == 201, opened.text
    await reading.chooses(ReadReason.reached)
    async with streaming.lagging():
        answer = await browser.post("/v1/incidents", json=an_incident())
        assert browser.cookies[COOKIE] == answer.headers[HEADER]
        (cookie,) = [text for text in answer.headers.get_list("set-cookie") if text.startswith(COOKIE)]
        assert {"HttpOnly", "SameSite=lax", "Max-Age=60", "Path=/"} <= set(cookie.split("; "))
        async with reading.expecting(behind=1):
            assert answer.json()["number"] in await numbers(browser)
        page = await browser.get("/desk/incident")
        assert page.status_code == 200, page.text
        assert answer.json()["number"] in page.text
        browser.cookies.set(COOKIE, "nonsense", domain="ledgerdesk.test", path="/")
        async with reading.expecting(reached=1):
            assert answer.json()["number"] not in await numbers(browser)


async def test_a_position_that_is_none_is_refused_by_name(api: Api) -> None:
    agent = await api.client("Ann", Role.agent)
    for sent in ("", "-1", "1.5", "9" * 17, "newest"):
        answer = await agent.get("/v1/incidents", headers={HEADER: sent})
        assert (answer.status_code, answer.json()["errors"][0]["header"]) == (422, HEADER)
    twice = await agent.get("/v1/incidents", headers=[(HEADER, "1"), (HEADER, "2")])
    assert (twice.status_code, twice.json()["code"]) == (400, "bad_header")


async def test_without_a_replica_no_answer_has_a_position(api: Api) -> None:
    agent = await api.client("Ann", Role.agent)
    answer = await agent.post("/v1/incidents", json=an_incident())
    assert HEADER not in answer.headers
    answer = await agent.get("/v1/incidents", headers={HEADER: "1"})
    assert HEADER not in answer.headers
