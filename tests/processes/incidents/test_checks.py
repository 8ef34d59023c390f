"""What forbids an action on an incident, beyond state and role; on a database where they look things up."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from app.common.people import Caller, Role, RoleGrant, rule_caller
from app.kernel.actions.refusals import PersonErased, WrongValue
from app.kernel.ledger import Ledger
from app.log.canonical import instant
from app.processes.incidents.payloads import ReportIncident
from app.ticketing.comments import CommentTicket
from app.ticketing.work.assignment import AssignTicket
from tests.builders import AGENT, REPORTER, TOOL, a_caller, a_team, given, incident, minutes
from tests.cases import each_case
from tests.client import an_incident
from tests.extent import first_of
from tests.people import act, add_caller, add_person, add_team

RESOLVED = {"resolution_code": "fixed", "done": "Restarted the relay."}


# began_later


def test_what_is_reported_cannot_begin_afterwards() -> None:
    report = an_incident(began_at=instant(minutes(0.1)))
    given(None).by(REPORTER).when("report", report).refused("after_the_report", pointer="/began_at")
    given(None).by(REPORTER).when("report", an_incident(began_at=instant(minutes(0)))).then(
        "incident.reported"
    )


def test_what_is_dated_back_cannot_begin_after_it_was_reported() -> None:
    report = an_incident(began_at=instant(minutes(-5)), occurred_at=instant(minutes(-10)))
    given(None).by(AGENT).when("report", report).refused("after_the_report", pointer="/began_at")


# began_long_before


@pytest.mark.parametrize("caller", [REPORTER, AGENT, TOOL], ids=["requester", "agent", "integration"])
def test_what_is_reported_began_a_year_before_at_most(caller: Caller) -> None:
    year = 366 * 24 * 60
    report = an_incident(began_at=instant(minutes(-year - 0.1)))
    refusal = (
        given(None).by(caller).when("report", report).refused("long_before_the_report", pointer="/began_at")
    )
    assert refusal is not None
    assert "366 days" in refusal.sentence("en")
    assert "366 天" in refusal.sentence("zh")
    given(None).by(caller).when("report", an_incident(began_at=instant(minutes(-year)))).then(
        "incident.reported"
    )


def test_the_year_is_counted_from_when_it_was_reported() -> None:
    report = an_incident(
        began_at=instant(minutes(-400 * 24 * 60)), occurred_at=instant(minutes(-100 * 24 * 60))
    )
    given(None).by(TOOL).when("report", report).then("incident.reported")


# wakes_up_before


@pytest.mark.parametrize("when", [-10, 0])
def test_a_time_to_look_again_lies_ahead(when: int) -> None:
    body = {"reason": "other", "wake_up_at": instant(minutes(when))}
    given(incident()).when("hold", body).refused("not_ahead", pointer="/wake_up_at")


# nobody_has_seen_it


def test_a_person_does_not_resolve_what_nobody_has_looked_at() -> None:
    given(incident()).when("resolve", RESOLVED).refused("nobody_has_seen_it")
    given(incident(state="acknowledged")).when("resolve", RESOLVED).then("incident.resolved")


def test_a_monitoring_tool_resolves_what_nobody_has_looked_at() -> None:
    given(incident()).by(TOOL).when("resolve", RESOLVED).then("incident.resolved")


def test_what_was_put_on_hold_unseen_has_been_looked_at_by_whoever_did() -> None:
    held = given(incident()).when("hold", {"reason": "other"})
    held.and_then().at(minutes(1)).when("resolve", RESOLVED).then("incident.resolved")


# restored_at_another_time


@pytest.mark.parametrize(("restored", "code"), [(1, "after_the_resolution"), (-31, "before_it_began")])
def test_service_comes_back_after_it_went_and_before_it_is_said(restored: int, code: str) -> None:
    record = incident(state="in_progress", began_at=minutes(-30))
    body = {**RESOLVED, "service_restored_at": instant(minutes(restored))}
    given(record).when("resolve", body).refused(code, pointer="/service_restored_at")


def test_where_nobody_said_when_it_went_service_comes_back_after_the_incident_was_opened() -> None:
    record = incident(state="in_progress")
    body = {**RESOLVED, "service_restored_at": instant(minutes(-60.1))}
    refusal = (
        given(record).when("resolve", body).refused("before_it_was_opened", pointer="/service_restored_at")
    )
    assert refusal is not None
    assert f"{minutes(-60):%Y-%m-%d %H:%M} UTC" in refusal.sentence("zh")
    at_once = {**RESOLVED, "service_restored_at": instant(minutes(-60))}
    given(record).when("resolve", at_once).then("incident.resolved")


def test_service_may_be_back_before_it_was_reported_that_it_went() -> None:
    record = incident(state="in_progress", began_at=minutes(-180))
    body = {**RESOLVED, "service_restored_at": instant(minutes(-120))}
    given(record).when("resolve", body).then("incident.resolved")


# too_late_to_reopen


@pytest.mark.parametrize(("days", "open_still"), [(7, True), (7.001, False)])
@pytest.mark.parametrize("close", [False, True])
def test_after_the_agreed_days_a_new_one_is_reported(days: float, open_still: bool, close: bool) -> None:
    acting = given(incident(state="in_progress")).when("resolve", RESOLVED).and_then().by(REPORTER)
    if close:  # it is counted from the resolution, however long the closing took
        acting = acting.at(minutes(60)).when("close").and_then()
    outcome = acting.at(minutes(0) + timedelta(days=days)).when("reopen", {"reason": "It is back."})
    if open_still:
        outcome.then("incident.reopened")
    else:
        outcome.refused("too_late_to_reopen")


# internal_is_for_staff


@pytest.mark.parametrize("caller", [REPORTER, TOOL], ids=["requester", "integration"])
def test_only_staff_write_what_only_staff_may_read(caller: Caller) -> None:
    record = incident(requester_id=caller.person_id)
    body = {"text": "Between us.", "visibility": "internal"}
    given(record).by(caller).when("comment", body).refused("internal_is_for_staff", pointer="/visibility")


@each_case("role", [role for role in Role if role not in (Role.requester, Role.integration)])
def test_the_event_of_an_internal_comment_is_for_staff_only(role: Role) -> None:
    caller = a_caller(role, Role.requester)  # an auditor alone writes nothing
    for visibility, staff_only in (("internal", True), ("public", False)):
        outcome = given(incident()).by(caller).when("comment", {"text": "Hm.", "visibility": visibility})
        assert outcome.decided is not None
        assert outcome.decided[1].staff_only is staff_only


def test_staff_of_another_team_are_no_staff_for_an_incident_of_theirs() -> None:
    """Who works for the network and has reported something to the mail team is a requester to them."""
    mail, network = a_team("mail").id, a_team("network").id
    colleague = a_caller()
    body = {"text": "Between us.", "visibility": "internal"}
    for team, code in ((mail, "internal_is_for_staff"), (None, "internal_is_for_staff"), (network, None)):
        engineer = replace(colleague, roles=(RoleGrant(Role.engineer, network),))
        record = incident(requester_id=colleague.person_id, team_id=team)
        outcome = given(record).by(engineer).when("comment", body)
        if code is None:
            assert outcome.decided is not None
        else:
            outcome.refused(code, pointer="/visibility")


# cannot_take_it, and whom a report is for: looked up


async def an_open_one(ledger: Ledger, caller: Caller) -> str:
    done = await act(ledger, caller, "incident", "report", body=ReportIncident(**an_incident()))
    return str(done.record.id)


async def refused(ledger: Ledger, caller: Caller, name: str, body: AssignTicket) -> tuple[str, str]:
    with pytest.raises(WrongValue) as caught:
        await act(ledger, caller, "incident", "assign", name, body)
    return caught.value.pointer, caught.value.because


async def test_work_is_given_to_a_member_of_the_team_that_is_named_with_them(ledger: Ledger) -> None:
    await add_team(ledger, "network")
    await add_team(ledger, "mail")
    agent = await add_caller(ledger, "Ada", Role.agent, teams=("network",))
    name = await an_open_one(ledger, agent)
    theirs = await add_person(ledger, "Tomasz", "network", "mail")
    stranger = await add_person(ledger, "Zhao", roles=(Role.engineer.value,))
    wrong = AssignTicket(team="network", person=str(stranger.id))
    assert await refused(ledger, agent, name, wrong) == ("/person", "not_in_the_team")
    done = await act(
        ledger, agent, "incident", "assign", name, AssignTicket(team="mail", person=str(theirs.id))
    )
    assert done.record.assignee_id == theirs.id
    alone = AssignTicket(person=str(stranger.id))
    done = await act(ledger, rule_caller("tests"), "incident", "assign", name, alone)
    assert done.record.assignee_id == stranger.id, "without a team anybody"


async def test_work_is_not_given_to_somebody_who_was_erased(ledger: Ledger) -> None:
    agent = await add_caller(ledger, "Ada", Role.agent)
    name = await an_open_one(ledger, agent)
    person = await add_person(ledger, "Olu")
    await act(ledger, rule_caller("tests"), "person", "erase", person.id)
    assert await refused(ledger, agent, name, AssignTicket(person=str(person.id))) == (
        "/person",
        "person_erased",
    )


@pytest.mark.parametrize("named", first_of(["01970000-0000-7000-8000-000000000000", "nobody"], 1))
async def test_a_name_that_stands_for_nothing_is_named_in_the_refusal(ledger: Ledger, named: str) -> None:
    agent = await add_caller(ledger, "Ada", Role.agent)
    name = await an_open_one(ledger, agent)
    for field in ("team", "person"):
        body = AssignTicket.model_validate({field: named})
        assert await refused(ledger, agent, name, body) == (f"/{field}", "unknown_reference")


async def test_a_rule_is_nobody_that_work_could_be_given_to(ledger: Ledger) -> None:
    name = await an_open_one(ledger, await add_caller(ledger, "Ada", Role.agent))
    me = AssignTicket(person="me")
    assert await refused(ledger, rule_caller("tests"), name, me) == ("/person", "unknown_reference")


async def test_who_does_not_see_persons_reports_for_nobody_but_themselves(ledger: Ledger) -> None:
    caller = await add_caller(ledger, "Wu Jing", Role.requester)
    colleague = await add_person(ledger, "Li Na")
    body = ReportIncident(**an_incident(requester=str(colleague.id)))
    with pytest.raises(WrongValue) as caught:
        await act(ledger, caller, "incident", "report", body=body)
    assert (caught.value.pointer, caught.value.because) == ("/requester", "unknown_reference")
    for own in ("me", str(caller.person_id)):
        body = ReportIncident(**an_incident(requester=own))
        done = await act(ledger, caller, "incident", "report", body=body)
        assert (done.record.requester_id, done.event.on_behalf_of) == (caller.person_id, None)
        assert done.record.reported_by_id is None


async def test_nothing_is_said_in_the_words_of_somebody_erased(ledger: Ledger) -> None:
    agent = await add_caller(ledger, "Ada", Role.agent)
    erased = await add_caller(ledger, "Olu", Role.agent)
    name = await an_open_one(ledger, agent)
    await act(ledger, rule_caller("tests"), "person", "erase", erased.person_id)
    reports: list[Any] = [
        (erased, ReportIncident(**an_incident())),
        (agent, ReportIncident(**an_incident(requester=str(erased.person_id)))),
    ]
    for caller, body in reports:
        with pytest.raises(PersonErased):
            await act(ledger, caller, "incident", "report", body=body)
    with pytest.raises(PersonErased):
        await act(ledger, erased, "incident", "comment", name, CommentTicket(text="Still here."))
