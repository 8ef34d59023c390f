"""The catalogue: who keeps it, who sees what of it, and which items can be offered."""

from __future__ import annotations

from typing import Any

from app.common.people import STAFF_ROLES, Role
from app.foundation.services.items import EXAMPLE_FORM
from app.kernel.histories.rebuild import compare
from app.registry import LIFECYCLES
from tests.client import Api, Client, Json

SERVICES, ITEMS = "/v1/services", "/v1/catalogue_items"


async def a_service(client: Client, key: str = "mail", **more: Any) -> Json:
    """A service that is live."""
    body = {"key": key, "name_en": key, "name_zh": key, "criticality": "high", "owner": "me", **more}
    service = await client.post_ok(SERVICES, body)
    return await client.post_ok(f"{SERVICES}/{service['id']}/go_live")


def an_item(key: str, service: str = "mail", **more: Any) -> Json:
    """What is said to draft an item."""
    named = {"key": key, "service": service, "title_en": "A mailbox", "title_zh": "一个邮箱"}
    return {**named, "fulfilment_path": "standard", **more}


async def wrong(client: Client, **more: Any) -> tuple[str, str]:
    """Where what is said of an item is wrong, and why."""
    answer = await client.post(ITEMS, json=an_item("wrong", **more))
    assert answer.status_code == 422, answer.text
    (error,) = answer.json()["errors"]
    return error["pointer"], error["code"]


async def test_requesters_see_live_services_and_offered_items_and_staff_see_all(api: Api) -> None:
    keeper, reporter = await api.client("Ada", Role.service_level_manager), await api.client("Zhao")
    auditor = await api.client("Eve", Role.auditor)
    body = {"key": "mail", "name_en": "E-mail", "name_zh": "邮件", "criticality": "high", "owner": "me"}
    assert (await reporter.post(SERVICES, json=body)).status_code == 403
    path = f"{SERVICES}/{(await keeper.post_ok(SERVICES, body))['id']}"
    assert (await reporter.get(path)).status_code == 404
    assert (await reporter.read(SERVICES))["items"] == []
    assert len((await auditor.read(SERVICES))["items"]) == 1
    item = f"{ITEMS}/{(await keeper.post_ok(ITEMS, an_item('mailbox', form=EXAMPLE_FORM)))['id']}"
    assert (await keeper.post(f"{item}/offer")).json()["code"] == "service_is_not_live"
    await keeper.post_ok(f"{path}/go_live")
    await keeper.post_ok(f"{item}/offer")
    assert (await reporter.read(path))["state"] == "live"
    (offered,) = (await reporter.read(ITEMS, service="mail"))["items"]
    assert offered["form"] == EXAMPLE_FORM
    await keeper.post_ok(f"{item}/withdraw")
    await keeper.post_ok(f"{path}/retire")
    assert (await reporter.get(item)).status_code == (await reporter.get(path)).status_code == 404
    assert (await keeper.post(f"{item}/offer")).status_code == 409
    assert await wrong(keeper) == ("/service", "service_retired")
    async with api.ledger.db.connection() as connection:
        assert (await compare(connection, LIFECYCLES)).differing == {}


async def test_a_form_that_is_none_is_refused_where_it_is_wrong(api: Api) -> None:
    keeper = await api.client("Ada", Role.admin)
    await a_service(keeper)
    form = {"type": "object", "properties": {"a": {"$ref": "https://example.org/", "type": "string"}}}
    assert await wrong(keeper, form=form) == ("/form/properties/a/$ref", "form_keyword")
    deep: Any = {}
    for _ in range(150):
        deep = {"items": deep}
    assert await wrong(keeper, form={"properties": {"a": deep}, "type": "object"}) == (
        "/form/properties/a/type",
        "enum",
    )


