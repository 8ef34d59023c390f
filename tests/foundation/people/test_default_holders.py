"""Whom a default fills in passes the check of those who are named; what waits for somebody who has left is
told to those who may act instead.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import httpx

from app.common.people import Role
from app.foundation.people.records import TeamKind
from tests.client import Api, Client, Json
from tests.foundation.people.test_succession import settle
from tests.people import add_person

FINDING: Json = {
    "title": "Closed without a solution",
    "kind": "violation",
    "severity": "major",
    "process": "incident",
    "team": "network",
    "evidence": ["INC-2025-000001"],
    "description": "Nothing says what was done.",
    "self_found": False,
}


async def test_leads_and_superiors_are_of_it_and_leavers_are_no_default(api: Api) -> None:
    admin, ledger = await api.client("Ada", Role.admin), api.ledger
    await api.team("clients", TeamKind.customer)
    await api.team("fitters", TeamKind.supplier)
    customer, fitter = [
        await add_person(ledger, *names) for names in (("Cai", "clients"), ("Fay", "fitters"))
    ]
    newcomer = await add_person(ledger, "Nova")
    await api.team("network")
    engineer = await api.client("Erik", Role.engineer, teams=("network",))
    for person in (customer, fitter, newcomer):
        body = {"key": "other", "name": "Other", "kind": "internal", "lead": str(person.id)}
        for answer, pointer in (
            (await admin.post("/v1/teams", json=body), "/lead"),
            (await edited(admin, "/v1/teams/network", {"lead": str(person.id)}), "/lead"),
            (await edited(admin, f"/v1/persons/{engineer.id}", {"manager": str(person.id)}), "/manager"),
        ):
            assert [(each["pointer"], each["code"]) for each in answer.json()["errors"]] == [
                (pointer, "not_staff")
            ], answer.text
    customers = {"key": "clients-2", "name": "Clients", "kind": "customer", "lead": str(newcomer.id)}
    await admin.post_ok("/v1/teams", customers)

    lead = await api.client("Lena", Role.engineer, teams=("network",))
    head, quality = (
        await api.client("Dan", Role.department_head),
        await api.client("Qi", Role.quality_manager),
    )
    assert (await edited(admin, "/v1/teams/network", {"lead": lead.id})).is_success
    finding_body = {**FINDING, "owner": engineer.id, "person": engineer.id, "due_at": ahead(days=9)}
    assert (await quality.post_ok("/v1/findings", finding_body))["head"]["id"] == lead.id
    await admin.post_ok(f"/v1/persons/{lead.id}/deactivate")
    another = {**finding_body, "title": "Another", "evidence": ["INC-2025-000002"]}
    finding = await quality.post_ok("/v1/findings", another)
    assert finding["head"]["id"] == head.id, "the head of the department is next"
    audit = await quality.post_ok(
        "/v1/audits", {"month": "2025-01", "team": "network", "process": "incident"}
    )
    assert audit["head"]["id"] == head.id
    supervisor, writer = [
        await api.client(role.name, role) for role in (Role.process_supervisor, Role.process_administrator)
    ]
    path = f"/v1/audits/{audit['number']}"
    await supervisor.post_ok(f"{path}/submit_self_check", SELF_CHECK)
    await writer.post_ok(
        f"{path}/confirm_summary", {"low_performers": "The night shift.", "measures": "Training."}
    )
    # The quality manager who raised it leaves before it is corrected.
    successor = await api.client("Quinn", Role.quality_manager)
    await admin.post_ok(f"/v1/persons/{quality.id}/deactivate")
    await engineer.post_ok(f"/v1/findings/{finding['number']}/correct", {"correction": "Written down."})
    await settle(api)
    assert "to_countersign" in await steps_of(head)
    assert {"to_countersign", "finding_corrected"} <= set(await steps_of(successor))


SELF_CHECK: Json = {
    "runs": 3,
    "measures": [{"text": "Checklists anew."}],
    "deviations": [{"text": "One was late.", "about": "INC-2025-000001"}],
    "design_faults": [{"fault": "form", "text": "It has no field for it."}],
}


async def edited(admin: Client, path: str, body: Json) -> httpx.Response:
    return await admin.patch(path, json=body, headers={"If-Match": "*"})


def ahead(days: int) -> str:
    return (datetime.now(UTC) + timedelta(days=days)).isoformat()


async def steps_of(person: Client) -> list[str]:
    return [step for row in (await person.read("/v1/notices"))["items"] for step in row["steps"]]
