"""Changes from the first draft to the review over HTTP, as those who have to do with them see it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from app.common.people import Grade, Role, rule_caller
from app.foundation.decisions.payloads import CloseVote
from app.kernel.actions.refusals import ActionUnavailable, WrongValue
from app.processes.changes.records import Change, ChangeType
from app.processes.changes.review import went_through_at_once
from tests.client import Client, Json, an_incident
from tests.extent import in_test_all
from tests.people import act, grant
from tests.processes.changes.samples import (
    ASSESSMENT,
    DONE,
    NIGHT,
    REVIEWED,
    Board,
    a_freeze,
    assessment,
    at_hour,
    put_into_use,
    window,
)


async def events(client: Client, path: str) -> list[str]:
    """The types of the events of a record, without its kind."""
    pages = await client.pages(f"{path}/events")
    return [event["type"].partition(".")[2] for page in pages for event in page]


def errors(problem: Json) -> list[tuple[str, str]]:
    return [(error["pointer"], error["code"]) for error in problem["errors"]]


async def test_a_normal_change_goes_over_the_board_to_its_review(board: Board) -> None:
    await board.ci("srv-1")
    await put_into_use(board.api.ledger, ["mail"])
    draft = await board.drafted(cis=["srv-1"])
    assert (draft["state"], draft["number"][:4], draft["service"]) == ("draft", "CHG-", "mail")
    path = f"/v1/changes/{draft['id']}"
    assert (await board.agent.post_ok(f"{path}/submit"))["state"] == "submitted"
    assessed = await board.manager.post_ok(f"{path}/assess", ASSESSMENT)
    assert (assessed["state"], assessed["risk_level"], assessed["conflicts_found"]) == ("assessed", "low", [])
    waiting = await board.manager.post_ok(f"{path}/request_approval", board.question())
    assert waiting["state"] == "awaiting_approval"
    await board.vote(path, "approve")
    scheduled = await board.manager.post_ok(f"{path}/schedule", window(0, 2))
    assert (scheduled["state"], scheduled["ci_classes"], scheduled["needed_ci_ids"]) == (
        "scheduled",
        ["server"],
        [],
    )
    early = await board.engineer.post(f"{path}/start", json={})
    assert errors(early.json()) == [("/out_of_window_reason", "outside_its_window")]
    started = await board.engineer.post_ok(f"{path}/start", {"out_of_window_reason": "The night is quiet."})
    assert (started["state"], started["implementer_ids"]) == ("implementing", [board.engineer.id])
    done = await board.engineer.post_ok(f"{path}/complete", DONE)
    assert done["review_due_at"] > done["implemented_at"]
    unlike = await board.manager.post(f"{path}/review", json=REVIEWED)
    assert errors(unlike.json()) == [("/first_pass_reason", "differs_from_the_log")]
    closed = await board.manager.post_ok(f"{path}/review", {**REVIEWED, "first_pass": False})
    assert (closed["state"], closed["outcome"], closed["first_pass"]) == ("closed", "successful", False)
    assert await events(board.manager, path) == [
        "drafted",
        "submitted",
        "assessed",
        "approval_requested",
        "voted",
        "approved",
        "scheduled",
        "started",
        "implemented",
        "reviewed",
    ]


async def test_what_lacks_something_is_not_submitted_and_all_that_it_lacks_is_named(board: Board) -> None:
    bare = {"type": "normal", "title": "Renew it"}
    path = f"/v1/changes/{(await board.agent.post_ok('/v1/changes', bare))['id']}"
    refused = await board.agent.post(f"{path}/submit", json={})
    lacking = ("reason", "description", "plan", "test_plan", "back_out_plan", "wanted_from_at")
    expected = {(f"/{name}", "missing") for name in (*lacking, "wanted_until_at", "services")}
    assert set(errors(refused.json())) == {*expected, ("/cis", "no_items_named")}
    no_template = await board.agent.post("/v1/changes", json={"type": "standard", "title": "Renew it"})
    assert errors(no_template.json()) == [("", "template_of_standard")]


async def test_a_wanted_window_is_not_over_and_no_longer_than_one_that_can_be_scheduled(board: Board) -> None:
    async def submitted(begin: float, end: float) -> list[tuple[str, str]]:
        times = {"wanted_from_at": at_hour(begin), "wanted_until_at": at_hour(end)}
        path = f"/v1/changes/{(await board.drafted(**times))['id']}"
        answer = await board.agent.post(f"{path}/submit", json={})
        return [] if answer.is_success else errors(answer.json())

    longest = 92 * 24
    assert await submitted(0, longest) == []
    assert await submitted(0, longest + 1) == [("/wanted_until_at", "window_too_long")]
    assert await submitted(-200, -100) == [("/wanted_until_at", "not_ahead")]


async def test_who_asks_does_not_vote_and_who_implements_does_not_review(board: Board) -> None:
    path = await board.assessed()
    await grant(board.api.ledger, UUID(board.agent.id), Role.change_manager)
    await board.manager.post_ok(f"{path}/request_approval", board.question())
    (question,) = (await board.manager.read(f"{path}/decisions"))["items"]
    why = {exclusion["person"]: exclusion["because"] for exclusion in question["left_out"]}
    # The owner of the service is a tool here.
    assert {(board.agent.id, "duty"), (board.manager.id, "author")} == {
        item for item in why.items() if item[1] != "no_account"
    }
    assert await board.voters(path) == [board.approver]
    await board.vote(path, "approve")
    await board.manager.post_ok(f"{path}/schedule", window(0, 2))
    await board.engineer.post_ok(f"{path}/start", {"out_of_window_reason": "It is quiet."})
    await board.manager.post_ok(
        f"{path}/back_out", {"reason": "Not now.", "service_restored_at": await now(board, path)}
    )
    both = await board.manager.post(f"{path}/review", json={**REVIEWED, "outcome": "backed_out"})
    assert (both.status_code, both.json()["code"]) == (403, "separation_of_duties")


async def now(board: Board, path: str) -> str:
    """The instant of the change's latest step."""
    since: str = (await board.manager.read(path))["state_since"]
    return since


