"""Alerts in quiet windows: heard, and an incident only if they still fire when the window ends."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from app.automation.incidents_and_problems.open_quiet_alerts import open_quiet_alerts
from app.common.people import PersonKind, Role, rule_caller
from app.foundation.people import persons
from app.kernel.actions.context import CommandMetadata
from app.log.canonical import instant
from app.processes.incidents.alert_rules.lookups import active_alert_rules
from app.processes.incidents.monitoring.alert import Alert
from app.processes.incidents.monitoring.handling import AlertPolicy, handle_alert
from app.webhooks.effects.identities import tool_caller
from tests.cases import each_case
from tests.client import Api, Client, Json
from tests.extent import in_test_all
from tests.people import act
from tests.processes.changes.samples import NIGHT, a_board, window

FIRING: Json = {
    "source": "prometheus",
    "dedup_key": "Down",
    "status": "firing",
    "title": "mx-1 is down",
    "impact": "2",
    "urgency": "1",
    "effect": "down",
    "service": "mail",
}


def hour(number: float) -> datetime:
    """That hour of the night."""
    return NIGHT + timedelta(hours=number)


class Night:
    """A night in which a tool tells of alerts."""

    def __init__(self, api: Api, account: UUID, agent: Client) -> None:
        self.api = api
        self.account = account
        self.agent = agent

    async def tell(self, fired: float, told_at: float | None = None, **changes: Any) -> str:
        """Tell of an alert, and return what became of it."""
        body = {**FIRING, "alerted_at": instant(hour(fired)), **changes}
        now = hour(fired if told_at is None else told_at)
        metadata = CommandMetadata(tool_caller(self.account), now, "night", "tests")
        ledger, alert = self.api.ledger, Alert.model_validate(body)
        policy = AlertPolicy(await active_alert_rules(ledger.db))
        outcome, _ = await handle_alert(ledger, alert, metadata, None, policy)
        return outcome.value

    async def pass_to(self, number: float) -> None:
        """Let a worker do what is due at that hour."""
        async with self.api.ledger.db.connection() as connection:
            while await open_quiet_alerts(connection, self.api.ledger, hour(number)):
                pass

    async def tickets(self) -> list[Json]:
        """All incidents, the first opened first."""
        return list((await self.agent.read("/v1/incidents", sort="opened_at"))["items"])

    async def heard(self) -> list[Json]:
        """What was heard in quiet windows."""
        return list((await self.agent.read("/v1/alerts/quiet"))["items"])


@pytest.fixture
async def night(api: Api) -> Night:
    """A night with one tool."""
    body = persons.AddPerson(name="Prometheus", kind=PersonKind.machine)
    machine = (await act(api.ledger, rule_caller("tests"), "person", "add", body=body)).record
    await api.client_of(machine, Role.integration)
    return Night(api, machine.id, await api.client("Manager", Role.incident_manager))


async def maintenance(api: Api, begin: float, end: float) -> str:
    """The path of a change of the service mail that is scheduled from the one hour to the other."""
    board = await a_board(api)
    await board.ci("mx-1")
    path = await board.approved(cis=["mx-1"], services=["mail"])
    await board.manager.post_ok(f"{path}/schedule", window(begin, end))
    return path


async def test_in_the_window_of_a_change_an_alert_is_heard_and_opens_an_incident_at_its_end(
    night: Night,
) -> None:
    path = await maintenance(night.api, 1, 3)
    assert await night.tell(1.5) == "quieted"
    assert await night.tell(1.5, told_at=2) == "quieted"
    assert await night.tell(1.5, told_at=2, dedup_key="Web", service="web") == "reported"
    await night.pass_to(2.9)
    assert [ticket["service"] for ticket in await night.tickets()] == ["web"]
    (heard,) = await night.heard()
    assert (heard["fired_count"], heard["because"]) == (2, f"change/{path.rpartition('/')[2]}")
    assert heard["until_at"] == instant(hour(3))
    await night.pass_to(3.5)
    ticket = (await night.tickets())[-1]
    assert (ticket["service"], ticket["began_at"]) == ("mail", instant(hour(1.5)))
    assert ticket["opened_at"] == instant(hour(3))
    assert (await night.heard())[0]["incident_id"] == ticket["id"]
    # Once.
    await night.pass_to(4)
    assert len(await night.tickets()) == 2
    assert await night.tell(1.5, told_at=4) == "joined"
    assert await night.tell(5, status="cleared") == "resolved"


async def test_what_clears_in_the_window_opens_nothing_in_whatever_order_it_is_told(night: Night) -> None:
    await maintenance(night.api, 1, 3)
    assert await night.tell(1.5) == "quieted"
    assert await night.tell(2, status="cleared") == "quieted"
    assert await night.tell(2.2, status="cleared", dedup_key="Late") == "ignored"
    assert await night.tell(1.4, told_at=2.3, dedup_key="Late") == "quieted"
    assert await night.tell(1.5, told_at=2.4) == "quieted"
    # What was over before the window is told late.
    assert await night.tell(0.9, told_at=2.5, status="cleared", dedup_key="Before") == "ignored"
    assert await night.tell(0.5, told_at=2.5, dedup_key="Before") == "reported"
    await night.pass_to(4)
    assert [ticket["began_at"] for ticket in await night.tickets()] == [instant(hour(0.5))]
    assert {each["cleared_at"] for each in await night.heard()} == {instant(hour(2)), instant(hour(2.2))}
    # It fires anew in the same window.
    assert await night.tell(2.5) == "quieted"
    await night.pass_to(4)
    assert [ticket["began_at"] for ticket in await night.tickets()] == [
        instant(hour(0.5)),
        instant(hour(2.5)),
    ]


@in_test_all
async def test_an_alert_of_an_open_incident_joins_it_in_the_window(night: Night) -> None:
    await maintenance(night.api, 1, 3)
    assert await night.tell(0.5) == "reported"
    assert await night.tell(0.5, told_at=1.5) == "joined"
    assert await night.tell(2, status="cleared") == "resolved"
    # What fires again in the window wakes nobody.
    assert await night.tell(2.5) == "quieted"


async def test_a_window_that_is_over_early_ends_early(night: Night) -> None:
    path = await maintenance(night.api, 1, 3)
    assert await night.tell(1.5) == "quieted"
    manager = await night.api.client("Mara", Role.change_manager)
    await manager.post_ok(f"{path}/cancel", {"reason": "Another night."})
    await night.pass_to(2)
    (ticket,) = await night.tickets()
    assert (ticket["began_at"], ticket["opened_at"]) == (instant(hour(1.5)), instant(hour(2)))


async def test_a_rule_is_a_quiet_window_for_the_alerts_that_it_fits(night: Night) -> None:
    admin = await night.api.client("Ada", Role.admin)
    times = {"quiet_from_at": instant(hour(1)), "quiet_until_at": instant(hour(3))}
    rule = await admin.post_ok(
        "/v1/alert_rules", {"name": "Tests of racks", "precedence": 1, "matchers": ["rack=r1"], **times}
    )
    assert await night.tell(2, labels={"rack": "r1"}) == "quieted"
    assert await night.tell(2, labels={"rack": "r2"}, dedup_key="other") == "reported"
    (heard,) = await night.heard()
    assert heard["because"] == f"alert_rule/{rule['id']}"
    # A rule that is moved moves the end.
    later = {"quiet_until_at": instant(hour(4))}
    moved = await admin.patch(f"/v1/alert_rules/{rule['id']}", json=later, headers={"If-Match": '"1"'})
    assert moved.status_code == 200, moved.text
    await night.pass_to(3.5)
    assert len(await night.tickets()) == 1
    await night.pass_to(4)
    assert len(await night.tickets()) == 2


async def test_alerts_of_a_group_that_fire_on_after_a_window_are_one_incident(night: Night) -> None:
    admin = await night.api.client("Ada", Role.admin)
    await admin.post_ok(
        "/v1/alert_rules", {"name": "Racks", "precedence": 1, "group_by": ["rack"], "window_seconds": 7200}
    )
    await maintenance(night.api, 1, 3)
    for n in range(3):
        assert await night.tell(1.5 + n / 10, dedup_key=f"host-{n}", labels={"rack": "r1"}) == "quieted"
    await night.pass_to(3)
    (ticket,) = await night.tickets()
    assert (ticket["alert_count"], ticket["began_at"]) == (3, instant(hour(1.5)))


async def test_rules_say_whose_an_alert_is(night: Night) -> None:
    await night.api.team("databases")
    await night.api.client("Dana", Role.engineer, teams=("databases",))
    admin = await night.api.client("Ada", Role.admin)
    rules: list[Json] = [
        {"precedence": 20, "matchers": ["team=db"], "team": "databases", "service": "shop", "impact": "1"},
        {"precedence": 10, "matchers": ["team=db", "env!=prod"], "urgency": "3"},
        {"precedence": 30, "impact": "3"},
    ]
    for rule in rules:
        await admin.post_ok("/v1/alert_rules", {"name": "Routes", **rule})
    await night.tell(1, dedup_key="a", labels={"team": "db", "env": "prod"})
    await night.tell(2, dedup_key="b", labels={"team": "db", "env": "test"})
    await night.tell(3, dedup_key="c")
    tickets = await night.tickets()
    routed = [(t["team"] and t["team"]["key"], t["service"], t["impact"], t["urgency"]) for t in tickets]
    assert routed == [("databases", "shop", "1", "1"), (None, "mail", "2", "3"), (None, "mail", "3", "1")]


@each_case(
    ("body", "pointer"),
    [
        ({}, "/service"),
        ({"group_by": ["a"]}, "/window_seconds"),
        ({"impact": "1", "most_alerts": 5}, "/most_alerts"),
        ({"quiet_from_at": "2026-01-01T00:00:00Z"}, "/quiet_until_at"),
        (
            {"quiet_from_at": "2026-01-02T00:00:00Z", "quiet_until_at": "2026-01-01T00:00:00Z"},
            "/quiet_until_at",
        ),
        ({"impact": "1", "matchers": ["no condition"]}, "/matchers/0"),
        ({"impact": "1", "matchers": ["a=" + "*" * 4]}, "/matchers/0"),
    ],
)
async def test_a_rule_that_is_not_whole_is_refused(api: Api, body: Json, pointer: str) -> None:
    admin = await api.client("Ada", Role.admin)
    refused = await admin.post("/v1/alert_rules", json={"name": "A rule", "precedence": 1, **body})
    assert refused.status_code == 422, refused.text
    assert refused.json()["errors"][0]["pointer"] == pointer
    agent = await api.client("Agent", Role.agent)
    assert (
        await agent.post("/v1/alert_rules", json={"name": "x", "precedence": 1, "impact": "1"})
    ).status_code == 403


async def test_only_staff_see_what_was_heard_in_quiet_windows(api: Api) -> None:
    requester = await api.client("Somebody", Role.requester)
    assert (await requester.get("/v1/alerts/quiet")).status_code == 403
