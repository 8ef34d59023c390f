"""The feed: its readers get what `…/events` of the records that they see gives them, each event once."""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import UUID

import pytest

from app.common.people import Role
from app.common.times.clocks import AgreementType, ClockEventType
from app.kernel.actions.describe import event_names
from app.kernel.histories import feed
from app.log.ids import uuid7
from app.platform.db import connect
from app.registry import LIFECYCLES
from tests.api.statements import READ_HEAD, Statements
from tests.cases import each_case
from tests.client import Api, Client, Json, an_incident
from tests.clocks import append_clock_event
from tests.conftest import DatabaseUrls
from tests.contract.logged import catalogue
from tests.extent import WHOLE, first_of, in_test_all
from tests.selection import one_in

FEED = "/v1/events"


async def followed(client: Client, **parameters: Any) -> list[Json]:
    return [event for page in await client.pages(FEED, **parameters) for event in page]


async def events_of_records(api: Api, client: Client) -> list[Json]:
    """The events of all records that the client sees, record by record, in the order of the log."""
    collected: list[Json] = []
    kinds = {row["kind"] for row in await api.ledger.db.rows("select distinct kind from log.stream_head")}
    for lifecycle in (lifecycle for lifecycle in LIFECYCLES if WHOLE or lifecycle.kind in kinds):
        for page in await client.pages(f"/v1/{lifecycle.plural}", limit="200", fields="id"):
            for record in page:
                path = f"/v1/{lifecycle.plural}/{record['id']}/events"
                if (await client.get(path)).status_code == 200:
                    collected += [event for events in await client.pages(path) for event in events]
    return sorted(collected, key=lambda event: event["position"])


@pytest.fixture
async def readers(api: Api) -> dict[str, Client]:
    team, other = await api.staffed_team("network"), await api.staffed_team("other")
    admin = await api.client("root", Role.admin, Role.agent)
    requester = await api.client("asks", Role.requester)
    agent = await api.client("agent", f"agent@team/{team}")
    auditor = await api.client("audits", Role.auditor)
    for n, given_to in enumerate((team, other, team)):
        writer = requester if n < 2 else admin
        record = await writer.post_ok("/v1/incidents", an_incident())
        path = f"/v1/incidents/{record['id']}"
        await admin.post_ok(f"{path}/assign", {"team": given_to})
        for visibility in ("internal", "public"):
            await admin.post_ok(f"{path}/comment", {"text": f"{visibility} word", "visibility": visibility})
        for event in (ClockEventType.started, ClockEventType.breached):
            await append_clock_event(api.ledger, f"incident/{record['id']}", event)
        await append_clock_event(
            api.ledger,
            f"incident/{record['id']}",
            ClockEventType.started,
            agreement_type=AgreementType.ola,
            party=UUID(team),
            staff_only=True,
        )
        await admin.post_ok(f"{path}/comment", {"text": "Last word", "visibility": "public"})
    return {"admin": admin, "requester": requester, "agent": agent, "auditor": auditor}


