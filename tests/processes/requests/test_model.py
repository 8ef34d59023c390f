"""Random histories of a request over HTTP: it does what the model says, and nothing else.

The model is a table of its own, written from the process document: it looks at no lifecycle. What comes
behind a proposed solution has a model of its own (test_project_model): it takes other people at each step.
"""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.common.people import Role
from app.processes.requests.payloads import ConfirmRequirementsRequest, ProposeSolutionRequest
from tests.client import Api, Client, Json
from tests.every_action.requests import SAMPLES
from tests.every_action.world_data import GROUP
from tests.extent import examples
from tests.processes.requests.folding import is_the_fold

STANDARD = {"submitted", "assessed", "in_progress"}
PROJECT = {"analysing", "requirements_confirmed", "solution_review"}
OPEN = STANDARD | PROJECT | {"on_hold"}
#: By action: who, from where, to where; `back` is where it was before it was held.
TABLE: dict[str, tuple[set[str], set[str], str]] = {
    "assess": ({"agent"}, {"submitted"}, "assessed"),
    "start": ({"engineer", "agent"}, {"assessed"}, "in_progress"),
    "fulfil": ({"engineer"}, {"assessed", "in_progress"}, "delivered"),
    "confirm_requirements": ({"engineer"}, {"analysing"}, "requirements_confirmed"),
    "propose_solution": ({"engineer"}, {"requirements_confirmed"}, "solution_review"),
    "hold": ({"engineer", "agent"}, OPEN - {"on_hold"}, "on_hold"),
    "resume": ({"engineer", "agent"}, {"on_hold"}, "back"),
    "close": ({"requester"}, {"delivered"}, "closed"),
    "reopen": ({"requester", "agent"}, {"delivered", "closed"}, "in_progress"),
    "cancel": ({"requester"}, OPEN, "cancelled"),
    "reject": ({"agent"}, OPEN, "rejected"),
}
PEOPLE = ("requester", "agent", "engineer")
#: Who does what; an assessment is of the project path or of the standard one. Most begin with one.
STEPS = st.lists(
    st.tuples(st.sampled_from(PEOPLE), st.sampled_from(sorted(TABLE)), st.booleans()), min_size=3, max_size=12
)


class World:
    """Those who have to do with a request, and what they say."""

    def __init__(self, api: Api, people: dict[str, Client]) -> None:
        self.api, self.people = api, people

    def says(self, action: str, *, project: bool) -> Json:
        """A body that the action takes."""
        assessed = {"category": "hardware", "impact": "3", "urgency": "3", "team": "network"}
        assessed |= {"assignee": self.people["engineer"].id, "path": "project" if project else "standard"}
        bodies: dict[str, Json] = {
            "assess": assessed,
            "fulfil": {"delivered": "A laptop."},
            "confirm_requirements": SAMPLES[ConfirmRequirementsRequest]()
            | {"heard": [self.people["requester"].id]},
            "propose_solution": SAMPLES[ProposeSolutionRequest](),
            "hold": {"reason": "other"},
        }
        reason = {"reason": "So it is."} if action in {"reopen", "cancel", "reject"} else {}
        return bodies.get(action, reason)

    async def lives(self, begins: bool | None, steps: list[tuple[str, str, bool]]) -> None:
        """A request's history; after each step all is held against the model."""
        body = {"title": "A laptop", "description": "For travel.", "channel": "portal", "urgency": "3"}
        request = await self.people["requester"].post_ok("/v1/requests", body)
        path = f"/v1/requests/{request['id']}"
        await self.people["agent"].post_ok(
            f"{path}/assign", {"team": "network", "person": self.people["engineer"].id}
        )
        state, before = "submitted", ""
        first = [] if begins is None else [("agent", "assess", begins)]
        for actor, action, project in [*first, *steps]:
            answer = await self.people[actor].post(
                f"{path}/{action}", json=self.says(action, project=project)
            )
            may, states, to = TABLE[action]
            if state not in states:
                assert (answer.status_code, answer.json()["code"]) == (409, "not_in_this_state"), answer.text
            elif actor not in may:
                assert (answer.status_code, answer.json()["code"]) == (403, "forbidden"), answer.text
            else:
                assert answer.status_code == 200, answer.text
                held, state = state, before if to == "back" else to
                state = "analysing" if action == "assess" and project else state
                before = held if action == "hold" else before
                assert answer.json()["state"] == state
            await self._is_as_the_model_says(request["id"], state)

    async def _is_as_the_model_says(self, request_id: str, state: str) -> None:
        for actor, client in self.people.items():
            answer = await client.read(f"/v1/requests/{request_id}")
            assert answer["state"] == state
            offered = {action["action"] for action in answer["actions"]} & TABLE.keys()
            assert offered == {
                name for name, (may, states, _) in TABLE.items() if actor in may and state in states
            }, actor
        await is_the_fold(self.api, request_id)


@pytest.fixture
async def world(api: Api) -> World:
    await api.team("network")
    people = {
        "requester": await api.client("Zhao Min"),
        "agent": await api.client("Lin", Role.agent, teams=("network",)),
        "engineer": await api.client("Wu", Role.engineer, teams=("network",)),
    }
    admin = await api.client("Ada", Role.admin)
    await admin.post_ok(
        "/v1/groups", {"key": GROUP, "name": "Who accepts it", "chair": people["requester"].id}
    )
    member = {"person": people["requester"].id, "side": "business"}
    await admin.post_ok(f"/v1/groups/{GROUP}/add_member", member)
    return World(api, people)


@settings(
    max_examples=examples(25), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(begins=st.sampled_from([False, True, None]), steps=STEPS)
async def test_a_request_does_what_the_model_says_and_nothing_else(
    world: World, begins: bool | None, steps: list[tuple[str, str, bool]]
) -> None:
    await world.lives(begins, steps)
