"""Random histories of a project over HTTP, from a proposed solution to what is closed and taken up again.

The model is a table of its own, written from the process document, with what it must remember besides the
state: who wrote, approved, makes and checked, and which tasks are open.
"""

from __future__ import annotations

import operator
from dataclasses import dataclass, field

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.common.people import Role
from app.kernel.actions.payloads import Payload
from app.processes.requests.payloads import (
    ChangeRequirementsRequest,
    ConfirmRequirementsRequest,
    ProposeSolutionRequest,
    RecordTrainingRequest,
    SubmitForAcceptanceRequest,
)
from tests.client import Api, Client, Json
from tests.every_action.requests import AHEAD, SAMPLES
from tests.every_action.world_data import GROUP
from tests.extent import examples, in_test_all
from tests.processes.requests.folding import is_the_fold

ENGINEERS = {"architect", "engineer", "checker"}
PEOPLE = ("requester", "agent", *sorted(ENGINEERS))
MAKING = {"implementing", "rectifying"}
OPEN = MAKING | {"analysing", "requirements_confirmed", "solution_review", "revising", "solution_approved"}
OPEN |= {"in_acceptance", "on_hold"}
#: By action: who may, in which states, and where it leads if that is one place only.
TABLE: dict[str, tuple[set[str], set[str], str | None]] = {
    "confirm_requirements": (ENGINEERS, {"analysing"}, "requirements_confirmed"),
    "propose_solution": (ENGINEERS, {"requirements_confirmed", "revising"}, "solution_review"),
    "review_solution": (set(PEOPLE), {"solution_review"}, None),
    "begin_implementation": (ENGINEERS, {"solution_approved"}, "implementing"),
    "report_progress": (ENGINEERS, MAKING, None),
    "change_requirements": (
        ENGINEERS | {"requester"},
        {"requirements_confirmed", "implementing"},
        "analysing",
    ),
    "check_quality": (ENGINEERS, MAKING, None),
    "submit_for_acceptance": (ENGINEERS, MAKING, "in_acceptance"),
    "record_acceptance": (set(PEOPLE), {"in_acceptance"}, None),
    "record_training": (ENGINEERS, {"delivered"}, None),
    "hold": ({"engineer", "agent"}, OPEN - {"on_hold"}, "on_hold"),
    "resume": ({"engineer", "agent"}, {"on_hold"}, None),
    "close": ({"requester"}, {"delivered"}, "closed"),
    "reopen": ({"requester", "agent"}, {"delivered", "closed"}, "rectifying"),
    "cancel": ({"requester"}, OPEN, "cancelled"),
    "reject": ({"agent"}, OPEN, "rejected"),
}
#: What brings it on; the rest is done by anybody at any time.
FORWARD = TABLE.keys() - {"cancel", "reject", "change_requirements", "report_progress", "hold"}
SAID: dict[str, type[Payload]] = {
    "confirm_requirements": ConfirmRequirementsRequest,
    "propose_solution": ProposeSolutionRequest,
    "change_requirements": ChangeRequirementsRequest,
    "submit_for_acceptance": SubmitForAcceptanceRequest,
    "record_training": RecordTrainingRequest,
}


