"""Approval rules say who votes: by conditions on the record, in versions that each one person sets."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from app.common.people import Caller, Grade, PersonKind, Role, rule_caller
from app.common.priorities.risk_level import RiskLevel
from app.foundation.decisions.approval_rules.definition import SUBJECTS, ApprovalRuleDefinition, RuleCondition
from app.foundation.decisions.approval_rules.lifecycle import AddApprovalRule
from app.foundation.decisions.approval_rules.shipped import SHIPPED
from app.foundation.decisions.payloads import CloseVote, RemindVoters
from app.foundation.decisions.records import DecisionKind
from app.foundation.people import persons
from app.foundation.people.persons import RevokeRolePerson
from app.foundation.rota.records import Duty
from app.foundation.rota.shifts import AddShift
from app.kernel.actions.refusals import ActionUnavailable, WrongValue
from app.kernel.commands.command import CommandResult
from app.kernel.ledger import Ledger
from app.log.follow import FOLLOW_LIMITS, catch_up
from app.notifications import notices
from app.platform.db import connect
from app.processes.changes.records import Change
from app.processes.improvements.records import Improvement
from app.processes.incidents.records import Incident
from app.registry import LIFECYCLES_BY_KIND
from tests.cases import each_case
from tests.client import Api, Client, Json
from tests.extent import in_test_all
from tests.foundation.decisions.deciding import NOW, ask, asked_persons, put, told, vote
from tests.foundation.decisions.rules import agree, group_of, set_rule
from tests.people import act, add_caller, add_person, add_team

BY_CAB = [{"role": "cab_member"}]
#: One is enough within half an hour, or else the management is asked.
ANSWERED: dict[str, Any] = {
    "quorum": 1,
    "due_within_seconds": 1800,
    "if_unanswered": [{"role": "management"}],
}


def decisions_of(done: CommandResult) -> list[tuple[str, dict[str, Any]]]:
    """The decisions that a command made, by their keys in its event."""
    return [(key, row) for key, row in done.event.data["set"].items() if key.startswith("decision/")]


@pytest.mark.parametrize("kind", DecisionKind)
def test_each_kind_of_decision_has_a_shipped_rule_without_conditions(kind: DecisionKind) -> None:
    shipped = [rule for rule in SHIPPED.values() if rule.decision is kind]
    assert [rule.definition.weight for rule in shipped].count(0) == 1


@pytest.mark.parametrize("kind", DecisionKind)
def test_conditions_name_fields_that_the_records_have(kind: DecisionKind) -> None:
    of_kind, fields = SUBJECTS[kind]
    assert set(fields) <= set(LIFECYCLES_BY_KIND[of_kind].record.model_fields)


@each_case(
    ("condition", "value", "holds"),
    [
        ({"field": "risk_level", "any_of": ["high"]}, RiskLevel.high, True),
        ({"field": "risk_level", "any_of": ["low", "medium"]}, RiskLevel.high, False),
        ({"field": "risk_level", "any_of": ["low"]}, None, False),
        ({"field": "services", "any_of": ["mail"]}, ["web", "mail"], True),
        ({"field": "services", "any_of": ["mail"]}, [], False),
    ],
)
def test_a_condition_holds_where_one_of_the_values_is_there(
    condition: dict[str, Any], value: Any, holds: bool
) -> None:
    change = Change.model_construct(**{condition["field"]: value})
    assert RuleCondition.model_validate(condition).applies_to(change) is holds


@each_case(
    ("cost", "holds"),
    [("9999.99", False), ("10000", True), ("50000", False), (None, False), ("10000.5", True)],
)
def test_an_amount_is_from_one_to_before_the_other(cost: str | None, holds: bool) -> None:
    condition = RuleCondition(field="planned_cost", at_least="10000", below="50000")
    assert condition.applies_to(Improvement.model_construct(planned_cost=cost)) is holds


async def test_the_event_keeps_the_rule_its_version_the_position_and_who_was_left_out(
    deciding: Ledger, desk: Caller, requester: Caller, incident: Incident, board: list[Caller]
) -> None:
    await set_rule(deciding, await group_of(deciding, "cab", [*board, requester]))
    before = await deciding.db.value("select max(position) from log.event")
    done = await put(deciding, desk, incident)
    ((_, decision),) = decisions_of(done)
    assert decision["rules"] == [{"rule": "change", "edition": 1}]
    assert (decision["decision"], decision["position"]) == ("change", before)
    assert decision["left_out"] == [{"person": str(requester.person_id), "because": "duty"}]


async def test_a_later_version_leaves_open_questions_with_their_voters(
    deciding: Ledger, desk: Caller, incident: Incident, board: list[Caller]
) -> None:
    decision = await ask(deciding, desk, incident, board)
    await set_rule(deciding, BY_CAB)
    assert await asked_persons(deciding, decision) == {person.person_id for person in board}


async def test_nobody_asks_by_the_version_that_they_have_set(
    deciding: Ledger, incident: Incident, board: list[Caller]
) -> None:
    """An agent who sets the rules, too, asks by what another set before them, however often they set it."""
    own = await add_caller(deciding, "Own", Role.process_owner, Role.agent)
    other = await add_caller(deciding, "Other", Role.process_owner, Role.agent)
    first = await group_of(deciding, "first", board[:1])
    second = await group_of(deciding, "second", board[1:])
    await set_rule(deciding, first, by=other, rule="unanimous")
    await set_rule(deciding, second, by=own)
    await set_rule(deciding, second, by=own, due_within_seconds=3600)
    by_own = await put(deciding, own, incident)
    by_other = await put(deciding, other, incident)
    editions = [row["rules"][0]["edition"] for done in (by_own, by_other) for _, row in decisions_of(done)]
    assert editions == [1, 3]
    await act(deciding, own, "approval_rule", "end", "change")
    again = await put(deciding, own, incident)
    ((_, decision),) = decisions_of(again)
    assert decision["rules"] == [{"rule": "change", "edition": 1}], "what they ended was stricter"


async def test_an_ended_rule_leaves_its_place_to_the_shipped_one_and_can_be_set_again(
    deciding: Ledger, desk: Caller, incident: Incident, board: list[Caller]
) -> None:
    keeper = await add_caller(deciding, "Keeper", Role.quality_manager)
    members = [await add_person(deciding, name, roles=("cab_member",)) for name in ("Third", "Fourth")]
    await set_rule(deciding, await group_of(deciding, "cab", board), by=keeper)
    await act(deciding, keeper, "approval_rule", "end", "change")
    await agree(deciding, "change")
    done = await put(deciding, desk, incident)
    ((key, decision),) = decisions_of(done)
    assert decision["rules"] == [{"rule": "change", "edition": 0}]
    assert await asked_persons(deciding, UUID(key.partition("/")[2])) == {member.id for member in members}
    await set_rule(deciding, BY_CAB, by=keeper)
    assert await deciding.db.value("select state || edition from fold.approval_rule") == "in_force3"


async def test_the_vote_of_whoever_lost_the_role_stays_and_is_marked(
    deciding: Ledger, desk: Caller, incident: Incident
) -> None:
    members = [await add_caller(deciding, name, Role.cab_member) for name in ("One", "Two", "Three")]
    decision = await ask(deciding, desk, incident, [], voters=BY_CAB)
    person = RevokeRolePerson(role="cab_member")
    await act(deciding, rule_caller("tests"), "person", "revoke_role", members[0].person_id, person)
    for member in (replace(members[0], roles=()), members[1]):
        await vote(deciding, member, incident, decision)
    query = "select person_id, role, role_lost from fold.vote where verdict is not null order by voted_at, id"
    votes = {row["person_id"]: (row["role"], row["role_lost"]) for row in await deciding.db.rows(query)}
    assert votes == {
        members[0].person_id: ("cab_member", True),
        members[1].person_id: ("cab_member", None),
    }
    assert await deciding.db.value("select outcome from fold.decision") == "approved"


async def test_machines_and_those_who_left_are_not_asked(
    deciding: Ledger, desk: Caller, incident: Incident
) -> None:
    roles = ("cab_member",)
    here = await add_person(deciding, "Here", roles=roles)
    machine = persons.AddPerson(name="Robot", kind=PersonKind.machine, roles=roles)
    await act(deciding, rule_caller("tests"), "person", "add", body=machine)
    person = await add_person(deciding, "Gone", roles=roles)
    await act(deciding, rule_caller("tests"), "person", "deactivate", person.id)
    decision = await ask(deciding, desk, incident, [], voters=BY_CAB)
    assert await asked_persons(deciding, decision) == {here.id}


async def test_only_those_of_the_grade_or_above_are_asked(
    deciding: Ledger, desk: Caller, incident: Incident
) -> None:
    added = [
        persons.AddPerson(name=f"Of grade {grade}", grade=grade, roles=("cab_member",))
        for grade in (None, *Grade)
    ]
    records = [
        (await act(deciding, rule_caller("tests"), "person", "add", body=body)).record for body in added
    ]
    voters = [{"role": "cab_member", "grade": "senior"}]
    decision = await ask(deciding, desk, incident, [], voters=voters)
    expected = {person.id for person in records if person.grade in (Grade.senior, Grade.management)}
    assert await asked_persons(deciding, decision) == expected


async def test_those_on_call_are_asked_and_others_where_too_few_of_them_are_free(
    deciding: Ledger, desk: Caller, incident: Incident
) -> None:
    await add_team(deciding, "network")
    on_call = [await add_person(deciding, name, "network", roles=("cab_member",)) for name in ("A", "B")]
    managers = [await add_person(deciding, "C", roles=("management",))]
    admin = await add_caller(deciding, "Admin", Role.admin)
    for person in on_call:
        shift = AddShift.model_validate(
            {
                "team": "network",
                "person": str(person.id),
                "duty": Duty.on_call,
                "weekdays": ["mon", "tue", "wed", "thu", "fri", "sat", "sun"],
                "starts": "00:00",
                "ends": "00:00",
                "time_zone": "UTC",
                "from_date": "2020-01-01",
            }
        )
        await act(deciding, admin, "shift", "add", body=shift)
    voters = [{"role": "cab_member", "on_call": True}]
    for enough, expected in ((2, on_call), (3, on_call + managers)):
        more: dict[str, Any] = {"enough": enough, "otherwise": [{"role": "management"}]}
        decision = await ask(deciding, desk, incident, [], voters=voters, **more)
        assert await asked_persons(deciding, decision) == {person.id for person in expected}


async def test_whoever_is_next_is_asked_once_if_too_few_have_voted_in_time(
    deciding: Ledger, desk: Caller, incident: Incident, board: list[Caller]
) -> None:
    boss = await add_caller(deciding, "Boss", Role.management)
    by_rule = rule_caller("tests")
    half_an_hour = timedelta(minutes=30)
    decision = await ask(deciding, desk, incident, board, due_at=None, **ANSWERED)
    body = CloseVote(decision=decision)
    await act(deciding, by_rule, "incident", "close_vote", incident.id, body, now=NOW + half_an_hour)
    assert await deciding.db.value("select state from fold.decision") == "open"
    late = NOW + half_an_hour + timedelta(minutes=1)
    with pytest.raises(ActionUnavailable) as refused:
        await act(deciding, by_rule, "incident", "close_vote", incident.id, body, now=late)
    assert refused.value.code == "not_due_yet", "the time begins anew"
    refusal = await _refusal(deciding, board[0], incident, decision, late)
    assert refusal == "not_found", "those who were asked in vain see it no more by that"
    done = await vote(deciding, boss, incident, decision, now=late)
    assert done.record.category == "approved"


@in_test_all
async def test_whoever_was_asked_in_vain_is_reminded_no_more(
    deciding: Ledger, desk: Caller, incident: Incident, board: list[Caller]
) -> None:
    boss = await add_caller(deciding, "Boss", Role.management)
    decision = await ask(deciding, desk, incident, board, due_at=None, **ANSWERED)
    for action, body in (
        ("close_vote", CloseVote(decision=decision)),
        ("remind_voters", RemindVoters(decision=decision)),
    ):
        ends = NOW + timedelta(minutes=30)
        await act(deciding, rule_caller("tests"), "incident", action, incident.id, body, now=ends)
    follower = await connect(deciding.db.url, FOLLOW_LIMITS)
    await catch_up(follower, notices.consumer(deciding, lambda: NOW))
    await follower.close()
    waiting = await deciding.db.rows("select person_id from deliveries.waiting where step = 'vote_due'")
    assert [row["person_id"] for row in waiting] == [boss.person_id]


@in_test_all
async def test_whoever_was_asked_in_vain_and_is_next_is_asked_anew(
    deciding: Ledger, desk: Caller, incident: Incident, board: list[Caller]
) -> None:
    """They see the record still, are told again, and what they have voted before counts no more."""
    again = await group_of(deciding, "next", board[:2])
    rule: dict[str, Any] = {**ANSWERED, "quorum": 2, "if_unanswered": again}
    decision = await ask(deciding, desk, incident, board, due_at=None, **rule)
    await vote(deciding, board[0], incident, decision)
    ends = NOW + timedelta(minutes=30)
    body = CloseVote(decision=decision)
    done = await act(deciding, rule_caller("tests"), "incident", "close_vote", incident.id, body, now=ends)
    told_again = [row["person_id"] for row in done.event.rows_set("vote").values() if row.get("person_id")]
    assert set(told_again) == {str(person.person_id) for person in board[:2]}
    assert await asked_persons(deciding, decision) == {person.person_id for person in board[:2]}
    await vote(deciding, board[1], incident, decision, now=ends)
    assert await deciding.db.value("select state from fold.decision") == "open", "one of two has voted"
    done = await vote(deciding, board[0], incident, decision, now=ends)
    assert done.record.category == "approved"


async def test_what_nobody_answers_lapses_in_the_end(
    deciding: Ledger, desk: Caller, incident: Incident, board: list[Caller]
) -> None:
    await add_caller(deciding, "Boss", Role.management)
    decision = await ask(deciding, desk, incident, board, due_at=None, **ANSWERED)
    for minutes in (30, 60):
        now = NOW + timedelta(minutes=minutes)
        body = CloseVote(decision=decision)
        await act(deciding, rule_caller("tests"), "incident", "close_vote", incident.id, body, now=now)
    assert await deciding.db.value("select outcome from fold.decision") == "lapsed"
    assert (await told(deciding, incident))[-3:] == ["vote_closed", "vote_closed", "decided"]


async def _refusal(ledger: Ledger, caller: Caller, incident: Incident, decision: Any, now: Any) -> str:
    try:
        await vote(ledger, caller, incident, decision, now=now)
    except Exception as error:  # whatever it is, its code is compared
        return str(getattr(error, "code", error))
    return ""


@each_case(
    ("terms", "pointer", "code"),
    [
        (
            {"conditions": [{"field": "plan", "any_of": ["x"]}]},
            "conditions/0/field",
            "no_field_of_conditions",
        ),
        ({"otherwise": [{"role": "requester"}]}, "otherwise/0/role", "not_internal"),
        (
            {"conditions": [{"field": "risk_level", "any_of": ["huge"]}]},
            "conditions/0/any_of",
            "unknown_code",
        ),
        ({"voters": [{"group": "nobody"}]}, "voters", "unknown_value"),
        ({"calendar": "nowhere"}, "calendar", "unknown_value"),
        ({"rule": "chair"}, "voters", "chair_of_one_group"),
    ],
)
async def test_a_rule_that_could_not_ask_is_not_set(
    ledger: Ledger, terms: dict[str, Any], pointer: str, code: str
) -> None:
    keeper = await add_caller(ledger, "Keeper", Role.process_owner)
    definition = ApprovalRuleDefinition.model_validate({"voters": BY_CAB, "rule": "majority", **terms})
    body = AddApprovalRule(key="mine", decision=DecisionKind.change, name="Mine", definition=definition)
    with pytest.raises(WrongValue) as refused:
        await act(ledger, keeper, "approval_rule", "add", body=body)
    assert (refused.value.pointer, refused.value.because) == (f"/definition/{pointer}", code)


async def test_the_key_of_a_shipped_rule_is_for_its_own_kind_of_decision(ledger: Ledger) -> None:
    keeper = await add_caller(ledger, "Keeper", Role.process_owner)
    definition = ApprovalRuleDefinition.model_validate({"voters": BY_CAB, "rule": "majority"})
    body = AddApprovalRule(key="pilot", decision=DecisionKind.change, name="Mine", definition=definition)
    with pytest.raises(WrongValue) as refused:
        await act(ledger, keeper, "approval_rule", "add", body=body)
    assert (refused.value.pointer, refused.value.because) == ("/decision", "key_of_another_decision")


async def test_a_rule_in_force_shows_the_time_and_quorum_that_hold_whatever_it_says(api: Api) -> None:
    owner = await api.client("Owner", Role.process_owner)
    loose = {"voters": [{"role": "committee_member"}], "rule": "majority", "quorum": 1}
    loose |= {"due_within_seconds": 600, "least_seconds": 60, "least_voters": 1}
    body = {"key": "pilot", "decision": "pilot", "name": "Ours", "definition": loose}
    await agreed_rule(api, owner, body)
    (rule,) = (await owner.read("/v1/approval_rules/in_force", decision="pilot"))["items"]
    (floor,) = rule["floors"]
    assert (rule["edition"], rule["definition"]["least_seconds"], rule["least_seconds"]) == (1, 60, 604_800)
    assert (floor["key"], floor["quorum"], floor["quorum_percent"], floor["least_voters"]) == (
        *("pilot", None, 50, 2),
    )


async def test_a_second_person_agrees_to_the_edition_that_was_shown(api: Api) -> None:
    owner, second = await api.client("Owner", Role.process_owner), await api.client("Mo", Role.management)
    definition = {"voters": BY_CAB, "rule": "majority"}
    body = {"key": "ours", "decision": "change", "name": "Ours", "definition": definition}
    path = f"/v1/approval_rules/{(await owner.post_ok('/v1/approval_rules', body))['id']}"
    await owner.post_ok(f"{path}/revise", {"definition": {**definition, "quorum": 1}})
    waiting = await second.read("/v1/approval_rules", awaits_agreement="true")
    assert [rule["edition"] for rule in waiting["items"]] == [2]
    refused = await second.post(f"{path}/agree", json={"edition": 1})
    (error,) = refused.json()["errors"]
    assert (error["pointer"], error["code"]) == ("/edition", "another_edition")
    assert (await second.post(f"{path}/agree")).json()["code"] == "proposal_rewritten"
    assert (await second.post_ok(f"{path}/agree", {"edition": 2}))["awaits_agreement"] is None
    assert (await second.read("/v1/approval_rules", awaits_agreement="true"))["items"] == []


async def agreed_rule(api: Api, setter: Client, body: Json) -> Json:
    """A rule to which a second person has agreed, and not the one who has set it."""
    record = await setter.post_ok("/v1/approval_rules", body)
    agree_path = f"/v1/approval_rules/{record['id']}/agree"
    assert (await setter.post(agree_path)).json()["code"] == "separation_of_duties"
    assert record["awaits_agreement"]
    return await (await api.client("Second", Role.management)).post_ok(agree_path)


async def test_rules_in_force_are_shipped_ones_and_those_that_took_their_place(api: Api) -> None:
    owner, reader = await api.client("Owner", Role.process_owner), await api.client("Ada", Role.agent)
    definition = {"voters": BY_CAB, "rule": "unanimous"}
    body = {"key": "change", "decision": "change", "name": "Ours", "definition": definition}
    record = await agreed_rule(api, owner, body)
    items = (await reader.read("/v1/approval_rules/in_force", decision="change"))["items"]
    rules = [
        (item["key"], item["edition"], item["name"], item["set_by"] and item["set_by"]["id"])
        for item in items
    ]
    assert rules == [
        ("change", 1, "Ours", owner.id),
        ("change_high_risk", 0, "Changes of high risk", None),
        ("change_low_risk", 0, "Changes of low risk", None),
    ]
    floors = {item["key"]: [floor["key"] for floor in item["floors"]] for item in items}
    high = ["change_high_risk"]
    assert floors == {"change": high, "change_high_risk": high, "change_low_risk": []}
    (version,) = (await reader.read(f"/v1/approval_rules/{record['id']}/versions"))["items"]
    assert (version["edition"], version["definition"]["rule"]) == (1, "unanimous")
    refused = await (await api.client("Requester")).get("/v1/approval_rules/in_force")
    assert refused.status_code == 403


def test_each_included_rule_names_who_decides_if_its_voters_cannot() -> None:
    # Nobody stands above management, and a team is represented by nobody but its lead.
    last = {"document_review_by_management", "document_countersignature"}
    rules = {key: rule.definition for key, rule in SHIPPED.items()}
    assert {key for key, rule in rules.items() if not (rule.otherwise or rule.if_unanswered)} == last
