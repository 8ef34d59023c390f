"""What the API says of clocks: explained to the second, in lists, and to whom."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from itertools import pairwise

import pytest

from app.common.people import Role
from app.foundation.people.records import TeamKind
from app.kpis.facts.consumer import FACTS
from app.log.canonical import from_instant
from app.log.follow import FOLLOW_LIMITS, catch_up
from app.platform.db import Connection, connect
from tests.client import RESOLVED, Api, Client, Json, an_incident
from tests.extent import in_test_all
from tests.people import ago
from tests.service_levels.clocks.agreements import add_calendar, hours, sign, target

EVERY_DAY = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]


@dataclass
class Help:
    """A service desk with agreements whose hours never end, so that no test depends on the time of day."""

    api: Api
    follower: Connection
    agent: Client
    requester: Client

    async def report(self, hours_ago: float, **changes: object) -> str:
        """An incident of the requester that was opened so many hours ago; gives its path."""
        opened = ago(hours=hours_ago).isoformat()
        body = an_incident(occurred_at=opened, requester=self.requester.id, **changes)
        created = await self.agent.post_ok("/v1/incidents", body)
        return f"/v1/incidents/{created['id']}"

    async def follow(self) -> None:
        """What the worker does."""
        await catch_up(self.follower, FACTS)


@pytest.fixture
async def follower(api: Api) -> AsyncIterator[Connection]:
    connection = await connect(api.ledger.db.url, FOLLOW_LIMITS)
    yield connection
    await connection.close()


async def help_of(api: Api, follower: Connection) -> Help:
    """A service desk without agreements."""
    await api.team("north", TeamKind.supplier)
    await api.team("mail")
    agent = await api.client("Agent", Role.agent, Role.engineer, teams=("mail",))
    return Help(api, follower, agent, await api.client("Requester"))


@pytest.fixture
async def desk(api: Api, follower: Connection) -> Help:
    weekly = hours("00:00", "24:00", EVERY_DAY)
    await add_calendar(api.ledger, "always", weekly=weekly)
    await sign(
        api.ledger,
        target("answer", "response", 1800),
        target("mend", "resolution", 4 * 3600, pause_reasons=["awaiting_vendor"]),
        calendar="always",
        reopen_days=3,
    )
    return await help_of(api, follower)


def seconds_between(segment: Json) -> int:
    took = from_instant(segment["ends_at"]) - from_instant(segment["begins_at"])
    return int(took / timedelta(seconds=1))


async def test_segments_and_shares_add_up_to_the_second_and_leave_no_gap(desk: Help) -> None:
    team = str((await desk.agent.read("/v1/teams/mail"))["id"])
    supplier = str((await desk.agent.read("/v1/teams/north"))["id"])
    parties: tuple[tuple[str, Json], ...] = (("OLA", {"team_id": team}), ("UC", {"supplier_id": supplier}))
    for kind, party in parties:
        mend = target("turn", "resolution", 3600)
        await sign(desk.api.ledger, mend, calendar="always", agreement_type=kind, **party)
    path = await desk.report(6)
    for hours_ago, action, body in (
        (5, "assign", {"team": "mail", "person": "me"}),
        (4, "acknowledge", {}),
        (3, "hold", {"reason": "awaiting_vendor", "supplier": "north"}),
        (2, "resume", {}),
    ):
        await desk.agent.post_ok(f"{path}/{action}", body | {"occurred_at": ago(hours=hours_ago).isoformat()})
    answer = await desk.agent.read(f"{path}/sla")
    assert answer["reopen_days"] == 3
    by_name = {(clock["agreement_type"], clock["metric"]): clock for clock in answer["clocks"]}
    assert by_name.keys() == {
        *[("SLA", "response"), ("SLA", "resolution"), ("OLA", "resolution"), ("UC", "resolution")]
    }
    for item in answer["clocks"]:
        segments = item["segments"]
        assert item["elapsed_seconds"] == sum(segment["seconds"] for segment in segments)
        for segment in segments:
            assert segment["seconds"] in (0, seconds_between(segment))
        for before, after in pairwise(segments):
            assert before["ends_at"] == after["begins_at"]
        assert item["remaining_seconds"] == item["target_seconds"] - item["elapsed_seconds"]
    mend = by_name["SLA", "resolution"]
    assert [segment["reason"] for segment in mend["segments"]] == ["counted", "held", "counted"]
    assert mend["segments"][1]["detail"] == "awaiting_vendor"
    assert mend["state"] == "breached"
    assert sum(share["seconds"] for share in mend["shares"]) == mend["elapsed_seconds"]
    assert [share["team"] and share["team"]["key"] for share in mend["shares"]] == [None, "mail"]
    assert by_name["UC", "resolution"]["party"]["key"] == "north"
    assert abs(by_name["UC", "resolution"]["elapsed_seconds"] - 3600) <= 1
    assert by_name["SLA", "response"]["state"] == "missed"


async def test_a_requester_sees_the_clocks_of_the_customers_agreement_only(desk: Help) -> None:
    team = str((await desk.agent.read("/v1/teams/mail"))["id"])
    await sign(
        desk.api.ledger,
        target("turn", "resolution", 3600),
        calendar="always",
        agreement_type="OLA",
        team_id=team,
    )
    path = await desk.report(1)
    await desk.agent.post_ok(f"{path}/assign", {"team": "mail"})
    visible = await desk.requester.read(f"{path}/sla")
    assert {clock["agreement_type"] for clock in visible["clocks"]} == {"SLA"}
    assert all(clock["shares"] is None for clock in visible["clocks"])
    assert {clock["agreement_type"] for clock in (await desk.agent.read(f"{path}/sla"))["clocks"]} == {
        "SLA",
        "OLA",
    }
    stranger = await desk.api.client("Stranger")
    assert (await stranger.get(f"{path}/sla")).status_code == 404


async def test_a_countdown_needs_no_second_question(desk: Help) -> None:
    path = await desk.report(1)
    answer = await desk.agent.read(f"{path}/sla")
    (mend,) = (clock for clock in answer["clocks"] if clock["metric"] == "resolution")
    spans = mend["upcoming"]
    assert sum(seconds_between(span) for span in spans) == mend["remaining_seconds"]
    assert spans[-1]["ends_at"] == mend["due_at"]


@in_test_all
async def test_a_clock_says_that_it_is_not_known_where_the_spans_of_its_calendar_end(
    api: Api, follower: Connection
) -> None:
    """An hour a week; a year has fifty-two, and the spans of a calendar are there for five years to come."""
    desk = await help_of(api, follower)
    await add_calendar(api.ledger, "rare", weekly=hours("09:00", "10:00", ["mon"]))
    near, far = (
        target(f"in {n} hours", metric, n * 3600) for n, metric in ((100, "restore"), (400, "resolution"))
    )
    await sign(api.ledger, near, far, calendar="rare")
    path = await desk.report(1)
    await desk.follow()
    clocks = {clock["metric"]: clock for clock in (await desk.agent.read(f"{path}/sla"))["clocks"]}
    assert (clocks["restore"]["known"], clocks["restore"]["due_at"] is None) == (True, False)
    unknown = clocks["resolution"]
    assert (unknown["known"], unknown["state"]) == (False, "running")
    figures = ("due_at", "elapsed_seconds", "remaining_seconds", "breached_at")
    assert [unknown[name] for name in figures] == [None] * 4
    assert (unknown["warnings"], unknown["segments"], unknown["upcoming"]) == ([], [], [])
    (listed,) = (await desk.agent.read("/v1/incidents", include="sla"))["items"]
    assert listed["sla"]["due_at"] == clocks["restore"]["due_at"]


async def test_lists_show_sort_and_narrow_by_the_clock_that_is_due_first(desk: Help) -> None:
    early, late = await desk.report(3), await desk.report(0.5)
    ended = await desk.report(2)
    for path in (early, ended):
        await desk.agent.post_ok(f"{path}/assign", {"person": "me"})
        await desk.agent.post_ok(f"{path}/acknowledge")
    await desk.agent.post_ok(f"{ended}/resolve", RESOLVED)
    await desk.follow()
    result = await desk.agent.read("/v1/incidents", sort="due", include="sla")
    assert result["sla_lag_seconds"] == 0
    assert [f"/v1/incidents/{item['id']}" for item in result["items"]] == [late, early, ended]
    assert [item["sla"] and item["sla"]["metric"] for item in result["items"]] == [
        "response",
        "resolution",
        None,
    ]
    first = result["items"][1]["sla"]
    assert first["state"] == "running"
    assert abs(first["remaining_seconds"] - 3600) < 60
    (resolution,) = (
        clock
        for clock in (await desk.agent.read(f"{early}/sla"))["clocks"]
        if clock["metric"] == "resolution"
    )
    assert first["due_at"] == resolution["due_at"]
    down = await desk.agent.read("/v1/incidents", sort="-due", limit=1)
    assert f"/v1/incidents/{down['items'][0]['id']}" == early
    rest = await desk.agent.pages("/v1/incidents", sort="due", limit=1)
    assert [f"/v1/incidents/{entry['id']}" for page in rest for entry in page] == [late, early, ended]
    for within, paths in (("600", [late]), ("PT2H", [late, early]), ("7200", [late, early])):
        result = await desk.agent.read("/v1/incidents", sort="due", due_within=within, count="exact")
        assert [f"/v1/incidents/{item['id']}" for item in result["items"]] == paths
        assert all(item["sla"] is None for item in result["items"])
        by_number = await desk.agent.read("/v1/incidents", sort="opened_at", due_within=within, count="exact")
        assert {f"/v1/incidents/{item['id']}" for item in by_number["items"]} == {*paths}
        assert result["total"] == by_number["total"] == len(paths)
    assert (await desk.agent.get("/v1/incidents?due_within=soon")).status_code == 422
    plain = await desk.agent.read("/v1/incidents")
    assert plain["sla_lag_seconds"] is None


async def test_the_days_within_which_a_ticket_may_be_reopened_are_the_agreements(desk: Help) -> None:
    path = await desk.report(24 * 6)
    assert (await desk.agent.read(path))["reopen_days"] == 3
    await desk.agent.post_ok(f"{path}/assign", {"person": "me", "occurred_at": ago(hours=140).isoformat()})
    await desk.agent.post_ok(f"{path}/acknowledge", {"occurred_at": ago(hours=139).isoformat()})
    resolved = {**RESOLVED, "occurred_at": ago(hours=100).isoformat()}
    await desk.agent.post_ok(f"{path}/resolve", resolved)
    late = await desk.agent.post(f"{path}/reopen", json={"reason": "Again."})
    assert late.status_code == 409
    assert late.json()["code"] == "too_late_to_reopen"


async def test_what_attainment_would_have_been_by_other_terms(desk: Help) -> None:
    for hours_ago, took in ((30, 1.0), (29, 3.0), (28, 5.0)):
        address = await desk.report(hours_ago)
        for action, hours_later, body in (
            ("assign", 0.1, {"person": "me"}),
            ("acknowledge", 0.1, {}),
            ("resolve", took, RESOLVED),
        ):
            when = ago(hours=hours_ago - hours_later).isoformat()
            await desk.agent.post_ok(f"{address}/{action}", body | {"occurred_at": when})
    await desk.report(0.5)
    await desk.follow()
    (agreement,) = (await desk.api.ledger.db.rows("select id from fold.sla"))[:1]
    parameters = {"metric": "resolution", "from": ago(days=3).isoformat(), "to": ago(days=0).isoformat()}
    path = f"/v1/slas/{agreement['id']}/what_if"
    manager = await desk.api.client("Manager", Role.service_level_manager)
    same = await manager.read(path, **parameters)
    assert same["as_is"] == same["would_be"]
    assert same["as_is"] == {"met": 2, "missed": 1, "undecided": 1, "attainment": 0.666667}
    tight = await manager.read(path, **parameters, threshold_seconds=2 * 3600, limit=1)
    assert tight["as_is"] == same["as_is"]
    assert tight["would_be"] == {"met": 1, "missed": 2, "undecided": 1, "attainment": 0.333333}
    assert tight["differing"] == 1
    (other,) = tight["items"]
    assert (other["state"], other["would_be"]) == ("met", "missed")
    assert other["number"].startswith("INC-")
    assert (await desk.requester.get(path, params=parameters)).status_code in (403, 404)
    assert (await manager.get(path, params={**parameters, "calendar": "nowhere"})).status_code == 422