async def test_an_emergency_goes_over_somebodys_window_and_holds_its_items_until_it_is_done(
    board: Board,
) -> None:
    await board.ci("srv-1")
    other = await board.scheduled(0, 2, cis=["srv-1"])
    path = f"/v1/changes/{(await board.drafted(type='emergency', cis=['srv-1']))['id']}"
    await board.agent.post_ok(f"{path}/submit")
    assert (await board.manager.post(f"{path}/assess", json=ASSESSMENT)).json()["code"] == (
        "emergency_is_not_assessed"
    )
    second = await board.api.client("Ada", "cab_member", grade=Grade.senior)
    put = board.question(cannot_wait="Nobody can send mail.")
    waiting = await board.agent.post_ok(f"{path}/request_emergency_approval", put)
    assert (waiting["state"], waiting["cannot_wait"]) == ("submitted", "Nobody can send mail.")
    (question,) = (await board.manager.read(f"{path}/decisions"))["items"]
    assert question["quorum"] == 1
    ballots = (await board.manager.read(f"{path}/votes"))["items"]
    assert {ballot["person"]["id"] for ballot in ballots} == {board.member.id, second.id}
    await board.vote(path, "approve")
    assert (await board.manager.read(path))["state"] == "approved", "one vote is enough"
    started = await board.engineer.post_ok(f"{path}/start")
    held = (await board.manager.read(other))["id"]
    assert started["overrides"] == [f"change/{held}"]
    assert datetime.fromisoformat(started["booked_until_at"]) == NIGHT + timedelta(hours=2)
    third = await board.approved(cis=["srv-1"])
    assert (await board.try_schedule(third, 1, 3)).status_code == 409
    assert (await board.try_schedule(third, 50, 51)).status_code == 200, "that is behind its wanted end"
    early: Json = {"out_of_window_reason": "It is quiet."}
    refused = await board.engineer.post(f"{third}/start", json=early)
    assert (refused.status_code, refused.json()["code"]) == (409, "window_taken"), "but it holds the item"
    done = await board.engineer.post_ok(f"{path}/complete", DONE)
    assert timedelta(days=3) <= _between(done) <= timedelta(days=5)
    assert (await board.manager.post_ok(f"{path}/review", REVIEWED))["review_overdue_at"] is None


def _between(done: Json) -> timedelta:
    return datetime.fromisoformat(done["review_due_at"]) - datetime.fromisoformat(done["implemented_at"])


@in_test_all
async def test_a_change_that_overruns_its_window_keeps_others_from_starting_on_its_items(
    board: Board,
) -> None:
    await board.ci("srv-1")
    first = await board.scheduled(0, 2, cis=["srv-1"])
    second = await board.scheduled(2, 4, cis=["srv-1"])
    await board.start_at(first, 1)
    number = (await board.manager.read(first))["number"]
    with pytest.raises(ActionUnavailable) as refused:
        await board.start_at(second, 2.5)
    assert refused.value.code == "window_taken"
    assert f"{number} (srv-1)" in refused.value.sentence("en")
    await board.start_at(second, 2.5, override_reason="They do not touch the same files.")
    assert (await board.manager.read(second))["state"] == "implementing"


