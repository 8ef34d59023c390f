"""The records that ask a group are reported when the group loses its last member; a request gets another
acceptance group then.
"""

from __future__ import annotations

import pytest

from app.common.duties import GivenDuty
from app.common.people import Role
from app.common.records import ForeignRef
from app.foundation.people.records import RepresentedSide, TeamKind
from app.foundation.people.succession.lookups import fields_of_groups
from app.kernel.actions.payloads import marks
from app.registry import LIFECYCLES_BY_KIND
from tests.client import Api, Client
from tests.every_action.requests import requirements
from tests.every_action.world_data import IDS
from tests.foundation.people.test_succession import settle
from tests.foundation.people.test_teams_without_members import steps_of
from tests.people import add_person

ASKED = {"title": "Leave", "channel": "portal", "urgency": "2", "description": "Leave is asked for on paper."}
ASSESSED = {"category": "software", "impact": "3", "urgency": "2", "path": "project"}


async def add_group(api: Api, admin: Client, key: str) -> str:
    """A group with a member of the business; gives the member's id."""
    member = await add_person(api.ledger, f"{key.title()} member", "clients")
    await admin.post_ok("/v1/groups", {"key": key, "name": key.title(), "chair": "me"})
    body = {"person": str(member.id), "side": RepresentedSide.business.value}
    await admin.post_ok(f"/v1/groups/{key}/add_member", body)
    return str(member.id)


@pytest.mark.parametrize("ending", ["deactivate", "remove_member"])
async def test_a_request_whose_acceptance_group_is_empty_is_reported_and_gets_another(
    api: Api, ending: str
) -> None:
    admin = await api.client("Ada", Role.admin)
    manager = await api.client("Sven", Role.service_level_manager)
    await api.team("network")
    await api.team("clients", TeamKind.customer)
    engineer = await api.client("Lin", Role.engineer, Role.agent, teams=("network",))
    requester = await api.client("Rita", teams=("clients",))
    IDS["buyer"] = requester.id
    first, _ = await add_group(api, admin, "payroll"), await add_group(api, admin, "personnel")
    if ending == "remove_member":  # somebody of IT stays, who cannot accept for the business
        seat = {"person": engineer.id, "side": RepresentedSide.operations.value}
        await admin.post_ok("/v1/groups/payroll/add_member", seat)
    request = await requester.post_ok("/v1/requests", ASKED)
    path = f"/v1/requests/{request['id']}"
    await engineer.post_ok(f"{path}/assess", {**ASSESSED, "team": "network"})
    await engineer.post_ok(f"{path}/propose_requirements", {**requirements(), "acceptance_group": "payroll"})
    await requester.post_ok(f"{path}/agree_to_requirements")
    payload = {"acceptance_group": "personnel"}
    refused = await manager.post(f"{path}/name_acceptance_group", json=payload)
    assert refused.json()["code"] == "acceptance_group_staffed"
    await settle(api)
    assert "group_unstaffed" not in await steps_of(manager)

    if ending == "deactivate":
        await admin.post_ok(f"/v1/persons/{first}/deactivate")
    else:
        await admin.post_ok("/v1/groups/payroll/remove_member", {"person": first})
    worker = await settle(api)
    assert worker.failures == []
    # The administrator sees everybody's notices.
    notices = (await admin.read("/v1/notices"))["items"]
    recipients = [each["person"]["id"] for each in notices if each["steps"] == ["group_unstaffed"]]
    assert sorted(recipients) == sorted([manager.id, admin.id])
    event = (await admin.read("/v1/groups/payroll/events"))["items"][-1]
    assert (event["type"], event["given"]["asking_records"]) == ("group.uses_reported", [request["number"]])
    assert (await engineer.post(f"{path}/name_acceptance_group", json=payload)).status_code == 403
    await manager.post_ok(f"{path}/name_acceptance_group", payload)
    event = (await manager.read(f"{path}/events"))["items"][-1]
    assert event["type"] == "request.acceptance_group_named"


def test_every_field_that_asks_a_group_is_among_its_uses() -> None:
    fields = {
        (lifecycle.kind, field)
        for lifecycle in LIFECYCLES_BY_KIND.values()
        for field, mark in marks(lifecycle.record, ForeignRef).items()
        if mark.duty in (GivenDuty.group_decision, GivenDuty.group_acceptance)
    }
    assert {(lifecycle.kind, field) for lifecycle, field in fields_of_groups(LIFECYCLES_BY_KIND)} == fields
