"""A record and its events as they were, at a position of the log or at an instant."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from app.common.people import Role
from app.log import read
from tests.client import RESOLVED, Api, Client, an_incident

#: A requester, an agent, where their incident is, and its events.
#: What nobody can do with what is past, and what is looked up as of now only.
PAST: dict[str, Any] = {"actions": [], "external_references": None}
Lived = tuple[Client, Client, str, list[dict[str, object]]]


@pytest.fixture
async def lived(shared: Api) -> Lived:
    zhao, lin = await shared.client("Zhao Min"), await shared.client("Lin", Role.agent)
    path = f"/v1/incidents/{(await zhao.post_ok('/v1/incidents', an_incident()))['id']}"
    await zhao.post_ok(f"{path}/comment", {"text": "Any news?"})
    await lin.post_ok(f"{path}/acknowledge")
    await lin.post_ok(f"{path}/assign", {"person": "me"})
    await lin.post_ok(f"{path}/resolve", RESOLVED)
    return zhao, lin, path, (await lin.read(f"{path}/events"))["items"]


async def test_a_record_is_shown_as_it_was_after_each_of_its_events(
    lived: Lived,
) -> None:
    zhao, lin, path, events = lived
    answer = await lin.read(path)
    versions, states = [], []
    for event in events:
        by_position = await lin.get(path, params={"as_of": str(event["position"])})
        by_instant = await lin.get(path, params={"as_of": str(event["recorded_at"])})
        assert by_position.json() == by_instant.json()
        assert by_position.headers["etag"] == by_instant.headers["etag"]
        document = by_position.json()
        versions.append(document["version"])
        states.append(document["state"])
        assert by_position.headers["etag"].startswith(f'"{document["version"]}.')
        assert document["actions"] == [], "nobody can act on what is past"
        until = (await zhao.read(f"{path}/events", as_of=str(event["position"])))["items"]
        assert [e["position"] for e in until] == [e["position"] for e in events[: len(until)]]
        assert until[-1]["position"] == event["position"]
    assert (versions, states) == ([1, 1, 3, 4, 5], ["new", "new", "acknowledged", "acknowledged", "resolved"])
    assert document == answer | PAST


async def test_what_was_not_there_yet_is_not_found(shared: Api, lived: Lived) -> None:
    zhao, _, path, events = lived
    before = str(int(str(events[0]["position"])) - 1)
    for as_of in (before, "0", "2020-01-01T00:00:00Z", "2020-01-01T08:00:00+08:00"):
        answer = await zhao.get(path, params={"as_of": as_of})
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
        assert (await zhao.read(f"{path}/events", as_of=as_of))["items"] == []


async def test_who_may_see_it_is_decided_as_of_now(shared: Api, lived: Lived) -> None:
    zhao, _, path, events = lived
    wu = await shared.client("Wu Jing")
    for as_of in (str(events[0]["position"]), "0"):
        assert (await wu.get(path, params={"as_of": as_of})).status_code == 404
        assert (await wu.get(f"{path}/events", params={"as_of": as_of})).status_code == 404
    assert (await zhao.get(path, params={"as_of": str(events[0]["position"])})).status_code == 200


async def test_what_lies_ahead_or_is_no_time_is_refused(shared: Api, lived: Lived) -> None:
    zhao, _, record_path, _ = lived
    ahead = (datetime.now(UTC) + timedelta(days=1)).isoformat()
    for path in (record_path, f"{record_path}/events"):
        for as_of, code in (
            (ahead, "ahead_of_the_log"),
            (str(await shared.head() + 1), "ahead_of_the_log"),
            ("9" * 40, "ahead_of_the_log"),
            ("yesterday", "as_of"),
            ("2026-01-01", "as_of"),
            ("-1", "as_of"),
            ("", "as_of"),
        ):
            answer = await zhao.get(path, params={"as_of": as_of})
            assert answer.status_code == 422, (as_of, answer.text)
            (error,) = answer.json()["errors"]
            assert (error["parameter"], error["code"]) == ("as_of", code)


async def test_pages_of_events_of_the_past_end_there(
    lived: Lived,
) -> None:
    zhao, _, path, events = lived
    as_of = str(events[2]["position"])
    pages = await zhao.pages(f"{path}/events", limit=1, as_of=as_of)
    assert [event["version"] for page in pages for event in page] == [1, 2, 3]
    cursor = (await zhao.read(f"{path}/events", limit=1, as_of=as_of))["next_cursor"]
    answer = await zhao.get(f"{path}/events", params={"cursor": cursor})
    assert (answer.status_code, answer.json()["code"]) == (400, "bad_cursor")


async def test_a_past_record_can_be_trimmed_and_expanded(
    lived: Lived,
) -> None:
    _, lin, moment, events = lived
    at_first = await lin.read(
        moment, as_of=str(events[0]["position"]), fields="requester,assignee", expand="requester"
    )
    assert at_first["assignee"] is None
    assert at_first["requester"]["email"] == "zhao@example.org"
    assert at_first.keys() == {"id", "version", "number", "requester", "assignee"}


async def test_when_it_was_recorded_shows_exactly_the_version_that_says_so(shared: Api, lived: Lived) -> None:
    """`changed_at` is when it happened, which may have been told later."""
    _, lin, path, _ = lived
    before = await lin.read(path)
    reopened = await lin.post_ok(f"{path}/reopen", {"reason": "It came back."})
    resolution = {"occurred_at": reopened["changed_at"], **RESOLVED}
    record = await lin.post_ok(f"{path}/resolve", resolution)
    assert record["changed_at"] == reopened["changed_at"] < reopened["recorded_at"] < record["recorded_at"]
    await lin.post_ok(f"{path}/comment", {"text": "Done."})
    for version in (before, record):
        past = await lin.read(path, as_of=version["recorded_at"])
        assert past == version | PAST
    now = await lin.read(path)
    (listed,) = [
        item for item in (await lin.read("/v1/incidents", limit=100))["items"] if item["id"] == now["id"]
    ]
    (event,) = [e for e in (await lin.read(f"{path}/events"))["items"] if e["version"] == now["version"]]
    assert now["recorded_at"] == listed["recorded_at"] == record["recorded_at"] == event["recorded_at"]
    instant = datetime.fromisoformat(reopened["recorded_at"])
    just_before = (instant - timedelta(microseconds=1)).isoformat()
    assert (await lin.read(path, as_of=just_before))["version"] == before["version"]


async def test_what_the_log_has_taken_is_never_ahead_of_it(shared: Api, lived: Lived) -> None:
    """Its clock is the database's: ours may be behind it."""
    _, lin, moment, _ = lived
    db = shared.ledger.db
    recorded_at = datetime.fromisoformat((await lin.read(moment))["recorded_at"])
    behind = recorded_at - timedelta(hours=1)
    assert not await read.is_beyond_head(db, recorded_at, behind)
    assert await read.is_beyond_head(db, recorded_at + timedelta(days=1), behind)