@in_test_all
async def test_what_is_backed_out_is_reviewed_as_such_and_frees_its_items(board: Board) -> None:
    await board.ci("srv-1")
    path = await board.scheduled(0, 2, cis=["srv-1"])
    await board.engineer.post_ok(f"{path}/start", {"out_of_window_reason": "It is quiet."})
    await board.engineer.post_ok(f"{path}/complete", DONE)
    ahead = {"reason": "Mails come twice.", "service_restored_at": "2199-01-01T00:00:00Z"}
    refused = await board.engineer.post(f"{path}/back_out", json=ahead)
    assert errors(refused.json()) == [("/service_restored_at", "in_the_future")]
    undone = {**ahead, "service_restored_at": await now(board, path)}
    assert (await board.engineer.post_ok(f"{path}/back_out", undone))["state"] == "backed_out"
    assert (await board.try_schedule(await board.approved(cis=["srv-1"]), 0, 2)).status_code == 200
    refused = await board.manager.post(f"{path}/review", json={**REVIEWED, "first_pass": False})
    assert errors(refused.json()) == [("/outcome", "was_backed_out")]
    body = {**REVIEWED, "outcome": "backed_out", "first_pass": False}
    assert (await board.manager.post_ok(f"{path}/review", body))["outcome"] == "backed_out"


async def test_what_the_board_defers_is_submitted_again_and_what_lacks_a_quorum_is_deferred(
    board: Board,
) -> None:
    path = await board.assessed()
    await board.manager.post_ok(f"{path}/request_approval", board.question())
    await board.vote(path, "defer")
    deferred = await board.manager.read(path)
    assert (deferred["state"], deferred["deferral_reason"]) == ("deferred", "by_vote")
    again = await board.agent.post_ok(f"{path}/resubmit", {"answer": "The test report is attached."})
    assert (again["state"], again["submitted_at"] < again["state_since"]) == ("submitted", True)
    await board.manager.post_ok(f"{path}/assess", ASSESSMENT)
    record = await board.manager.post_ok(f"{path}/request_approval", board.question())
    closing = CloseVote(decision=record["approval_id"])
    settle, due = rule_caller("settle_decisions"), datetime(2199, 1, 1, tzinfo=UTC)
    await act(board.api.ledger, settle, "change", "close_vote", record["id"], closing, now=due)
    lapsed = await board.manager.read(path)
    assert (lapsed["state"], lapsed["deferral_reason"]) == ("deferred", "no_quorum")


@in_test_all
async def test_a_change_that_is_voted_down_is_rejected_for_good(board: Board) -> None:
    path = await board.assessed()
    await board.manager.post_ok(f"{path}/request_approval", board.question())
    await board.vote(path, "reject")
    assert (await board.manager.read(path))["state"] == "rejected"


async def test_voters_read_that_the_same_was_rejected_lately(board: Board) -> None:
    rejected = await board.assessed()
    await board.manager.post_ok(f"{rejected}/request_approval", board.question())
    await board.vote(rejected, "reject")
    path = f"/v1/changes/{(await board.drafted(type='emergency', title='Quickly'))['id']}"
    await board.agent.post_ok(f"{path}/submit")
    question = board.question(cannot_wait="Nobody can send mail.")
    await board.manager.post_ok(f"{path}/request_emergency_approval", question)
    (question_put,) = (await board.manager.read(f"{path}/decisions"))["items"]
    number = (await board.manager.read(rejected))["number"]
    assert question_put["question"] == f"Shall it be made? (Rejected lately: {number})"
    again = await board.assessed()
    await board.manager.post_ok(f"{again}/request_approval", board.question())
    (put_again,) = (await board.manager.read(f"{again}/decisions"))["items"]
    assert put_again["question"] == question_put["question"], "though it is no emergency"


