"""What each row of the table comes to (process document, *Incidents*). Without a database."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given as forall
from hypothesis import strategies as st

from app.common.people import Role, rule_caller
from app.common.priorities.priority import Priority
from app.log.canonical import instant
from app.processes.incidents.lifecycle import LIFECYCLE
from app.processes.incidents.records import ENDED, OPEN, Incident, IncidentState
from tests.builders import (
    AGENT,
    ASSIGNEE,
    NOW,
    REPORTER,
    TOOL,
    Outcome,
    Scenario,
    a_caller,
    a_person,
    a_team,
    given,
    incident,
    minutes,
)
from tests.cases import each_case
from tests.client import an_incident

RESOLVED = {"resolution_code": "fixed", "done": "Restarted the relay."}
AT_NOW = instant(NOW)


def moved(state: str, **fields: Any) -> dict[str, Any]:
    """What is set when the state changes now."""
    return {"state": state, "state_since": AT_NOW, **fields}


def test_reporting_sets_what_was_said_and_who_asked_and_when() -> None:
    team = a_team("sales")
    caller = a_caller(own=team.id)
    report = an_incident(began_at="2026-11-20T15:30:00+08:00", service="mail", ci="mx-1", category="e-mail")
    given(None).by(caller).when("report", report).then(
        "incident.reported",
        set=moved(
            "new",
            number="INC-2026-000008",
            opened_at=AT_NOW,
            **{**report, "began_at": "2026-11-20T07:30:00.000000Z"},
            priority="P3",
            requester_id=str(caller.person_id),
            customer_id=str(team.id),
            effect_reported_at=AT_NOW,
        ),
        given={**report, "began_at": "2026-11-20T07:30:00.000000Z"},
    )


def test_an_effect_is_only_reported_if_users_say_so() -> None:
    agent = a_caller(Role.agent, own=a_team("desk").id)
    assert given(None).by(agent).when("report", an_incident()).record.effect_reported_at is None
    harmless = given(None).by(REPORTER).when("report", an_incident(effect="none"))
    assert harmless.record.effect_reported_at is None
    tool = a_caller(Role.integration)
    mail = given(None).by(tool).when("report", an_incident(channel="email"))
    assert mail.record.effect_reported_at is not None, "a mail is what somebody says"
    assert given(None).by(tool).when("report", an_incident()).record.effect_reported_at is None


def test_what_was_not_said_is_not_in_the_first_event() -> None:
    outcome = given(None).by(REPORTER).when("report", an_incident())
    record = outcome.then("incident.reported").record
    assert (record.began_at, record.service, record.ci, record.category, record.customer_id) == (None,) * 5
    assert "began_at" not in outcome.decided[1].data["given"]  # type: ignore[index]  # it was decided


def test_an_incident_reported_for_somebody_is_theirs_and_their_teams() -> None:
    theirs = a_team("finance").id
    requester = a_person(team=theirs)
    agent = a_caller(Role.agent, own=a_team("desk").id)
    record = given(None).by(agent).naming(requester=requester).when("report", an_incident()).record
    assert (record.requester_id, record.customer_id) == (requester.id, theirs)


def test_an_incident_reported_for_somebody_without_a_team_has_no_customer_not_even_the_agents() -> None:
    agent = a_caller(Role.agent, own=a_team("desk").id)
    record = given(None).by(agent).naming(requester=a_person()).when("report", an_incident()).record
    assert record.customer_id is None


@each_case(
    ("impact", "urgency", "expected"),
    [
        ("1", "1", "P1"),
        ("1", "2", "P2"),
        ("1", "3", "P3"),
        ("2", "1", "P2"),
        ("2", "2", "P3"),
        ("2", "3", "P4"),
        ("3", "1", "P3"),
        ("3", "2", "P4"),
        ("3", "3", "P4"),
    ],
)
def test_impact_and_urgency_give_the_priority(impact: str, urgency: str, expected: str) -> None:
    outcome = given(None).by(REPORTER).when("report", an_incident(impact=impact, urgency=urgency))
    assert outcome.record.priority == Priority(expected)


@pytest.mark.parametrize("missing", ["title", "description", "channel", "impact", "urgency", "effect"])
def test_a_report_must_say_what_the_process_document_asks_for(missing: str) -> None:
    report = an_incident()
    del report[missing]
    given(None).by(REPORTER).when("report", report).refused("missing", pointer=f"/{missing}")


def test_acknowledging_stops_the_response_clock() -> None:
    given(incident()).by(AGENT).when("acknowledge").then(
        "incident.acknowledged", set=moved("acknowledged", acknowledged_at=AT_NOW)
    )


@pytest.mark.parametrize("state", ["new", "acknowledged"])
def test_starting_says_when_work_began(state: str) -> None:
    given(incident(state=state)).when("start").then(
        "incident.started", set=moved("in_progress", started_at=AT_NOW)
    )


@pytest.mark.parametrize("state", ["new", "acknowledged", "in_progress"])
def test_holding_keeps_what_it_waits_for_and_where_it_was(state: str) -> None:
    body = {"reason": "awaiting_evidence", "wake_up_at": instant(minutes(90))}
    given(incident(state=state)).when("hold", body).then(
        "incident.held",
        set=moved(
            "on_hold", held_from=state, hold_reason="awaiting_evidence", wake_up_at=instant(minutes(90))
        ),
    )


@pytest.mark.parametrize("state", ["new", "acknowledged", "in_progress"])
def test_resuming_leads_back_to_where_it_was_and_changes_no_other_time(state: str) -> None:
    times = {"acknowledged_at": minutes(-50), "started_at": minutes(-40)}
    held = given(incident(state=state, **times)).when("hold", {"reason": "other"})
    held.and_then().at(minutes(30)).when("resume").then(
        "incident.resumed",
        set={
            "state": state,
            "state_since": instant(minutes(30)),
            "held_from": None,
            "hold_reason": None,
        },
    )


def test_work_that_was_held_before_it_began_begins_when_it_is_started_and_not_before() -> None:
    held = given(incident()).when("hold", {"reason": "awaiting_change"})
    resumed = held.and_then().at(minutes(5)).when("resume")
    started = resumed.and_then().at(minutes(9)).when("start")
    assert (resumed.record.started_at, started.record.started_at) == (None, minutes(9))


def test_work_held_twice_goes_back_to_where_it_was_the_second_time() -> None:
    first = given(incident(state="acknowledged")).when("hold", {"reason": "other"})
    started = first.and_then().at(minutes(1)).when("resume").and_then().at(minutes(2)).when("start")
    again = started.and_then().at(minutes(3)).when("hold", {"reason": "other"})
    assert again.and_then().at(minutes(4)).when("resume").record.state is IncidentState.in_progress


@pytest.mark.parametrize("state", ["acknowledged", "in_progress"])
def test_resolving_says_how_and_that_service_is_back_now(state: str) -> None:
    given(incident(state=state)).when("resolve", {**RESOLVED, "cause": "A full disk."}).then(
        "incident.resolved",
        set=moved(
            "resolved",
            resolved_at=AT_NOW,
            service_restored_at=AT_NOW,
            resolution_code="fixed",
            resolution="Restarted the relay.",
            cause="A full disk.",
        ),
    )


def test_service_may_have_come_back_before_somebody_resolved_it() -> None:
    back = instant(minutes(-20))
    outcome = given(incident(state="in_progress")).when("resolve", {**RESOLVED, "service_restored_at": back})
    assert outcome.record.service_restored_at == minutes(-20)
    assert outcome.record.resolved_at == NOW


def test_a_resolution_keeps_when_service_was_back_unless_it_says_another_time() -> None:
    contained = incident(state="in_progress", service_restored_at=minutes(-20))
    resolved = given(contained).when("resolve", RESOLVED)
    assert resolved.record.service_restored_at == minutes(-20)
    body = {**RESOLVED, "service_restored_at": instant(minutes(-10))}
    assert given(contained).when("resolve", body).record.service_restored_at == minutes(-10)
    reopened = resolved.and_then().by(REPORTER).at(minutes(5)).when("reopen", {"reason": "It is back."})
    assert reopened.record.service_restored_at is None
    again = reopened.and_then().by(ASSIGNEE).at(minutes(9)).when("resolve", RESOLVED)
    assert again.record.service_restored_at == minutes(9)


def test_resolving_what_is_on_hold_ends_the_holding() -> None:
    held = given(incident(state="in_progress")).when(
        "hold", {"reason": "awaiting_evidence", "wake_up_at": instant(minutes(60))}
    )
    resolved = held.and_then().at(minutes(10)).when("resolve", RESOLVED).record
    assert (resolved.held_from, resolved.hold_reason, resolved.wake_up_at) == (None, None, None)
    assert resolved.started_at is None, "holding and resolving is not starting"


def test_closing_says_when_and_keeps_the_resolution() -> None:
    resolved = given(incident(state="in_progress")).when("resolve", RESOLVED)
    resolved.and_then().by(REPORTER).at(minutes(5)).when("close").then(
        "incident.closed",
        set={"state": "closed", "state_since": instant(minutes(5)), "closed_at": instant(minutes(5))},
    )


@pytest.mark.parametrize("close", [False, True])
def test_reopening_clears_what_was_resolved_and_keeps_when_work_began(close: bool) -> None:
    started = minutes(-30)
    outcome = given(incident(state="in_progress", started_at=started)).when(
        "resolve", {**RESOLVED, "cause": "A full disk."}
    )
    if close:
        outcome = outcome.and_then().by(REPORTER).at(minutes(1)).when("close")
    cleared = dict.fromkeys(("resolved_at", "service_restored_at", "resolution_code", "resolution", "cause"))
    outcome.and_then().by(REPORTER).at(minutes(10)).when("reopen", {"reason": "It is back."}).then(
        "incident.reopened",
        set={
            "state": "in_progress",
            "state_since": instant(minutes(10)),
            **cleared,
            **({"closed_at": None} if close else {}),
        },
        given={"reason": "It is back."},
    )


def test_reopening_what_nobody_had_started_on_is_when_work_begins() -> None:
    resolved = given(incident(state="acknowledged")).when("resolve", RESOLVED)
    reopened = resolved.and_then().by(REPORTER).at(minutes(3)).when("reopen", {"reason": "Not now."})
    assert reopened.record.started_at == minutes(3)


@pytest.mark.parametrize("state", sorted(OPEN))
def test_whatever_is_open_can_be_cancelled_with_a_reason(state: str) -> None:
    held = {"held_from": "new", "hold_reason": "other"} if state == "on_hold" else {}
    outcome = given(incident(state=state, **held)).by(REPORTER).when("cancel", {"reason": "My mistake."})
    outcome.then(
        "incident.cancelled",
        set=moved("cancelled", cancelled_at=AT_NOW, **dict.fromkeys(held)),
        given={"reason": "My mistake."},
    )


def test_assigning_to_a_team_takes_it_from_the_person_who_had_it() -> None:
    team = a_team("network")
    given(incident()).by(AGENT).naming(team=team).when("assign").then(
        "incident.assigned", set={"team_id": str(team.id), "assignee_id": None}, given={"team": str(team.id)}
    )


def test_assigning_again_to_the_same_team_is_an_event_that_sets_nothing() -> None:
    team = a_team("network")
    record = incident(team_id=team.id, assignee_id=None)
    given(record).by(AGENT).naming(team=team).when("assign").then("incident.assigned", set={})


def test_assigning_must_name_somebody() -> None:
    given(incident()).by(AGENT).when("assign", {}).refused("somebody", pointer="/")


@pytest.mark.parametrize("state", IncidentState)
def test_a_comment_is_a_row_beside_the_incident_and_changes_nothing_on_it(state: str) -> None:
    held = {"held_from": "new"} if state == "on_hold" else {}
    record = incident(state=state, **held)
    given(record).by(REPORTER).when("comment", {"text": "Any news?"}).then(
        "incident.commented",
        set={},
        given={"text": "Any news?", "visibility": "public"},
        children={
            "comment": {
                "record": record.row_key,
                "author_id": str(REPORTER.person_id),
                "visibility": "public",
                "text": "Any news?",
                "written_at": AT_NOW,
            }
        },
    )


@pytest.mark.parametrize("state", [*sorted(ENDED), "cancelled"])
@pytest.mark.parametrize("action", ["acknowledge", "start", "hold", "resume", "resolve", "cancel", "assign"])
def test_what_is_over_is_not_worked_on(state: str, action: str) -> None:
    body: dict[str, Any] = {
        "hold": {"reason": "other"},
        "resolve": RESOLVED,
        "cancel": {"reason": "Not now."},
    }.get(action, {})
    acting = given(incident(state=state)).by(a_caller(*Role))
    if action == "assign":
        acting = acting.naming(team=a_team("network"))
    refusal = acting.when(action, body).refused("not_in_this_state")
    assert refusal is not None
    assert refusal.more["state"] == state


def test_what_is_cancelled_stays_cancelled() -> None:
    everybody = given(incident(state="cancelled")).by(a_caller(*Role))
    everybody.when("reopen", {"reason": "Not now."}).refused("not_in_this_state")
    everybody.when("close").refused("not_in_this_state")


@pytest.mark.parametrize("action", ["start", "hold", "resume"])
def test_who_is_not_assigned_does_not_work_on_it(action: str) -> None:
    record = incident(state="on_hold" if action == "resume" else "new", held_from="new")
    body = {"reason": "other"} if action == "hold" else {}
    given(record).by(a_caller(Role.agent, Role.engineer)).when(action, body).refused("forbidden")


def test_any_member_of_the_team_is_the_assignee_until_a_person_is_named() -> None:
    team = a_team("network").id
    member = a_caller(Role.engineer, teams=(team,))
    given(incident(team_id=team, assignee_id=None)).by(member).when("start").then("incident.started")
    given(incident(team_id=team)).by(member).when("start").refused("forbidden")


def test_rules_do_what_the_table_gives_to_rules_and_nothing_else() -> None:
    by_rule = rule_caller("close_after_agreed_days")
    given(incident(state="resolved")).by(by_rule).when("close").then("incident.closed")
    given(incident()).by(by_rule).when("acknowledge").refused("forbidden")


# Times


def test_an_action_is_now_unless_somebody_says_when_it_happened() -> None:
    body = {"occurred_at": instant(minutes(-10))}
    given(incident()).by(AGENT).when("acknowledge", body).then(
        "incident.acknowledged",
        set={
            "state": "acknowledged",
            "state_since": instant(minutes(-10)),
            "acknowledged_at": instant(minutes(-10)),
        },
        given={},
    )


def test_nothing_happens_before_the_state_that_it_leaves() -> None:
    record = incident(state="acknowledged", state_since=minutes(-30))
    body = {"occurred_at": instant(minutes(-31))}
    given(record).when("start", body).refused("before_this_state", pointer="/occurred_at")
    given(record).when("start", {"occurred_at": instant(minutes(-30))}).then("incident.started")


def test_a_comment_may_be_dated_between_changes_and_not_before_the_incident_was_opened() -> None:
    record = incident(state_since=minutes(-5))
    assert (record.opened_at, record.changed_at) == (minutes(-60), minutes(-5))
    body = {"text": "They rang.", "occurred_at": instant(minutes(-10))}
    given(record).when("comment", body).then(
        "incident.commented",
        set={},
        children={
            "comment": {
                "record": record.row_key,
                "author_id": str(ASSIGNEE.person_id),
                "visibility": "public",
                "text": "They rang.",
                "written_at": instant(minutes(-10)),
            }
        },
    )
    early = {**body, "occurred_at": instant(minutes(-61))}
    refusal = given(record).when("comment", early).refused("before_it_was_opened", pointer="/occurred_at")
    assert refusal is not None
    assert "when the record was opened" in refusal.sentence("en")


@pytest.mark.parametrize(("seconds", "allowed"), [(60, True), (61, False)])
def test_a_clock_may_be_a_minute_ahead(seconds: int, allowed: bool) -> None:
    outcome = given(incident()).by(AGENT).when("acknowledge", {"occurred_at": instant(minutes(seconds / 60))})
    if allowed:
        outcome.then("incident.acknowledged")
    else:
        outcome.refused("in_the_future", pointer="/occurred_at")


@pytest.mark.parametrize(
    ("role", "days"),
    [
        (Role.requester, 0),
        (Role.auditor, 0),
        (Role.agent, 7),
        (Role.engineer, 7),
        (Role.incident_manager, 90),
        (Role.admin, 90),
    ],
)
def test_how_far_back_a_report_may_be_dated_depends_on_the_role(role: Role, days: int) -> None:
    # With a role that may report, beside one that may not: an auditor reads only.
    caller = a_caller(role, Role.requester)
    reach = minutes(-days * 24 * 60) if days else minutes(-1)

    def dated(when: str) -> Outcome:
        return given(None).by(caller).when("report", an_incident(occurred_at=when))

    dated(instant(reach)).then("incident.reported")
    dated(instant(reach - (minutes(1) - NOW))).refused("too_far_back", pointer="/occurred_at")


@pytest.mark.parametrize("year", ["1900", "2001"])
def test_an_integration_dates_as_far_back_as_its_history_goes(year: str) -> None:
    when = f"{year}-01-01T00:00:00.000000Z"
    outcome = given(None).by(TOOL).when("report", an_incident(occurred_at=when))
    assert instant(outcome.record.opened_at) == when


def test_a_clock_that_runs_behind_does_not_turn_time_back() -> None:
    record = incident(state="acknowledged", state_since=minutes(2))
    outcome = given(record).at(NOW).when("start")
    assert outcome.record.state_since == minutes(2)


# Whatever people do, in any order


STEPS: dict[str, dict[str, Any]] = {
    "acknowledge": {},
    "start": {},
    "hold": {"reason": "other"},
    "resume": {},
    "resolve": RESOLVED,
    "close": {},
    "reopen": {"reason": "Again."},
    "mark_duplicate": {},
    "cancel": {"reason": "Not now."},
}


@forall(st.lists(st.sampled_from(sorted(STEPS)), max_size=12))
def test_after_any_story_the_times_fit_the_state(story: list[str]) -> None:
    everything = a_caller(*(role for role in Role if role is not Role.auditor))
    acting: Scenario = given(incident(assignee_id=everything.person_id)).by(everything)
    for n, action in enumerate(story):
        named = {"original": incident()} if action == "mark_duplicate" else {}
        outcome = acting.at(minutes(n)).naming(**named).when(action, STEPS[action])
        if outcome.decided is not None:
            acting = outcome.and_then()
    record: Incident = acting.record
    state = record.state
    assert state is not None
    # What repeats another one is closed for that, and resolved by nobody.
    resolved = state in ENDED and record.duplicate_of_id is None
    assert (record.resolved_at is not None) == resolved
    assert (record.resolution_code is not None) == resolved
    assert record.duplicate_of_id is None or state is IncidentState.closed
    assert (record.closed_at is not None) == (state is IncidentState.closed)
    assert (record.cancelled_at is not None) == (state is IncidentState.cancelled)
    assert (record.held_from is not None) == (state is IncidentState.on_hold)
    assert (record.hold_reason is not None) == (state is IncidentState.on_hold)
    assert record.state_since is not None
    assert record.state_since <= minutes(len(story))
    if state is IncidentState.in_progress:
        assert record.started_at is not None


def test_every_action_that_leads_somewhere_has_its_story_here() -> None:
    assert {row.name for row in LIFECYCLE.rows if not (row.opens or row.stays)} == STEPS.keys()
