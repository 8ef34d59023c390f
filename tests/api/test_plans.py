"""How lists are read where there are many incidents: by an index, whatever is asked, by anybody."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from copy import copy
from typing import Any

import psycopg
import pytest

from app.api.listings.filters import WhereClause, narrow
from app.api.listings.paging import Order, order_of, page_rows, page_sql
from app.api.records.shapes import Renderer
from app.common.people import Caller, Role, RoleGrant
from app.kernel.ledger import Ledger
from app.log.ids import uuid7
from app.platform.db import Database
from app.processes.incidents.lifecycle import LIFECYCLE
from app.processes.incidents.queries import LISTING, IncidentOut
from tests.api.bulk_rows import insert_rows
from tests.conftest import DatabaseUrls
from tests.extent import in_test_all
from tests.foundation.custom.test_custom_fields import declare
from tests.people import add_caller, add_team

pytestmark = in_test_all

MANY = 100_000
# Set-based: one in twenty is open, each person has a few, each team a twentieth.
MAKE = """
insert into fold.incident
  (id, version, changed_at, number, state, state_since, title, channel, impact, urgency, priority, effect,
   service, ci, category, requester_id, customer_id, team_id, assignee_id, opened_at, acknowledged_at,
   hold_reason, resolved_at, resolution_code, closed_at, custom)
select gen_random_uuid(), 5, ended_at, 'INC-2020-' || 1000000 + n,
  case when is_open then (array['new', 'acknowledged', 'in_progress', 'on_hold'])[1 + k] else 'closed' end,
  ended_at, 'Mail does not arrive', (array['portal', 'email', 'hotline'])[1 + n %% 3], 1 + n %% 3,
  1 + n / 3 %% 3, 'P' || 1 + n %% 4, (array['none', 'degraded', 'down'])[1 + n %% 3], 'service-' || n %% 200,
  'ci-' || n %% 5000, 'category-' || n %% 30,
  case when n %% 20000 = 7 then %(me)s else md5('person' || n %% 20000)::uuid end,
  case when n %% 50 = 3 then %(team)s else md5('team' || n %% 50)::uuid end,
  case when n %% 20 = 3 then %(team)s when n %% 97 > 0 then md5('team' || n %% 20)::uuid end,
  md5('person' || n %% 300)::uuid, opened_at, opened_at + interval '1 hour',
  case when is_open and k = 3 then 'awaiting_vendor' end, case when not is_open then ended_at end,
  case when not is_open then 'fixed' end, case when not is_open then ended_at end,
  case when n %% 3 = 1 then jsonb_build_object('room', 'B ' || n %% 5000, 'visitors', n %% 7) end