@dataclass
class Model:
    """What a project must be, by what was done so far."""

    state: str = "solution_review"
    before: str = ""
    authors: set[str] = field(default_factory=lambda: {"architect"})
    approved: set[str] = field(default_factory=set)
    doers: set[str] = field(default_factory=set)
    tasks: int = 0
    passed: bool | None = None
    is_failed: bool = False

    def refuses(self, actor: str, action: str) -> str | None:
        """The code of what forbids it; None: nothing does."""
        may, states, _ = TABLE[action]
        if self.state not in states:
            return "not_in_this_state"
        if actor not in may:
            return "forbidden"
        apart = {
            "review_solution": self.authors,
            "check_quality": self.doers,
            "record_acceptance": self.doers,
        }
        if actor in apart.get(action, ()):
            return "separation_of_duties"
        if action == "review_solution" and side_of(actor) in self.approved:
            return "side_has_reviewed"
        if action == "record_acceptance" and actor != "requester":
            return "not_in_the_acceptance_group"
        return self._not_ready() if action == "submit_for_acceptance" else None

    def _not_ready(self) -> str | None:
        if self.tasks:
            return "task_is_open"
        if self.passed is None:
            return "quality_not_checked"
        if not self.passed:
            return "quality_check_failed"
        return "not_checked_since" if self.is_failed else None

    def does(self, actor: str, action: str, *, good: bool) -> None:
        """It is done."""
        to = TABLE[action][2]
        if action == "propose_solution":
            # Whoever has ever proposed one reviews none, by the log.
            self.authors.add(actor)
            self.approved = set()
        elif action == "review_solution":
            self.approved |= {side_of(actor)} if good else set()
            to = "revising" if not good else "solution_approved" if len(self.approved) > 1 else None
        elif action == "begin_implementation":
            self.doers |= {"engineer"}
            self.tasks, self.passed = self.tasks + 1, None
        elif action == "check_quality":
            self.passed, self.is_failed = good, False
        elif action == "record_acceptance":
            to = "delivered" if good else "rectifying"
            self.tasks += 0 if good else 1
            self.is_failed = not good
        elif action == "reopen":
            self.is_failed = True
        elif action == "hold":
            self.before = self.state
        elif action == "resume":
            to = self.before
        self.state = to or self.state


def side_of(actor: str) -> str:
    """For whom they review."""
    return "business" if actor == "requester" else "it"


class World:
    """Those who have to do with a project, and what they say."""

    def __init__(self, api: Api, people: dict[str, Client]) -> None:
        self.api, self.people = api, people
        self.path = ""

    def said(self, action: str) -> Json:
        """What is said for it; the requester is who was heard."""
        heard = {"heard": [self.people["requester"].id]} if action == "confirm_requirements" else {}
        return SAMPLES[SAID[action]]() | heard

    async def says(self, action: str, actor: str, *, good: bool) -> Json:
        """A body that the action takes."""
        if action in SAID:
            return self.said(action)
        if action == "review_solution":
            judged = {
                "feasibility": "good",
                "business_fit": "good" if good else "poor",
                "cost_and_benefit": "good",
            }
            return judged | {
                "side": side_of(actor),
                "verdict": "approve" if good else "revise",
                "comment": "So.",
            }
        if action == "begin_implementation":
            task = {
                "title": "Build it",
                "assignee": self.people["engineer"].id,
                "milestone": 1,
                "due_at": AHEAD,
            }
            return {"milestones": [{"title": "It runs", "due_at": AHEAD}], "tasks": [task]}
        if action == "record_acceptance":
            return await self._judgement(good=good)
        body: dict[str, Json] = {
            "report_progress": {"milestones": [], "expected_at": AHEAD},
            "check_quality": {"checkpoint": "Unit tests", "passed": good, "findings": "Some."},
            "hold": {"reason": "other"},
        }
        return body.get(action, {"reason": "So it is."} if action in {"reopen", "cancel", "reject"} else {})

    async def _judgement(self, *, good: bool) -> Json:
        criteria = (await self.people["requester"].read(f"{self.path}/criteria"))["items"]
        left = [criterion["id"] for criterion in criteria if criterion["dropped_at"] is None]
        results = [
            {"criterion": criterion, "shown_by": "demonstration", "passed": good} for criterion in left
        ]
        issues = [] if good else [{"title": "Mend the sum", "due_at": AHEAD}]
        verdict = "accepted" if good else "failed"
        return {"participants": ["me"], "results": results, "verdict": verdict, "issues": issues}

    async def begun(self) -> str:
        """A project whose solution was proposed; gives its id."""
        body = {"title": "Leave", "description": "By hand.", "channel": "portal", "urgency": "3"}
        request = await self.people["requester"].post_ok("/v1/requests", body)
        self.path = f"/v1/requests/{request['id']}"
        assessed = {
            "category": "software",
            "impact": "3",
            "urgency": "3",
            "team": "network",
            "path": "project",
        }
        assessed["assignee"] = self.people["engineer"].id
        await self.people["agent"].post_ok(f"{self.path}/assess", assessed)
        for action in ("confirm_requirements", "propose_solution"):
            await self.people["architect"].post_ok(f"{self.path}/{action}", self.said(action))
        return str(request["id"])

    async def finish_tasks(self) -> None:
        """All that was to be done is done."""
        for task in (await self.people["engineer"].read(f"{self.path}/tasks"))["items"]:
            if task["completed_at"] is None:
                done = {"task": task["id"], "outcome": "It is there."}
                await self.people["engineer"].post_ok(f"{self.path}/complete_task", done)

    async def is_as(self, model: Model, actor: str) -> None:
        """What they are shown, and what they are offered with what forbids it, is as the model says."""
        answer = await self.people[actor].read(self.path)
        assert answer["state"] == model.state
        offered = {
            action["action"]: action["open"] for action in answer["actions"] if action["action"] in TABLE
        }
        of_model = {
            name for name, (may, states, _) in TABLE.items() if actor in may and model.state in states
        }
        assert offered.keys() == of_model
        closed = {name for name in of_model if model.refuses(actor, name) is not None}
        assert {name for name, is_open in offered.items() if not is_open} == closed


