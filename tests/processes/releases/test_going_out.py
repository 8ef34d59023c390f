"""Only what may go out goes out: releases are kept, pipelines can ask first, their reports are flagged."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from app.common.people import Role
from app.platform.db import connect
from tests.client import Api, Client, Json
from tests.conftest import DatabaseUrls
from tests.extent import in_test_all
from tests.processes.changes.samples import DONE, EARLY, REVIEWED, Board, a_board
from tests.processes.releases.samples import Makers, a_release, errors

WENT: Json = {"what": "Version 4.2 on both relays."}
PERMITTED = "/v1/deployments/permitted"


def from_now(hours: float) -> str:
    """So many hours from now."""
    return (datetime.now(UTC) + timedelta(hours=hours)).isoformat().replace("+00:00", "Z")


@pytest.fixture
async def board(api: Api) -> Board:
    owner = await api.client("Vera", Role.service_level_manager)
    names = {"key": "mail", "name_en": "Mail", "name_zh": "邮件"}
    await owner.post_ok("/v1/services", {**names, "criticality": "high", "owner": "me"})
    return await a_board(api)


@pytest.fixture
async def makers(board: Board) -> Makers:
    tester = await board.api.client("Sara", Role.engineer, teams=("network",))
    head = await board.api.client("Head", Role.department_head)
    planner = await board.api.client("Petra", Role.project_manager)
    return Makers((planner, board.engineer, tester), head, (board.manager, board.approver))


@pytest.fixture
async def pipeline(board: Board) -> Client:
    return await board.api.client("Pipeline", Role.integration)


async def approved(board: Board, **changes: Any) -> Json:
    """A change that the board has approved."""
    return await board.manager.read(await board.approved(**changes))


async def scheduled(board: Board, begin: float = -1, end: float = 2, **changes: Any) -> Json:
    """A change that is scheduled from so many hours from now until so many, by default for now."""
    change = await approved(board, **changes)
    times = {"from_at": from_now(begin), "until_at": from_now(end), "other_window_reason": "It is quiet."}
    return await board.manager.post_ok(f"/v1/changes/{change['id']}/schedule", times)


async def approved_emergency(board: Board) -> Json:
    """An emergency that its board has approved; it has no window."""
    times = {"wanted_from_at": from_now(0), "wanted_until_at": from_now(2)}
    path = f"/v1/changes/{(await board.drafted(type='emergency', **times))['id']}"
    await board.agent.post_ok(f"{path}/submit")
    question = board.question(cannot_wait="Nobody can work.")
    await board.manager.post_ok(f"{path}/request_emergency_approval", question)
    await board.vote(path, "approve")
    return await board.manager.read(path)


async def frozen(board: Board, **scope: Any) -> Json:
    """A freeze that is on now, of the mails if nothing else is said."""
    period = {"from_at": from_now(-1), "until_at": from_now(1)}
    scope = scope or {"services": ["mail"]}
    body = {"freeze_kind": "freeze", "title": "Closing of the year", "reason": "The books are closed."}
    return await board.manager.post_ok("/v1/freezes", {**body, **period, **scope})


async def asked(client: Client, **query: Any) -> tuple[bool, list[str]]:
    """Whether it may go out, and the codes of what keeps it."""
    answer = await client.read(PERMITTED, **{"service": "mail", **query})
    return answer["permitted"], [reason["code"] for reason in answer["reasons"]]


async def test_a_release_goes_out_only_with_changes_that_may_go_out(board: Board, makers: Makers) -> None:
    draft = await board.drafted()
    path = await makers.ready(changes=[draft["number"]], environment="prod")
    question = {"question": "Do we go?"}
    refused = await makers.manager.post(f"{path}/request_go", json=question)
    assert (refused.status_code, refused.json()["code"]) == (409, "changes_may_not_go_out")
    assert draft["number"] in refused.json()["detail"]
    change = await approved(board)
    going = await makers.with_go(changes=[change["number"]], environment="production")
    await board.manager.post_ok(f"/v1/changes/{change['id']}/cancel", {"reason": "Not needed."})
    refused = await makers.developer.post(f"{going}/deploy", json=WENT)
    assert (refused.status_code, refused.json()["code"]) == (409, "changes_may_not_go_out")
    for environment, code in (("test", "another_environment"), ("Prod", "changes_may_not_go_out")):
        refused = await makers.developer.post(f"{going}/deploy", json={**WENT, "environment": environment})
        assert code in refused.text, "only the environment on which was decided, however it is spelled"


async def test_a_release_begins_within_the_windows_of_its_changes(board: Board, makers: Makers) -> None:
    change = await approved(board)
    path = await makers.with_go(changes=[change["number"]], environment="production")
    go_at = (await makers.manager.read(path))["go_decided_at"]
    deploy, change_path = f"{path}/deploy", f"/v1/changes/{change['id']}"
    why = "It is quiet."
    for action, begin, fields in (
        (None, 0, {}),
        ("schedule", 1, {"other_window_reason": why}),
        ("reschedule", 0, {"other_window_reason": why, "reason": why}),
    ):
        if action is not None:
            window = {"from_at": from_now(begin), "until_at": from_now(2)}
            await board.manager.post_ok(f"{change_path}/{action}", {**fields, **window})
        refused = await makers.developer.post(deploy, json={**WENT, "started_at": go_at})
        assert (refused.status_code, refused.json()["code"]) == (409, "outside_change_windows"), action
        assert change["number"] in refused.json()["detail"]
    assert (await makers.developer.post_ok(deploy, WENT))["state"] == "deployed"


@in_test_all
async def test_a_change_that_starts_early_holds_its_own_window_and_an_emergency_needs_none(
    board: Board,
) -> None:
    early = await scheduled(board, 1, 2)
    emergency = await approved_emergency(board)
    assert await asked(board.engineer, changes=early["number"]) == (False, ["outside_its_window"])
    assert await asked(board.engineer, changes=emergency["number"]) == (True, [])
    await board.engineer.post_ok(f"/v1/changes/{early['id']}/start", EARLY)
    assert await asked(board.engineer, changes=early["number"]) == (True, [])
    late = await asked(board.engineer, changes=early["number"], at=from_now(1.5))
    assert late == (False, ["outside_its_window"]), "its window has moved"


async def test_a_change_of_another_service_or_one_that_was_over_carries_no_release(
    board: Board, makers: Makers
) -> None:
    elsewhere = await approved(board, services=["portal"])
    path = await board.scheduled(0, 2)
    await board.engineer.post_ok(f"{path}/start", EARLY)
    await board.engineer.post_ok(f"{path}/complete", DONE)
    over = await board.manager.post_ok(f"{path}/review", {**REVIEWED, "first_pass": False})
    cancelled = await board.drafted()
    await board.agent.post_ok(f"/v1/changes/{cancelled['id']}/cancel", {"reason": "Nobody needs it."})
    for change, code in (
        (elsewhere, "change_of_other_service"),
        (over, "change_was_over"),
        (cancelled, "change_not_to_release"),
    ):
        plan = a_release(changes=[change["number"]])
        refused = await makers.manager.post("/v1/releases", json=plan)
        assert errors(refused.json()) == [("/changes/0", code)]
    path = await makers.planned(changes=[(await approved(board))["number"]])
    refused = await makers.manager.patch(path, json={"service": "portal"}, headers={"If-Match": "*"})
    assert errors(refused.json()) == [("/service", "change_of_other_service")]


async def test_a_release_is_closed_once_all_its_changes_are_carried_out_or_dropped(
    board: Board, makers: Makers
) -> None:
    change, dropped = await scheduled(board, -3), await scheduled(board, -3)
    path = await makers.with_go(changes=[change["number"], dropped["number"]], environment="production")
    await makers.developer.post_ok(f"{path}/deploy", WENT)
    await makers.manager.post_ok(f"{path}/end_support")
    closing = {"lessons": "Try it at night."}
    refused = await makers.change.post(f"{path}/close", json=closing)
    assert refused.json()["code"] == "changes_unfinished"
    assert all(each["number"] in refused.json()["detail"] for each in (change, dropped))
    await board.manager.post_ok(f"/v1/changes/{dropped['id']}/cancel", {"reason": "Not needed."})
    await board.engineer.post_ok(f"/v1/changes/{change['id']}/start", EARLY)
    refused = await makers.change.post(f"{path}/close", json=closing)
    assert change["number"] in refused.json()["detail"]
    assert dropped["number"] not in refused.json()["detail"]
    await board.engineer.post_ok(f"/v1/changes/{change['id']}/complete", DONE)
    assert (await makers.change.post_ok(f"{path}/close", closing))["state"] == "closed"


async def test_a_release_does_not_go_out_in_a_freeze_whenever_it_is_said_to_have_gone(
    board: Board, makers: Makers
) -> None:
    change = await scheduled(board, -3)
    path = await makers.with_go(changes=[change["number"]], environment="production")
    go_at = (await makers.manager.read(path))["go_decided_at"]
    freeze = await frozen(board)
    before = from_now(-2)
    for times, code in (
        ({}, "release_is_frozen"),
        ({"started_at": go_at, "ended_at": go_at}, "release_is_frozen"),
        ({"started_at": before}, "release_is_frozen"),
        ({"ended_at": before}, "told_in_freeze"),
        ({"ended_at": before, "late_reason": "The network was down."}, "before_the_go"),
        ({"ended_at": before, "started_at": before, "late_reason": "It was down."}, "before_the_go"),
    ):
        refused = await makers.developer.post(f"{path}/deploy", json={**WENT, **times})
        assert code in refused.text, (times, refused.text)
    refused = await makers.developer.post(f"{path}/deploy", json=WENT)
    assert refused.status_code == 409
    assert "Closing of the year" in refused.json()["detail"]
    record_path = f"/v1/freezes/{freeze['id']}"
    question = board.question(change=change["number"], reason="The relay loses mail every night.")
    await board.agent.post_ok(f"{record_path}/ask_exception", question)
    await board.vote(record_path, "approve")
    assert (await makers.developer.post_ok(f"{path}/deploy", WENT))["state"] == "deployed"


async def test_the_deployment_of_a_release_without_a_go_is_not_permitted_and_flagged(
    board: Board, makers: Makers
) -> None:
    path = await makers.planned(environment="production")
    release = await makers.manager.read(path)
    without = (False, ["release_without_go"])
    assert await asked(board.engineer, release=release["number"]) == without
    assert await asked(board.engineer, release=release["number"], environment="staging") == (True, [])
    report = {"release": release["id"], "environment": "production", "outcome": "succeeded"}
    reported = await board.engineer.post_ok("/v1/deployments", report)
    assert (reported["is_outside"], reported["outside_because"]) == (True, ["release_without_go"])
    await makers.manager.post_ok(f"{path}/cancel", {"reason": "Not needed."})
    assert await asked(board.engineer, release=release["number"]) == without


async def test_a_freeze_of_production_holds_for_a_release_that_spelled_it_before(
    board: Board, makers: Makers, place: DatabaseUrls
) -> None:
    path = await makers.with_go(changes=[(await scheduled(board))["number"]], environment="production")
    await frozen(board)
    async with await connect(place.owner_url) as owner:
        spelled = "update fold.release set environment = '生产' where id = %s"
        await owner.execute(spelled, (path.rpartition("/")[2],))
    for named in ({}, {"environment": "PRODUCTION "}):
        refused = await makers.developer.post(f"{path}/deploy", json={**WENT, **named})
        assert (refused.status_code, refused.json()["code"]) == (409, "release_is_frozen"), named
    (release,) = (await makers.manager.read("/v1/releases", environment="生产"))["items"]
    assert release["id"] == path.rpartition("/")[2], "an older record is found as it was spelled"
    assert await asked(board.engineer, environment="Prod-EU") == (False, ["frozen"])


async def test_a_release_that_is_told_in_a_later_freeze_says_why_and_is_recorded_as_outside(
    board: Board, makers: Makers
) -> None:
    path = await makers.with_go(changes=[(await scheduled(board))["number"]], environment="production")
    went_at = (await makers.manager.read(path))["go_decided_at"]
    period = {"from_at": from_now(0), "until_at": from_now(1)}
    await frozen(board, services=["mail"], **period)
    times = {"started_at": went_at, "ended_at": went_at}
    refused = await makers.developer.post(f"{path}/deploy", json={**WENT, **times})
    assert errors(refused.json()) == [("/late_reason", "told_in_freeze")]
    late = {**WENT, **times, "late_reason": "The network was down."}
    deployed = await makers.developer.post_ok(f"{path}/deploy", late)
    assert (deployed["state"], deployed["late_reason"]) == ("deployed", "The network was down.")
    deployment = await makers.developer.read(f"/v1/deployments/{deployed['deployment_id']}")
    assert (deployment["is_outside"], deployment["outside_because"]) == (True, ["told_in_freeze"])


async def test_a_pipeline_asks_first_and_is_told_what_keeps_it(board: Board, pipeline: Client) -> None:
    await board.ci("srv-1")
    window = {"from_at": from_now(2), "until_at": from_now(4)}
    wishes = {f"wanted_{name}": time for name, time in window.items()}
    draft, change = await board.drafted(), await approved(board, cis=["srv-1"], **wishes)
    assert await asked(pipeline) == (True, [])
    assert await asked(pipeline, changes=change["number"]) == (False, ["outside_its_window"])
    assert await asked(pipeline, changes=draft["number"]) == (False, ["change_not_open"])
    assert await asked(pipeline, changes="CHG-1999-999999") == (False, ["unknown_change"])
    await board.manager.post_ok(f"/v1/changes/{change['id']}/schedule", window)
    assert await asked(pipeline, changes=change["number"]) == (False, ["outside_its_window"])
    assert await asked(pipeline, changes=change["number"], at=from_now(3)) == (True, [])
    await frozen(board, ci_classes=["server"])
    later = {"changes": change["number"], "at": from_now(0.5)}
    assert await asked(pipeline, **later) == (False, ["outside_its_window", "frozen"])
    assert await asked(pipeline, **later, environment="test") == (True, [])
    assert await asked(board.engineer) == (True, []), "nothing of that class goes out"
    await frozen(board, services=["mail"])
    for name in ("mail", " Mail ", "邮件"):
        assert await asked(pipeline, service=name) == (False, ["frozen"]), "however it is called"
    assert await asked(pipeline, service="Billing") == (True, []), "another tool's"
    stranger = await board.api.client("王芳")
    refused = await stranger.get(PERMITTED, params={"service": "mail"})
    assert (refused.status_code, refused.json()["code"]) == (403, "forbidden")


async def test_what_is_deployed_outside_is_taken_and_flagged_with_what_forbade_it(
    board: Board, pipeline: Client
) -> None:
    async def reported(run: str, **fields: Any) -> Json:
        sent = {"service": "mail", "environment": "production", "pipeline": "relay", "run": run, **fields}
        return await pipeline.post_ok("/v1/deployments", sent)

    change, draft = await scheduled(board, -4), await board.drafted()
    inside = await reported("1", changes=[change["number"]])
    assert (inside["is_outside"], inside["outside_because"]) == (False, None)
    await frozen(board)
    outside = await reported("2", changes=[draft["number"]], outcome="succeeded")
    assert (outside["is_outside"], outside["outside_because"]) == (True, ["change_not_open", "frozen"])
    assert (await reported("3", environment="test"))["is_outside"] is None
    early = await reported("8", changes=[change["number"]], started_at=from_now(-5), outcome="succeeded")
    assert (early["is_outside"], early["outside_because"]) == (True, ["outside_its_window", "frozen"])
    past, now = {"started_at": from_now(-3)}, {"outcome": "succeeded"}
    for run, times, because in (
        ("4", {**past, **now}, "frozen"),
        ("5", {**past, **now, "ended_at": from_now(-2)}, "told_in_freeze"),
        ("6", past, "told_in_freeze"),
        ("7", {"occurred_at": from_now(-2)}, "told_in_freeze"),
    ):
        record = await reported(run, **times)
        assert (record["is_outside"], record["outside_because"]) == (True, [because]), run
    # It began before the freeze was declared, and ends in it.
    ended = await reported("1", outcome="succeeded")
    assert (ended["is_outside"], ended["outside_because"]) == (True, ["frozen"])
    items = (await board.manager.read("/v1/deployments", is_outside="true"))["items"]
    assert {outside["id"], ended["id"]} < {item["id"] for item in items}
