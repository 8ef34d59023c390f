"""Somebody leaves: who is notified of what they held, and how it is handed over in one step."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from app.automation.people.report_duties import REOPENED
from app.common.duties import GivenDuty
from app.common.notices import Responsible
from app.common.people import Role
from app.common.records import ForeignRef
from app.foundation.people.succession import lookups as succession
from app.foundation.people.succession.duties import KIND_DUTIES, ROW_DUTIES, KindDuties
from app.foundation.people.succession.handing_over import hand_over_duties
from app.kernel.actions.actor_policy import ProcessRelation
from app.kernel.actions.payloads import marks
from app.registry import LIFECYCLES, LIFECYCLES_BY_KIND
from tests.automation.worker import Worker
from tests.client import RESOLVED, Api, Client, an_incident
from tests.processes.incidents.test_reviews import SAID

#: Fields that give somebody work, which no successor takes over, by why not.
NOT_HANDED_OVER = {
    "a ballot is the voter's own, and leaves with them": "vote.person_id voting_deputy.person_id",
    "what concerns this person only": """
        document_acknowledgement.person_id document_reader.person_id document_loan.borrower_id
        sla_acknowledgement.person_id assessor.person_id training_participant.person_id
        examination_result.person_id licence.person_id licence.revoked_from_id survey_participant.person_id
        recognition.person_id rollout_sitting.person_id scorecard_rating.rater_id participant.person_id
        person_statement.person_id person_statement.informed_id""",
    "one of several, who is replaced in the plan": "improvement_member.person_id",
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
    "the rota is edited": "shift.person_id stand_in.person_id",
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


def test_every_list_of_people_who_decide_or_work_is_handed_over() -> None:
    """What asks somebody again and again stops if the list that names them keeps people who have left."""
    listed = {
        (lifecycle.kind, name): mark.duty
        for lifecycle in LIFECYCLES
        for row in lifecycle.rows
        for name, mark in marks(row.body, ForeignRef).items()
        if mark.kind == "person" and mark.duty not in NO_DUTY and mark.duty is not GivenDuty.participation
        if str(getattr(lifecycle.record.model_fields.get(name), "annotation", "")).startswith("list[str]")
    }
    handed_over = {(kind, name): duty for kind, d in KIND_DUTIES.items() for name, duty in d.lists.items()}
    assert listed == handed_over


def test_in_every_open_state_the_managers_of_the_kind_hand_over_what_it_gives() -> None:
    for kind, duties in KIND_DUTIES.items():
        lifecycle = LIFECYCLES_BY_KIND[kind]
        row = lifecycle[hand_over_duties.__name__]
        assert duties.outlasting <= set(duties.fields), kind
        rows = {child.KIND for child in lifecycle.children} & ROW_DUTIES.keys()
        assert rows == {row for row, duty in ROW_DUTIES.items() if kind in duty.kinds}, kind
        outlasts = any(not ROW_DUTIES[row].ends_with_record for row in rows) or bool(duties.outlasting)
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


def test_every_action_that_brings_work_back_reports_those_who_have_left() -> None:
    events = set()
    for kind, duties in KIND_DUTIES.items():
        lifecycle = LIFECYCLES_BY_KIND[kind]
        ended = [state for state in lifecycle.states if state.value in duties.ended]
        for row in lifecycle.rows:
            if row.name == "reopen" and any(row.is_open_in(state) for state in ended):
                events.add(row.event)
    assert events == set(REOPENED)


async def test_work_that_comes_back_returns_to_the_team_and_posts_are_reported(
    api: Api, admin: Client, leaver: Client
) -> None:
    agent, colleague = [await api.client(name, Role.agent, teams=("network",)) for name in ("Agnes", "Cole")]
    manager = await api.client("Mona", Role.incident_manager)
    paths = []
    for body in ({}, {"commander": leaver.id, "statement": "All mail is down."}):
        incident = await agent.post_ok("/v1/incidents", an_incident())
        paths.append(path := f"/v1/incidents/{incident['id']}")
        await agent.post_ok(f"{path}/assign", {"team": "network", "person": leaver.id})
        if body:
            await manager.post_ok(f"{path}/declare_major", body)
        await leaver.post_ok(f"{path}/acknowledge")
        await leaver.post_ok(f"{path}/resolve", RESOLVED)
        if body:
            await manager.post_ok(f"{path}/review", SAID)
        await agent.post_ok(f"{path}/close")
    await admin.post_ok(f"/v1/persons/{leaver.id}/deactivate")
    await settle(api)
    assert (await manager.read("/v1/me/work"))["asked"] == [], "nothing is open"
    for path in paths:
        reopened = await agent.post_ok(f"{path}/reopen", {"reason": "It is down again."})
        assert (reopened["assignee"], reopened["team"]["key"]) == (None, "network")
    await settle(api)
    notices = [item["steps"] for item in (await colleague.read("/v1/notices"))["items"]]
    assert len([steps for steps in notices if "reopened" in steps]) == len(paths)
    (task,) = (await manager.read("/v1/me/work"))["asked"]
    assert (task["action"], task["record"]) == ("transfer_duties", leaver.id)
    successor = await api.client("Sue", Role.engineer, teams=("network",))
    await manager.post_ok(f"{path}/hand_over_duties", {"person": leaver.id, "new_holder": successor.id})
    assert (await manager.read("/v1/me/work"))["asked"] == [], "nothing is left to hand over"


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
    (fault,) = refused.json()["errors"]
    assert fault["code"] == "kind_not_managed"
    assert fault["message"].endswith(": Service; leave it out, or ask: Service level manager")
    transferred = await manager.post_ok(f"/v1/persons/{leaver.id}/transfer_duties", {"new_holder": lead.id})
    staying = {(duty["kind"], duty["duty"]) for duty in transferred["staying_duties"]}
    assert staying == {("service", "owner"), ("person", "manager")}
    reason = transferred["staying_duties"][0]["reason"]
    assert reason.startswith("you did not select records of this kind"), "words, and no name of the API"
    worker = await settle(api)
    assert worker.failures == []
    second = await manager.post(f"/v1/persons/{leaver.id}/transfer_duties", json={"new_holder": lead.id})
    assert (second.status_code, second.json()["code"]) == (409, "no_duty_moves")
    assert all(role in second.json()["detail"] for role in ("Service level manager", "Administrator"))
    assert "kinds:" not in second.json()["detail"]
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
    assert "New holder" in refused.json()["detail"], "nobody of the business works on incidents"
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


async def test_nobody_takes_over_by_an_absence_that_they_entered(
    api: Api, leaver: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
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
    other = await api.client("Otto", Role.incident_manager)
    refused = await other.post(f"{path}/hand_over_duties", json=body)
    assert refused.json()["errors"][0]["code"] == "person_still_active", "the person is told first"
    monkeypatch.setattr(succession, "TIME_TO_ACT", timedelta(0))
    refused = await manager.post(f"/v1/persons/{leaver.id}/transfer_duties", json={"new_holder": agent.id})
    assert refused.json()["code"] == "person_still_active"
    await settle(api)
    assert (await manager.read(path))["assignee"]["id"] == leaver.id
    assert (await other.post_ok(f"{path}/hand_over_duties", body))["assignee"]["id"] == agent.id


@pytest.mark.parametrize(
    ("begin", "end", "acts", "time_is_up"),
    [(-20, 1, False, True), (-1, 20, True, True), (-1, 20, False, True), (-1, 80, False, False)],
)
async def test_an_absence_entered_by_another_counts_from_its_entry_for_whoever_does_not_act(
    api: Api,
    admin: Client,
    leaver: Client,
    monkeypatch: pytest.MonkeyPatch,
    begin: int,
    end: int,
    acts: bool,
    time_is_up: bool,
) -> None:
    agent = await api.client("Agnes", Role.agent)
    manager = await api.client("Mona", Role.incident_manager)
    incident = await agent.post_ok("/v1/incidents", an_incident())
    path = f"/v1/incidents/{incident['id']}"
    await agent.post_ok(f"{path}/assign", {"team": "network", "person": leaver.id})
    times = [(datetime.now(UTC) + timedelta(days=days)).isoformat() for days in (begin, end)]
    absence = {"person": leaver.id, "from_at": times[0], "until_at": times[1]}
    await admin.post_ok("/v1/absences", absence)
    if acts:
        await leaver.post_ok(f"{path}/comment", {"text": "I am here."})
    if time_is_up:
        monkeypatch.setattr(succession, "TIME_TO_ACT", timedelta(0))
    answer = await manager.post(f"/v1/persons/{leaver.id}/transfer_duties", json={"new_holder": agent.id})
    is_away = end == 20 and not acts and time_is_up
    assert (answer.is_success or answer.json()["code"]) == (is_away or "person_still_active")


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


async def test_an_approver_of_an_item_is_handed_over_and_reported(
    api: Api, admin: Client, leaver: Client
) -> None:
    manager = await api.client("Mona", Role.service_level_manager)
    other, successor = [await api.client(name, Role.agent) for name in ("Otto", "Sue")]
    service = {"key": "mail", "name_en": "Mail", "name_zh": "邮件", "criticality": "low", "owner": "me"}
    mail = await manager.post_ok("/v1/services", service)
    await manager.post_ok(f"/v1/services/{mail['id']}/go_live")
    item = {"key": "laptop", "service": "mail", "title_en": "Laptop", "title_zh": "笔记本"}
    item |= {"fulfilment_path": "standard", "approval_rule": "majority"}
    item |= {"approver_persons": [leaver.id, other.id]}  # type: ignore[dict-item]  # JSON
    path = f"/v1/catalogue_items/{(await manager.post_ok('/v1/catalogue_items', item))['id']}"
    await admin.post_ok(f"/v1/persons/{leaver.id}/deactivate")
    await settle(api)
    [task] = (await manager.read("/v1/me/work"))["asked"]
    assert task["record"] == leaver.id
    [duty] = (await manager.read(f"/v1/persons/{leaver.id}/duties"))["items"]
    assert (duty["kind"], duty["number"], duty["duty"]) == ("catalogue_item", "laptop", "approver_persons")
    await manager.post_ok(f"/v1/persons/{leaver.id}/transfer_duties", {"new_holder": successor.id})
    await settle(api)
    assert (await manager.read(path))["approver_persons"] == [successor.id, other.id]
