"""What somebody has to do, and what waits in their queues: of others' work nothing, and quickly."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import psycopg
from psycopg.rows import tuple_row

from app.common.people import Role
from app.kernel.ledger import Ledger
from app.processes.incidents.lifecycle import LIFECYCLE
from app.ticketing.work.work_statements import case_queries, work_statement_for
from tests.client import RESOLVED, Api, Client, Json, an_incident
from tests.conftest import DatabaseUrls
from tests.extent import in_test_all
from tests.people import add_caller

MANY = 100_000


async def reported(by: Client, team: str | None = None, agent: Client | None = None) -> Json:
    """A new incident, given to the team."""
    record = await by.post_ok("/v1/incidents", an_incident())
    if team is not None and agent is not None:
        record = await agent.post_ok(f"/v1/incidents/{record['id']}/assign", {"team": team})
    return record


def ids(rows: list[Json]) -> list[str]:
    return [row["id"] for row in rows]


async def test_everybody_is_shown_their_own_work_and_that_of_their_queues_only(api: Api) -> None:
    for key in ("mail", "print"):
        await api.team(key)
    zhao = await api.client("Zhao Min")
    lin = await api.client("Lin", Role.agent, teams=("mail",))
    wu = await api.client("Wu", Role.engineer, teams=("print",))
    desk = await reported(zhao)
    waiting = await reported(zhao, "mail", lin)
    mine = await reported(zhao, "mail", lin)
    await lin.post_ok(f"/v1/incidents/{mine['id']}/assign", {"person": "me"})
    elsewhere = await reported(zhao, "print", lin)

    work = await lin.read("/v1/me/work")
    assert ids(work["open"]) == [mine["id"]]
    assert work["open"][0] | {"title": "", "kind": ""} == {
        "kind": "",
        "title": "",
        **{name: mine[name] for name in ("id", "number", "priority", "opened_at")},
        "state": "new",
        "state_since": mine["state_since"],
        "team": mine["team"],
        "wake_up_at": None,
    }
    assert ids(work["unassigned"]) == [waiting["id"], desk["id"]], "the newest first"
    counted = {
        row["team"] and row["team"]["key"]: (row["open"], row["unassigned"])
        for row in work["queues"]
        if row["kind"] == "incident"
    }
    assert counted == {"mail": (2, 1), None: (1, 1)}

    theirs = await wu.read("/v1/me/work")
    assert (theirs["open"], ids(theirs["unassigned"])) == ([], [elsewhere["id"]])
    assert [row["team"]["key"] for row in theirs["queues"]] == ["print"]
    assert await zhao.read("/v1/me/work") == {
        "open": [],
        "due_next": [],
        "unassigned": [],
        "tasks": [],
        "duties": [],
        "votes": [],
        "votes_for_others": [],
        "complaints": [],
        "asked": [],
        "queues": [],
    }
    assert (await api.with_token(None).get("/v1/me/work")).status_code == 401


async def test_what_is_on_hold_is_due_by_when_it_wakes_and_what_is_done_is_no_work(api: Api) -> None:
    await api.team("mail")
    zhao = await api.client("Zhao Min")
    lin = await api.client("Lin", Role.agent, teams=("mail",))
    cases = [(await reported(zhao, "mail", lin))["id"] for _ in range(4)]
    for case in cases:
        await lin.post_ok(f"/v1/incidents/{case}/assign", {"person": "me"})
        await lin.post_ok(f"/v1/incidents/{case}/acknowledge")
    for case, days in zip(cases, (3, 1, 2), strict=False):
        wakes = (datetime.now(UTC) + timedelta(days=days)).isoformat()
        held = {"reason": "awaiting_evidence", "wake_up_at": wakes}
        await lin.post_ok(f"/v1/incidents/{case}/hold", held)
    work = await lin.read("/v1/me/work")
    assert ids(work["due_next"]) == [cases[1], cases[2], cases[0]]
    assert ids(work["open"]) == cases[::-1]
    await lin.post_ok(f"/v1/incidents/{cases[3]}/resolve", RESOLVED)
    await lin.post_ok(f"/v1/incidents/{cases[2]}/resume")
    work = await lin.read("/v1/me/work")
    assert ids(work["due_next"]) == [cases[1], cases[0]]
    assert ids(work["open"]) == cases[2::-1]


async def test_a_task_stays_among_ones_work_when_its_ticket_goes_to_others_until_one_unfollows_it(
    api: Api,
) -> None:
    await api.team("mail")
    await api.staffed_team("print")
    zhao = await api.client("Zhao Min")
    lin = await api.client("Lin", Role.agent, teams=("mail",))
    stays, goes = [(await reported(zhao))["id"] for _ in range(2)]
    for case in (stays, goes):
        await lin.post_ok(f"/v1/incidents/{case}/add_task", {"title": "Look", "assignee": "me"})
    assert {task["ticket"] for task in (await lin.read("/v1/me/work"))["tasks"]} == {stays, goes}
    await lin.post_ok(f"/v1/incidents/{goes}/assign", {"team": "print"})
    assert (await lin.read(f"/v1/incidents/{goes}"))["team"]["key"] == "print"
    assert {task["ticket"] for task in (await lin.read("/v1/me/work"))["tasks"]} == {stays, goes}
    (task,) = (await lin.read(f"/v1/incidents/{goes}/tasks"))["items"]
    assert task["title"] == "Look"
    await lin.post_ok(f"/v1/incidents/{goes}/unfollow")
    assert (await lin.get(f"/v1/incidents/{goes}")).status_code == 404
    assert [task["ticket"] for task in (await lin.read("/v1/me/work"))["tasks"]] == [stays]


MADE = """
insert into fold.incident (id, version, changed_at, number, state, state_since, title, priority, team_id,
                           assignee_id, opened_at)
