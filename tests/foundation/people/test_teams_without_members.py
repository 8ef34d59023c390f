"""Teams without members: they get no work, and the work of a team that loses its last member is reported."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID

import pytest

from app.common.duties import GivenDuty
from app.common.people import PersonKind, Role, rule_caller
from app.common.records import ForeignRef
from app.foundation.people.persons import AddPerson
from app.foundation.people.provisioning.accounts import JoinDirectoryGroupPerson, LeaveDirectoryGroupPerson
from app.foundation.people.provisioning.directory_groups import AddDirectoryGroup
from app.foundation.people.provisioning.grants import ProvideGrantsPerson
from app.foundation.people.provisioning.group_mappings import MakeGroupMapping
from app.foundation.people.provisioning.marks import GrantSource
from app.foundation.people.succession.lookups import TEAM_KINDS, WORK_SOURCES
from app.kernel.actions.payloads import Payload, marks
from app.registry import LIFECYCLES, LIFECYCLES_BY_KIND
from tests.client import Api, Client, an_incident
from tests.foundation.people.test_succession import settle
from tests.people import act, add_person

ASKED = {"channel": "portal", "urgency": "2", "description": "A mailbox for the new colleague."}
ASSESSED = {"category": "hardware", "impact": "3", "urgency": "2", "path": "standard"}
SERVICE = {"key": "mail", "name_en": "Mail", "name_zh": "邮件", "criticality": "high"}


@pytest.fixture
async def agent(api: Api) -> Client:
    await api.team("desk")
    return await api.client("Lin", Role.agent, teams=("desk",))


async def test_a_team_without_members_is_given_no_ticket_no_task_and_no_escalation(
    api: Api, agent: Client
) -> None:
    await api.team("empty")
    machine = AddPerson(name="Monitor", kind=PersonKind.machine, teams=("empty",))
    await act(api.ledger, rule_caller("tests"), "person", "add", body=machine)
    incident = await agent.post_ok("/v1/incidents", an_incident())
    path = f"/v1/incidents/{incident['id']}"
    await agent.post_ok(f"{path}/assign", {"team": "desk", "person": "me"})
    for action, body in (
        ("assign", {"team": "empty"}),
        ("escalate", {"team": "empty", "reason": "They know the database."}),
        ("add_task", {"title": "Look at the relay", "team": "empty"}),
    ):
        refused = await agent.post(f"{path}/{action}", json=body)
        assert [(each["pointer"], each["code"]) for each in refused.json()["errors"]] == [
            ("/team", "team_without_members")
        ], action
    teams = await agent.read("/v1/lookup", kind="team", duty="team_handling", q="")
    assert [row["key"] for row in teams["items"]] == ["desk"]

    admin = await api.client("Ada", Role.admin)
    rule = {"name": "Mail", "process": "incident", "for_service": "mail", "position": 1, "to_team": "empty"}
    await admin.post_ok("/v1/services", {**SERVICE, "owner": agent.id})
    await admin.post_ok("/v1/assignment_rules", rule)
    await admin.post_ok("/v1/assignment_rules", {**rule, "name": "Others", "position": 2, "to_team": "desk"})
    item = {"key": "mailbox", "title_en": "Mailbox", "title_zh": "邮箱", "service": "mail"}
    item |= {"fulfilment_path": "standard", "default_team": "empty"}
    await admin.post_ok("/v1/catalogue_items", item)
    await admin.post_ok("/v1/services/mail/go_live")
    await admin.post_ok("/v1/catalogue_items/mailbox/offer")
    record = await agent.post_ok("/v1/incidents", {**an_incident(), "service": "mail"})
    request = await agent.post_ok("/v1/requests", {"title": "A mailbox", "item": "mailbox", **ASKED})
    await settle(api)
    incident = await agent.read(f"/v1/incidents/{record['id']}")
    assert incident["team"]["key"] == "desk", "the rule to the empty team was skipped"
    refused = await agent.post(f"/v1/requests/{request['id']}/assess", json=ASSESSED)
    assert [(each["pointer"], each["code"]) for each in refused.json()["errors"]] == [
        ("/team", "team_without_members")
    ], refused.text


async def test_a_team_that_loses_its_last_member_has_its_work_reported_and_is_not_retired(
    api: Api, agent: Client
) -> None:
    admin = await api.client("Ada", Role.admin)
    manager = await api.client("Ingo", Role.incident_manager)
    await api.team("network")
    first, last = [await api.client(name, Role.engineer, teams=("network",)) for name in ("Wu", "Tomasz")]
    incident = await agent.post_ok("/v1/incidents", an_incident())
    await agent.post_ok(f"/v1/incidents/{incident['id']}/assign", {"team": "network"})
    task = {"title": "Swap the disk", "team": "network", "due_at": "2199-01-02T08:00:00Z"}
    incident = await agent.post_ok(f"/v1/incidents/{incident['id']}/add_task", task)
    [task_id] = [row["id"] for row in (await agent.read(f"/v1/incidents/{incident['id']}/tasks"))["items"]]
    await admin.post_ok(f"/v1/persons/{first.id}/leave", {"team": "network"})
    await settle(api)
    assert "team_unstaffed" not in await steps_of(manager)
    await admin.post_ok(f"/v1/persons/{last.id}/deactivate")
    await settle(api)
    assert (await steps_of(manager)).count("team_unstaffed") == 1
    event = (await admin.read("/v1/teams/network/events"))["items"][-1]
    assert (event["type"], event["given"]["numbers"]) == ("team.work_reported", [incident["number"]])
    assert event["given"]["first_due_at"] == "2199-01-02T08:00:00.000000Z"
    [notice] = [
        row for row in (await manager.read("/v1/notices"))["items"] if "team_unstaffed" in row["steps"]
    ]
    assert "2199" in str(notice)
    assert {"Name"} <= {detail["label"] for entry in notice["told"] for detail in entry["details"]}, "which"

    refused = await admin.post("/v1/teams/network/retire", headers={"If-Match": "*"})
    assert [each["code"] for each in refused.json()["errors"]] == ["team_has_open_work"]
    assert incident["number"] in refused.text
    await agent.post_ok(f"/v1/incidents/{incident['id']}/assign", {"team": "desk"})
    await agent.post_ok(f"/v1/incidents/{incident['id']}/edit_task", {"task": task_id, "team": "desk"})
    await admin.post_ok("/v1/teams/network/retire")


async def test_a_team_is_reported_however_its_last_membership_ends(api: Api, agent: Client) -> None:
    admin, rule = await api.client("Ada", Role.admin), rule_caller("tests")
    manager = await api.client("Ingo", Role.incident_manager)

    async def by_rule(kind: str, action: str, record: UUID | None = None, body: Payload | None = None) -> Any:
        return (await act(api.ledger, rule, kind, action, record, body)).record

    group = await by_rule("directory_group", "add", body=AddDirectoryGroup(name="Group"))
    membership = JoinDirectoryGroupPerson(directory_group=str(group.id))
    leaving = LeaveDirectoryGroupPerson(directory_group=str(group.id))
    no_groups = ProvideGrantsPerson(provided_by=GrantSource.sign_in, groups=())
    endings: dict[str, Callable[[UUID], Awaitable[Any]]] = {
        "leave": lambda person: admin.post_ok(f"/v1/persons/{person}/leave", {"team": "leave"}),
        "deactivate": lambda person: admin.post_ok(f"/v1/persons/{person}/deactivate"),
        "erase": lambda person: by_rule("person", "erase", person),
        "group": lambda person: by_rule("person", "leave_directory_group", person, leaving),
        "grants": lambda person: by_rule("person", "provide_grants", person, no_groups),
    }
    persons = {}
    for ending in endings:
        await api.team(ending)
        teams = () if ending in ("group", "grants") else (ending,)
        person = (await add_person(api.ledger, ending.title(), *teams)).id
        persons[ending] = person
        if ending == "grants":
            mapping = MakeGroupMapping(group_name="G", joined_team=ending)
            await by_rule("group_mapping", "make", body=mapping)
            body = ProvideGrantsPerson(provided_by=GrantSource.sign_in, groups=("G",))
            await by_rule("person", "provide_grants", person, body)
        if ending == "group":
            await by_rule(
                "group_mapping", "make", body=MakeGroupMapping(group_name="Group", joined_team=ending)
            )
            await by_rule("person", "join_directory_group", person, membership)
        incident = await agent.post_ok("/v1/incidents", an_incident())
        await agent.post_ok(f"/v1/incidents/{incident['id']}/assign", {"team": ending})
        machine = AddPerson(name="Monitor", kind=PersonKind.machine, teams=(ending,))
        await by_rule("person", "add", body=machine)
    await admin.post_ok("/v1/services", {**SERVICE, "owner": agent.id, "team": "leave"})
    for ending, end in endings.items():
        await end(persons[ending])
    await settle(api)
    assert (await steps_of(manager)).count("team_unstaffed") == len(endings)
    assert "team_unstaffed" in await steps_of(admin), "who keeps what still gives the team work"
    event = (await admin.read("/v1/teams/leave/events"))["items"][-1]
    assert event["given"]["work_sources"] == ["mail"]


def test_every_standing_record_that_gives_a_team_work_is_reported() -> None:
    about_the_team = {"stand_in.team_id", "shift.team_id", "assignment_rule.hours_of_id"}
    fields = {
        f"{lifecycle.kind}.{field}"
        for lifecycle in LIFECYCLES
        if not lifecycle.is_ticket and "number" not in lifecycle.record.model_fields
        for field, mark in marks(lifecycle.record, ForeignRef).items()
        if mark.duty is GivenDuty.team_work
    }
    sources = {f"{kind}.{field}" for kind, (field, _) in WORK_SOURCES.items()}
    assert fields == (sources - {"maintenance_plan.team_id"}) | about_the_team
    for kind, (_, ended) in WORK_SOURCES.items():
        states = {state.value for state in LIFECYCLES_BY_KIND[kind].states}
        assert ended < states, kind


def test_the_kinds_of_records_on_which_teams_work_are_known() -> None:
    handled = {
        lifecycle.kind
        for lifecycle in LIFECYCLES
        for row in lifecycle.rows
        for mark in marks(row.body, ForeignRef).values()
        if mark.duty is GivenDuty.team_handling and "task" not in row.name
    }
    assert handled == set(TEAM_KINDS)


async def steps_of(person: Client) -> list[str]:
    return [step for row in (await person.read("/v1/notices"))["items"] for step in row["steps"]]
