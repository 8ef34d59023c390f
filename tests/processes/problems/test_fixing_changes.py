"""The change that fixes a problem: looked up, linked, waited for, and replaced if it is not made."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any, cast

import pytest

from app.common.people import Role
from app.kernel.actions.refusals import WrongValue
from app.processes.problems.fixes import _require_time_of_fix
from tests.automation.worker import Worker
from tests.client import Api, Client, Json
from tests.extent import in_test_all
from tests.processes.changes.samples import DONE, REVIEWED, Board, a_board
from tests.processes.problems.samples import CAUSE, a_problem, incidents, links

PREVENTION: Json = {"prevention": "The rotation keeps the queue."}


@dataclass
class Fixing:
    """Those who fix problems by changes."""

    board: Board
    manager: Client

    async def known(self, **more: object) -> str:
        """The path of a problem whose cause is known; the engineer investigates it."""
        problem = await self.board.agent.post_ok("/v1/problems", a_problem(**more))
        path, engineer = f"/v1/problems/{problem['id']}", self.board.engineer
        await self.manager.post_ok(f"{path}/investigate", {"team": "network", "assignee": engineer.id})
        await engineer.post_ok(f"{path}/identify_cause", CAUSE)
        return path

    async def fixed_by(self, change: Json) -> str:
        """The path of a problem that this change is to fix."""
        path = await self.known()
        await self.manager.post_ok(f"{path}/begin_fix", {"fixing_change": change["number"]})
        return path

    async def emergency(self) -> str:
        """The path of a change that is being implemented."""
        path = f"/v1/changes/{(await self.board.drafted(type='emergency'))['id']}"
        await self.board.agent.post_ok(f"{path}/submit")
        question = self.board.question(cannot_wait="Nobody can send mail until it is done.")
        await self.board.manager.post_ok(f"{path}/request_emergency_approval", question)
        await self.board.vote(path, "approve")
        await self.board.engineer.post_ok(f"{path}/start", {})
        return path

    async def back_out(self, path: str) -> None:
        """The engineer undoes the change."""
        body = {"reason": "Mails came twice.", "service_restored_at": _now()}
        await self.board.engineer.post_ok(f"{path}/back_out", body)

    async def work(self) -> None:
        """What follows by rules; and then who is told of it, a minute later."""
        for seconds in (0, 61):
            await Worker(self.board.api.ledger).work(datetime.now(UTC) + timedelta(seconds=seconds))


def _now() -> str:
    return datetime.now(UTC).isoformat().replace("+00:00", "Z")


@pytest.fixture
async def fixing(api: Api) -> Fixing:
    board = await a_board(api)
    manager = await api.client("Petra", Role.problem_manager, Role.agent, teams=("network",))
    return Fixing(board, manager)


async def test_a_change_of_ours_is_linked_and_the_problem_is_resolved_once_that_was_successful(
    fixing: Fixing,
) -> None:
    path = await fixing.emergency()
    change = await fixing.board.manager.read(path)
    record_path = await fixing.fixed_by(change)
    problem = await fixing.manager.read(record_path)
    assert (problem["fixing_change"], problem["fixing_change_id"]) == (change["number"], change["id"])
    assert problem["fixing_change_external"] is False
    assert await links(fixing.manager, "problems", problem) == [("resolved_by", change["number"])]
    assert await links(fixing.manager, "changes", change) == [("resolves", problem["number"])]
    refused = await fixing.manager.post(f"{record_path}/resolve", json=PREVENTION)
    assert (refused.status_code, refused.json()["code"]) == (409, "fixing_change_not_done")
    assert f"{change['number']}, is in the state “Being implemented”" in refused.json()["detail"]
    await fixing.board.engineer.post_ok(f"{path}/complete", DONE)
    assert (await fixing.manager.post(f"{record_path}/resolve", json=PREVENTION)).status_code == 409
    issues = {**REVIEWED, "outcome": "successful_with_issues"}
    await fixing.board.manager.post_ok(f"{path}/review", issues)
    await fixing.work()
    assert (await fixing.manager.post_ok(f"{record_path}/resolve", PREVENTION))["state"] == "resolved"


async def test_how_a_change_of_another_tool_ended_is_stated_and_confirmed_by_somebody_else(
    api: Api, fixing: Fixing
) -> None:
    path = await fixing.known()
    begun = await fixing.manager.post_ok(f"{path}/begin_fix", {"fixing_change": "jira:CHG-7"})
    assert (begun["fixing_change"], begun["fixing_change_id"]) == ("jira:CHG-7", None)
    assert begun["fixing_change_external"] is True
    stated: Json = {**PREVENTION, "fix_outcome": "It went in at night; its ticket is closed."}
    outcome: Json = {**stated, "fix_succeeded": True}
    for body, pointer, code in (
        (PREVENTION, "/fix_outcome", "foreign_fix_unproven"),
        (stated, "/fix_succeeded", "foreign_fix_unproven"),
        ({**outcome, "fix_succeeded": False, "fix_ended_at": _now()}, "/fix_succeeded", "foreign_fix_failed"),
        (outcome, "/fix_ended_at", "foreign_fix_unproven"),
        ({**outcome, "fix_ended_at": "2020-01-01T00:00:00Z"}, "/fix_ended_at", "end_before_the_cause"),
        ({**outcome, "fix_ended_at": "2199-01-01T00:00:00Z"}, "/fix_ended_at", "in_the_future"),
    ):
        refused = await fixing.manager.post(f"{path}/resolve", json=body)
        assert [(e["pointer"], e["code"]) for e in refused.json()["errors"]] == [(pointer, code)]
    ended = {**outcome, "fix_ended_at": _now()}
    assert (await fixing.manager.post_ok(f"{path}/resolve", ended))["state"] == "resolved"
    lessons = {"lessons": "Look at what runs at midnight."}
    own = await fixing.manager.post(f"{path}/close", json=lessons)
    assert (own.status_code, own.json()["code"]) == (403, "separation_of_duties")
    confirming = await api.client("Ines", Role.problem_manager)
    assert (await confirming.post_ok(f"{path}/close", lessons))["state"] == "closed"


async def test_a_number_of_ours_that_is_not_known_or_will_not_be_made_is_refused(fixing: Fixing) -> None:
    path = await fixing.known()
    problem_id = path.rsplit("/", 1)[-1]
    change = await fixing.board.drafted()
    await fixing.board.agent.post_ok(f"/v1/changes/{change['id']}/cancel", {"reason": "Not needed."})
    for name, code in (
        ("CHG-2026-999999", "unknown_reference"),
        ("chg 2026 999999.", "unknown_reference"),
        ("INC-2026-000001", "unknown_reference"),
        (problem_id, "unknown_reference"),
        ("-", "no_number"),
        ("none, because 2 restarts helped", "no_number"),
        (change["number"], "change_was_not_made"),
    ):
        refused = await fixing.manager.post(f"{path}/begin_fix", json={"fixing_change": name})
        (error,) = refused.json()["errors"]
        assert (refused.status_code, error["pointer"], error["code"]) == (422, "/fixing_change", code)


async def test_a_change_of_another_service_or_from_before_the_cause_was_known_fixes_nothing(
    fixing: Fixing,
) -> None:
    elsewhere = await fixing.board.drafted(services=["print"])
    earlier = await fixing.emergency()
    await fixing.board.engineer.post_ok(f"{earlier}/complete", DONE)
    path = await fixing.known()
    widen = {"affected_services": ["mail", "print"]}
    refused = await fixing.board.engineer.patch(path, json=widen, headers={"If-Match": "*"})
    assert [error["code"] for error in refused.json()["errors"]] == ["cause_is_known"]
    for name, code in (
        (elsewhere["number"], "change_elsewhere"),
        (earlier.rpartition("/")[2], "change_before_the_problem"),
    ):
        refused = await fixing.manager.post(f"{path}/begin_fix", json={"fixing_change": name})
        (error,) = refused.json()["errors"]
        assert (refused.status_code, error["pointer"], error["code"]) == (422, "/fixing_change", code)


async def test_only_an_emergency_after_the_first_incident_may_fix_a_problem_before_its_cause_is_known(
    fixing: Fixing,
) -> None:
    before = await fixing.emergency()
    await fixing.board.engineer.post_ok(f"{before}/complete", DONE)
    [incident] = await incidents(fixing.board.agent, 1)
    emergency = await fixing.emergency()
    await fixing.board.engineer.post_ok(f"{emergency}/complete", DONE)
    path = await fixing.known(origin="incident", incidents=[incident["number"]])
    late = await fixing.emergency()
    explained = {"early_fix_reason": "The queue was enlarged that night, and its size was the cause."}
    for name, more, pointer, code in (
        (before, explained, "/fixing_change", "change_before_the_problem"),
        (emergency, {}, "/early_fix_reason", "early_fix_unexplained"),
        (emergency, {"early_fix_reason": "-"}, "/early_fix_reason", "says_nothing"),
        (late, explained, "/early_fix_reason", "fix_not_early"),
    ):
        body = {"fixing_change": name.rpartition("/")[2], **more}
        refused = await fixing.manager.post(f"{path}/begin_fix", json=body)
        assert [(e["pointer"], e["code"]) for e in refused.json()["errors"]] == [(pointer, code)]
    body = {"fixing_change": emergency.rpartition("/")[2], **explained}
    begun = await fixing.manager.post_ok(f"{path}/begin_fix", body)
    assert begun["early_fix_reason"] == explained["early_fix_reason"]
    switch = {"fixing_change": late.rpartition("/")[2], "reason": "It lasts."}
    assert (await fixing.manager.post_ok(f"{path}/change_fix", switch))["early_fix_reason"] is None
    none = {"no_change_reason": "A setting of ours.", "reason": "It is simpler.", **explained}
    refused = await fixing.manager.post(f"{path}/change_fix", json=none)
    assert [error["code"] for error in refused.json()["errors"]] == ["early_fix_without_change"]


@pytest.mark.parametrize("is_known", [True, False])
async def test_a_change_that_is_no_emergency_fixes_nothing_before_the_cause_is_known(
    *, is_known: bool
) -> None:
    found_at = datetime(2026, 3, 2, tzinfo=UTC)
    problem: Any = SimpleNamespace(
        cause_identified_at=found_at if is_known else None,
        fix_begun_at=None,
        opened_at=None,
        row_key="problem/1",
    )
    context: Any = SimpleNamespace(occurred_at=found_at)
    body: Any = SimpleNamespace(early_fix_reason="It was the cause.")
    for change_type in ("normal", "standard"):
        ended_at = found_at - timedelta(minutes=1)
        change = SimpleNamespace(type=change_type, implemented_at=ended_at)
        with pytest.raises(WrongValue) as refused:
            await _require_time_of_fix(cast("Any", None), problem, body, change, context)
        assert (refused.value.pointer, refused.value.because) == ("/fixing_change", "change_before_the_cause")


async def test_an_emergency_of_another_tool_may_have_ended_before_the_cause_was_known(fixing: Fixing) -> None:
    opened_at = datetime.now(UTC)
    path = await fixing.known()
    named = {"fixing_change": "jira:CHG-7", "early_fix_reason": "It enlarged the queue at once."}
    await fixing.manager.post_ok(f"{path}/begin_fix", named)
    outcome: Json = {**PREVENTION, "fix_outcome": "It went in at night.", "fix_succeeded": True}
    older = {**outcome, "fix_ended_at": (opened_at - timedelta(days=1)).isoformat()}
    refused = await fixing.manager.post(f"{path}/resolve", json=older)
    assert [(e["pointer"], e["code"]) for e in refused.json()["errors"]] == [
        ("/fix_ended_at", "change_before_the_problem")
    ]
    problem = await fixing.manager.read(path)
    ended = {**outcome, "fix_ended_at": problem["opened_at"]}
    assert (await fixing.manager.post_ok(f"{path}/resolve", ended))["state"] == "resolved"


async def test_a_change_of_an_item_that_the_item_of_the_problem_needs_can_fix_it(fixing: Fixing) -> None:
    board = fixing.board
    for key in ("sales-app", "sales-db", "sales-disk", "lone-db"):
        await board.ci(key)
    await board.relate("sales-app", "depends_on", "sales-db")
    await board.relate("sales-db", "depends_on", "sales-disk")
    body = a_problem(ci="sales-app", service="sales", affected_services=["sales"])
    problem = await board.agent.post_ok("/v1/problems", body)
    path = f"/v1/problems/{problem['id']}"
    await fixing.manager.post_ok(f"{path}/investigate", {"team": "network", "assignee": board.engineer.id})
    await board.engineer.post_ok(f"{path}/identify_cause", CAUSE)
    unrelated = await board.drafted(services=["storage"], cis=["lone-db"])
    refused = await fixing.manager.post(f"{path}/begin_fix", json={"fixing_change": unrelated["number"]})
    assert [error["code"] for error in refused.json()["errors"]] == ["change_elsewhere"]
    needed = await board.drafted(services=["storage"], cis=["sales-disk"])
    begun = await fixing.manager.post_ok(f"{path}/begin_fix", {"fixing_change": needed["number"]})
    assert begun["fixing_change_id"] == needed["id"]


@in_test_all
async def test_whoever_looks_after_the_problem_is_told_once_and_names_another_change_or_none(
    fixing: Fixing,
) -> None:
    path = await fixing.emergency()
    record_path = await fixing.fixed_by(await fixing.board.manager.read(path))
    await fixing.back_out(path)
    await fixing.work()
    failed = {**REVIEWED, "outcome": "failed", "first_pass": False}
    await fixing.board.manager.post_ok(f"{path}/review", failed)
    await fixing.work()
    problem = await fixing.manager.read(record_path)
    assert problem["state"] == "fix_in_progress"
    assert problem["fixing_change_failed_at"] is not None
    types = [event["type"] for event in (await fixing.manager.read(f"{record_path}/events"))["items"]]
    assert types.count("problem.fixing_change_failed") == 1
    for client in (fixing.manager, fixing.board.engineer):
        notices = (await client.read("/v1/notices"))["items"]
        sentences = [notice["text"] for notice in notices if "was not made" in notice["text"]]
        assert len(sentences) == 1, notices
    again = await fixing.board.drafted()
    body = {"fixing_change": again["number"], "reason": "The first was backed out."}
    assert (await fixing.board.engineer.post(f"{record_path}/change_fix", json=body)).status_code == 403
    named = await fixing.manager.post_ok(f"{record_path}/change_fix", body)
    assert (named["state"], named["fixing_change_id"]) == ("fix_in_progress", again["id"])
    assert named["fixing_change_failed_at"] is None
    kinds = await links(fixing.manager, "problems", problem)
    assert ("resolved_by", again["number"]) in kinds
    none = {"no_change_reason": "A setting of ours.", "reason": "It is simpler."}
    after = await fixing.manager.post_ok(f"{record_path}/change_fix", none)
    assert (after["fixing_change"], after["fixing_change_id"]) == (None, None)
    assert after["no_change_reason"] == "A setting of ours."
    assert (await fixing.manager.post_ok(f"{record_path}/resolve", PREVENTION))["state"] == "resolved"


async def test_an_affected_service_that_does_not_exist_joins_no_change_to_the_problem(
    fixing: Fixing,
) -> None:
    invented = await fixing.board.drafted(services=["made-up"], cis=[])
    body = a_problem(affected_services=["mail", "made-up"])
    problem = await fixing.board.agent.post_ok("/v1/problems", body)
    path, engineer = f"/v1/problems/{problem['id']}", fixing.board.engineer
    await fixing.manager.post_ok(f"{path}/investigate", {"team": "network", "assignee": engineer.id})
    await engineer.post_ok(f"{path}/identify_cause", CAUSE)
    refused = await fixing.manager.post(f"{path}/begin_fix", json={"fixing_change": invented["number"]})
    assert [(error["pointer"], error["code"]) for error in refused.json()["errors"]] == [
        ("/fixing_change", "change_elsewhere")
    ]
