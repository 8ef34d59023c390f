"""Suppliers: teams that are waited for, and get no work."""

from __future__ import annotations

from app.common.people import Role
from app.foundation.people.records import TeamKind
from tests.client import Api, an_incident


async def test_a_supplier_gets_no_work_in_any_way(api: Api) -> None:
    admin = await api.client("Ada", Role.admin, Role.agent)
    await api.team("cabling-co", TeamKind.supplier)
    ticket = f"/v1/incidents/{(await admin.post_ok('/v1/incidents', an_incident()))['id']}"
    service = {"key": "mail", "name_en": "Mail", "name_zh": "邮件", "criticality": "low", "owner": "me"}
    cases = (
        (f"{ticket}/assign", {"team": "cabling-co"}, "/team"),
        (f"{ticket}/escalate", {"team": "cabling-co", "reason": "Theirs."}, "/team"),
        (f"{ticket}/add_task", {"title": "Lay it", "team": "cabling-co"}, "/team"),
        ("/v1/services", service | {"team": "cabling-co"}, "/team"),
        (
            "/v1/assignment_rules",
            {"process": "incident", "name": "All", "position": 1, "to_team": "cabling-co"},
            "/to_team",
        ),
        (
            "/v1/escalation_rules",
            {
                "process": "incident",
                "name": "Late",
                "as_long_as": "unassigned",
                "after_seconds": 60,
                "escalate_to": "team",
                "to_team": "cabling-co",
            },
            "/to_team",
        ),
    )
    for path, body, pointer in cases:
        before = await api.head()
        refused = await admin.post(path, json=body)
        assert refused.status_code == 422, (path, refused.text)
        (error,) = refused.json()["errors"]
        assert (error["pointer"], error["code"]) == (pointer, "supplier_gets_no_work"), path
        assert "“cabling-co”" in error["message"]
        assert await api.head() == before, path


async def test_a_supplier_is_no_customer_of_a_service(api: Api) -> None:
    admin = await api.client("Ada", Role.admin)
    await api.team("cabling-co", TeamKind.supplier)
    await api.team("sales", TeamKind.customer)
    service = {"key": "mail", "name_en": "Mail", "name_zh": "邮件", "criticality": "low", "owner": "me"}
    refused = await admin.post("/v1/services", json=service | {"customers": ["sales", "cabling-co"]})
    (error,) = refused.json()["errors"]
    assert (error["pointer"], error["code"]) == ("/customers/1", "supplier_is_no_customer")
    record = await admin.post_ok("/v1/services", service | {"customers": ["sales"]})
    assert len(record["customers"]) == 1


async def test_a_suppliers_employee_manages_no_project_whatever_roles_they_hold(api: Api) -> None:
    quality = await api.client("Qi", Role.quality_manager, Role.project_manager)
    await api.team("cabling-co", TeamKind.supplier)
    await api.team("projects")
    await api.client("Hired", Role.project_manager, teams=("cabling-co",))
    seconded = await api.client("Seconded", Role.project_manager, teams=("cabling-co", "projects"))
    answer = await quality.read("/v1/lookup", kind="person", duty="project_management")
    assert {person["id"] for person in answer["items"]} == {quality.id, seconded.id}