async def test_voters_read_that_the_same_was_voted_against_and_cancelled(board: Board) -> None:
    board.further.append(await board.api.client("Mona", Role.cab_member))
    cancelled = await board.assessed("medium")
    await board.manager.post_ok(f"{cancelled}/request_approval", board.question())
    (decision,) = (await board.manager.read(f"{cancelled}/decisions"))["items"]
    vote = {"decision": decision["id"], "verdict": "reject", "comment": "Not now."}
    await board.member.post_ok(f"{cancelled}/vote", vote)
    await board.manager.post_ok(f"{cancelled}/cancel", {"reason": "It is drafted again."})
    number = (await board.manager.read(cancelled))["number"]
    again = await board.assessed("medium")
    await board.manager.post_ok(f"{again}/request_approval", board.question())
    (put_again,) = (await board.manager.read(f"{again}/decisions"))["items"]
    assert put_again["question"] == f"Shall it be made? (Withdrawn lately: {number})"


async def test_voters_read_that_the_same_emergency_was_rejected_or_not_decided(board: Board) -> None:
    words = []
    for verdict in ("reject", "defer"):
        numbers = []
        for copied in (False, True):
            path = await board.submitted(type="emergency", title=f"To {verdict}", services=[verdict])
            question = board.question(cannot_wait="Nobody can send mail.")
            await board.engineer.post_ok(f"{path}/request_emergency_approval", question)
            numbers.append((await board.manager.read(path))["number"])
            if copied:
                (put,) = (await board.manager.read(f"{path}/decisions"))["items"]
                words.append(put["question"].replace(numbers[0], "first"))
            else:
                await board.vote(path, verdict)
    assert words == [
        "Shall it be made? (Rejected lately: first)",
        "Shall it be made? (Not decided lately: first)",
    ]


async def test_voters_on_a_template_read_that_such_a_change_was_rejected(board: Board) -> None:
    author = await board.api.client("Author", Role.process_owner, Role.service_level_manager)
    names = {"name_en": "MES", "name_zh": "MES", "criticality": "low", "owner": "me"}
    await author.post_ok("/v1/services", {"key": "mes", **names})
    await author.post_ok("/v1/services/mes/go_live")
    rejected = await board.assessed(services=["mes"])
    await board.manager.post_ok(f"{rejected}/request_approval", board.question())
    await board.vote(rejected, "reject")
    number = (await board.manager.read(rejected))["number"]
    plans = {"plan": "Restart it.", "test_plan": "See that it runs.", "back_out_plan": "Restart it again."}
    template = {"key": "mes", "title": "Restart", "description": "It is restarted.", "risk_level": "low"}
    await author.post_ok("/v1/change_templates", {**template, **plans, "services": ["mes"]})
    await board.manager.post_ok("/v1/change_templates/mes/approve")
    (put,) = (await board.manager.read("/v1/change_templates/mes/decisions"))["items"]
    assert put["question"].endswith(f"(Rejected lately: {number})")


@pytest.mark.parametrize(("late", "passed"), [(None, True), (0, True), (10, False)])
def test_the_recorded_end_counts_for_the_first_pass(late: int | None, passed: bool) -> None:
    names = ("started_at", "implemented_at", "window_from_at", "window_until_at")
    times: dict[str, Any] = dict.fromkeys(names, NIGHT)
    change = Change.model_construct(type=ChangeType.normal, backed_out_at=None, **times)
    recorded_at = None if late is None else NIGHT + timedelta(minutes=late)
    assert went_through_at_once(change, recorded_at, caused_incidents=False) is passed


async def test_a_cause_that_was_confirmed_must_be_spoken_of_in_the_review(board: Board) -> None:
    path = await board.scheduled(0, 2)
    before = await board.agent.post_ok("/v1/incidents", an_incident())
    await board.engineer.post_ok(f"{path}/start", {"out_of_window_reason": "It is quiet."})
    incident = await board.agent.post_ok("/v1/incidents", an_incident())
    other = await board.agent.post_ok("/v1/incidents", an_incident())
    refused = await board.agent.post(f"{path}/confirm_cause", json={"incident": before["number"]})
    assert errors(refused.json()) == [("/incident", "opened_before_the_change")]
    await board.agent.post_ok(f"{path}/confirm_cause", {"incident": incident["number"]})
    await board.engineer.post_ok(f"{path}/complete", DONE)
    silent = await board.manager.post(f"{path}/review", json={**REVIEWED, "first_pass": False})
    assert errors(silent.json()) == [("/caused_incidents", "confirmed_cause_missing")]
    named = {**REVIEWED, "first_pass": False, "caused_incidents": [incident["id"], other["number"]]}
    praised = await board.manager.post(f"{path}/review", json=named)
    assert errors(praised.json()) == [("/outcome", "has_caused_incidents")]
    body = {**named, "outcome": "successful_with_issues"}
    closed = await board.manager.post_ok(f"{path}/review", body)
    assert closed["caused_incident_ids"] == [incident["id"], other["id"]]
    for caused in (incident, other):
        (link,) = (await board.agent.read(f"/v1/incidents/{caused['id']}/links"))["items"]
        assert (link["kind"], link["other"]["number"]) == ("caused_by", closed["number"])


