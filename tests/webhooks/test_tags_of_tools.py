"""Labels of a tool become tags, and its own fields custom fields: what people change here stays."""

from __future__ import annotations

from itertools import permutations

from app.common.people import Role
from tests.client import Api, Json
from tests.webhooks.orders import an_issue
from tests.webhooks.tools import Tool, a_source

LABELS = (("bug",), ("bug", "a/b, c"), ("ui",))


def labelled(number: int, minute: int, names: tuple[str, ...]) -> Json:
    """The issue with these labels at that minute."""
    return an_issue(number, minute, "labeled", labels=[{"id": 1, "name": name} for name in names])


async def tags_of(tool: Tool, number: int) -> set[str]:
    path = f"/v1/incidents/{number}/tags"
    return {tag["name"] for tag in (await tool.admin.read(path))["items"]}


async def test_labels_follow_the_tool_in_any_order_and_tags_of_people_stay(api: Api) -> None:
    tool = await a_source(api, await api.client("Ada", Role.admin, Role.agent), "github")
    for number, order in enumerate(permutations(range(len(LABELS))), 50):
        for n, minute in enumerate(order):
            await tool.deliver(labelled(number, minute, LABELS[minute]), x_github_event="issues")
            if not n:
                name = f"/v1/incidents/{number}"
                await tool.admin.post_ok(f"{name}/tag", {"tag": "vip"})
        assert await tags_of(tool, number) == {"ui", "vip"}, order
    await tool.deliver(labelled(50, 9, ("bug", "a/b, c", "vip")), x_github_event="issues")
    assert await tags_of(tool, 50) == {"bug", "a-b- c", "vip"}
    await tool.deliver(labelled(50, 10, ()), x_github_event="issues")
    assert await tags_of(tool, 50) == {"vip"}


MAPPING = """
[[news]]
kind = "ticket"
case = 'body.id'
at = 'time(body.at)'
status = '"new"'
[news.fields]
title = '"No mail"'
[news.custom]
seats = 'body.seats'
floor = 'body.floor'
nowhere = '"x"'
"""


async def test_custom_fields_follow_the_tool_until_people_change_them(api: Api) -> None:
    tool = await a_source(api, await api.client("Ada", Role.admin, Role.agent), "generic", mapping=MAPPING)
    for key, kind in (("seats", "number"), ("floor", "text")):
        body = {"process": "incident", "key": key, "value_type": kind, "label_en": key, "label_zh": key}
        await tool.admin.post_ok("/v1/custom_fields", body | {"required": False, "staff_only": False})

    async def told(minute: int, **values: object) -> Json | None:
        done = await tool.deliver({"id": "1", "at": f"2026-03-02T08:{minute:02}:00Z"} | values)
        marks = done["effects"][0]["altered"]
        assert marks == ({"custom": ["left_out"]} if minute else {}), "one field is not here"
        custom: Json | None = (await tool.admin.read("/v1/incidents/1"))["custom"]
        return custom

    assert await told(1, seats=3, floor="first") == {"seats": 3, "floor": "first"}
    assert await told(0, seats=9, floor="old") == {"seats": 3, "floor": "first"}, "it is older"
    ticket = await tool.admin.read("/v1/incidents/1")
    edited = await tool.admin.patch(
        "/v1/incidents/1", json={"custom": {"seats": 4}}, headers={"If-Match": f'"{ticket["version"]}"'}
    )
    assert edited.status_code == 200, edited.text
    assert await told(2, seats=3, floor="second") == {"seats": 4, "floor": "second"}
    assert await told(3, seats="5", floor=None) == {"seats": 5}