from (
  select n, n / 20 %% 4 as k, n %% 20 = 0 as is_open, opened_at, opened_at + interval '3 days' as ended_at
  from generate_series(1, %(many)s) as n,
    lateral (select timestamptz '2020-01-01' + n * interval '11 minutes') as times (opened_at)
) as many;
"""


@pytest.fixture(scope="module")
async def many(crowded: Ledger, lasting: DatabaseUrls) -> dict[str, Caller]:
    """A hundred thousand incidents; callers by what they see."""
    team = await add_team(crowded, "network")
    for key, value_type in (("room", "text"), ("visitors", "number")):
        await declare(crowded, key, value_type, filterable=True)
    me = await add_caller(crowded, "Zhao", teams=("network",))
    assert me.person_id is not None
    with psycopg.connect(lasting.owner_url, cursor_factory=psycopg.ClientCursor) as owner:
        insert_rows(owner, "fold.incident", MAKE, {"me": me.person_id, "team": team.id, "many": MANY})
    teams = frozenset({team.id})
    return {
        "everything": Caller(me.actor, me.person_id, (RoleGrant(Role.admin),), teams),
        "a team's and the desk's": Caller(me.actor, me.person_id, (RoleGrant(Role.agent),), teams),
        "their own": Caller(me.actor, me.person_id, (RoleGrant(Role.requester),), teams),
    }


ASKED: list[dict[str, Any]] = [
    {},
    {"state": "new"},
    {"state": "new,acknowledged,in_progress,on_hold"},
    {"state_not": "closed"},
    {"state": "on_hold", "priority": "P1"},
    {"priority": "P1,P2"},
    {"team": "network"},
    {"team": "network", "state": "closed"},
    {"team": "none"},
    {"assignee": "me", "state_not": "closed"},
    {"assignee": str(uuid7())},
    {"requester": "me"},
    {"service": "service-7"},
    {"service": "service-7", "priority": "P1"},
    {"service": "nobody-has-it"},
    {"ci": "ci-7"},
    {"category": "category-7", "state": "new"},
    {"customer": "network"},
    {"hold_reason": "awaiting_vendor"},
    {"impact": "1", "urgency": "1"},
    {"channel": "email", "effect_not": "none"},
    {"opened_after": "2021-01-01T00:00:00Z", "opened_before": "2021-01-02T00:00:00Z"},
    {"resolved_after": "2021-01-01T00:00:00Z", "resolved_before": "2021-01-02T00:00:00Z"},
    {"changed_after": "2022-01-01T00:00:00Z"},
    {"closed_at": "none"},
    {"declared_major_at_not": "none"},
    {"external_reference": "jira:OPS-1"},
    {"tag": "printer"},
    {"follower": "me"},
    {"custom.room": "B 7"},
    {"custom.room": "B 7,B 8"},
    {"custom.visitors": "3", "state": "new"},
    {"custom.room": "nobody is there"},
]
ORDERS = [order_of(LISTING, way) for name in LISTING.sorts for way in (name, f"-{name}")]


@pytest.mark.parametrize("order", ORDERS, ids=lambda order: f"{order.column} {order.down}")
@pytest.mark.parametrize("sees", ["everything", "a team's and the desk's", "their own"])
async def test_no_page_of_a_list_is_found_by_going_through_all_incidents(
    crowded: Ledger, many: dict[str, Caller], sees: str, order: Order
) -> None:
    through_all = []
    for filters in ASKED:
        renderer = Renderer(crowded, LIFECYCLE, IncidentOut, many[sees], "en")
        where = WhereClause()
        await narrow(where, LISTING.parameters, LISTING.query.model_validate(filters), renderer)
        query = page_sql(renderer, where, order, 51)
        plan = await crowded.db.value(f"explain (format json) {query}", where.parameters)
        if ("Seq Scan", "incident") in [
            (n["Node Type"], n.get("Relation Name")) for n in nodes(plan[0]["Plan"])
        ]:
            through_all.append(filters)
    assert through_all == []


def nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The steps of a plan."""
    yield plan
    for part in plan.get("Plans", ()):
        yield from nodes(part)


async def test_the_first_page_of_any_list_is_there_at_once(crowded: Ledger, many: dict[str, Caller]) -> None:
    """Looked at by what is read and thrown away, since clocks differ: little, in the usual order."""
    for filters in ASKED:
        for caller in many.values():
            renderer = Renderer(crowded, LIFECYCLE, IncidentOut, caller, "en")
            where = WhereClause()
            await narrow(where, LISTING.parameters, LISTING.query.model_validate(filters), renderer)
            query = page_sql(renderer, where, order_of(LISTING, "opened_at"), 51)
            explained = f"explain (analyze, buffers, timing off, format json) {query}"
            plan = (await crowded.db.value(explained, where.parameters))[0]["Plan"]
            assert plan["Shared Hit Blocks"] + plan["Shared Read Blocks"] < 6_000, filters


# Of each open incident the clock that is due first.
CLOCKS = """
insert into sla.clock (id, case_id, kind, agreement_type, metric, round, started_at, state, runs, counted_at,
    due_at, marks, retargeted, urgent, living, opened_at, opened_position, position, irregular)
select gen_random_uuid(), id, 'incident', 'SLA', 'resolution', 1, opened_at, 'running', '{}', opened_at,
  opened_at + interval '4 hours', '{}', false, true, true, opened_at, 1, 1, false
from fold.incident where state <> 'closed'
"""
BY_DUE: list[dict[str, Any]] = [{}, {"priority": "P1"}, {"due_within": "P1D"}]