@pytest.mark.parametrize("most_read", first_of([3, feed.MOST_READ], 1))
async def test_each_reader_gets_what_the_events_of_their_records_give_and_no_more(
    api: Api, readers: dict[str, Client], monkeypatch: pytest.MonkeyPatch, most_read: int
) -> None:
    monkeypatch.setattr(feed, "MOST_READ", most_read)
    for name, client in first_of([*readers.items()], 3):
        expected = await events_of_records(api, client)
        assert expected, name
        assert await followed(client, limit="3") == expected, name
        assert await followed(client, limit="4", order="backward") == expected[::-1], name
        of_type = [event for event in expected if event["type"] == "incident.commented"]
        assert await followed(client, type="incident.commented") == of_type, name
        assert await followed(client, kind="incident", limit="2") == [
            event for event in expected if event["stream"].startswith("incident/")
        ], name
        middle = expected[len(expected) // 2]
        assert await followed(client, stream=middle["stream"]) == [
            event for event in expected if event["stream"] == middle["stream"]
        ], name
        assert await followed(client, recorded_after=middle["recorded_at"]) == [
            event for event in expected if event["position"] >= middle["position"]
        ], name
        assert await followed(client, before=str(middle["position"]), actor=middle["actor"]) == [
            event
            for event in expected
            if event["position"] < middle["position"] and event["actor"] == middle["actor"]
        ], name


async def test_few_streams_are_read_one_by_one_with_the_same_result(
    api: Api, readers: dict[str, Client], monkeypatch: pytest.MonkeyPatch
) -> None:
    requester = readers["requester"]
    expected = await events_of_records(api, requester)
    monkeypatch.setattr(feed, "MOST_READ", len(expected))
    assert await followed(requester, limit="2") == expected


async def test_events_about_a_record_are_for_whoever_sees_the_record_and_nobody_else(
    api: Api, readers: dict[str, Client], place: DatabaseUrls, monkeypatch: pytest.MonkeyPatch
) -> None:
    stranger = await api.client("stranger", Role.requester)
    (incident, *_) = (await readers["requester"].read("/v1/incidents", sort="opened_at"))["items"]
    stream = f"clock/{uuid7()}"
    position = await append_about(place.owner_url, stream, f"incident/{incident['id']}")
    everyone = {**readers, "stranger": stranger}
    for most_read in (feed.MOST_READ, position - 1):
        monkeypatch.setattr(feed, "MOST_READ", most_read)
        readers_who_see = {
            name
            for name, client in everyone.items()
            if [event["position"] for event in await followed(client) if event["stream"] == stream]
        }
        can_read = {
            name
            for name, client in everyone.items()
            if (await client.get(f"/v1/incidents/{incident['id']}/events")).status_code == 200
        }
        assert readers_who_see == can_read >= {"admin", "requester", "agent"}
        assert "stranger" not in readers_who_see
        assert [
            event["stream"] for event in await followed(readers["agent"], kind="clock", stream=stream)
        ] == [stream]


async def test_the_events_of_a_clock_stand_among_those_of_its_ticket(
    api: Api, readers: dict[str, Client]
) -> None:
    (incident, *_) = (await readers["admin"].read("/v1/incidents", sort="opened_at"))["items"]
    path = f"/v1/incidents/{incident['id']}/events"
    all_events = [event for page in await readers["admin"].pages(path) for event in page]
    for limit in ("1", "3"):
        paged = [event for page in await readers["admin"].pages(path, limit=limit) for event in page]
        assert paged == all_events
    assert [event["position"] for event in all_events] == sorted(event["position"] for event in all_events)
    of_clocks = [event for event in all_events if event["clock"] is not None]
    assert [event["type"] for event in of_clocks] == ["clock.started", "clock.breached", "clock.started"]
    assert of_clocks[0]["set"] == of_clocks[0]["given"] == {}
    clock = of_clocks[1]["clock"]
    assert (clock["metric"], clock["agreement_type"], clock["target_seconds"]) == ("resolution", "SLA", 14400)
    assert clock["percent"] is None, "what is not said is null"
    assert of_clocks[1]["version"] == 2
    assert all_events[-1]["type"] == "incident.commented"
    team = of_clocks[2]["clock"]["party"]
    page = await readers["admin"].read(path)
    assert page["names"][team] == "The network team"
    before = [
        event
        for part in await readers["admin"].pages(path, as_of=str(of_clocks[1]["position"] - 1), limit="2")
        for event in part
    ]
    assert before == [event for event in all_events if event["position"] < of_clocks[1]["position"]]
    of_requester = [event for page in await readers["requester"].pages(path) for event in page]
    assert [event["type"] for event in of_requester if event["clock"]] == ["clock.started", "clock.breached"]


async def append_about(owner_url: str, stream: str, about: str) -> int:
    """The position of an event of a stream about that record; by its own head everybody would see it."""
    owner = await connect(owner_url)
    try:
        cursor = await owner.execute(
            """with moved as (update log.head set position = position + 1 returning position, recorded_at),
              made as (insert into log.stream_head values (%(stream)s, 'clock', 1, '{everybody}', %(about)s))
            insert into log.event (position, recorded_at, occurred_at, id, version, schema_version,
                staff_only, stream, type, actor, correlation_id, source, data)
              select position, recorded_at, recorded_at, %(id)s, 1, 1, false, %(stream)s, 'clock.started',
                'rule:clocks', 'a-test', 'rule', '{"given":{},"set":{}}' from moved returning position""",
            {"stream": stream, "about": about, "id": uuid7()},
        )
        ((position,),) = await cursor.fetchall()
        return int(position)
    finally:
        await owner.close()


async def test_whoever_resumes_gets_what_has_come_since_and_nothing_twice(readers: dict[str, Client]) -> None:
    agent, admin = readers["agent"], readers["admin"]
    for order in ("forward", "backward"):
        page = await agent.read(FEED, order=order, limit="200")
        assert page["caught_up"]
        assert page["next_cursor"] is None
        stream = next(item["stream"] for item in page["items"] if item["stream"].startswith("incident/"))
        path = "/v1/incidents/" + stream.partition("/")[2]
        await admin.post_ok(f"{path}/comment", {"text": order, "visibility": "public"})
        new = await agent.read(FEED, cursor=page["resume_cursor"])
        assert [event["given"]["text"] for event in new["items"]] == [order]


@in_test_all
async def test_a_wait_for_which_nothing_comes_ends_with_an_empty_page(readers: dict[str, Client]) -> None:
    requester = readers["requester"]
    page = await requester.read(FEED, limit="200")
    assert not (await requester.read(FEED, cursor=page["resume_cursor"], limit="200", wait="1"))["items"]


async def test_a_cursor_is_good_for_its_own_filters_and_order_only(readers: dict[str, Client]) -> None:
    auditor = readers["auditor"]
    cursor = (await auditor.read(FEED, limit="2"))["next_cursor"]
    changed = cursor[:-2] + ("AA" if cursor[-2:] != "AA" else "BB")
    for wrong in ({"kind": "incident"}, {"order": "backward"}, {"cursor": changed}):
        assert (await auditor.get(FEED, params={"cursor": cursor} | wrong)).status_code == 400, wrong


async def test_values_out_of_bounds_are_refused(shared: Api) -> None:
    auditor = await shared.client("audits", Role.auditor)
    for wrong in (
        {"limit": "0"},
        {"limit": "201"},
        {"wait": "31"},
        {"wait": "1", "order": "backward"},
        {"after": "-1"},
        {"order": "up"},
        {"type": "nothing"},
        {"recorded_after": "17"},
        {"recorded_after": "0001-01-01T00:00:00Z"},
    ):
        answer = await auditor.get(FEED, params=wrong)
        assert answer.status_code == 422 or (wrong.get("recorded_after") and answer.status_code == 200), wrong


@in_test_all
async def test_a_large_page_takes_as_many_statements_as_a_small_one(
    api: Api, readers: dict[str, Client], statements: Statements
) -> None:
    for name, client in readers.items():
        counts = []
        for limit in ("3", "200"):
            api.ledger.forget()
            statements.sent.clear()
            page = await client.read(FEED, kind="incident", order="backward", limit=limit)
            # The listener asks for the log's head beside, once a second.
            counts.append(len(statements.sent) - statements.with_text(READ_HEAD))
        assert len(page["items"]) > 3 or name == "auditor"
        # Keys of persons are kept once they were read, so the second page may take fewer.
        assert counts[1] <= counts[0] <= 8, (name, counts)


async def followed_until(quiet: asyncio.Event, client: Client) -> list[Json]:
    """All events that a reader gets who follows by small pages, until there are none after it is quiet."""
    collected: list[Json] = []
    page = await client.read(FEED, limit="3")
    while True:
        collected += page["items"]
        was_quiet = quiet.is_set()
        wait = {} if was_quiet else {"wait": "1"}
        page = await client.read(FEED, limit="3", cursor=page["resume_cursor"], **wait)
        if was_quiet and page["caught_up"] and not page["items"]:
            return collected


async def test_while_others_append_each_reader_gets_each_event_once_in_order(
    api: Api, readers: dict[str, Client]
) -> None:
    admin, quiet = readers["admin"], asyncio.Event()
    teams = {team["key"]: team["id"] for team in (await admin.read("/v1/teams"))["items"]}

    async def append(n: int) -> None:
        writer = readers["requester"] if n % 2 else admin
        path = f"/v1/incidents/{(await writer.post_ok('/v1/incidents', an_incident()))['id']}"
        for step in range(3):
            team = ("network", "other")[(n // 2 + step) % 2]
            await admin.post_ok(f"{path}/assign", {"team": teams[team]})
            visibility = ("public", "internal")[step % 2]
            await admin.post_ok(f"{path}/comment", {"text": "A word.", "visibility": visibility})

    following = {
        name: asyncio.create_task(followed_until(quiet, readers[name]))
        for name in ("admin", "requester", "agent")
    }
    await asyncio.gather(*(append(n) for n in range(8 if WHOLE else 4)))
    quiet.set()
    followed_by = {name: await task for name, task in following.items()}
    for events in followed_by.values():
        positions = [event["position"] for event in events]
        assert positions == sorted(set(positions))
    # These two see the same records all the while.
    for name in ("admin", "requester"):
        assert followed_by[name] == await events_of_records(api, readers[name]), name
    sure, possible = seen_by_team(followed_by["admin"], teams["network"])
    visible = {event["position"]: event for event in await events_of_records(api, readers["agent"])}
    got = {event["position"]: event for event in followed_by["agent"]}
    assert all(got[position] == event for position, event in visible.items() if position in got)
    of_incidents = {position for position, event in got.items() if event["stream"].startswith("incident/")}
    assert sure <= of_incidents <= possible
    other_positions = {
        position for position, event in visible.items() if not event["stream"].startswith("incident/")
    }
    assert got.keys() - of_incidents == other_positions


def seen_by_team(events: list[Json], team: str) -> tuple[set[int], set[int]]:
    """Positions of the events of incidents that an agent of the team gets who follows, and of those that they
    may get: not those before a record became visible if they were there by then, and none after it is
    visible no longer. The desk's incidents have no team.
    """
    by_stream: dict[str, list[tuple[int, bool]]] = {}
    teams: dict[str, str] = {}
    for event in events:
        stream = event["stream"]
        if stream.startswith("incident/"):
            teams[stream] = event["set"].get(stream, {}).get("team_id") or teams.get(stream, "")
            by_stream.setdefault(stream, []).append((event["position"], teams[stream] in ("", team)))
    sure, possible = set[int](), set[int]()
    for seen_by in by_stream.values():
        last = max((n for n, (_, visible) in enumerate(seen_by) if not visible), default=-1)
        sure |= {position for position, _ in seen_by[last + 1 :]}
        lasts = max((n for n, (_, visible) in enumerate(seen_by) if visible), default=-1)
        possible |= {position for position, _ in seen_by[: lasts + 1]}
    return sure, possible


@each_case(
    ("parameters", "near"),
    [
        ({"kind": "incidents"}, "incident"),
        ({"type": "incident.resolve"}, "incident.resolved"),
        ({"type": "no.such"}, None),
        ({"kind": "xyzzy"}, None),
    ],
)
async def test_a_kind_or_type_that_no_event_has_is_refused_with_what_is_near(
    shared: Api, parameters: dict[str, str], near: str | None
) -> None:
    client = await shared.client("Ada", Role.agent)
    answer = await client.get(FEED, params=parameters)
    assert answer.status_code == 422, answer.text
    (error,) = answer.json()["errors"]
    assert error["parameter"] == next(iter(parameters))
    assert near is None or near in error["message"], error


async def test_every_kind_and_type_of_the_catalogue_may_be_asked_for(shared: Api) -> None:
    client = await shared.client("Ada", Role.agent)
    types = catalogue()["types"]
    named = event_names(shared.ledger.lifecycles.values())
    assert set(types) == set().union(*named.values())
    for kind in one_in(10, named):
        await client.read(FEED, kind=kind, type="incident.reported")
