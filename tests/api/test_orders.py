"""Pages in every order, under every filter, for every caller: what looking at every record gives, too."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID

import pytest

from app.api.listings.filters import WhereClause, narrow
from app.api.listings.paging import PagePosition, count_sql, order_of, page_sql
from app.api.records.shapes import Renderer
from app.common.people import Caller, Role, RoleGrant, rule_caller
from app.kernel.access.visibility import can_see
from app.kernel.actions.payloads import EmptyPayload
from app.kernel.ledger import Ledger
from app.log.ids import uuid7
from app.processes.incidents.lifecycle import LIFECYCLE
from app.processes.incidents.payloads import HoldIncident, ReportIncident, ResolveIncident
from app.processes.incidents.queries import LISTING, IncidentOut
from app.ticketing.work.assignment import AssignTicket
from tests.client import RESOLVED, an_incident
from tests.extent import in_test_all
from tests.people import act, add_caller, add_team, ago

pytestmark = in_test_all

INCIDENTS, CALLERS, ASKED = 80, 12, 60
TEAMS = ("alpha", "beta", "gamma")
Row = dict[str, Any]


class Crowd:
    """People, teams, and incidents in all states, some of them by another system without a priority."""

    def __init__(self, ledger: Ledger, people: list[Caller], teams: dict[str, UUID]) -> None:
        self.ledger, self.people, self.teams = ledger, people, teams
        self.rows: list[Row] = []

    async def live(self, chance: random.Random) -> None:
        """One more incident, with a life of its own."""
        incident = an_incident(
            occurred_at=ago(days=chance.randrange(4), hours=1),  # many at nearly the same instant
            impact=chance.choice("123"),
            service=chance.choice([None, "mail", "erp"]),
        )
        opened = ReportIncident.model_validate(incident)
        tool = await self._do(chance.choice(self.people), None, "report", opened)
        for action, body in (
            ("assign", AssignTicket(team=chance.choice(TEAMS))),
            ("acknowledge", EmptyPayload()),
            ("hold", HoldIncident.model_validate({"reason": "other"})),
            ("resume", EmptyPayload()),
            ("resolve", ResolveIncident.model_validate(RESOLVED)),
            ("close", EmptyPayload()),
        ):
            if chance.random() < 0.15:
                return
            await self._do(rule_caller("tests"), tool, action, body)

    async def _do(self, caller: Caller, name: UUID | None, action: str, body: Any) -> UUID:
        row = LIFECYCLE[action]
        integration = Caller(
            caller.actor, caller.person_id, (RoleGrant(Role.integration),), is_rule=caller.is_rule
        )
        if not row.policy.allows(integration, None) and caller.is_rule:
            integration = self.worker
        done = await act(self.ledger, integration, "incident", action, name, body)
        record_id: UUID = done.record.id
        return record_id

    @property
    def worker(self) -> Caller:
        """Somebody of every team, who may do all that is done here."""
        me = self.people[0]
        held = (
            RoleGrant(Role.agent),
            RoleGrant(Role.engineer),
            RoleGrant(Role.integration),
            RoleGrant(Role.incident_manager),
        )
        return Caller(me.actor, me.person_id, held, frozenset(self.teams.values()))

    def anybody(self, chance: random.Random) -> Caller:
        """Somebody with random roles."""
        me = chance.choice(self.people)
        roles = chance.sample(
            [Role.agent, Role.engineer, Role.incident_manager, Role.auditor], chance.randrange(3)
        )
        scoped = [RoleGrant(Role.engineer, team) for team in chance.sample(list(self.teams.values()), 1)]
        member = frozenset(chance.sample(list(self.teams.values()), chance.randrange(3)))
        held = [RoleGrant(role) for role in roles] + (scoped if chance.random() < 0.3 else [])
        return Caller(me.actor, me.person_id, tuple(held), member)


@pytest.fixture(scope="module")
async def crowd(crowded: Ledger) -> Crowd:
    teams = {key: (await add_team(crowded, key)).id for key in TEAMS}
    people = [await add_caller(crowded, f"Person{n}", teams=TEAMS) for n in range(3)]
    new_crowd = Crowd(crowded, people, teams)
    chance = random.Random(20261120)
    for _ in range(INCIDENTS):
        await new_crowd.live(chance)
    new_crowd.rows = await crowded.db.rows(
        "select r.*, h.audience from fold.incident r join log.stream_head h on h.stream = 'incident/' || r.id"
    )
    return new_crowd


#: What is asked, and what it means of a row.
Meaning = Callable[[Row, Caller, Mapping[str, UUID]], bool]
FILTERS: list[tuple[dict[str, str], Meaning]] = [
    ({}, lambda row, me, teams: True),
    ({"state": "new"}, lambda row, me, teams: row["state"] == "new"),
    ({"state": "new,resolved,closed"}, lambda row, me, teams: row["state"] in ("new", "resolved", "closed")),
    ({"state_not": "closed"}, lambda row, me, teams: row["state"] != "closed"),
    ({"team": "alpha,beta"}, lambda row, me, teams: row["team_id"] in (teams["alpha"], teams["beta"])),
    ({"team_not": "alpha"}, lambda row, me, teams: row["team_id"] != teams["alpha"]),
    ({"team": "none,gamma"}, lambda row, me, teams: row["team_id"] in (None, teams["gamma"])),
    ({"requester": "me"}, lambda row, me, teams: row["requester_id"] == me.person_id),
    (
        {"service_not": "erp", "state": "new"},
        lambda row, me, teams: row["service"] != "erp" and row["state"] == "new",
    ),
    (
        {"resolved_at": "none", "priority": "P2,P3"},
        lambda row, me, teams: row["resolved_at"] is None and row["priority"] in ("P2", "P3"),
    ),
]


@pytest.mark.parametrize("sort", [order for name in LISTING.sorts for order in (name, f"-{name}")])
async def test_pages_are_what_one_finds_by_looking_at_every_record(crowd: Crowd, sort: str) -> None:
    chance, ledger = random.Random(sort), crowd.ledger
    sizes = set()
    for n in range(ASKED):
        caller = crowd.anybody(chance)
        filters, meaning = FILTERS[n % len(FILTERS)]
        expected = [
            row["id"]
            for row in sorted_by(crowd.rows, sort)
            if can_see(caller, LIFECYCLE, row["audience"], agents_see="teams")
            and meaning(row, caller, crowd.teams)
        ]
        renderer = Renderer(ledger, LIFECYCLE, IncidentOut, caller, "en")
        assert await paged(renderer, filters, sort, chance.choice([1, 3, 7, 50])) == expected, (
            filters,
            caller.roles,
        )
        where = await narrowed(renderer, filters)
        total = count_sql(renderer, where, INCIDENTS + 1)
        assert await ledger.db.value(total, where.parameters) == len(expected)
        sizes.add(len(expected))
    assert len(sizes) > 10, "the callers differ in what they see"


def sorted_by(rows: list[Row], sort: str) -> list[Row]:
    """The rows by that field, then by id, those without a value last."""
    field, down = sort.removeprefix("-"), sort.startswith("-")
    filled = [row for row in rows if row[field] is not None]
    empty = [row for row in rows if row[field] is None]
    filled.sort(key=lambda row: (row[field], row["id"]), reverse=down)
    return filled + sorted(empty, key=lambda row: row["id"], reverse=down)


async def narrowed(renderer: Renderer, filters: dict[str, str]) -> WhereClause:
    where = WhereClause()
    await narrow(where, LISTING.parameters, LISTING.query.model_validate(filters), renderer)
    return where


async def paged(renderer: Renderer, filters: dict[str, str], sort: str, limit: int) -> list[UUID]:
    """The ids on all pages, one after the other."""
    ids: list[UUID] = []
    place: PagePosition | None = None
    while True:
        where = await narrowed(renderer, filters)
        query = page_sql(renderer, where, order_of(LISTING, sort), limit, place)
        rows = await renderer.ledger.db.rows(query, where.parameters)
        ids += [row["id"] for row in rows]
        if len(rows) < limit:
            return ids
        place = (rows[-1]["sorted_by"], rows[-1]["id"])


async def test_what_nobody_has_is_found_nowhere(crowd: Crowd) -> None:
    renderer = Renderer(crowd.ledger, LIFECYCLE, IncidentOut, crowd.worker, "en")
    assert await paged(renderer, {"assignee": str(uuid7())}, "-opened_at", 5) == []
