"""A problem's whole story over HTTP, as the desk, its manager and an engineer see it."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest

from app.common.people import Role
from tests.client import Api, Client, Json
from tests.processes.problems.samples import CAUSE, WORKAROUND, a_problem, incidents, links
from tests.ticket_actions import own_actions


class Desk:
    """Those who have to do with problems, and a team."""

    def __init__(self, agent: Client, manager: Client, engineer: Client, owner: Client) -> None:
        self.agent, self.manager, self.engineer, self.owner = agent, manager, engineer, owner

    async def raised(self, **changes: Any) -> Json:
        """A new problem of the agent's."""
        return await self.agent.post_ok("/v1/problems", a_problem(**changes))

    async def begun(self, **changes: Any) -> Json:
        """One that the engineer investigates."""
        problem = await self.raised(**changes)
        assignment = {"team": "network", "assignee": self.engineer.id}
        return await self.manager.post_ok(f"/v1/problems/{problem['id']}/investigate", assignment)


@pytest.fixture
async def desk(api: Api) -> Desk:
    await api.team("network")
    return Desk(
        await api.client("Lin", Role.agent),
        await api.client("Olga", Role.problem_manager),
        await api.client("Tomasz", Role.engineer, teams=("network",)),
        await api.client("Head", Role.process_owner),
    )


def actions(record: Json) -> set[str]:
    """What the caller may do with a problem now, besides what can be done with every ticket."""
    return set(own_actions(action["action"] for action in record["actions"] if action["open"])) - {"edit"}


async def test_a_problem_is_raised_worked_around_removed_closed_and_shown_to_be_back(
    api: Api,
    desk: Desk,
) -> None:
    reported = await incidents(desk.agent, 2, service="mail")
    numbers = [incident["number"] for incident in reported]
    answer = await desk.agent.post("/v1/problems", json=a_problem(origin="incident", incidents=numbers))
    assert answer.status_code == 201, answer.text
    problem = answer.json()
    path = f"/v1/problems/{problem['id']}"
    assert (problem["state"], problem["number"][:4]) == ("logged", "PRB-")
    assert await links(desk.agent, "problems", problem) == [("causes", number) for number in numbers]
    for incident in reported:
        assert await links(desk.agent, "incidents", incident) == [("caused_by", problem["number"])]
    ids = {item["id"] for item in (await desk.agent.read(f"{path}/links"))["items"]}
    assert len(ids) == len(numbers), "each link can be taken away by itself"

    assert actions(await desk.manager.read(path)) == {"investigate", "cancel"}
    begun = await desk.manager.post_ok(
        f"{path}/investigate", {"team": "network", "assignee": desk.engineer.id}
    )
    assert (begun["state"], begun["assignee"]["name"]) == ("investigating", "Tomasz")
    assert begun["investigation_begun_at"] == begun["state_since"]
    assert actions(await desk.engineer.read(path)) == {"identify_cause", "document_workaround"}
    record = await desk.engineer.post_ok(f"{path}/document_workaround", WORKAROUND)
    assert (record["state"], record["workaround_visibility"]) == ("known_error", "internal")
    stored = await desk.engineer.post_ok(f"{path}/identify_cause", CAUSE)
    assert (stored["state"], stored["cause_category"]) == ("known_error", "configuration")
    assert stored["state_since"] == record["state_since"], "it is a known error all the while"
    fixing = await desk.manager.post_ok(f"{path}/begin_fix", {"fixing_change": "jira:CHG-7"})
    assert (fixing["state"], fixing["fixing_change"]) == ("fix_in_progress", "jira:CHG-7")
    resolution = {
        "prevention": "The rotation keeps the queue.",
        "fix_outcome": "It went in at night; its ticket is closed.",
        "fix_succeeded": True,
        "fix_ended_at": fixing["state_since"],
    }
    resolved = await desk.manager.post_ok(f"{path}/resolve", resolution)
    assert resolved["resolved_at"] == resolved["state_since"]
    confirming = await api.client("Ines", Role.problem_manager)
    closed = await confirming.post_ok(f"{path}/close", {"lessons": "Look at what runs at midnight."})
    assert (closed["state"], closed["lessons"]) == ("closed", "Look at what runs at midnight.")

    (again,) = await incidents(desk.agent, 1, service="mail")
    back = await desk.agent.post_ok(f"{path}/reopen", {"incident": again["number"]})
    assert (back["state"], back["resolved_at"], back["fixing_change"]) == ("investigating", None, None)
    assert (back["cause"], back["workaround"]) == (CAUSE["cause"], WORKAROUND["workaround"])
    assert ("causes", again["number"]) in await links(desk.agent, "problems", problem)
    assert await links(desk.agent, "incidents", again) == [("caused_by", problem["number"])]
    types = [event["type"] for page in await desk.manager.pages(f"{path}/events") for event in page]
    assert types == [
        "problem.raised",
        "problem.investigation_begun",
        "problem.workaround_documented",
        "problem.cause_identified",
        "problem.fix_begun",
        "problem.resolved",
        "problem.closed",
        "problem.reopened",
    ]