select gen_random_uuid(), 1, now(), 'INC-2020-' || n, case when n %% 20 = 0 then 'new' else 'closed' end,
       now(), 'One of many', 'P3', case when n %% 3 > 0 then teams[1 + n / 20 %% 20] end,
       case when n %% 7 > 0 then persons[1 + n / 20 %% 200] end, now() - n * interval '1 minute'
from generate_series(1, %(many)s) as n
cross join (select %(teams)s::uuid[] as teams, %(persons)s::uuid[] as persons) as who
"""


@in_test_all
async def test_at_a_hundred_thousand_incidents_each_part_reads_an_index_of_what_is_open_by_a_kept_plan(
    ledger: Ledger, place: DatabaseUrls
) -> None:
    teams = [UUID(int=n + 1) for n in range(20)]
    persons = [UUID(int=n + 1_000) for n in range(200)]
    lin = await add_caller(ledger, "Lin", Role.agent)
    queries = case_queries(LIFECYCLE, "teams")
    body = {"me": persons[7], "teams": teams[:3]}
    asked = work_statement_for(
        replace(lin, teams=frozenset(teams[:3])),
        tuple(ledger.lifecycles.values()),
        ledger.settings.agents_see,
    )
    async with await psycopg.AsyncConnection.connect(place.owner_url, autocommit=True) as owner:
        await owner.execute(MADE, {"many": MANY, "teams": teams, "persons": persons})
        await owner.execute("vacuum analyze fold.incident")
        for name, query in queries.items():
            plan = await _plan(owner, query, body)
            assert "Seq Scan on incident" not in plan, f"{name}: {plan}"
            assert "incident_open_" in plan, f"{name}: {plan}"
            assert _read(plan) < MANY / 20, f"{name} looks at what is closed: {plan}"
        for query, values in [
            *((query, body) for query in queries.values()),
            (asked.statement, {**asked.parameters, "now": datetime.now(UTC)}),
        ]:
            assert await _is_planned_once(owner, query, values), query


async def _plan(owner: psycopg.AsyncConnection[Any], query: str, said: dict[str, Any]) -> str:
    cursor = owner.cursor(row_factory=tuple_row)
    await cursor.execute(f"explain (analyze, costs off, timing off, summary off) {query}".encode(), said)
    return "\n".join(row[0] for row in await cursor.fetchall())


async def _is_planned_once(owner: psycopg.AsyncConnection[Any], query: str, said: dict[str, Any]) -> bool:
    """Whether PostgreSQL, having seen a few values of such a statement, makes no plans for further ones."""
    planned_once = "select coalesce(sum(generic_plans), 0) from pg_prepared_statements"
    counts = []
    for times in (0, 10):
        for _ in range(times):
            await owner.execute(query.encode(), said, prepare=True)
        row = await (await owner.execute(planned_once, prepare=False)).fetchone()
        assert row is not None
        counts.append(row[0])
    # It tries out five before it decides.
    return bool(counts[1] - counts[0] >= 5)


def _read(plan: str) -> int:
    """The most rows that a scan filtered away."""
    lines = [line for line in plan.splitlines() if "Rows Removed" in line]
    return max((int(line.rpartition(":")[2]) for line in lines), default=0)
