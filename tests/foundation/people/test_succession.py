"""Somebody leaves: who is notified of what they held, and how it is handed over in one step."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from app.common.duties import GivenDuty
from app.common.notices import Responsible
from app.common.people import Role
from app.common.records import ForeignRef
from app.foundation.people.succession.duties import KIND_DUTIES, ROW_DUTIES, KindDuties
from app.foundation.people.succession.handing_over import hand_over_duties
from app.kernel.actions.actor_policy import ProcessRelation
from app.kernel.actions.payloads import marks
from app.registry import LIFECYCLES, LIFECYCLES_BY_KIND
from tests.automation.worker import Worker
from tests.client import Api, Client, an_incident

#: Fields that give somebody work, which no successor takes over, by why not.
NOT_HANDED_OVER = {
    "each party names its representative": "sla.party_representative_id sla.representative_id",
    "a ballot is the voter's own, and leaves with them": "vote.person_id voting_deputy.person_id",
    "what concerns this person only": """
        document_acknowledgement.person_id document_reader.person_id document_loan.borrower_id
        sla_acknowledgement.person_id assessor.person_id training_participant.person_id
        examination_result.person_id licence.person_id licence.revoked_from_id survey_participant.person_id
        recognition.person_id rollout_sitting.person_id scorecard_rating.rater_id participant.person_id
        person_statement.person_id person_statement.informed_id""",
    "one of several, who is replaced in the plan": """
        service_level_plan_entry.person_id improvement_member.person_id""",
    "every process owner may agree instead": "improvement_evaluation.asked_owner_id",
    "it ends with the account": """
        absence.cover_id absence.deputy_id deputy.deputy_id absence_calendar.deputy_id""",
    "who asked for it, for whom another person of the team answers": """
        article.requester_id change.requester_id improvement.requester_id incident.requester_id
        meeting.requester_id problem.requester_id release.requester_id""",
    "it is about this person": """
        absence.person_id absence_calendar.person_id deputy.person_id directory_membership.person_id
        discovery_owner.person_id finding.head_id finding.person_id finding.supervisor_id follower.person_id
        group_member.person_id membership.person_id onlooker.person_id quality_target.person_id
        rating_request.person_id scorecard.concerned_id scorecard.person_id scorecard_rating.person_id
        work.person_id voting_deputy.instead_of_id""",
    "the rota and its rules are edited": "escalation_rule.to_person_id shift.person_id stand_in.person_id",
    "the question is recounted or withdrawn": """
        decision.chair_id improvement_motion.asked_manager_id improvement_motion.asked_sponsor_id""",
    "quality managers act instead": "process_change.process_owner_id",
}


#: These references to persons give none, unless they notify the person.
NO_DUTY = (None, GivenDuty.recorded, GivenDuty.account)


def test_every_field_that_gives_a_duty_is_handed_over_or_says_why_not() -> None:
    exempt = {name for names in NOT_HANDED_OVER.values() for name in names.split()}
    marked = {
        f"{record.KIND}.{name}": (lifecycle.kind, record.KIND, name)
        for lifecycle in LIFECYCLES
        for record in (lifecycle.record, *lifecycle.children)
        for name, mark in marks(record, ForeignRef).items()
        if mark.kind == "person"
        if name in marks(record, Responsible) or mark.duty not in NO_DUTY
    }
    handed_over = {f"{kind}.{name}" for kind, duties in KIND_DUTIES.items() for name in duties.fields}
    handed_over |= {f"{kind}.{name}" for kind, duty in ROW_DUTIES.items() for name in duty.fields}
    assert marked.keys() - handed_over == exempt


def test_in_every_open_state_the_managers_of_the_kind_hand_over_what_it_gives() -> None:
    for kind, duties in KIND_DUTIES.items():
        lifecycle = LIFECYCLES_BY_KIND[kind]
        row = lifecycle[hand_over_duties.__name__]
        assert duties.outlasting <= set(duties.fields), kind
        rows = {child.KIND for child in lifecycle.children} & ROW_DUTIES.keys()
        assert rows == {row for row, duty in ROW_DUTIES.items() if kind in duty.kinds}, kind
        outlasts = bool(rows or duties.outlasting)
        open_states = {state for state in lifecycle.states if outlasts or state.value not in duties.ended}
        assert {state for state in lifecycle.states if row.is_open_in(state)} == open_states, kind
        assert row.policy.roles == duties.managers, kind


@pytest.mark.parametrize("kind", [lifecycle.kind for lifecycle in LIFECYCLES])
def test_no_state_can_be_left_only_by_a_person_whom_nobody_may_replace(kind: str) -> None:
    lifecycle = LIFECYCLES_BY_KIND[kind]
    duties = KIND_DUTIES.get(kind, KindDuties((), frozenset()))
    for state in [state for state in lifecycle.states if state.value not in duties.ended]:
        leading_on = [
            row for row in lifecycle.rows if not row.opens and not row.stays and row.is_open_in(state)
        ]
        for row in leading_on:
            fields = [
                relation.fields for relation in row.policy.relations if isinstance(relation, ProcessRelation)
            ]
            if row.policy.roles or len(fields) < len(row.policy.relations) or () in fields:
                break
            if not set(duties.fields).isdisjoint(name for names in fields for name in names):
                break
        else:
            assert not leading_on, f"{kind}.{state.value}"


@pytest.fixture
async def admin(api: Api) -> Client:
    """An administrator."""
    return await api.client("Ada", Role.admin)


@pytest.fixture
async def leaver(api: Api) -> Client:
    """An engineer of a team, who leaves."""
    await api.team("network")
    return await api.client("Leonie", Role.engineer, teams=("network",))


async def settle(api: Api) -> Worker:
    """The rules act, and notices are sent."""
    worker = Worker(api.ledger)
    for seconds in (1, 120):
        await worker.work(datetime.now(UTC) + timedelta(seconds=seconds))
    return worker


async def test_somebody_leaves_and_their_duties_are_handed_over_in_one_step(
    api: Api, admin: Client, leaver: Client
) -> None:
    agent = await api.client("Agnes", Role.agent)
    manager = await api.client("Mona", Role.incident_manager)
    lead = await api.client("Lena", Role.engineer, teams=("network",))
    await admin.post_ok("/v1/teams", {"key": "other", "name": "Other"})
    await admin.request("PATCH", "/v1/teams/network", json={"lead": lead.id}, headers={"If-Match": "*"})
    for _ in range(3):
        incident = await agent.post_ok("/v1/incidents", an_incident())
        path = f"/v1/incidents/{incident['id']}"
        await agent.post_ok(f"{path}/assign", {"team": "network", "person": leaver.id})
    due_at = (datetime.now(UTC) + timedelta(days=2)).isoformat()
    await lead.post_ok(f"{path}/add_task", {"title": "Look", "assignee": leaver.id, "due_at": due_at})
    service = {"key": "mail", "name_en": "Mail", "name_zh": "邮件", "criticality": "high", "owner": leaver.id}
    await admin.post_ok("/v1/services", service)

    report = f"/v1/persons/{agent.id}"
    await admin.request("PATCH", report, json={"manager": leaver.id}, headers={"If-Match": "*"})

    left = await admin.post_ok(f"/v1/persons/{leaver.id}/deactivate")
    duties = left["open_duties"]
    counts = {row["kind"]: row["count"] for row in duties["counts"]}
    assert counts == {"incident": 4, "person": 1, "service": 1}
    assert (duties["items"][0]["duty"], len(duties["items"])) == ("task", 6)
    (of_report,) = [duty for duty in duties["items"] if duty["kind"] == "person"]
    assert (of_report["title"], of_report["duty"]) == ("Agnes", "manager")
    await settle(api)
    for person in (lead, manager):
        steps = [step for row in (await person.read("/v1/notices"))["items"] for step in row["steps"]]
        assert steps.count("duties_held") == 1, person

    (notice,) = [row for row in (await manager.read("/v1/notices"))["items"] if "duties_held" in row["steps"]]
    assert "Leonie" in str(notice)
    page = await manager.read(f"/v1/persons/{leaver.id}/duties")
    assert sum(row["count"] for row in page["counts"]) == 6
    refused = await manager.post(
        f"/v1/persons/{leaver.id}/transfer_duties", json={"new_holder": lead.id, "kinds": ["service"]}
    )
    assert refused.json()["errors"][0]["code"] == "kind_not_managed"
    transferred = await manager.post_ok(f"/v1/persons/{leaver.id}/transfer_duties", {"new_holder": lead.id})
    staying = {(duty["kind"], duty["duty"]) for duty in transferred["staying_duties"]}
    assert staying == {("service", "owner"), ("person", "manager")}
    assert "do not manage" in transferred["staying_duties"][0]["reason"]
    worker = await settle(api)
    assert worker.failures == []
    second = await manager.post(f"/v1/persons/{leaver.id}/transfer_duties", json={"new_holder": lead.id})
    assert (second.status_code, second.json()["code"]) == (409, "no_duty_moves")
    assert all(role in second.json()["detail"] for role in ("Service level manager", "Administrator"))
    page = await manager.read(f"/v1/persons/{leaver.id}/duties")
    kinds = {row["kind"] for row in page["counts"]}
    assert kinds == {"service", "person"}, "for the service level managers and administrators"
    await admin.post_ok(f"{report}/hand_over_duties", {"person": leaver.id, "new_holder": lead.id})
    assert (await admin.read(report))["manager"]["id"] == lead.id
    assert (await manager.read(path))["assignee"]["id"] == lead.id
    assert [task["assignee"]["id"] for task in (await manager.read(f"{path}/tasks"))["items"]] == [lead.id]


async def test_a_transfer_that_moves_nothing_says_so_and_one_that_moved_all_is_repeated(
    api: Api, admin: Client, leaver: Client
) -> None:
    agent = await api.client("Agnes", Role.agent)
    manager = await api.client("Mona", Role.incident_manager)
    requester = await api.client("Rita")
    incident = await agent.post_ok("/v1/incidents", an_incident())
    await agent.post_ok(f"/v1/incidents/{incident['id']}/assign", {"team": "network", "person": leaver.id})
    await admin.post_ok(f"/v1/persons/{leaver.id}/deactivate")
    transfer = f"/v1/persons/{leaver.id}/transfer_duties"
    refused = await manager.post(transfer, json={"new_holder": requester.id})
    assert (refused.status_code, refused.json()["code"]) == (409, "no_duty_moves")
    assert "new_holder" in refused.json()["detail"], "nobody of the business works on incidents"
    body = {"new_holder": agent.id}
    first = await manager.post_ok(transfer, body, idempotency_key="once")
    await settle(api)
    again = await manager.post(transfer, json=body, headers={"Idempotency-Key": "once"})
    assert (first["staying_duties"], again.status_code) == ([], 200)
    second = await manager.post(transfer, json=body)
    assert second.json()["code"] == "holds_no_duties"


async def is_open(client: Client, path: str) -> bool:
    """Whether the record says that its duties can be handed over."""
    actions = (await client.read(path))["actions"]
    (is_open,) = [action["open"] for action in actions if action["action"] == hand_over_duties.__name__]
    return bool(is_open)


@pytest.mark.parametrize(("days", "is_replaced"), [(10, False), (60, True)])
async def test_whoever_is_absent_for_long_is_replaced_as_if_they_had_left(
    api: Api, leaver: Client, days: int, is_replaced: bool
) -> None:
    agent = await api.client("Agnes", Role.agent)
    manager = await api.client("Mona", Role.incident_manager)
    incident = await agent.post_ok("/v1/incidents", an_incident())
    path = f"/v1/incidents/{incident['id']}"
    await agent.post_ok(f"{path}/assign", {"team": "network", "person": leaver.id})
    now = datetime.now(UTC)
    begin, end = now - timedelta(hours=1), now + timedelta(days=days)
    period = {"from_at": begin.isoformat(), "until_at": end.isoformat()}
    await leaver.post_ok("/v1/absences", {"person": "me", **period})
    assert await is_open(manager, path) is is_replaced
    transfer = f"/v1/persons/{leaver.id}/transfer_duties"
    answer = await manager.post(transfer, json={"new_holder": agent.id})
    assert (answer.is_success or answer.json()["code"]) == (is_replaced or "person_still_active")
    await settle(api)
    assert ((await manager.read(path))["assignee"]["id"] == agent.id) is is_replaced


async def test_nobody_takes_over_by_an_absence_that_they_entered(api: Api, leaver: Client) -> None:
    agent = await api.client("Agnes", Role.agent)
    manager = await api.client("Mona", Role.incident_manager, Role.admin)
    incident = await agent.post_ok("/v1/incidents", an_incident())
    path = f"/v1/incidents/{incident['id']}"
    await agent.post_ok(f"{path}/assign", {"team": "network", "person": leaver.id})
    now = datetime.now(UTC)
    period = {"from_at": now - timedelta(minutes=1), "until_at": now + timedelta(days=20)}
    sent = {"person": leaver.id, **{name: instant.isoformat() for name, instant in period.items()}}
    await manager.post_ok("/v1/absences", sent)
    body = {"person": leaver.id, "new_holder": agent.id}
    refused = await manager.post(f"{path}/hand_over_duties", json=body)
    assert refused.json()["errors"][0]["code"] == "person_still_active"
    await manager.post(f"/v1/persons/{leaver.id}/transfer_duties", json={"new_holder": agent.id})
    await settle(api)
    assert (await manager.read(path))["assignee"]["id"] == leaver.id
    other = await api.client("Otto", Role.incident_manager)
    assert (await other.post_ok(f"{path}/hand_over_duties", body))["assignee"]["id"] == agent.id


async def test_only_managers_hand_over_and_only_what_people_hold_who_have_left(
    api: Api, admin: Client, leaver: Client
) -> None:
    agent = await api.client("Agnes", Role.agent)
    manager = await api.client("Mona", Role.incident_manager)
    incident = await agent.post_ok("/v1/incidents", an_incident())
    path = f"/v1/incidents/{incident['id']}"
    await agent.post_ok(f"{path}/assign", {"team": "network", "person": leaver.id})
    body = {"person": leaver.id, "new_holder": agent.id}
    refused = await manager.post(f"{path}/hand_over_duties", json=body)
    assert refused.json()["errors"][0]["code"] == "person_still_active"
    assert await is_open(manager, path) is False
    await admin.post_ok(f"/v1/persons/{leaver.id}/deactivate")
    assert await is_open(manager, path) is True
    assert (await agent.post(f"{path}/hand_over_duties", json=body)).status_code in (403, 404)
    for successor, code in ((leaver.id, "person_inactive"), (agent.id, None)):
        answer = await manager.post(f"{path}/hand_over_duties", json={**body, "new_holder": successor})
        assert (None if answer.is_success else answer.json()["errors"][0]["code"]) == code
    again = await manager.post(f"{path}/hand_over_duties", json=body)
    assert again.json()["code"] == "holds_no_duty"