async def test_a_cause_without_a_workaround_leads_to_cause_identified_and_then_to_a_known_error(
    desk: Desk,
) -> None:
    path = f"/v1/problems/{(await desk.begun())['id']}"
    wrong = CAUSE | {"cause": "The certificate ended."}
    assert (await desk.engineer.post_ok(f"{path}/identify_cause", wrong))["state"] == "cause_identified"
    corrected = await desk.engineer.post_ok(f"{path}/identify_cause", CAUSE)
    assert (corrected["state"], corrected["cause"]) == ("cause_identified", CAUSE["cause"])
    assert (await desk.engineer.post_ok(f"{path}/document_workaround", WORKAROUND))["state"] == "known_error"


async def test_what_is_raised_for_incidents_and_what_is_not_shown_by_them_is_one_command(
    api: Api, desk: Desk
) -> None:
    reported = await incidents(desk.agent, 3)
    head = await api.head()
    await desk.raised(origin="incident", incidents=[incident["id"] for incident in reported])
    assert await api.head() == head + 1 + len(reported)
    hidden = {"origin": "incident", "incidents": [reported[0]["id"], "INC-2026-999999"]}
    refused = await desk.agent.post("/v1/problems", json=a_problem(**hidden))
    assert errors(refused.json()) == [("/incidents/1", "unknown_reference")]
    assert await api.head() == head + 1 + len(reported), "nothing of it was written"


def errors(problem: Json) -> list[tuple[str, str]]:
    return [(error["pointer"], error["code"]) for error in problem["errors"]]


async def test_what_cannot_be_said_of_a_problem_is_told_by_its_place(desk: Desk) -> None:
    (incident,) = await incidents(desk.agent, 1)
    (cancelled, elsewhere) = await incidents(desk.agent, 2, service="print")
    await desk.agent.post_ok(f"/v1/incidents/{cancelled['id']}/cancel", {"reason": "A test."})
    wrong: list[tuple[Json, tuple[str, str]]] = [
        ({"service": None}, ("", "service_or_ci")),
        ({"origin": "incident"}, ("/incidents", "shown_by_none")),
        ({"impact": "1"}, ("/urgency", "both_of_priority")),
        ({"incidents": [incident["id"], incident["number"]]}, ("/incidents", "each_once")),
        ({"incidents": [cancelled["id"]]}, ("/incidents/0", "incident_cancelled")),
        ({"incidents": [incident["id"], elsewhere["id"]]}, ("/incidents/1", "incident_elsewhere")),
        ({"affected_customers": ["nobody"]}, ("/affected_customers/0", "unknown_reference")),
        ({"affected_users": -1}, ("/affected_users", "greater_than_equal")),
        ({"incidents": ["x"] * 51}, ("/incidents", "too_long")),
    ]
    for fields, expected in wrong:
        refused = await desk.agent.post("/v1/problems", json=a_problem(**fields))
        assert (refused.status_code, errors(refused.json())) == (422, [expected]), fields


