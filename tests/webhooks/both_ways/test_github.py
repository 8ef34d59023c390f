"""An incident here and an issue of GitHub are one ticket."""

from __future__ import annotations

from tests.webhooks.both_ways.desks import Desk
from tests.webhooks.standins.github import GitHub
from tests.webhooks.standins.server import Call

LIN = "lin"


async def test_a_ticket_lives_on_both_sides(desk: Desk[GitHub]) -> None:
    incident = await desk.report("The till is stuck")
    await desk.settle()
    (issue,) = desk.tool.issues.values()
    assert (issue["title"], issue["state"]) == ("The till is stuck", "open")
    assert not await desk.failures()

    desk.later()
    desk.tool.comment(LIN, 1, "I look at it.")
    await desk.settle()
    assert await desk.texts(incident) == ["I look at it."]

    await desk.act(incident, "comment", text="Thank you.")
    await desk.act(incident, "comment", text="He is slow.", visibility="internal")
    await desk.settle()
    assert desk.tool.texts(1) == ["I look at it.", "Thank you."]
    assert await desk.texts(incident) == ["I look at it.", "Thank you.", "He is slow."]


async def test_a_ticket_ends_on_both_sides_and_no_echo_changes_it(desk: Desk[GitHub]) -> None:
    incident = await desk.report("The till is stuck")
    await desk.settle()
    desk.later()
    await desk.act(incident, "start")
    await desk.resolve(incident)
    await desk.settle()
    assert desk.tool.issues[1]["state"] == "closed"
    assert (await desk.read(incident))["state"] == "resolved"
    writes = len(desk.tool.writes())

    desk.later()
    desk.tool.edit(LIN, 1, state="open", state_reason="reopened")
    await desk.settle()
    assert (await desk.read(incident))["state"] == "new"
    desk.later()
    desk.tool.edit(LIN, 1, state="closed")
    await desk.settle()
    assert (await desk.read(incident))["state"] == "closed"
    assert len(desk.tool.writes()) == writes, "what came from there is not written back"
    assert await desk.texts(incident) == []


async def test_of_two_titles_the_later_holds_and_the_other_is_kept(desk: Desk[GitHub]) -> None:
    incident = await desk.report("The till is stuck")
    await desk.settle()
    for our_title, their_title, holds in (
        ("Here first", "There then", "There then"),
        ("Here then", "There first", "Here then"),
    ):
        desk.later()
        if holds is their_title:
            await desk.edit(incident, title=our_title)
            desk.later()
        desk.tool.edit(LIN, 1, title=their_title)
        if holds is our_title:
            desk.later()
            await desk.edit(incident, title=our_title)
        await desk.hear()
        await desk.settle()
        assert (await desk.read(incident))["title"] == desk.tool.issues[1]["title"] == holds
    conflict_texts = await desk.texts(incident)
    assert [("Here first" in text, "There first" in text) for text in conflict_texts] == [
        (True, False),
        (False, True),
    ]
    assert "双方都修改了标题" in conflict_texts[0]
    assert desk.tool.texts(1) == conflict_texts
    assert not await desk.failures()


async def test_a_comment_that_is_withdrawn_is_deleted_there_though_answers_are_lost(
    desk: Desk[GitHub],
) -> None:
    incident = await desk.report("The till is stuck")
    await desk.settle()
    lost: list[str] = []

    async def lose(call: Call) -> bool | None:
        if "comments" in call.path and call.method in ("POST", "DELETE") and call.method not in lost:
            lost.append(call.method)
            return False
        return None

    desk.tool.after = lose
    await desk.act(incident, "comment", text="A secret.")
    await desk.send()
    assert desk.tool.texts(1) == ["A secret."]
    desk.later()
    await desk.withdraw(incident, "A secret.")
    await desk.settle()
    desk.later(400)
    await desk.settle()
    desk.later(2_000)
    await desk.settle()
    assert (lost, desk.tool.texts(1), await desk.texts(incident)) == (["POST", "DELETE"], [], [])
    assert not await desk.failures()
    assert not desk.stage.progress(desk.subscription).waiting


async def test_a_comment_that_the_tool_has_deleted_already_is_withdrawn_without_a_failure(
    desk: Desk[GitHub],
) -> None:
    incident = await desk.report("The till is stuck")
    await desk.act(incident, "comment", text="A secret.")
    await desk.settle()
    desk.tool.comments.clear()
    desk.later()
    await desk.withdraw(incident, "A secret.")
    await desk.settle()
    assert not desk.stage.progress(desk.subscription).waiting


async def test_names_in_texts_of_ours_call_nobody_there(desk: Desk[GitHub]) -> None:
    incident = await desk.report("The till is stuck")
    await desk.act(incident, "comment", text="Ask @octocat, or mail@example.org.")
    await desk.settle()
    (text,) = desk.tool.texts(1)
    assert text == "Ask @\u200boctocat, or mail@example.org."
    assert await desk.texts(incident) == ["Ask @octocat, or mail@example.org."]
