"""The live stream: its listeners are sent what the feed gives them, once, in order, and while they may."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pytest
from fastapi import FastAPI

from app.api.records import events
from app.api.service import event_stream, live
from app.common.people import Role
from app.common.times.clocks import AgreementType, ClockEventType
from app.kernel.histories import newest
from app.kernel.histories.feed import SeenEvent
from app.kernel.ledger import Ledger
from app.main import application
from app.platform.settings import Settings
from tests.api.statements import READ_EVENTS, Statements
from tests.client import Api, Client, Json, an_incident
from tests.clocks import append_clock_event
from tests.conftest import DatabaseUrls
from tests.extent import in_test_all
from tests.listening import STREAM, Listener, listening
from tests.served import behind_a_socket
from tests.waiting import PATIENCE_SECONDS, until

FEED = "/v1/events"
TICK_SECONDS = newest.TICK_SECONDS
Address = tuple[str, int]


@pytest.fixture
def app(
    api: Api, place: DatabaseUrls, tmp_path: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> FastAPI:
    """Another process than the one that is written through."""
    # A stream whose listener has left is seen to be over at its next look, which every test waits for.
    monkeypatch.setattr(newest, "TICK_SECONDS", 0.05)
    return application(place.url, tmp_path / "secrets", settings)


@pytest.fixture
async def address(app: FastAPI) -> AsyncIterator[Address]:
    async with behind_a_socket(app) as listens_at:
        yield listens_at


@pytest.fixture
async def readers(api: Api) -> dict[str, Client]:
    team = await api.staffed_team("network")
    await api.staffed_team("other")
    return {
        "admin": await api.client("root", Role.admin, Role.agent),
        "requester": await api.client("asks", Role.requester),
        "agent": await api.client("agent", f"agent@team/{team}"),
        "stranger": await api.client("stranger", Role.requester),
    }


async def work(api: Api, readers: dict[str, Client], rounds: int = 2) -> None:
    """Incidents, their clocks, and words for staff only."""
    teams = {team.key: str(team.id) for team in (await api.ledger.directory.teams()).values()}
    admin = readers["admin"]
    for n in range(rounds):
        record = await readers["requester"].post_ok("/v1/incidents", an_incident())
        path = f"/v1/incidents/{record['id']}"
        await admin.post_ok(f"{path}/assign", {"team": teams["other" if n % 2 else "network"]})
        for visibility in ("internal", "public"):
            await admin.post_ok(f"{path}/comment", {"text": f"{visibility} word", "visibility": visibility})
        for staff_only in (False, True):
            await append_clock_event(
                api.ledger,
                f"incident/{record['id']}",
                ClockEventType.started,
                agreement_type=AgreementType.ola if staff_only else AgreementType.sla,
                party=UUID(teams["network"]) if staff_only else None,
                staff_only=staff_only,
            )
    # Whoever listens to all that they see has come to the end with this one.
    await readers["requester"].post_ok("/v1/incidents", an_incident(title="The last"))


async def followed(client: Client, after: int, **parameters: str) -> list[Json]:
    """The events of the feed after that position."""
    pages = await client.pages(FEED, after=str(after), **parameters)
    return [event for page in pages for event in page]


def sent(listener: Listener) -> list[Json]:
    return [content["event"] for content in listener.events]


@contextlib.asynccontextmanager
async def all_listening(address: Address, readers: dict[str, Client]) -> AsyncIterator[dict[str, Listener]]:
    async with contextlib.AsyncExitStack() as stack:
        yield {
            name: await stack.enter_async_context(listening(address, client.token))
            for name, client in readers.items()
        }


async def test_each_listener_is_sent_the_events_of_the_feed_once_and_in_order(
    api: Api, readers: dict[str, Client], address: Address, statements: Statements
) -> None:
    begin = await api.head()
    async with all_listening(address, readers) as listeners:
        statements.sent.clear()
        await work(api, readers)
        for name, client in readers.items():
            if name == "stranger":
                continue
            expected = await followed(client, begin)
            await listeners[name].reach(expected[-1]["position"])
            extra = [event for event in sent(listeners[name]) if event not in expected]
            # An incident that nobody had yet stood at the agent's desk before another team got it.
            assert all(name == "agent" and event["type"] == "incident.reported" for event in extra)
            assert [event for event in sent(listeners[name]) if event not in extra] == expected, name
        assert sent(listeners["stranger"]) == []
    internal = [event for event in sent(listeners["requester"]) if "internal word" in str(event)]
    assert not internal
    assert "asks" in str(listeners["agent"].events[0]["names"])


async def test_listeners_cost_one_read_and_an_event_is_rendered_once_for_each_sight(
    api: Api,
    readers: dict[str, Client],
    address: Address,
    statements: Statements,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    rendered: list[object] = []
    usual = events.render_each

    async def counting(ledger: Ledger, seen_events: Sequence[SeenEvent]) -> list[Json]:
        rendered.extend(seen_events)
        return await usual(ledger, seen_events)

    monkeypatch.setattr(events, "render_each", counting)
    async with contextlib.AsyncExitStack() as stack:
        listeners = [
            await stack.enter_async_context(listening(address, readers["requester"].token)) for _ in range(4)
        ]
        statements.sent.clear()
        await readers["requester"].post_ok("/v1/incidents", an_incident())
        head = await api.head()
        for listener in listeners:
            await listener.reach(head)
        assert statements.with_text(READ_EVENTS) == 1
        assert len(rendered) == 1


@in_test_all
async def test_a_filter_holds_for_the_stream_as_for_the_feed(
    api: Api, readers: dict[str, Client], address: Address
) -> None:
    begin = await api.head()
    query: dict[str, Any] = {"type": "incident.reported,incident.commented", "kind": "incident"}
    async with listening(address, readers["admin"].token, **query) as listener:
        await work(api, readers)
        expected = await followed(readers["admin"], begin, **query)
        await listener.reach(expected[-1]["position"])
    assert sent(listener) == expected


@pytest.mark.parametrize("window", [pytest.param(newest.LONGEST_WINDOW, marks=in_test_all), 2])
async def test_who_comes_back_misses_nothing_and_gets_nothing_twice(
    api: Api,
    readers: dict[str, Client],
    address: Address,
    monkeypatch: pytest.MonkeyPatch,
    window: int,
) -> None:
    monkeypatch.setattr(newest, "LONGEST_WINDOW", window)
    begin = await api.head()
    agent, collected = readers["agent"], list[Json]()
    position = begin
    for _ in range(3):
        async with listening(address, agent.token, last_event_id=position) as listener:
            if collected:
                expected = await followed(agent, begin)
                await listener.reach(expected[-1]["position"])
            await readers["requester"].post_ok("/v1/incidents", an_incident())
            await listener.reach((await followed(agent, begin))[-1]["position"])
        collected += sent(listener)
        position = listener.last_id
        await work(api, readers, rounds=1)
    async with listening(address, agent.token, last_event_id=position) as listener:
        expected = await followed(agent, begin)
        await listener.reach(expected[-1]["position"])
    assert collected + sent(listener) == expected


async def test_a_stream_that_does_not_follow_ends_with_what_is_there(
    api: Api, readers: dict[str, Client]
) -> None:
    begin = await api.head()
    await work(api, readers)
    for name, client in readers.items():
        answer = await client.get(STREAM, params={"after": str(begin), "follow": "false"})
        assert answer.headers["content-type"] == "text/event-stream"
        contents = [line for line in answer.text.splitlines() if line.startswith("data: ")]
        assert len(contents) == len(await followed(client, begin)) + 1, name
        assert contents[-1] == 'data: {"reason":"complete"}'


async def test_whoever_loses_their_key_or_session_loses_the_stream_and_no_event_comes_after(
    api: Api, readers: dict[str, Client], address: Address
) -> None:
    admin, requester = readers["admin"], readers["requester"]
    (key,) = (await admin.read("/v1/keys", person=requester.id))["items"]
    async with listening(address, requester.token) as listener:
        await admin.post_ok(f"/v1/keys/{key['id']}/revoke")
        assert await listener.ended() == "signed_out"
    assert listener.events == []


async def test_whoever_loses_a_role_is_not_sent_what_it_showed(
    api: Api, readers: dict[str, Client], address: Address
) -> None:
    admin, agent = readers["admin"], readers["agent"]
    held = (await admin.read(f"/v1/persons/{agent.id}"))["roles"]
    async with (
        listening(address, agent.token, kind="incident") as listener,
        listening(address, admin.token, kind="incident") as watcher,
    ):
        await readers["requester"].post_ok("/v1/incidents", an_incident())
        head = await api.head()
        await listener.reach(head)
        for role in held:
            await admin.post_ok(f"/v1/persons/{agent.id}/revoke_role", {"role": role})
        await readers["requester"].post_ok("/v1/incidents", an_incident())
        await watcher.reach(await api.head())
        own = await agent.post_ok("/v1/incidents", an_incident(title="Mine"))
        await listener.reach(await api.head())
    assert listener.positions[0] == head
    assert [event["stream"] for event in sent(listener)[1:]] == [f"incident/{own['id']}"]


async def test_whoever_signs_out_is_cut_off_at_the_next_look_at_their_session(
    api: Api, readers: dict[str, Client], address: Address
) -> None:
    requester = readers["requester"]
    opened = await requester.post("/v1/sessions")
    name, _, value = opened.headers["set-cookie"].partition(";")[0].partition("=")
    async with listening(address, None, cookie=f"{name}={value}") as listener:
        ends = api.with_token(None, headers={"Cookie": f"{name}={value}", "Sec-Fetch-Site": "same-origin"})
        assert (await ends.delete("/v1/sessions/current")).status_code == 204
        assert await listener.ended() == "signed_out"
    assert live.RECHECK_SECONDS + TICK_SECONDS <= 1, "within a second"


async def test_what_comes_into_sight_later_brings_no_past_events(
    api: Api, readers: dict[str, Client], address: Address
) -> None:
    stranger = readers["stranger"]
    async with listening(address, stranger.token) as listener:
        record = await readers["requester"].post_ok("/v1/incidents", an_incident())
        path = f"/v1/incidents/{record['id']}"
        await readers["admin"].post_ok(f"{path}/follow", {"person": stranger.id})
        added = await api.head()
        await readers["admin"].post_ok(f"{path}/comment", {"text": "Seen", "visibility": "public"})
        await listener.reach(await api.head())
    assert min(listener.positions) >= added


async def test_of_whom_is_erased_nothing_is_sent_from_memory(
    api: Api, readers: dict[str, Client], address: Address
) -> None:
    admin, begin = readers["admin"], await api.head()
    olu = await api.client("Olu Adeyemi")
    async with listening(address, admin.token) as before:
        await olu.post_ok("/v1/incidents", an_incident(description="Call me."))
        await before.reach(await api.head())
        assert "Call me." in str(before.events)
        assert "Olu Adeyemi" in str(before.events)
        await admin.post_ok(f"/v1/persons/{olu.id}/erase")
        async with listening(address, admin.token, last_event_id=begin) as after:
            await after.reach(await api.head())
    assert "Call me." not in str(after.events)
    assert "Olu Adeyemi" not in str(after.events)


async def test_a_slow_listener_is_dropped_with_a_word_and_keeps_nobody_waiting(
    api: Api, app: FastAPI, readers: dict[str, Client], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(event_stream, "SEND_SECONDS", 0.2)
    monkeypatch.setattr(event_stream, "LINGER_SECONDS", 600.0)
    admin = readers["admin"]
    async with behind_a_socket(app, send_buffer=4_096) as address:
        taking = socket.socket()
        taking.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
        taking.connect(address)
        taking.setblocking(False)
        reader, writer = await asyncio.open_connection(sock=taking, limit=4_096)
        request = f"GET {STREAM} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {admin.token}\r\n\r\n"
        writer.write(request.encode())
        async with listening(address, admin.token) as other:

            async def dropped() -> Any:
                await admin.post_ok("/v1/incidents", an_incident(description="Words and words. " * 600))
                return app.state.event_streams.newest.followers == 1

            async def told() -> Any:
                return app.state.event_streams.newest.followers == 2

            await until(told)
            writer.transport.pause_reading()  # type: ignore[attr-defined]  # of a socket's transport
            await until(dropped)
            await other.reach(await api.head())
        writer.transport.resume_reading()  # type: ignore[attr-defined]  # as above
        text = await reader.read(-1)
        writer.close()
    assert text.endswith(b'data: {"reason":"too_slow"}\n\n\r\n0\r\n\r\n')
    assert other.positions == sorted(set(other.positions))


async def test_a_request_that_is_sent_behind_that_for_a_stream_takes_nothing_of_it(
    api: Api, app: FastAPI, readers: dict[str, Client]
) -> None:
    requester = readers["requester"]
    head = f"Host: test\r\nAuthorization: Bearer {requester.token}\r\n\r\n"
    async with asyncio.timeout(PATIENCE_SECONDS), behind_a_socket(app) as address:
        reader, writer = await asyncio.open_connection(*address)
        writer.write(f"GET {STREAM}?kind=incident HTTP/1.1\r\n{head}GET /v1/me HTTP/1.1\r\n{head}".encode())
        await reader.readuntil(b"\nid: ")
        await requester.post_ok("/v1/incidents", an_incident())
        sent = await reader.readuntil(b"data: {")
    assert b"HTTP/1.1" not in sent
    assert f"id: {await api.head()}\n".encode() in sent
    # The server has stopped: the stream says so, and what was sent behind it is answered.
    stream, _, behind = (await reader.read()).partition(b"HTTP/1.1 ")
    writer.close()
    assert stream.endswith(b'data: {"reason":"stopping"}\n\n\r\n0\r\n\r\n')
    assert behind.startswith(b"200 ")


@in_test_all
async def test_streams_end_with_a_word_when_the_server_stops(
    app: FastAPI, readers: dict[str, Client]
) -> None:
    async with contextlib.AsyncExitStack() as stack:
        async with behind_a_socket(app) as address:
            listener = await stack.enter_async_context(listening(address, readers["requester"].token))
        assert await listener.ended() == "stopping"


@in_test_all
async def test_every_process_sends_what_is_written_through_any(
    api: Api,
    readers: dict[str, Client],
    address: Address,
    place: DatabaseUrls,
    tmp_path: Path,
    settings: Settings,
) -> None:
    begin = await api.head()
    other = application(place.url, tmp_path / "secrets", settings)
    async with behind_a_socket(other) as second, httpx.AsyncClient() as client:
        admin = readers["admin"]
        async with listening(address, admin.token) as first, listening(second, admin.token) as other_end:
            for host, port in (address, second):
                answer = await client.post(
                    f"http://{host}:{port}/v1/incidents",
                    json=an_incident(),
                    headers={"Authorization": f"Bearer {admin.token}"},
                )
                assert answer.status_code == 201
            expected = await followed(admin, begin)
            for listener in (first, other_end):
                await listener.reach(expected[-1]["position"])
                assert sent(listener) == expected


async def test_a_caller_has_so_many_streams_and_no_more(
    app: FastAPI, readers: dict[str, Client], address: Address, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "MOST_STREAMS", 2)
    requester, agent = (Client(app, None, readers[name].token) for name in ("requester", "agent"))
    async with listening(address, requester.token), listening(address, requester.token):
        answer = await requester.get(STREAM, params={"follow": "false"})
        assert (answer.status_code, answer.json()["code"]) == (429, "too_many_streams")
        assert int(answer.headers["retry-after"]) > 0
        assert (await agent.get(STREAM, params={"follow": "false"})).status_code == 200


async def test_the_stream_is_kept_by_nobody_on_the_way_and_head_has_no_body(
    api: Api, readers: dict[str, Client]
) -> None:
    for answer in (
        await readers["requester"].head(STREAM),
        await readers["requester"].get(STREAM, params={"follow": "false"}),
    ):
        assert answer.status_code == 200
        assert answer.headers["cache-control"] == "no-store, no-transform"
        assert answer.headers["x-accel-buffering"] == "no"
        assert "content-encoding" not in answer.headers


async def test_a_position_after_the_end_ends_the_stream_with_the_position_to_continue_from(
    api: Api, readers: dict[str, Client], address: Address
) -> None:
    head, requester = await api.head(), readers["requester"]
    async with listening(address, requester.token, last_event_id=head + 1_000) as listener:
        assert await listener.ended() == "ahead_of_the_log"
    assert (listener.last_id, listener.events) == (head, [])
    async with listening(address, requester.token, last_event_id=listener.last_id) as listener:
        await requester.post_ok("/v1/incidents", an_incident())
        await listener.reach(await api.head())


async def test_what_cannot_come_is_refused(api: Api, readers: dict[str, Client]) -> None:
    beyond = str(await api.head() + 1_000)
    requester = readers["requester"]
    for answer in (
        await requester.get(STREAM, params={"after": beyond}),
        await requester.get(STREAM, headers={"Last-Event-ID": "the last"}),
        await requester.get(STREAM, params={"kind": "incidents"}),
        await requester.get(STREAM, params={"before": "3"}),
    ):
        assert answer.status_code == 422, answer.text


@in_test_all
async def test_without_listeners_nothing_is_read(
    app: FastAPI, readers: dict[str, Client], address: Address, statements: Statements
) -> None:
    streams = app.state.event_streams
    async with listening(address, readers["requester"].token):
        assert streams.newest.followers == 1

    async def left() -> Any:
        return streams.newest.followers == 0 and not streams.open

    await until(left)
    statements.sent.clear()
    await readers["requester"].post_ok("/v1/incidents", an_incident())
    assert statements.with_text(READ_EVENTS) == 0
