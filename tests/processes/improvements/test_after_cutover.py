"""After the cutover: the definition of the process is frozen, and only the committee leads back."""

from __future__ import annotations

from typing import Any

import pytest

from tests.client import Api, Json
from tests.processes.improvement_suggestions.samples import offered
from tests.processes.improvements.pilots import AT, Project, project_of, refusal, sentences
from tests.processes.improvements.test_rollout import FIRST_SEVEN, completed


@pytest.fixture
async def project(api: Api) -> Project:
    return await project_of(api)


async def cut_over(project: Project) -> str:
    """The address of an improvement that has cut over and is not optimised yet."""
    path = await project.planned_rollout()
    await completed(project, path, *FIRST_SEVEN[: FIRST_SEVEN.index("cut_over") + 1])
    return path


async def another(project: Project, **changes: Any) -> Json:
    """What is said to select another improvement of the same process."""
    suggestion = await offered(project.executor, process=changes.get("process", "incident"))
    body = {"title": "Another step less", "suggestions": [suggestion["number"]], "reason": "It is simple."}
    return {**body, "scope": "process", "process": "incident", **changes}


async def test_until_it_is_optimised_nothing_else_of_the_process_is_changed(project: Project) -> None:
    waiting = await project.approved(kind="activity")
    classified = {"kind": "activity", "impact": "2", "urgency": "2"}
    await project.asks(waiting, "classify", classified)
    number = (await project.quality.read(await cut_over(project)))["number"]
    body = await another(project)
    assert await refusal(project.quality, AT, body) == (409, "process_is_frozen")
    english, chinese = await sentences(project.quality, AT, body)
    assert number in english
    assert number in chinese
    for written in (
        "Incident",
        "INCIDENTS",
        "Incident management",
        "incident-process",
        "事件",
        "事件管理流程",
    ):
        named = body | {"process": written}
        assert await refusal(project.quality, AT, named) == (409, "process_is_frozen"), written
    code = (422, [("process", "unknown_process")])
    assert await refusal(project.quality, AT, body | {"process": "Störung"}) == code
    plan = {"plan": "By Friday."}
    assert await refusal(project.quality, f"{waiting}/implement", plan) == (409, "process_is_frozen")
    elsewhere = await another(project, process="request")
    assert (await project.quality.post_ok(AT, elsewhere))["state"] == "selected"
    await safety_law_and_a_stop_of_service_do_not_wait_and_say_so(project)


async def safety_law_and_a_stop_of_service_do_not_wait_and_say_so(project: Project) -> None:
    """What is not changed before it is optimised is changed for one of these."""
    body = await another(project, freeze_exception="safety")
    assert await refusal(project.quality, AT, body) == (422, [("freeze_exception_reason", "missing")])
    words = {"freeze_exception_reason": "The door did not close."}
    unsaid = {**body, "freeze_exception": None, **words}
    assert await refusal(project.quality, AT, unsaid) == (422, [("freeze_exception", "missing")])
    unknown = {**body, "freeze_exception": "haste", **words}
    assert (await refusal(project.quality, AT, unknown))[0] == 422
    record = await project.quality.post_ok(AT, {**body, **words})
    assert (record["freeze_exception"], record["freeze_exception_reason"]) == (
        "safety",
        "The door did not close.",
    )


async def test_the_committee_decides_whether_a_project_is_reverted(project: Project) -> None:
    path = await project.planned_rollout()
    question = {**project.question(), "reason": "It is slow.", "told": "Both desks, by mail."}
    alone = {"reason": "It is slow.", "old_process_stands": True, "told": "Both desks."}
    assert await refusal(project.quality, f"{path}/revert", alone) == (409, "not_in_this_state")
    urgent = {"impact": "1", "urgency": "1", "reason": "I find it urgent."}
    assert await refusal(project.quality, f"{path}/prioritise", urgent) == (409, "not_in_this_state")
    await completed(project, path, *FIRST_SEVEN[: FIRST_SEVEN.index("cut_over") + 1])
    await project.quality.post_ok(f"{path}/ask_to_revert", question)
    twice = await refusal(project.quality, f"{path}/ask_to_revert", question)
    assert twice == (409, "improvement_decision_open")
    improvement = await project.decide(path, "reject")
    assert (improvement["state"], improvement["reverted_told"]) == ("rolling_out", None)
    again = {"question": "Shall we go back after the second outage?"}
    await project.quality.post_ok(f"{path}/ask_to_revert", question | again)
    reverted = await project.decide(path)
    assert (reverted["state"], reverted["revert_reason"], reverted["reverted_told"]) == (
        *("reverted", "It is slow."),
        "Both desks, by mail.",
    )
    body = await another(project)
    assert (await project.quality.post_ok(AT, body))["state"] == "selected", "the freeze is over"
