"""Who approves requests of a new catalogue item: nobody's own order by the approvers that they have named,
and no approver of another item.
"""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest

from app.common.people import Role
from tests.client import Api, Client, Json
from tests.foundation.decisions.approvals import ASSESSED
from tests.foundation.services.test_catalogue import ITEMS, a_service, an_item


async def ordered(api: Api, by: Client, item: Json) -> tuple[str, set[str]]:
    """The state of an order after its assessment, and who is asked."""
    team = f"team-{uuid4().hex[:8]}"
    await api.team(team)
    agent = await api.client("Agent", Role.agent, teams=(team,))
    body = {"title": "It", "description": "Now.", "channel": "portal", "urgency": "2", "item": item["key"]}
    path = f"/v1/requests/{(await by.post_ok('/v1/requests', body))['id']}"
    done = await agent.post_ok(f"{path}/assess", {**ASSESSED, "team": team})
    return done["state"], {vote["person"]["id"] for vote in (await agent.read(f"{path}/votes"))["items"]}


async def offered(keeper: Client, key: str, **more: Any) -> Json:
    """An item that the keeper has drafted and offered."""
    item = await keeper.post_ok(ITEMS, an_item(key, **more))
    return await keeper.post_ok(f"{ITEMS}/{item['id']}/offer")


@pytest.mark.parametrize("how", ["persons", "role", "agreed to"])
async def test_nobody_orders_by_the_first_approvers_that_they_have_named(api: Api, how: str) -> None:
    owner = await api.client("Owner", Role.service_level_manager)
    keeper = await api.client("Keeper", Role.service_level_manager)
    friend, stranger = await api.client("Friend", Role.engineer), await api.client("Stranger")
    await a_service(owner)
    named: Json = {"approver_role": "engineer"} if how == "role" else {"approver_persons": [friend.id]}
    item = await offered(keeper, "new", **named, approval_rule="majority")
    if how == "agreed to":
        await (await api.client("Second", Role.admin)).post_ok(f"{ITEMS}/{item['id']}/agree", if_match="2")
    assert await ordered(api, keeper, item) == ("awaiting_approval", {owner.id})
    assert await ordered(api, stranger, item) == ("awaiting_approval", {friend.id})


@pytest.mark.parametrize("is_owner_theirs", [False, True])
async def test_management_stands_in_for_an_owner_who_orders_or_whom_they_have_named(
    api: Api, is_owner_theirs: bool
) -> None:
    keeper = await api.client("Keeper", Role.service_level_manager)
    boss, friend = await api.client("Boss", Role.management), await api.client("Friend", Role.engineer)
    await a_service(keeper, owner=friend.id if is_owner_theirs else "me")
    item = await offered(keeper, "new", approver_persons=[friend.id], approval_rule="majority")
    assert await ordered(api, keeper, item) == ("awaiting_approval", {boss.id})


async def test_an_item_without_approval_asks_no_approver_of_another_item(api: Api) -> None:
    owner = await api.client("Owner", Role.service_level_manager)
    keeper = await api.client("Keeper", Role.service_level_manager)
    approver, stranger = await api.client("Approver", Role.engineer), await api.client("Stranger")
    await a_service(owner)
    await a_service(owner, "print")
    other = await offered(keeper, "other", approver_persons=[approver.id], approval_rule="majority")
    assert await ordered(api, stranger, other) == ("awaiting_approval", {approver.id})
    titles = {"title_en": "Another thing", "title_zh": "另一物品"}
    assert await ordered(api, stranger, await offered(keeper, "free", **titles)) == (
        "awaiting_approval",
        {owner.id},
    )
    same_title = await offered(keeper, "twin", service="print")
    assert await ordered(api, stranger, same_title) == ("awaiting_approval", {owner.id})
    elsewhere = await offered(keeper, "elsewhere", service="print", **titles | {"title_en": "A third"})
    assert await ordered(api, stranger, elsewhere) == ("assessed", set())
