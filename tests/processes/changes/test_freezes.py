"""Freezes and maintenance bans over HTTP: declared, moved, withdrawn; who declares them and who sees them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from app.common.people import Role
from app.kernel.actions.payloads import Reason
from app.kernel.actions.refusals import ActionUnavailable
from app.processes.changes.policies.payloads import DeclareFreeze, MoveFreeze
from tests.client import Api, Client, Json
from tests.people import act, add_caller

PATH = "/v1/freezes"
FROM, UNTIL = "2198-12-28T00:00:00Z", "2199-01-04T00:00:00Z"


def a_freeze(**more: Any) -> Json:
    """What is said to declare one, of everything if nothing is said of that."""
    body = {
        "freeze_kind": "freeze",
        "title": "Closing of the year",
        "reason": "The books are closed. 年终结账。",
        "from_at": FROM,
        "until_at": UNTIL,
    }
    scoped = {"services", "ci_classes", "everything"} & more.keys()
    return {**body, **({} if scoped else {"everything": True}), **more}


async def window(api: Api, freeze: Json) -> Json | None:
    """The window that the freeze holds in the database."""
    query = (
        "select lower(during) as from_at, upper(during) as until_at, everything, services, ci_classes "
        "from schedule.freeze_window where freeze_id = %s"
    )
    return await api.ledger.db.row(query, (freeze["id"],))


async def service(api: Api, *keys: str) -> None:
    """Services of these keys."""
    admin = await api.client("Admin", Role.admin)
    for key in keys:
        names = {"name_en": key.capitalize(), "name_zh": "服务"}
        await admin.post_ok("/v1/services", {"key": key, **names, "criticality": "high", "owner": "me"})


@pytest.fixture
async def manager(api: Api) -> Client:
    return await api.client("Manager", Role.change_manager)


async def test_a_freeze_holds_its_window_until_it_is_moved_or_withdrawn(api: Api, manager: Client) -> None:
    declared = await manager.post_ok(PATH, a_freeze())
    assert (declared["state"], declared["owner"]["id"]) == ("declared", manager.id)
    assert (declared["everything"], declared["hit_change_ids"], declared["hit_changes"]) == (True, None, [])
    path = f"{PATH}/{declared['id']}"
    held = await window(api, declared)
    assert held is not None
    assert (held["from_at"], held["everything"]) == (datetime(2198, 12, 28, tzinfo=UTC), True)
    later = {"from_at": "2199-01-01T00:00:00Z", "until_at": "2199-01-08T00:00:00Z", "reason": "A week later."}
    moved = await manager.post_ok(f"{path}/move", later)
    assert (moved["from_at"][:10], moved["reason"]) == ("2199-01-01", declared["reason"])
    held = await window(api, declared)
    assert held is not None
    assert held["until_at"] == datetime(2199, 1, 8, tzinfo=UTC)
    withdrawn = await manager.post_ok(f"{path}/withdraw", {"reason": "The books are open again."})
    assert withdrawn["state"] == "withdrawn"
    assert withdrawn["withdrawn_at"] is not None
    assert await window(api, declared) is None
    events = (await manager.read(f"{path}/events"))["items"]
    assert [event["type"] for event in events] == ["freeze.declared", "freeze.moved", "freeze.withdrawn"]
    refused = await manager.post(f"{path}/move", json=later)
    assert (refused.status_code, refused.json()["code"]) == (409, "not_in_this_state")


async def test_a_ban_may_be_for_some_services_and_classes_of_items(api: Api, manager: Client) -> None:
    await service(api, "mail", "web")
    freeze = a_freeze(freeze_kind="maintenance_ban", services=["mail", "web"], ci_classes=["network"])
    declared = await manager.post_ok(PATH, freeze)
    assert (declared["everything"], declared["services"]) == (False, ["mail", "web"])
    held = await window(api, declared)
    assert held is not None
    assert (held["everything"], held["services"], held["ci_classes"]) == (False, ["mail", "web"], ["network"])


#: What is wrong in a freeze: where, and how it is called.
WRONG: list[tuple[Json, str, str]] = [
    ({"until_at": FROM}, "/until_at", "not_behind_start"),
    ({"until_at": "2200-01-01T00:00:00Z"}, "/until_at", "too_long_a_freeze"),
    ({"from_at": "2020-01-01T00:00:00Z", "until_at": "2020-01-02T00:00:00Z"}, "/until_at", "not_ahead"),
    ({"everything": False}, "/everything", "everything_or_some"),
    ({"everything": True, "ci_classes": ["server"]}, "/everything", "everything_or_some"),
    ({"services": ["none-such"]}, "/services/0", "unknown_reference"),
    ({"ci_classes": ["server", "server"]}, "/ci_classes", "each_once"),
    ({"ci_classes": ["cloud"]}, "/ci_classes/0", "enum"),
    ({"owner": "00000000-0000-7000-8000-000000000000"}, "/owner", "unknown_reference"),
]


async def test_a_freeze_without_a_period_or_a_scope_is_refused(manager: Client) -> None:
    for fields, pointer, code in WRONG:
        refused = await manager.post(PATH, json=a_freeze(**fields))
        assert refused.status_code == 422, (fields, refused.text)
        error = refused.json()["errors"][0]
        assert (error["pointer"], error["code"]) == (pointer, code)


async def test_a_freeze_is_not_moved_to_a_time_that_is_over_or_turned_round(manager: Client) -> None:
    declared = await manager.post_ok(PATH, a_freeze())
    for from_at, until_at, code in (
        (UNTIL, FROM, "not_behind_start"),
        ("2020-01-01T00:00:00Z", "2020-01-02T00:00:00Z", "not_ahead"),
        (FROM, "2200-02-01T00:00:00Z", "too_long_a_freeze"),
    ):
        body = {"from_at": from_at, "until_at": until_at, "reason": "Another time."}
        refused = await manager.post(f"{PATH}/{declared['id']}/move", json=body)
        assert refused.json()["errors"][0]["code"] == code


async def test_only_the_owner_and_management_move_or_lift_a_freeze(api: Api, manager: Client) -> None:
    await api.team("closing")
    head = await api.client("Head", Role.management)
    owner = await api.client("Owner", teams=("closing",))
    level_manager = await api.client("Slm", Role.service_level_manager)
    later = {"from_at": "2199-01-01T00:00:00Z", "until_at": "2199-01-08T00:00:00Z", "reason": "A week later."}
    declared = await head.post_ok(PATH, a_freeze(owner=owner.id))
    path, lifted = f"{PATH}/{declared['id']}", {"reason": "We want to do our change now."}
    for client in (manager, level_manager):
        for action, body in (("move", later), ("withdraw", lifted)):
            assert (await client.post(f"{path}/{action}", json=body)).status_code == 403, action
        answer = await client.patch(path, json={"owner": client.id}, headers={"If-Match": "*"})
        assert answer.status_code == 403, "nobody makes themselves its owner"
    await owner.post_ok(f"{path}/move", later)
    assert (await head.post_ok(f"{path}/withdraw", lifted))["state"] == "withdrawn"


async def test_those_who_answer_for_changes_services_or_the_whole_declare_one(api: Api) -> None:
    declare = {Role.change_manager, Role.service_level_manager, Role.management}
    for n, role in enumerate(Role):
        client = await api.client(f"Somebody {n}", role)
        status = (await client.post(PATH, json=a_freeze())).status_code
        assert status == (201 if role in declare else 403), role


async def test_staff_see_freezes_and_whoever_answers_for_one_too(api: Api, manager: Client) -> None:
    await api.team("closing")
    requester, owner = await api.client("王芳"), await api.client("Owner", teams=("closing",))
    declared = await manager.post_ok(PATH, a_freeze(owner=owner.id))
    path = f"{PATH}/{declared['id']}"
    assert (await (await api.client("Lin", Role.agent)).read(path))["title"] == "Closing of the year"
    assert (await owner.read(path))["owner"]["id"] == owner.id
    assert (await requester.get(path)).status_code == 404
    assert (await requester.read(PATH))["items"] == []


async def test_title_reason_and_owner_are_edited_and_the_window_stays(api: Api, manager: Client) -> None:
    declared = await manager.post_ok(PATH, a_freeze())
    before = await window(api, declared)
    body = {"title": "Closing of 2198", "reason": "The auditors are there.", "owner": "me"}
    answer = await manager.patch(f"{PATH}/{declared['id']}", json=body, headers={"If-Match": "*"})
    assert (answer.status_code, answer.json()["title"]) == (200, "Closing of 2198")
    assert await window(api, declared) == before


async def test_freezes_are_found_by_kind_and_time(manager: Client) -> None:
    await manager.post_ok(PATH, a_freeze(title="The first", from_at="2198-12-27T00:00:00Z"))
    await manager.post_ok(PATH, a_freeze(title="The ban", freeze_kind="maintenance_ban"))
    items = (await manager.read(PATH, freeze_kind="maintenance_ban"))["items"]
    assert [item["title"] for item in items] == ["The ban"]
    items = (await manager.read(PATH, sort="from_at"))["items"]
    assert [item["title"] for item in items] == ["The first", "The ban"]
    items = (await manager.read(PATH, from_before="2198-12-28T00:00:00Z"))["items"]
    assert [item["title"] for item in items] == ["The first"]
    assert (await manager.read(PATH, until_before="2198-12-28T00:00:00Z"))["items"] == []
    items = (await manager.read(PATH, fields="hit_changes"))["items"]
    assert [item["hit_changes"] for item in items] == [[], []]


async def test_what_is_over_is_neither_moved_nor_withdrawn(api: Api) -> None:
    manager = await add_caller(api.ledger, "Manager", Role.change_manager)
    declared = await act(
        api.ledger, manager, "freeze", "declare", body=DeclareFreeze.model_validate(a_freeze())
    )
    afterwards = datetime(2199, 2, 1, tzinfo=UTC)
    moved = MoveFreeze.model_validate(
        {"from_at": UNTIL, "until_at": "2199-03-01T00:00:00Z", "reason": "Not now."}
    )
    for action, body in (("move", moved), ("withdraw", Reason(reason="It is over."))):
        with pytest.raises(ActionUnavailable) as refused:
            await act(api.ledger, manager, "freeze", action, declared.record.id, body=body, now=afterwards)
        assert refused.value.because == "freeze_is_over"
