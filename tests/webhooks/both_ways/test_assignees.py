"""An assignee goes both ways, by the logins of persons at the tool."""

from __future__ import annotations

from typing import Any

from tests.client import Json
from tests.webhooks.both_ways.desks import Desk
from tests.webhooks.standins.github import GitHub
from tests.webhooks.standins.jira import Jira


async def assignee(desk: Desk[Any], incident: Json) -> str | None:
    named = (await desk.read(incident))["assignee"]
    return None if named is None else str(named["name"])


async def test_an_assignee_goes_both_ways(desk: Desk[GitHub]) -> None:
    lin = await desk.person("Lin", "lin")
    await desk.person("Anna", "Anna-X")
    incident = await desk.report("The till is stuck")
    await desk.settle()
    assert desk.tool.assignees(1) == set(), "an assignee without a known login is not written"
    desk.later()
    await desk.act(incident, "assign", person=lin["id"])
    await desk.settle()
    assert desk.tool.assignees(1) == {"lin"}
    desk.later()
    desk.tool.assign("carl", 1, ["anna-x"])
    await desk.settle()
    assert await assignee(desk, incident) == "Anna", "the login names the person in any case"
    desk.later()
    desk.tool.assign("carl", 1, [])
    await desk.settle()
    assert await assignee(desk, incident) is None
    writes = len(desk.tool.writes())
    await desk.act(incident, "comment", text="Nobody has it.")
    await desk.settle()
    assert len(desk.tool.writes()) == writes + 1, "the comment alone"
    assert not await desk.failures()


async def test_other_assignees_of_an_issue_stay(desk: Desk[GitHub]) -> None:
    lin, anna = [await desk.person(name, login) for name, login in (("Lin", "lin"), ("Anna", "anna-x"))]
    incident = await desk.report("The till is stuck")
    await desk.act(incident, "assign", person=lin["id"])
    await desk.settle()
    desk.later()
    desk.tool.assign("carl", 1, ["carl", "lin"])
    await desk.settle()
    assert await assignee(desk, incident) == "Lin", "another one who is named first is not ours"
    desk.later()
    await desk.act(incident, "assign", person=anna["id"])
    await desk.settle()
    assert desk.tool.assignees(1) == {"carl", "anna-x"}
    desk.later()
    desk.tool.edit("carl", 1, title="All tills are stuck")
    await desk.settle()
    assert await assignee(desk, incident) == "Anna"


async def test_an_assignee_that_the_tool_leaves_out_is_written_once(desk: Desk[GitHub]) -> None:
    lin = await desk.person("Lin", "lin")
    desk.tool.may_assign = False
    incident = await desk.report("The till is stuck")
    await desk.act(incident, "assign", person=lin["id"])
    await desk.settle()
    writes = len(desk.tool.writes())
    for text in ("One.", "Two."):
        desk.later()
        await desk.act(incident, "comment", text=text)
        await desk.settle()
    assert len(desk.tool.writes()) == writes + 2
    assert await assignee(desk, incident) == "Lin"


async def test_an_assignee_whom_the_tool_refuses_holds_back_nothing(desk: Desk[GitHub]) -> None:
    stranger = await desk.person("Nobody", "no-such-login")
    incident = await desk.report("The till is stuck")
    await desk.act(incident, "assign", person=stranger["id"])
    await desk.act(incident, "comment", text="Look.")
    await desk.settle()
    assert desk.tool.texts(1) == ["Look."]
    assert desk.tool.assignees(1) == set()


async def test_jira_finds_an_account_by_the_address_and_keeps_it(jira_desk: Desk[Jira]) -> None:
    await _try_addresses(jira_desk)


async def test_jira_data_center_finds_one_too(data_center_desk: Desk[Jira]) -> None:
    await _try_addresses(data_center_desk)


async def _try_addresses(desk: Desk[Jira]) -> None:
    lin = await desk.person("Lin", email="lin@acme.example")
    other = await desk.person("Other", email="other@acme.example")
    incident = await desk.report("The till is stuck")
    await desk.act(incident, "assign", person=lin["id"])
    await desk.settle()
    assert desk.tool.assignees("OPS-1") == {"lin"}
    assert await assignee(desk, incident) == "Lin", "the account is nobody else"
    path = f"/v1/webhook_sources/{desk.source.source['id']}/logins"
    (login,) = (await desk.stage.admin.read(path))["items"]
    assert (login["person"]["id"], login["login"]) == (lin["id"], "lin")
    desk.later()
    await desk.act(incident, "assign", person=other["id"])
    await desk.settle()
    assert desk.tool.assignees("OPS-1") == {"lin"}, "nobody has that address at the tool"
    desk.later()
    desk.tool.assign("carl", "OPS-1", [])
    await desk.settle()
    assert await assignee(desk, incident) is None


async def test_a_login_goes_with_the_person(desk: Desk[GitHub]) -> None:
    lin = await desk.person("Lin", "lin")
    await desk.stage.admin.post_ok(f"/v1/persons/{lin['id']}/erase")
    path = f"/v1/webhook_sources/{desk.source.source['id']}"
    (login,) = (await desk.stage.admin.read(f"{path}/logins"))["items"]
    assert login["login"] is None
    await desk.stage.admin.post_ok(f"{path}/remove_login", {"person": lin["id"]})
    assert (await desk.stage.admin.read(f"{path}/logins"))["items"] == []
    answer = await desk.stage.admin.post(f"{path}/remove_login", json={"person": lin["id"]})
    assert answer.status_code == 422
