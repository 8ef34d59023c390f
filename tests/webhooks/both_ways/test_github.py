"""An incident here and an issue of GitHub are one ticket."""

from __future__ import annotations

from tests.webhooks.both_ways.desks import Desk
from tests.webhooks.standins.github import GitHub

LIN = "lin"


async def test_a_ticket_lives_on_both_sides(desk: Desk[GitHub]) -> None:
    incident = await desk.stage.incident(title="The till is stuck")
    await desk.settle()
    (issue,) = desk.tool.issues.values()
    assert (issue["title"], issue["state"]) == ("The till is stuck", "open")
    assert len(await desk.stage.admin.read("/v1/incidents")) and not await desk.failures()

    desk.later()
    desk.tool.comment(LIN, 1, "I look at it.")
    await desk.settle()
    assert await desk.texts(incident) == ["I look at it."]

    await desk.act(incident, "comment", text="Thank you.")
    await desk.act(incident, "comment", text="He is slow.", visibility="internal")
    await desk.settle()
    assert desk.tool.texts(1) == ["I look at it.", "Thank you."]
    assert await desk.texts(incident) == ["I look at it.", "Thank you.", "He is slow."]