async def test_one_electorate_approves_by_a_rule(api: Api) -> None:
    keeper = await api.client("Ada", Role.admin)
    await a_service(keeper)
    await keeper.post_ok("/v1/groups", {"key": "board", "name": "Board", "chair": "me"})
    by_role: Json = {"approver_role": "management", "approval_rule": "majority"}
    assert await wrong(keeper, **by_role, approver_group="board") == ("/approver_role", "one_electorate")
    assert await wrong(keeper, approver_role="management") == ("/approval_rule", "rule_of_an_electorate")
    readers: Json = by_role | {"approver_role": "auditor"}
    assert await wrong(keeper, **readers) == ("/approver_role", "role_only_reads")
    for role in set(Role) - STAFF_ROLES:
        by_other_role: Json = by_role | {"approver_role": role.value}
        assert await wrong(keeper, **by_other_role) == ("/approver_role", "role_does_not_approve")
    assert await wrong(keeper, approval_rule="majority") == ("/approval_rule", "rule_of_an_electorate")
    assert await wrong(keeper, **{**by_role, "approval_rule": "chair"}) == (
        "/approval_rule",
        "chair_of_a_group",
    )
    item = await keeper.post_ok(ITEMS, an_item("a", approver_group="board", approval_rule="chair"))
    path = f"{ITEMS}/{item['id']}"
    body = {"approver_group": None, "approver_persons": [keeper.id], "approval_rule": "unanimous"}
    answer = await keeper.patch(path, json=body, headers={"If-Match": "*"})
    assert answer.json()["approver_persons"] == [keeper.id]
    answer = await keeper.patch(path, json={"approver_persons": []}, headers={"If-Match": "*"})
    assert answer.json()["errors"][0]["code"] == "rule_of_an_electorate"


async def test_answers_can_be_checked_by_whoever_sees_the_item_and_nothing_is_written(api: Api) -> None:
    keeper, reporter = await api.client("Ada", Role.service_level_manager), await api.client("Zhao")
    await a_service(keeper)
    item = f"{ITEMS}/{(await keeper.post_ok(ITEMS, an_item('mailbox', form=EXAMPLE_FORM)))['id']}"
    bare = f"{ITEMS}/{(await keeper.post_ok(ITEMS, an_item('nothing-asked')))['id']}"
    head = await api.head()
    assert (await reporter.post(f"{item}/check", json={"answers": {}})).status_code == 404, "it is a draft"
    tried = await keeper.post_ok(f"{item}/check", {"answers": {"unheard_of": 1}})
    assert tried["fit"] is False
    assert "/answers/unheard_of" in {fault["pointer"] for fault in tried["errors"]}
    assert await keeper.post_ok(f"{bare}/check", {}) == {"fit": True, "errors": []}
    record = await keeper.post_ok(f"{bare}/check", {"answers": {"a": 1}})
    assert [(fault["pointer"], fault["code"]) for fault in record["errors"]] == [
        ("/answers", "answers_to_nothing")
    ]
    for nested in ({"a": {"b": 1}}, {"a": 10**400}, ["a"]):
        assert (await keeper.post(f"{item}/check", json={"answers": nested})).status_code == 422
    assert await api.head() == head


async def test_a_check_says_what_a_request_would_be_answered_with(api: Api) -> None:
    keeper, reporter = await api.client("Ada", Role.service_level_manager), await api.client("Zhao")
    await a_service(keeper)
    item = f"{ITEMS}/{(await keeper.post_ok(ITEMS, an_item('mailbox', form=EXAMPLE_FORM)))['id']}"
    await keeper.post_ok(f"{item}/offer")
    wrong_ones: list[Json] = [{}, {"unheard_of": 1}, {name: [] for name in EXAMPLE_FORM["properties"]}]
    for answers in wrong_ones:
        body: Json = {"item": "mailbox", "title": "A mailbox", "description": "For me.", "channel": "portal"}
        body |= {"urgency": "3", "answers": answers}
        refused = await reporter.post("/v1/requests", json=body, headers={"Accept-Language": "zh"})
        checked = await reporter.post(
            f"{item}/check", json={"answers": answers}, headers={"Accept-Language": "zh"}
        )
        assert checked.status_code == 200
        faults = [fault for fault in refused.json()["errors"] if fault["pointer"].startswith("/answers")]
        assert checked.json() == {"fit": not faults, "errors": faults}
        assert faults, answers
