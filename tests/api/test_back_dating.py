"""How far back somebody may date what happened, over HTTP."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from app.common.people import Role
from tests.cases import each_case
from tests.client import Api, an_incident

SOON = timedelta(seconds=50)


def at(distance: timedelta) -> str:
    """That far from now, as a client says it."""
    return (datetime.now(UTC) + distance).isoformat()


@each_case(
    ("roles", "reach"),
    [
        ((Role.requester,), timedelta(seconds=60)),
        ((Role.agent,), timedelta(days=7)),
        ((Role.engineer,), timedelta(days=7)),
        ((Role.incident_manager,), timedelta(days=90)),
        ((Role.problem_manager,), timedelta(days=90)),
        ((Role.service_level_manager,), timedelta(days=90)),
        ((Role.admin,), timedelta(days=90)),
        ((Role.management,), timedelta(seconds=60)),
        ((Role.agent, Role.incident_manager), timedelta(days=90)),
    ],
    ids=str,
)
async def test_a_role_dates_back_so_far_and_no_further(
    shared: Api, roles: tuple[Role, ...], reach: timedelta
) -> None:
    client = await shared.client("Somebody", *roles)
    dated = await client.post_ok("/v1/incidents", an_incident(occurred_at=at(-reach + SOON)))
    assert datetime.fromisoformat(dated["opened_at"]) < datetime.now(UTC) - reach + SOON + SOON
    head = await shared.head()
    refused = await client.post("/v1/incidents", json=an_incident(occurred_at=at(-reach - SOON)))
    error = refused.json()["errors"][0]
    assert (refused.status_code, error["pointer"], error["code"]) == (422, "/occurred_at", "too_far_back")
    days = reach.days
    assert f" {days} days" in error["message"]
    assert await shared.head() == head


async def test_an_integration_dates_back_without_limit(shared: Api) -> None:
    tool = await shared.client("Monitoring", Role.integration)
    record = await tool.post_ok("/v1/incidents", an_incident(occurred_at="1999-12-31T23:59:59+08:00"))
    assert record["opened_at"] == "1999-12-31T15:59:59.000000Z"
    assert record["number"].split("-")[1] == str(datetime.now(UTC).year), (
        "the year of taking, not of happening"
    )


async def test_nobody_dates_further_ahead_than_a_clock_may_be_wrong(shared: Api) -> None:
    tool = await shared.client("Monitoring", Role.integration)
    await tool.post_ok("/v1/incidents", an_incident(occurred_at=at(timedelta(seconds=40))))
    refused = await tool.post("/v1/incidents", json=an_incident(occurred_at=at(timedelta(seconds=80))))
    assert refused.json()["errors"][0]["code"] == "in_the_future"


async def test_a_later_event_is_not_dated_before_the_state_that_it_leaves(shared: Api) -> None:
    tool = await shared.client("Monitoring", Role.integration, Role.agent)
    record = await tool.post_ok("/v1/incidents", an_incident(occurred_at=at(timedelta(days=-2))))
    path = f"/v1/incidents/{record['id']}/acknowledge"
    refused = await tool.post(path, json={"occurred_at": at(timedelta(days=-3))})
    assert refused.json()["errors"][0]["code"] == "before_this_state"
    done = await tool.post_ok(path, {"occurred_at": at(timedelta(days=-1))})
    assert done["acknowledged_at"] == done["state_since"] < at(timedelta(hours=-23))


async def test_the_log_says_both_when_it_happened_and_when_it_was_told(shared: Api) -> None:
    tool = await shared.client("Monitoring", Role.integration)
    stated = at(timedelta(days=-30))
    record = await tool.post_ok("/v1/incidents", an_incident(occurred_at=stated))
    event = (await tool.read(f"/v1/incidents/{record['id']}/events"))["items"][0]
    assert datetime.fromisoformat(event["occurred_at"]) == datetime.fromisoformat(stated)
    assert datetime.now(UTC) - datetime.fromisoformat(event["recorded_at"]) < timedelta(minutes=1)
    assert "occurred_at" not in event["given"], "the envelope says it"