async def test_a_page_by_due_time_that_is_full_reads_nothing_of_what_is_not_due(
    crowded: Ledger, many: dict[str, Caller], lasting: DatabaseUrls
) -> None:
    with psycopg.connect(lasting.owner_url, autocommit=True) as owner:
        owner.execute("truncate sla.clock")
        owner.execute(CLOCKS.encode())
        owner.execute("analyze sla.clock")
    for sort in ("due", "-due"):
        for filters in BY_DUE:
            renderer = Renderer(crowded, LIFECYCLE, IncidentOut, many["everything"], "en")
            where = WhereClause(is_joined=True)
            await narrow(where, LISTING.parameters, LISTING.query.model_validate(filters), renderer)
            query = page_sql(renderer, where, order_of(LISTING, sort), 51)
            times = [row[-1] for row in await crowded.db.tuples(query, where.parameters)]
            assert times == sorted(times, reverse=sort == "-due")
            explained = f"explain (analyze, buffers, timing off, format json) {query}"
            plan = (await crowded.db.value(explained, where.parameters))[0]["Plan"]
            assert plan["Shared Hit Blocks"] + plan["Shared Read Blocks"] < 6_000, (sort, filters)


# Of the words some are spread over all incidents, and some stand in the oldest alone.
WORDS = """
insert into search.record (id, kind, tokens, person_keys, made_at)
  select id, 'incident', array_to_tsvector(
    array['mail'] || case when n % 1000 = 0 then array['rare'] else '{}' end
    || case when n % 25 = 0 then array['spread'] else '{}' end
    || case when n <= 100 then array['ancient'] else '{}' end
    || case when n <= 4000 then array['old'] else '{}' end), '{}', 1
  from (select id, row_number() over (order by opened_at) as n from fold.incident) as made
"""
FETCHED = """
select coalesce(sum(idx_tup_fetch + seq_tup_read), 0) from pg_stat_xact_user_tables where relname = 'incident'
"""


class OneTransaction(Database):
    """Answers in one transaction, of which PostgreSQL knows at once what it has read."""

    def __init__(self, url: str) -> None:
        super().__init__(url, 1)
        self._held: Any = None

    async def fetched(self) -> int:
        """How many rows of incidents were fetched; ends the transaction."""
        count = int(await self.value(FETCHED))
        await super()._release(self._held)
        return count

    async def _acquire(self, seconds: float | None) -> tuple[Any, float]:
        if self._held is None:
            self._held, _ = await super()._acquire(seconds)
            await self._held.execute("begin")
        return self._held, asyncio.get_running_loop().time() + 60.0

    async def _release(self, connection: Any) -> None:
        """It stays until what was fetched is known."""


async def test_a_page_of_what_is_found_costs_the_same_wherever_that_stands(
    crowded: Ledger, many: dict[str, Caller], lasting: DatabaseUrls
) -> None:
    """The planner takes hits for spread evenly, and would walk the list from its new end to the old ones."""
    with psycopg.connect(lasting.owner_url, autocommit=True) as owner:
        owner.execute(WORDS.encode())
        owner.execute("analyze search.record")
        newest_of = (
            "select max(opened_at) at time zone 'UTC' from fold.incident "
            "join search.record s using (id) where s.tokens @@ %s"
        )
        costly = {}
        for word in ("mail", "rare", "spread", "ancient", "old", "old rare", "nothing"):
            where, db = WhereClause(), OneTransaction(lasting.url)
            await db.open()
            ledger = copy(crowded)
            ledger.db = db
            renderer = Renderer(ledger, LIFECYCLE, IncidentOut, many["everything"], "en")
            await narrow(where, LISTING.parameters, LISTING.query.model_validate({"q": word}), renderer)
            rows = await page_rows(renderer, where, order_of(LISTING, "-opened_at"), 51, None)
            looked_at = await db.fetched()
            await db.close()
            newest = owner.execute(newest_of, (" & ".join(word.split()),)).fetchone()
            assert [row[-1] for row in rows[:1]] == [
                incident_id for incident_id in newest or () if incident_id
            ], word
            assert len(rows) == min(51, {"ancient": 100, "old rare": 4, "nothing": 0}.get(word, 51))
            if looked_at > 10_000:
                costly[word] = looked_at
    assert costly == {}
