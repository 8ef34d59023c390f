"""Incidents that touch many: contained, declared major, told of (process document, *Incidents*)."""

from __future__ import annotations

import pytest

from app.common.people import Role, rule_caller
from app.log.canonical import instant
from app.processes.incidents.lifecycle import LIFECYCLE
from app.processes.incidents.records import OPEN
from tests.builders import AGENT, ASSIGNEE, NOW, REPORTER, TOOL, a_caller, a_person, given, incident, minutes

MANAGER = a_caller(Role.incident_manager)
ENGINEER = a_caller(Role.engineer)
AT_NOW = instant(NOW)
KNOWN = {"statement": "Mail is down."}
UPDATE = {"statement": "The relay is being repaired.", "next_update_due_at": instant(minutes(30))}


# contain


def test_containing_keeps_what_stops_the_spread_and_when() -> None:
    given(incident(state="in_progress")).by(ENGINEER).when("contain", {"measure": "The relay is off."}).then(
        "incident.contained",
        set={"containment": "The relay is off.", "contained_at": AT_NOW},
        given={"measure": "The relay is off."},
    )


def test_what_was_contained_earlier_is_told_so() -> None:
    body = {"measure": "The relay is off.", "contained_at": instant(minutes(-20))}
    record = given(incident(state="in_progress")).by(ENGINEER).when("contain", body).record
    assert record.contained_at == minutes(-20)


@pytest.mark.parametrize(
    ("when", "code"), [(1, "after_it_was_told"), (-31, "before_it_began")], ids=["ahead", "before it began"]
)
def test_what_has_begun_is_contained_and_that_is_told_afterwards(when: int, code: str) -> None:
    record = incident(state="in_progress", began_at=minutes(-30))
    body = {"measure": "The relay is off.", "contained_at": instant(minutes(when))}
    given(record).by(ENGINEER).when("contain", body).refused(code, pointer="/contained_at")


def test_where_nobody_said_when_it_began_it_is_contained_after_it_was_opened() -> None:
    body = {"measure": "The relay is off.", "contained_at": instant(minutes(-61))}
    outcome = given(incident(state="in_progress")).by(ENGINEER).when("contain", body)
    outcome.refused("before_it_was_opened", pointer="/contained_at")


def test_service_may_be_back_at_another_time_than_the_spread_was_stopped() -> None:
    body = {
        "measure": "The relay is off.",
        "contained_at": instant(minutes(-20)),
        "service_restored_at": instant(minutes(-5)),
    }
    record = given(incident(state="in_progress")).by(ENGINEER).when("contain", body).record
    assert (record.contained_at, record.service_restored_at) == (minutes(-20), minutes(-5))


def test_containing_again_takes_back_nothing_of_when_service_was_back() -> None:
    record = incident(state="in_progress", service_restored_at=minutes(-5))
    again = given(record).by(ENGINEER).when("contain", {"measure": "Another relay, too."}).record
    assert again.service_restored_at == minutes(-5)


@pytest.mark.parametrize(
    ("when", "code"), [(1, "after_it_was_told"), (-31, "before_it_began")], ids=["ahead", "before it began"]
)
def test_service_is_back_after_it_began_and_that_is_told_afterwards(when: int, code: str) -> None:
    record = incident(state="in_progress", began_at=minutes(-30))
    body = {"measure": "The relay is off.", "service_restored_at": instant(minutes(when))}
    given(record).by(ENGINEER).when("contain", body).refused(code, pointer="/service_restored_at")


@pytest.mark.parametrize("state", ["new", "acknowledged", "on_hold", "resolved"])
def test_only_what_is_worked_on_is_contained(state: str) -> None:
    outcome = given(incident(state=state)).by(ENGINEER).when("contain", {"measure": "The relay is off."})
    outcome.refused("not_in_this_state")


# declare_major, downgrade


@pytest.mark.parametrize("state", sorted(OPEN))
def test_a_major_incident_has_a_commander_who_sees_it_and_a_statement(state: str) -> None:
    commander = a_person()
    declared = given(incident(state=state)).by(MANAGER).naming(commander=commander)
    outcome = declared.when("declare_major", KNOWN).then(
        "incident.declared_major",
        set={"declared_major_at": AT_NOW, "commander_id": str(commander.id), **KNOWN},
        given={"commander": str(commander.id), **KNOWN},
    )
    assert f"person:{commander.id}" in LIFECYCLE.audience(outcome.record)


