"""A change is offered as the cause of incidents that come within 48 hours after it, and confirmed as such."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from app.common.people import Grade, Role
from tests.client import Client, Json, an_incident
from tests.extent import in_test_all
from tests.processes.changes.samples import DONE, REVIEWED, Board
from tests.processes.problems.samples import a_problem


def ago(**parts: float) -> Json:
    """What is said of something that happened so long ago."""
    return {"occurred_at": (datetime.now(UTC) - timedelta(**parts)).isoformat().replace("+00:00", "Z")}


async def started(board: Board, when: Json | None = None, **changes: Any) -> str:
    """The path of an emergency change that is being implemented, since now or since `when`."""
    times = when or {}
    drafted = await board.drafted(type="emergency", **changes, **times)
    path = f"/v1/changes/{drafted['id']}"
    await board.agent.post_ok(f"{path}/submit", times)
    # Whoever manages changes may date back, whoever only votes may not.
    decider = await board.api.client("Ada", Role.cab_member, Role.change_manager, grade=Grade.senior)
    question = board.question(cannot_wait="Nobody can send mail.", **times)
    await board.manager.post_ok(f"{path}/request_emergency_approval", question)
    decision = (await board.manager.read(f"{path}/decisions"))["items"][-1]["id"]
    vote = {"decision": decision, "verdict": "approve", "comment": "Go on.", **times}
    await decider.post_ok(f"{path}/vote", vote)
    await board.engineer.post_ok(f"{path}/start", times)
    return path


async def an_incident_on(board: Board, **fields: Any) -> Json:
    """A new incident."""
    return await board.agent.post_ok("/v1/incidents", an_incident(**fields))


async def changes_suspected(client: Client, incident: Json) -> list[Json]:
    """The changes that may have caused the incident."""
    items: list[Json] = (await client.read(f"/v1/incidents/{incident['id']}/suspected_changes"))["items"]
    return items


async def incidents_suspected(client: Client, path: str) -> list[Json]:
    """The incidents that the change may have caused."""
    items: list[Json] = (await client.read(f"{path}/suspected_incidents"))["items"]
    return items


def reasons(suspects: list[Json]) -> list[tuple[str, list[str]]]:
    """What is suspected, and because of what."""
    return [(item["id"], item["because"]) for item in suspects]


async def test_changes_on_the_same_item_come_before_those_on_what_it_needs_and_on_its_service(
    board: Board,
) -> None:
    for key in ("app-1", "db-1", "srv-1", "srv-2"):
        await board.ci(key)
    await board.relate("app-1", "uses", "db-1")
    await board.relate("db-1", "runs_on", "srv-1")
    by_service = await started(board, cis=["srv-2"], services=["mail"])
    by_need = await started(board, cis=["srv-1"], services=["web"])
    by_item = await started(board, cis=["app-1"], services=["web"])
    elsewhere = await started(board, cis=["srv-2"], services=["web"])
    ids = [path.rpartition("/")[2] for path in (by_item, by_need, by_service)]
    incident = await an_incident_on(board, service="mail", ci="app-1")
    suspects = await changes_suspected(board.manager, incident)
    assert reasons(suspects) == [
        (ids[0], ["same_item"]),
        (ids[1], ["needed_item"]),
        (ids[2], ["same_service"]),
    ]
    assert [(item["confirmed"], item["hours_since"]) for item in suspects] == [(False, 0.0)] * 3
    for path, because in ((by_item, "same_item"), (by_need, "needed_item"), (by_service, "same_service")):
        (suspect,) = await incidents_suspected(board.manager, path)
        assert (suspect["id"], suspect["because"], suspect["number"]) == (
            incident["id"],
            [because],
            incident["number"],
        )
    assert await incidents_suspected(board.manager, elsewhere) == []


async def test_an_incident_is_suspected_for_48_hours_after_the_last_step_before_it(board: Board) -> None:
    await board.ci("srv-1")
    old = await started(board, ago(hours=60), cis=["srv-1"])
    body = {"ci": "srv-1", "service": "web"}
    early = await an_incident_on(board, **body, **ago(hours=70))
    soon = await an_incident_on(board, **body, **ago(hours=30))
    late = await an_incident_on(board, **body, **ago(hours=2))
    assert await changes_suspected(board.manager, early) == []
    assert await changes_suspected(board.manager, late) == []
    (suspect,) = await changes_suspected(board.manager, soon)
    assert suspect["hours_since"] == pytest.approx(30, abs=0.2)
    assert reasons(await incidents_suspected(board.manager, old)) == [(soon["id"], ["same_item"])]
    await board.engineer.post_ok(f"{old}/complete", {**DONE, **ago(hours=10)})
    (suspect,) = await changes_suspected(board.manager, late)
    assert suspect["hours_since"] == pytest.approx(8, abs=0.2)
    both = await incidents_suspected(board.manager, old)
    assert [suspect["id"] for suspect in both] == [late["id"], soon["id"]], "the nearer in time comes first"


@in_test_all
async def test_an_agent_sees_a_closed_change_of_others_and_confirms_it_as_the_cause(board: Board) -> None:
    path = await started(board, ago(hours=3))
    await board.engineer.post_ok(f"{path}/complete", {**DONE, **ago(hours=2)})
    await board.manager.post_ok(f"{path}/review", REVIEWED)
    desk = await board.api.client("Sofia", Role.agent)
    incident = await desk.post_ok("/v1/incidents", an_incident(service="mail"))
    (suspect,) = await changes_suspected(desk, incident)
    assert (suspect["id"], suspect["state"]) == (path.rpartition("/")[2], "closed")
    await desk.post_ok(f"{path}/confirm_cause", {"incident": incident["number"]})
    assert [suspect["confirmed"] for suspect in await changes_suspected(desk, incident)] == [True]


@in_test_all
async def test_it_goes_by_when_an_incident_began_however_late_it_was_reported(board: Board) -> None:
    await board.ci("srv-1")
    path = await started(board, ago(hours=60), cis=["srv-1"])
    body = {"ci": "srv-1", "service": "web"}
    before = await an_incident_on(board, **body, **ago(hours=59), began_at=ago(hours=62)["occurred_at"])
    reported_late = await an_incident_on(board, **body, began_at=ago(hours=58)["occurred_at"])
    assert await changes_suspected(board.manager, before) == []
    (suspect,) = await changes_suspected(board.manager, reported_late)
    assert suspect["hours_since"] == pytest.approx(2, abs=0.2)
    assert reasons(await incidents_suspected(board.manager, path)) == [(reported_late["id"], ["same_item"])]


async def test_what_is_confirmed_is_linked_and_said_to_be_so(board: Board) -> None:
    await board.ci("srv-1")
    path = await started(board, cis=["srv-1"])
    change = await board.manager.read(path)
    incident = await an_incident_on(board, ci="srv-1")
    confirmed = {"incident": incident["number"], "evidence": "It began with the restart."}
    await board.manager.post_ok(f"{path}/confirm_cause", confirmed)
    assert [suspect["confirmed"] for suspect in await changes_suspected(board.manager, incident)] == [True]
    assert [suspect["confirmed"] for suspect in await incidents_suspected(board.manager, path)] == [True]
    links = (await board.manager.read(f"/v1/incidents/{incident['id']}/links"))["items"]
    assert [(link["kind"], link["other"]["number"]) for link in links] == [("caused_by", change["number"])]
    [theirs] = (await board.manager.read(f"{path}/links"))["items"]
    refused = await board.engineer.post(f"{path}/unlink", json={"link": theirs["id"]})
    [error] = refused.json()["errors"]
    assert (error["pointer"], error["code"]) == ("/link", "cause_is_confirmed")
    await board.manager.post_ok(f"{path}/unlink", {"link": theirs["id"]})
    assert (await board.manager.read(f"/v1/incidents/{incident['id']}/links"))["items"] == []


async def test_a_cause_that_no_review_rests_on_is_unlinked_by_whoever_works_on_it(board: Board) -> None:
    incident = await an_incident_on(board)
    analyst = await board.api.client("Wen", Role.problem_manager)
    problem = await analyst.post_ok("/v1/problems", a_problem())
    link = {"kind": "caused_by", "other": problem["number"]}
    address = f"/v1/incidents/{incident['id']}"
    await board.agent.post_ok(f"{address}/link", link)
    [cause] = (await board.agent.read(f"{address}/links"))["items"]
    await board.agent.post_ok(f"{address}/unlink", {"link": cause["id"]})
    assert (await board.agent.read(f"{address}/links"))["items"] == []


@in_test_all
async def test_ten_at_most_are_told_and_none_that_has_nothing_in_common(board: Board) -> None:
    path = await started(board, services=["mail"])
    for _ in range(11):
        await an_incident_on(board, service="mail")
    await an_incident_on(board, service="web")
    suspects = await incidents_suspected(board.manager, path)
    assert len(suspects) == 10
    assert {tuple(item["because"]) for item in suspects} == {("same_service",)}
    nameless = await an_incident_on(board)
    assert await changes_suspected(board.manager, nameless) == []


async def test_staff_alone_are_told_and_of_what_they_see(board: Board) -> None:
    await board.api.team("desk")
    user = await board.api.client("Zhao")
    other = await board.api.client("Ana", Role.engineer, teams=("desk",))
    incident = await user.post_ok("/v1/incidents", an_incident(service="mail"))
    path = await started(board, services=["mail"])
    later = await user.post_ok("/v1/incidents", an_incident(service="mail"))
    assert (await user.get(f"/v1/incidents/{later['id']}/suspected_changes")).status_code == 403
    assert (await user.get(f"{path}/suspected_incidents")).status_code == 404
    await board.agent.post_ok(f"/v1/incidents/{later['id']}/assign", {"team": "desk"})
    assert await changes_suspected(other, later), "whoever says what has caused it sees the change"
    assert (await other.get(f"{path}/suspected_incidents")).status_code == 200
    assert len(await changes_suspected(board.manager, later)) == 1
    assert await changes_suspected(board.agent, incident) == [], "it came before the change"
    assert await incidents_suspected(board.engineer, path) == [], "the incident is another team's"


async def test_a_cause_confirmed_later_takes_the_verdict_back_and_reopens_the_review(board: Board) -> None:
    path = await started(board, ago(hours=3))
    await board.engineer.post_ok(f"{path}/complete", {**DONE, **ago(hours=2)})
    reviewed = await board.manager.post_ok(f"{path}/review", REVIEWED)
    assert (reviewed["first_pass"], reviewed["review_reopened_at"]) == (True, None)
    stands = await board.manager.post(f"{path}/review_again", json=REVIEWED)
    assert stands.status_code == 409
    incident = await an_incident_on(board, service="mail")
    await board.manager.post_ok(f"{path}/confirm_cause", {"incident": incident["number"]})
    reopened = await board.manager.read(path)
    assert (reopened["state"], reopened["first_pass"]) == ("closed", None)
    assert reopened["review_reopened_at"] is not None
    again = {
        **REVIEWED,
        "outcome": "successful_with_issues",
        "caused_incidents": [incident["number"]],
        "first_pass_reason": "It was small.",
    }
    refused = await board.manager.post(f"{path}/review_again", json=again)
    assert [error["code"] for error in refused.json()["errors"]] == ["never_first_pass"]
    corrected = await board.manager.post_ok(f"{path}/review_again", {**again, "first_pass": False})
    assert (corrected["first_pass"], corrected["review_reopened_at"]) == (False, None)
