"""An incident here and an issue of Jira are one ticket."""

from __future__ import annotations

from tests.extent import in_test_all
from tests.webhooks.both_ways.desks import Desk
from tests.webhooks.both_ways.random_changes import try_changes
from tests.webhooks.standins.jira import Jira, document
from tests.webhooks.standins.server import Call, Reply

LIN = "557058:lin"


def status_of(desk: Desk[Jira]) -> str:
    name: str = desk.tool.issues["OPS-1"]["fields"]["status"]["name"]
    return name


async def test_a_ticket_lives_and_ends_on_both_sides(jira_desk: Desk[Jira]) -> None:
    desk = jira_desk
    incident = await desk.report("The till is stuck")
    await desk.settle()
    (issue,) = desk.tool.issues.values()
    assert issue["fields"]["summary"] == "The till is stuck"
    assert [r["number"] for r in (await desk.read_references(incident))] == ["OPS-1"]

    desk.later()
    desk.tool.comment(LIN, "OPS-1", document("I look at it."))
    await desk.act(incident, "start")
    await desk.settle()
    assert (status_of(desk), await desk.texts(incident)) == ("In Progress", ["I look at it."])

    desk.later()
    await desk.act(incident, "comment", text="Thank you.")
    await desk.resolve(incident)
    await desk.settle()
    assert (status_of(desk), (await desk.read(incident))["state"]) == ("Done", "resolved")
    assert desk.tool.texts("OPS-1") == ["I look at it.", "Thank you."]

    desk.later()
    desk.tool.move(LIN, "OPS-1", "To Do")
    await desk.settle()
    assert (await desk.read(incident))["state"] == "new"
    desk.later()
    desk.tool.move(LIN, "OPS-1", "Done")
    await desk.settle()
    assert (await desk.read(incident))["state"] == "resolved"
    assert await desk.texts(incident) == ["I look at it.", "Thank you."]
    assert not await desk.failures()


async def test_a_field_that_jira_refuses_holds_back_no_other(jira_desk: Desk[Jira]) -> None:
    desk = jira_desk
    incident = await desk.report("The till is stuck")
    await desk.settle()

    async def refuse(call: Call) -> Reply | bool | None:
        lacks = isinstance(call.body, dict) and "priority" in call.body.get("fields", {})
        if lacks or (call.method == "POST" and call.path.endswith("/transitions")):
            return Reply(400, {"errors": {"priority": "Field 'priority' cannot be set."}})
        return None

    desk.tool.before = refuse
    desk.later()
    await desk.act(incident, "prioritise", impact="1", urgency="1", reason="All branches are affected.")
    await desk.act(incident, "comment", text="Everybody waits.")
    await desk.edit(incident, title="All tills are stuck")
    await desk.settle()
    fields = desk.tool.issues["OPS-1"]["fields"]
    assert (fields["summary"], fields["priority"]["name"]) == ("All tills are stuck", "Medium")
    assert desk.tool.texts("OPS-1") == ["Everybody waits."]
    events = (await desk.stage.admin.read(f"/v1/subscriptions/{desk.subscription['id']}/events"))["items"]
    assert [event["type"] for event in events].count("subscription.refused") == 1, "it is told once"

    desk.tool.before = None
    desk.later(86_400)
    await desk.stage.admin.post_ok(f"/v1/incidents/{incident['id']}/comment", {"text": "Still."})
    await desk.settle()
    assert fields["priority"]["name"] != "Medium", "it is tried again on another day"


async def test_names_of_priorities_are_settings_and_the_attempt_says_what_was_refused(
    jira_desk: Desk[Jira],
) -> None:
    desk = jira_desk
    incident = await desk.report("The till is stuck")
    await desk.settle()

    async def refuse(call: Call) -> Reply | bool | None:
        named = (call.body or {}).get("fields", {}).get("priority", {}).get("name", "Blocker")
        if call.method == "PUT" and named != "Blocker":
            return Reply(400, {"errors": {"priority": "The priority selected is invalid."}})
        return None

    desk.tool.before = refuse
    desk.later()
    await desk.act(incident, "prioritise", impact="1", urgency="1", reason="All branches are affected.")
    await desk.settle()
    attempts = await desk.stage.attempts(desk.subscription)
    assert attempts[0]["detail"] == "priority: priority: The priority selected is invalid."
    path = f"/v1/subscriptions/{desk.subscription['id']}"
    version = (await desk.stage.admin.read(path))["version"]
    tool_settings = ["project=OPS", "issue_type=Task", "priority_p1=Blocker"]
    answer = await desk.stage.admin.patch(
        path, json={"tool_settings": tool_settings}, headers={"if-match": f'"{version}"'}
    )
    assert answer.status_code == 200, answer.text
    await desk.act(incident, "comment", text="Now?")
    await desk.settle()
    assert desk.tool.issues["OPS-1"]["fields"]["priority"]["name"] == "Blocker"


async def test_a_resolution_is_sent_with_the_step_that_requires_it(jira_desk: Desk[Jira]) -> None:
    desk = jira_desk
    desk.tool.resolutions = ["Duplicate", "Fixed"]
    incident = await desk.report("The till is stuck")
    await desk.settle()
    desk.later()
    await desk.act(incident, "start")
    await desk.resolve(incident)
    await desk.settle()
    assert desk.tool.issues["OPS-1"]["fields"]["status"]["name"] == "Done"


