"""Dated duties in the list of work: each kind of row that gives one is listed somewhere."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from app.common.people import Role
from app.foundation.people.succession.duties import ROW_DUTIES
from app.registry import LIFECYCLES
from app.ticketing.routes.dated_duties import DATED_DUTIES
from app.ticketing.work.work_statements import CHILD_SECTIONS
from tests.client import Api, Client, Json
from tests.processes.improvements.pilots import project_of

#: Stages of releases and negotiations of a plan are asked for by notices.
ASKED_BY_NOTICES = frozenset({"release_stage", "service_level_plan_entry"})


def test_each_row_that_gives_a_duty_is_listed_in_the_work_of_its_owner() -> None:
    listed = {duty.row for duty in DATED_DUTIES} | {row.KIND for _, _, row in CHILD_SECTIONS.values()}
    assert ROW_DUTIES.keys() - listed == ASKED_BY_NOTICES
    by_kind = {lifecycle.kind: lifecycle for lifecycle in LIFECYCLES}
    for duty in DATED_DUTIES:
        names = set(duty.actions.values())
        assert names <= by_kind[duty.kind].by_name.keys(), duty


async def test_the_owner_of_a_corrective_action_finds_it_until_it_is_done(api: Api) -> None:
    owner = await api.client("Owner", Role.engineer)
    quality = await api.client("Quality", Role.quality_manager)
    team_id = await api.team("network")
    due_at = (datetime.now(UTC) + timedelta(days=3)).isoformat()
    plan = {
        "title": "Test the restore",
        "task": "Restore the newest backup.",
        "occasion": "review",
        "source": f"team/{team_id}",
        "owner": owner.id,
        "due_at": due_at,
    }
    action = await quality.post_ok("/v1/corrective_actions", plan)
    (duty,) = (await owner.read("/v1/me/work"))["duties"]
    assert (duty["number"], duty["action"], duty["overdue"]) == (action["number"], "complete", False)
    assert datetime.fromisoformat(duty["due_at"]) == datetime.fromisoformat(due_at)
    await owner.post_ok(f"/v1/corrective_actions/{action['id']}/complete", {"evidence": "It restores."})
    assert (await owner.read("/v1/me/work"))["duties"] == []


async def test_the_next_step_after_a_vote_is_in_the_work_of_whoever_takes_it(api: Api) -> None:
    project = await project_of(api)

    async def next_steps(reader: Client) -> list[str]:
        return [duty["action"] for duty in (await reader.read("/v1/me/work"))["duties"]]

    path = await project.approved()
    assert await next_steps(project.quality) == ["charter"]
    assert await next_steps(project.manager) == []
    charter: Json = {"sponsor": project.sponsor.id, "project_manager": project.manager.id}
    charter |= {"members": [project.executor.id], "resources": "Two.", "budget": "9.00", "currency": "CNY"}
    await project.asks(path, "charter", charter)
    assert await next_steps(project.quality) == []
    assert await next_steps(project.manager) == ["plan"]
