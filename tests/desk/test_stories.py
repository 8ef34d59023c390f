"""Whole stories by the pages' forms alone, as a browser without scripts sends them."""

from __future__ import annotations

import re
from html import unescape

from app.common.people import Role
from app.processes.changes.policies.risk import DEFAULT_QUESTIONNAIRE
from tests.client import Api, Client, an_incident
from tests.desk.sent_forms import read_form, said, send_form
from tests.desk.story_steps import FormStep, change_by_five_people, committee_vote
from tests.extent import in_test_all
from tests.processes.changes.samples import a_board
from tests.processes.improvements.conftest import follower as follower  # noqa: PLC0414  # a fixture
from tests.processes.improvements.conftest import improvers as improvers  # noqa: PLC0414  # a fixture
from tests.processes.improvements.samples import Improvers


async def carried_out(step: FormStep, address: str) -> str:
    """The address to which the step's form leads, which is at that address."""
    opened = await step.client.get(address)
    assert opened.status_code == 200, said(opened.text)
    form = read_form(opened.text)
    path = address.partition("?")[0]
    answer = await send_form(
        step.client, path, form.inputs | {name: [text] for name, text in step.filled.items()}
    )
    assert answer.status_code == 303, (step.action, said(answer.text))
    return answer.headers["location"].partition("?")[0]


async def waiting_link(client: Client, action: str) -> str:
    """Where the action is done that waits for them, as their work says."""
    html = unescape((await client.get("/desk")).text)
    match = re.search(rf'href="(/desk/[^"]*/{action}[?][^"]*)"', html)
    assert match is not None, said(html)
    return match[1]


async def test_five_people_bring_a_change_from_its_draft_to_its_review(api: Api) -> None:
    address = "/desk/new/change"
    for step in await change_by_five_people(api):
        path = (
            await waiting_link(step.client, "vote") if step.action == "vote" else f"{address}/{step.action}"
        )
        address = await carried_out(step, path)
    change = await step.client.read(f"/v1/changes/{address.rpartition('/')[2]}")
    assert (change["state"], change["outcome"]) == ("closed", "successful")


async def test_the_risk_of_a_change_is_assessed_by_questions_in_words(api: Api) -> None:
    board = await a_board(api)
    path = await board.submitted()
    address = f"/desk/change/{path.rpartition('/')[2]}/assess"
    question, other = DEFAULT_QUESTIONNAIRE.questions[:2]
    for language, words in (("en", question.text_en), ("zh", question.text_zh)):
        assert words in unescape(
            (await board.manager.get(address, headers={"accept-language": language})).text
        )
    form = read_form((await board.manager.get(address)).text)
    inputs = {
        "/effects": ["None."],
        "/resources": ["One."],
        f"/risk_answers/{other.key}": [other.answers[0].key],
    }
    refused = await send_form(board.manager, address, form.inputs | inputs)
    assert refused.status_code == 422
    assert f"f-risk_answers-{question.key}-help" in read_form(refused.text).faults


@in_test_all
async def test_a_committee_votes_on_an_improvement(improvers: Improvers) -> None:
    steps, path = await committee_vote(improvers)
    for step in steps:
        await carried_out(step, await waiting_link(step.client, "vote"))
    assert (await improvers.quality.read(path))["state"] == "approved"


@in_test_all
async def test_an_agent_works_on_tickets_from_the_queue_to_a_problem(api: Api) -> None:
    await api.team("network")
    lin = await api.client("Lin", Role.agent, Role.engineer, Role.problem_manager, teams=("network",))
    numbers = []
    for _ in range(3):
        record = await lin.post_ok("/v1/incidents", an_incident())
        await lin.post_ok(f"/v1/incidents/{record['id']}/assign", {"team": "network"})
        numbers.append(record["number"])
    first, second, third = [f"/desk/incident/{number}" for number in numbers]
    for address in (first, second, third):
        await carried_out(FormStep(lin, "assign", {"/person": "me"}), f"{address}/assign")
    resolved = {"/resolution_code": "fixed", "/done": "Restarted."}
    for address, action, texts in (
        (first, "comment", {"/text": "Since when?", "/visibility": "public"}),
        (second, "acknowledge", {}),
        (second, "resolve", resolved),
        (second, "reopen", {"/reason": "It is back."}),
        (third, "link", {"/other": numbers[1], "/kind": "relates_to"}),
    ):
        assert await carried_out(FormStep(lin, action, texts), f"{address}/{action}") == address
    problem = {"/title": "Mail is lost", "/description": "Each night.", "/service": "mail"}
    problem |= {"/affected_services": "mail", "/affected_users": "120", "/tried": "A restart."}
    step = FormStep(lin, "raise", {**problem, "/incidents": numbers[2]})
    address = await carried_out(step, "/desk/new/problem/raise")
    links = (await lin.read(f"/v1/problems/{address.rpartition('/')[2]}/links"))["items"]
    assert [link["other"]["number"] for link in links] == [numbers[2]]
    assert (await lin.read(f"/v1/incidents/{numbers[1]}"))["state"] == "in_progress"
