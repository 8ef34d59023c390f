"""What people who hold exactly one role see of what others made, and do with it."""

from __future__ import annotations

from app.common.people import Role
from tests.client import Api, Json, an_incident
from tests.processes.changes.samples import a_board, a_change
from tests.processes.problems.samples import CAUSE, a_problem


async def _request_of_a_change(api: Api) -> tuple[Json, Json]:
    """A customer's request of an item that opens a change, and one of an item that opens nothing."""
    admin = await api.client("Adam", Role.admin)
    words = {"name_en": "E-mail", "name_zh": "电子邮件", "criticality": "high", "owner": "me"}
    service = await admin.post_ok("/v1/services", {"key": "mail", **words})
    await admin.post_ok(f"/v1/services/{service['id']}/go_live")
    customer = await api.client("Rosa", Role.requester)
    requests = []
    for key, opens in (("a-change", "change"), ("laptop", None)):
        words = {"key": key, "service": "mail", "title_en": key, "title_zh": key}
        body = {**words, "fulfilment_path": "standard", "opens": opens}
        item = await admin.post_ok("/v1/catalogue_items", body)
        await admin.post_ok(f"/v1/catalogue_items/{item['id']}/offer")
        order = {"title": "A new relay", "description": "As agreed.", "channel": "portal", "urgency": "3"}
        requests.append(await customer.post_ok("/v1/requests", {**order, "item": key}))
    return requests[0], requests[1]


async def test_a_change_manager_drafts_a_change_from_a_request_that_opens_one(api: Api) -> None:
    request, other = await _request_of_a_change(api)
    manager = await api.client("Katrin", Role.change_manager)
    items = (await manager.read("/v1/requests", count="exact"))["items"]
    assert [item["number"] for item in items] == [request["number"]]
    assert (await manager.read(f"/v1/requests/{request['number']}"))["id"] == request["id"]
    change = await manager.post_ok("/v1/changes", a_change(request=request["number"]))
    assert change["request_id"] == request["id"]
    events = (await manager.read(f"/v1/requests/{request['id']}/events"))["items"]
    assert [event["type"] for event in events] == ["request.submitted", "request.linked"]
    fed = (await manager.read("/v1/events", kind="request"))["items"]
    assert {event["stream"] for event in fed} == {f"request/{request['id']}"}

    assert (await manager.get(f"/v1/requests/{other['number']}")).status_code == 404
    refused = await manager.post("/v1/changes", json=a_change(request=other["number"]))
    assert (refused.status_code, refused.json()["errors"][0]["code"]) == (422, "unknown_reference")
    colleague = await api.client("Ingrid", Role.problem_manager)
    assert (await colleague.get(f"/v1/requests/{request['number']}")).status_code == 404


async def test_a_change_manager_of_one_service_sees_the_requests_for_it(api: Api) -> None:
    request, _ = await _request_of_a_change(api)
    path = f"/v1/requests/{request['number']}"
    for service, numbers in (("mail", [request["number"]]), ("print", [])):
        manager = await api.client("Katrin", f"change_manager@service/{service}")
        assert (await manager.get(path)).status_code == (200 if numbers else 404)
        assert [item["number"] for item in (await manager.read("/v1/requests"))["items"]] == numbers


async def test_a_problem_manager_begins_a_fix_with_a_change_of_others(api: Api) -> None:
    board = await a_board(api)
    manager = await api.client("Ingrid", Role.problem_manager)
    change = await board.agent.read(await board.approved())
    problem = await board.agent.post_ok("/v1/problems", a_problem())
    path = f"/v1/problems/{problem['id']}"
    await manager.post_ok(f"{path}/investigate", {"team": "network", "assignee": board.engineer.id})
    await board.engineer.post_ok(f"{path}/identify_cause", CAUSE)
    fixed = await manager.post_ok(f"{path}/begin_fix", {"fixing_change": change["number"]})
    assert fixed["fixing_change_id"] == change["id"]


async def test_the_desk_and_the_managers_of_incidents_and_problems_find_all_changes(api: Api) -> None:
    board = await a_board(api)
    path = await board.approved()
    change = await board.manager.read(path)
    for role in (Role.agent, Role.engineer, Role.incident_manager, Role.problem_manager, Role.cab_member):
        client = await api.client("Anna", role)
        assert (await client.get(path)).status_code == 200, role
        items = (await client.read("/v1/changes"))["items"]
        assert [item["number"] for item in items] == [change["number"]], role
    requester = await api.client("Rosa", Role.requester)
    assert (await requester.get(path)).status_code == 404
    assert (await requester.read("/v1/changes"))["items"] == []


async def test_a_change_that_is_hidden_is_answered_like_one_that_is_not_there(api: Api) -> None:
    board = await a_board(api)
    change = await board.manager.read(await board.approved())
    customer = await api.client("Paul", Role.requester)
    answers = []
    for number in (change["number"], "CHG-2026-999999"):
        body = {"kind": "relates_to", "other": number}
        incident = await customer.post_ok("/v1/incidents", an_incident())
        answer = await customer.post(f"/v1/incidents/{incident['id']}/link", json=body)
        answers.append((answer.status_code, answer.json()["code"]))
    assert answers[0] == answers[1]
