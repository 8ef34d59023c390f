"""A successor passes what the action that names the holder checks, also if a rule hands over."""

from __future__ import annotations

import inspect
import re
from typing import Any

import pytest

from app.common.people import Role
from app.foundation.people.succession.duties import KIND_DUTIES
from app.foundation.people.succession.handing_over import hand_over_duties
from app.registry import LIFECYCLES_BY_KIND
from tests.client import Api, Client
from tests.foundation.people.test_succession import settle

#: Fields whose naming action reads them in a check that no successor can break, by why not.
CHECKED_ELSEWHERE = {
    "hand_over_duties of improvements asks what their charter asks": """
        improvement.executor_id improvement.process_owner_id improvement.sponsor_id
        improvement.project_manager_id""",
    "two fields that are kept apart": "process_definition.owner_id process_definition.executor_id",
    "a member of the team that the payload names as well; without one, anybody of IT may be named": """
        request.assignee_id problem.assignee_id incident.assignee_id change.assignee_id release.assignee_id
        improvement.assignee_id meeting.assignee_id""",
}


def named_fields(kind: str) -> set[str]:
    """The fields for which the table of the kind checks a successor as if they were named."""
    fields: set[str] = set()
    for check in LIFECYCLES_BY_KIND[kind][hand_over_duties.__name__].checks.wrong:
        fields |= set(inspect.getclosurevars(check).nonlocals.get("named", ()))
    return fields


def read_in_checks(kind: str) -> set[str]:
    """The fields that checks of naming actions of the kind read from the payload."""
    lifecycle: Any = LIFECYCLES_BY_KIND[kind]
    rows = [row for row in lifecycle.rows if row.name != hand_over_duties.__name__]
    sources = [
        inspect.getsource(check) for row in rows for check in row.checks.wrong if inspect.isfunction(check)
    ]
    read = set(re.findall(r'ref\(Person, "(\w+)"\)', "\n".join(sources)))
    return {f"{name}_id" for name in read} & set(KIND_DUTIES[kind].fields)


@pytest.mark.parametrize("kind", sorted(KIND_DUTIES))
def test_what_naming_checks_is_asked_of_a_successor(kind: str) -> None:
    exempt = {name for names in CHECKED_ELSEWHERE.values() for name in names.split()}
    unasked = {f"{kind}.{name}" for name in read_in_checks(kind) - named_fields(kind)}
    assert unasked <= exempt
    assert named_fields(kind) <= set(KIND_DUTIES[kind].fields), "each is handed over at all"


@pytest.fixture
async def admin(api: Api) -> Client:
    """An administrator."""
    return await api.client("Ada", Role.admin)


async def reports_to(admin: Client, person: Client, manager: Client) -> None:
    """The person has that superior."""
    path = f"/v1/persons/{person.id}"
    answer = await admin.request("PATCH", path, json={"manager": manager.id}, headers={"If-Match": "*"})
    assert answer.is_success, answer.text


@pytest.mark.parametrize(
    ("successor", "code"), [("report", "superior_in_a_circle"), ("customer", "not_staff")]
)
async def test_nobody_becomes_a_superior_by_a_transfer_whom_an_edit_would_refuse(
    api: Api, admin: Client, successor: str, code: str
) -> None:
    await api.team("network")
    leaver, middle, report = [
        await api.client(name, Role.engineer, teams=("network",)) for name in ("Leonie", "Mina", "Remy")
    ]
    successors = {"report": report, "customer": await api.client("Cuno")}
    await reports_to(admin, middle, leaver)
    await reports_to(admin, report, middle)
    await admin.post_ok(f"/v1/persons/{leaver.id}/deactivate")
    body = {"person": leaver.id, "new_holder": successors[successor].id}
    refused = await admin.post(f"/v1/persons/{middle.id}/hand_over_duties", json=body)
    assert refused.json()["errors"][0]["code"] == code
    transfer = {"new_holder": successors[successor].id, "kinds": ["person"]}
    answer = await admin.post(f"/v1/persons/{leaver.id}/transfer_duties", json=transfer)
    assert (answer.status_code, answer.json()["code"]) == (409, "no_duty_moves")
    await settle(api)
    assert (await admin.read(f"/v1/persons/{middle.id}"))["manager"]["id"] == leaver.id


async def test_a_team_of_it_is_led_by_nobody_of_a_supplier_after_its_lead_has_left(
    api: Api, admin: Client
) -> None:
    await api.team("network")
    await admin.post_ok("/v1/teams", {"key": "vendor", "name": "Vendor", "kind": "supplier"})
    lead = await api.client("Lena", Role.engineer, teams=("network",))
    supplier = await api.client("Sue", teams=("vendor",))
    path = "/v1/teams/network"
    await admin.request("PATCH", path, json={"lead": lead.id}, headers={"If-Match": "*"})
    await admin.post_ok(f"/v1/persons/{lead.id}/deactivate")
    body = {"person": lead.id, "new_holder": supplier.id}
    refused = await admin.post(f"{path}/hand_over_duties", json=body)
    assert refused.json()["errors"][0]["code"] == "not_staff"