def test_declared_again_it_gets_another_commander_and_is_major_since_the_first_time() -> None:
    first, second = a_person(), a_person()
    declared = given(incident()).by(MANAGER).naming(commander=first).when("declare_major", KNOWN)
    again = declared.and_then().at(minutes(5)).naming(commander=second).when("declare_major", KNOWN)
    assert again.record.declared_major_at == NOW
    assert again.record.commander_id == second.id


def test_downgraded_it_is_no_major_incident_and_nobody_leads() -> None:
    record = incident(declared_major_at=minutes(-30), commander_id=a_person().id)
    given(record).by(MANAGER).when("downgrade", {"reason": "Two mailboxes only."}).then(
        "incident.downgraded",
        set={"declared_major_at": None, "commander_id": None},
        given={"reason": "Two mailboxes only."},
    )


def test_what_is_no_major_incident_is_not_downgraded() -> None:
    given(incident()).by(MANAGER).when("downgrade", {"reason": "Not now."}).refused("is_no_major")


@pytest.mark.parametrize(
    "caller", [REPORTER, ASSIGNEE, AGENT, TOOL, rule_caller("x")], ids=lambda c: c.actor[:8]
)
def test_only_the_incident_manager_declares_and_downgrades(caller: object) -> None:
    record = incident(declared_major_at=minutes(-30))
    other = given(record).by(caller)  # type: ignore[arg-type]  # a caller
    other.naming(commander=a_person()).when("declare_major", KNOWN).refused("forbidden")
    other.when("downgrade", {"reason": "Not now."}).refused("forbidden")


# post_update


@pytest.mark.parametrize("caller", [MANAGER, ASSIGNEE], ids=["incident manager", "assignee"])
def test_an_update_says_how_it_stands_and_when_the_next_is_due(caller: object) -> None:
    given(incident()).by(caller).when("post_update", UPDATE).then(  # type: ignore[arg-type]  # a caller
        "incident.update_posted", set=UPDATE, given=UPDATE
    )


@pytest.mark.parametrize("when", [-1, 0])
def test_the_next_update_lies_ahead(when: int) -> None:
    body = {**UPDATE, "next_update_due_at": instant(minutes(when))}
    given(incident()).when("post_update", body).refused("not_ahead", pointer="/next_update_due_at")


@pytest.mark.parametrize(
    ("action", "body"),
    [("resolve", {"resolution_code": "fixed", "done": "Replaced."}), ("cancel", {"reason": "A test."})],
)
def test_no_update_is_due_on_what_is_over(action: str, body: dict[str, str]) -> None:
    record = incident(state="in_progress", next_update_due_at=minutes(30), statement=None)
    caller = ASSIGNEE if action == "resolve" else AGENT
    assert given(record).by(caller).when(action, body).record.next_update_due_at is None


# remind


@pytest.mark.parametrize("state", sorted(OPEN))
def test_a_rule_reminds_and_the_incident_says_when(state: str) -> None:
    person = a_person()
    reminded = given(incident(state=state)).by(rule_caller("remind_on_call")).naming(persons=person)
    reminded.when("remind", {"persons": [str(person.id)]}).then(
        "incident.reminded", set={"reminded_at": instant(NOW)}, given={"persons": [str(person.id)]}
    )


def test_no_person_reminds_in_the_name_of_a_rule() -> None:
    person = a_person()
    body = {"persons": [str(person.id)]}
    given(incident()).by(MANAGER).naming(persons=person).when("remind", body).refused("forbidden")


# reopen by monitoring


def test_monitoring_reopens_what_it_finds_broken_again_within_the_agreed_days() -> None:
    record = incident(state="closed", resolved_at=minutes(-60), closed_at=minutes(-30))
    again = given(record).by(TOOL)
    again.when("reopen", {"reason": "It fires again."}).then("incident.reopened")
    again.at(minutes(7 * 24 * 60)).when("reopen", {"reason": "Again."}).refused("too_late_to_reopen")
