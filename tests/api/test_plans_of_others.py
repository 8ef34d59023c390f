"""How lists of requests, problems, changes, CIs and assignment rules are read where there are many: by an
index.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import psycopg
import pytest

from app.api.listings.filters import WhereClause, narrow
from app.api.listings.lists import Listing
from app.api.listings.paging import order_of, page_sql
from app.common.people import Caller, Role, RoleGrant
from app.foundation.assignment.queries import ASSIGNMENT_RULES
from app.foundation.cis.queries import CIS
from app.kernel.ledger import Ledger
from app.processes.changes import queries as changes
from app.processes.problems import queries as problems
from app.processes.requests import queries as requests
from tests.api.bulk_rows import insert_rows
from tests.api.test_plans import MANY, nodes
from tests.conftest import DatabaseUrls
from tests.extent import in_test_all
from tests.people import add_caller, add_team
from tests.selection import selected

pytestmark = in_test_all

# One in twenty is open, each person has a few, each team a twentieth.
PEOPLE = """
  case when n %% 20000 = 7 then %(me)s else md5('person' || n %% 20000)::uuid end,
  case when n %% 20 = 3 then %(team)s when n %% 97 > 0 then md5('team' || n %% 20)::uuid end,
  md5('person' || n %% 300)::uuid"""
TIMES = """
from (
  select n, n / 20 %% 4 as k, n %% 20 = 0 as is_open, opened_at, opened_at + interval '3 days' as ended_at
  from generate_series(1, %(many)s) as n,
    lateral (select timestamptz '2020-01-01' + n * interval '11 minutes') as times (opened_at)
) as many"""
MADE = {
    "request": f"""
insert into fold.request
  (id, version, changed_at, number, state, state_since, title, channel, impact, urgency, priority, path, item,
   service, ci, category, requester_id, team_id, assignee_id, customer_id, opened_at, hold_reason,
   next_report_due_at, planned_at, delivered_at, closed_at)
select gen_random_uuid(), 5, ended_at, 'REQ-2020-' || 1000000 + n,
  case when is_open then (array['submitted', 'assessed', 'in_progress', 'on_hold'])[1 + k] else 'closed' end,
  ended_at, 'A laptop', (array['portal', 'email'])[1 + n %% 2], 1 + n %% 3, 1 + n / 3 %% 3, 'P' || 1 + n %% 4,
  (array['standard', 'project'])[1 + n %% 2], 'item-' || n %% 50, 'service-' || n %% 200, 'ci-' || n %% 5000,
  'category-' || n %% 30, {PEOPLE}, md5('team' || n %% 50)::uuid, opened_at,
  case when is_open and k = 3 then 'awaiting_vendor' end, case when is_open then ended_at end,
  case when n %% 2 = 1 then ended_at end, case when not is_open then ended_at end,
  case when not is_open then ended_at end {TIMES}""",
    "problem": f"""
insert into fold.problem
  (id, version, changed_at, number, state, state_since, title, origin, impact, urgency, priority, service, ci,
   category, cause_category, requester_id, team_id, assignee_id, opened_at, workaround_documented_at,
   risk_accepted_until_at, risk_lapsed_at, resolved_at, closed_at)
select gen_random_uuid(), 5, ended_at, 'PRB-2020-' || 1000000 + n,
  case when is_open then (array['logged', 'investigating', 'known_error', 'fix_in_progress'])[1 + k]
    else 'closed' end,
  ended_at, 'The relay', (array['incident', 'trend'])[1 + n %% 2], 1 + n %% 3, 1 + n / 3 %% 3,
  'P' || 1 + n %% 4, 'service-' || n %% 200, 'ci-' || n %% 5000, 'category-' || n %% 30,
  (array['software', 'hardware', 'supplier'])[1 + n %% 3], {PEOPLE}, opened_at,
  case when n %% 3 = 0 then ended_at end, case when n %% 500 = 0 then ended_at end,
  case when n %% 1000 = 0 then ended_at end, case when not is_open then ended_at end,
  case when not is_open then ended_at end {TIMES}""",
    "change": f"""
insert into fold.change
  (id, version, changed_at, number, state, state_since, title, type, template, risk_level, priority, service,
   services, category, requester_id, team_id, assignee_id, opened_at, submitted_at, window_from_at,
   window_until_at, started_at, implemented_at, review_due_at, review_overdue_at, outcome, closed_at)