@in_test_all
async def test_an_emergency_meets_and_tells_only_what_lies_before_its_wanted_end(board: Board) -> None:
    await board.ci("srv-1")
    met = await board.scheduled(1, 3, cis=["srv-1"])
    await board.scheduled(50, 52, cis=["srv-1"])
    await board.manager.post_ok("/v1/freezes", a_freeze(60, 70))
    path = f"/v1/changes/{(await board.drafted(type='emergency', cis=['srv-1']))['id']}"
    await board.agent.post_ok(f"{path}/submit")
    question = board.question(cannot_wait="Nobody can send mail.")
    await board.manager.post_ok(f"{path}/request_emergency_approval", question)
    await board.vote(path, "approve")
    started = await board.engineer.post_ok(f"{path}/start")
    assert started["overrides"] == [f"change/{(await board.manager.read(met))['id']}"]


async def test_the_board_of_an_emergency_sees_the_freeze_in_which_it_starts(board: Board) -> None:
    freeze = await board.manager.post_ok("/v1/freezes", a_freeze(0, 4))
    path = f"/v1/changes/{(await board.drafted(type='emergency'))['id']}"
    await board.agent.post_ok(f"{path}/submit")
    question = board.question(cannot_wait="Nobody can send mail.")
    change = await board.manager.post_ok(f"{path}/request_emergency_approval", question)
    assert change["conflicts_found"] == ["freeze"]
    await board.vote(path, "approve")
    started = await board.engineer.post_ok(f"{path}/start")
    assert started["overrides"] == [f"freeze/{freeze['id']}"]


async def test_a_start_that_is_told_when_its_window_is_over_says_why(board: Board) -> None:
    await board.ci("srv-1")
    path = await board.scheduled(0, 2, cis=["srv-1"])
    with pytest.raises(WrongValue) as refused:
        await board.start_at(path, 9, occurred_at=NIGHT + timedelta(hours=1))
    assert refused.value.because == "outside_its_window"
    body: Json = {"occurred_at": NIGHT + timedelta(hours=1), "out_of_window_reason": "The line was down."}
    await board.start_at(path, 9, **body)
    until = (await board.manager.read(path))["booked_until_at"]
    assert datetime.fromisoformat(until) == NIGHT + timedelta(hours=2)


async def test_once_put_to_the_vote_what_is_decided_on_is_not_altered(board: Board) -> None:
    path = await board.assessed()
    await put_into_use(board.api.ledger, ["calendar"])

    async def edited(**fields: Any) -> list[tuple[str, str]]:
        answer = await board.agent.patch(path, json=fields, headers={"If-Match": "*"})
        return [] if answer.status_code == 200 else errors(answer.json())

    assert await edited(plan="Stop, wait, start.", services=["mail", "calendar"]) == []
    begin = (await board.manager.read(path))["wanted_from_at"]
    for end in ("2000-01-01T00:00:00Z", begin):
        assert await edited(wanted_until_at=end) == [("/wanted_until_at", "window_ends_early")]
    assert await edited(wanted_until_at=at_hour(2400)) == [("/wanted_until_at", "window_too_long")]
    await board.manager.post_ok(f"{path}/assess", assessment("low"))
    await board.manager.post_ok(f"{path}/request_approval", board.question())
    await board.vote(path, "approve")
    assert await edited(plan="Start at once.") == [("/plan", "put_to_the_vote")]
    assert await edited(title="Renew another relay") == [("/title", "put_to_the_vote")]
    assert await edited(category=None) == []


async def test_a_standard_change_is_scheduled_from_its_template_without_a_vote(board: Board) -> None:
    await board.template("restart")
    await board.ci("srv-1")
    drafted = await board.agent.post_ok(
        "/v1/changes", {"type": "standard", "template": "restart", "cis": ["srv-1"], "team": "network"}
    )
    assert drafted["template_plans"]["back_out_plan"] == "Restart it again."
    (listed,) = (await board.manager.read("/v1/changes", fields="template_plans"))["items"]
    assert listed["template_plans"] == drafted["template_plans"]
    assert (drafted["title"], drafted["template"], drafted["risk_level"]) == (
        "Restart a relay",
        "restart",
        "low",
    )
    path = f"/v1/changes/{drafted['id']}"
    submitted = await board.agent.post(f"{path}/submit", json={})
    assert submitted.json()["code"] == "standard_is_scheduled"
    assert (await board.manager.post_ok(f"{path}/schedule", window(0, 1)))["state"] == "scheduled"
    await board.start_at(path, 0.5)
    assert (await board.engineer.post_ok(f"{path}/complete", DONE))["state"] == "implemented"


