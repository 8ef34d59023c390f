"""A KPI whose filter names what there is not says so: 0 would read as "there were no cases"."""

from __future__ import annotations

from uuid import uuid4

from app.common.people import Role
from app.kpis.catalogue import KPIS
from app.kpis.declaration.dimensions import IDS
from app.kpis.unknown_values import REFUSED
from tests.api.desk import MTTR, Desk
from tests.client import Api, an_incident

ANSWERS = (MTTR, f"{MTTR}/behaviour", f"{MTTR}/influence", f"{MTTR}/forecast", f"{MTTR}/cases")


async def test_every_filter_of_every_kpi_warns_of_a_value_that_nothing_has(api: Api) -> None:
    client = await api.client("Ada", *(role for role in Role if role is not Role.integration))
    silent = []
    for key, kpi in KPIS.items():
        for dimension in kpi.dimensions:
            unknown = str(uuid4()) if dimension in IDS else "no-such-name"
            response = await client.get(f"/v1/kpis/{key}", params={dimension.value: unknown, "grain": "all"})
            member = "errors" if dimension in REFUSED else "warnings"
            if [each["parameter"] for each in response.json().get(member, ())] != [dimension.value]:
                silent.append((key, dimension.value, response.status_code))
    assert silent == []


async def test_every_answer_about_a_kpi_warns_of_unknown_values(desk: Desk) -> None:
    for path in ANSWERS:
        (warning,) = (await desk.manager.read(path, service="no-such-service"))["warnings"]
        assert warning == {
            "parameter": "service",
            "code": "unknown_service",
            "detail": "There is no service “no-such-service”.",
            "near": [],
        }, path
        assert "warnings" not in await desk.manager.read(path, service="none"), path
    keys = "incident_resolution_seconds,incidents_opened"
    page = await desk.manager.read("/v1/kpis/behaviours", category="nosuch", channel="carrier", keys=keys)
    assert [each["code"] for each in page["warnings"]] == ["unknown_category", "unknown_value"]
    assert page["warnings"][1]["detail"] == "No case of this KPI has ever had “carrier” as its Channel."
    table = await desk.manager.get(MTTR, params={"service": "nosuch"}, headers={"Accept": "text/csv"})
    assert "warnings" not in table.text.splitlines()[0]


async def test_a_value_that_a_case_had_is_known_although_it_has_no_record(desk: Desk) -> None:
    await desk.agent.post_ok("/v1/incidents", an_incident(service="decommissioned-fax"))
    await desk.follow()
    opened = await desk.manager.read("/v1/kpis/incidents_opened", service="decommissioned-fax", grain="all")
    assert opened["points"][0]["cases"] == 1
    assert "warnings" not in opened
    never_counted = await desk.manager.read("/v1/kpis/major_incidents", service="decommissioned-fax")
    assert [each["code"] for each in never_counted["warnings"]] == ["unknown_service"]


async def test_codes_and_persons_that_there_are_need_no_warning(desk: Desk) -> None:
    person = desk.agent.id
    answer = await desk.manager.read(MTTR, channel="hotline", assignee=f"none,{person}")
    assert "warnings" not in answer