select gen_random_uuid(), 5, ended_at, 'CHG-2020-' || 1000000 + n,
  case when is_open then (array['submitted', 'awaiting_approval', 'scheduled', 'implementing'])[1 + k]
    else 'closed' end,
  ended_at, 'The relay', (array['standard', 'normal', 'normal', 'emergency'])[1 + n %% 4],
  case when n %% 4 = 0 then 'template-' || n / 4 %% 50 end, (array['low', 'medium', 'high'])[1 + n %% 3],
  'P' || 1 + n %% 4, 'service-' || n %% 200, array['service-' || n %% 200], 'category-' || n %% 30, {PEOPLE},
  opened_at, opened_at, case when not is_open or k > 1 then ended_at end,
  case when not is_open or k > 1 then ended_at + interval '2 hours' end,
  case when not is_open or k = 3 then ended_at end, case when not is_open then ended_at end,
  case when not is_open then ended_at + interval '3 days' end, case when n %% 500 = 1 then ended_at end,
  case when not is_open then (array['successful', 'successful', 'failed'])[1 + n %% 3] end,
  case when not is_open then ended_at end {TIMES}""",
    "ci": f"""
insert into fold.ci
  (id, version, changed_at, state, key, name, ci_class, services, attributes, owner_id, planned_at, live_at,
   retired_at, unauthorised, unauthorised_count, unauthorised_at)
select gen_random_uuid(), 5, ended_at,
  case when is_open then (array['planned', 'maintenance', 'retired', 'retired'])[1 + k] else 'live' end,
  'ci-' || n, 'Machine ' || n %% 40000, (array['server', 'database', 'endpoint'])[1 + n %% 3],
  array['service-' || n %% 200], '{{}}', case when n %% 20000 = 7 then %(me)s
    else md5('person' || n %% 20000)::uuid end, opened_at, case when not is_open then ended_at end,
  case when is_open and k > 1 then ended_at end, n %% 200 = 0, (n %% 200 = 0)::int,
  case when n %% 200 = 0 then ended_at end {TIMES}""",
    "assignment_rule": f"""
insert into fold.assignment_rule
  (id, version, changed_at, state, name, process, position, for_service, hours, to_team_id, choose, added_at,
   ended_at)