async def test_a_freeze_takes_no_window_away_but_nothing_starts_in_it_without_an_exception(
    board: Board,
) -> None:
    await board.ci("srv-1")
    change_path = await board.scheduled(0, 2, cis=["srv-1"])
    change = await board.manager.read(change_path)
    freeze = await board.manager.post_ok("/v1/freezes", a_freeze(0, 4))
    assert freeze["hit_change_ids"] == [change["id"]]
    assert (await board.manager.read(change_path))["state"] == "scheduled"
    with pytest.raises(ActionUnavailable) as refused:
        await board.start_at(change_path, 1)
    assert refused.value.code == "frozen_without_exception"
    late = await board.approved(cis=["srv-1"])
    frozen = await board.try_schedule(late, 3, 4)
    assert frozen.json()["code"] == "frozen_without_exception", "a reason would not help"
    assert [conflict["kind"] for conflict in frozen.json()["conflicts"]] == ["freeze"]
    path = f"/v1/freezes/{freeze['id']}"
    question = board.question(change=change["number"], reason="The relay loses mail every night.")
    await board.agent.post_ok(f"{path}/ask_exception", question)
    await board.vote(path, "approve")
    await board.start_at(change_path, 1)
    started = await board.manager.read(change_path)
    assert started["excepted_freezes"] == [f"freeze/{freeze['id']}"]
    assert started["overrides"] is None, "who is excepted goes over nothing"


async def test_a_freeze_is_lifted_by_others_than_those_who_have_a_change_in_it(board: Board) -> None:
    freeze = await board.manager.post_ok(
        "/v1/freezes", a_freeze(0, 24, owner=board.agent.id, everything=True)
    )
    path = await board.approved(wanted_from_at=at_hour(1), wanted_until_at=at_hour(2))
    assert (await board.try_schedule(path, 1, 2)).status_code == 409
    over = await board.try_schedule(path, 1, 2, override_reason="Management wants it.")
    assert (over.status_code, over.json()["code"]) == (409, "frozen_without_exception")
    later = {"from_at": at_hour(3), "until_at": at_hour(24), "reason": "The auditors come later."}
    longer = {"from_at": at_hour(0), "until_at": at_hour(25), "reason": "The auditors stay longer."}
    for action, body in (("withdraw", {"reason": "Too early."}), ("move", later)):
        refused = await board.agent.post(f"/v1/freezes/{freeze['id']}/{action}", json=body)
        assert (refused.status_code, refused.json()["code"]) == (409, "lifts_own_obstacle"), refused.text
    await board.agent.post_ok(f"/v1/freezes/{freeze['id']}/move", longer)
    # A draft that names no time is in no freeze.
    for begin in ({}, {"wanted_from_at": at_hour(1)}):
        await board.agent.post_ok("/v1/changes", {"type": "normal", "title": "A new relay", **begin})
    other = await board.manager.post_ok(
        "/v1/freezes", a_freeze(48, 72, owner=board.agent.id, everything=True)
    )
    await board.agent.post_ok(f"/v1/freezes/{other['id']}/withdraw", {"reason": "It is not needed."})
    management = await board.api.client("Management", Role.management)
    await management.post_ok(f"/v1/freezes/{freeze['id']}/withdraw", {"reason": "Too early."})
    assert (await board.try_schedule(path, 1, 2)).status_code == 200


async def test_a_file_of_a_change_is_there_for_whom_the_change_is(board: Board) -> None:
    path = f"/v1/changes/{(await board.drafted())['id']}"
    sent = (await board.agent.put(f"/v1/uploads/{uuid4()}", content=b"How it is made.")).json()["id"]
    await board.agent.post_ok(f"{path}/attach", {"upload": sent, "name": "plan.txt"})
    file = f"{path}/attachments/{sent}/content"
    assert (await board.engineer.get(file)).content == b"How it is made."
    stranger = await board.api.client("Somebody")
    assert (await stranger.get(file)).status_code == 404
