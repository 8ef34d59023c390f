"""Major incidents are reviewed before they are closed (process document, *Incidents*)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from app.common.people import Caller, Role
from app.log.canonical import instant
from app.processes.incidents.payloads import ResolveIncident
from tests.builders import AGENT, ASSIGNEE, REPORTER, a_caller, a_person, given, incident, minutes
from tests.client import RESOLVED, Api, Client, Json, an_incident
from tests.foundation.services.test_catalogue import a_service
from tests.people import act, ago

MANAGER = a_caller(Role.incident_manager)
HAPPENED = {"happened_at": instant(minutes(-50)), "text": "The disk was full."}
SAID: Json = {
    "timeline": [HAPPENED],
    "causes": "Nobody looked.",
    "went_well": "It was found at once.",
    "went_badly": "Nobody was told.",
    "actions": [],
    "no_actions_reason": "None, because the supplier mends it.",
}
DUE = "2199-01-01T00:00:00.000000Z"


def a_major(**fields: Any) -> Any:
    """A major incident that is resolved."""
    times = {"resolved_at": minutes(-10), "state_since": minutes(-10), "declared_major_at": minutes(-40)}
    return incident(state="resolved", **times, **fields)


def test_a_review_keeps_what_was_learnt_beside_the_incident() -> None:
    outcome = given(a_major()).by(MANAGER).when("review", SAID)
    assert outcome.decided is not None
    event, decided = outcome.decided
    rows = {key.split("/")[0]: row for key, row in decided.data["set"].items()}
    assert (event, decided.staff_only) == ("incident.reviewed", True)
    assert rows.keys() == {"incident", "incident_review", "timeline_entry"}
    assert rows["timeline_entry"]["happened_at"] == HAPPENED["happened_at"]
    assert rows["incident"].keys() == {"reviewed_at"}


def test_what_will_be_done_are_tasks_of_their_owners() -> None:
    owners = [a_person(), a_person()]
    actions = [
        {"title": f"Action {n}", "owner": str(owner.id), "due_at": DUE} for n, owner in enumerate(owners)
    ]
    reviewed = given(a_major()).by(MANAGER)
    for n, owner in enumerate(owners):
        reviewed.found[f"actions/{n}/owner"] = [owner]
    payload = {**SAID, "actions": actions, "no_actions_reason": None}
    decided = reviewed.when("review", payload).decided
    assert decided is not None
    tasks = [row for key, row in decided[1].data["set"].items() if key.startswith("task/")]
    assert [(task["title"], task["assignee_id"], task["due_at"]) for task in tasks] == [
        (f"Action {n}", str(owner.id), DUE) for n, owner in enumerate(owners)
    ]
    assert [action["owner"] for action in decided[1].data["given"]["actions"]] == [str(o.id) for o in owners]


def test_a_review_has_tasks_or_the_reason_why_none_follows() -> None:
    given(a_major()).by(MANAGER).when("review", {**SAID, "no_actions_reason": None}).refused(
        "tasks_or_reason", pointer="/actions"
    )
    owner = a_person()
    reviewed = given(a_major()).by(MANAGER)
    reviewed.found["actions/0/owner"] = [owner]
    payload = {**SAID, "actions": [{"title": "Watch it", "owner": str(owner.id), "due_at": DUE}]}
    reviewed.when("review", payload).refused("tasks_or_reason", pointer="/actions")


def test_a_review_tells_of_what_has_happened() -> None:
    ahead = {"happened_at": instant(minutes(1)), "text": "It will be full again."}
    outcome = given(a_major()).by(MANAGER).when("review", {**SAID, "timeline": [HAPPENED, ahead]})
    outcome.refused("after_it_was_told", pointer="/timeline/1/happened_at")


@pytest.mark.parametrize("caller", [REPORTER, ASSIGNEE, AGENT], ids=["reporter", "engineer", "agent"])
def test_only_the_incident_manager_reviews(caller: Any) -> None:
    given(a_major()).by(caller).when("review", SAID).refused("forbidden")


def test_what_is_no_major_incident_is_not_reviewed_and_closed_without() -> None:
    record = incident(state="resolved", resolved_at=minutes(-10))
    given(record).by(MANAGER).when("review", SAID).refused("is_no_major")
    given(record).by(AGENT).when("close").then("incident.closed")


def test_a_major_incident_is_closed_after_its_review() -> None:
    given(a_major()).by(AGENT).when("close").refused("major_not_reviewed")
    reviewed = given(a_major()).by(MANAGER).when("review", SAID).and_then()
    reviewed.by(AGENT).at(minutes(1)).when("close").then("incident.closed")
    reviewed.at(minutes(1)).when("review", SAID).refused("already_reviewed")


def test_reopened_and_resolved_again_it_is_reviewed_again() -> None:
    times = {"reviewed_at": minutes(-5), "review_due_at": minutes(9_000)}
    record = a_major(**times, resolution_code="fixed", resolution=None)
    again = given(record).by(AGENT).when("reopen", {"reason": "It is full again."})
    assert (again.record.reviewed_at, again.record.declared_major_at) == (None, minutes(-40))
    assert again.record.review_due_at is None, "of which nobody knows yet when it will be due"


# GET …/review


async def a_resolved_major(api: Api) -> tuple[Client, Client, str]:
    """The incident manager, the reporter, and the address of the incident."""
    manager = await api.client("Manager", Role.incident_manager, Role.engineer, Role.agent)
    reporter = await api.client("Reporter")
    path = f"/v1/incidents/{(await reporter.post_ok('/v1/incidents', an_incident()))['id']}"
    await manager.post_ok(f"{path}/declare_major", {"commander": "me", "statement": "Mail is down."})
    await manager.post_ok(f"{path}/assign", {"person": "me"})
    await manager.post_ok(f"{path}/start")
    await manager.post_ok(f"{path}/comment", {"text": "Let us see."})
    await manager.post_ok(f"{path}/contain", {"measure": "The relay is off."})
    await manager.post_ok(f"{path}/resolve", RESOLVED)
    return manager, reporter, path


async def due(api: Api, major: bool, service: str | None, now: datetime) -> datetime | None:
    """When the review of an incident must be held that is resolved then, as the event says."""
    manager = await api.client("Manager", Role.incident_manager, Role.engineer, Role.agent)
    more = {} if service is None else {"service": service}
    record = await manager.post_ok("/v1/incidents", an_incident(**more))
    path = f"/v1/incidents/{record['id']}"
    if major:
        await manager.post_ok(f"{path}/declare_major", {"commander": "me", "statement": "Mail is down."})
    await manager.post_ok(f"{path}/assign", {"person": "me"})
    await manager.post_ok(f"{path}/acknowledge")
    caller, body = Caller(f"person:{manager.id}", UUID(manager.id)), ResolveIncident.model_validate(RESOLVED)
    done = await act(api.ledger, caller, "incident", "resolve", record["id"], body, now=now)
    due_at = done.event.data["set"][f"incident/{record['id']}"].get("review_due_at")
    return None if due_at is None else datetime.fromisoformat(due_at)


async def test_a_review_is_due_in_five_working_days_of_the_service_and_the_resolution_says_when(
    api: Api,
) -> None:
    tuesday = datetime(2198, 10, 2, 7, 30, tzinfo=UTC)
    assert tuesday.weekday() == 1
    assert await due(api, True, None, tuesday) == tuesday + timedelta(days=7), "Monday to Friday"
    saturday = tuesday + timedelta(days=4)
    assert await due(api, True, None, saturday) == saturday + timedelta(days=6)
    assert await due(api, False, None, tuesday) is None, "only a major incident is reviewed"
    admin = await api.client("Admin", Role.admin, Role.service_level_manager)
    week = {"weekdays": ["mon", "tue", "wed", "thu", "fri"], "starts": "09:00", "ends": "18:00"}
    holidays = [{"date": f"2198-10-{day:02}"} for day in (3, 4, 5, 8)]
    calendar: Json = {"key": "shanghai", "name": "上海", "time_zone": "Asia/Shanghai", "weekly": [week]}
    await admin.post_ok("/v1/calendars", calendar | {"holidays": holidays})
    await a_service(admin, "mail", calendar="shanghai")
    assert await due(api, True, "mail", tuesday) == tuesday + timedelta(days=13), "and four holidays"


async def test_the_log_proposes_a_timeline_which_the_review_takes_over(api: Api) -> None:
    manager, _, path = await a_resolved_major(api)
    proposed = await manager.read(f"{path}/review")
    assert proposed["reviewed_at"] is None
    assert [entry["text"] for entry in proposed["timeline"]] == [
        "Report",
        "Declare major incident: Mail is down.",
        "Assign",
        "Start",
        "Contain: The relay is off.",
        "Resolve: Restarted the relay.",
    ]
    body = {**SAID, "timeline": proposed["timeline"]}
    await manager.post_ok(f"{path}/review", body)
    answer = await manager.read(f"{path}/review")
    assert answer.pop("reviewed_at") is not None
    assert answer == {name: body[name] for name in answer}
    closed = await manager.post_ok(f"{path}/close")
    assert closed["state"] == "closed"


async def test_a_proposal_is_in_the_language_asked_for(api: Api) -> None:
    manager, _, path = await a_resolved_major(api)
    answer = await manager.get(f"{path}/review", headers={"Accept-Language": "zh"})
    assert answer.json()["timeline"][1]["text"] == "宣布重大事件: Mail is down."
    assert answer.headers["content-language"] == "zh"


async def test_only_staff_read_reviews_and_know_of_them(api: Api) -> None:
    manager, reporter, path = await a_resolved_major(api)
    await manager.post_ok(
        f"{path}/review", {**SAID, "timeline": [{**HAPPENED, "happened_at": instant(ago(hours=1))}]}
    )
    refused = await reporter.get(f"{path}/review")
    assert (refused.status_code, refused.json()["code"]) == (403, "forbidden")
    events = (await reporter.read(f"{path}/events"))["items"]
    assert "incident.reviewed" not in {event["type"] for event in events}
    stranger = await api.client("Stranger")
    assert (await stranger.get(f"{path}/review")).status_code == 404


async def test_what_is_wrong_in_a_part_is_pointed_to(api: Api) -> None:
    manager, _, path = await a_resolved_major(api)
    action = {"title": "Watch", "owner": "nobody", "due_at": DUE}
    past = [{"happened_at": instant(datetime(2026, 1, 1, tzinfo=UTC)), "text": "It fell."}]
    wrong = (
        ({**SAID, "timeline": past, "actions": [action]}, "/actions/0/owner"),
        ({**SAID, "timeline": []}, "/timeline"),
        ({**SAID, "timeline": [{"text": "It fell."}]}, "/timeline/0/happened_at"),
        ({**SAID, "timeline": [{**past[0], "who": "x"}]}, "/timeline/0/who"),
    )
    for body, pointer in wrong:
        refused = await manager.post(f"{path}/review", json=body)
        assert refused.status_code == 422
        assert refused.json()["errors"][0]["pointer"] == pointer