select gen_random_uuid(), 5, ended_at, case when n %% 1000 = 0 then 'active' else 'ended' end, 'Rule ' || n,
  (array['incident', 'request', 'problem'])[1 + n %% 3], n %% 1000, 'service-' || n %% 200, 'always',
  case when n %% 50 = 3 then %(team)s else md5('team' || n %% 50)::uuid end, 'nobody', opened_at, ended_at
{TIMES}""",
}
OF_TICKETS: list[dict[str, Any]] = [
    {},
    {"state_not": "closed"},
    {"state": "on_hold", "priority": "P1"},
    {"priority": "P1,P2"},
    {"team": "network"},
    {"team": "none"},
    {"assignee": "me", "state_not": "closed"},
    {"requester": "me"},
    {"service": "service-7", "priority": "P1"},
    {"service": "nobody-has-it"},
    {"ci": "ci-7"},
    {"category": "category-7", "state_not": "closed"},
    {"opened_after": "2021-01-01T00:00:00Z", "opened_before": "2021-01-02T00:00:00Z"},
    {"changed_after": "2022-01-01T00:00:00Z"},
    {"closed_at": "none"},
    {"tag": "printer"},
    {"follower": "me"},
    {"external_reference": "jira:OPS-1"},
]


@dataclass(frozen=True)
class Many:
    """A list of which there are many, and what is asked of it."""

    listing: Listing
    asked: list[dict[str, Any]]


LISTS = {
    "request": Many(
        requests.LISTING,
        [
            *(one for one in OF_TICKETS if one.get("state") != "on_hold"),
            {"state": "on_hold", "priority": "P1"},
            {"item": "item-7"},
            {"item": "nothing"},
            {"path": "project", "impact": "1"},
            {"customer": "network"},
            {"hold_reason": "awaiting_vendor"},
            {"next_report_due_before": "2020-02-01T00:00:00Z"},
            {"planned_after": "2022-01-01T00:00:00Z"},
        ],
    ),
    "problem": Many(
        problems.LISTING,
        [
            *(one for one in OF_TICKETS if one.get("state") != "on_hold"),
            {"state": "known_error", "priority": "P1"},
            {"origin": "trend", "cause_category": "supplier"},
            {"workaround_documented_at_not": "none"},
            {"risk_accepted_until_before": "2020-06-01T00:00:00Z"},
            {"risk_lapsed_at_not": "none"},
        ],
    ),
    "change": Many(
        changes.LISTING,
        [
            *(one for one in OF_TICKETS if one.get("state") != "on_hold" and "ci" not in one),
            {"state": "scheduled", "priority": "P1"},
            {"state": "scheduled", "type": "emergency"},
            {"type": "emergency"},
            {"risk_level": "high", "state_not": "closed"},
            {"outcome": "failed"},
            {"outcome": "backed_out"},
            {"template": "template-7"},
            {"template": "nothing"},
            {"submitted_after": "2021-01-01T00:00:00Z", "submitted_before": "2021-01-02T00:00:00Z"},
            {"window_from_after": "2021-01-01T00:00:00Z", "window_from_before": "2021-01-02T00:00:00Z"},
            {"started_after": "2022-01-01T00:00:00Z"},
            {"implemented_after": "2022-01-01T00:00:00Z"},
            {"review_due_before": "2020-02-01T00:00:00Z"},
            {"review_overdue_at_not": "none"},
        ],
    ),
    "ci": Many(
        CIS,
        [
            {},
            {"state": "maintenance"},
            {"state": "live"},
            {"state_not": "retired"},
            {"key": "ci-7"},
            {"key": "nobody-has-it"},
            {"ci_class": "server"},
            {"ci_class": "server", "state": "planned"},
            {"owner": "me"},
            {"owner": "none"},
            {"serves": "service-7"},
            {"serves": "nobody-has-it"},
            {"unauthorised": "true"},
            {"unauthorised_after": "2021-01-01T00:00:00Z"},
            {"live_at": "none"},
            {"retired_at_not": "none"},
            {"planned_after": "2021-01-01T00:00:00Z", "planned_before": "2021-01-02T00:00:00Z"},
            {"changed_after": "2022-01-01T00:00:00Z"},
        ],
    ),
    "assignment_rule": Many(
        ASSIGNMENT_RULES,
        [
            {},
            {"state": "active"},
            {"process": "incident"},
            {"process": "incident", "state": "active"},
            {"process": "nothing"},
            {"to_team": "network"},
            {"to_team": "nobody"},
            {"added_after": "2021-01-01T00:00:00Z", "added_before": "2021-01-02T00:00:00Z"},
            {"changed_after": "2022-01-01T00:00:00Z"},
        ],
    ),
}


@pytest.fixture(scope="module")
async def many(crowded: Ledger, lasting: DatabaseUrls) -> Mapping[str, Caller]:
    """A hundred thousand of each; callers by what they see."""
    team = await add_team(crowded, "network")
    me = await add_caller(crowded, "Zhao", teams=("network",))
    assert me.person_id is not None
    with psycopg.connect(lasting.owner_url, cursor_factory=psycopg.ClientCursor) as owner:
        for kind, query in MADE.items():
            insert_rows(owner, f"fold.{kind}", query, {"me": me.person_id, "team": team.id, "many": MANY})
    teams = frozenset({team.id})
    return {
        "everything": Caller(me.actor, me.person_id, (RoleGrant(Role.admin),), teams),
        "a team's and the desk's": Caller(me.actor, me.person_id, (RoleGrant(Role.agent),), teams),
        "their own": Caller(me.actor, me.person_id, (RoleGrant(Role.requester),), teams),
    }


def _name(value: object) -> object:
    return value.lifecycle.kind if isinstance(value, Listing) else value


@pytest.mark.parametrize("kind", LISTS)
@pytest.mark.parametrize("sees", ["everything", "a team's and the desk's", "their own"])
async def test_no_page_of_a_list_is_found_by_going_through_all_of_them(
    crowded: Ledger, many: Mapping[str, Caller], sees: str, kind: str
) -> None:
    """Of each order a slice of what is asked, for each kind and each of those who ask another one."""
    listing = LISTS[kind].listing
    orders = [order for name in listing.sorts for order in (name, f"-{name}")]
    questions = [(listing, filters, order) for filters in LISTS[kind].asked for order in orders]
    through_all = []
    for _, filters, order in selected(f"{sees} {kind}", questions, lambda question: question[2]):
        renderer = listing.renderer(crowded, listing.lifecycle, listing.shape, many[sees], "en")
        where = WhereClause()
        await narrow(where, listing.parameters, listing.query.model_validate(filters), renderer)
        query = page_sql(renderer, where, order_of(listing, order), 51)
        plan = await crowded.db.value(f"explain (format json) {query}", where.parameters)
        if ("Seq Scan", kind) in [(n["Node Type"], n.get("Relation Name")) for n in nodes(plan[0]["Plan"])]:
            through_all.append((filters, order))
    assert through_all == []