async def test_labels_go_both_ways_and_internal_tags_stay_here(jira_desk: Desk[Jira]) -> None:
    desk = jira_desk
    incident = await desk.report("The till is stuck")
    for tag, visibility in (("tills", "public"), ("two words", "public"), ("vip", "internal")):
        await desk.act(incident, "tag", tag=tag, visibility=visibility)
    await desk.settle()
    assert desk.tool.labels("OPS-1") == {"tills"}, "Jira has no labels with spaces"
    desk.later()
    desk.tool.label(LIN, "OPS-1", ["Tills", "berlin"])
    await desk.settle()
    assert await desk.tags(incident) == {"tills", "two words", "vip", "berlin"}
    desk.later()
    await desk.act(incident, "untag", tag="berlin")
    await desk.settle()
    assert desk.tool.labels("OPS-1") == {"Tills"}
    desk.later()
    desk.tool.label(LIN, "OPS-1", [])
    await desk.settle()
    assert await desk.tags(incident) == {"two words", "vip"}
    assert not await desk.failures()


async def test_a_title_and_a_priority_go_both_ways(jira_desk: Desk[Jira]) -> None:
    desk = jira_desk
    incident = await desk.report("The till is stuck")
    await desk.settle()
    fields = desk.tool.issues["OPS-1"]["fields"]
    assert {"P1": "Highest", "P2": "High", "P3": "Medium"}[(await desk.read(incident))["priority"]] == (
        fields["priority"]["name"]
    )
    desk.later()
    desk.tool.edit(LIN, "OPS-1", priority="Highest")
    desk.later()
    await desk.edit(incident, title="All tills are stuck")
    await desk.settle()
    present = await desk.read(incident)
    assert (present["priority"], fields["summary"]) == ("P1", "All tills are stuck")


async def test_an_issue_is_not_opened_twice_while_the_search_is_late(jira_desk: Desk[Jira]) -> None:
    desk = jira_desk
    opened: list[object] = []

    async def lose(call: object) -> bool | None:
        if getattr(call, "method", "") == "POST" and not opened:
            opened.append(call)
            return False
        return None

    desk.tool.after = lose
    desk.tool.indexed = False
    incident = await desk.report("The till is stuck")
    await desk.send()
    await desk.hear()  # the webhook comes before anybody knows whether the issue is ours
    desk.later(10)
    await desk.send()
    desk.tool.indexed = True
    desk.later(700)
    await desk.settle()
    assert list(desk.tool.issues) == ["OPS-1"]
    assert [r["number"] for r in (await desk.read_references(incident))] == ["OPS-1"]
    assert not await desk.failures()
    assert len((await desk.stage.admin.read("/v1/incidents"))["items"]) == 1


async def test_what_the_search_does_not_find_is_opened_anew_only_once_it_cannot_be_late(
    jira_desk: Desk[Jira],
) -> None:
    desk = jira_desk
    lost: list[object] = []

    async def lose(call: object) -> bool | None:
        if getattr(call, "method", "") == "POST" and not lost:
            lost.append(call)
            return False
        return None

    desk.tool.before = lose
    incident = await desk.report("The till is stuck")
    await desk.send()
    await desk.send(seconds=10)
    assert (len(lost), desk.tool.issues) == (1, {})
    assert {attempt["code"] for attempt in await desk.stage.attempts(desk.subscription)} >= {"uncertain"}
    await desk.send(seconds=400)
    await desk.settle()
    assert list(desk.tool.issues) == ["OPS-1"]
    assert [r["number"] for r in (await desk.read_references(incident))] == ["OPS-1"]


@in_test_all
async def test_a_comment_that_is_withdrawn_is_deleted_there(jira_desk: Desk[Jira]) -> None:
    desk = jira_desk
    incident = await desk.report("The till is stuck")
    await desk.act(incident, "comment", text="A secret.")
    await desk.act(incident, "comment", text="A word.")
    await desk.settle()
    assert desk.tool.texts("OPS-1") == ["A secret.", "A word."]
    desk.later()
    await desk.withdraw(incident, "A secret.")
    await desk.settle()
    assert desk.tool.texts("OPS-1") == await desk.texts(incident) == ["A word."]
    assert not await desk.failures()


async def test_a_ticket_lives_in_jira_data_center_and_here(data_center_desk: Desk[Jira]) -> None:
    desk = data_center_desk
    path = f"/v1/subscriptions/{desk.subscription['id']}"
    assert (await desk.stage.admin.post_ok(f"{path}/test"))["outcome"] == "delivered"
    incident = await desk.report("The till is stuck")
    await desk.act(incident, "comment", text="Ask the owner.")
    await desk.settle()
    desk.later()
    desk.tool.comment("lin", "OPS-1", "I look at it.")
    await desk.act(incident, "start")
    await desk.settle()
    assert (status_of(desk), await desk.texts(incident)) == (
        "In Progress",
        ["Ask the owner.", "I look at it."],
    )

    desk.later()
    await desk.edit(incident, title="All tills are stuck")
    await desk.withdraw(incident, "Ask the owner.")
    await desk.resolve(incident)
    await desk.settle()
    assert (status_of(desk), desk.tool.texts("OPS-1")) == ("Done", ["I look at it."])
    assert desk.tool.issues["OPS-1"]["fields"]["summary"] == "All tills are stuck"

    desk.later()
    desk.tool.move("lin", "OPS-1", "To Do")
    await desk.settle()
    assert (await desk.read(incident))["state"] == "new"
    desk.later()
    desk.tool.move("lin", "OPS-1", "Done")
    await desk.settle()
    assert (await desk.read(incident))["state"] == "resolved"
    assert not await desk.failures()


@in_test_all
async def test_jira_data_center_and_the_desk_are_equal_at_the_end(data_center_desk: Desk[Jira]) -> None:
    await try_changes(data_center_desk, seed=1, changes=30)