async def test_only_an_incident_opened_since_then_shows_that_it_is_back_even_if_it_is_linked_already(
    desk: Desk,
) -> None:
    (incident,) = await incidents(desk.agent, 1)
    problem = await desk.begun(origin="incident", incidents=[incident["id"]])
    path = f"/v1/problems/{problem['id']}"
    await desk.engineer.post_ok(f"{path}/identify_cause", CAUSE)
    await desk.manager.post_ok(f"{path}/begin_fix", {"no_change_reason": "A setting of ours."})
    await desk.manager.post_ok(f"{path}/resolve", {"prevention": "It is checked daily."})
    nothing = await desk.agent.post(f"{path}/reopen", json={})
    assert errors(nothing.json()) == [("/incident", "missing")]
    before = await desk.agent.post(f"{path}/reopen", json={"incident": incident["id"]})
    assert errors(before.json()) == [("/incident", "opened_before_resolution")]
    (again,) = await incidents(desk.agent, 1)
    await desk.agent.post_ok(f"{path}/link", {"kind": "causes", "other": again["id"]})
    assert (await desk.agent.post_ok(f"{path}/reopen", {"incident": again["id"]}))["state"] == "investigating"
    numbers = [("causes", shows["number"]) for shows in (incident, again)]
    assert await links(desk.agent, "problems", problem) == numbers


async def test_a_fix_has_a_change_or_a_reason_and_not_both(desk: Desk) -> None:
    path = f"/v1/problems/{(await desk.begun())['id']}"
    await desk.engineer.post_ok(f"{path}/identify_cause", CAUSE)
    for fix in ({}, {"fixing_change": "CHG-7", "no_change_reason": "None."}):
        refused = await desk.manager.post(f"{path}/begin_fix", json=fix)
        assert errors(refused.json()) == [("", "change_or_reason")]


async def test_it_stays_about_a_service_or_a_ci_and_only_what_is_documented_is_put_right(desk: Desk) -> None:
    problem = await desk.begun()
    path = f"/v1/problems/{problem['id']}"

    async def edited(**fields: Any) -> list[tuple[str, str]]:
        answer = await desk.engineer.patch(path, json=fields, headers={"If-Match": "*"})
        return [] if answer.status_code == 200 else errors(answer.json())

    assert await edited(service=None) == [("/service", "service_or_ci")]
    assert await edited(service=None, ci="mx-1", affected_services=["mail", "calendar"]) == []
    assert await edited(ci=None) == [("/ci", "service_or_ci")]
    assert await edited(workaround="Wait.") == [("/workaround", "no_workaround_yet")]
    await desk.engineer.post_ok(f"{path}/document_workaround", WORKAROUND)
    assert await edited(workaround="Wait.", workaround_visibility="public") == []
    response = await desk.engineer.read(path)
    assert (response["workaround"], response["affected_services"]) == ("Wait.", ["mail", "calendar"])


async def test_a_workaround_is_for_staff_in_record_events_and_search(api: Api, desk: Desk) -> None:
    user = await api.client("Zhao")
    problem = await desk.begun()
    path = f"/v1/problems/{problem['id']}"
    await desk.agent.post_ok(f"{path}/follow", {"person": user.id})
    await desk.engineer.post_ok(f"{path}/document_workaround", WORKAROUND)
    await desk.engineer.patch(path, json={"workaround": "Wait a bit."}, headers={"If-Match": "*"})
    answer = await user.read(path)
    assert (answer["title"], answer["workaround"], answer["symptoms"]) == (problem["title"], None, None)
    events = [event for page in await user.pages(f"{path}/events") for event in page]
    assert "Wait a bit" not in str(events)
    assert "Send it again" not in str(events)


async def test_a_file_of_a_problem_is_there_for_whom_the_problem_is(api: Api, desk: Desk) -> None:
    path = f"/v1/problems/{(await desk.raised())['id']}"
    sent = (await desk.agent.put(f"/v1/uploads/{uuid4()}", content=b"What the log said.")).json()["id"]
    await desk.agent.post_ok(f"{path}/attach", {"upload": sent, "name": "log.txt"})
    file = f"{path}/attachments/{sent}/content"
    assert (await desk.manager.get(file)).content == b"What the log said."
    stranger = await api.client("Somebody")
    assert (await stranger.get(file)).status_code == 404