@pytest.fixture
async def world(api: Api) -> World:
    await api.team("network")
    people = {
        "requester": await api.client("Zhao Min"),
        "agent": await api.client("Lin", Role.agent, teams=("network",)),
        **{name: await api.client(name, Role.engineer, teams=("network",)) for name in sorted(ENGINEERS)},
    }
    admin = await api.client("Ada", Role.admin)
    await admin.post_ok(
        "/v1/groups", {"key": GROUP, "name": "Who accepts it", "chair": people["requester"].id}
    )
    member = {"person": people["requester"].id, "side": "business"}
    await admin.post_ok(f"/v1/groups/{GROUP}/add_member", member)
    return World(api, people)


SELDOM = st.sampled_from([False, False, False, True])
#: Whether anybody does anything, or one of what is open; whether what is judged is good; which of these.
STEPS = st.lists(
    st.tuples(SELDOM, SELDOM.map(operator.not_), st.integers(0, 999)),
    min_size=10,
    max_size=30,
)


@in_test_all
@settings(
    max_examples=examples(12), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(steps=STEPS)
async def test_a_project_does_what_the_model_says_and_nothing_else(
    world: World, steps: list[tuple[bool, bool, int]]
) -> None:
    request_id = await world.begun()
    model = Model()
    for wild, good, pick in steps:
        if model.tasks and not wild:
            await world.finish_tasks()
            model.tasks = 0
            model.is_failed = True
        every = [(actor, action) for action in sorted(TABLE) for actor in PEOPLE]
        forward = [
            (actor, action)
            for actor, action in every
            if action in FORWARD and not model.refuses(actor, action)
        ]
        among = every if wild or not forward else forward
        actor, action = among[pick % len(among)]
        refused = model.refuses(actor, action)
        body = await world.says(action, actor, good=good)
        answer = await world.people[actor].post(f"{world.path}/{action}", json=body)
        if refused is None:
            assert answer.status_code == 200, (action, actor, answer.text)
            model.does(actor, action, good=good)
            assert answer.json()["state"] == model.state, (action, actor)
        else:
            assert answer.json()["code"] == refused, (action, actor, answer.text)
        await world.is_as(model, actor)
        await world.is_as(model, PEOPLE[pick % len(PEOPLE)])
    await is_the_fold(world.api, request_id)
