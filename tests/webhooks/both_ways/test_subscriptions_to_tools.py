"""What a subscription to a tool may say, which tickets it is for, and what a tool does to their addresses."""

from __future__ import annotations

import pytest

from tests.subscriptions.stages import PATH
from tests.webhooks.both_ways.desks import Desk
from tests.webhooks.standins.github import GitHub
from tests.webhooks.standins.jira import Jira
from tests.webhooks.standins.server import Call, Reply


@pytest.mark.parametrize(
    ("changed", "pointer"),
    [
        ({"kinds": ["request"]}, "/kinds"),
        ({"kinds": []}, "/kinds"),
        ({"kinds": ["incident", "request"]}, "/kinds"),
        ({"tool_settings": ["project=OPS", "issue_type=Task", "edition=server"]}, "/tool_settings/2"),
        ({"tool_settings": ["editoin=data_center", "project=OPS", "issue_type=Task"]}, "/tool_settings/0"),
        ({"tool_settings": ["project=OPS"]}, "/tool_settings"),
    ],
)
async def test_what_would_never_be_written_is_refused(
    jira_desk: Desk[Jira], changed: dict[str, list[str]], pointer: str
) -> None:
    admin = jira_desk.stage.admin
    path = f"{PATH}/{jira_desk.subscription['id']}"
    headers = {"if-match": f'"{jira_desk.subscription["version"]}"'}
    new_subscription = {
        "title": "Issues",
        "format": "tool",
        "source": "ops",
        "kinds": ["incident"],
        "url": jira_desk.tool.base,
        "secret": "a:b",
        "opens_tickets": True,
        "tool_settings": ["project=OPS", "issue_type=Task"],
    }
    for answer in (
        await admin.patch(path, json=changed, headers=headers),
        await admin.post(PATH, json=new_subscription | changed),
    ):
        assert answer.status_code == 422, answer.text
        assert [each["pointer"] for each in answer.json()["errors"]] == [pointer]


async def test_the_test_reads_the_repository(desk: Desk[GitHub]) -> None:
    path = f"{PATH}/{desk.subscription['id']}"
    assert (await desk.stage.admin.post_ok(f"{path}/test"))["outcome"] == "delivered"
    await desk.stage.admin.post_ok(f"{path}/move", {"url": f"{desk.tool.origin}/repos/acme/nothing"})
    attempt = await desk.stage.admin.post_ok(f"{path}/test")
    assert (attempt["outcome"], attempt["code"]) == ("failed", "not_found_at_tool")


async def test_filters_are_for_new_tickets_and_not_for_those_that_the_tool_knows(desk: Desk[GitHub]) -> None:
    admin = desk.stage.admin
    names = {"key": "shop", "name_en": "Shop", "name_zh": "商店"}
    await admin.post_ok("/v1/services", {**names, "criticality": "high", "owner": "me"})
    path = f"{PATH}/{desk.subscription['id']}"
    version = (await admin.read(path))["version"]
    changed = await admin.patch(path, json={"services": ["shop"]}, headers={"if-match": f'"{version}"'})
    assert changed.status_code == 200, changed.text
    desk.tool.open("lin", "It is stuck")
    await desk.settle()
    (incident,) = (await admin.read("/v1/incidents"))["items"]
    await desk.act(incident, "comment", text="Which till?")
    await desk.report("Of another service")
    await desk.settle()
    assert desk.tool.texts(1) == ["Which till?"]
    assert len(desk.tool.issues) == 1


async def test_what_was_reported_before_the_subscription_is_not_opened(desk: Desk[GitHub]) -> None:
    path = f"{PATH}/{desk.subscription['id']}"
    changed = await desk.stage.admin.patch(path, json={"opens_tickets": False}, headers={"if-match": '"1"'})
    assert changed.status_code == 200, changed.text
    incident = await desk.report("Reported before")
    desk.subscription = await desk.stage.subscribe(
        format="tool",
        source="shop",
        url=desk.tool.base,
        secret="ghp_0123456789abcdef",  # the stand-in's
        opens_tickets=True,
    )
    await desk.act(incident, "comment", text="Still.")
    await desk.report("Reported after")
    await desk.settle()
    assert [issue["title"] for issue in desk.tool.issues.values()] == ["Reported after"]


async def test_a_repository_may_be_renamed(desk: Desk[GitHub]) -> None:
    incident = await desk.report("The till is stuck")
    await desk.settle()
    desk.tool.is_renamed = True
    desk.later()
    await desk.act(incident, "comment", text="Look.")
    await desk.edit(incident, title="All tills are stuck")
    await desk.settle()
    assert desk.tool.texts(1) == ["Look."]
    assert desk.tool.issues[1]["title"] == "All tills are stuck"
    (reference,) = await desk.read_references(incident)
    assert reference["number"] == "acme/newshop#1"


async def test_a_redirect_to_another_origin_is_not_followed(desk: Desk[GitHub]) -> None:
    incident = await desk.report("The till is stuck")
    await desk.settle()

    async def lead_away(call: Call) -> Reply | bool | None:
        return Reply(301, {}, {"location": "https://elsewhere.example/repos/acme/shop/issues/1"})

    desk.tool.before = lead_away
    await desk.act(incident, "comment", text="Look.")
    await desk.send()
    (attempt, *_) = await desk.stage.attempts(desk.subscription)
    assert attempt["code"] == "moved_at_tool"


async def test_markup_of_the_tool_is_text(desk: Desk[GitHub]) -> None:
    incident = await desk.report("The till is stuck")
    text = "Look: <Foo> in #12 is **not** `x`, see https://example.org/a_b#c"
    await desk.act(incident, "comment", text=text)
    await desk.settle()
    (comment,) = desk.tool.comments.values()
    assert comment["body"].startswith("Look: \\<Foo\\> in \\#12 is \\*\\*not")
    assert "https://example.org/a_b#c" in comment["body"]
    assert desk.tool.texts(1) == [text]
