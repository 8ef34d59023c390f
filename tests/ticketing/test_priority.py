"""Impact and urgency give the priority, unless somebody says why it is to be another one."""

from __future__ import annotations

import pytest

from app.common.people import Role
from tests.builders import AGENT, ASSIGNEE, REPORTER, a_caller, given, incident
from tests.client import Api, an_incident

WHY = "It is pay day."


def said(impact: str, urgency: str, **more: str) -> dict[str, str]:
    return {"impact": impact, "urgency": urgency, "reason": WHY, **more}


@pytest.mark.parametrize(
    ("impact", "urgency", "priority"),
    [("1", "1", "P1"), ("1", "2", "P2"), ("3", "1", "P3"), ("3", "3", "P4")],
)
def test_the_matrix_gives_the_priority(impact: str, urgency: str, priority: str) -> None:
    outcome = given(incident()).by(AGENT).when("prioritise", said(impact, urgency))
    assert (outcome.record.impact, outcome.record.urgency) == (impact, urgency)
    assert outcome.record.priority == priority
    assert outcome.record.effect == "degraded", "what is not said stays"


def test_another_priority_than_the_matrix_gives_is_kept_with_the_reason() -> None:
    given(incident(effect="degraded")).by(AGENT).when(
        "prioritise", said("2", "2", priority="P1", effect="down")
    ).then(
        "incident.prioritised",
        set={"priority": "P1", "effect": "down"},
        given={"impact": "2", "urgency": "2", "priority": "P1", "effect": "down", "reason": WHY},
    )


def test_agents_and_the_manager_of_the_process_set_it_while_there_is_work_to_do() -> None:
    given(incident()).by(a_caller(Role.incident_manager)).when("prioritise", said("1", "1")).then(
        "incident.prioritised", set={"impact": "1", "urgency": "1", "priority": "P1"}
    )
    for caller in (REPORTER, ASSIGNEE, a_caller(Role.problem_manager)):
        given(incident()).by(caller).when("prioritise", said("1", "1")).refused("forbidden")
    given(incident(state="resolved")).by(AGENT).when("prioritise", said("1", "1")).refused(
        "not_in_this_state"
    )


async def test_nothing_is_reprioritised_without_a_reason(api: Api) -> None:
    agent = await api.client("Lin", Role.agent)
    record = await agent.post_ok("/v1/incidents", an_incident())
    body = {"impact": "1", "urgency": "1"}
    refused = await agent.post(f"/v1/incidents/{record['id']}/prioritise", json=body)
    assert refused.json()["errors"][0]["pointer"] == "/reason"


async def test_whoever_has_a_key_reads_the_matrix(api: Api) -> None:
    zhao, agent = await api.client("Zhao"), await api.client("Lin", Role.agent)
    cells = (await zhao.read("/v1/priority_matrix"))["cells"]
    assert len({(cell["impact"], cell["urgency"]) for cell in cells}) == len(cells) == 9
    for cell in cells[::4]:
        cell_values = {"impact": cell["impact"], "urgency": cell["urgency"]}
        incident = await agent.post_ok("/v1/incidents", an_incident(**cell_values))
        assert incident["priority"] == cell["priority"]
