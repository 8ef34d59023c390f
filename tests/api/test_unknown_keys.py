"""What a command names and nothing here has is taken, and its answer says so; over HTTP."""

from __future__ import annotations

import pytest

from app.common.people import Role
from tests.api.desk import Desk
from tests.client import Api, Client, Json, an_incident
from tests.extent import in_test_all
from tests.processes.incidents.test_alerts import FIRING, tool_of
from tests.processes.problems.samples import a_problem


@pytest.fixture
async def agent(api: Api) -> Client:
    """An agent where there is one service."""
    keeper = await api.client("Keeper", Role.admin, Role.service_level_manager)
    service = {"key": "mail", "name_en": "E-mail", "name_zh": "电子邮件", "criticality": "high"}
    await keeper.post_ok("/v1/services", {**service, "owner": keeper.id})
    return await api.client("Lin", Role.agent)


async def test_an_unknown_service_is_taken_and_the_answer_warns_of_it(agent: Client) -> None:
    body = an_incident(service="Mial", ci="srv-9")
    answer = await agent.post("/v1/incidents", json=body, headers={"accept-language": "zh"})
    assert answer.status_code == 201, answer.text
    warnings = answer.json()["warnings"]
    assert [(w["pointer"], w["code"], w["near"]) for w in warnings] == [
        ("/service", "unknown_service", ["mail"]),
        ("/ci", "unknown_ci", []),
    ]
    assert "没有服务" in warnings[0]["detail"]
    path = f"/v1/incidents/{answer.json()['id']}"
    stored = await agent.get(path)
    assert stored.json()["service"] == "Mial"
    assert "warnings" not in stored.json()
    assert stored.headers["etag"] == (await agent.get(path)).headers["etag"]
    (event,) = (await agent.read(f"{path}/events"))["items"]
    assert "warnings" not in event["given"]
    for name in ("mail", " e-Mail ", "电子邮件"):
        incident = await agent.post_ok("/v1/incidents", an_incident(service=name))
        assert incident["service"] == "mail", "however it is called"
        assert "warnings" not in incident
    named = a_problem(service=None, affected_services=["E-MAIL", "relay"], ci="srv-9")
    problem = await agent.post_ok("/v1/problems", named)
    assert problem["affected_services"] == ["mail", "relay"]


async def test_the_answers_of_replays_and_edits_warn_too_and_the_etag_is_the_records(agent: Client) -> None:
    headers = {"idempotency-key": "once-and-again"}
    body = an_incident(service="male")
    first, second = [await agent.post("/v1/incidents", json=body, headers=headers) for _ in range(2)]
    assert second.headers["idempotent-replayed"] == "true"
    assert first.json()["warnings"] == second.json()["warnings"]
    path = f"/v1/incidents/{first.json()['id']}"
    assert (await agent.get(path)).headers["etag"] == first.headers["etag"] == second.headers["etag"]
    edited = await agent.patch(path, json={"category": "e-mial"}, headers={"if-match": first.headers["etag"]})
    assert [warning["code"] for warning in edited.json()["warnings"]] == ["unknown_category"]


@pytest.mark.parametrize("all_or_nothing", [False, True])
async def test_each_item_of_a_bulk_has_its_own_warnings(agent: Client, *, all_or_nothing: bool) -> None:
    items: list[Json] = [
        {"action": "report", "body": an_incident(service=service)} for service in ("mail", "mali")
    ]
    answer = await agent.post_ok("/v1/incidents/bulk", {"items": items, "all_or_nothing": all_or_nothing})
    near = [[warning["near"] for warning in item["warnings"]] for item in answer["items"]]
    assert near == [[], [["mail"]]]


async def test_what_the_caller_may_not_see_is_warned_of_as_what_is_not_there(api: Api, agent: Client) -> None:
    keeper = await api.client("Karl", Role.configuration_manager, Role.admin)
    await keeper.post_ok("/v1/cis", {"key": "srv-17", "name": "Relay", "ci_class": "server"})
    zhao = await api.client("Zhao Min")
    for ci in ("srv-17", "srv-71"):
        (warning,) = (await zhao.post_ok("/v1/incidents", an_incident(ci=ci)))["warnings"]
        assert (warning["code"], warning["near"]) == ("unknown_ci", [])
    (warning,) = (await agent.post_ok("/v1/incidents", an_incident(ci="srv-71")))["warnings"]
    assert warning["near"] == ["srv-17"]


async def test_the_answer_to_an_alert_warns_of_what_the_tool_names_and_nothing_here_has(
    agent: Client, api: Api
) -> None:
    tool = await tool_of(api)
    body = FIRING | {"service": "Mial", "ci": "srv-9"}
    headers = {"idempotency-key": "alerted-once"}
    first, second = [await tool.post("/v1/alerts", json=body, headers=headers) for _ in range(2)]
    assert second.headers["idempotent-replayed"] == "true"
    assert "etag" not in first.headers
    assert first.json() == second.json()
    warnings = first.json()["warnings"]
    assert [(w["pointer"], w["code"], w["near"]) for w in warnings] == [
        ("/service", "unknown_service", []),
        ("/ci", "unknown_ci", []),
    ], "it does not see services that are not live, so none is named as near"
    path = f"/v1/incidents/{first.json()['incident']['id']}"
    assert "warnings" not in await agent.read(path)
    assert all("warnings" not in event["given"] for event in (await agent.read(f"{path}/events"))["items"])
    of_mail = await tool.post_ok("/v1/alerts", FIRING | {"dedup_key": "another"})
    assert "warnings" not in of_mail, "there is such a service"


@in_test_all
async def test_a_kpi_counts_what_was_opened_with_an_unknown_key_and_lists_it(desk: Desk) -> None:
    keeper = await desk.api.client("Karl", Role.configuration_manager, Role.admin)
    early = await desk.agent.post_ok("/v1/incidents", an_incident(ci="srv-17"))
    await keeper.post_ok("/v1/cis", {"key": "srv-17", "name": "Relay", "ci_class": "server"})
    position = await desk.api.head()
    late = await desk.agent.post_ok("/v1/incidents", an_incident(ci="srv-17"))
    assert ("warnings" in early, "warnings" in late) == (True, False)
    await desk.follow()
    path = "/v1/kpis/incident_unknown_keys_share"
    share = await desk.point(path)
    assert (share["numerator"], share["denominator"]) == (1, 2)
    by_source = (await desk.manager.read(path, grain="all", by="source"))["points"]
    assert [(point["by"], point["value"]) for point in by_source] == [({"source": "api"}, 0.5)]
    listed = (await desk.manager.read(f"{path}/cases"))["items"]
    assert {case["id"]: case["measure"] for case in listed} == {early["id"]: 1, late["id"]: 0}
    then = await desk.point(path, as_of=position)
    assert (then["numerator"], then["denominator"]) == (1, 1)
