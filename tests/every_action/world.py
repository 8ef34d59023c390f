"""Records of every kind in every state, brought there by legal actions that are found in the tables."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from app.common.people import Person, Role
from app.common.records import Labelled
from app.kernel.lifecycle import Action, Lifecycle
from app.registry import LIFECYCLES
from tests.client import Api, Client, Json
from tests.every_action.samples import TEAM, sample
from tests.people import add_person

#: Every row of every table.
ROWS = [(lifecycle, row) for lifecycle in LIFECYCLES for row in lifecycle.rows]
#: Every row but those from nothing, with every state that it is open in.
OPEN_IN = [(lc, row, s) for lc, row in ROWS if not row.opens for s in lc.states if row.comes_from(s)]
#: The same, with every state that it is not open in.
CLOSED_IN = [(lc, row, s) for lc, row in ROWS if not row.opens for s in lc.states if not row.comes_from(s)]


def called(case: object) -> str:
    """How a case is named in the report of the tests."""
    if isinstance(case, Lifecycle):
        return case.kind
    return case.name if isinstance(case, Action) else str(case)


def address(lifecycle: Lifecycle[Any], row: Action[Any, Any], record: Json | None) -> str:
    """Where the row is."""
    if row.opens:
        return f"/v1/{lifecycle.plural}"
    assert record is not None
    return f"/v1/{lifecycle.plural}/{record['id']}/{row.name}"


def ways(lifecycle: Lifecycle[Any], state: Labelled) -> Iterator[list[Action[Any, Any]]]:
    """The ways from nothing to the state, the shortest first, none through one state twice."""
    first = lifecycle.opening()
    waiting = deque([([first], [first.to])])
    while waiting:
        rows, states = waiting.popleft()
        if states[-1] == state:
            yield rows
            continue
        for row in lifecycle.rows:
            leads = not row.opens and not row.stays and not callable(row.to)
            if leads and row.comes_from(states[-1]) and row.to not in states:  # type: ignore[arg-type]  # a state
                waiting.append(([*rows, row], [*states, row.to]))


@dataclass
class World:
    """An application with a team, and people in it who may do everything that people may.

    What is `standing` in a state is used by tests that change nothing.
    """

    api: Api
    everybody: Client
    worker: Client
    reporter: Person
    assignee: Person
    colleague: Person
    team_id: str
    standing_records: dict[tuple[str, str], Json] = field(default_factory=dict)

    async def bring(self, lifecycle: Lifecycle[Any], state: Labelled) -> Json:
        """A new record in that state, everybody's own in every respect."""
        return await self._bring(lifecycle, state, self.everybody, {})

    async def theirs(self, lifecycle: Lifecycle[Any], state: Labelled) -> Json:
        """A new record in that state: the reporter's, given to the team and to the assignee."""
        return await self._bring(lifecycle, state, self.worker, {"requester": str(self.reporter.id)})

    async def standing(self, lifecycle: Lifecycle[Any], state: Labelled) -> Json:
        """The same, always the same one."""
        at = (lifecycle.kind, state.value)
        if at not in self.standing_records:
            self.standing_records[at] = await self.theirs(lifecycle, state)
        return self.standing_records[at]

    async def _bring(self, lifecycle: Lifecycle[Any], state: Labelled, worker: Client, more: Json) -> Json:
        ticket = "assign" in lifecycle.by_name
        for way in ways(lifecycle, state):
            said = sample(way[0]) | (more if ticket else {})
            record = await self.everybody.do(address(lifecycle, way[0], None), said)
            if ticket:
                given_to = {"team": TEAM, "person": worker.id}
                await self.everybody.do(address(lifecycle, lifecycle["assign"], record), given_to)
            if await _go(worker, lifecycle, record, way[1:]):
                return await self.everybody.read(f"/v1/{lifecycle.plural}/{record['id']}")
        raise AssertionError(f"no way leads a {lifecycle.kind} to {state}")


async def _go(worker: Client, lifecycle: Lifecycle[Any], record: Json, way: list[Action[Any, Any]]) -> bool:
    """Whether the way could be gone; a check may forbid it."""
    for row in way:
        answer = await worker.post(address(lifecycle, row, record), json=sample(row))
        if answer.status_code == 409:
            return False
        assert answer.status_code == 200, answer.text
    return True


async def made(api: Api) -> World:
    """A new world."""
    team_id = await api.team(TEAM)
    reporter = await add_person(api.ledger, "Reporter", TEAM)
    assignee = await add_person(api.ledger, "Assignee", TEAM)
    colleague = await add_person(api.ledger, "Colleague", TEAM)
    all_roles = [role for role in Role if role is not Role.auditor]
    everybody = await api.client("Everybody", *all_roles, teams=(TEAM,))
    worker = await api.client_of(assignee, *all_roles)
    return World(api, everybody, worker, reporter, assignee, colleague, team_id)
