"""Random histories of a problem over HTTP: it does what the model says, and nothing else.

The model is a table of its own, written from the process document: it looks at no lifecycle.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.common.people import Role
from app.common.records import codecs, from_row
from app.kernel.histories.history import fold
from app.log import read
from app.processes.problems.records import Problem
from tests.client import Api, Client, Json
from tests.clocks import from_now
from tests.extent import examples
from tests.processes.problems.samples import CAUSE, WORKAROUND, a_problem, incidents
from tests.ticket_actions import own_actions

OPEN = {"logged", "investigating", "known_error", "cause_identified", "fix_in_progress"}
#: By action: who, from where, to where. A known error whose cause is found stays one.
TABLE: dict[str, tuple[str, set[str], str]] = {
    "investigate": ("manager", {"logged"}, "investigating"),
    "identify_cause": ("engineer", {"investigating", "cause_identified", "known_error"}, "cause_identified"),
    "document_workaround": ("engineer", {"investigating", "cause_identified"}, "known_error"),
    "begin_fix": ("manager", {"cause_identified", "known_error"}, "fix_in_progress"),
    "resolve": ("manager", {"fix_in_progress"}, "resolved"),
    "accept_risk": ("owner", OPEN, "closed"),
    "close": ("manager", {"resolved"}, "closed"),
    "reopen": ("staff", {"resolved", "closed"}, "investigating"),
    "cancel": ("manager", OPEN, "cancelled"),
}
PEOPLE = ("agent", "manager", "engineer", "owner")
STEPS = st.lists(st.tuples(st.sampled_from(PEOPLE), st.sampled_from(sorted(TABLE))), min_size=3, max_size=12)


def allowed(actor: str, action: str) -> bool:
    """Whether the model lets them, in some state."""
    return TABLE[action][0] in (actor, "staff")


def after(action: str, state: str) -> str:
    """Where it leads."""
    return state if (action, state) == ("identify_cause", "known_error") else TABLE[action][2]


class World:
    """Those who have to do with a problem, and what they say."""

    incident: Json

    def __init__(self, api: Api, people: dict[str, Client]) -> None:
        self.api, self.people = api, people

    def says(self, action: str) -> Json:
        """A body that the action takes."""
        return {
            "investigate": {"team": "network", "assignee": self.people["engineer"].id},
            "identify_cause": CAUSE,
            "document_workaround": WORKAROUND,
            "begin_fix": {"fixing_change": "CHG-7"},
            "resolve": {"prevention": "It is watched."},
            "accept_risk": {"reason": "It is replaced.", "until_at": from_now(300)},
            "close": {"lessons": "Look earlier."},
            "reopen": {"incident": self.incident["id"]},
            "cancel": {"reason": "It is none."},
        }[action]

    async def occurred(self) -> Json:
        """A new incident, which everybody here sees: whoever reopens a problem names one."""
        (incident,) = await incidents(self.people["agent"], 1)
        path = f"/v1/incidents/{incident['id']}"
        await self.people["agent"].post_ok(f"{path}/assign", {"team": "network"})
        for name in ("engineer", "owner"):
            await self.people["agent"].post_ok(f"{path}/follow", {"person": self.people[name].id})
        return incident

    async def lives(self, steps: list[tuple[str, str]]) -> None:
        """A problem's history; after each step all is held against the model."""
        problem = await self.people["manager"].post_ok("/v1/problems", a_problem())
        # Everybody here sees it, whatever its state.
        await self.people["manager"].post_ok(
            f"/v1/problems/{problem['id']}/assign", {"team": "network", "person": self.people["engineer"].id}
        )
        await self.people["manager"].post_ok(
            f"/v1/problems/{problem['id']}/follow", {"person": self.people["agent"].id}
        )
        state = "logged"
        for actor, action in steps:
            if action == "reopen" and state in TABLE[action][1]:
                self.incident = await self.occurred()
            answer = await self.people[actor].post(
                f"/v1/problems/{problem['id']}/{action}", json=self.says(action)
            )
            if state not in TABLE[action][1]:
                assert (answer.status_code, answer.json()["code"]) == (409, "not_in_this_state")
            elif not allowed(actor, action):
                assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")
            else:
                state = after(action, state)
                assert (answer.status_code, answer.json()["state"]) == (200, state), answer.text
            await self._is_as_the_model_says(problem["id"], state)

    async def _is_as_the_model_says(self, problem_id: str, state: str) -> None:
        for actor, client in self.people.items():
            answer = await client.read(f"/v1/problems/{problem_id}")
            assert answer["state"] == state
            offered = set(own_actions(action["action"] for action in answer["actions"])) - {"edit"}
            assert offered == {name for name in TABLE if allowed(actor, name) and state in TABLE[name][1]}, (
                actor
            )
        row = await self.api.ledger.db.row("select * from fold.problem where id = %s", (UUID(problem_id),))
        assert row is not None
        stands = from_row(Problem, row)
        folded = fold(Problem, stands.row_key, await read.stream_events(self.api.ledger.db, stands.row_key))
        assert folded is not None
        for name in ("id", "version", "changed_at", *codecs(Problem)):
            assert getattr(folded, name) == getattr(stands, name), name


@pytest.fixture
async def world(api: Api) -> World:
    await api.team("network")
    roles: dict[str, Any] = {
        "agent": Role.agent,
        "manager": Role.problem_manager,
        "engineer": Role.engineer,
        "owner": Role.process_owner,
    }
    people = {
        name: await api.client(name, role, *((Role.agent,) if name == "manager" else ()), teams=("network",))
        for name, role in roles.items()
    }
    world = World(api, people)
    world.incident = await world.occurred()
    return world


@settings(
    max_examples=examples(25), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(steps=STEPS)
async def test_a_problem_does_what_the_model_says_and_nothing_else(
    world: World, steps: list[tuple[str, str]]
) -> None:
    await world.lives(steps)
